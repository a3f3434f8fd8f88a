"""The audit: one event for each act that changes something and each look at a person's data.

An event is written in the transaction of the act itself: both happen or neither. Each carries the SHA-256 of
its own content together with the hash of the event before, and the newest hash lies, signed, outside of the
database (`anchor.py`). Nobody is named: people are their ids, customers their pseudonyms.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select

from bankmine.errors import UsageError
from bankmine.governance import anchor as anchors
from bankmine.governance.person import Person
from bankmine.store.database import Store, after_commit, store_of
from bankmine.store.tables.audit import audit_event
from bankmine.store.times import now_us

Scalar = str | int | float | bool | None
FIRST = "0" * 64
MAXIMUM_TEXT = 200
_WORD = re.compile(r"[a-z][a-z0-9_:.-]{0,63}")
_NAMES_SOMEBODY = frozenset({"name", "email", "phone", "address", "password", "national_id", "token", "code"})
_CONTENT = ("seq", "at", "person_id", "through", "act", "object_kind", "object_id", "details", "previous")


@dataclass(frozen=True)
class Event:
    """One event as it is read; `at` in µs UTC."""

    seq: int
    at: int
    person_id: str | None
    through: str | None
    act: str
    object_kind: str
    object_id: str
    details: Mapping[str, Scalar]


@dataclass(frozen=True)
class Act:
    """What one event says; see `record`."""

    person: Person | None
    act: str
    object_kind: str
    object_id: str
    details: Mapping[str, Scalar]


def record(
    connection: Connection,
    *,
    person: Person | None,
    act: str,
    object_kind: str,
    object_id: str,
    details: Mapping[str, Scalar] | None = None,
) -> None:
    """Writes one event in the caller's write transaction; `person` is None for the command line.

    `act` and `object_kind` are words of small letters; `details` are short scalars that name nobody. Raises
    UsageError for any other, StoreError outside of a write transaction.
    """
    record_all(connection, [Act(person, act, object_kind, object_id, details or {})])


def record_all(connection: Connection, acts: Sequence[Act]) -> None:
    """Writes several events, in their order; see `record`."""
    keys = store_of(connection).keys
    for one in acts:
        _check(one.act, one.object_kind, one.object_id, one.details)
    last = connection.execute(_LAST).one_or_none()
    if last is None:
        anchors.begin(keys)
    seq, previous = (0, FIRST) if last is None else (last.seq, last.hash)
    events: list[dict[str, Any]] = []
    for one in acts:
        event = _written(one, seq + 1, previous)
        seq, previous = event["seq"], event["hash"]
        events.append(event)
    if events:
        connection.execute(audit_event.insert(), events)
        after_commit(connection, "audit", lambda: anchors.append(keys, seq, previous))


def _written(one: Act, seq: int, previous: str) -> dict[str, Any]:
    person = one.person
    event: dict[str, Any] = {
        "seq": seq,
        "at": now_us(),
        "person_id": person.person_id if person else None,
        "through": (person.session_id or person.token_id) if person else None,
        "act": one.act,
        "object_kind": one.object_kind,
        "object_id": one.object_id,
        "details": json.dumps(dict(one.details), sort_keys=True, separators=(",", ":"), allow_nan=False),
        "previous": previous,
    }
    return event | {"hash": hash_of(event)}


_LAST = select(audit_event.c.seq, audit_event.c.hash).order_by(audit_event.c.seq.desc()).limit(1)


def hash_of(event: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of an event's content, the previous hash included."""
    content = [event[name] for name in _CONTENT]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _check(act: str, kind: str, object_id: str, details: Mapping[str, Scalar]) -> None:
    for word in (act, kind, *details):
        if not _WORD.fullmatch(word):
            raise UsageError(f"the audit was given the word {word[:40]!r}", hint="Use small letters and _.")
    for name, value in details.items():
        if name in _NAMES_SOMEBODY:
            raise UsageError(
                f"the audit was given a {name}", hint="Name people by id, customers by pseudonym."
            )
        if not isinstance(value, str | int | float | bool | None):
            raise UsageError(f"the detail {name!r} is a {type(value).__name__}", hint="Give a scalar.")
    for value in (object_id, *details.values()):
        if isinstance(value, str) and (len(value) > MAXIMUM_TEXT or not value.isprintable()):
            raise UsageError(
                f"the audit was given a text of {len(value)} characters",
                hint=f"Give one line of at most {MAXIMUM_TEXT}.",
            )


def events(
    connection: Connection,
    *,
    object_kind: str | None = None,
    object_id: str | None = None,
    person_id: str | None = None,
    act: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Event]:
    """The newest events that match, newest first; `before` (a seq) pages on."""
    column = audit_event.c
    query = select(audit_event).order_by(column.seq.desc()).limit(limit)
    wanted = {"object_kind": object_kind, "object_id": object_id, "person_id": person_id, "act": act}
    for name, value in wanted.items():
        if value is not None:
            query = query.where(column[name] == value)
    if before is not None:
        query = query.where(column.seq < before)
    return [_event(row) for row in connection.execute(query)]


def count(connection: Connection) -> int:
    """How many events there are."""
    return connection.scalar(select(func.count()).select_from(audit_event)) or 0


def _event(row: Row[Any]) -> Event:
    return Event(
        row.seq, row.at, row.person_id, row.through, row.act, row.object_kind, row.object_id,
        json.loads(row.details),
    )  # fmt: skip


@dataclass(frozen=True)
class Verified:
    """What verification found; `unanchored` events at the end were written after the newest anchor."""

    events: int
    anchors: int
    unanchored: int
    faults: Sequence[str]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def verify(store: Store, *, most: int = 20) -> Verified:
    """Reads the whole audit against its hashes and its anchor; `faults` are sentences, at most `most`.

    Finds edited, deleted, inserted and reordered events by the chain, a missing end and a chain forged anew
    by the anchor. Events written since the newest anchor (the machine stopped in between) are counted, no
    fault.
    """
    anchored, faults = anchors.read(store.keys)  # before the events: it never knows more than they
    expected = {one.seq: one.hash for one in anchored}
    newest = max(expected, default=0)
    total, last = 0, 0
    with store.read() as connection:
        for row, problem in _chain(connection):
            total, last = total + 1, max(last, row.seq)
            if problem:
                faults.append(problem)
            if expected.get(row.seq, row.hash) != row.hash:
                faults.append(f"event {row.seq} is not the one that was anchored: the audit was forged")
    if newest > last:
        faults.append(f"events {last + 1} to {newest} are gone from the end")
    if total and not anchored and not anchors.read(store.keys)[0]:  # nor has it been made since
        faults.append(f"there are events but no anchor ({Path(anchors.FILE_NAME)} among the keys)")
    return Verified(total, sum(seq > 0 for seq in expected), max(0, last - newest), faults[:most])


def _chain(connection: Connection) -> Iterator[tuple[Row[Any], str]]:
    """Each event with what is wrong with it, in the order of their numbers."""
    previous, seq = FIRST, 0
    result = connection.execution_options(yield_per=2_000).execute(
        select(audit_event).order_by(audit_event.c.seq)
    )
    for row in result:
        problem = ""
        if hash_of(row._asdict()) != row.hash:
            problem = f"event {row.seq} was edited"
        elif row.seq != seq + 1:
            problem = f"events {seq + 1} to {row.seq - 1} are missing"
        elif row.previous != previous:
            problem = f"event {row.seq} does not follow on the event before it"
        previous, seq = row.hash, row.seq
        yield row, problem
