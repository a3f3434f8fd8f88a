"""Purchases with cards and online, and cash from machines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bankmine.simulation.accounts import RENEWED, Accounts
from bankmine.simulation.entries import CATEGORIES, Entries, entries
from bankmine.simulation.frame import NEVER, Floats, Frame, Ints
from bankmine.simulation.life import Life
from bankmine.simulation.merchants import BOUGHT, FIRST_MACHINE, MACHINES, ONLINE, Merchants, merchants
from bankmine.simulation.people import FIRST_CUSTOMER, People
from bankmine.simulation.spending_habits import Habits, category_hours, category_traits, hour_table
from bankmine.simulation.spending_tools import CATEGORY, CHANNEL, clock, happenings, means_of, second_of

_BOUGHT = np.array([CATEGORIES.index(name) for name in BOUGHT], dtype=np.int8)
_PHONE = 900  # days a telephone is used
DEVICES = 3_000_000_000


def device_of(who: People, person: Ints, second: Ints) -> Ints:
    """The customer's telephone at that time: a new one every few years."""
    age = who.number[person] * 7_919 % _PHONE
    turn = np.minimum((second // 86_400 + age) // _PHONE, 3)
    return np.asarray(DEVICES + (who.number[person] - FIRST_CUSTOMER) * 4 + np.maximum(turn, 0))


def purchases_of(frame: Frame, who: People, life: Life, acc: Accounts, habits: Habits) -> Entries:
    """Purchases of one community."""
    from bankmine.simulation import spending_kernel as kernel

    shops = merchants(frame.seed)
    count = np.zeros((who.count, frame.months), dtype=np.int32)
    luck = frame.random(who.community, "purchase counts").random((who.count, 120))
    kernel.counts(habits.purchases, np.ascontiguousarray(luck[:, : frame.months]), count)
    keys = frame.random(who.community, "purchase keys").integers(0, 2**64, (who.count, 120), dtype=np.uint64)
    small, large = (
        np.empty((5, int(count.sum())), dtype=np.int32),
        np.empty((4, int(count.sum())), dtype=np.int64),
    )
    draw = frame.random(who.community, "work region")
    work = draw.integers(0, ONLINE, who.count)
    found = kernel.purchases(
        count, np.ascontiguousarray(keys[:, : frame.months]), frame.month_start, habits.day_share,
        habits.presence, who.life.astype(np.int8), habits.since, habits.until,
        np.column_stack([habits.traits, np.log(means_of(who))]), habits.profile,
        category_traits(), np.ascontiguousarray(np.column_stack([life.region, work])),
        np.ascontiguousarray(shops.begins[:, _BOUGHT]), np.ascontiguousarray(shops.ends[:, _BOUGHT]),
        shops.cumulative, _online_factor(frame), _events(who, life, acc, habits), _ways(acc, who),
        hour_table(kernel.HOURS), category_hours(), small, large,
    )  # fmt: skip
    return _as_entries(who, small[:, :found], large[:, :found], shops)


def _as_entries(who: People, small: NDArray[np.int32], large: Ints, shops: Merchants) -> Entries:
    account, category, merchant, card, flags = small
    second, cents, person, luck = large
    online = (flags & 1) == 1
    terminal = shops.number[merchant] * 10 + luck % shops.terminals[merchant]
    return entries(
        account=account, second=second, cents=cents, out=True, category=_BOUGHT[category],
        channel=np.where(online, CHANNEL["online"], CHANNEL["card"]), merchant=merchant, terminal=terminal,
        card=card, person=person, device=np.where(online, device_of(who, person, second), 0), flexible=True,
        country=shops.country[merchant], currency=shops.currency[merchant],
        refused=(flags & 2) == 2,
    )  # fmt: skip


def _online_factor(frame: Frame) -> Floats:
    changed = frame.changed(frame.month_start[:-1])
    return np.where(changed, frame.scenario.regime.online, 1.0)


def _events(who: People, life: Life, acc: Accounts, habits: Habits) -> Ints:
    """Day of the first child, of a home, and from which the credit card is used; NEVER where none."""
    found = np.full((who.count, 3), NEVER, dtype=np.int64)
    for column, kind in enumerate(("child", "home")):
        event = life.events.of(kind)
        np.minimum.at(found[:, column], event.person, event.day)
    has = np.flatnonzero((acc.credit >= 0) & ~habits.light)
    found[has, 2] = acc.card_issued[acc.credit[has]]
    return found


def _ways(acc: Accounts, who: People) -> Ints:
    """What each customer pays with; see the kernel."""
    found = np.full((who.count, 11), -1, dtype=np.int64)
    found[:, 0] = acc.main
    for column, first, kind in ((1, acc.debit, 0), (5, acc.credit, 1)):
        has = np.flatnonzero(first >= 0)
        found[has, column] = first[has]
        found[has, column + 1] = acc.card_issued[first[has]]
        found[has, column + 2] = first[has] + acc.renewals(kind)[has]
    has = np.flatnonzero(acc.credit >= 0)
    found[has, 4] = acc.card_account[acc.credit[has]]
    shared = np.flatnonzero(acc.joint_card >= 0)
    found[shared, 8] = acc.joint[shared]
    found[shared, 9] = acc.joint_card[shared]
    found[shared, 10] = acc.card_issued[acc.joint_card[shared]]
    return found


def cash_of(frame: Frame, who: People, life: Life, acc: Accounts, habits: Habits) -> Entries:
    """Cash from machines near home: round sums."""
    person, month, day = happenings(frame, who.community, "cash", habits.cash)
    card = acc.debit[person]
    here = (card >= 0) & (day >= habits.since[person]) & (day < habits.until[person])
    here &= habits.presence[person, day] == 0
    draw = frame.random(who.community, "cash details")
    luck = draw.random((person.size, 3))
    usual = np.sqrt(np.maximum(who.income[person], 50_000) / 400_000) * 11_000
    value = usual * np.exp(0.6 * np.sqrt(-2 * np.log(1 - luck[:, 0])) * np.cos(2 * np.pi * luck[:, 1]))
    cents = np.clip(np.rint(value / 5_000) * 5_000, 2_000, 300_000)
    cents = np.where(value < 4_000, 2_000, cents).astype(np.int64)
    second = second_of(day, clock(frame, who.community, "cash", person.size, 7, 22.5))
    branch = life.region[person, month] * 2 + (luck[:, 2] * 2).astype(np.int64)
    first = acc.card_issued[np.maximum(card, 0)]
    card = card + np.minimum(np.maximum(day - first, 0) // RENEWED, acc.renewals(0)[person])
    here &= day >= first
    rows = np.flatnonzero(here)
    return entries(
        account=acc.main[person[rows]], second=second[rows], cents=cents[rows], out=True,
        category=CATEGORY["cash"], channel=CHANNEL["cash"], card=card[rows],
        terminal=FIRST_MACHINE + branch[rows] * MACHINES + person[rows] % MACHINES, person=person[rows],
        flexible=True, refused=draw.random(person.size)[rows] < 0.012,
    )  # fmt: skip
