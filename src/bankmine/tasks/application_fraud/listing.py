"""The list investigators work: so many applications a day, the riskiest of the day first; what it finds and
saves.

A check costs; a false application that would have been granted loses a share of its amount. An application
that was declined anyway costs its check and saves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY, Zone
from bankmine.tasks.contract import Bank, Decision, Floats, Ints, Scored, Tested, Truth, exponent_of
from bankmine.tasks.sql import micros

CHECK, ASK, PASS = "check", "ask", "pass"
SHARE = 0.1  # of the applications, where the bank does not say how many it can check
ASKED = 2  # times the checked: those after them are asked for a document
WEEK, NEAR = 7, 0.05
CHECK_COST, LOSS = 60.0, 0.8


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """`cases` applications are checked in every `days` days; a check costs `cost_minor`, `loss` is lost of
    the amount of a false application that is granted; `a_day` is what cases in days come near to."""

    cases: int
    days: int
    cost_minor: int
    loss: float
    a_day: float

    @classmethod
    def of(cls, bank: Bank, rows: Any) -> Capacity:
        """The settings', or a tenth of the rows a day, as whole cases in a block of days."""
        at = micros(rows.column("cutoff"))
        span = max((int(at.max()) - int(at.min())) / DAY, 1.0) if len(at) else 1.0
        a_day = float(bank.settings.get("cases_a_day", SHARE * max(len(at), 1) / span))
        cases, days = blocks(a_day)
        unit = 10 ** exponent_of(bank.warehouse.currency)
        return cls(
            cases=cases, days=days, a_day=a_day,
            cost_minor=round(float(bank.settings.get("check_cost", CHECK_COST)) * unit),
            loss=float(bank.settings.get("loss_given_fraud", LOSS)),
        )  # fmt: skip

    @property
    def words(self) -> str:
        """How many in how long."""
        cases = f"{self.cases} application{'s' if self.cases > 1 else ''}"
        return f"{cases} a day" if self.days == 1 else f"{cases} every {self.days} days"


def blocks(a_day: float) -> tuple[int, int]:
    """So many cases in so many days: the shortest block up to a week within NEAR of `a_day`, else one case in
    as many days as come nearest."""
    for days in range(1, WEEK + 1):
        cases = round(a_day * days)
        if cases and abs(cases / days - a_day) <= NEAR * a_day:
            return cases, days
    return 1, max(1, round(1 / a_day))


def on_list(ranking: Floats, cutoffs: Ints, zone: Zone, capacity: Capacity, *, times: int = 1) -> Truth:
    """Which rows are among the `times` × cases of largest score of their block of days; the earlier of
    equals."""
    block = zone.day_of(cutoffs) // capacity.days
    order = np.lexsort((np.arange(len(ranking)), -np.asarray(ranking, dtype=np.float64), block))
    first = np.searchsorted(block[order], block[order], side="left")
    chosen = np.zeros(len(ranking), dtype=np.bool_)
    chosen[order] = np.arange(len(ranking)) - first < times * capacity.cases
    return chosen


def listed(tested: Tested, zone: Zone, capacity: Capacity, *, seed: int) -> dict[str, Any]:
    """For each candidate: cases checked, frauds found, precision and recall, money saved; and the model's
    gain over the best baseline with its interval over customers."""
    gain = gain_of(tested.truth, tested.column("value_minor"), tested.rows.column("decision"), capacity)
    chosen = {name: on_list(one, tested.cutoffs, zone, capacity) for name, one in tested.ranking.items()}
    made = {name: _figures(tested, one, gain, capacity, seed) for name, one in chosen.items()}
    return {
        "capacity": asdict(capacity) | {"words": capacity.words},
        "lists": made,
        "frauds": int(tested.truth.sum()),
        "granted_frauds": int((gain > 0).sum()),
        "at_stake_minor": float(gain.sum()),
        "days": _days(zone.day_of(tested.cutoffs)),
        "more_than_baseline": _difference(
            tested, chosen[tested.model], chosen[tested.best_baseline], gain, capacity, seed
        ),
    }


def _days(day: Ints) -> int:
    """Civil days from the first to the last of the rows, both in."""
    return int(day.max()) - int(day.min()) + 1 if len(day) else 0


def gain_of(truth: Truth, amount: Any, decision: Any, capacity: Capacity) -> Floats:
    """What a check of each row saves before its cost, minor units."""
    granted = np.array([one == "approved" for one in decision.to_pylist()], dtype=np.bool_)
    return np.asarray(amount, dtype=np.float64) * capacity.loss * (truth & granted)


def _figures(tested: Tested, chosen: Truth, gain: Floats, capacity: Capacity, seed: int) -> dict[str, Any]:
    from bankmine.evaluation.intervals import mean_interval

    found = tested.truth[chosen].astype(np.float64)
    precision = mean_interval(found, groups=tested.column("customer_id")[chosen], random_state=seed)
    checked = int(chosen.sum())
    return {
        "checked": checked,
        "found": int(found.sum()),
        "precision": precision.value,
        "precision_low": precision.low,
        "precision_high": precision.high,
        "recall": float(found.sum() / max(tested.truth.sum(), 1)),
        "saved_minor": float(gain[chosen].sum() - capacity.cost_minor * checked),
    }


def _difference(
    tested: Tested, one: Truth, other: Truth, gain: Floats, capacity: Capacity, seed: int
) -> dict[str, float]:
    from bankmine.evaluation.intervals import mean_interval

    more = (one.astype(np.float64) - other) * (gain - capacity.cost_minor)
    seen = mean_interval(more, groups=tested.column("customer_id"), random_state=seed)
    rows = len(more)
    return {"saved_minor": seen.value * rows, "low": seen.low * rows, "high": seen.high * rows}


def graded(bank: Bank, scored: Scored, capacity: Capacity, actions: Mapping[str, str]) -> Decision:
    """Value: chance times amount; grades by the place on the list of the day; ranked by grade, then
    chance."""
    amount = np.asarray(scored.column("value_minor"), dtype=np.float64)
    cutoffs, zone = micros(scored.rows.column("cutoff")), bank.warehouse.zone
    first = on_list(scored.ranking, cutoffs, zone, capacity)
    next_ = on_list(scored.ranking, cutoffs, zone, capacity, times=1 + ASKED) & ~first
    place = np.where(first, 0, np.where(next_, 1, 2))
    words = (CHECK, ASK, PASS)
    order = np.empty(len(place), dtype=np.float64)
    order[np.lexsort((-scored.ranking, place))] = np.arange(len(place))
    at_risk = scored.probability * amount * capacity.loss
    return Decision(
        value=np.round(at_risk), unit="minor units", grade=[words[one] for one in place], order=order,
        actions=actions,
        summary={
            "applications": len(amount),
            "expected_frauds": float(scored.probability.sum()),
            "at_risk_minor": float(at_risk.sum()),
            "by_grade": {word: int((place == number).sum()) for number, word in enumerate(words)},
            "capacity": capacity.words,
        },
    )  # fmt: skip
