"""Which signals are worth watching: each one's own lift and lead, after all learning.

The lift is the share that defaults within half a year where the signal is on, over the share of all borrowers
looked at. An interval over borrowers that reaches 1 means that the signal may as well say nothing: it is said
to be not worth watching. Half a year, for most signals speak of the months that follow, not of the year.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.tasks.contract import Floats
from bankmine.tasks.early_warning.lead import Defaults, days_seen_before
from bankmine.tasks.early_warning.watch import Watch

HALF_YEAR = 182
RESAMPLES = 300
LEAST_BORROWERS = 5
WORTH, SAFER, NOT, FEW = "worth watching", "rather safer", "not worth watching", "too few to tell"


def signals_worth(watched: Watch, found: Defaults, *, looks: slice, seed: int) -> list[dict[str, Any]]:
    """For each signal: how often it is on, lift with interval (all, and those not late), lead, verdict."""
    draw = np.random.default_rng(seed)
    count = watched.panel.shape[0]
    weights = draw.poisson(1.0, (RESAMPLES, count)).astype(np.float64)
    inside = watched.looked_at[:, looks]
    bad = (watched.days[:, looks] < HALF_YEAR) & inside
    early = inside & (watched.panel.measures["days_past_due"][:, looks] < 5)
    return [
        _one(watched, number, inside, early, bad, found, looks, weights)
        for number in range(len(watched.signals))
    ]


def _one(
    watched: Watch,
    number: int,
    inside: Any,
    early: Any,
    bad: Any,
    found: Defaults,
    looks: slice,
    weights: Floats,
) -> dict[str, Any]:
    signal, on = watched.signals[number], watched.on[number][:, looks] & inside
    known = np.isfinite(watched.values[number][:, looks]) & inside
    lift = _lift(on, inside, bad, weights)
    not_late = _lift(on & early, early, bad & early, weights)
    lead = days_seen_before(watched.on[number], found, watched.looked_at, watched.panel.cutoffs)
    seen = lead[np.isfinite(lead)]
    borrowers = int((on & bad).any(axis=1).sum())
    return {
        "signal": signal.name, "sentence": signal.sentence, "origin": str(signal.origin),
        "known": float(known.sum() / max(inside.sum(), 1)), "on": float(on.sum() / max(inside.sum(), 1)),
        "defaulters": borrowers, "lift": lift[0], "low": lift[1], "high": lift[2],
        "early_lift": not_late[0], "early_low": not_late[1], "early_high": not_late[2],
        "seen": float(np.isfinite(lead).mean()) if len(lead) else None,
        **_lead(seen, weights.shape[0]),
        "verdict": _verdict(lift, borrowers),
    }  # fmt: skip


def _lead(seen: Floats, seed: int) -> dict[str, Any]:
    """Median days and its interval; None for fewer than five."""
    if len(seen) < LEAST_BORROWERS:
        return {"days": None, "days_low": None, "days_high": None}
    draw = np.random.default_rng(seed)
    again = np.median(seen[draw.integers(0, len(seen), (RESAMPLES, len(seen)))], axis=1)
    low, high = np.quantile(again, [0.025, 0.975])
    return {"days": float(np.median(seen)), "days_low": float(low), "days_high": float(high)}


def _lift(on: Any, inside: Any, bad: Any, weights: Floats) -> tuple[float | None, float | None, float | None]:
    """Lift and its interval over borrowers; None where it is not defined."""
    sums = np.stack([(on & bad).sum(axis=1), on.sum(axis=1), bad.sum(axis=1), inside.sum(axis=1)], axis=1)
    value = _quotient(sums.sum(axis=0, keepdims=True).astype(np.float64))[0]
    if not np.isfinite(value):
        return None, None, None
    again = _quotient(weights @ sums)
    again = again[np.isfinite(again)]
    if len(again) < RESAMPLES // 2:
        return float(value), None, None
    low, high = np.quantile(again, [0.025, 0.975])
    return float(value), float(low), float(high)


def _quotient(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((sums[:, 0] / sums[:, 1]) / (sums[:, 2] / sums[:, 3]))


def _verdict(lift: tuple[float | None, float | None, float | None], borrowers: int) -> str:
    value, low, high = lift
    if value is None or low is None or high is None:
        return FEW
    if high < 1:
        return SAFER
    if borrowers < LEAST_BORROWERS:
        return FEW
    return WORTH if low > 1 else NOT
