"""One sort behind all rank metrics, so that a thousand resamples need no second one.

Rows are sorted by falling score once. A resample is a weight for each row; every metric is then a function of
two running totals, read at the end of each group of equal scores:

    true positives  tp[i] = weight of positives with a score ≥ the i-th distinct score
    false positives fp[i] = the same of negatives

Reading only at the ends of groups treats equal scores as one threshold: nobody gains from the order in which
ties happen to be stored. Between two thresholds with the same tp every metric here is straight in fp or has
no term, so runs of negatives are read at their ends only: with few positives almost nothing is left to add.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.evaluation.arrays import Floats, Ints, Truth, both


class Ranking:
    """Rows in falling order of score; `order[i]` is the original row at rank i.

    `ends` are the last ranks of the groups of equal scores, `thresholds` their scores.
    """

    def __init__(self, y: Any, score: Any) -> None:
        label, values = both(y, score)
        self.order: Ints = np.argsort(-values, kind="stable")
        ranked = values[self.order]
        self.positive = label[self.order]
        last = np.append(ranked[1:] != ranked[:-1], True) if len(ranked) else np.zeros(0, dtype=bool)
        self.ends: Ints = np.flatnonzero(last)
        self.thresholds: Floats = ranked[self.ends]
        self._read = self.ends[_turns(self.positive, self.ends)]
        self._plain = self._totals(np.ones(len(ranked), dtype=np.uint8))

    def totals(self, weights: Any = None, *, keep_classes: bool = False) -> tuple[Floats, Floats]:
        """Running weight of positives and of negatives, from the highest score down, shape (points,).

        `weights` are in rank order (`row_weights[self.order]`); None weighs every row 1. `keep_classes`
        rescales both totals so that each class keeps its own number of rows: a stratified resample.
        """
        if weights is None:
            return self._plain
        tp, fp = self._totals(weights)
        if keep_classes and len(tp) and tp[-1] > 0 and fp[-1] > 0:
            plain_tp, plain_fp = self._plain
            tp, fp = tp * (plain_tp[-1] / tp[-1]), fp * (plain_fp[-1] / fp[-1])
        return tp, fp

    def _totals(self, weights: Any) -> tuple[Floats, Floats]:
        whole = np.int64 if weights.dtype.kind in "iub" else np.float64  # integers add nine times faster
        every = np.cumsum(weights, dtype=whole)[self._read].astype(np.float64)
        hits = np.cumsum(weights * self.positive, dtype=whole)[self._read].astype(np.float64)
        return hits, every - hits


def _turns(positive: Truth, ends: Ints) -> Truth:
    """Which groups to read: those with a positive, those before one, and the last."""
    found = np.diff(np.cumsum(positive)[ends], prepend=0) > 0
    return found | np.append(found[1:], True) if len(ends) else found


def auc_of(tp: Floats, fp: Floats) -> float:
    """Area under the ROC curve by trapezoids: a tie between a positive and a negative counts one half."""
    if len(tp) == 0 or tp[-1] <= 0 or fp[-1] <= 0:
        return float("nan")
    area = tp[0] * fp[0] / 2 + np.dot(np.diff(fp), tp[1:] + tp[:-1]) / 2
    return float(area / (tp[-1] * fp[-1]))


def average_precision_of(tp: Floats, fp: Floats) -> float:
    """`Σ (recallᵢ − recallᵢ₋₁) · precisionᵢ` over the distinct scores, without interpolation."""
    if len(tp) == 0 or tp[-1] <= 0:
        return float("nan")
    every = tp + fp
    precision = np.divide(tp, every, out=np.zeros_like(tp), where=every > 0)
    return float((tp[0] * precision[0] + np.dot(np.diff(tp), precision[1:])) / tp[-1])


def kolmogorov_smirnov_of(tp: Floats, fp: Floats) -> float:
    """The largest distance between the two classes' distributions of the score."""
    if len(tp) == 0 or tp[-1] <= 0 or fp[-1] <= 0:
        return float("nan")
    return float(np.abs(tp / tp[-1] - fp / fp[-1]).max())


def captured_of(tp: Floats, fp: Floats, shares: Floats) -> Floats:
    """Share of all positives among the top `shares` of rows; inside a tie, its average over all orders."""
    every = np.concatenate([[0.0], tp + fp])
    reached = np.interp(shares * every[-1], every, np.concatenate([[0.0], tp]))
    return np.asarray(reached / tp[-1])
