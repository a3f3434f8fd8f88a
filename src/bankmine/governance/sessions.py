"""Sessions: kept at the server, known to the browser by a token alone, ended whenever the server says so.

The token has 256 random bits and is stored as its SHA-256 only. A session ends thirty minutes after its last
request and twelve hours after it was opened (settings); signing in always opens a new one, and changed rights
end all of a person's.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, true, update

from bankmine.errors import NotFound
from bankmine.governance import audit
from bankmine.governance.permissions import Permission
from bankmine.governance.person import Person, load
from bankmine.store.database import Store, store_of
from bankmine.store.ids import new_id
from bankmine.store.tables.people import person as persons
from bankmine.store.tables.people import session as table
from bankmine.store.times import HOUR_US, MINUTE_US, now_us

NOTED_EVERY_US = MINUTE_US
"""How exactly the last request is known: a request within a minute of it writes nothing."""
_C = table.c


@dataclass(frozen=True)
class Session:
    """One open session as an administrator sees it; instants in µs UTC."""

    session_id: str
    person_id: str
    name: str
    opened_at: int
    seen_at: int
    expires_at: int


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def open(connection: Connection, person_id: str, *, until: int | None = None) -> tuple[str, str]:
    """Opens a session: (token, session id). `until` ends it earlier than the settings say."""
    now, token, session_id = now_us(), secrets.token_urlsafe(32), new_id()
    longest = now + store_of(connection).settings.absolute_hours * HOUR_US
    connection.execute(
        table.insert().values(
            session_id=session_id,
            token_hash=token_hash(token),
            person_id=person_id,
            opened_at=now,
            seen_at=now,
            expires_at=longest if until is None else min(longest, until),
        )
    )
    return token, session_id


def resume(store: Store, token: str) -> Person | None:
    """Who this token signs in, with today's rights; None where it is unknown, over or ended."""
    now = now_us()
    with store.read() as connection:
        row = connection.execute(select(table).where(_alive(store, now), _C.token_hash == token_hash(token)))
        found = row.one_or_none()
        person = load(connection, found.person_id, session_id=found.session_id) if found else None
    if found is None or person is None:
        return None
    if now - found.seen_at >= NOTED_EVERY_US:
        with store.begin() as connection:
            noted = update(table).where(_C.session_id == found.session_id, _C.ended_at.is_(None))
            connection.execute(noted.values(seen_at=now))
    return person


def _alive(store: Store, now: int):  # type: ignore[no-untyped-def]
    """The condition that a session has neither been ended nor run out."""
    idle = now - store.settings.idle_minutes * MINUTE_US
    return _C.ended_at.is_(None) & (_C.expires_at > now) & (_C.seen_at > idle)


def rotate(store: Store, token: str) -> str | None:
    """A new token for the same person, no longer valid than the old, which ends; None where it is over."""
    with store.begin() as connection:
        alive = select(table).where(_alive(store, now_us()), _C.token_hash == token_hash(token))
        found = connection.execute(alive).one_or_none()
        if found is None or load(connection, found.person_id) is None:
            return None
        _end(connection, _C.session_id == found.session_id, "rotated")
        return open(connection, found.person_id, until=found.expires_at)[0]


def last_visit(connection: Connection, person: Person) -> int | None:
    """When the person's session before this one was last seen, µs UTC; None where this is the first."""
    others = (_C.person_id == person.person_id) & (_C.session_id != (person.session_id or ""))
    seen: int | None = connection.scalar(select(func.max(_C.seen_at)).where(others))
    return seen


def end(store: Store, token: str) -> None:
    """Signs out: ends the session of this token, if it is open."""
    with store.begin() as connection:
        found = connection.execute(
            select(table).where(_C.token_hash == token_hash(token), _C.ended_at.is_(None))
        ).one_or_none()
        if found is None:
            return
        person = load(connection, found.person_id, session_id=found.session_id)
        _end(connection, _C.session_id == found.session_id, "signed_out")
        audit.record(
            connection, person=person, act="signed_out", object_kind="session", object_id=found.session_id
        )


def end_one(connection: Connection, by: Person | None, session_id: str) -> None:
    """Ends somebody's session; NotFound where none of that id is open."""
    if by is not None:
        by.require(Permission.SESSIONS_END)
    if not _end(connection, _C.session_id == session_id, "administrator"):
        raise NotFound("there is no such open session", hint="It may have ended by itself.")
    audit.record(connection, person=by, act="session_ended", object_kind="session", object_id=session_id)


def end_all(connection: Connection, by: Person | None, person_id: str, why: str = "administrator") -> int:
    """Ends all sessions of a person and returns how many were open; one's own, or with the permission."""
    if by is not None and by.person_id != person_id and why == "administrator":
        by.require(Permission.SESSIONS_END)
    end_over(connection)
    ended = _end(connection, _C.person_id == person_id, why)
    if ended:
        audit.record(
            connection, person=by, act="sessions_ended", object_kind="person", object_id=person_id,
            details={"sessions": ended, "why": why},
        )  # fmt: skip
    return ended


def end_others(connection: Connection, person: Person) -> int:
    """Ends all sessions of one's own but the one that asks, and returns how many there were."""
    ended = _end(connection, (_C.person_id == person.person_id) & (_C.session_id != person.session_id), "own")
    if ended:
        audit.record(
            connection, person=person, act="sessions_ended", object_kind="person",
            object_id=person.person_id, details={"sessions": ended, "why": "own"},
        )  # fmt: skip
    return ended


def end_over(connection: Connection) -> int:
    """Marks all sessions that ran out as ended, so that longer times do not open them again."""
    return _end(connection, ~_alive(store_of(connection), now_us()), "ran_out")


def _end(connection: Connection, which, why: str) -> int:  # type: ignore[no-untyped-def]
    ended = connection.execute(
        update(table).where(which, _C.ended_at.is_(None)).values(ended_at=now_us(), ended_by=why)
    )
    return ended.rowcount


def listed(connection: Connection, store: Store, person_id: str | None = None) -> list[Session]:
    """All open sessions, or one person's, the latest request first."""
    whose = _C.person_id == person_id if person_id is not None else true()
    query = (
        select(table, persons.c.name)
        .join(persons, persons.c.person_id == _C.person_id)
        .where(_alive(store, now_us()), whose)
        .order_by(_C.seen_at.desc(), _C.session_id)
    )
    return [
        Session(row.session_id, row.person_id, row.name, row.opened_at, row.seen_at, row.expires_at)
        for row in connection.execute(query)
    ]
