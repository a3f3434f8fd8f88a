"""Calibration grade by grade and of the whole portfolio, as supervisors ask for it.

Per grade: Jeffreys' test (ECB, instructions for reporting the validation results of internal models, 2019),
with Holm's (1979) correction because several grades are tested at once. Of the whole: Jeffreys again, Hosmer
and Lemeshow, and Spiegelhalter (Statistics in Medicine 5, 1986). All take rows for independent: where a
customer has several, give `independent_rows`. Grades are a fixed scale of chances, one, two, five, ten, … per
mille, so the data that test it never shape it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Floats, Ints, codes, probabilities
from bankmine.evaluation.calibration import spiegelhalter_z
from bankmine.evaluation.validation import Tested, jeffreys, two_sided

SCALE = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
LEAST_ROWS = 20


@dataclass(frozen=True)
class Grade:
    """Rows with a chance in `[low, high)` (the last grade is closed), with the observed share, its 95 %
    interval after Jeffreys' prior, and the p-values that the chance is not too low, and not too high.

    `adjusted` is the first after Holm's correction over all grades.
    """

    name: str
    low: float
    high: float
    rows: int
    positives: int
    mean_probability: float
    observed: float
    observed_low: float
    observed_high: float
    too_low: float
    too_high: float
    adjusted: float


def by_grade(y: Any, probability: Any, *, scale: tuple[float, ...] = SCALE) -> tuple[Grade, ...]:
    """The grades that hold any row, by rising chance, numbered from 1 over the whole scale.

    FeasibilityError below 20 rows; UsageError for a scale that does not rise from 0 to 1.
    """
    label, chance = probabilities(y, probability)
    if len(chance) < LEAST_ROWS:
        raise FeasibilityError(
            f"Grades were tested over {len(chance)} rows", hint=f"It needs at least {LEAST_ROWS}."
        )
    if len(scale) < 2 or scale[0] != 0 or scale[-1] != 1 or not (np.diff(scale) > 0).all():
        raise UsageError(f"The scale is {scale}", hint="Give limits that rise from 0 to 1.")
    place = grade_places(chance, scale)
    found = [_grade(int(one), scale, label[place == one], chance[place == one]) for one in np.unique(place)]
    corrected = holm([one[-1] for one in found])
    return tuple(Grade(*(*one, 1 - one[-1], fair)) for one, fair in zip(found, corrected, strict=True))


def grade_places(probability: Any, scale: tuple[float, ...] = SCALE) -> Ints:
    """The grade of each row, from 0: the scale's `[low, high)` its chance lies in, the last one closed."""
    place = np.searchsorted(scale, np.asarray(probability), side="right") - 1
    return np.asarray(np.minimum(place, len(scale) - 2), dtype=np.int64)


def holm(p_values: Any) -> list[float]:
    """Holm's step-down correction: p-values that may be read one by one at the same level."""
    values = np.asarray(p_values, dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any() or (values > 1).any():
        raise UsageError("A p-value is missing or outside 0 and 1", hint="Give p-values of 0 to 1.")
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    result = np.empty(len(values))
    result[order] = np.minimum(raised, 1.0)
    return [float(one) for one in result]


def spiegelhalter(y: Any, probability: Any) -> Tested:
    """Spiegelhalter's z and its two-sided p-value: do the chances have the error they claim to have?"""
    label, chance = probabilities(y, probability)
    if len(chance) < LEAST_ROWS:
        raise FeasibilityError(
            f"Spiegelhalter's test was asked over {len(chance)} rows",
            hint=f"It needs at least {LEAST_ROWS}.",
        )
    z = spiegelhalter_z(label, chance)
    return Tested(z, two_sided(z))


def independent_rows(groups: Any, *, random_state: int = 0) -> Ints:
    """Positions, rising, of at most one row of each group, every row drawn with the same chance.

    The chance is 1 / the most rows a group has: each group draws one of so many places and gives its row
    there, or none. One row of every group instead would over-count groups with few rows, and a customer who
    leaves has few rows because of it: the very outcome that is tested.
    """
    rows = len(np.asarray(groups))
    if rows == 0:
        raise FeasibilityError("Rows were to be drawn from none", hint="Give at least one row.")
    position = codes(groups, rows, "groups")[0]
    generator = np.random.default_rng(random_state)
    order = np.argsort(generator.permutation(rows), kind="stable")
    order = order[np.argsort(position[order], kind="stable")]
    sizes = np.bincount(position)
    begin = np.cumsum(sizes) - sizes
    place = generator.integers(0, int(sizes.max()), len(sizes))
    kept = place < sizes
    return np.sort(order[(begin + place)[kept]]).astype(np.int64)


def _grade(number: int, scale: tuple[float, ...], label: Any, chance: Floats) -> tuple[Any, ...]:
    from scipy.stats import beta

    rows, positives, mean = len(label), int(label.sum()), float(chance.mean())
    low, high = beta.ppf([0.025, 0.975], positives + 0.5, rows - positives + 0.5)
    return (
        f"{number + 1}", scale[number], scale[number + 1], rows, positives, mean, positives / rows,
        float(low), float(high), jeffreys(positives, rows, mean),
    )  # fmt: skip
