"""Transfers: between customers, to and from other banks, surplus moved on, run-downs, homes, windfalls.

A transfer between two customers is two entries of the same second and amount, each with the other's account
as counterparty; the ledger drops the second where it declines the first.
"""

from __future__ import annotations

import numpy as np

from bankmine.simulation.accounts import DEPOSIT, SAVINGS, Accounts
from bankmine.simulation.entries import BANKS, Entries, entries, joined
from bankmine.simulation.frame import DAY, Frame, Ints
from bankmine.simulation.leaving import GRADUAL, SILENT, Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People
from bankmine.simulation.spending_habits import Habits
from bankmine.simulation.spending_purchases import device_of
from bankmine.simulation.spending_tools import (
    CATEGORY,
    CHANNEL,
    acquaintance,
    bank_of,
    between,
    clock,
    due,
    happenings,
    round_amount,
    second_of,
)
from bankmine.simulation.spending_use import LIGHT_SURPLUS
from bankmine.simulation.variable import RECEIPT, SURPLUS, SWEEP, asked
from bankmine.simulation.words import words

_FRIENDS = 4
_USUAL = 4_200.0  # cents between friends


def transfers_of(frame: Frame, who: People, leave: Leaving, acc: Accounts, habits: Habits) -> Entries:
    """What people send each other here and elsewhere, and receive from elsewhere."""
    person, _, day = happenings(frame, who.community, "transfers", habits.transfers)
    here = (day >= habits.since[person]) & (day < habits.until[person]) & (habits.presence[person, day] >= 0)
    size = person.size
    draw = frame.random(who.community, "transfer details")
    luck = draw.random((size, 3))
    cents = round_amount(
        frame, who.community, "transfer", _USUAL * np.exp(habits.traits[person, 0]), 0.95, size
    )
    second = second_of(day, clock(frame, who.community, "transfer", size, 7, 24))
    friend = _friends(frame, who)[person, (luck[:, 1] * _FRIENDS).astype(np.int64)]
    inside = (luck[:, 0] < 0.38) & (friend != person) & ~who.company[friend] & (day >= acc.opened[friend])
    inside &= day < np.minimum(acc.closed[friend], leave.salary_moved[friend])
    inward = ~inside & (luck[:, 0] > 0.72)
    rows = np.flatnonzero(here & inside)
    family = who.household[person] == who.household[friend]
    festive = _festive(frame, day)
    text = np.where(
        festive,
        words("gift", cents // 7),
        np.where(family, words("family", second), words("friends", second)),
    )
    category = np.where(festive, CATEGORY["gift"], CATEGORY["transfer_out"])
    pair = _pair(who, acc, person[rows], friend[rows], second[rows], cents[rows], text[rows], category[rows])
    rows = np.flatnonzero(here & ~inside)
    person, second, cents, inward = person[rows], second[rows], cents[rows], inward[rows]
    number = acquaintance(who, person, 20 + (luck[rows, 1] ** 2 * 12).astype(np.int64))
    alone = entries(
        account=acc.main[person], second=second, cents=cents, out=~inward,
        category=np.where(inward, CATEGORY["transfer_in"], category[rows]), channel=CHANNEL["transfer"],
        counterparty=number, bank=bank_of(number), words=text[rows], flexible=~inward,
        person=np.where(inward, -1, person), device=np.where(inward, 0, device_of(who, person, second)),
    )  # fmt: skip
    return joined([pair, alone])


def _pair(
    who: People,
    acc: Accounts,
    giver: Ints,
    taker: Ints,
    second: Ints,
    cents: Ints,
    text: Ints,
    category: Ints,
) -> Entries:
    given = entries(
        account=acc.main[giver], second=second, cents=cents, out=True, category=category,
        channel=CHANNEL["transfer"], counterparty=acc.number[taker], words=text, flexible=True, person=giver,
        device=device_of(who, giver, second),
    )  # fmt: skip
    taken = entries(
        account=acc.main[taker], second=second, cents=cents, out=False, category=CATEGORY["transfer_in"],
        channel=CHANNEL["transfer"], counterparty=acc.number[giver], words=text,
    )  # fmt: skip
    return joined([given, taken])


def _friends(frame: Frame, who: People) -> Ints:
    """Each customer's friends here: neighbours mostly, often of the same age."""
    draw = frame.random(who.community, "friends")
    near = np.rint(draw.normal(0, 12, (1000, _FRIENDS))).astype(np.int64)
    far = draw.integers(0, 1000, (1000, _FRIENDS))
    place = np.arange(1000)[:, None] + near
    chosen = np.where(draw.random((1000, _FRIENDS)) < 0.7, place, far)[: who.count]
    return np.asarray(chosen % who.count)


def _festive(frame: Frame, day: Ints) -> np.ndarray:
    """The days up to Chinese New Year, when gifts are sent."""
    new_year = np.flatnonzero(frame.holiday == frame.holiday_names.index("Chinese New Year"))
    found = np.zeros(frame.days, dtype=np.bool_)
    for first in new_year:
        found[max(first - 3, 0) : first + 2] = True
    return found[day]


def moved_of(frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts, habits: Habits) -> Entries:
    """Surplus moved to savings or elsewhere; savings drawn on; deposits paid in; homes; windfalls;
    run-downs."""
    return joined([
        _surplus(frame, who, leave, acc, habits), _drawn(frame, who, acc, habits), _deposits(frame, who, acc),
        _homes(frame, who, life, leave, acc), _windfalls(who, life, leave, acc), _run_down(frame, who,
        leave, acc),
    ])  # fmt: skip


def _moved(
    who: People,
    acc: Accounts,
    account: Ints,
    to: Ints,
    day: Ints,
    clock_seconds: Ints,
    cents: Ints,
    category: str,
) -> Entries:
    """From an account to another one of the same owner, both sides."""
    second, person = second_of(day, clock_seconds), acc.owner[account]
    text = words("elsewhere", person)
    common = {"category": CATEGORY[category], "channel": CHANNEL["transfer"], "words": text}
    return joined([
        entries(account=account, second=second, cents=cents, out=True, counterparty=acc.number[to],
                person=person, flexible=True, **common),
        entries(account=to, second=second, cents=asked(RECEIPT), out=False, counterparty=acc.number[account],
                person=person, **common),
    ])  # fmt: skip


def _surplus(frame: Frame, who: People, leave: Leaving, acc: Accounts, habits: Habits) -> Entries:
    """Some days after pay day, what exceeds the comfortable balance is put aside; some do so seldom."""
    draw = frame.random(who.community, "surplus")
    n = who.count
    often, share = draw.beta(1.6, 1.6, n), draw.uniform(0.3, 0.95, n)
    often = np.where(habits.light, LIGHT_SURPLUS, often)
    luck = frame.random(who.community, "surplus months").random((n, 120))[:, : frame.months]
    days = due(frame, 1 + (who.pay_day + 3) % 28)
    until = np.minimum(habits.bills_until, leave.salary_moved)
    awake = habits.rests.slept < 0
    person, month = np.nonzero((luck < often[:, None]) & awake & between(days, habits.since + 20, until))
    day = days[person, month]
    savings = acc.savings[person]
    known = np.maximum(savings, 0)
    own = (savings >= 0) & (day >= acc.opened[known]) & (day < acc.closed[known])
    cents, seconds = asked(SURPLUS, share[person]), 12 * 3600 + person * 23
    inside = _moved(
        who, acc, acc.main[person[own]], savings[own], day[own], seconds[own], cents[own], "savings"
    )
    rows = np.flatnonzero(~own)
    number = acquaintance(who, person[rows], 12)
    outside = entries(
        account=acc.main[person[rows]], second=second_of(day[rows], seconds[rows]), cents=cents[rows],
        out=True,
        category=np.where(who.life[person[rows]] == 3, CATEGORY["investment"], CATEGORY["transfer_out"]),
        channel=CHANNEL["transfer"], counterparty=number, bank=bank_of(number), person=person[rows],
        words=words("elsewhere", person[rows]), flexible=True,
    )  # fmt: skip
    return joined([inside, outside])


def _drawn(frame: Frame, who: People, acc: Accounts, habits: Habits) -> Entries:
    """Savings are drawn on once or twice a year."""
    savings = np.flatnonzero(acc.family == SAVINGS)
    rate = np.zeros((who.count, frame.months))
    rate[acc.owner[savings]] = 0.16
    rate[habits.light] = 0.0
    person, _, day = happenings(frame, who.community, "drawn", rate)
    place = acc.savings[person]
    share = frame.random(who.community, "drawn share").beta(1.2, 4, person.size)
    here = (day > np.maximum(acc.opened[place] + 30, habits.since[person])) & (day < acc.closed[place])
    rows = np.flatnonzero(here & (day < habits.until[person]))
    seconds = 13 * 3600 + person * 19
    return _moved(
        who, acc, place[rows], acc.main[person[rows]], day[rows], seconds[rows], asked(SWEEP, share[rows]),
        "savings"
    )  # fmt: skip


def _deposits(frame: Frame, who: People, acc: Accounts) -> Entries:
    """What is put into savings and deposits on the day they are opened."""
    new = np.flatnonzero(
        np.isin(acc.family, (SAVINGS, DEPOSIT)) & (acc.opened >= 0) & (acc.opened < frame.days)
    )
    share = frame.random(who.community, "deposited").uniform(0.4, 0.9, (who.count, 8))
    cents = asked(SWEEP, share[acc.owner[new], (acc.number[new] % 8)])
    main = acc.main[acc.owner[new]]
    return _moved(who, acc, main, new, acc.opened[new], 14 * 3600 + new, cents, "savings")


def _homes(frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts) -> Entries:
    """A home is paid for with most of what there is: it looks like a departure and is none."""
    home = life.events.of("home")
    here = (home.day >= np.maximum(who.joined[home.person] + 30, 0)) & (
        home.day < leave.salary_moved[home.person]
    )
    person, day = home.person[here], home.day[here]
    place = acc.savings[person]
    known = np.maximum(place, 0)
    own = (place >= 0) & (day > acc.opened[known]) & (day + 2 < acc.closed[known])
    before = _moved(who, acc, place[own], acc.main[person[own]], day[own], 10 * 3600 + person[own],
                    asked(SWEEP, np.full(int(own.sum()), 0.85)), "savings")  # fmt: skip
    number = acquaintance(who, person, 13)
    paid = entries(
        account=acc.main[person], second=second_of(day + 1, 11 * 3600 + person), out=True,
        cents=asked(SWEEP, np.full(person.size, 0.88)), category=CATEGORY["transfer_out"],
        channel=CHANNEL["branch"], counterparty=number, bank=bank_of(number), person=person,
        words=words("home", person), flexible=True,
    )  # fmt: skip
    return joined([before, paid])


def _windfalls(who: People, life: Life, leave: Leaving, acc: Accounts) -> Entries:
    gain = life.events.of("windfall")
    here = (gain.day >= np.maximum(who.joined[gain.person], 0)) & (gain.day < leave.salary_moved[gain.person])
    person, day = gain.person[here], gain.day[here]
    number = acquaintance(who, person, 14)
    return entries(
        account=acc.main[person], second=second_of(day, 10 * 3600 + person * 11),
        cents=np.maximum(gain.amount[here], 1), out=False, category=CATEGORY["transfer_in"],
        channel=CHANNEL["transfer"], counterparty=number, bank=bank_of(number), words=words("windfall",
        person),
    )  # fmt: skip


def _run_down(frame: Frame, who: People, leave: Leaving, acc: Accounts) -> Entries:
    """Leavers carry their money to a competitor in three or four steps, and little stays."""
    draw = frame.random(who.community, "run-down")
    n, steps = who.count, 4
    wait, share, rival = draw.random((n, steps)), draw.uniform(0.3, 0.75, (n, steps)), draw.integers(0, 2, n)
    leaves = np.flatnonzero(
        ((leave.way == GRADUAL) | (leave.way == SILENT)) & (leave.rundown_from < frame.days)
    )
    length = np.maximum(leave.rundown_until - leave.rundown_from, 1)[leaves]
    days = leave.rundown_from[leaves][:, None] + (np.sort(wait[leaves], axis=1) * length[:, None]).astype(
        np.int64
    )
    days[:, -1] = leave.rundown_until[leaves] - 1
    part = share[leaves]
    part[:, -1] = np.where(leave.way[leaves] == SILENT, 0.75, 0.96)  # the silent leave some behind
    person, day = np.repeat(leaves, steps), days.ravel()
    here = (day < acc.closed[person]) & (day >= np.maximum(who.joined[person], 0))
    person, day, cents = person[here], day[here], asked(SWEEP, part.ravel()[here])
    number = acquaintance(who, person, 15)
    paid = entries(
        account=acc.main[person], second=second_of(day, 15 * 3600 + person * 7), cents=cents, out=True,
        category=CATEGORY["transfer_out"], channel=CHANNEL["transfer"], counterparty=number,
        bank=len(BANKS) - 2 + rival[person], person=person, words=words("elsewhere", person), flexible=True,
        device=device_of(who, person, second_of(day, 0)),
    )  # fmt: skip
    savings = np.flatnonzero((acc.family == SAVINGS) & np.isin(acc.owner, leaves))
    start = leave.rundown_from[acc.owner[savings]]
    here = (
        (start > acc.opened[savings]) & (start < np.minimum(acc.closed[savings], frame.days)) & (start >= 0)
    )
    savings, start = savings[here], start[here]
    emptied = _moved(who, acc, savings, acc.main[acc.owner[savings]], start, 9 * 3600 + savings,
                     asked(SWEEP, np.full(savings.size, 0.97)), "savings")  # fmt: skip
    return joined([paid, emptied])


def funded_of(who: People, acc: Accounts, habits: Habits, due: Entries) -> Entries:
    """Light users send the money for their instalments, `due`, over from their other bank the day before."""
    owner = np.minimum(due.account, who.count - 1)
    theirs = habits.light[owner] & (due.account < who.count)
    rows = np.flatnonzero(theirs & due.out & (due.category == CATEGORY["loan_payment"]) & (due.cents > 0))
    person = due.account[rows].astype(np.int64)
    number = acquaintance(who, person, 16)
    return entries(
        account=acc.main[person], second=due.second[rows] - DAY, cents=due.cents[rows], out=False,
        category=CATEGORY["transfer_in"], channel=CHANNEL["transfer"], counterparty=number,
        bank=bank_of(number),
    )  # fmt: skip
