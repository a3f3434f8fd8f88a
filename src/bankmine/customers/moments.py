"""What happened to one customer, as known at a cutoff: one list of moments over all tables the bank has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

FILE = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True)
class Moment:
    """Something that happened on a civil day: `lane` is its kind, `tone` neutral, good, watch or bad."""

    lane: str
    day: date
    what: str
    tone: str


def moments(warehouse: Warehouse, customer: int, cutoff: int) -> tuple[Moment, ...]:
    """The customer's moments before the cutoff (µs), oldest first; tables the bank lacks say nothing."""
    found: list[Moment] = []
    zone = warehouse.manifest.time_zone
    with Session(warehouse, cutoff, until=cutoff) as session:
        for tables, sql in _parts():
            if not all(map(warehouse.has, tables)):
                continue
            given = {"customer": customer} | ({"zone": zone} if "$zone" in sql else {})
            found += [
                Moment(lane, date.fromisoformat(day), what, tone)
                for lane, day, what, tone in _rows(session, sql, given)
            ]
    return tuple(sorted(found, key=lambda one: (one.day, one.lane, one.what)))


def _rows(session: Session, sql: str, given: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    table = session.arrow(sql, given)
    columns = [table.column(place).to_pylist() for place in range(4)]
    return [row for row in zip(*columns, strict=True) if row[1] is not None]


@cache
def _parts() -> tuple[tuple[tuple[str, ...], str], ...]:
    """(tables, statement) of each part of the SQL file."""
    text = FILE.read_text(encoding="utf-8")
    parts = []
    for part in text.split("-- ----\n"):
        head, _, sql = part.partition("-- tables: ")[2].partition("\n")
        parts.append((tuple(head.split()), sql.strip()))
    return tuple(parts)
