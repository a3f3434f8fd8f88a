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
from bankmine.simulation.spending_habits import STAYS_IN_MOOD, Habits, habits_of
from bankmine.simulation.spending_use import ASLEEP, OCCASIONAL, TRICKLE, silence, use_of

HORIZON_DAYS = 90
_FIRST_MONTH = 3
_YEAR, _RECENT = 365, 45
_STEADY_CHANNELS = tuple(CHANNELS.index(name) for name in ("order", "debit", "bank"))
_SMALL_BILLS = [CATEGORIES.index(name) for name in ("utilities", "telecom", "education")]
_OTHER = 0.02  # payments a month that no habit knows: a home, a deposit, a fraud
_EMPTY = 3_000  # cents left to spend
_SCATTER = 0.09  # relative variance of a month's expected payments, from the mood


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
    oracle = _silent_chance(frame, who, life, leave, acc, ledger, paid)[person, month]
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

    def due(self, start: Ints) -> Truth:
        """Whether an order, a debit or a fee is paid in the 90 days from each start, (n, starts)."""
        running = np.zeros((self.steady.shape[0], self.steady.shape[1] + 1), dtype=np.int64)
        np.cumsum(self.steady, axis=1, out=running[:, 1:])
        return np.asarray(running[:, np.minimum(start + HORIZON_DAYS, self.frame.days)] > running[:, start])

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
    pauses = (use_of(frame, who) == OCCASIONAL)[acc.owner[account]]
    steady &= ~(pauses & np.isin(ledger.money.category[rows], _SMALL_BILLS))
    shared = np.flatnonzero(acc.co_owner[account] >= 0)
    person = np.concatenate([acc.owner[account], acc.co_owner[account[shared]]])
    again = np.concatenate([np.arange(rows.size), shared])
    return _Payments(frame, who.count, person, day[again], steady[again])


def _silent_chance(
    frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts, ledger: Ledger, paid: _Payments
) -> Floats:
    """The chance of no payment in the 90 days from each month's start, (n, months), from what holds then.

    What is due by order or debit is known beforehand. Other payments come at a rate that follows the mood;
    an absence stops them, and so does a rest, whose course is a Markov chain by months (`silence`).
    """
    habits, start = habits_of(frame, who, life, leave), frame.month_start[:-1]
    decided = leave.decided[:, None] < start
    shows = ((leave.way == GRADUAL) | (leave.way == SILENT))[:, None] & decided
    gone = shows & (start >= leave.rundown_until[:, None])
    usual = np.where(acc.debit >= 0, habits.usual, habits.without_card)
    there = _share_here(_away(habits.presence, start))
    balance = np.concatenate([acc.initial[: who.count, None], ledger.month_ends[: who.count, :-1]], axis=1)
    rate = _rates(habits, usual) * there
    rate *= _able(balance + acc.limit[: who.count, None], paid.count_before(start, 90), rate)[:, :, None]
    awake = _none_at(rate)
    chance = np.prod(awake, axis=2)
    rests = np.flatnonzero(habits.rests.sleeps.any(axis=1))
    chance[rests] = silence(habits.rests.of(rests), awake[rests], np.exp(-ASLEEP * rate[rests]))
    trickle = (TRICKLE * usual / np.maximum(habits.usual, 1e-9))[:, None] * there.sum(axis=2)
    chance = np.where(gone, np.exp(-trickle), chance)
    carries = shows & ~gone & (balance > 0)  # what is overdrawn is closed by a payment in
    closes = decided & (leave.closed[:, None] < start + HORIZON_DAYS) & (balance > 0)
    chance = np.where(carries | closes | paid.due(start), 0.0, chance)
    here = (who.joined[:, None] < start) & (leave.closed[:, None] > start)
    chance = np.where(here, chance * np.exp(-3.0 * _OTHER), 1.0)
    return _shared(chance, rate.sum(axis=2), start, acc, habits, gone | ~here)


def _share_here(away: Floats) -> Floats:
    """Share of each of the three months (n, months, 3) that is left of an absence of so many days."""
    return 1.0 - np.clip((away[:, :, None] - 30.0 * np.arange(3)) / 30.0, 0.0, 1.0)


def _rates(habits: Habits, usual: Floats) -> Floats:
    """Payments expected in each of the three months ahead, awake, as the mood of the month before tells."""
    before = np.concatenate([habits.mood[:, :1] * 0, habits.mood[:, :-1]], axis=1)
    stays = STAYS_IN_MOOD ** np.arange(1, 4)
    return np.asarray(usual[:, None, None] * habits.spells[:, :, None] * np.exp(stays * before[:, :, None]))


def _able(left: Ints, seen: Ints, rate: Floats) -> Floats:
    """Whose account is empty has most payments declined, as the quarter before tells: a factor."""
    usual = rate.sum(axis=2) + 0.3
    return np.where(left < _EMPTY, np.clip(2.0 * (seen + 0.3) / usual, 0.03, 1.0), 1.0)


def _none_at(rate: Floats) -> Floats:
    """Chance of none: counts of a month scatter more than Poisson's, as its mood is not known."""
    return np.asarray((1.0 + _SCATTER * rate) ** (-1.0 / _SCATTER))


def _shared(chance: Floats, rate: Floats, start: Ints, acc: Accounts, habits: Habits, gone: Truth) -> Floats:
    """What the one pays from a shared account, the other has paid too."""
    partner = np.flatnonzero(acc.joint >= 0)
    owner = acc.owner[acc.joint[partner]]
    found = chance.copy()
    found[partner] *= chance[owner]
    issued = np.where(acc.joint_card[partner] >= 0, acc.card_issued[acc.joint_card[partner]], NEVER)
    there = (issued[:, None] < start) & (habits.bills_until[partner][:, None] > start)
    there &= ~gone[owner]  # what a run-down account holds pays for nothing
    share = np.where(there, habits.traits[partner, 5][:, None], 0.0)
    slept = np.concatenate([habits.rests.slept[:, :1] * 0 - 1, habits.rests.slept[:, :-1]], axis=1)
    rests = np.where(slept[partner] >= 0, ASLEEP, 1.0)
    found[owner] *= np.exp(-share * rests * rate[partner])
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
        "left_to_spend": (balance + acc.limit[:n, None]) / 100.0,
        "run_down": np.where(shows, run_down, 0.0),
        "orders_95d": paid.count_before(start, 95, steady=True) * whole,
        "season": np.broadcast_to(np.arange(frame.months) % 12, whole.shape),
        "life": who.life[:, None] * whole,
        "tenure_months": (start - who.joined[:, None]) / 30.4,
    }
