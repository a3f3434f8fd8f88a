"""What one column tells about the target: information value and AUC, on training rows only.

Information value: `Σ (pᵢ − nᵢ) ln(pᵢ / nᵢ)` over bins, with pᵢ and nᵢ the shares of positives and negatives
in bin i (Kullback's divergence, as scorecards use it; Siddiqi 2006: below .02 useless, above .5 suspicious).
Numbers are binned by deciles, missing is a bin, and an empty bin counts half a row. Independent columns score
about `(1/n₊ + 1/n₋)(bins − 1)` by chance.

Everything is counted from one sort of the column: its distinct values, and how often each is positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.preparation.columns import Categories, Column, Floats, Ints

Truth = NDArray[np.bool_]
BINS = 10


@dataclass(frozen=True)
class Distinct:
    """The distinct known values of a column, ascending: `place` is each row's position among them, −1 where
    missing, and `counts` how many rows hold each. Categories count their levels in alphabetical order."""

    values: Floats | None
    place: Ints
    counts: Ints

    @property
    def commonest(self) -> float:
        """The largest share of rows that one value has, missing being a value too."""
        missing = len(self.place) - int(self.counts.sum())
        return max(int(self.counts.max(initial=0)), missing) / max(len(self.place), 1)


def distinct(column: Column) -> Distinct:
    """Sorts a column once."""
    if isinstance(column, Categories):
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
        return Distinct(None, column.codes, counts[counts > 0])
    known = ~column.missing
    values, place, counts = np.unique(column.values[known], return_inverse=True, return_counts=True)
    rows = np.full(len(column.values), -1, dtype=np.int64)
    rows[known] = place
    return Distinct(values, rows, counts.astype(np.int64))


def information_value(found: Distinct, target: Truth) -> float:
    """The information value of a column for a 0/1 target that has both classes."""
    bins = _bins(found)
    positives = np.bincount(bins, weights=_positives(found, target))
    rows = np.bincount(bins, weights=_rows(found))
    some = rows > 0
    p = np.maximum(positives[some], 0.5) / target.sum()
    n = np.maximum((rows - positives)[some], 0.5) / (~target).sum()
    return float(np.sum((p - n) * np.log(p / n)))


def single_auc(found: Distinct, target: Truth) -> float:
    """`max(AUC, 1 − AUC)` of the column alone, for a target that has both classes.

    A category's levels are ranked by their share of positives, learnt on the same rows, so its figure is a
    little high. A number's missing rows are put on the side that their own share of positives speaks for.
    """
    rows, positives = _rows(found), _positives(found, target)
    if found.values is None:
        order = np.argsort(positives / np.maximum(rows, 1), kind="stable")
        return _area(rows[order], positives[order])
    if rows[0] == 0:
        area = _area(rows, positives)
        return max(area, 1 - area)
    return max(_either_side(rows, positives))


def _either_side(rows: Floats, positives: Floats) -> tuple[float, float]:
    """The areas with missing rows below all others and above them, where a missing row is more often
    positive than a known one as the direction of the known rows asks; else the mirrored ones."""
    known = _area(rows[1:], positives[1:]) if 0 < positives[1:].sum() < rows[1:].sum() else 0.5
    others = rows[1:].sum()
    often = others == 0 or positives[0] / rows[0] >= positives[1:].sum() / others
    above = often == (known >= 0.5)
    order = np.roll(np.arange(len(rows)), -1) if above else np.arange(len(rows))
    area = _area(rows[order], positives[order])
    return area, 1 - area


def _area(rows: Floats, positives: Floats) -> float:
    """AUC of groups in ascending order of score; within a group a pair counts one half.

    The sum is of halves and so exact in any order; not by BLAS, whose threads wait for each other.
    """
    negatives = rows - positives
    below = np.cumsum(negatives) - negatives
    pairs = (positives * (below + negatives / 2)).sum()
    return float(pairs / (positives.sum() * negatives.sum()))


def _rows(found: Distinct) -> Floats:
    """Rows of each value, missing first."""
    return np.bincount(found.place + 1, minlength=_width(found)).astype(np.float64)


def _positives(found: Distinct, target: Truth) -> Floats:
    """Positives of each value, missing first."""
    return np.bincount(found.place[target] + 1, minlength=_width(found)).astype(np.float64)


def _width(found: Distinct) -> int:
    return int(found.place.max(initial=-1)) + 2


def _bins(found: Distinct) -> Ints:
    """The bin of each value, missing first in bin 0; numbers of more than ten values go into deciles."""
    every = np.arange(_width(found))
    if found.values is None or len(found.values) <= BINS:
        return every
    upto = np.cumsum(found.counts)
    ranks = np.ceil(np.arange(1, BINS) / BINS * (upto[-1] - 1)).astype(np.int64)
    edges = np.unique(np.searchsorted(upto, ranks, side="right"))
    return np.append(0, np.searchsorted(edges, every[:-1], side="right") + 1)
