"""Bootstrap intervals that cost one sort and one running total a resample.

A resample is a Poisson(1) weight for each unit (Hanley and MacGibbon 2006): the large-sample form of drawing
with replacement that needs no gathering of rows. Units are rows, or whole groups (a customer, a day), because
rows of one customer are not independent and an interval over rows would be too narrow. Stratified resamples
keep the number of positives and negatives fixed. Limits are percentiles of the resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, factorial
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Floats, codes, require_both_classes, truth
from bankmine.evaluation.cards import CardDays
from bankmine.evaluation.metrics import Prepared, metric


@dataclass(frozen=True)
class Interval:
    """A figure with the range that holds `level` of its resamples.

    `used` counts resamples in which the figure was defined; `by` names the unit resampled.
    """

    metric: str
    value: float
    low: float
    high: float
    level: float
    resamples: int
    used: int
    by: str
    standard_error: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.level:.0%} interval {self.low:.3f} to {self.high:.3f})"

    def contains(self, value: float) -> bool:
        """Whether `value` lies in the closed interval."""
        return self.low <= value <= self.high


def interval(
    name: str,
    y: Any,
    score: Any,
    *,
    groups: Any = None,
    stratified: bool = True,
    resamples: int = 200,
    level: float = 0.95,
    by: str | None = None,
    random_state: int = 0,
) -> Interval:
    """Bootstrap interval of the metric `name` over label and score of shape (rows,).

    With `groups` (one key a row) whole groups are resampled and nothing is held fixed; without, rows are,
    within each class unless `stratified` is false. `by` is the word for the unit in reports.
    """
    prepared = _prepare(name, y, score)
    draw = _Draws(len(prepared.positive), groups, random_state)
    keep = stratified and groups is None
    values = np.array(
        [prepared.value(weights[prepared.order], keep_classes=keep) for weights in draw.take(resamples)]
        if groups is not None
        else [prepared.value(weights, keep_classes=keep) for weights in draw.take(resamples)]
    )
    return summarise(name, prepared.value(), values, level, by or draw.unit)


def paired_difference(
    name: str,
    y: Any,
    score: Any,
    other: Any,
    *,
    groups: Any = None,
    stratified: bool = True,
    resamples: int = 200,
    level: float = 0.95,
    by: str | None = None,
    random_state: int = 0,
) -> Interval:
    """Interval of `metric(score) − metric(other)` with the same resamples for both.

    Positive means that `score` has the larger figure, which for a loss is the worse one.
    """
    first, second = _prepare(name, y, score), _prepare(name, y, other)
    draw = _Draws(len(first.positive), groups, random_state)
    keep = stratified and groups is None
    values = np.array(
        [
            first.value(weights[first.order], keep_classes=keep)
            - second.value(weights[second.order], keep_classes=keep)
            for weights in draw.take(resamples)
        ]
    )
    return summarise(name, first.value() - second.value(), values, level, by or draw.unit)


def card_precision_interval(
    days: CardDays, *, k: int = 100, resamples: int = 200, level: float = 0.95, random_state: int = 0
) -> Interval:
    """Interval of card precision at `k`, resampling cards."""
    draw = _Draws(len(days.cards), None, random_state)
    values = np.array(
        [days.precision(k, weights.astype(np.float64)).value for weights in draw.take(resamples)]
    )
    return summarise(f"card_precision_at_{k}", days.precision(k).value, values, level, "card")


def card_precision_difference(
    days: CardDays,
    other: CardDays,
    *,
    k: int = 100,
    resamples: int = 200,
    level: float = 0.95,
    random_state: int = 0,
) -> Interval:
    """Interval of the difference of two models' card precision on the same transactions."""
    if not np.array_equal(days.cards, other.cards):
        raise UsageError("The two models were not scored on the same cards", hint="Give the same rows.")
    draw = _Draws(len(days.cards), None, random_state)
    values = np.array(
        [
            days.precision(k, weights.astype(np.float64)).value
            - other.precision(k, weights.astype(np.float64)).value
            for weights in draw.take(resamples)
        ]
    )
    value = days.precision(k).value - other.precision(k).value
    return summarise(f"card_precision_at_{k}", value, values, level, "card")


def mean_interval(
    values: Any,
    *,
    groups: Any = None,
    resamples: int = 200,
    level: float = 0.95,
    by: str | None = None,
    random_state: int = 0,
    name: str = "mean",
) -> Interval:
    """Interval of the mean of any figure with one value a row (money, an error)."""
    figures = np.asarray(values, dtype=np.float64)
    if figures.ndim != 1 or len(figures) == 0 or not np.isfinite(figures).all():
        raise UsageError(
            f"The figures have shape {figures.shape} or are not all finite",
            hint="Give one finite number a row.",
        )
    draw = _Draws(len(figures), groups, random_state)
    found = []
    for weights in draw.take(resamples):
        total = float(weights.sum(dtype=np.float64))
        found.append(float(np.dot(weights, figures)) / total if total > 0 else np.nan)
    return summarise(name, float(figures.mean()), np.array(found), level, by or draw.unit)


def summarise(name: str, value: float, values: Floats, level: float, by: str) -> Interval:
    """Percentile limits of resampled `values`; FeasibilityError when over a tenth are undefined."""
    if not 0 < level < 1:
        raise UsageError(f"The level is {level}", hint="Give a level between 0 and 1, such as 0.95.")
    defined = values[np.isfinite(values)]
    if len(defined) < 0.9 * len(values) or len(defined) < 2:
        raise FeasibilityError(
            f"{name} was undefined in {len(values) - len(defined)} of {len(values)} resamples",
            hint="There are too few rows of one class, or too few groups, for an interval.",
        )
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(
        name,
        value,
        float(low),
        float(high),
        level,
        len(values),
        len(defined),
        by,
        float(defined.std(ddof=1)),
    )


class _Draws:
    """Poisson weights for rows, or for groups spread over their rows."""

    def __init__(self, rows: int, groups: Any, random_state: int) -> None:
        self.unit = "row" if groups is None else "group"
        self.position = None if groups is None else codes(groups, rows, "groups")[0]
        self.units = rows if self.position is None else int(self.position.max(initial=-1)) + 1
        self.generator = np.random.default_rng(random_state)
        if self.units < 2:
            raise FeasibilityError(
                f"An interval was asked over {self.units} {self.unit}s", hint="It needs at least 2."
            )

    def take(self, resamples: int) -> Iterator[Any]:
        if resamples < 20:
            raise UsageError(f"{resamples} resamples were asked", hint="Ask for at least 20.")
        for _ in range(resamples):
            weights = _POISSON[self.generator.integers(0, 65536, size=self.units, dtype=np.uint16)]
            yield weights if self.position is None else weights[self.position]


def _prepare(name: str, y: Any, score: Any) -> Prepared:
    chosen = metric(name)
    if chosen.needs_both_classes:
        require_both_classes(truth(y), name)
    prepare: Callable[[Any, Any], Prepared] = chosen.prepare
    return prepare(y, score)


def _poisson_table() -> Any:
    """Poisson(1) as a table of 65,536 equally likely weights; mean and variance are off by about 1e-5."""
    cumulative = np.cumsum([exp(-1) / factorial(k) for k in range(12)])
    at = (np.arange(65536) + 0.5) / 65536
    return np.searchsorted(cumulative, at).astype(np.uint8)


_POISSON = _poisson_table()
