"""Marks: what people say of something a run found, beside what the run says of it.

A mark is one word of its kind's list and a note, on an object named by a text that means the same in every
run (a rule by its two sides). The newest open mark of an object counts; taking one back leaves the one
before. Nothing of it enters data that models learn from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select, update

from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import new_id
from bankmine.store.tables.marks import mark
from bankmine.store.times import now_us

LONGEST_NOTE, LONGEST_OBJECT = 300, 200


class Kind(StrEnum):
    """What can be marked."""

    bin = "bin"
    customer = "customer"
    link = "link"
    rule = "rule"
    vintage = "vintage"


WORDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.bin: ("merge_with_next", "split", "leave_column_out", "right_as_it_is"),
    Kind.customer: ("note", "agreed", "careful"),
    Kind.link: ("harmless", "same_household", "suspicious"),
    Kind.rule: ("use_in_talks", "watch", "misleading"),
    Kind.vintage: ("watch", "explained"),
}
NEEDED: Mapping[Kind, Permission] = {
    Kind.bin: Permission.SCORECARDS_WRITE,
    Kind.customer: Permission.CUSTOMERS_NOTE,
    Kind.link: Permission.CUSTOMERS_NOTE,
    Kind.rule: Permission.OFFERS_DECIDE,
    Kind.vintage: Permission.WARNINGS_WRITE,
}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A mark as it stands; `at` in µs UTC."""

    mark_id: str
    object_id: str
    word: str
    note: str
    person_id: str
    at: int


def put(
    connection: Connection, person: Person, kind: Kind, object_id: str, word: str, note: str = "", *,
    needs_note: bool = False,
) -> str:  # fmt: skip
    """Marks an object and names the mark. Forbidden without the kind's permission; UsageError for a word that
    is none of the kind's, or a text that is too long, or missing where the mark needs one."""
    person.require(NEEDED[kind])
    if word not in WORDS[kind]:
        raise UsageError(f"a {kind} cannot be marked {word[:40]!r}", hint=f"Take {', '.join(WORDS[kind])}.")
    if len(note) > LONGEST_NOTE or not 0 < len(object_id) <= LONGEST_OBJECT:
        raise UsageError(f"the note has {len(note)} characters", hint=f"Write at most {LONGEST_NOTE}.")
    if needs_note and not note:
        raise UsageError("the note is empty", hint=f"Write at most {LONGEST_NOTE} characters.")
    mark_id = new_id()
    row = {
        "mark_id": mark_id, "kind": kind, "object_id": object_id, "word": word, "note": note,
        "person_id": person.person_id, "at": now_us(),
    }  # fmt: skip
    connection.execute(mark.insert(), row)
    audit.record(
        connection, person=person, act="mark_put", object_kind=kind, object_id=mark_id, details={"word": word}
    )
    return mark_id


def take_back(connection: Connection, person: Person, mark_id: str, *, again: bool = False) -> None:
    """Takes a mark back, or puts it on again; NotFound where there is none in that state."""
    state = mark.c.withdrawn_at.is_not(None) if again else mark.c.withdrawn_at.is_(None)
    row = connection.execute(select(mark).where(mark.c.mark_id == mark_id, state)).one_or_none()
    if row is None:
        raise NotFound("there is no such mark", hint="It may have been taken back already.")
    person.require(NEEDED[Kind(row.kind)])
    connection.execute(
        update(mark).where(mark.c.mark_id == mark_id).values(withdrawn_at=None if again else now_us())
    )
    act = "mark_restored" if again else "mark_taken_back"
    audit.record(connection, person=person, act=act, object_kind=row.kind, object_id=mark_id)


def standing(connection: Connection, kind: Kind, objects: Sequence[str] | None = None) -> dict[str, Mark]:
    """The newest open mark of each object of a kind, or of those named."""
    return {one.object_id: one for one in every(connection, kind, objects)}


def every(connection: Connection, kind: Kind, objects: Sequence[str] | None = None) -> list[Mark]:
    """All open marks of a kind, or of the objects named, oldest first."""
    asked = select(mark).where(mark.c.kind == kind, mark.c.withdrawn_at.is_(None))
    if objects is not None:
        asked = asked.where(mark.c.object_id.in_(objects))
    return [
        Mark(
            mark_id=row.mark_id, object_id=row.object_id, word=row.word, note=row.note,
            person_id=row.person_id, at=row.at,
        )
        for row in connection.execute(asked.order_by(mark.c.at, mark.c.mark_id))
    ]  # fmt: skip


def object_of(connection: Connection, kind: Kind, mark_id: str) -> str:
    """What a mark of a kind is on, taken back or not; NotFound where there is none."""
    found = connection.scalar(select(mark.c.object_id).where(mark.c.mark_id == mark_id, mark.c.kind == kind))
    if found is None:
        raise NotFound("there is no such mark", hint="It may have been taken back already.")
    return str(found)
