"""The label `laundering`: main accounts at month starts, the true chance of a verdict within 60 days.

The oracle knows the schemes that have begun and how long they will run: a verdict comes 10 to 45 days after
the end, with a chance of four in five. For schemes that have not begun it knows how willing the customer is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from bankmine.simulation import columns
from bankmine.simulation.accounts import Accounts
from bankmine.simulation.crime.booked import Booked
from bankmine.simulation.crime.laundering import A_YEAR, MEMBERS, THRESHOLD, willingness
from bankmine.simulation.crime.planned import LAUNDERING, kind_of
from bankmine.simulation.crime.tables import account_verdicts
from bankmine.simulation.crime.verdicts import FOUND, FOUND_AFTER
from bankmine.simulation.entries import CATEGORIES
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.people import People

if TYPE_CHECKING:
    from bankmine.simulation.crime.committed import Crime

HORIZON_DAYS, FIRST_MONTH = 60, 3
_NOT_BEGUN_DAYS = 18.0  # of the 60, those on which a scheme may begin and still be found out in time
_AT_LEAST = 30_000  # cents: smaller incoming payments are not followed
_FOLLOWED = 3 * DAY
_CASH_IN, _CASH_OUT = CATEGORIES.index("cash_deposit"), CATEGORIES.index("cash")
_WAGES = [
    CATEGORIES.index(name)
    for name in (
        "salary",
        "pension",
        "benefit",
        "interest",
        "loan_disbursed",
        "fee",
        "refund",
        "utilities",
        "telecom",
        "insurance",
        "loan_payment",
        "savings",
        "investment",
        "tax",
    )
]


def laundering_label(crime: Crime, frame: Frame, who: People, acc: Accounts, booked: Booked) -> pa.Table:
    """Table `label_laundering`: one row an open main account and month start from the fourth month on."""
    cutoff = frame.month_start[:-1]
    here = (acc.opened[:, None] < cutoff) & (acc.closed[:, None] > cutoff)
    here = here[: who.count]
    here[:, :FIRST_MONTH] = False
    chance = _chance(crime, frame, who, acc)
    account, month = np.nonzero(here)
    written = {
        "age_years": np.minimum((cutoff[month] - acc.opened[account]) / 365.0, 10.0),
        "life": who.life[account].astype(np.float64),
        **{name: value[account, month] for name, value in _written(frame, who, acc, booked).items()},
    }
    return pa.table(
        {"subject": columns.key(acc.number[account]), "customer": columns.key(who.number[account]),
         "cutoff": columns.when(cutoff[month] * DAY), "oracle": columns.real(chance[account, month]),
         **{f"written_{name}": columns.real(value) for name, value in written.items()}}
    )  # fmt: skip


def _chance(crime: Crime, frame: Frame, who: People, acc: Accounts) -> Floats:
    """Chance of the first confirmed verdict within the horizon, (people, months)."""
    cutoff = (frame.month_start[:-1] * DAY)[None, :]
    miss = 1.0 - np.minimum(_not_begun(frame, who)[:, None] * frame.multiplied(frame.month_start[:-1]), 1.0)
    parts = crime.parts
    guilty = np.flatnonzero(np.isin(parts.kind, [kind_of(name) for name in LAUNDERING]))
    pattern, place = np.unique(parts.pattern[guilty], return_inverse=True)
    begins, ends = np.full(pattern.size, 2**60), np.zeros(pattern.size, dtype=np.int64)
    np.minimum.at(begins, place, parts.begins[guilty])
    np.maximum.at(ends, place, parts.ends[guilty])
    own = parts.person[guilty] >= 0
    member, place = guilty[own], place[own]
    earlier = FOUND * _delay_passed((cutoff - ends[place][:, None]) / DAY)
    later = FOUND * _delay_passed((cutoff - ends[place][:, None]) / DAY + HORIZON_DAYS)
    chance = np.where(begins[place][:, None] < cutoff, (later - earlier) / (1.0 - earlier), 0.0)
    np.multiply.at(miss, parts.person[member], 1.0 - chance)
    judged, confirmed, second = account_verdicts(crime)
    known = np.full(who.count, NEVER)
    known[parts.person[judged[confirmed == 1]]] = second[confirmed == 1]
    return np.where(known[:, None] < cutoff, 0.0, 1.0 - miss)


def _delay_passed(days: Floats) -> Floats:
    """Share of found schemes that are found within so many days of their end."""
    low, high = FOUND_AFTER
    return np.clip((days - low) / (high - low), 0.0, 1.0)


def _not_begun(frame: Frame, who: People) -> Floats:
    """Chance that a scheme begins, ends and is found out within the horizon, for each customer."""
    strength = frame.scenario.laundering
    a_year = sum(A_YEAR[kind] * MEMBERS[kind] * getattr(strength, kind) for kind in LAUNDERING) / 1_000
    weight = willingness(who)
    return np.asarray(FOUND * a_year * _NOT_BEGUN_DAYS / 365.0 * weight / max(weight.mean(), 1e-9))


def _written(frame: Frame, who: People, acc: Accounts, booked: Booked) -> dict[str, Floats]:
    """What the payments of the two months before each month start say, (people, months)."""
    rows = booked.where(_relevant(who, booked))
    shape = (who.count, frame.months)
    cell = rows.account.astype(np.int64) * frame.months + frame.month_of[rows.second // DAY]
    transfer = rows.counterparty > 0
    cash_in, cash_out = rows.category == _CASH_IN, rows.category == _CASH_OUT
    near = cash_in & (rows.cents >= 0.8 * THRESHOLD) & (rows.cents < THRESHOLD)
    passed, dwell, followed = _passed_on(rows)

    def over(mark: Truth, value: ArrayLike = 1.0) -> Floats:
        weight = np.where(mark, value, 0.0)
        by_month = np.bincount(cell, weights=weight, minlength=shape[0] * shape[1])
        return _two_months(by_month.astype(np.float64).reshape(shape))

    sums = {name: over(mark, rows.cents) for name, mark in
            (("in", transfer & ~rows.out), ("out", transfer & rows.out), ("cash_in", cash_in))}  # fmt: skip
    large = over(followed, rows.cents)
    return {
        "in_degree": _degree(rows, transfer & ~rows.out, frame, shape),
        "out_degree": _degree(rows, transfer & rows.out, frame, shape),
        "in_sum": np.log1p(sums["in"]),
        "out_sum": np.log1p(sums["out"]),
        "cash_in_sum": np.log1p(sums["cash_in"]),
        "balance_in_out": (sums["in"] + sums["cash_in"] - sums["out"])
        / (sums["in"] + sums["cash_in"] + sums["out"] + 1e5),
        "cash_in_count": over(cash_in),
        "cash_near_threshold": over(near),
        "cash_out_sum": np.log1p(over(cash_out, rows.cents)),
        "passed_on_3d": over(followed, passed * rows.cents) / np.maximum(large, 1.0),
        "followed_sum": np.log1p(large),
        "dwell_days": over(followed, dwell * rows.cents) / np.maximum(large, 1.0),
        "in_cycle": _cycles(rows, acc, who, frame, shape),
        "income_against_usual": np.log1p(sums["in"]) - np.log1p(_usual(sums["in"])),
    }


def _relevant(who: People, booked: Booked) -> Ints:
    """Transfers and cash of main accounts, without wages and bills."""
    plain = np.ones(len(CATEGORIES), dtype=np.bool_)
    plain[_WAGES] = False
    cash = np.zeros(len(CATEGORIES), dtype=np.bool_)
    cash[[_CASH_IN, _CASH_OUT]] = True
    here = (booked.account < who.count) & ~booked.declined & plain[booked.category]
    here &= (booked.counterparty > 0) | cash[booked.category]
    places = np.flatnonzero(here)
    return places[np.lexsort((booked.number[places], booked.account[places]))]


def _two_months(by_month: Floats) -> Floats:
    """At each month start: the sum of the two months before."""
    value = np.zeros_like(by_month)
    value[:, 1:] += by_month[:, :-1]
    value[:, 2:] += by_month[:, :-2]
    return value


def _usual(value: Floats) -> Floats:
    """The mean of all earlier month starts."""
    before = np.cumsum(value, axis=1) - value
    return before / np.maximum(np.arange(value.shape[1]), 1)


def _degree(rows: Booked, mark: Truth, frame: Frame, shape: tuple[int, int]) -> Floats:
    """Different counterparties in the two months before each month start."""
    at = np.flatnonzero(mark)
    account, month = rows.account[at].astype(np.int64), frame.month_of[rows.second[at] // DAY]
    other = (rows.counterparty[at] * 2_654_435_761 >> 8) & 0xFFFFF
    later = np.concatenate([month + 1, month + 2])
    key = ((np.tile(account, 2) * (shape[1] + 2) + later) << 20) | np.tile(other, 2)
    cell = np.unique(key) >> 20
    count = np.bincount(cell, minlength=shape[0] * (shape[1] + 2)).reshape(shape[0], shape[1] + 2)
    return count[:, : shape[1]].astype(np.float64)


def _passed_on(rows: Booked) -> tuple[Floats, Floats, Truth]:
    """Of each larger sum that came in: share that left within three days, and days until four fifths had."""
    account = rows.account.astype(np.int64)
    axis = account * 2**40 + rows.second
    gone = np.append(0.0, np.cumsum(np.where(rows.out, rows.cents, 0), dtype=np.float64))
    followed = ~rows.out & (rows.cents >= _AT_LEAST)
    at = np.flatnonzero(followed)
    until = np.searchsorted(axis, axis[at] + _FOLLOWED, side="right")
    share = np.minimum((gone[until] - gone[at]) / rows.cents[at], 1.0)
    reached = np.searchsorted(gone, gone[at] + 0.8 * rows.cents[at]) - 1
    last = np.minimum(reached, axis.size - 1)
    same = (reached < axis.size) & (account[last] == account[at])
    days = np.where(same, np.minimum((rows.second[last] - rows.second[at]) / DAY, 30.0), 30.0)
    passed, dwell = np.zeros(axis.size), np.zeros(axis.size)
    passed[at], dwell[at] = share, days
    return passed, dwell, followed


def _cycles(rows: Booked, acc: Accounts, who: People, frame: Frame, shape: tuple[int, int]) -> Floats:
    """Whether the account lies on a round of payments among customers in the two months before, of size >= 3.

    Strongly connected components of the payments of two months: a round lies in one component.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    at = np.flatnonzero(rows.out & (rows.counterparty > 0) & (rows.bank == 0) & (rows.cents >= _AT_LEAST))
    payee = acc.place_of(rows.counterparty[at], who)
    inside = (payee >= 0) & (payee < who.count) & (payee != rows.account[at])
    payer, payee = rows.account[at][inside].astype(np.int64), payee[inside]
    month = frame.month_of[rows.second[at][inside] // DAY]
    months = shape[1] + 2
    start = np.concatenate([payer * months + month + 1, payer * months + month + 2])
    end = np.concatenate([payee * months + month + 1, payee * months + month + 2])
    size = shape[0] * months
    graph = csr_array((np.ones(start.size, dtype=np.int8), (start, end)), shape=(size, size))
    _, component = connected_components(graph, directed=True, connection="strong")
    many = np.bincount(component)[component] >= 3
    return np.asarray(many.reshape(shape[0], months)[:, : shape[1]], dtype=np.float64)
