"""The rhythm of the month: on which day money comes, how fast it goes, and whether next month does the same.

For each customer the day of the month on which regular income comes (the day most of its months lie near),
and the share of a month's spending reached by each day after it. Customers fall into named classes by plain
limits anyone can read. Two checks look forward: the pay day found is held against the month that followed,
and the class of the first half against that of the second, beside what chance would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import mean_interval
from bankmine.tasks.contract import Bank
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MONTHS = 6
CYCLE = 31  # places of a month after pay day; the last ones are empty in short months
NEAR = 2  # days by which income may move for week-ends and holidays
REGULAR = 2 / 3  # of the months must have income near the pay day
FEWEST_SPENDING_DAYS = 3  # a month, below which a curve says nothing
LEAST_CUSTOMERS = 100
EARLY, LATE = 10, 16  # days after pay by which half of the month's spending is done
NONE, IRREGULAR, QUIET = "no regular income seen", "income on changing days", "hardly spends"
FRONT, EVEN, BACK = "spends soon after pay day", "spends evenly", "spends late, before the next pay day"
CLASSES = (FRONT, EVEN, BACK, IRREGULAR, NONE, QUIET)


@dataclass(frozen=True)
class Days:
    """Money of customers by day: arrays of equal length, sorted by customer and day.

    `customer` is a place in `customers`; `month` counts months from the first (cut at the cutoff's own day
    of the month), `place` the days since that month's begin; `dom` is the civil day of the month, 1 to 31.
    """

    customers: Ints
    customer: Ints
    month: Ints
    place: Ints
    dom: Ints
    income: Floats
    spent: Floats
    months: int


@dataclass(frozen=True)
class Rhythm:
    """One value a customer: pay day (1 to 31, 0 for none), share of months near it, income and spending a
    month (minor units), days after pay by which half is spent (NaN for none), curve (customers, CYCLE) of
    the share of spending on each day after pay, and the class (a place in CLASSES)."""

    customers: Ints
    pay_day: Ints
    regularity: Floats
    income: Floats
    spent: Floats
    half: Floats
    curve: Floats
    kind: Ints


def read_days(bank: Bank, *, kind: str, months: int = MONTHS) -> Days:
    """Money by day in the whole months before the cutoff, as known there.

    FeasibilityError with fewer than 100 customers.
    """
    zone = bank.warehouse.zone
    edges = [zone.months_before(bank.cutoff, number) for number in range(months, -1, -1)]
    asked = {"since": edges[0], "zone": bank.warehouse.manifest.time_zone, "kind": kind}
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow(statement(FOLDER, "rhythm"), asked)
        bank.note("rhythm", session.statements)
    customers, customer = np.unique(found.column("customer_id").to_numpy(), return_inverse=True)
    if len(customers) < LEAST_CUSTOMERS:
        raise FeasibilityError(
            f"{len(customers)} customers have payments in the last {months} months",
            hint=f"The rhythm of the month needs at least {LEAST_CUSTOMERS}.",
        )
    days = found.column("day").to_numpy().astype("datetime64[D]")
    first = np.array([_civil_day(zone, one) for one in edges])
    month = np.searchsorted(first, days, side="right") - 1
    inside = (month >= 0) & (month < months)
    regular = found.column("income_minor").to_numpy().astype(np.float64)
    every = found.column("in_minor").to_numpy().astype(np.float64)
    income = regular if regular.any() else _largest(every, customer, month)
    return Days(
        customers=customers, customer=customer[inside].astype(np.int64), month=month[inside],
        place=(days - first[month.clip(0, months)]).astype(np.int64)[inside],
        dom=(days - days.astype("datetime64[M]")).astype(np.int64)[inside] + 1,
        income=income[inside], spent=found.column("out_minor").to_numpy().astype(np.float64)[inside],
        months=months,
    )  # fmt: skip


def part(days: Days, first: int, until: int) -> Days:
    """The months [first, until) alone."""
    inside = (days.month >= first) & (days.month < until)
    columns = {name: getattr(days, name)[inside] for name in ("customer", "place", "dom", "income", "spent")}
    return Days(customers=days.customers, month=days.month[inside] - first, months=until - first, **columns)


def rhythm_of(days: Days) -> Rhythm:
    """Pay day, spending curve and class of each customer."""
    count = len(days.customers)
    pay_day, regularity, seen = _pay_days(days)
    shift = np.where(pay_day > 0, pay_day, 1)[days.customer]
    after = (days.dom - shift) % CYCLE
    curve = np.bincount(days.customer * CYCLE + after, weights=days.spent, minlength=count * CYCLE)
    curve = curve.reshape(count, CYCLE)
    total = curve.sum(axis=1)
    spending_days = np.bincount(days.customer[days.spent > 0], minlength=count) / days.months
    share = np.divide(curve, total[:, None], out=np.zeros_like(curve), where=total[:, None] > 0)
    half = np.where(total > 0, (np.cumsum(share, axis=1) < 0.5).sum(axis=1).astype(np.float64), np.nan)
    income = np.bincount(days.customer, weights=days.income, minlength=count) / days.months
    kind = _classes(pay_day, seen, half, spending_days >= FEWEST_SPENDING_DAYS)
    return Rhythm(
        customers=days.customers, pay_day=pay_day, regularity=regularity, income=income,
        spent=total / days.months, half=half, curve=share, kind=kind,
    )  # fmt: skip


def pay_day_forward(days: Days, *, seed: int) -> dict[str, Any]:
    """How often income of the last month came near the pay day found in the months before.

    Baseline: the day most customers are paid on, for everyone. Asked are those with a pay day found and
    income in the last month.
    """
    before, last = part(days, 0, days.months - 1), part(days, days.months - 1, days.months)
    pay_day, _, _ = _pay_days(before)
    came = _main_days(last)[:, 0]
    asked = (pay_day > 0) & (came > 0)
    if asked.sum() < LEAST_CUSTOMERS:
        return {"customers": int(asked.sum())}
    usual = int(np.bincount(pay_day[asked], minlength=32).argmax())
    hit = (_apart(came[asked], pay_day[asked]) <= NEAR).astype(np.float64)
    same = (_apart(came[asked], np.full(int(asked.sum()), usual)) <= NEAR).astype(np.float64)
    found = mean_interval(hit, name="pay day", random_state=seed)
    return {
        "customers": int(asked.sum()), "hit": found.value, "low": found.low, "high": found.high,
        "usual_day": usual, "baseline": float(same.mean()),
    }  # fmt: skip


def class_again(days: Days, *, seed: int) -> dict[str, Any]:
    """How many customers are in the same class in the second half as in the first, and by chance."""
    middle = days.months // 2
    first, second = rhythm_of(part(days, 0, middle)).kind, rhythm_of(part(days, middle, days.months)).kind
    same = mean_interval((first == second).astype(np.float64), name="same class", random_state=seed)
    shares = [np.bincount(one, minlength=len(CLASSES)) / len(one) for one in (first, second)]
    return {
        "same": same.value, "low": same.low, "high": same.high, "chance": float(shares[0] @ shares[1]),
        "customers": len(first),
    }  # fmt: skip


def figures(found: Rhythm) -> dict[str, Any]:
    """Counts, curves and pay days as plain values, for the page."""
    classes = []
    for place, name in enumerate(CLASSES):
        inside = found.kind == place
        if not inside.any():
            continue
        curve = found.curve[inside & (found.spent > 0)]
        classes.append(
            {
                "name": name,
                "customers": int(inside.sum()),
                "share": float(inside.mean()),
                "income_minor": float(np.median(found.income[inside])),
                "spent_minor": float(np.median(found.spent[inside])),
                "half_day": _median(found.half[inside]),
                "curve": np.cumsum(curve.mean(axis=0)).tolist() if len(curve) else [],
            }
        )
    paid = found.pay_day[found.pay_day > 0]
    return {
        "customers": len(found.customers),
        "classes": classes,
        "pay_days": np.bincount(paid, minlength=32)[1:].tolist(),
        "with_pay_day": len(paid),
    }


def kept(found: Rhythm) -> Any:
    """One row a customer, for the run's tables."""
    import pyarrow as pa

    names = np.array(CLASSES)
    return pa.table(
        {
            "customer_id": found.customers,
            "class": pa.array(names[found.kind].tolist(), pa.string()),
            "pay_day": pa.array(found.pay_day, mask=found.pay_day == 0),
            "regularity": found.regularity,
            "income_minor": np.round(found.income).astype(np.int64),
            "spent_minor": np.round(found.spent).astype(np.int64),
            "half_day": pa.array(found.half, mask=np.isnan(found.half)),
        }
    )


