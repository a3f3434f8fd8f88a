"""How each customer lives: how often, where, when and how much they pay; where they are on each day.

A way of life sets what is bought and when; every customer then differs. Nobody reads habits in a table: they
are what segments, inactivity and value have to be inferred from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.simulation.frame import Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import GRADUAL, SILENT, Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.merchants import BOUGHT
from bankmine.simulation.people import People
from bankmine.simulation.spending_use import (
    ASLEEP,
    OCCASIONAL,
    PERIODIC,
    TRICKLE,
    Rests,
    light_of,
    rests_of,
    use_of,
)

# Columns: student, young professional, family, affluent, pensioner, cross-border, self-employed, company.
_PURCHASES = (10.0, 14.5, 16.0, 16.5, 7.0, 13.5, 13.0, 6.5)  # a month, at usual activity
_LEVEL = (-0.20, 0.05, 0.10, 0.35, -0.05, 0.0, 0.10, 0.8)  # logarithm of amounts
_CASH = (0.8, 0.6, 0.9, 0.6, 2.1, 1.0, 1.4, 0.8)  # withdrawals a month
_TRANSFERS = (1.6, 1.5, 1.0, 1.1, 0.35, 1.0, 1.3, 0.0)  # to people, a month
_ONLINE = (0.22, 0.20, 0.15, 0.16, 0.05, 0.14, 0.15, 0.22)
_TRIPS = (0.7, 1.4, 1.2, 2.4, 0.8, 0.9, 0.9, 0.8)  # abroad, a year
_BORDER = (0.01, 0.01, 0.01, 0.01, 0.0, 0.42, 0.02, 0.02)  # share of purchases in the neighbouring country
_SHARES = {
    "groceries": (14, 15, 30, 17, 38, 20, 18, 4), "restaurant": (27, 27, 14, 18, 12, 16, 18, 9),
    "travel": (1, 3, 3, 8, 2, 2, 3, 12), "fuel": (1, 4, 8, 7, 4, 17, 9, 16),
    "transport": (17, 14, 6, 5, 7, 8, 7, 8), "electronics": (3, 3, 2, 4, 1, 3, 5, 16),
    "clothing": (8, 8, 7, 9, 4, 6, 5, 1), "health": (2, 3, 6, 6, 19, 5, 5, 1),
    "household": (1, 3, 7, 6, 6, 6, 9, 16), "leisure": (11, 10, 4, 9, 4, 6, 6, 1),
    "education": (8, 2, 3, 1, 0, 2, 2, 2), "children": (0, 1, 8, 2, 1, 4, 3, 0),
    "online": (6, 6, 4, 5, 0.5, 4, 8, 13), "gift": (1, 1, 1, 3, 2, 1, 2, 1),
}  # fmt: skip
# Usual price in SGD, spread of its logarithm, how much more often online, share of large purchases.
_PRICES = {
    "groceries": (24, 0.56, 0.5, 0.03), "restaurant": (17, 0.50, 0.5, 0.04), "travel": (85, 0.8, 2.2, 0.12),
    "fuel": (46, 0.30, 0.0, 0.01), "transport": (12, 0.50, 0.7, 0.03), "electronics": (60, 0.85, 1.8, 0.14),
    "clothing": (38, 0.55, 1.6, 0.04), "health": (27, 0.6, 0.5, 0.06), "household": (38, 0.7, 1.0, 0.08),
    "leisure": (25, 0.6, 1.4, 0.04), "education": (36, 0.7, 1.2, 0.08), "children": (32, 0.55, 1.2, 0.03),
    "online": (24, 0.65, 9.0, 0.04), "gift": (32, 0.5, 0.9, 0.04),
}  # fmt: skip
_ABROAD = np.array([0.32, 0.2, 0.2, 0.12, 0.16])  # of trips, countries 1 to 5
_MOST = 40  # trips and absences in ten years
_HOURS = (
    (0, 0, 0, 0, 0, 0, 1, 2, 4, 6, 8, 8, 6, 5, 5, 6, 7, 9, 11, 9, 6, 3, 1, 0),  # groceries
    (1, 0, 0, 0, 0, 0, 1, 4, 6, 3, 3, 8, 15, 11, 4, 3, 4, 6, 12, 13, 9, 5, 3, 2),  # meals
    (0, 0, 0, 0, 0, 2, 6, 13, 13, 7, 4, 4, 4, 4, 4, 4, 6, 11, 12, 7, 5, 4, 3, 1),  # ways to work and back
    (0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 8, 10, 11, 10, 10, 10, 10, 9, 8, 6, 4, 1, 0, 0),  # shops
    (2, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 7, 9, 12, 12, 10, 7, 4),  # evenings
    (4, 2, 1, 1, 1, 1, 2, 4, 5, 6, 6, 6, 6, 6, 5, 5, 5, 5, 6, 8, 10, 11, 10, 7),  # online
    (0, 0, 0, 0, 0, 0, 2, 6, 11, 15, 16, 13, 8, 6, 6, 6, 5, 3, 2, 1, 0, 0, 0, 0),  # mornings of pensioners
    (3, 2, 1, 1, 0, 0, 0, 1, 2, 3, 4, 6, 8, 7, 6, 6, 6, 7, 8, 8, 8, 8, 7, 5),  # students
)
_CLASS = {"groceries": 0, "restaurant": 1, "fuel": 2, "transport": 2, "leisure": 4, "online": 5}
_WEEKDAYS = (  # against the bank's own rhythm, Monday first, by way of life
    (1.0, 1.0, 1.05, 1.1, 1.1, 0.95, 0.9), (0.95, 0.95, 0.95, 1.0, 1.1, 1.1, 1.0),
    (0.9, 0.9, 0.95, 0.95, 1.0, 1.25, 1.15), (0.95, 0.95, 1.0, 1.0, 1.05, 1.1, 1.0),
    (1.2, 1.2, 1.2, 1.15, 1.0, 0.7, 0.6), (0.85, 0.85, 0.85, 0.95, 1.05, 1.3, 1.3),
    (1.05, 1.05, 1.05, 1.05, 1.0, 0.95, 0.8), (1.3, 1.3, 1.3, 1.3, 1.2, 0.4, 0.2),
)  # fmt: skip


STAYS_IN_MOOD, _OUTWARD = 0.6, 0.72  # share of transfers that go out
_FEW = 3.5  # payments a month
_TRAVELLERS = 0.22  # share of customers who are often away for weeks
_AWAY, _SELDOM_AWAY = 1.3, 0.12  # absences a year


@dataclass(frozen=True)
class Habits:
    """By customer and month (n, months): expected `purchases`, `cash` withdrawals and `transfers`; of the
    causes behind them `mood`, the logarithm of how much more is paid than usual; `rests`, when the account
    is left to rest; `spells` without a wage, `fading` of leavers: factors.

    `presence` (n, days): 0 at home, c > 0 in country c, −1 out of reach (nothing is paid). `since`, `until`
    (n,): first day and first day no more. `bills_until` (n,): standing orders and debits end here. `light`
    (n,): mainly uses another bank. `usual`, `without_card` (n,): payments a month
    when awake and nothing is special, of those with and without a card.
    `traits` (n, 8) and `profile` (n, bought), `day_share` (lives, days + 1): see
    `spending_kernel.purchases`. `steady` (n,): each customer's activity against those of the same life.
    """

    purchases: Floats
    cash: Floats
    transfers: Floats
    mood: Floats
    rests: Rests
    spells: Floats
    fading: Floats
    presence: NDArray[np.int8]
    since: Ints
    until: Ints
    bills_until: Ints
    light: Truth
    usual: Floats
    without_card: Floats
    traits: Floats
    profile: Floats
    day_share: Floats
    steady: Floats


def habits_of(frame: Frame, who: People, life: Life, leave: Leaving) -> Habits:
    """Draws the habits of one community."""
    kind = who.life
    buys = np.array(_PURCHASES)[kind]
    draws = np.array(_CASH)[kind] * (1.3 - 0.6 * who.digital)
    sends = np.array(_TRANSFERS)[kind] * (0.3 + who.digital)
    light, traits = light_of(frame, who), _traits(frame, who)
    steady = _pace_here(frame, who, _steady(frame, who), buys + draws + _OUTWARD * sends)
    mood, rests = _mood(frame, who), rests_of(frame, who, life, leave)
    spells, fading = _spells(frame, who, life), _fading(frame, leave)
    usual = steady * (buys + draws + _OUTWARD * sends)
    pace = steady[:, None] * np.exp(mood) * fading * spells * np.where(rests.slept >= 0, ASLEEP, 1.0)
    pace = np.where(run_down_of(frame, leave), (TRICKLE * steady / usual)[:, None], pace)
    return Habits(
        purchases=pace * buys[:, None], cash=np.minimum(pace, 2.0) * draws[:, None],
        transfers=pace * sends[:, None], mood=mood, rests=rests, spells=spells, fading=fading,
        presence=_presence(frame, who), since=np.maximum(who.joined, 0), until=leave.closed,
        bills_until=bills_until_of(frame, who, leave), light=light,
        usual=usual, traits=traits,
        without_card=steady * (np.minimum(1.2 * traits[:, 1], 1.0) * buys + _OUTWARD * sends),
        profile=_profile(frame, who), day_share=_day_share(frame), steady=steady,
    )  # fmt: skip


def _pace_here(frame: Frame, who: People, steady: Floats, payments: Floats) -> Floats:
    """Activity at this bank: occasional users make at least a few payments a month while awake, periodic
    users hardly one."""
    use, luck = use_of(frame, who), frame.random(who.community, "light pace").random(who.count)
    occasional = np.maximum(0.65 * 2.2**luck * steady, _FEW / payments)
    return np.where(
        use == OCCASIONAL, occasional, np.where(use == PERIODIC, 1.6 * luck**2 / payments, steady)
    )


def run_down_of(frame: Frame, leave: Leaving) -> Truth:
    """Leavers with signs in the months that begin after the run-down, (n, months)."""
    shows = (leave.way == GRADUAL) | (leave.way == SILENT)
    return np.asarray(shows[:, None] & (frame.month_start[:-1] >= leave.rundown_until[:, None]))


def bills_until_of(frame: Frame, who: People, leave: Leaving) -> Ints:
    """From when a leaver's orders and debits are gone: some day of the run-down; few forget one, (n,)."""
    part = frame.random(who.community, "bills end").random(who.count)
    shows = (leave.way == GRADUAL) | (leave.way == SILENT)
    length = np.maximum(leave.rundown_until - leave.rundown_from, 1)
    ends = leave.rundown_from + (part * length).astype(np.int64)
    keeps = (leave.way == SILENT) & (frame.random(who.community, "keeps one").random(who.count) < 0.12)
    return np.where(shows & ~keeps, np.minimum(ends, leave.closed), leave.closed)


