"""One metric month by month: a mean over the year hides the month in which a model stopped working."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.evaluation.arrays import both, codes
from bankmine.evaluation.intervals import Interval, interval
from bankmine.evaluation.metrics import compute, metric


@dataclass(frozen=True)
class Period:
    """One period: its key, rows, positives, the model's figure with interval, and the baselines' figures.

    `figure` is None where the period has fewer than `least_each_class` rows of a class the metric needs.
    """

    key: Any
    rows: int
    positives: int
    figure: Interval | None
    baselines: dict[str, float]


def by_period(
    name: str,
    y: Any,
    score: Any,
    period: Any,
    *,
    baselines: Mapping[str, Any] | None = None,
    groups: Any = None,
    least_each_class: int = 5,
    resamples: int = 200,
    level: float = 0.95,
    random_state: int = 0,
) -> tuple[Period, ...]:
    """The metric `name` in each period (one sortable key a row, say the cutoff), in ascending order."""
    label, values = both(y, score)
    others = {key: both(label, other)[1] for key, other in (baselines or {}).items()}
    place, keys = codes(period, len(label), "period")
    least = least_each_class if metric(name).needs_both_classes else 0
    result = []
    for number, key in enumerate(keys.tolist()):
        rows = np.flatnonzero(place == number)
        truth = label[rows]
        positives = int(truth.sum())
        if min(positives, len(rows) - positives) < least or len(rows) < 2:
            result.append(Period(key, len(rows), positives, None, {}))
            continue
        figure = interval(
            name,
            truth,
            values[rows],
            groups=None if groups is None else np.asarray(groups)[rows],
            resamples=resamples,
            level=level,
            random_state=random_state,
        )
        figures = {key: compute(name, truth, other[rows]) for key, other in others.items()}
        result.append(Period(key, len(rows), positives, figure, figures))
    return tuple(result)
