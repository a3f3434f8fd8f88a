"""Which features a bank's data allow, and in plain words why the others cannot be had.

A table may be missing, a column may be entirely empty, a value (such as direction "in") may never occur, or
events may have only a date. Each is found with one scan a table; of a large table first in one bucket, and
what is not seen there in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bankmine.bank import catalogue as bank_tables
from bankmine.bank.columns import Kind
from bankmine.customers.feature import Feature, Need
from bankmine.engine.duck import literal, quoted
from bankmine.engine.session import Glimpse, Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.catalogue import Catalogue


@dataclass(frozen=True)
class Availability:
    """The features that can be had, in the catalogue's order, and for each other the reason."""

    features: tuple[Feature, ...]
    reasons: Mapping[str, str]
    statements: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features that can be had."""
        return tuple(feature.name for feature in self.features)

    def names_of(self, subject: str) -> tuple[str, ...]:
        """Names of those for one kind of subject, without those kept for decisions on credit."""
        return tuple(one.name for one in self.features if one.subject == subject and not one.credit_only)

    def names_for_credit(self, subject: str) -> tuple[str, ...]:
        """Names of all that a row of that kind of subject may ask for when credit is decided on."""
        return tuple(one.name for one in self.features if one.subject in ("customer", subject))


def judge(catalogue: Catalogue, warehouse: Warehouse, *, as_of: int | None) -> Availability:
    """Judges every feature of a catalogue by what the warehouse held at `as_of`."""
    needs = {name: catalogue.needs(name) for name in catalogue}
    with Session(warehouse, as_of) as session, Glimpse(warehouse, as_of) as glimpse:
        seen = _look(session, glimpse, [need for some in needs.values() for need in some])
        statements = (*glimpse.statements, *session.statements)
    reasons = {}
    for name, some in needs.items():
        reason = next(filter(None, (_lacking(need, seen) for need in some)), None)
        if reason:
            reasons[name] = reason
    kept = tuple(feature for feature in catalogue.values() if feature.name not in reasons)
    return Availability(kept, reasons, statements)


@dataclass
class _Seen:
    """How often each column, value and time of day occurs where it was looked for, by (table, question)."""

    counts: dict[tuple[str, str], int]
    as_of: str | None

    def yet(self, table: str) -> str:
        """Says from when nothing was known of a table that has rows; empty where it has none at all."""
        return f" known by {self.as_of}" if (table, "rows") in self.counts and self.as_of else ""

    def of(self, table: str, question: str) -> int:
        return self.counts.get((table, question), 0)


def _look(session: Session, glimpse: Glimpse, needs: list[Need]) -> _Seen:
    questions: dict[str, dict[str, str]] = {}
    for need in needs:
        asked = questions.setdefault(need.table, {"rows": "count(*)"})
        asked |= {column: f"count({quoted(column)})" for column in need.columns}
        for column, values in _occurring(need):
            for value in values:
                test = f"{quoted(column)} = {_sql(value)}"
                asked[_question(column, value)] = f"count(*) FILTER (WHERE {test})"
        if need.time_of_day:
            zone = literal(session.warehouse.manifest.time_zone)
            asked["time of day"] = (
                f"count(*) FILTER (WHERE CAST(timezone({zone}, event_time) AS TIME) <> TIME '00:00')"
            )
    counts: dict[tuple[str, str], int] = {}
    for table, asked in questions.items():
        if session.warehouse.has(table):
            found = _ask(glimpse, table, asked) if glimpse.is_part(table) else {}
            left = {question: sql for question, sql in asked.items() if not found.get(question)}
            found |= _ask(session, table, left) if left else {}
            counts |= {(table, question): count for question, count in found.items()}
    known = session.known_at
    return _Seen(counts, None if known is None else session.warehouse.zone.show(known))


def _ask(session: Session, table: str, asked: dict[str, str]) -> dict[str, int]:
    columns = ", ".join(f"{sql} AS {quoted(question)}" for question, sql in asked.items())
    declared = bank_tables.table(table)
    view = f"customer_{table}" if declared.per_owner and declared.kind is Kind.EVENT else table
    row: dict[str, Any] = session.arrow(f"SELECT {columns} FROM {quoted(view)}").to_pylist()[0]
    return {question: int(count or 0) for question, count in row.items()}


def _occurring(need: Need) -> tuple[tuple[str, tuple[str | bool, ...]], ...]:
    """The values of which one must occur, column by column; a level must occur itself."""
    level = ((need.level[0], (need.level[1],)),) if need.level else ()
    return (*need.values, *level)


def _question(column: str, value: str | bool) -> str:
    return f"{column} is {value}"


def _sql(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else literal(value)


def _lacking(need: Need, seen: _Seen) -> str | None:
    """What the bank lacks of a need, in words; None where it has all."""
    if need.optional:
        return None
    if not seen.of(need.table, "rows"):
        return f"the bank has no rows of the table {need.table}{seen.yet(need.table)}"
    for column in need.columns:
        if not seen.of(need.table, column):
            return f"the column {need.table}.{column} is entirely empty"
    for column, values in _occurring(need):
        if not any(seen.of(need.table, _question(column, value)) for value in values):
            return f"{need.table}.{column} is never {' or '.join(str(value) for value in values)}"
    if need.time_of_day and not seen.of(need.table, "time of day"):
        return f"the events of {need.table} have only a date"
    return None