def category_traits() -> Floats:
    """Logarithm of the usual cents, spread, times online, share of large ones; (bought, 4)."""
    rows = np.array([_PRICES[name] for name in BOUGHT], dtype=np.float64)
    rows[:, 0] = np.log(rows[:, 0] * 100)
    return rows


def hour_table(places: int) -> Floats:
    """For each class of hours, the hour by inverse share, flat: class * places + place."""
    found = []
    for weights in _HOURS:
        share = np.cumsum(weights) / np.sum(weights)
        found.append(np.searchsorted(share, (np.arange(places) + 0.5) / places, side="right"))
    return np.concatenate(found).astype(np.float64)


def category_hours() -> Ints:
    """Class of hours by way of life (companies last) and category bought."""
    usual = np.array([_CLASS.get(name, 3) for name in BOUGHT])
    table = np.tile(usual, (8, 1))
    table[4] = np.where(usual == 5, 5, 6)
    table[0, np.isin(usual, (1, 3, 4))] = 7
    return table.astype(np.int64)


def _steady(frame: Frame, who: People) -> Floats:
    """Activity of a customer: a wide gamma-like spread, from 3 payments a month to 50."""
    luck = frame.random(who.community, "steady").normal(size=who.count)
    spread = 0.42
    return np.asarray(who.activity * np.exp(spread * luck - spread**2 / 2))


