"""What rules make of the customers a person sees: takes, overlap, what no rule takes, agreement, moves.

All of it counts own rows alone. Agreement is the adjusted Rand index (Hubert and Arabie 1985) between
segments by rule (no rule: one group more) and the segments found, over customers who have a found one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bankmine.access.columns import Bools, Numbers, Words
from bankmine.access.segment_rules import Codes, Rule, alone
from bankmine.access.tables import Table
from bankmine.errors import UsageError
from bankmine.mining.clustering.agreement import adjusted_rand_index


@dataclass(frozen=True)
class Taken:
    """One rule over own customers: whom it holds for, whom it takes (no earlier rule did), with figures.

    Sums are in minor units over those who have a figure; None where nobody has or it may not be read. A rule
    that cannot be asked says why in `problem` and takes nobody.
    """

    name: str
    alone: int
    takes: int
    share: float
    profit_minor: int | None
    value_minor: int | None
    churn: float | None
    problem: str = ""


@dataclass(frozen=True)
class Counted:
    """All rules together. `overlap[i][j]`: customers whom both rules hold for; `agreement` None without
    segments found; `crossing[i][j]`: customers of rule i (the last row: no rule) in found segment j.
    """

    rules: tuple[Taken, ...]
    other: Taken
    total: int
    coverage: float
    twice: int
    overlap: tuple[tuple[int, ...], ...]
    agreement: float | None
    found: tuple[str, ...]
    crossing: tuple[tuple[int, ...], ...]


def counted(table: Table, rules: Sequence[Rule]) -> Counted:
    """Counts rules over a table of own customers; a rule that cannot be asked is said and takes nobody."""
    hits, problems = [], []
    for rule in rules:
        try:
            hits.append(alone(table, rule))
            problems.append("")
        except UsageError as problem:
            hits.append(np.zeros(table.length, dtype=np.bool_))
            problems.append(problem.what)
    codes = _first(hits, table.length)
    taken = [
        _taken(table, rule.name, int(hit.sum()), codes == place, problem)
        for place, (rule, hit, problem) in enumerate(zip(rules, hits, problems, strict=True))
    ]
    other = _taken(table, "", int((codes < 0).sum()), codes < 0, "")
    agreement, found, crossing = _beside_found(table, codes, len(rules))
    times = sum((hit.astype(np.int16) for hit in hits), np.zeros(table.length, dtype=np.int16))
    return Counted(
        rules=tuple(taken), other=other, total=table.length,
        coverage=1 - other.takes / table.length if table.length else 0.0,
        twice=int((times > 1).sum()),
        overlap=tuple(tuple(int((a & b).sum()) for b in hits) for a in hits),
        agreement=agreement, found=found, crossing=crossing,
    )  # fmt: skip


def _first(hits: Sequence[Bools], length: int) -> Codes:
    codes = np.full(length, -1, dtype=np.int64)
    for place, hit in enumerate(hits):
        codes[hit & (codes < 0)] = place
    return codes


def _taken(table: Table, name: str, by_itself: int, rows: Bools, problem: str) -> Taken:
    count = int(rows.sum())
    profit, value = (total(table, column, rows) for column in ("profit_minor", "value_minor"))
    share = count / table.length if table.length else 0.0
    return Taken(name, by_itself, count, share, profit, value, mean(table, "churn_chance", rows), problem)


def total(table: Table, name: str, rows: Bools) -> int | None:
    """The sum of a number over these rows that have one, whole; None where none has or it may not be read."""
    column = table.columns.get(name)
    if not isinstance(column, Numbers):
        return None
    known = rows & ~column.absent
    return round(float(column.values[known].sum())) if known.any() else None


def mean(table: Table, name: str, rows: Bools) -> float | None:
    """The mean of a number over these rows that have one; None where none has or the table lacks it."""
    column = table.columns.get(name)
    if not isinstance(column, Numbers):
        return None
    known = rows & ~column.absent
    return float(column.values[known].mean()) if known.any() else None


def _beside_found(
    table: Table, codes: Codes, rules: int
) -> tuple[float | None, tuple[str, ...], tuple[tuple[int, ...], ...]]:
    segment = table.columns.get("segment")
    if not isinstance(segment, Words) or not (segment.codes >= 0).any() or not rules:
        return None, (), ()
    known = segment.codes >= 0
    mined, own = segment.codes[known].astype(np.int64), codes[known]
    width = len(segment.words)
    place = np.where(own < 0, rules, own)
    cells = np.bincount(place * width + mined, minlength=(rules + 1) * width).reshape(rules + 1, width)
    agreement = adjusted_rand_index(mined, place)
    return agreement, segment.words, tuple(tuple(int(one) for one in row) for row in cells)


@dataclass(frozen=True)
class Moves:
    """Customers by segment then (row) and now (column), own ones known at both dates; the last place of
    both is "no segment". `joined` and `left` are known at one date only.
    """

    names: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]
    both: int
    moved: int
    joined: int
    left: int


def moves(then: tuple[Codes, Words], now: tuple[Codes, Words]) -> Moves:
    """Compares two columns of words; each is (customer ids ascending, words), over own customers."""
    names = tuple(sorted({*then[1].words, *now[1].words}))
    size = len(names) + 1
    _, here, there = np.intersect1d(then[0], now[0], return_indices=True)
    first, second = (_renumbered(words, names) for words in (then[1], now[1]))
    source, target = first[here], second[there]
    cells = np.bincount(source * size + target, minlength=size * size).reshape(size, size)
    both = len(here)
    return Moves(
        names, tuple(tuple(int(one) for one in row) for row in cells), both,
        int(both - np.trace(cells)), len(now[0]) - both, len(then[0]) - both,
    )  # fmt: skip


def _renumbered(words: Words, names: Sequence[str]) -> Codes:
    place = np.array([*(names.index(word) for word in words.words), len(names)], dtype=np.int64)
    return np.asarray(place[words.codes], dtype=np.int64)
