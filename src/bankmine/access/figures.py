"""Figures over the rows a person sees, never over others: tiles, counts, segments, the curve of value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.access.columns import Ints, Numbers, Sets, Words
from bankmine.access.conditions import Condition
from bankmine.access.tables import Table
from bankmine.errors import UsageError

if TYPE_CHECKING:
    from bankmine.access.lists import ListSource

POINTS = 101


@dataclass(frozen=True)
class Tile:
    """One question and grade of a run over own rows: how many, mean chance, the sum of their values.

    `value` is in the list's unit (`View.list(task).columns`); None where no row has one.
    """

    question: str
    grade: str
    rows: int
    chance: float | None
    value: float | None


@dataclass(frozen=True)
class Segment:
    """A segment of own customers; sums in minor units over those who have a figure, None where nobody has.

    `share` is that of all own customers who have a segment.
    """

    name: str
    customers: int
    share: float
    profit_minor: int | None
    value_minor: int | None


@dataclass(frozen=True)
class ValueCurve:
    """`profit[i]` is the share of the profit that the share `customers[i]` brings, the best first.

    Losses make the curve pass 1 on its way. `top_fifth` is the share that the best 20 % bring, `total_minor`
    the profit of all `count` customers.
    """

    customers: Sequence[float]
    profit: Sequence[float]
    top_fifth: float
    total_minor: int
    count: int


def counts(table: Table, name: str, filters: Mapping[str, Condition] | None) -> Mapping[str, int]:
    """How many rows that meet the conditions have each word of a column or set; words of none left out."""
    column, found = table.column(name), table.matching(filters)
    if isinstance(column, Words):
        number = np.bincount(column.codes[found & (column.codes >= 0)], minlength=len(column.words)).tolist()
    elif isinstance(column, Sets):
        bits = column.bits[found]
        number = [int((bits >> np.uint64(place) & np.uint64(1)).sum()) for place in range(len(column.words))]
    else:
        raise UsageError(f"the column {name} holds no words", hint="Count a column of words.")
    pairs = sorted(zip(column.words, number, strict=True), key=lambda one: (-one[1], one[0]))
    return {word: rows for word, rows in pairs if rows}


def tiles(source: ListSource) -> list[Tile]:
    """A tile for each question and grade that has rows, questions and grades by name."""
    question, grade = source.column("question"), source.column("grade")
    chance, value = source.column("probability"), source.column("value")
    assert isinstance(question, Words)
    assert isinstance(grade, Words)
    assert isinstance(chance, Numbers)
    assert isinstance(value, Numbers)
    width = len(grade.words) + 1
    group = (question.codes.astype(np.int64) + 1) * width + grade.codes + 1
    made = []
    for one in np.unique(group).tolist():
        rows = np.flatnonzero(group == one)
        asked = question.words[one // width - 1] if one // width else ""
        graded = grade.words[one % width - 1] if one % width else ""
        made.append(Tile(asked, graded, len(rows), _mean(chance, rows), _sum(value, rows)))
    return sorted(made, key=lambda tile: (tile.question, tile.grade))


def segments(table: Table) -> list[Segment]:
    """The segments by number of customers, largest first."""
    segment = table.column("segment")
    assert isinstance(segment, Words)
    all_of_them = int((segment.codes >= 0).sum())
    made = []
    for code, name in enumerate(segment.words):
        rows = np.flatnonzero(segment.codes == code)
        if len(rows):
            profit, value = (_whole(table, column, rows) for column in ("profit_minor", "value_minor"))
            made.append(Segment(name, len(rows), len(rows) / all_of_them, profit, value))
    return sorted(made, key=lambda one: (-one.customers, one.name))


def value_curve(table: Table) -> ValueCurve | None:
    """The curve over customers who have a profit; None where none has, or theirs together is not positive."""
    profit = table.column("profit_minor")
    assert isinstance(profit, Numbers)
    values = np.sort(profit.values[~profit.absent])[::-1]
    total = float(values.sum())
    if not len(values) or total <= 0:
        return None
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)]) / total
    share = np.linspace(0, 1, POINTS)
    points = np.interp(share * len(values), np.arange(len(values) + 1), running)
    return ValueCurve(share.tolist(), points.tolist(), float(points[POINTS // 5]), round(total), len(values))


def _mean(column: Numbers, rows: Ints) -> float | None:
    known = rows[~column.absent[rows]]
    return float(column.values[known].mean()) if len(known) else None


def _sum(column: Numbers, rows: Ints) -> float | None:
    known = rows[~column.absent[rows]]
    return float(column.values[known].sum()) if len(known) else None


def _whole(table: Table, name: str, rows: Ints) -> int | None:
    """The sum of a money column; None where the person may not read it or nobody has a value."""
    column: Any = table.columns.get(name)
    found = _sum(column, rows) if isinstance(column, Numbers) else None
    return None if found is None else round(found)