def _mood(frame: Frame, who: People) -> Floats:
    """Months differ, and good or lean times last: a first-order autoregression of the logarithm."""
    shock = frame.random(who.community, "fluctuation").normal(size=(who.count, 120))
    now, spread = np.zeros(who.count), 0.26
    found = np.empty((who.count, frame.months))
    for month in range(frame.months):
        now = STAYS_IN_MOOD * now + spread * shock[:, month]
        found[:, month] = now
    return found - 0.5 * spread**2 / (1 - STAYS_IN_MOOD**2)


def _fading(frame: Frame, leave: Leaving) -> Floats:
    """Leavers' activity falls with their balance; silent ones then hardly pay at all."""
    middle = (frame.month_start[:-1] + frame.month_start[1:]) / 2
    begins, ends = leave.rundown_from[:, None], leave.rundown_until[:, None]
    shows = ((leave.way == GRADUAL) | (leave.way == SILENT))[:, None]
    gone = np.clip((middle[None, :] - begins) / np.maximum(ends - begins, 1), 0.0, 1.0)
    return np.where(shows, np.maximum(1.0 - gone, 0.012), 1.0)


def _spells(frame: Frame, who: People, life: Life) -> Floats:
    """Without a wage people pay less often."""
    found = np.ones((who.count, frame.months))
    middle = (frame.month_start[:-1] + frame.month_start[1:]) / 2
    for kind, share in (("job_loss", 0.65), ("leave", 0.8)):
        spell = life.events.of(kind)
        inside = (middle >= spell.day[:, None]) & (middle < (spell.day + spell.detail)[:, None])
        row, month = np.nonzero(inside)
        found[spell.person[row], month] = share
    return found


