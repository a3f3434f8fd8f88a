"""Tests a validator of scores asks for, by the names used in supervisors' reporting.

Discrimination: the difference of two AUCs on the same rows (DeLong, DeLong and Clarke-Pearson 1988, in the
fast form of Sun and Xu 2014). Calibration: Jeffreys' test of one grade's probability of default (ECB,
instructions for reporting the validation results of internal models, 2019), Hosmer and Lemeshow (1980) over
groups. Concentration: Herfindahl's index over grades (ECB 2019). The
share of the population that moved is in `stability.py`. p-values are of the hypothesis that nothing is wrong.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Floats, both, probabilities, require_both_classes


class Difference(NamedTuple):
    """Two AUCs on the same rows, their difference with its standard error, and the two-sided p-value."""

    first: float
    second: float
    difference: float
    standard_error: float
    p_value: float


class Tested(NamedTuple):
    """A test's statistic and p-value."""

    statistic: float
    p_value: float


def delong(y: Any, score: Any, other: Any) -> Difference:
    """Whether two scores rank the same rows equally well; higher scores mean more probable positives.

    FeasibilityError with fewer than 2 rows of a class.
    """
    label, first = both(y, score)
    _, second = both(y, other)
    require_both_classes(label, "DeLong's test")
    positives, negatives = int(label.sum()), int((~label).sum())
    if min(positives, negatives) < 2:
        raise FeasibilityError(
            f"DeLong's test was given {positives} positives and {negatives} negatives",
            hint="It needs at least 2 of each class.",
        )
    parts = [placements(label, values) for values in (first, second)]
    areas = [float(of_positives.mean()) for of_positives, _ in parts]
    variance = float(
        (parts[0][0] - parts[1][0]).var(ddof=1) / positives
        + (parts[0][1] - parts[1][1]).var(ddof=1) / negatives
    )
    gap, error = areas[0] - areas[1], sqrt(variance)
    p = 1.0 if gap == 0 else (0.0 if error == 0 else two_sided(gap / error))
    return Difference(areas[0], areas[1], gap, error, p)


def jeffreys(defaults: int, rows: int, probability: float) -> float:
    """p-value that the probability of default of a grade is not too low, after Jeffreys' prior.

    It is the chance of a true rate of at most `probability` given `defaults` of `rows`, by the distribution
    Beta(D + ½, N − D + ½). A value under .05 says that more
    defaulted than the grade allows.
    """
    from scipy.stats import beta

    if not 0 <= defaults <= rows or not 0 <= probability <= 1:
        raise UsageError(
            f"Jeffreys' test was given {defaults} defaults of {rows} rows at probability {probability}",
            hint="Give 0 ≤ defaults ≤ rows and a probability of 0 to 1.",
        )
    return float(beta.cdf(probability, defaults + 0.5, rows - defaults + 0.5))


def hosmer_lemeshow(y: Any, probability: Any, *, groups: int = 10, fitted: bool = False) -> Tested:
    """Chi-square over groups of rising probability, as equal as their number allows, rows in their order.

    Degrees of freedom are `groups`, or `groups` − 2 where the same rows fitted the model. A group expected to
    have no or only positives is a FeasibilityError.
    """
    from scipy.stats import chi2

    label, chance = probabilities(y, probability)
    parts = np.array_split(np.argsort(chance, kind="stable"), groups)
    statistic = 0.0
    for rows in parts:
        expected, size = float(chance[rows].sum()), len(rows)
        if not 0 < expected < size:
            raise FeasibilityError(
                f"A group of {size} rows is expected to have {expected:g} positives",
                hint="Give fewer groups, or probabilities inside 0 and 1.",
            )
        statistic += (float(label[rows].sum()) - expected) ** 2 / (expected * (1 - expected / size))
    return Tested(statistic, float(chi2.sf(statistic, groups - 2 * fitted)))


def herfindahl(rows: Any) -> float:
    """Concentration of rows over grades: 1/k where k grades have equally many, 1 where one has all."""
    counts = np.asarray(rows, dtype=np.float64)
    if counts.ndim != 1 or (counts < 0).any() or not counts.sum() > 0:
        raise UsageError("The grades have no rows, or negative ones", hint="Give the rows of each grade.")
    return float(((counts / counts.sum()) ** 2).sum())


def placements(label: Any, score: Floats) -> tuple[Floats, Floats]:
    """Of each positive the share of negatives below it, of each negative that of positives above; ties ½."""
    positive, negative = score[label], score[~label]
    return _below(positive, negative), 1 - _below(negative, positive)


def _below(values: Floats, others: Floats) -> Floats:
    ordered = np.sort(others)
    count = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(count / (2 * len(others)))


def two_sided(z: float) -> float:
    """p-value of a standard normal deviate, either way."""
    from scipy.stats import norm

    return float(2 * norm.sf(abs(z)))
