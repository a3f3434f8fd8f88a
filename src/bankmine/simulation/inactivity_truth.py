"""Truth of inactivity: how likely a customer is to pay nothing in the next 90 days, and what tables show of
it.

Most silent spells are those of light users, who let the account rest for months and come back; some are
silent leavers, who never do; some are long absences. The chance follows the model of `spending_habits` from
what holds at the cutoff: who has bills pays, a leaver carries the rest away first, a light user wakes or
falls asleep month by month.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.accounts import Accounts
from bankmine.simulation.entries import CATEGORIES, CHANNELS
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import GRADUAL, SILENT, Leaving
from bankmine.simulation.ledger import BOOKED, DECLINED, Ledger
from bankmine.simulation.life import Life
from bankmine.simulation.people import People
from bankmine.simulation.spending_habits import ASLEEP, LIGHT_SURPLUS, STAYS_IN_MOOD, WAKES, Habits, habits_of

HORIZON_DAYS = 90
_FIRST_MONTH = 3
_YEAR, _RECENT = 365, 45
_STEADY_CHANNELS = tuple(CHANNELS.index(name) for name in ("order", "debit", "bank"))
_ENDS = 0.15  # chance that regular payments do not go on
_KEPT = 0.012  # of a silent leaver's activity
_SURPLUS = 0.5  # moves of surplus a month of those who are no light users


def inactivity_truth(
    frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts, ledger: Ledger
) -> dict[str, pa.Table]:
    """Table `label_inactivity`: persons who paid in the twelve months before, at each month's start."""
    paid = _paid(frame, who, acc, ledger)
    start = frame.month_start[:-1]
    whole = np.arange(frame.months) >= _FIRST_MONTH
    here = (who.joined[:, None] < start) & (leave.closed[:, None] > start) & whole & ~who.company[:, None]
    here &= paid.count_before(start, _YEAR) > 0
    person, month = np.nonzero(here)
    oracle = _silent_chance(frame, who, life, leave, acc, paid)[person, month]
    written = _written(frame, who, life, leave, ledger, acc, paid)
    return {"label_inactivity": pa.table({
        "subject": columns.key(who.number[person]), "customer": columns.key(who.number[person]),
        "cutoff": columns.when(start[month] * DAY), "oracle": columns.real(oracle),
        **{f"written_{name}": columns.real(values[person, month]) for name, values in written.items()},
    })}  # fmt: skip


class _Payments:
    """Payments out that were not declined, by person and day; those of shared accounts count for both
    owners."""

    def __init__(self, frame: Frame, people: int, person: Ints, day: Ints, steady: Truth) -> None:
        self.frame = frame
        cell = person * frame.days + day
        shape = (people, frame.days)
        self.every = np.bincount(cell, minlength=people * frame.days).reshape(shape)
        self.steady = np.bincount(cell[steady], minlength=people * frame.days).reshape(shape)

    def count_before(self, start: Ints, days: int, *, steady: bool = False) -> Ints:
        """Payments in the days before each start, (n, starts)."""
        chosen = self.steady if steady else self.every
        running = np.zeros((chosen.shape[0], chosen.shape[1] + 1), dtype=np.int64)
        np.cumsum(chosen, axis=1, out=running[:, 1:])
        return np.asarray(running[:, start] - running[:, np.maximum(start - days, 0)])

    def days_since(self, start: Ints) -> Ints:
        """Days from the last payment to each start; up to the whole period where there is none."""
        day = np.where(self.every > 0, np.arange(self.frame.days), -1)
        last = np.maximum.accumulate(day, axis=1)
        before = np.where(start > 0, last[:, np.maximum(start - 1, 0)], -1)
        return np.asarray(start - np.maximum(before, -1))


def _paid(frame: Frame, who: People, acc: Accounts, ledger: Ledger) -> _Payments:
    rows = ledger.rows[ledger.money.out[ledger.rows] & (ledger.status[ledger.rows] != DECLINED)]
    account, day = ledger.money.account[rows], ledger.money.second[rows] // DAY
    steady = np.isin(ledger.money.channel[rows], _STEADY_CHANNELS)
    steady |= ledger.money.category[rows] == CATEGORIES.index("investment")
    shared = np.flatnonzero(acc.co_owner[account] >= 0)
    person = np.concatenate([acc.owner[account], acc.co_owner[account[shared]]])
    again = np.concatenate([np.arange(rows.size), shared])
    return _Payments(frame, who.count, person, day[again], steady[again])


