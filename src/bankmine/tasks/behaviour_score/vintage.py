"""Vintage curves: of the loans granted in each quarter, the share ever 30, 60 or 90 days past due by
months on book, as known at the cutoff.

A loan's m-th month on book ends m civil months after the day of granting, exclusive (a day that the month
lacks becomes its last). A point is known only when every loan of the quarter has been on book so long, and
the quarter itself is over; until then it is open and is left out of the picture, never drawn as zero. Loans
repaid stay in the share; loans granted before the data begin are left out, for their first months were not
seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.evaluation.calibration import wilson
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.sql import micros, statement

FOLDER = Path(__file__).parent
LATE = (30, 60, 90)
MOST_MONTHS = 36
NEVER = np.iinfo(np.int64).max
LEAST_LOANS = 10  # granted in a quarter, for its curve to be drawn


@dataclass(frozen=True)
class Vintages:
    """q quarters of granting by m months on book 1, 2, … m.

    `quarters`: first days; `loans` (q,): how many were granted; `ever`: by days past due, (q, m) counts of
    loans ever so late within so many months; `reached` (q, m): whether all loans of the quarter have been on
    book so long, where the count is final. Where not reached the count says only what was seen so far.
    """

    quarters: tuple[date, ...]
    loans: Ints
    ever: dict[int, Ints]
    reached: Truth

    def share(self, late: int) -> Floats:
        """Share of the loans ever so late, (q, m); NaN where not yet reached."""
        with np.errstate(all="ignore"):
            return np.where(self.reached, self.ever[late] / self.loans[:, None], np.nan)


def vintages(
    granted: Ints, first_late: dict[int, Ints], *, until: int, months: int = MOST_MONTHS
) -> Vintages:
    """The curves of n loans; all days are civil days since 1970.

    `granted` (n,) days of granting before `until`, the day of the cutoff; `first_late`: for each number of
    days past due the day (n,) a loan was first so late, NEVER where it was not.
    """
    quarter = _quarter(granted)
    which, row = np.unique(quarter, return_inverse=True)
    size = len(which)
    loans = np.bincount(row, minlength=size)
    columns = np.arange(1, months + 1)
    ever = {}
    for late, day in first_late.items():
        hit = day < until
        age = months_between(granted[hit], day[hit]) + 1  # the month on book in which it happened
        inside = age <= months
        counted = np.zeros((size, months), dtype=np.int64)
        np.add.at(counted, (row[hit][inside], np.maximum(age[inside], 1) - 1), 1)
        ever[late] = np.cumsum(counted, axis=1)
    newest = np.full(size, -NEVER)
    np.maximum.at(newest, row, granted)
    over = np.array([_first_day(int(one) + 1) <= until for one in which], dtype=np.bool_)
    seen = months_between(newest, np.full(size, until)) if size else np.zeros(0, np.int64)
    reached = over[:, None] & (columns[None, :] <= seen[:, None])
    days = tuple(date(1970, 1, 1) + timedelta(days=_first_day(int(one))) for one in which)
    return Vintages(days, loans, ever, np.asarray(reached, dtype=np.bool_))


def read_vintages(bank: Bank, left_out: Ints) -> dict[str, Vintages]:
    """The curves of loans with instalments and of lines of credit, without the loans `left_out`."""
    zone = bank.warehouse.zone
    covered = bank.warehouse.coverage("loan_event")
    start = covered[0] if covered else bank.cutoff
    first_day = date.fromisoformat(zone.show(start)[:10])
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory,
                 threads=bank.threads) as session:  # fmt: skip
        found = session.arrow(statement(FOLDER, "vintage"), {"first_day": first_day})
        bank.note("vintages", session.statements)
    kept = ~np.isin(found.column("loan_id").to_numpy(), left_out)
    is_line = np.asarray(found.column("is_line").to_numpy(zero_copy_only=False), dtype=np.bool_)
    granted = _days(found.column("granted_on"))
    late = {one: _event_days(bank, found.column(f"late_{one}")) for one in LATE}
    until = int(zone.day_of(np.array([bank.cutoff]))[0])
    made = {}
    for name, chosen in (("loans", kept & ~is_line), ("lines", kept & is_line)):
        if chosen.any():
            made[name] = vintages(
                granted[chosen], {one: day[chosen] for one, day in late.items()}, until=until
            )
    return made


def as_plain(found: Vintages) -> dict[str, Any]:
    """Plain values for a run's figures; an open point is None."""
    return {
        "quarters": [one.isoformat() for one in found.quarters], "loans": found.loans.tolist(),
        "shares": {
            str(late): [[None if np.isnan(one) else round(float(one), 6) for one in row]
                        for row in found.share(late)]
            for late in found.ever
        },
        "counts": {str(late): counts.tolist() for late, counts in found.ever.items()},
        "reached": found.reached.sum(axis=1).tolist(),
        "at_year": [_at(found, place, 12) for place in range(len(found.quarters))],
    }  # fmt: skip


def _at(found: Vintages, place: int, month: int) -> dict[str, Any] | None:
    """90 days past due within so many months, with Wilson's interval; None where still open."""
    if month > found.reached.shape[1] or not found.reached[place, month - 1]:
        return None
    bad, count = int(found.ever[90][place, month - 1]), int(found.loans[place])
    low, high = wilson(bad, count)
    return {"bad": bad, "loans": count, "share": bad / count, "low": low, "high": high}


def months_between(since: Ints, until: Ints) -> Ints:
    """Whole civil months from one day to another: the largest m with `since` + m months ≤ `until`.

    The day of the month is clamped to the month's last; negative where `until` lies before `since`.
    """
    a, b = since.astype("datetime64[D]"), until.astype("datetime64[D]")
    month_a, month_b = a.astype("datetime64[M]"), b.astype("datetime64[M]")
    day_a = (a - month_a).astype(np.int64)
    day_b = (b - month_b).astype(np.int64)
    last = ((month_b + 1).astype("datetime64[D]") - month_b.astype("datetime64[D]")).astype(np.int64) - 1
    whole = (month_b - month_a).astype(np.int64)
    return np.asarray(whole - (day_b < np.minimum(day_a, last)), dtype=np.int64)


def _quarter(day: Ints) -> Ints:
    """Number of the quarter of each day since 1970."""
    return np.asarray(day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) // 3)


def _first_day(quarter: int) -> int:
    return int(np.datetime64(quarter * 3, "M").astype("datetime64[D]").astype(np.int64))


def _days(column: Any) -> Ints:
    import pyarrow as pa

    return np.asarray(column.cast(pa.int32()).to_numpy(), dtype=np.int64)


def _event_days(bank: Bank, column: Any) -> Ints:
    import pyarrow.compute as pc

    given = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), dtype=np.bool_)
    days = np.full(len(given), NEVER)
    days[given] = bank.warehouse.zone.day_of(micros(column.filter(pc.is_valid(column))))
    return days
