"""How long before a closure each list shows the customer: measured backwards from tested closures.

A list is a question's ranking cut where a stated share of those who stay are on it (the false alarms), the
same cut at every test cutoff. For each customer who then closed, the lead time is the number of days from
the first test cutoff at which the customer was on the list to the closure; who was never on it has none.
Closures are counted from `LOOK_BACK` days after the first test cutoff on, so that each could have been seen
so early.

Who is looked at several times is sooner or later on any list, and a random list that sees a closure sees it
nearly as early as a good one. So each list stands beside a random list of the same length at every cutoff,
drawn anew each time; its expectation has a closed form. What counts is the share of closures seen EARLY days
before against that one's. A list whose share seen is not above the random one's has no days.
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
EARLY = 60
ABOVE, LIKE, BELOW = "above chance", "not clearly above chance", "below chance"
_CLOSED = "SELECT customer_id, closed_on FROM customer WHERE closed_on IS NOT NULL ORDER BY customer_id"


@dataclass(frozen=True)
class LeadTime:
    """Of one list: closures looked back at, share ever seen, median days of those seen, share seen at least
    STEPS days before; with 95 % intervals over customers. `days` are None where the lower end of the share
    seen is not above chance. `chance_`: the same of a random list as long at every cutoff, in expectation.
    `early`: share seen at least EARLY days before, `early_verdict` what its interval says against chance.
    `precision`: share of the list that closes within the horizon."""

    question: str
    ranking: str
    closures: int
    seen: float
    seen_low: float
    seen_high: float
    days: float | None
    days_low: float | None
    days_high: float | None
    early: float
    early_low: float
    early_high: float
    early_verdict: str
    by_step: tuple[float, ...]
    chance_seen: float
    chance_days: float | None
    chance_by_step: tuple[float, ...]
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
        chance = by_chance(customers[counted], day[counted], ends[counted], _lengths(day, listed)[counted])
        closes = (ends < day + horizon)[listed]
        found.append(
            LeadTime(
                question=name, ranking=ranking, closures=len(before), **chance,
                **_summary(before, seed, chance["chance_seen"]),
                **_early(before, seed, chance["chance_by_step"][STEPS.index(EARLY)]),
                by_step=tuple(float((before >= one).mean()) for one in STEPS),
                precision=float(closes.mean()) if listed.any() else 0.0, false_alarms=limit,
            )
        )  # fmt: skip
    return found


def as_plain(found: list[LeadTime]) -> list[dict[str, Any]]:
    """As plain values for metrics.json."""
    return [
        asdict(one) | {"steps": list(STEPS), "early_days": EARLY,
                       "early_chance": one.chance_by_step[STEPS.index(EARLY)]}
        for one in found
    ]  # fmt: skip


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


def by_chance(customers: Any, day: Floats, ends: Floats, length: Floats) -> dict[str, Any]:
    """What a random list is expected to show of the leavers whose looks these are, as fields of LeadTime.

    `length`: share of all customers that the list holds on the day of the look; looks are independent. A
    leaver is seen first at look k with the chance of being listed then and at none before; the days are the
    median of that distribution over all leavers.
    """
    every, which = np.unique(customers, return_inverse=True)
    unseen = np.ones(len(every))
    first = np.zeros(len(day))
    for one in np.unique(day):
        rows = np.flatnonzero((day == one) & (ends > day))
        first[rows] = length[rows] * unseen[which[rows]]
        unseen[which[rows]] *= 1 - length[rows]
    lead = ends - day
    return {
        "chance_seen": float(1 - unseen.mean()),
        "chance_days": _weighted_median(lead, first),
        "chance_by_step": tuple(float(first[lead >= one].sum() / len(every)) for one in STEPS),
    }


def _weighted_median(values: Floats, weight: Floats) -> float | None:
    """The least value with half the weight at or below it; None where nothing weighs."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    if not len(below) or below[-1] <= 0:
        return None
    return float(values[order][np.searchsorted(below, below[-1] / 2)])


def _lengths(day: Floats, listed: Any) -> Floats:
    """For each row the share of its day's rows that are listed."""
    _, which = np.unique(day, return_inverse=True)
    return np.asarray((np.bincount(which, weights=listed) / np.bincount(which))[which])


def _early(before: Floats, seed: int, chance: float) -> dict[str, Any]:
    """The share seen EARLY days before, its 95 % interval over customers, and how it stands to chance."""
    draw, hit = np.random.default_rng(seed), before >= EARLY
    shares = hit[draw.integers(0, len(hit), (RESAMPLES, len(hit)))].mean(axis=1)
    low, high = (float(one) for one in np.quantile(shares, [0.025, 0.975]))
    verdict = ABOVE if low > chance else BELOW if high < chance else LIKE
    return {"early": float(hit.mean()), "early_low": low, "early_high": high, "early_verdict": verdict}


def _summary(before: Floats, seed: int, chance: float) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    share, middle = [], []
    for _ in range(RESAMPLES):
        again = before[draw.integers(0, len(before), len(before))]
        share.append((again >= 0).mean())
        if (again >= 0).any():
            middle.append(np.median(again[again >= 0]))
    seen = before[before >= 0]
    low, high = np.quantile(share, [0.025, 0.975])
    told = len(seen) > 0 and low > chance
    limits = np.quantile(middle, [0.025, 0.975]) if told else (None, None)
    return {
        "seen": float((before >= 0).mean()), "seen_low": float(low), "seen_high": float(high),
        "days": float(np.median(seen)) if told else None,
        "days_low": None if limits[0] is None else float(limits[0]),
        "days_high": None if limits[1] is None else float(limits[1]),
    }  # fmt: skip
