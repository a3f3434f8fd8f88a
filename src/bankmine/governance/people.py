"""People: adding them, their roles, scopes and passwords, and disabling them.

Nobody is deleted, for the audit names them by id.

Every act needs `people:write`, is recorded, and takes effect at once: changed rights end the person's
sessions. Nobody changes their own rights, and the last administrator stays. The command line acts without a
person (`by=None`): whoever may read the bank's keys may do everything anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bankmine.errors import Forbidden, NotFound, UsageError
from bankmine.governance import attempts, audit, passwords, sessions
from bankmine.governance.permissions import Permission, Role
from bankmine.governance.person import Person, Scope, roles_of, scope_of
from bankmine.store.database import store_of
from bankmine.store.ids import new_id
from bankmine.store.tables.people import person as table
from bankmine.store.tables.people import person_role, person_scope
from bankmine.store.times import HOUR_US, now_us

LANGUAGES = ("en", "zh")
GIVEN_US = 72 * HOUR_US
"""How long a password that somebody else gave opens; it has to be changed at the first sign-in."""
_NAME = re.compile(r"[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,98}[^\s\x00-\x1f\x7f]|[^\s\x00-\x1f\x7f]")
_C = table.c


@dataclass(frozen=True)
class Account:
    """A person as administrators see them; instants in µs UTC."""

    person_id: str
    name: str
    roles: tuple[Role, ...]
    scope: Scope
    language: str
    created_at: int
    disabled_at: int | None
    second_factor: bool
    password_changed_at: int | None
    """None: signs in elsewhere, or not at all yet."""

    @property
    def disabled(self) -> bool:
        """Whether nobody can sign in with it."""
        return self.disabled_at is not None


def add(
    connection: Connection,
    by: Person | None,
    *,
    name: str,
    password: str | None = None,
    roles: Iterable[Role],
    scope: Scope = Scope(),  # noqa: B008 — frozen
    language: str = "en",
) -> str:
    """Adds a person and returns their id. UsageError for a name that is taken, a weak password, no role.

    Without a password the person can sign in only elsewhere (OpenID Connect).
    """
    _may_write(by)
    name, held = name.strip(), tuple(dict.fromkeys(roles))
    _check_name(connection, name)
    _check_roles(held)
    if language not in LANGUAGES:
        raise UsageError(f"there is no language {language!r}", hint=f"Take {' or '.join(LANGUAGES)}.")
    if password is not None:
        passwords.check(password, name)
    person_id: str = new_id()
    now = now_us()
    row: dict[str, Any] = {
        "person_id": person_id, "name": name, "name_key": passwords.folded(name), "language": language,
        "password_hash": passwords.hashed(password) if password is not None else None,
        "password_changed_at": now if password is not None else None, "totp_last_step": 0,
        "password_until": now + GIVEN_US if password is not None and by is not None else None,
        "all_branches": True, "all_managers": True, "created_at": now,
    }  # fmt: skip
    connection.execute(table.insert(), row)
    _write_roles(connection, person_id, held)
    _write_scope(connection, person_id, scope)
    _record(connection, by, "person_added", person_id, roles=" ".join(held), **_said(scope))
    return person_id


def change_roles(connection: Connection, by: Person | None, person_id: str, roles: Iterable[Role]) -> None:
    """Gives the person these roles in place of theirs, and ends their sessions."""
    _may_write(by, about=person_id)
    before, held = get(connection, person_id).roles, tuple(dict.fromkeys(roles))
    _check_roles(held)
    if Role.administrator not in held:
        _keep_an_administrator(connection, person_id)
    connection.execute(delete(person_role).where(person_role.c.person_id == person_id))
    _write_roles(connection, person_id, held)
    _record(connection, by, "roles_changed", person_id, before=" ".join(before), after=" ".join(held))
    sessions.end_all(connection, by, person_id, "rights_changed")


def change_scope(connection: Connection, by: Person | None, person_id: str, scope: Scope) -> None:
    """Lets the person see these rows in place of theirs, and ends their sessions."""
    _may_write(by, about=person_id)
    get(connection, person_id)
    connection.execute(delete(person_scope).where(person_scope.c.person_id == person_id))
    _write_scope(connection, person_id, scope)
    _record(connection, by, "scope_changed", person_id, **_said(scope))
    sessions.end_all(connection, by, person_id, "rights_changed")


def disable(connection: Connection, by: Person | None, person_id: str) -> None:
    """Ends all sessions and refuses sign-in; nothing happens where it is disabled already."""
    _may_write(by, about=person_id)
    if get(connection, person_id).disabled:
        return
    _keep_an_administrator(connection, person_id)
    connection.execute(update(table).where(_C.person_id == person_id).values(disabled_at=now_us()))
    _record(connection, by, "person_disabled", person_id)
    sessions.end_all(connection, by, person_id, "disabled")


def enable(connection: Connection, by: Person | None, person_id: str) -> None:
    """Lets the person sign in again, with the same password and rights."""
    _may_write(by, about=person_id)
    if not get(connection, person_id).disabled:
        return
    connection.execute(update(table).where(_C.person_id == person_id).values(disabled_at=None))
    _record(connection, by, "person_enabled", person_id)


def set_password(connection: Connection, by: Person | None, person_id: str, password: str) -> None:
    """Sets a password, one's own or with `people:write`; ends the person's sessions and any lock.

    One that another person gives opens for three days, and only to be changed.
    """
    if by is None or by.person_id != person_id:
        _may_write(by)
    one = get(connection, person_id)
    passwords.check(password, one.name)
    given = by is not None and by.person_id != person_id
    kept = {
        "password_hash": passwords.hashed(password), "password_changed_at": now_us(),
        "password_until": now_us() + GIVEN_US if given else None,
    }  # fmt: skip
    connection.execute(update(table).where(_C.person_id == person_id).values(kept))
    attempts.forget(store_of(connection), connection, one.name)
    _record(connection, by, "password_set", person_id)
    sessions.end_all(connection, by, person_id, "password_set")


def set_language(connection: Connection, by: Person, language: str) -> None:
    """Keeps the language in which a person reads; their own act, so it needs no permission."""
    if language not in LANGUAGES:
        raise UsageError(f"there is no language {language[:10]!r}", hint=f"Take {' or '.join(LANGUAGES)}.")
    connection.execute(update(table).where(_C.person_id == by.person_id).values(language=language))
    _record(connection, by, "language_set", by.person_id, language=language)


def listed(connection: Connection) -> list[Account]:
    """Everybody, by name."""
    rows = connection.execute(select(table).order_by(_C.name_key)).all()
    return [_account(connection, row) for row in rows]


def get(connection: Connection, person_id: str) -> Account:
    """One person; NotFound where there is none of that id."""
    row = connection.execute(select(table).where(_C.person_id == person_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such person", hint="List them: bankmine users list BANK.")
    return _account(connection, row)


def named(connection: Connection, name: str) -> Account:
    """One person by name, in small or capital letters; NotFound where there is none."""
    row = connection.execute(select(table).where(_C.name_key == passwords.folded(name))).one_or_none()
    if row is None:
        raise NotFound("there is nobody of that name", hint="List them: bankmine users list BANK.")
    return _account(connection, row)


def _account(connection: Connection, row: Any) -> Account:
    return Account(
        person_id=row.person_id,
        name=row.name,
        roles=roles_of(connection, row.person_id),
        scope=scope_of(connection, row.person_id, row.all_branches, row.all_managers),
        language=row.language,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        second_factor=row.totp_secret is not None,
        password_changed_at=row.password_changed_at,
    )


def _may_write(by: Person | None, *, about: str | None = None) -> None:
    if by is None:
        return
    by.require(Permission.PEOPLE_WRITE)
    if by.person_id == about:
        raise Forbidden("nobody changes their own rights", hint="Ask another administrator to do it.")


def _check_name(connection: Connection, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"the name has {len(name)} characters", hint="Give one line of 1 to 100 characters.")
    taken = select(_C.person_id).where(_C.name_key == passwords.folded(name))
    if connection.execute(taken).one_or_none() is not None:
        raise UsageError("the name is taken", hint="Choose another; small and capital letters count as one.")


def _check_roles(roles: tuple[Role, ...]) -> None:
    if not roles:
        raise UsageError("a person was given no role", hint=f"Give one or more of {', '.join(Role)}.")


def _keep_an_administrator(connection: Connection, person_id: str) -> None:
    """Refuses what would leave nobody who can give rights."""
    administrators = (
        select(person_role.c.person_id)
        .join(table, _C.person_id == person_role.c.person_id)
        .where(person_role.c.role == Role.administrator.value, _C.disabled_at.is_(None))
    )
    if set(connection.scalars(administrators)) == {person_id}:
        raise UsageError("this is the last administrator", hint="Make somebody else an administrator first.")


def _write_roles(connection: Connection, person_id: str, roles: tuple[Role, ...]) -> None:
    connection.execute(
        person_role.insert(), [{"person_id": person_id, "role": Role(role).value} for role in roles]
    )


def _write_scope(connection: Connection, person_id: str, scope: Scope) -> None:
    whole = {"all_branches": scope.branches is None, "all_managers": scope.managers is None}
    connection.execute(update(table).where(_C.person_id == person_id).values(whole))
    kinds = (("branch", scope.branches), ("manager", scope.managers))
    rows = [
        {"person_id": person_id, "kind": kind, "value": value}
        for kind, values in kinds
        for value in sorted(values or ())
    ]
    if rows:
        connection.execute(person_scope.insert(), rows)


def _said(scope: Scope) -> dict[str, audit.Scalar]:
    """A scope in an event; a long list is cut, its length is not."""
    told: dict[str, audit.Scalar] = {}
    for name, values in (("branches", scope.branches), ("managers", scope.managers)):
        told[f"{name}_count"] = None if values is None else len(values)
        told[name] = "all" if values is None else " ".join(sorted(values))[:150]
    return told


def _record(
    connection: Connection, by: Person | None, act: str, person_id: str, **details: audit.Scalar
) -> None:
    audit.record(connection, person=by, act=act, object_kind="person", object_id=person_id, details=details)