def _silent_chance(
    frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts, paid: _Payments
) -> Floats:
    """The chance of no payment in the 90 days from each month's start, (n, months), from what holds then."""
    habits, start = habits_of(frame, who, life, leave), frame.month_start[:-1]
    surplus = np.where(habits.light, LIGHT_SURPLUS, _SURPLUS)
    decided = leave.decided[:, None] < start
    shows = ((leave.way == GRADUAL) | (leave.way == SILENT))[:, None] & decided
    away = _away(habits.presence, start)
    usual = np.where(acc.debit >= 0, habits.usual, habits.without_card)
    before = np.concatenate([habits.mood[:, :1] * 0, habits.mood[:, :-1]], axis=1)
    slept = np.concatenate([habits.slept[:, :1] * 0 - 1, habits.slept[:, :-1]], axis=1)
    gone = shows & (start >= leave.rundown_until[:, None])
    awake, sleeping = np.where(slept < 0, 1.0, 0.0), np.where(slept < 0, 0.0, 1.0)
    age = np.maximum(slept, 0)
    still = np.where(gone, 0.0, surplus[:, None])
    short = _short_of_money(paid, slept, usual, start)
    fresh = np.zeros_like(awake)  # fell asleep within the 90 days
    for ahead in range(3):
        share = np.clip((away - 30 * ahead) / 30.0, 0.0, 1.0)
        pace = short * np.exp(STAYS_IN_MOOD ** (ahead + 1) * before) * (1.0 - share)
        expected = usual[:, None] * np.where(gone, _KEPT * pace, pace)
        wakes = WAKES[np.minimum(age + ahead, WAKES.size - 1)]
        woken = sleeping * wakes + fresh * WAKES[max(ahead - 1, 0)]
        fresh = fresh * (1 - WAKES[max(ahead - 1, 0)]) + awake * habits.sleeps
        sleeping, awake = sleeping * (1 - wakes), awake * (1 - habits.sleeps) + woken
        # Counts of one month scatter more than Poisson's: the mood of the month is not known.
        awake = awake * (1 + 0.09 * expected) ** (-1 / 0.09) * np.exp(-still)
        rest = np.exp(-ASLEEP * expected)
        sleeping, fresh = sleeping * rest, fresh * rest
    chance = awake + sleeping + fresh
    bills = paid.count_before(start, _RECENT, steady=True) > 0
    regular = bills & (paid.count_before(start, 95, steady=True) >= 3)
    bills = np.where(habits.light[:, None], regular, bills)
    ending = gone & (leave.rundown_until[:, None] + _RECENT > start) & (habits.bills_until[:, None] <= start)
    # Regular payments of a light user (a travel insurance, a plan) end sooner than rent and telephone do.
    ends = np.where(habits.light[:, None] | gone, _ENDS, 0.0)
    chance = np.where(bills & ~ending, ends * chance, chance)
    carries = shows & (leave.rundown_until[:, None] > start)
    closes = decided & (leave.closed[:, None] < start + HORIZON_DAYS)
    chance = np.where(carries | closes, 0.0, chance)
    return _shared(chance, start, acc, habits, gone)


def _short_of_money(paid: _Payments, slept: Ints, usual: Floats, start: Ints) -> Floats:
    """Who, awake all the quarter before, paid far less than usual has nothing to pay from: a factor."""
    awake = slept < 0
    awake[:, 1:] &= slept[:, :-1] < 0
    awake[:, 2:] &= slept[:, :-2] < 0
    seen = (paid.count_before(start, HORIZON_DAYS) + 1.0) / (3.0 * usual[:, None] + 1.0)
    long = np.arange(start.size) >= _FIRST_MONTH
    return np.where(awake & long, np.clip(2.0 * seen, 0.02, 1.0), 1.0)


def _shared(chance: Floats, start: Ints, acc: Accounts, habits: Habits, gone: Truth) -> Floats:
    """What the one pays from a shared account, the other has paid too."""
    partner = np.flatnonzero(acc.joint >= 0)
    owner = acc.owner[acc.joint[partner]]
    found = chance.copy()
    found[partner] *= chance[owner]
    issued = np.where(acc.joint_card[partner] >= 0, acc.card_issued[acc.joint_card[partner]], NEVER)
    there = (issued[:, None] < start) & (habits.bills_until[partner][:, None] > start)
    there &= ~gone[owner]  # what a run-down account holds pays for nothing
    rate = np.where(there, habits.traits[partner, 5][:, None], 0.0)
    rests = np.where(habits.slept[partner] >= 0, ASLEEP, 1.0)
    found[owner] *= np.exp(-3.0 * rate * rests * habits.usual[partner][:, None])
    return found


def _away(presence: np.ndarray, start: Ints) -> Floats:
    """Days that an absence begun before each start still lasts, (n, starts)."""
    days = presence.shape[1]
    back = np.where(presence >= 0, np.arange(days), days)
    ends = np.minimum.accumulate(back[:, ::-1], axis=1)[:, ::-1]
    gone = (presence[:, np.maximum(start - 1, 0)] < 0) & (start > 0)
    return np.asarray(np.where(gone, ends[:, start] - start, 0), dtype=np.float64)


def _written(
    frame: Frame, who: People, life: Life, leave: Leaving, ledger: Ledger, acc: Accounts, paid: _Payments
) -> dict[str, Floats]:
    """What tables show by the cutoff, each (n, months)."""
    start, n = frame.month_start[:-1], who.count
    whole = np.ones((n, frame.months))
    money, rows = ledger.money, ledger.rows
    came = rows[~money.out[rows] & (ledger.status[rows] == BOOKED) & (money.category[rows] < 4)]
    last_wage = np.full((n, frame.months + 1), -1_000.0)
    cell = frame.month_of[money.second[came] // DAY] + 1
    np.maximum.at(last_wage, (acc.owner[money.account[came]], cell), money.second[came] / DAY)
    last_wage = np.maximum.accumulate(last_wage, axis=1)[:, :-1]
    balance = np.concatenate([acc.initial[:n, None], ledger.month_ends[:n, :-1]], axis=1)
    shows = np.isin(leave.way, (GRADUAL, SILENT))[:, None]
    length = np.maximum(leave.rundown_until - leave.rundown_from, 1)[:, None]
    run_down = np.clip((start - leave.rundown_from[:, None]) / length, 0.0, 1.0)
    return {
        "days_since_payment": np.minimum(paid.days_since(start), 400) * whole,
        "payments_1mo": paid.count_before(start, 30) * whole,
        "payments_3mo": paid.count_before(start, 90) * whole,
        "payments_12mo": paid.count_before(start, 365) * whole,
        "bills_45d": paid.count_before(start, _RECENT, steady=True) * whole,
        "days_since_income": np.minimum(start - last_wage, 400),
        "balance_months": balance / np.maximum(who.income, 1)[:, None],
        "run_down": np.where(shows, run_down, 0.0),
        "life": who.life[:, None] * whole,
        "tenure_months": (start - who.joined[:, None]) / 30.4,
    }
