"""Contacts: what people did with rows of churn lists, offers, warnings and fraud alerts, step by step.

A step names a state, who looks after the row, until when, and a note. The newest step that was not taken back
stands; steps of one act share a batch, which is taken back and restored whole. Nothing of it enters data that
models learn from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, audit, people
from bankmine.store import new_id
from bankmine.store.tables.contacts import contact
from bankmine.store.times import now_us

LONGEST_NOTE, MOST_AT_ONCE = 300, 200


class Kind(StrEnum):
    """Of which list the rows are."""

    churn = "churn"
    offer = "offer"
    warning = "warning"
    application = "application"
    card = "card"
    ring = "ring"


_CALLS = ("taken_on", "reached", "not_reached", "accepted", "declined", "no_action")
_FRAUD = ("opened", "cleared", "confirmed")
STATES: Mapping[Kind, tuple[str, ...]] = {
    Kind.churn: _CALLS,
    Kind.offer: _CALLS,
    Kind.warning: ("taken_on", "step_taken", "watched", "cured", "to_collections"),
    Kind.application: _FRAUD,
    Kind.card: _FRAUD,
    Kind.ring: _FRAUD,
}
OPEN = frozenset({"taken_on", "reached", "not_reached", "step_taken", "watched", "opened"})
"""States in which something is still to be done."""

NEEDED: Mapping[Kind, Permission] = {
    Kind.churn: Permission.CONTACTS_WRITE,
    Kind.offer: Permission.CONTACTS_WRITE,
    Kind.warning: Permission.WARNINGS_WRITE,
    Kind.application: Permission.FRAUD_WRITE,
    Kind.card: Permission.FRAUD_WRITE,
    Kind.ring: Permission.FRAUD_WRITE,
}


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A step as it stands; `at` in µs UTC, `due_on` a civil day or None."""

    batch_id: str
    object_id: str
    state: str
    owner_id: str
    due_on: date | None
    note: str
    person_id: str
    at: int

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in OPEN

    def overdue(self, today: date) -> bool:
        """Whether it should have been done before today."""
        return self.open and self.due_on is not None and self.due_on < today


def note(
    connection: Connection,
    person: Person,
    kind: Kind,
    objects: Sequence[str],
    state: str,
    *,
    owner_id: str = "",
    due_on: str = "",
    text: str = "",
) -> str:
    """Notes the same step for 1 to 200 rows and names the batch; without an owner the person is the owner.

    Forbidden without the kind's permission; UsageError for a state that is none of the kind's, an owner who
    cannot sign in, no date, a note that is too long, or too many rows.
    """
    person.require(NEEDED[kind])
    wanted = list(dict.fromkeys(objects))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise UsageError(f"{len(wanted)} rows were chosen", hint=f"Choose 1 to {MOST_AT_ONCE}.")
    if state not in STATES[kind]:
        raise UsageError(f"there is no state {state[:40]!r}", hint=f"Take one of {', '.join(STATES[kind])}.")
    if len(text) > LONGEST_NOTE:
        raise UsageError(f"the note has {len(text)} characters", hint=f"Write at most {LONGEST_NOTE}.")
    batch = new_id()
    shared = {
        "batch_id": batch, "kind": kind, "state": state, "note": text, "person_id": person.person_id,
        "owner_id": _owner(connection, owner_id or person.person_id), "due_on": _day(due_on), "at": now_us(),
    }  # fmt: skip
    rows = [{"contact_id": new_id(), "object_id": one, **shared} for one in wanted]
    connection.execute(contact.insert(), rows)
    for one in wanted:
        _record(connection, person, "contact_noted", kind, one, batch, state)
    return batch


def take_back(connection: Connection, person: Person, batch: str, *, again: bool = False) -> None:
    """Takes a batch back, or restores it; NotFound where there is none in that state."""
    state = contact.c.withdrawn_at.is_not(None) if again else contact.c.withdrawn_at.is_(None)
    rows = connection.execute(select(contact).where(contact.c.batch_id == batch, state)).all()
    if not rows:
        raise NotFound("there is no such step", hint="It may have been taken back already.")
    kind = Kind(rows[0].kind)
    person.require(NEEDED[kind])
    gone = None if again else now_us()
    connection.execute(update(contact).where(contact.c.batch_id == batch).values(withdrawn_at=gone))
    act = "contact_restored" if again else "contact_taken_back"
    for row in rows:
        _record(connection, person, act, kind, row.object_id, batch, row.state)


def of_batch(connection: Connection, batch: str) -> tuple[Kind, list[str]]:
    """The kind and the rows of a batch; NotFound."""
    rows = connection.execute(select(contact).where(contact.c.batch_id == batch)).all()
    if not rows:
        raise NotFound("there is no such step", hint="Look at the list as it stands.")
    return Kind(rows[0].kind), [row.object_id for row in rows]


def steps(connection: Connection, kind: Kind) -> dict[str, list[Contact]]:
    """The steps with each row of a kind that were not taken back, newest first: the first one stands."""
    which = (contact.c.kind == kind, contact.c.withdrawn_at.is_(None))
    found: dict[str, list[Contact]] = {}
    for row in connection.execute(
        select(contact).where(*which).order_by(contact.c.at.desc(), contact.c.contact_id.desc())
    ):
        found.setdefault(row.object_id, []).append(_contact(row))
    return found


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        batch_id=row.batch_id, object_id=row.object_id, state=row.state, owner_id=row.owner_id,
        due_on=date.fromisoformat(row.due_on) if row.due_on else None, note=row.note,
        person_id=row.person_id, at=row.at,
    )  # fmt: skip


def _owner(connection: Connection, owner_id: str) -> str:
    if any(one.person_id == owner_id and not one.disabled for one in people.listed(connection)):
        return owner_id
    raise UsageError("the owner named is nobody who may sign in", hint="Choose one of the list.")


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError:
        raise UsageError(f"{text[:40]!r} is no date", hint="Write it as 2026-05-31.") from None


def _record(
    connection: Connection, person: Person, act: str, kind: Kind, object_id: str, batch: str, state: str
) -> None:
    about = "customer" if kind in (Kind.churn, Kind.offer, Kind.warning) else kind.value
    audit.record(
        connection, person=person, act=act, object_kind=about, object_id=object_id,
        details={"list": kind.value, "state": state, "batch": batch},
    )  # fmt: skip
