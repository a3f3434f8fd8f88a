"""The metrics, each under its usual name, with its treatment of ties said.

All take a 0/1 label and a score (higher is more probable) or a probability, both of shape (rows,). Metrics
that mean nothing with one class only raise FeasibilityError instead of returning a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from bankmine.errors import UsageError
from bankmine.evaluation.arrays import Floats, Ints, Truth, probabilities, require_both_classes, truth
from bankmine.evaluation.ranking import (
    Ranking,
    auc_of,
    average_precision_of,
    captured_of,
    kolmogorov_smirnov_of,
)


class Prepared(Protocol):
    """A metric bound to its data: `order` gives the original row at each position of the weights."""

    order: Ints
    positive: Truth

    def value(self, weights: Any = None, *, keep_classes: bool = False) -> float: ...


class _Ranked:
    """A rank metric over one sorted sample."""

    def __init__(self, y: Any, score: Any, function: Callable[[Floats, Floats], float]) -> None:
        self.ranking = Ranking(y, score)
        self.order, self.positive, self.function = self.ranking.order, self.ranking.positive, function

    def value(self, weights: Any = None, *, keep_classes: bool = False) -> float:
        return self.function(*self.ranking.totals(weights, keep_classes=keep_classes))


class _Mean:
    """A metric that is the mean of one loss a row."""

    def __init__(self, y: Any, probability: Any, loss: Callable[[Truth, Floats], Floats]) -> None:
        self.positive, values = probabilities(y, probability)
        self.loss = loss(self.positive, values)
        self.order: Ints = np.arange(len(values))

    def value(self, weights: Any = None, *, keep_classes: bool = False) -> float:
        if weights is None:
            return float(self.loss.mean())
        if not keep_classes:
            return float(np.dot(weights, self.loss) / weights.sum())
        total = 0.0
        for kind in (self.positive, ~self.positive):
            if kind.any():
                total += np.dot(weights[kind], self.loss[kind]) / weights[kind].sum() * kind.mean()
        return float(total)


@dataclass(frozen=True)
class Metric:
    """A metric by name: how to bind it to data, which way is better, and its sentence."""

    name: str
    prepare: Callable[[Any, Any], Prepared]
    larger_is_better: bool
    needs_both_classes: bool
    sentence: str


def _brier_loss(label: Truth, probability: Floats) -> Floats:
    return (probability - label) ** 2


def _log_loss(label: Truth, probability: Floats) -> Floats:
    p = np.clip(probability, 1e-15, 1 - 1e-15)
    return np.asarray(-np.where(label, np.log(p), np.log1p(-p)))


def _lift(share: float) -> Callable[[Floats, Floats], float]:
    def lift(tp: Floats, fp: Floats) -> float:
        if len(tp) == 0 or tp[-1] <= 0:
            return float("nan")
        return float(captured_of(tp, fp, np.array([share]))[0] / share)

    return lift


def _ranked(function: Callable[[Floats, Floats], float]) -> Callable[[Any, Any], Prepared]:
    return lambda y, score: _Ranked(y, score, function)


def _gini_of(tp: Floats, fp: Floats) -> float:
    return 2 * auc_of(tp, fp) - 1


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("auc", _ranked(auc_of), True, True, "chance that a positive is ranked above a negative"),
        Metric("gini", _ranked(_gini_of), True, True, "2 × AUC − 1"),
        Metric(
            "average_precision",
            _ranked(average_precision_of),
            True,
            True,
            "mean precision over the positives, from the top of the list down",
        ),
        Metric(
            "kolmogorov_smirnov",
            _ranked(kolmogorov_smirnov_of),
            True,
            True,
            "largest distance between the score distributions of positives and negatives",
        ),
        Metric(
            "lift_at_10_percent", _ranked(_lift(0.1)), True, True, "positives in the top tenth over chance"
        ),
        Metric("brier", lambda y, p: _Mean(y, p, _brier_loss), False, False, "mean squared error"),
        Metric("log_loss", lambda y, p: _Mean(y, p, _log_loss), False, False, "mean surprise, in nats"),
    )
}


def metric(name: str) -> Metric:
    """The metric of that name; `lift_at_<n>_percent` exists for every n from 1 to 99."""
    if name in METRICS:
        return METRICS[name]
    middle = name.removeprefix("lift_at_").removesuffix("_percent")
    if name == f"lift_at_{middle}_percent" and middle.isdigit() and 1 <= int(middle) <= 99:
        return Metric(name, _ranked(_lift(int(middle) / 100)), True, True, f"lift in the top {middle} %")
    raise UsageError(f"There is no metric {name!r}", hint=f"Known metrics are {', '.join(METRICS)}.")


def compute(name: str, y: Any, score: Any) -> float:
    """One metric by name. FeasibilityError when it needs both classes and one is absent."""
    chosen = metric(name)
    label = truth(y)
    if chosen.needs_both_classes:
        require_both_classes(label, name)
    elif len(label) == 0:
        raise UsageError(f"{name} was asked over no rows", hint="Give at least one row.")
    return chosen.prepare(label, score).value()


def auc(y: Any, score: Any) -> float:
    """Area under the ROC curve; a tied pair counts one half."""
    return compute("auc", y, score)


def gini(y: Any, score: Any) -> float:
    """`2 × AUC − 1` (Somers' D)."""
    return compute("gini", y, score)


def average_precision(y: Any, score: Any) -> float:
    """Average precision; equal scores are one threshold (as scikit-learn has it)."""
    return compute("average_precision", y, score)


def kolmogorov_smirnov(y: Any, score: Any) -> float:
    """Kolmogorov–Smirnov distance, in [0, 1], read between distinct scores."""
    return compute("kolmogorov_smirnov", y, score)


def brier(y: Any, probability: Any) -> float:
    """Mean squared difference of probability and label (Brier 1950)."""
    return compute("brier", y, probability)


def log_loss(y: Any, probability: Any) -> float:
    """Mean negative log-likelihood in nats; probabilities are kept 1e-15 away from 0 and 1."""
    return compute("log_loss", y, probability)


def lift_at(y: Any, score: Any, share: float) -> float:
    """Share of positives in the top `share` of rows over the share of positives in all rows.

    Where the cut falls inside a group of equal scores, the group counts by its average.
    """
    if not 0 < share <= 1:
        raise UsageError(f"Lift was asked at the share {share}", hint="Give a share in (0, 1].")
    label = truth(y)
    require_both_classes(label, "lift")
    return _lift(share)(*Ranking(label, score).totals())


def precision_at(y: Any, score: Any, share: float) -> float:
    """Share of positives in the top `share` of rows; ties as in `lift_at`."""
    return lift_at(y, score, share) * float(truth(y).mean())