def in_words(about: Mapping[str, Any]) -> list[str]:
    """The findings as sentences."""
    said = []
    forward, again = about["forward"], about["again"]
    if "hit" in forward:
        said.append(
            f"A pay day is found for {about['with_pay_day']:,} of {about['customers']:,} customers; in the "
            f"month that followed, income came within {NEAR} days of it for {forward['hit']:.1%} "
            f"({forward['low']:.1%}–{forward['high']:.1%}), against {forward['baseline']:.1%} for the most "
            f"common day, the {forward['usual_day']}."
        )
    first = max(about["classes"], key=lambda one: one["customers"])
    said.append(
        f"{first['share']:.0%} of customers are of the most common rhythm ({first['name']}). "
        f"{again['same']:.0%} ({again['low']:.0%}–{again['high']:.0%}) are of the same class in both halves "
        f"of the {MONTHS} months; by chance {again['chance']:.0%} would be."
    )
    return said


def _pay_days(days: Days) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Pay day (0 for none), share of months near it, and whether any income was seen.

    The pay day is the day of the month near which most months' main incomes lie; of equal ones the one that
    is nearest to all, then the earliest.
    """
    main = _main_days(days)
    seen = main > 0
    best, good = np.zeros(len(main), np.int64), np.zeros(len(main), np.int64)
    worst = CYCLE * days.months
    for month in range(days.months):
        candidate = main[:, month]
        apart = np.where(seen, _apart(main, candidate[:, None]), CYCLE)
        close = np.where(candidate > 0, (apart <= NEAR).sum(axis=1), 0)
        score = close * (worst + 1) + worst - np.where(apart <= NEAR, apart, 0).sum(axis=1)
        score = np.where(close > 0, score, 0)
        better = (score > good) | ((score == good) & (score > 0) & (candidate < best))
        best, good = np.where(better, candidate, best), np.where(better, score, good)
    regularity = (good // (worst + 1)) / days.months
    pay_day = np.where(regularity >= REGULAR, best, 0).astype(np.int64)
    return pay_day, regularity, np.asarray(seen.any(axis=1), dtype=np.bool_)


def _main_days(days: Days) -> Ints:
    """The day of the month of each month's largest income, 0 for none; shape (customers, months)."""
    paid = np.flatnonzero(days.income > 0)
    cell = days.customer[paid] * days.months + days.month[paid]
    order = np.lexsort((days.place[paid], -days.income[paid], cell))
    first = np.unique(cell[order], return_index=True)[1]
    found = np.zeros(len(days.customers) * days.months, dtype=np.int64)
    found[cell[order][first]] = days.dom[paid[order[first]]]
    return found.reshape(len(days.customers), days.months)


