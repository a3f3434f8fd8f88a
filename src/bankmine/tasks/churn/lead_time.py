"""How long before a closure each list shows the customer: measured backwards from tested closures.

A list is a question's ranking cut where a stated share of those who stay are on it (the false alarms), the
same cut at every test cutoff. For each customer who then closed, the lead time is the number of days from
the first test cutoff at which the customer was on the list to the closure; who was never on it has none.
Closures are counted from `LOOK_BACK` days after the first test cutoff on, so that each could have been seen
so early.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY, Zone
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Tested

FALSE_ALARMS = 0.05
LOOK_BACK = 90
RESAMPLES = 400
STEPS = (0, 15, 30, 45, 60, 90, 120, 150)
_CLOSED = "SELECT customer_id, closed_on FROM customer WHERE closed_on IS NOT NULL ORDER BY customer_id"


@dataclass(frozen=True)
class LeadTime:
    """Of one list: closures looked back at, share ever seen, median days of those seen, share seen at least
    STEPS days before; with 95 % intervals over customers. `precision`: share of the list that closes within
    the horizon."""

    question: str
    ranking: str
    closures: int
    seen: float
    seen_low: float
    seen_high: float
    days: float | None
    days_low: float | None
    days_high: float | None
    by_step: tuple[float, ...]
    precision: float
    false_alarms: float


def closures(bank: Bank) -> dict[int, int]:
    """The civil day (since 1970) on which each customer's relation ended, as known at the run's cutoff."""
    with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(_CLOSED)
        bank.note("closures", session.statements)
    days = found.column("closed_on").cast("int32").to_numpy()
    ids = found.column("customer_id").to_numpy()
    return {int(one): int(day) for one, day in zip(ids, days, strict=True)}


def closing_days(customers: Any, closed: dict[int, int]) -> Floats:
    """The day each customer closed, infinite for those who have not; shape (rows,)."""
    return np.array([closed.get(int(one), np.inf) for one in customers], dtype=np.float64)


def lead_times(
    name: str, tested: Tested, closed: dict[int, int], *, horizon: int, zone: Zone, seed: int
) -> list[LeadTime]:
    """The lead time of a question's model and of its best baseline; none below 5 closures."""
    customers = tested.column("customer_id")
    day = np.asarray(zone.to_local(tested.cutoffs) // DAY, dtype=np.float64)
    ends = closing_days(customers, closed)
    first, last = day.min(), day.max()
    counted = (ends >= first + LOOK_BACK) & (ends < last + horizon)
    if len(np.unique(customers[counted])) < 5:
        return []
    found = []
    for ranking in dict.fromkeys((tested.model, tested.best_baseline)):
        listed, limit = _listed(tested.ranking[ranking], stays=ends >= day + horizon)
        before = _days_before(customers[counted], day[counted], ends[counted], listed[counted])
        closes = (ends < day + horizon)[listed]
        found.append(
            LeadTime(
                question=name, ranking=ranking, closures=len(before),
                **_summary(before, seed), by_step=tuple(float((before >= one).mean()) for one in STEPS),
                precision=float(closes.mean()) if listed.any() else 0.0, false_alarms=limit,
            )
        )  # fmt: skip
    return found


def as_plain(found: list[LeadTime]) -> list[dict[str, Any]]:
    """As plain values for metrics.json."""
    return [asdict(one) | {"steps": list(STEPS)} for one in found]


def _listed(ranking: Floats, *, stays: Any) -> tuple[Any, float]:
    """Rows above the cut that at most FALSE_ALARMS of those who stay pass, and the share that does."""
    cut = np.quantile(ranking[stays], 1 - FALSE_ALARMS, method="higher")
    listed = ranking > cut
    return listed, float(listed[stays].mean())


def _days_before(customers: Any, day: Floats, ends: Floats, listed: Any) -> Floats:
    """For each leaver the days from the first listing to the closure; −1 where never listed."""
    every, which = np.unique(customers, return_inverse=True)
    lead = np.full(len(every), -1.0)
    before = listed & (ends > day)
    np.maximum.at(lead, which[before], (ends - day)[before])
    return lead


def _summary(before: Floats, seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    share, middle = [], []
    for _ in range(RESAMPLES):
        again = before[draw.integers(0, len(before), len(before))]
        share.append((again >= 0).mean())
        if (again >= 0).any():
            middle.append(np.median(again[again >= 0]))
    seen = before[before >= 0]
    low, high = np.quantile(share, [0.025, 0.975])
    limits = np.quantile(middle, [0.025, 0.975]) if len(seen) else (None, None)
    return {
        "seen": float((before >= 0).mean()), "seen_low": float(low), "seen_high": float(high),
        "days": float(np.median(seen)) if len(seen) else None,
        "days_low": None if limits[0] is None else float(limits[0]),
        "days_high": None if limits[1] is None else float(limits[1]),
    }  # fmt: skip
