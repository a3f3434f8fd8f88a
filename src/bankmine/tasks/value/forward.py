"""The back-test: what was foreseen a year ago against what the same accounting says really came.

Every figure stands beside that of the plain rule (last year's profit repeated) and has an interval over
customers. Nothing in a forecast was known later than its own cutoff.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bankmine.evaluation.intervals import Interval, mean_interval, summarise
from bankmine.tasks.contract import Floats, Truth
from bankmine.tasks.value.ledger import COMPONENTS

RESAMPLES = 200


def judged(
    actual: Floats, forecasts: dict[str, Floats], *, low: Floats, high: Floats, level: float, seed: int
) -> dict[str, Any]:
    """Bias, rank correlation and mean error of each forecast, among them "model" and "rule".

    Arrays of shape (customers,), in minor units; `low` and `high` are the model's limits, NaN where it has
    none. Model and rule are compared on the same resamples, at the rates that came where both are given so.
    """
    found: dict[str, Any] = {"customers": len(actual), "actual_minor": float(actual.sum())}
    for name, forecast in forecasts.items():
        found[name] = {
            "forecast_minor": float(forecast.sum()),
            "bias": plain(_resampled("bias", bias, forecast, actual, seed=seed)),
            "rank_correlation": plain(
                _resampled("rank correlation", correlation, ranks(forecast), ranks(actual), seed=seed)
            ),
            "mean_error_minor": plain(mean_interval(np.abs(forecast - actual), random_state=seed)),
        }
    kind = " at rates" if "model at rates" in forecasts else ""
    model, rule = forecasts[f"model{kind}"], forecasts[f"rule{kind}"]
    less = np.abs(rule - actual) - np.abs(model - actual)
    found["less_error_minor"] = plain(mean_interval(less, random_state=seed))
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        inside = (low[known] <= actual[known]) & (actual[known] <= high[known])
        found["coverage"] = plain(mean_interval(inside.astype(np.float64), random_state=seed))
        found["level"] = level
    return found


def bias(forecast: Floats, actual: Floats) -> float:
    """Sum of forecasts over sum of what came, less one; NaN where nothing came in all."""
    total = float(actual.sum())
    return float(forecast.sum()) / total - 1.0 if total != 0 else float("nan")


def bias_interval(forecast: Floats, actual: Floats, *, seed: int) -> dict[str, float]:
    """The bias with its 95 % interval over customers."""
    return plain(_resampled("bias", bias, forecast, actual, seed=seed))


def items_off(forecasts: dict[str, Floats], actual: Floats) -> list[dict[str, Any]]:
    """How far each item was off, as a share of the whole result that came: the shares sum to the bias.

    Forecasts and `actual` of shape (customers, components).
    """
    total = float(actual.sum())
    return [
        {"component": name, "share": float(actual[:, at].sum()) / total if total else float("nan")}
        | {
            key: float((parts[:, at] - actual[:, at]).sum()) / total if total else float("nan")
            for key, parts in forecasts.items()
        }
        for at, name in enumerate(COMPONENTS)
    ]


def largest(actual: Floats, count: int) -> float:
    """The share of the sum that the `count` largest make; NaN where nothing came in all."""
    total = float(actual.sum())
    return float(np.sort(actual)[::-1][:count].sum()) / total if total > 0 else float("nan")


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's; NaN where one of them is constant."""
    return correlation(ranks(one), ranks(other))


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's; NaN where one of them is constant."""
    left, right = one - one.mean(), other - other.mean()
    below = float(np.sqrt((left * left).sum() * (right * right).sum()))
    return float((left * right).sum()) / below if below > 0 else float("nan")


def ranks(values: Floats) -> Floats:
    """Ranks from 0, ties sharing their mean."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(many) - 1
    return np.asarray((last - (many - 1) / 2)[place.reshape(-1)], dtype=np.float64)


def list_found(listed: Truth, came: Truth, others: Truth, *, seed: int) -> dict[str, Any] | None:
    """Of those listed, the share of which it came true, beside everybody's and another list's of one length.

    None where nobody was listed. `others` is the other list.
    """
    if not listed.any():
        return None
    shares = {
        "listed": mean_interval(came[listed].astype(np.float64), random_state=seed)
        if int(listed.sum()) > 1 else None,
        "others": mean_interval(came[others].astype(np.float64), random_state=seed)
        if int(others.sum()) > 1 else None,
    }  # fmt: skip
    return {
        "customers": int(listed.sum()),
        "came": int(came[listed].sum()),
        "everybody": float(came.mean()),
        **{name: plain(one) if one else None for name, one in shares.items()},
    }


def plain(one: Interval) -> dict[str, float]:
    """An interval as plain values."""
    return {"value": one.value, "low": one.low, "high": one.high}


def _resampled(
    name: str, figure: Callable[[Floats, Floats], float], one: Floats, other: Floats, *, seed: int
) -> Interval:
    """A figure of two columns with its interval over customers drawn with replacement.

    Ranks are those of all customers in every resample: near enough, and one sort instead of hundreds.
    """
    generator = np.random.default_rng(seed)
    values = np.empty(RESAMPLES)
    for at in range(RESAMPLES):
        drawn = generator.integers(0, len(one), len(one))
        values[at] = figure(one[drawn], other[drawn])
    return summarise(name, figure(one, other), values, 0.95, "customer")
