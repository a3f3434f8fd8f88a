"""Names and sentences that people give to segments found: the newest of a number is in force.

A segment keeps its number from run to run, so a name stays with it; an empty one gives the run's own back.
Every name is kept with who gave it; the audit keeps the number alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from bankmine.errors import UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import new_id
from bankmine.store.tables.segments import segment_name
from bankmine.store.times import now_us

MOST_NAME, MOST_SENTENCE = 80, 300


@dataclass(frozen=True)
class Given:
    """A name somebody gave: empty where it was taken back. `given_at` in µs UTC."""

    number: int
    name: str
    sentence: str
    person_id: str
    given_at: int


def give(connection: Connection, person: Person, number: int, name: str, sentence: str) -> Given | None:
    """Names a segment found (empty: by the run's own name again) and gives the name before, None where none.

    UsageError for a name that is too long, has no letter, or is another segment's; Forbidden.
    """
    person.require(Permission.SEGMENTS_WRITE)
    name, sentence = " ".join(name.split()), " ".join(sentence.split())
    if len(name) > MOST_NAME or len(sentence) > MOST_SENTENCE or (name and not any(map(str.isalnum, name))):
        raise UsageError(
            f"the name {name[:40]!r} or its sentence does not fit",
            hint=f"Names have up to {MOST_NAME} characters, sentences up to {MOST_SENTENCE}.",
        )
    now = in_force(connection)
    if name and any(one.name.casefold() == name.casefold() for one in now.values() if one.number != number):
        raise UsageError(f"another segment is named {name!r}", hint="Give another name.")
    connection.execute(
        segment_name.insert(),
        {
            "name_id": new_id(), "number": number, "name": name, "sentence": sentence,
            "person_id": person.person_id, "given_at": now_us(),
        },
    )  # fmt: skip
    audit.record(
        connection, person=person, act="segment_named", object_kind="segment", object_id=str(number),
        details={"own_name": bool(name), "own_sentence": bool(sentence)},
    )  # fmt: skip
    return now.get(number)


def in_force(connection: Connection) -> dict[int, Given]:
    """The names in force by number; those taken back are left out."""
    newest = {number: given[0] for number, given in _all(connection).items()}
    return {number: one for number, one in newest.items() if one.name or one.sentence}


def history(connection: Connection, number: int) -> list[Given]:
    """All names a segment was given, newest first."""
    return _all(connection).get(number, [])


def _all(connection: Connection) -> dict[int, list[Given]]:
    order = (segment_name.c.given_at.desc(), segment_name.c.name_id.desc())
    found: dict[int, list[Given]] = {}
    for row in connection.execute(select(segment_name).order_by(*order)):
        one = Given(row.number, row.name, row.sentence, row.person_id, row.given_at)
        found.setdefault(row.number, []).append(one)
    return found
