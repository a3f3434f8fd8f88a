"""What one column tells about the target: information value and AUC, on training rows only.

Information value: `Σ (pᵢ − nᵢ) ln(pᵢ / nᵢ)` over bins, with pᵢ and nᵢ the shares of positives and negatives
in bin i (Kullback's divergence, as scorecards use it; Siddiqi 2006: below .02 useless, above .5 suspicious).
Numbers are binned by deciles, missing is a bin, and an empty bin counts half a row. Independent columns score
about `(1/n₊ + 1/n₋)(bins − 1)` by chance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bankmine.evaluation.metrics import auc
from bankmine.preparation.columns import Categories, Column, Floats, Ints, Numbers

Truth = NDArray[np.bool_]
BINS = 10


def information_value(column: Column, target: Truth) -> float:
    """The information value of a column for a 0/1 target that has both classes."""
    place = _bins(column)
    positives = np.bincount(place[target], minlength=int(place.max()) + 1).astype(np.float64)
    negatives = np.bincount(place[~target], minlength=len(positives)).astype(np.float64)
    some = positives + negatives > 0
    p = np.maximum(positives[some], 0.5) / target.sum()
    n = np.maximum(negatives[some], 0.5) / (~target).sum()
    return float(np.sum((p - n) * np.log(p / n)))


def single_auc(column: Column, target: Truth) -> float:
    """`max(AUC, 1 − AUC)` of the column alone: a number's value, a category's share of positives.

    Missing values are ranked by their own share of positives' side: above all where they are more often
    positive than the rest, else below all. A category is judged on the rows it learnt from, so its figure
    is a little high.
    """
    if isinstance(column, Categories):
        place = column.codes + 1
        count = np.bincount(place)
        share = np.bincount(place, weights=target) / np.maximum(count, 1)
        return auc(target, share[place])
    values = _missing_to_a_side(column, target)
    area = auc(target, values)
    return max(area, 1 - area)


def _missing_to_a_side(column: Numbers, target: Truth) -> Floats:
    missing = column.missing
    if not missing.any():
        return column.values
    if missing.all():
        return np.zeros(len(missing))
    known = column.values[~missing]
    often = target[missing].mean() >= target[~missing].mean()
    rising = True
    if target[~missing].any() and not target[~missing].all():
        rising = auc(target[~missing], known) >= 0.5
    side = known.max() + 1 if often == rising else known.min() - 1
    return np.where(missing, side, column.values)


def _bins(column: Column) -> Ints:
    if isinstance(column, Categories):
        return column.codes + 1
    known = column.values[~column.missing]
    levels = np.unique(known)
    if len(levels) <= BINS:
        edges = levels[1:]
    else:
        edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="higher"))
    place = np.searchsorted(edges, column.values, side="right") + 1
    return np.where(column.missing, 0, place)
