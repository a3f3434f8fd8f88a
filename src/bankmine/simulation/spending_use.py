"""What a customer uses this bank for, and when an account is left to rest.

Most use it for everything. Others mainly use another bank: occasional users pay a little here and let the
account rest for months before they come back; periodic users have little more than one debit every one, two
or three months. How long a rest lasts depends on what the bank can see: whether a wage still comes in, and
the season. So a long silence means one thing for one customer and the opposite for another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.frame import Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People

MAIN, OCCASIONAL, PERIODIC = 0, 1, 2
LIGHT_SURPLUS = 0.06  # moves of surplus a month
_LIGHT_WAGE = (1.0, 0.6, 0.25)  # share of the wage paid in here, by use
ASLEEP = 0.004  # of the usual activity
WAKES = np.array([0.0, 0.02, 0.55, 0.75, 0.80, 0.80])  # by months asleep, the last for more
TRICKLE = 0.13  # payments a month of who has run the balance down
_LIGHT = (0.70, 0.66, 0.60, 0.58, 0.62, 0.70, 0.66, 0.0)  # do not have bills paid here, by way of life
_PERIODIC = 0.25  # of them
_WAGE_HERE, _SMALL_BILLS = 0.5, 0.85  # of occasional users
_SLEEPS, _ANGER = 0.066, 1.4  # chance of an occasional user to let the account rest; dissatisfaction adds
_MOST, _MOST_SLEEP = 0.95, 0.6
# By month of the year, without and with a wage paid in here: who begins to rest, and who comes back.
_SLEEP_SEASON = np.array([
    [0.7, 0.6, 0.6, 0.8, 1.6, 1.6, 0.7, 0.6, 0.6, 0.8, 1.7, 1.6],
    [0.8, 1.6, 1.7, 0.8, 0.6, 0.6, 0.8, 1.7, 1.6, 0.8, 0.6, 0.6],
])  # fmt: skip
_WAKE_SEASON = np.array([
    [0.6, 0.9, 1.4, 1.2, 0.6, 0.5, 0.6, 0.9, 1.4, 1.2, 0.6, 0.5],
    [1.6, 1.0, 0.5, 0.7, 1.6, 2.0, 1.6, 1.0, 0.5, 0.7, 1.6, 2.0],
])  # fmt: skip


@dataclass(frozen=True)
class Rests:
    """By customer and month (n, months): `sleeps`, the chance to let the account rest from that month on,
    `waged`, whether a wage came the month before (0, 1), `slept`, the months it has rested, −1 awake."""

    sleeps: Floats
    waged: Ints
    slept: Ints

    def of(self, person: Ints) -> Rests:
        """Those of some customers."""
        return Rests(self.sleeps[person], self.waged[person], self.slept[person])


def use_of(frame: Frame, who: People) -> Ints:
    """MAIN, OCCASIONAL or PERIODIC, (n,)."""
    luck = frame.random(who.community, "light").random(who.count)
    other = np.where(frame.random(who.community, "use").random(who.count) < _PERIODIC, PERIODIC, OCCASIONAL)
    return np.where(luck < np.array(_LIGHT)[who.life], other, MAIN)


def light_of(frame: Frame, who: People) -> Truth:
    """Who mainly uses another bank, (n,)."""
    return np.asarray(use_of(frame, who) != MAIN)


def bills_here_of(frame: Frame, who: People) -> Truth:
    """Who has rent, savings plan, electricity and telephone paid here, (n,)."""
    return np.asarray(use_of(frame, who) == MAIN)


def small_bills_of(frame: Frame, who: People) -> Truth:
    """Who has electricity and telephone paid here, (n,): many occasional users too, while awake."""
    some = frame.random(who.community, "small bills").random(who.count) < _SMALL_BILLS
    use = use_of(frame, who)
    return np.asarray((use == MAIN) | (some & (use == OCCASIONAL)))


def wage_share_of(frame: Frame, who: People) -> Floats:
    """Share of the wage or pension paid in here, (n,); students, who have little, have all of it or none."""
    use = use_of(frame, who)
    here = (use != OCCASIONAL) | (frame.random(who.community, "wage here").random(who.count) < _WAGE_HERE)
    part = np.where(np.isin(who.life, (0, 4)), 1.0, np.array(_LIGHT_WAGE)[use])
    return np.asarray(here * part)


def rests_of(frame: Frame, who: People, life: Life, leave: Leaving) -> Rests:
    """Draws who lets the account rest when."""
    occasional = (use_of(frame, who) == OCCASIONAL)[:, None]
    season = np.arange(frame.months) % 12
    waged = (life.wage > 0) & (wage_share_of(frame, who) > 0)[:, None]
    before = np.concatenate([waged[:, :1], waged[:, :-1]], axis=1).astype(np.int64)
    anger = np.clip(-leave.satisfaction - 0.3, 0.0, 1.6)
    sleeps = np.where(occasional, _SLEEPS * np.exp(_ANGER * anger) * _SLEEP_SEASON[before, season], 0.0)
    sleeps = np.minimum(sleeps, _MOST_SLEEP)
    return Rests(sleeps, before, _slept(frame, who, sleeps, _WAKE_SEASON[before, season]))


def waking(age: Ints, wakes: Floats) -> Floats:
    """Chance to come back after `age` months of rest."""
    return np.asarray(np.minimum(WAKES[np.clip(age, 0, WAKES.size - 1)] * wakes, _MOST))


def _slept(frame: Frame, who: People, sleeps: Floats, wakes: Floats) -> Ints:
    luck = frame.random(who.community, "sleep").random((who.count, 121))
    now = np.where((luck[:, 120] < 0.04) & (sleeps[:, 0] > 0), 1, -1)
    found = np.empty((who.count, frame.months), dtype=np.int64)
    for month in range(frame.months):
        ends = luck[:, month] < waking(now, wakes[:, month])
        begins = luck[:, month] < sleeps[:, month]
        now = np.where(now >= 0, np.where(ends, -1, now + 1), np.where(begins, 0, -1))
        found[:, month] = now
    return found


def silence(rests: Rests, awake: Floats, asleep: Floats) -> Floats:
    """Chance of no payment in three months from each month's start, (k, months), as told by the month before.

    `awake`, `asleep` (k, months, 3): chance of no payment in each of the three months, awake and resting.
    A forward pass over the states awake and resting for 0, 1, 2 … months; dissatisfaction and wage are taken
    to stay as they are, the season is known.
    """
    ages = WAKES.size + 3
    before = np.concatenate([np.full_like(rests.slept[:, :1], -1), rests.slept[:, :-1]], axis=1)
    up = (before < 0).astype(np.float64)
    down = np.zeros((*before.shape, ages))
    row, month = np.nonzero(before >= 0)
    down[row, month, np.minimum(before[row, month], ages - 2)] = 1.0
    season = np.arange(before.shape[1]) % 12
    for ahead in range(3):
        turn = (season + ahead) % 12
        change = _SLEEP_SEASON[rests.waged, turn] / _SLEEP_SEASON[rests.waged, season]
        begin = np.minimum(rests.sleeps * change, _MOST_SLEEP)
        factor = _WAKE_SEASON[rests.waged, turn]
        ends = waking(np.arange(ages)[None, None, :], factor[:, :, None])
        woken = (down * ends).sum(axis=2)
        stays = down * (1.0 - ends)
        down = np.zeros_like(stays)
        down[:, :, 1:] = stays[:, :, :-1]
        down[:, :, -1] += stays[:, :, -1]
        down[:, :, 0] = up * begin
        up = (up * (1.0 - begin) + woken) * awake[:, :, ahead]
        down *= asleep[:, :, ahead][:, :, None]
    return np.asarray(up + down.sum(axis=2))
