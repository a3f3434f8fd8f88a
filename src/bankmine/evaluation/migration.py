"""Who moved between grades: the migration matrix, and the checks supervisors make of it.

After the ECB's instructions for reporting the validation results of internal models (2019): the share that
stayed, the matrix weighted bandwidth up and down (how far those who move go, of how far they could), and a
test of each two neighbouring cells that the farther move is not the more frequent one. Every count is shown,
for a matrix of a few hundred customers says little in most of its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Ints
from bankmine.evaluation.grading import holm
from bankmine.evaluation.plain import plain

LEAST_ROW = 20


@dataclass(frozen=True)
class Migration:
    """`counts[i][j]`: from grade i to j, grades by rising chance; `defaulted` and `left` by grade before;
    `joined` by grade now. `same`, `within_one`, `better`, `worse` are shares of those graded both times;
    the bandwidths lie in 0 to 1. `dominant`: in every row of at least 20 the diagonal is largest. `broken`
    counts cells where the farther move is more frequent than the nearer one beyond chance (5 %, Holm)."""

    counts: tuple[tuple[int, ...], ...]
    defaulted: tuple[int, ...]
    left: tuple[int, ...]
    joined: tuple[int, ...]
    same: float
    within_one: float
    better: float
    worse: float
    bandwidth_worse: float | None
    bandwidth_better: float | None
    dominant: bool
    not_dominant: tuple[int, ...]
    tested: int
    broken: int
    default_rates_rise: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        result: dict[str, Any] = plain(self)
        return result


def migration(
    before: Any, now: Any, *, grades: int, defaulted: Any = 0, left: Any = 0, joined: Any = 0
) -> Migration:
    """The matrix of those graded both times (grades from 0, shape (subjects,)) and what became of the others.

    `defaulted`, `left` and `joined` are counts by grade, or 0 for none. FeasibilityError without anybody
    graded both times; UsageError for grades out of range.
    """
    first, second = np.asarray(before, dtype=np.int64), np.asarray(now, dtype=np.int64)
    if first.shape != second.shape or any(len(x) and not 0 <= x.min() <= x.max() < grades
                                          for x in (first, second)):  # fmt: skip
        raise UsageError(
            f"grades of shapes {first.shape} and {second.shape} were given for {grades} grades",
            hint="Give one grade from 0 on for each subject, both times.",
        )
    if not len(first):
        raise FeasibilityError("nobody was graded both times", hint="Look at dates less far apart.")
    counts = np.bincount(first * grades + second, minlength=grades**2).reshape(grades, grades)
    gone = np.broadcast_to(np.asarray(defaulted, dtype=np.int64), (grades,))
    ended = np.broadcast_to(np.asarray(left, dtype=np.int64), (grades,))
    came = np.broadcast_to(np.asarray(joined, dtype=np.int64), (grades,))
    p_values = _farther_more_often(counts)
    apart, weak = second - first, _weak_rows(counts)
    return Migration(
        counts=tuple(tuple(int(n) for n in row) for row in counts), defaulted=_whole(gone),
        left=_whole(ended), joined=_whole(came), same=float((apart == 0).mean()),
        within_one=float((np.abs(apart) <= 1).mean()), better=float((apart < 0).mean()),
        worse=float((apart > 0).mean()), bandwidth_worse=_bandwidth(counts, worse=True),
        bandwidth_better=_bandwidth(counts, worse=False), dominant=not weak, not_dominant=weak,
        tested=len(p_values), broken=sum(p < 0.05 for p in holm(p_values)) if p_values else 0,
        default_rates_rise=_rises(gone, counts.sum(axis=1) + gone + ended),
    )  # fmt: skip


def _weak_rows(counts: Ints) -> tuple[int, ...]:
    """Grades with at least LEAST_ROW subjects whose diagonal is not the largest of the row."""
    rows = np.flatnonzero(counts.sum(axis=1) >= LEAST_ROW)
    return tuple(int(i) for i in rows if counts[i].argmax() != i and counts[i].max() > counts[i, i])


def _bandwidth(counts: Ints, *, worse: bool) -> float | None:
    """Distance moved on one side of the diagonal, of the distance possible; None where nobody moved there."""
    size = len(counts)
    i, j = np.indices(counts.shape)
    side = j > i if worse else j < i
    way = np.where(side, np.abs(i - j), 0)
    could = np.maximum(np.abs(i - (size - 1)), i) * side
    possible = float((could * counts).sum())
    return float((way * counts).sum()) / possible if possible else None


def _farther_more_often(counts: Ints) -> list[float]:
    """p-values that of two neighbouring cells of a row the one farther from the diagonal is not larger."""
    from scipy.stats import norm

    found = []
    for i, row in enumerate(counts):
        total = int(row.sum())
        if total < LEAST_ROW:
            continue
        for near, far in _pairs(i, len(row)):
            p, q = row[near] / total, row[far] / total
            variance = (p * (1 - p) + q * (1 - q) + 2 * p * q) / total
            if variance > 0:
                found.append(float(norm.sf((q - p) / np.sqrt(variance))))
    return found


def _pairs(i: int, size: int) -> list[tuple[int, int]]:
    right = [(j, j + 1) for j in range(i, size - 1)]
    return right + [(j, j - 1) for j in range(i, 0, -1)]


def _rises(bads: Ints, rows: Ints) -> bool:
    seen = rows > 0
    return bool((np.diff(bads[seen] / rows[seen]) >= 0).all()) if seen.any() else True


def _whole(values: Ints) -> tuple[int, ...]:
    return tuple(int(one) for one in values)
