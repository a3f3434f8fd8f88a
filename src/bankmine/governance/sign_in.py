"""Signing in with a name and a password. Whatever was wrong, the answer is one and takes the same time.

Order: count the attempt; compare the password, also where the name is unknown; then, in one transaction,
the second factor, the new session and the event. The password is compared outside of any transaction, for
it takes a tenth of a second and the store has one writer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bankmine.errors import SignInRefused
from bankmine.governance import attempts, audit, passwords, recovery, second_factor, sessions
from bankmine.governance.person import Person, load
from bankmine.store.database import Store
from bankmine.store.tables.people import person as table
from bankmine.store.times import now_us

_C = table.c


@dataclass(frozen=True)
class SignedIn:
    """A new session: the token for the browser, and who it is."""

    session_token: str
    person: Person


def with_password(
    store: Store, name: str, password: str, code: str | None = None, *, address: str = ""
) -> SignedIn:
    """Opens a session. SignInRefused where anything is wrong, the account is locked or disabled.

    `code` is that of the second factor, or a recovery code; `address` is where the request came from, kept
    only as a keyed token.
    """
    with store.begin() as connection:
        allowed = attempts.begin(store, connection, name, address)
        if not allowed:
            _refuse(connection, _named(connection, name), "locked")
    if not allowed:
        raise refusal()
    with store.read() as connection:
        row = _named(connection, name)
    right = passwords.matches(row.password_hash if row else None, password)
    with store.begin() as connection:
        person, why = _decided(connection, row, right, code)
        if person is None:
            _refuse(connection, row, why)
        else:
            attempts.forget(store, connection, name)
            _renew(connection, row, password)
            opened = enter(connection, person)
    if person is None:
        raise refusal()
    return opened


def enter(connection: Connection, person: Person, how: str = "password") -> SignedIn:
    """Opens the session of somebody who has shown who they are, and records it."""
    token, session_id = sessions.open(connection, person.person_id)
    here = load(connection, person.person_id, session_id=session_id)
    assert here is not None  # loaded a moment ago in this transaction
    audit.record(
        connection, person=here, act="signed_in", object_kind="session", object_id=session_id,
        details={"how": how},
    )  # fmt: skip
    return SignedIn(token, here)


def refusal() -> SignInRefused:
    """The one answer to every failure."""
    return SignInRefused(
        "the name, the password or the code is wrong, or there were too many attempts",
        hint="Try again, in a quarter of an hour at the latest, or ask an administrator.",
    )


def _named(connection: Connection, name: str) -> Any:
    found = select(_C.person_id, _C.password_hash, _C.password_until, _C.disabled_at)
    return connection.execute(found.where(_C.name_key == passwords.folded(name))).one_or_none()


def _decided(
    connection: Connection, row: Row[Any] | None, right: bool, code: str | None
) -> tuple[Person | None, str]:
    """The person, or None and why not, for the audit alone."""
    if row is None:
        return None, "unknown"
    if not right:
        return None, "password"
    now = connection.scalar(select(_C.password_hash).where(_C.person_id == row.person_id))
    if now != row.password_hash:  # changed while it was compared
        return None, "password"
    person = load(connection, row.person_id)
    if person is None:
        return None, "disabled"
    if row.password_until is not None and row.password_until < now_us():
        return None, "expired"
    if not second_factor.used(connection, row.person_id, code) and not recovery.used(
        connection, row.person_id, code
    ):
        return None, "code"
    return person, ""


def _refuse(connection: Connection, row: Row[Any] | None, why: str) -> None:
    audit.record(
        connection, person=None, act="sign_in_refused", object_kind="person",
        object_id=row.person_id if row else "", details={"why": why},
    )  # fmt: skip


def _renew(connection: Connection, row: Row[Any] | None, password: str) -> None:
    """Keeps the password with today's settings where it was kept with weaker ones."""
    if row is not None and passwords.is_old(row.password_hash):
        renewed = passwords.hashed(password)
        connection.execute(update(table).where(_C.person_id == row.person_id).values(password_hash=renewed))
