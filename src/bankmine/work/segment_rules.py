"""Segments by rules as people keep them: made, changed, restored, published, withdrawn; each act undoable.

Every save is a new version, and restoring an old one is a new version too; nothing is overwritten. At most
one version of a set is published at a time. The audit keeps ids and numbers, never the rules' own words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from bankmine.access.segment_rules import Rule, check, from_text, to_text
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import new_id
from bankmine.store.tables.segments import segment_rules, segment_rules_version
from bankmine.store.times import now_us

MOST_NAME = 80


@dataclass(frozen=True)
class Version:
    """One saved state of the rules; `restored` names the version it repeats. Times in µs UTC."""

    number: int
    rules: tuple[Rule, ...]
    restored: int | None
    person_id: str
    created_at: int


@dataclass(frozen=True)
class RuleSet:
    """A set of rules with its newest version; `published` is the version in force, None where none is."""

    rules_id: str
    name: str
    person_id: str
    created_at: int
    withdrawn: bool
    published: int | None
    published_by: str | None
    published_at: int | None
    newest: Version


def make(connection: Connection, person: Person, name: str, rules: Sequence[Rule]) -> str:
    """Keeps a new set with its first version and names it; UsageError for what does not fit; Forbidden."""
    person.require(Permission.SEGMENTS_WRITE)
    check(rules)
    rules_id = new_id()
    connection.execute(
        segment_rules.insert(),
        {
            "rules_id": rules_id, "name": _free(connection, name), "person_id": person.person_id,
            "created_at": now_us(),
        },
    )  # fmt: skip
    _add(connection, person, rules_id, 1, to_text(rules), None)
    _record(connection, person, "segment_rules_made", rules_id, version=1)
    return rules_id


def save(connection: Connection, person: Person, rules_id: str, rules: Sequence[Rule]) -> int:
    """Keeps a new version of a set and gives its number; UsageError where nothing changed or fits."""
    person.require(Permission.SEGMENTS_WRITE)
    check(rules)
    row = _row(connection, rules_id)
    text, newest = to_text(rules), _version(connection, rules_id, None)
    if to_text(newest.rules) == text:
        raise UsageError("nothing was changed", hint=f"Version {newest.number} says the same.")
    _add(connection, person, row.rules_id, newest.number + 1, text, None)
    _record(connection, person, "segment_rules_saved", rules_id, version=newest.number + 1)
    return newest.number + 1


def restore(connection: Connection, person: Person, rules_id: str, number: int) -> int:
    """Makes an old version the newest again, as a version of its own, and gives its number."""
    person.require(Permission.SEGMENTS_WRITE)
    _row(connection, rules_id)
    old, newest = _version(connection, rules_id, number), _version(connection, rules_id, None)
    _add(connection, person, rules_id, newest.number + 1, to_text(old.rules), old.number)
    _record(connection, person, "segment_rules_restored", rules_id, version=newest.number + 1, of=old.number)
    return newest.number + 1


def rename(connection: Connection, person: Person, rules_id: str, name: str) -> str:
    """Gives a set another name and says the former."""
    person.require(Permission.SEGMENTS_WRITE)
    before = str(_row(connection, rules_id).name)
    if name.strip() != before:
        _set(connection, rules_id, name=_free(connection, name, besides=rules_id))
        _record(connection, person, "segment_rules_renamed", rules_id)
    return before


def publish(connection: Connection, person: Person, rules_id: str, number: int) -> int | None:
    """Puts a version in force for everybody who reads segments; gives the one in force before."""
    person.require(Permission.SEGMENTS_WRITE)
    row = _row(connection, rules_id)
    if row.withdrawn_at is not None:
        raise UsageError("a withdrawn set cannot be published", hint="Bring it back first.")
    version = _version(connection, rules_id, number)
    _set(connection, rules_id, published=version.number, published_by=person.person_id, published_at=now_us())
    _record(connection, person, "segment_rules_published", rules_id, version=version.number)
    before: int | None = row.published
    return before


def unpublish(connection: Connection, person: Person, rules_id: str) -> int:
    """Takes the version in force out of it and gives its number; UsageError where none is."""
    person.require(Permission.SEGMENTS_WRITE)
    row = _row(connection, rules_id)
    if row.published is None:
        raise UsageError("no version of this set is published", hint="Publish one first.")
    _set(connection, rules_id, published=None, published_by=None, published_at=None)
    _record(connection, person, "segment_rules_unpublished", rules_id, version=row.published)
    return int(row.published)


def withdraw(connection: Connection, person: Person, rules_id: str) -> None:
    """Puts a set aside: it is listed no more, and kept. UsageError while it is published."""
    person.require(Permission.SEGMENTS_WRITE)
    if _row(connection, rules_id).published is not None:
        raise UsageError("this set is published", hint="Unpublish it first.")
    _set(connection, rules_id, withdrawn_at=now_us())
    _record(connection, person, "segment_rules_withdrawn", rules_id)


def bring_back(connection: Connection, person: Person, rules_id: str) -> None:
    """Lists a withdrawn set again; UsageError where another took its name meanwhile."""
    person.require(Permission.SEGMENTS_WRITE)
    row = _row(connection, rules_id)
    _free(connection, row.name, besides=rules_id)
    _set(connection, rules_id, withdrawn_at=None)
    _record(connection, person, "segment_rules_brought_back", rules_id)


def listed(connection: Connection, *, withdrawn: bool = False) -> list[RuleSet]:
    """The sets with their newest versions, by name; those put aside only where asked."""
    wanted = (
        segment_rules.c.withdrawn_at.is_not(None) if withdrawn else segment_rules.c.withdrawn_at.is_(None)
    )
    rows = connection.execute(select(segment_rules).where(wanted)).all()
    found = [_rule_set(row, _version(connection, row.rules_id, None)) for row in rows]
    return sorted(found, key=lambda one: one.name.casefold())


def one(connection: Connection, rules_id: str) -> RuleSet:
    """A set with its newest version; NotFound."""
    return _rule_set(_row(connection, rules_id), _version(connection, rules_id, None))


def version(connection: Connection, rules_id: str, number: int | None = None) -> Version:
    """A version of a set, by default the newest; NotFound."""
    return _version(connection, rules_id, number)


def versions(connection: Connection, rules_id: str) -> list[Version]:
    """All versions, newest first."""
    table = segment_rules_version
    query = select(table).where(table.c.rules_id == rules_id).order_by(table.c.number.desc())
    return [_version_of(row) for row in connection.execute(query)]


def _free(connection: Connection, name: str, besides: str = "") -> str:
    """The name without blanks around it; UsageError where it does not fit or another listed set has it."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MOST_NAME:
        raise UsageError("the set has no name that fits", hint=f"Give 1 to {MOST_NAME} characters.")
    for other in listed(connection):
        if other.rules_id != besides and other.name.casefold() == name.casefold():
            raise UsageError(f"a set named {name!r} is there already", hint="Give another name.")
    return name


