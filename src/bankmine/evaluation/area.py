"""The AUC's interval, the difference of two, and its fall since development, by rows or by customers.

DeLong's variance (1988) takes every row for an independent one. Where customers have several rows it is too
small, and Obuchowski's (Biometrics 53, 1997) is right: the same placements, added up within each customer.
With one row a customer the two are equal, so there is one way here; `by` says which of the two the data made
it. A bootstrap by customers (`intervals.paired_difference`) estimates the same without a formula. The
one-sided test of a fall is that of the ECB's instructions for reporting the validation results of internal
models (2019): `S = (AUC at development − AUC now) / standard error`.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any, NamedTuple

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Floats, Truth, both, codes, require_both_classes
from bankmine.evaluation.intervals import Interval
from bankmine.evaluation.validation import Tested, placements, two_sided

LEAST = 2
Z95 = 1.959963984540054


class Compared(NamedTuple):
    """Two AUCs on the same rows: first, second, first − second with its 95 % interval, and the p-value."""

    first: float
    second: float
    difference: float
    low: float
    high: float
    standard_error: float
    p_value: float
    by: str


def area(y: Any, score: Any, *, groups: Any = None, unit: str = "group") -> Interval:
    """AUC with its 95 % interval, made on the log-odds so that it stays inside 0 and 1.

    `groups` has one key a row (the customer). FeasibilityError with fewer than 2 groups that hold a positive
    or a negative. A score that separates perfectly, or is all one value, has no spread: its interval is a
    point, and says nothing.
    """
    label, values = both(y, score)
    keys, by = _groups(label, groups, unit)
    value, error = _of(label, [placements(label, values)], keys)
    low = high = value
    if error > 0 and 0 < value < 1:
        middle, half = log(value / (1 - value)), Z95 * error / (value * (1 - value))
        low, high = (1 / (1 + exp(-(middle + side * half))) for side in (-1, 1))
    return Interval("auc", value, low, high, 0.95, 0, 0, by, error)


def compare_areas(y: Any, score: Any, other: Any, *, groups: Any = None, unit: str = "group") -> Compared:
    """Whether two scores rank the same rows equally well; two-sided, the interval is of first − second."""
    label, first = both(y, score)
    _, second = both(y, other)
    keys, by = _groups(label, groups, unit)
    parts = [placements(label, values) for values in (first, second)]
    areas = [float(of_positives.mean()) for of_positives, _ in parts]
    gap, error = _of(label, parts, keys)
    p = 1.0 if gap == 0 else (0.0 if error == 0 else two_sided(gap / error))
    return Compared(areas[0], areas[1], gap, gap - Z95 * error, gap + Z95 * error, error, p, by)


def area_fell(initial: float, current: float, standard_error: float) -> Tested:
    """Whether the AUC is lower than at development, which is taken as known; small p says that it fell."""
    from scipy.stats import norm

    if not (0 <= initial <= 1 and 0 <= current <= 1 and standard_error > 0):
        raise UsageError(
            f"The fall of an AUC was asked from {initial} to {current} with standard error {standard_error}",
            hint="Give AUCs of 0 to 1 and a positive standard error.",
        )
    statistic = (initial - current) / standard_error
    return Tested(statistic, float(norm.sf(statistic)))


def _groups(label: Truth, groups: Any, unit: str) -> tuple[Any, str]:
    """Each row's group by number, and the word for what counts as one."""
    require_both_classes(label, "AUC")
    rows = np.arange(len(label))
    keys = rows if groups is None else codes(groups, len(label), "groups")[0]
    counts = [len(np.unique(keys[label == kind])) for kind in (True, False)]
    if min(counts) < LEAST:
        raise FeasibilityError(
            f"An AUC's error was asked over {counts[0]} positives and {counts[1]} negatives that are apart",
            hint=f"It needs at least {LEAST} of each class.",
        )
    repeated = len(np.unique(keys)) < len(label)
    return keys, unit if repeated else "row"


def _of(label: Truth, parts: list[tuple[Floats, Floats]], keys: Any) -> tuple[float, float]:
    """Value and standard error of one AUC, or of the first less the second."""
    upper, lower = parts[0] if len(parts) == 1 else (a - b for a, b in zip(*parts, strict=True))
    value, count = float(upper.mean()), int(keys.max()) + 1
    positives, negatives = len(upper), len(lower)
    of_positives = np.bincount(keys[label], weights=upper - value, minlength=count)
    of_negatives = np.bincount(keys[~label], weights=lower - value, minlength=count)
    clusters = [len(np.unique(keys[label])), len(np.unique(keys[~label])), len(np.unique(keys))]
    scale = [one / (one - 1) for one in clusters]
    variance = (
        scale[0] * float((of_positives**2).sum()) / positives**2
        + scale[1] * float((of_negatives**2).sum()) / negatives**2
        + scale[2] * 2 * float((of_positives * of_negatives).sum()) / (positives * negatives)
    )
    return value, sqrt(max(variance, 0.0))