def _presence(frame: Frame, who: People) -> NDArray[np.int8]:
    """Trips abroad, and absences of weeks in which nothing is paid."""
    found = np.zeros((who.count, frame.days), dtype=np.int8)
    trips = np.array(_TRIPS)[who.life]
    often = frame.random(who.community, "travellers").random(who.count) < _TRAVELLERS
    for name, rate, low, high, away in (
        ("trips", trips, 3, 15, False),
        ("absences", np.where(often, _AWAY, _SELDOM_AWAY), 21, 78, True),
    ):
        draw = frame.random(who.community, name)
        gaps = draw.exponential(1.0, (who.count, _MOST)) * (365.0 / np.maximum(rate, 1e-9))[:, None]
        length = draw.integers(low, high, (who.count, _MOST))
        country = -1 if away else 1 + np.searchsorted(np.cumsum(_ABROAD), draw.random((who.count, _MOST)))
        country = np.broadcast_to(country, length.shape)
        first = np.cumsum(gaps + length, axis=1) - length
        person, slot = np.nonzero(first < frame.days)
        days = length[person, slot]
        row = np.repeat(person, days)
        begin = np.repeat(first[person, slot].astype(np.int64), days)
        day = begin + np.arange(row.size) - np.repeat(np.cumsum(days) - days, days)
        code, inside = np.repeat(country[person, slot], days), day < frame.days
        found[row[inside], day[inside]] = code[inside]
    found[who.company] = np.maximum(found[who.company], 0)
    return found


def _traits(frame: Frame, who: People) -> Floats:
    draw, n, kind = frame.random(who.community, "traits"), who.count, who.life
    level = np.array(_LEVEL)[kind] + 0.18 * draw.normal(size=n)
    online = np.array(_ONLINE)[kind] * (0.4 + who.digital) * np.exp(0.4 * draw.normal(size=n))
    work = draw.beta(1.5, 5.0, n) * np.where(np.isin(kind, (4,)), 0.3, 1.0)
    border = np.array(_BORDER)[kind] * draw.gamma(4.0, 0.25, n)
    credit = draw.beta(3.0, 3.0, n)
    shared = draw.beta(2.0, 3.0, n)
    return np.ascontiguousarray(np.stack(
        [level, np.minimum(online, 0.9), work, np.minimum(border, 0.9), credit, shared,
         0.004 + 0.01 * draw.beta(1, 2, n), draw.beta(4.5, 4.0, n)], axis=1,
    ))  # fmt: skip


def _profile(frame: Frame, who: People) -> Floats:
    """What a customer buys: the shares of the way of life, each with its own deviation; cumulated."""
    shares = np.array([_SHARES[name] for name in BOUGHT], dtype=np.float64).T[who.life]
    own = frame.random(who.community, "tastes of buying").gamma(2.2, 1 / 2.2, shares.shape)
    running = np.cumsum(shares * own, axis=1)
    running /= running[:, -1:]
    running[:, -1] = 2.0
    return np.ascontiguousarray(running)


def _day_share(frame: Frame) -> Floats:
    """Running weight of the days for each way of life, companies last."""
    weight = frame.rhythm[None, :] * np.array(_WEEKDAYS)[:, frame.weekday] ** min(
        frame.scenario.activity.rhythm, 1.0
    )
    found = np.zeros((weight.shape[0], frame.days + 1))
    found[:, 1:] = np.cumsum(weight, axis=1)
    return found
