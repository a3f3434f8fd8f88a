"""How well the list serves: figures for each test month, and the money found by working its top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bankmine.bank.civil import Zone
from bankmine.evaluation.intervals import interval, mean_interval
from bankmine.evaluation.metrics import auc, average_precision, brier
from bankmine.tasks.contract import Floats, Tested, Truth, exponent_of

SHARE = 0.2


def by_month(tested: Tested, zone: Zone, *, seed: int) -> list[dict[str, Any]]:
    """For each test cutoff: rows, share silent, and the model's and the best baseline's figures."""
    found = []
    for at in np.unique(tested.cutoffs):
        inside = tested.cutoffs == at
        truth = tested.truth[inside]
        if truth.all() or not truth.any():
            continue
        ranking, probability = tested.ranking[tested.model][inside], tested.probability[tested.model][inside]
        area = interval("auc", truth, ranking, random_state=seed)
        found.append(
            {
                "cutoff": zone.show(int(at)),
                "rows": int(inside.sum()),
                "positives": int(truth.sum()),
                "base_rate": float(truth.mean()),
                "auc": area.value,
                "auc_low": area.low,
                "auc_high": area.high,
                "average_precision": average_precision(truth, ranking),
                "brier": brier(truth, probability),
                "mean_probability": float(probability.mean()),
                "baseline": tested.best_baseline,
                "baseline_auc": auc(truth, tested.ranking[tested.best_baseline][inside]),
                "baseline_brier": brier(truth, tested.probability[tested.best_baseline][inside]),
            }
        )
    return found


def money_found(tested: Tested, *, seed: int) -> dict[str, Any]:
    """Of the past spend of customers who then fell silent: the share in the top fifth of each list.

    Each list is ranked by chance times past spend; "by spend alone" ranks by spend. Intervals resample
    customers; that of the difference takes both lists on the same resamples.
    """
    spend = np.asarray(tested.column("value_minor"), dtype=np.float64)
    orders = {name: tested.probability[name] * spend for name in tested.probability}
    orders["spend alone"] = spend
    lost = spend * tested.truth
    found = {name: _captured(order, lost, tested.cutoffs) for name, order in orders.items()}
    model = orders[tested.model]
    hits = lost * _in_top(model, tested.cutoffs)
    customers = tested.column("customer_id")
    per_row = mean_interval(hits, groups=customers, name="money found", random_state=seed)
    more = hits - lost * _in_top(spend, tested.cutoffs)
    gap = mean_interval(more, groups=customers, name="money found, model − spend", random_state=seed)
    scale = len(spend) / len(np.unique(tested.cutoffs))
    return {
        "share_worked": SHARE,
        "lost_minor_a_month": float(lost.sum() / len(np.unique(tested.cutoffs))),
        "share_found": found,
        "found_minor_a_month": per_row.value * scale,
        "found_minor_low": per_row.low * scale,
        "found_minor_high": per_row.high * scale,
        "more_than_spend_minor": gap.value * scale,
        "more_than_spend_low": gap.low * scale,
        "more_than_spend_high": gap.high * scale,
    }


def in_words(money: Mapping[str, Any], currency: str, *, whose: str = "its list") -> str:
    """Whether the model's list finds more money than the list by spend alone, with the interval."""
    minor = 10 ** exponent_of(currency)
    value, low, high = (money[f"more_than_spend_{part}"] / minor for part in ("minor", "low", "high"))
    seen = f"{currency} {value:+,.0f} a month ({low:+,.0f} to {high:+,.0f})"
    if low > 0:
        return f"In money {whose} finds more than the list by spend alone: {seen}."
    if high < 0:
        return f"In money {whose} finds less than the list by spend alone: {seen}; rank by spend."
    return f"In money {whose} is not distinguishable from the list by spend alone: {seen}."


def newest_month(months: Sequence[Mapping[str, Any]]) -> str:
    """The measured bias and the ranking of the newest test month, in a sentence; empty without one."""
    if not months:
        return ""
    last = months[-1]
    return (
        f"In the newest test month ({last['cutoff']}) {last['mean_probability']:.0%} were predicted, "
        f"{last['base_rate']:.0%} came true, and the AUC was {last['auc']:.3f} "
        f"({last['auc_low']:.3f}–{last['auc_high']:.3f})."
    )


def _in_top(order: Floats, cutoffs: Any) -> Truth:
    """Which rows lie in the top share of their own month's list."""
    top = np.zeros(len(order), dtype=np.bool_)
    for at in np.unique(cutoffs):
        rows = np.flatnonzero(cutoffs == at)
        best = rows[np.argsort(-order[rows], kind="stable")]
        top[best[: max(1, round(len(rows) * SHARE))]] = True
    return top


def _captured(order: Floats, lost: Floats, cutoffs: Any) -> float:
    total = float(lost.sum())
    return float(lost[_in_top(order, cutoffs)].sum()) / total if total > 0 else float("nan")
