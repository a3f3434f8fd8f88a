"""A person as the rest of the house sees them: who, what they may do, and which rows they see.

Made by `sessions.resume`, `sign_in` and `tokens` alone, from what the store says now; nothing in it can be
changed afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from bankmine.errors import Forbidden
from bankmine.governance.permissions import Permission, Role, permissions_of
from bankmine.store.database import settings_of
from bankmine.store.tables import people as tables


@dataclass(frozen=True)
class Scope:
    """Which rows: those of these branches and of these managers; None means all, an empty set means none.

    Where both are given, a row must satisfy both.
    """

    branches: frozenset[str] | None = None
    managers: frozenset[str] | None = None

    @property
    def everything(self) -> bool:
        """Whether the whole bank is seen."""
        return self.branches is None and self.managers is None


@dataclass(frozen=True)
class Person:
    """Somebody signed in through a session, or a system through an API token of theirs.

    `permissions` is what the roles allow; through a token, only that part which the token was given.
    """

    person_id: str
    name: str
    roles: tuple[Role, ...]
    permissions: frozenset[Permission]
    scope: Scope
    language: str = "en"
    session_id: str | None = None
    token_id: str | None = None
    owes: tuple[str, ...] = ()
    """What they must do before anything else: "password" where somebody else gave it, "factor" where the bank
    requires a second one and they have none."""

    def may(self, permission: Permission) -> bool:
        """Whether the permission is among theirs."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises Forbidden where the permission is not among theirs."""
        if not self.may(permission):
            raise Forbidden(
                f"this needs the permission {permission}", hint="Ask an administrator for a role that has it."
            )


def load(
    connection: Connection,
    person_id: str,
    *,
    session_id: str | None = None,
    token_id: str | None = None,
    only: frozenset[Permission] | None = None,
) -> Person | None:
    """The person with today's rights; None where unknown or disabled. `only` narrows the permissions."""
    row = connection.execute(
        select(tables.person).where(tables.person.c.person_id == person_id)
    ).one_or_none()
    if row is None or row.disabled_at is not None:
        return None
    roles = roles_of(connection, person_id)
    permissions = permissions_of(roles)
    return Person(
        person_id=person_id,
        name=row.name,
        roles=roles,
        permissions=permissions if only is None else permissions & only,
        scope=scope_of(connection, person_id, row.all_branches, row.all_managers),
        language=row.language,
        session_id=session_id,
        token_id=token_id,
        owes=_owed(connection, row),
    )


def _owed(connection: Connection, row: Any) -> tuple[str, ...]:
    """What somebody with a password here must do first; whoever signs in elsewhere owes nothing here."""
    if row.password_hash is None:
        return ()
    factor = settings_of(connection).second_factor == "required" and row.totp_secret is None
    owed = {"password": row.password_until is not None, "factor": factor}
    return tuple(name for name, due in owed.items() if due)


def roles_of(connection: Connection, person_id: str) -> tuple[Role, ...]:
    """The roles in the order of `Role`; words this version does not know give no right."""
    column = tables.person_role.c
    held = set(connection.scalars(select(column.role).where(column.person_id == person_id)))
    return tuple(role for role in Role if role.value in held)


def scope_of(connection: Connection, person_id: str, all_branches: bool, all_managers: bool) -> Scope:
    """The scope kept for the person."""
    if all_branches and all_managers:
        return Scope()
    column = tables.person_scope.c
    rows = connection.execute(select(column.kind, column.value).where(column.person_id == person_id)).all()
    branches, managers = (
        frozenset(r.value for r in rows if r.kind == kind) for kind in ("branch", "manager")
    )
    return Scope(None if all_branches else branches, None if all_managers else managers)
