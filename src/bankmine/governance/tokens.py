"""API tokens: how the bank's other systems sign in.

A token acts for the person who answers for it, within that person's rights and scope of the moment and within
the permissions it was given; it is shown once and kept as its hash, it ends by itself, and it ends with the
account. Tokens begin with `bm_`, so that scanners find those that leak.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from bankmine.errors import NotFound, UsageError
from bankmine.governance import audit
from bankmine.governance.permissions import Permission
from bankmine.governance.person import Person, load
from bankmine.governance.sessions import token_hash
from bankmine.store.database import Store
from bankmine.store.ids import new_id
from bankmine.store.tables.tokens import api_token as table
from bankmine.store.times import HOUR_US, now_us

PREFIX = "bm_"
LONGEST_DAYS = 366
_C = table.c


@dataclass(frozen=True)
class Token:
    """A token as administrators see it, without the token; instants in µs UTC."""

    token_id: str
    person_id: str
    label: str
    permissions: frozenset[Permission]
    created_at: int
    expires_at: int
    ended_at: int | None


def add(
    connection: Connection,
    by: Person | None,
    *,
    label: str,
    permissions: Iterable[Permission],
    days: int = 90,
    owner: str | None = None,
) -> tuple[str, str]:
    """A new token for an account (without `owner` one's own): (the token, shown this once; its id).

    A system gets an account of its own, with the roles and the scope it needs and no password. The command
    line acts without a person (`by=None`). Raises Forbidden without `api:tokens`; UsageError for no
    permission, one that the account does not have, a disabled or unknown account, or a life of less than a
    day or more than a year.
    """
    if by is not None:
        by.require(Permission.API_TOKENS)
    holder = by if owner is None or (by is not None and owner == by.person_id) else load(connection, owner)
    if holder is None:
        raise UsageError("the token's account is disabled or does not exist", hint="Choose an active one.")
    given = frozenset(permissions)
    _check(holder, label, given, days)
    token, token_id, now = PREFIX + secrets.token_urlsafe(32), new_id(), now_us()
    row = {
        "token_id": token_id, "token_hash": token_hash(token), "person_id": holder.person_id, "label": label,
        "permissions": " ".join(sorted(given)), "created_at": now, "expires_at": now + days * 24 * HOUR_US,
    }  # fmt: skip
    connection.execute(table.insert(), row)
    audit.record(
        connection, person=by, act="token_added", object_kind="api_token", object_id=token_id,
        details={"permissions": len(given), "days": days, "account": holder.person_id},
    )  # fmt: skip
    return token, token_id


def _check(holder: Person, label: str, given: frozenset[Permission], days: int) -> None:
    if not given:
        raise UsageError("a token was given no permission", hint="Give it those that its system needs.")
    if beyond := sorted(given - holder.permissions):
        raise UsageError(
            f"the token would have {beyond[0]}", hint="Give only permissions that the account has."
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise UsageError(f"the token would last {days} days", hint=f"Give 1 to {LONGEST_DAYS}.")
    if not 1 <= len(label) <= 100 or not label.isprintable():
        raise UsageError(f"the label has {len(label)} characters", hint="Give one line of 1 to 100.")


def resume(store: Store, token: str) -> Person | None:
    """Who the token acts for, with what is left of its permissions; None where unknown, over or ended."""
    if not token.startswith(PREFIX):
        return None
    with store.read() as connection:
        return known(connection, token)


def known(connection: Connection, token: str) -> Person | None:
    """The same in a transaction that is open."""
    alive = _C.ended_at.is_(None) & (_C.expires_at > now_us())
    row = connection.execute(select(table).where(_C.token_hash == token_hash(token), alive)).one_or_none()
    if row is None:
        return None
    return load(connection, row.person_id, token_id=row.token_id, only=_known(row.permissions))


def end(connection: Connection, by: Person | None, token_id: str) -> None:
    """Ends a token at once; NotFound where none of that id is open."""
    if by is not None:
        by.require(Permission.API_TOKENS)
    open_one = update(table).where(_C.token_id == token_id, _C.ended_at.is_(None))
    if not connection.execute(open_one.values(ended_at=now_us())).rowcount:
        raise NotFound("there is no such open token", hint="It may have been ended already.")
    audit.record(connection, person=by, act="token_ended", object_kind="api_token", object_id=token_id)


def listed(connection: Connection) -> list[Token]:
    """All tokens, the newest first."""
    rows = connection.execute(select(table).order_by(_C.token_id.desc()))
    return [
        Token(
            row.token_id, row.person_id, row.label, _known(row.permissions), row.created_at, row.expires_at,
            row.ended_at,
        )
        for row in rows
    ]  # fmt: skip


def _known(words: str) -> frozenset[Permission]:
    """The permissions of a kept text; words this version does not know give no right."""
    held = set(words.split())
    return frozenset(one for one in Permission if one.value in held)
