"""Do the probabilities mean what they say: of rows given 20 %, does one in five come true?"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any, Literal

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Floats, Truth, probabilities
from bankmine.evaluation.plain import plain


@dataclass(frozen=True)
class Bin:
    """Rows with probabilities in `[low, high]`: count, mean probability, observed share and its Wilson
    interval (95 %)."""

    low: float
    high: float
    count: int
    positives: int
    mean_probability: float
    observed: float
    observed_low: float
    observed_high: float


@dataclass(frozen=True)
class Calibration:
    """The reliability table and what it adds up to.

    `expected_calibration_error` is `Σ count/rows · |observed − mean probability|`. `spiegelhalter_z` is
    standard normal for a calibrated model (Spiegelhalter 1986), `p_value` its two-sided tail. `slope` and
    `intercept` are Cox's (1958): label regressed on the log-odds; 1 and 0 for a calibrated model, a slope
    below 1 means probabilities too extreme.
    """

    bins: tuple[Bin, ...]
    expected_calibration_error: float
    spiegelhalter_z: float
    p_value: float
    intercept: float
    slope: float
    mean_probability: float
    observed: float

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's metrics."""
        result: dict[str, Any] = plain(self)
        return result


def calibration(
    y: Any, probability: Any, *, bins: int = 10, by: Literal["count", "width"] = "count"
) -> Calibration:
    """Judge probabilities of shape (rows,) against a 0/1 label, in `bins` bins.

    Bins of equal count keep equal probabilities together, so there may be fewer. FeasibilityError below 20
    rows.
    """
    label, p = probabilities(y, probability)
    if bins < 2 or by not in ("count", "width"):
        raise UsageError(
            f"{bins} bins by {by!r} were asked", hint="Ask for 2 or more, by 'count' or 'width'."
        )
    if len(p) < 20:
        raise FeasibilityError(f"Calibration was asked over {len(p)} rows", hint="It needs at least 20.")
    table = reliability(label, p, bins, by)
    error = sum(one.count * abs(one.observed - one.mean_probability) for one in table) / len(p)
    z = spiegelhalter_z(label, p)
    intercept, slope = _cox(label, p)
    return Calibration(
        bins=table,
        expected_calibration_error=float(error),
        spiegelhalter_z=z,
        p_value=erfc(abs(z) / sqrt(2)),
        intercept=intercept,
        slope=slope,
        mean_probability=float(p.mean()),
        observed=float(label.mean()),
    )


def reliability(label: Truth, p: Floats, bins: int, by: str) -> tuple[Bin, ...]:
    """The bins that hold any row, by rising probability."""
    if by == "width":
        place = np.minimum((p * bins).astype(np.int64), bins - 1)
    else:
        edges = np.unique(np.quantile(p, np.arange(1, bins) / bins, method="higher"))
        place = np.searchsorted(edges, p, side="right")
    result = []
    for number in np.unique(place):
        inside = place == number
        count, positives = int(inside.sum()), int(label[inside].sum())
        low, high = wilson(positives, count)
        result.append(
            Bin(
                low=float(p[inside].min()),
                high=float(p[inside].max()),
                count=count,
                positives=positives,
                mean_probability=float(p[inside].mean()),
                observed=positives / count,
                observed_low=low,
                observed_high=high,
            )
        )
    return tuple(result)


def wilson(positives: int, count: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's (1927) interval of a share, closed, in [0, 1]."""
    share = positives / count
    middle = share + z * z / (2 * count)
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def spiegelhalter_z(y: Any, probability: Any) -> float:
    """`Σ (y − p)(1 − 2p) / √Σ (1 − 2p)² p (1 − p)`; 0 where the denominator is 0 and nothing is wrong."""
    label, p = probabilities(y, probability)
    top = float(np.sum((label - p) * (1 - 2 * p)))
    below = float(np.sum((1 - 2 * p) ** 2 * p * (1 - p)))
    if below == 0:
        return 0.0 if top == 0 else float(np.copysign(np.inf, top))
    return top / sqrt(below)


def _cox(label: Truth, p: Floats) -> tuple[float, float]:
    """Intercept and slope of the label on the log-odds; NaN where they do not exist.

    Newton steps from the base rate, halved until the likelihood rises.
    """
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    x = np.log(clipped) - np.log1p(-clipped)
    if label.all() or not label.any() or np.ptp(x) == 0:
        return float("nan"), float("nan")
    share = label.mean()
    b, fit = np.array([np.log(share / (1 - share)), 0.0]), -np.inf
    for _ in range(100):
        fitted = 0.5 * (1 + np.tanh(0.5 * (b[0] + b[1] * x)))
        weight = fitted * (1 - fitted)
        gradient = np.array([np.sum(label - fitted), np.sum((label - fitted) * x)])
        mixed = np.sum(weight * x)
        hessian = np.array([[weight.sum(), mixed], [mixed, np.sum(weight * x * x)]])
        if np.linalg.cond(hessian) > 1e12:
            break
        step = np.linalg.solve(hessian, gradient)
        if np.abs(step).max() < 1e-9:
            return float(b[0]), float(b[1])
        while (reached := _likelihood(b + step, x, label)) < fit and np.abs(step).max() > 1e-9:
            step = step / 2
        b, fit = b + step, reached
    return float("nan"), float("nan")


def _likelihood(b: Floats, x: Floats, label: Truth) -> float:
    z = b[0] + b[1] * x
    return float(np.sum(np.where(label, z, 0.0) - np.logaddexp(0, z)))