def _add(
    connection: Connection, person: Person, rules_id: str, number: int, rules: str, restored: int | None
) -> None:
    connection.execute(
        segment_rules_version.insert(),
        {
            "rules_id": rules_id, "number": number, "rules": rules, "restored": restored,
            "person_id": person.person_id, "created_at": now_us(),
        },
    )  # fmt: skip


def _set(connection: Connection, rules_id: str, **values: object) -> None:
    connection.execute(update(segment_rules).where(segment_rules.c.rules_id == rules_id).values(**values))


def _row(connection: Connection, rules_id: str) -> Row[Any]:
    row = connection.execute(select(segment_rules).where(segment_rules.c.rules_id == rules_id)).one_or_none()
    if row is None:
        raise NotFound("there are no such rules", hint="Look at the list of segments by rules.")
    return row


def _version(connection: Connection, rules_id: str, number: int | None) -> Version:
    table = segment_rules_version
    query = select(table).where(table.c.rules_id == rules_id)
    if number is None:
        newest = select(func.max(table.c.number)).where(table.c.rules_id == rules_id).scalar_subquery()
        query = query.where(table.c.number == newest)
    else:
        query = query.where(table.c.number == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("there is no such version of these rules", hint="Look at the list of its versions.")
    return _version_of(row)


def _version_of(row: Row[Any]) -> Version:
    return Version(row.number, from_text(row.rules), row.restored, row.person_id, row.created_at)


def _rule_set(row: Row[Any], newest: Version) -> RuleSet:
    return RuleSet(
        row.rules_id, row.name, row.person_id, row.created_at, row.withdrawn_at is not None, row.published,
        row.published_by, row.published_at, newest,
    )  # fmt: skip


def _record(connection: Connection, person: Person, act: str, rules_id: str, **details: int) -> None:
    audit.record(
        connection, person=person, act=act, object_kind="segment_rules", object_id=rules_id, details=details
    )  # fmt: skip
