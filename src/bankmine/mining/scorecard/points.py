"""From log-odds to points, and what rounding them does to the order.

    score = offset + factor · ln(odds of good),  factor = pdo / ln 2,  offset = base − factor · ln(base odds)

so that `base_score` points mean odds of `base_odds` to 1, and `pdo` points more double them. A bin has
factor · β · woe points. Rounded points may put two people the other way round than the regression did;
`rounding` counts them.
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from bankmine.mining.contract import Floats


class Scaling(NamedTuple):
    """The scale of the points."""

    pdo: float
    base_score: float
    base_odds: float

    @property
    def factor(self) -> float:
        return self.pdo / log(2)

    @property
    def offset(self) -> float:
        return self.base_score - self.factor * log(self.base_odds)


class Rounding(NamedTuple):
    """What rounding did to the order of rows, over all pairs of rows that the exact score tells apart.

    `swapped` pairs stand the other way round, `tied` have equal points; `largest` is the greatest distance of
    a rounded score from its exact one, in points.
    """

    pairs: int
    swapped: int
    tied: int
    largest: float

    def __str__(self) -> str:
        share = 100 * self.swapped / max(self.pairs, 1)
        tied = 100 * self.tied / max(self.pairs, 1)
        return (
            f"rounding swaps {self.swapped:,} of {self.pairs:,} pairs ({share:.2f} %) and ties "
            f"{tied:.2f} %; a score is off by at most {self.largest:.2f} points"
        )


def rounding(exact: Floats, rounded: Floats) -> Rounding:
    """Compare the order of rows by two scores, each of shape (rows,)."""
    swapped = count_swaps(exact, rounded)
    rows = len(exact)
    same_exact = _equal_pairs(exact)
    same_rounded = _equal_pairs(rounded)
    same_both = _equal_pairs(np.stack([exact, rounded], axis=1))
    return Rounding(
        rows * (rows - 1) // 2 - same_exact,
        swapped,
        same_rounded - same_both,
        float(np.abs(exact - rounded).max(initial=0.0)),
    )


def count_swaps(one: Floats, other: Floats) -> int:
    """Pairs of rows that two scores put in opposite orders; ties in either are no swap."""
    from bankmine.mining.scorecard.points_kernel import disagreements

    order = np.argsort(one, kind="stable")
    _, groups = np.unique(one, return_inverse=True)
    _, places = np.unique(other, return_inverse=True)
    return int(disagreements(groups[order].astype(np.int64), places[order].astype(np.int64)))


def shared_base(base: float, columns: int, integer: bool) -> Floats:
    """The base points shared out among the columns, shape (columns,); they add up to it exactly."""
    if not integer:
        return np.full(columns, base / columns)
    each, rest = divmod(int(base), columns)
    return np.array([each + (place < rest) for place in range(columns)], dtype=np.float64)


def _equal_pairs(values: Floats) -> int:
    _, counts = np.unique(values, axis=0, return_counts=True)
    return int((counts * (counts - 1) // 2).sum())