def _apart(first: Ints, second: Ints) -> Ints:
    """Days between two days of the month, the short way round."""
    gap = np.abs(first - second)
    return np.asarray(np.minimum(gap, CYCLE - gap), dtype=np.int64)


def _largest(amount: Floats, customer: Ints, month: Ints) -> Floats:
    """Where a bank names no income: the largest sum received on a day of each month, others 0."""
    cell = customer * (int(month.max(initial=0)) + 2) + month + 1
    best = np.zeros(int(cell.max(initial=0)) + 1)
    np.maximum.at(best, cell, amount)
    return np.where(amount == best[cell], amount, 0.0)


def _classes(pay_day: Ints, seen: NDArray[np.bool_], half: Floats, spends: NDArray[np.bool_]) -> Ints:
    name = np.where(half <= EARLY, CLASSES.index(FRONT), CLASSES.index(EVEN))
    name = np.where(half >= LATE, CLASSES.index(BACK), name)
    name = np.where(pay_day > 0, name, CLASSES.index(IRREGULAR))
    name = np.where(seen, name, CLASSES.index(NONE))
    return np.where(spends, name, CLASSES.index(QUIET)).astype(np.int64)


def _median(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _civil_day(zone: Any, instant: int) -> Any:
    """The civil day of an instant in the bank's zone."""
    return np.datetime64(int(zone.to_local(np.array([instant]))[0]), "us").astype("datetime64[D]")
