"""What comes and goes every month: wages, pensions, benefits, rent, bills, savings, fees."""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.simulation.accounts import CURRENT, Accounts
from bankmine.simulation.catalogue import product
from bankmine.simulation.entries import Entries, entries, joined
from bankmine.simulation.frame import NEVER, Frame, Ints
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People
from bankmine.simulation.spending_habits import Habits
from bankmine.simulation.spending_tools import (
    CATEGORY,
    CHANNEL,
    acquaintance,
    bank_of,
    between,
    biller,
    business_day,
    due,
    employer_account,
    second_of,
)
from bankmine.simulation.spending_use import (
    PERIODIC,
    bills_here_of,
    small_bills_of,
    use_of,
    wage_share_of,
)
from bankmine.simulation.standing_orders import order_entries
from bankmine.simulation.words import words


def wages_of(frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts, habits: Habits) -> Entries:
    """Wages, pensions and the earnings of the self-employed; a company of the community pays its own
    staff."""
    days = business_day(frame, due(frame, who.pay_day))
    paid = (life.wage > 0) & between(
        days, np.maximum(who.joined, 0), np.minimum(leave.salary_moved, leave.closed)
    )
    part = wage_share_of(frame, who)
    person, month = np.nonzero(paid & ((who.life != 6) & (part > 0))[:, None])
    day, cents = days[person, month], life.wage[person, month]
    cents = np.maximum((cents * part[person]).astype(np.int64), 100)
    clock = 5 * 3600 + (who.number[person] * 7_919 % 10_000)
    payer, employer = _payers(frame, who, life, leave, person, day)
    pension, local = who.life[person] == 4, payer >= 0
    number = np.where(pension, biller("pension", person), employer_account(np.maximum(employer, 900_000)))
    number = np.where((employer == 0) & ~pension, acquaintance(who, person, 0), number)
    group = np.where(pension, words("pension", person), words("salary", np.maximum(employer, person)))
    received = entries(
        account=acc.main[person], second=second_of(day, clock), cents=cents, out=False,
        category=np.where(pension, CATEGORY["pension"], CATEGORY["salary"]), channel=CHANNEL["transfer"],
        counterparty=np.where(local, acc.number[np.maximum(payer, 0)], number),
        bank=np.where(local, 0, bank_of(number)), words=group,
    )  # fmt: skip
    rows = np.flatnonzero(local)
    paying = entries(
        account=payer[rows], second=received.second[rows], cents=cents[rows], out=True,
        category=CATEGORY["payroll"], channel=CHANNEL["transfer"], counterparty=acc.number[person[rows]],
        words=words("payroll", payer[rows]), person=payer[rows],
    )  # fmt: skip
    return joined(
        [paying, received, _earnings(frame, who, life, leave, acc), _benefits(frame, who, life, leave, acc),
         _topped_up(frame, who, life, leave, acc, habits)]
    )  # fmt: skip


def _topped_up(
    frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts, habits: Habits
) -> Entries:
    """Who is paid elsewhere brings here what is spent here, as long as the account does not rest."""
    draw = frame.random(who.community, "topped up")
    luck, day = draw.random((who.count, 120))[:, : frame.months], draw.integers(1, 28, who.count)
    alone = (wage_share_of(frame, who) == 0) & ~who.company
    days, until = due(frame, day), np.minimum(leave.salary_moved, leave.closed)
    here = alone[:, None] & (habits.rests.slept < 0) & between(days, habits.since, until)
    person, month = np.nonzero(here)
    cents = 4_200 * habits.usual[person] * (0.5 + luck[person, month])
    number = acquaintance(who, person, 16)
    return entries(
        account=acc.main[person], second=second_of(days[person, month], 9 * 3600 + person * 13),
        cents=np.maximum(cents.astype(np.int64) // 5_000 * 5_000, 5_000), out=False,
        category=CATEGORY["transfer_in"], channel=CHANNEL["transfer"], counterparty=number,
        bank=bank_of(number), words=words("elsewhere", person),
    )  # fmt: skip


def _single_bills(frame: Frame, who: People, acc: Accounts, habits: Habits) -> Entries:
    """The one thing a periodic user keeps the account for: a debit every one, two or three months."""
    draw = frame.random(who.community, "single bills")
    every, phase = draw.choice([1, 2, 3], who.count, p=[0.34, 0.33, 0.33]), draw.integers(0, 6, who.count)
    usual, day = draw.uniform(1_500, 12_000, who.count), draw.integers(1, 28, who.count)
    days = due(frame, day)
    turn = (np.arange(frame.months) + phase[:, None]) % every[:, None] == 0
    here = turn & (use_of(frame, who) == PERIODIC)[:, None]
    person, month = np.nonzero(here & between(days, habits.since, habits.bills_until))
    kinds, kind = ("telecom", "leisure", "insurance"), every[person] - 1
    number = np.choose(kind, [biller(name, person * 5 + who.life[person]) for name in kinds])
    text = np.choose(kind, [words(group, person) for group in ("telecom", "membership", "insurance")])
    return entries(
        account=acc.main[person], second=second_of(days[person, month], 2 * 3600 + person * 5), out=True,
        cents=usual[person].astype(np.int64) // 10 * 10, channel=CHANNEL["debit"],
        category=np.array([CATEGORY[name] for name in kinds])[kind],
        counterparty=number, bank=bank_of(number), words=text, flexible=True,
    )  # fmt: skip


def _payers(
    frame: Frame, who: People, life: Life, leave: Leaving, person: Ints, day: Ints
) -> tuple[Ints, Ints]:
    """Place of the paying company of the community or −1, and the raw number of the employer."""
    new = life.events.of("new_job")
    first = np.full(who.count, NEVER, dtype=np.int64)
    np.minimum.at(first, new.person, new.day)
    place = np.where(day < first[person], who.employer_place[person], -1)
    known = np.maximum(place, 0)
    local = (
        (place >= 0)
        & (day >= who.joined[known])
        & (day < np.minimum(leave.closed, who.employer_fails)[known])
    )
    last = np.searchsorted(new.person * 2**20 + new.day, person * 2**20 + day, side="right") - 1
    clipped = np.maximum(last, 0)
    changed = (last >= 0) & (new.person.size > 0)
    if new.person.size:
        changed &= new.person[clipped] == person
        employer = np.where(changed, new.detail[clipped], who.employer[person])
    else:
        employer = who.employer[person]
    outside = np.where(employer >= 10_000_000, 900_000 + employer % 1_500, employer)
    return np.where(local, place, -1), outside


def _earnings(frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts) -> Entries:
    """The self-employed are paid by a few of their customers, on any business day."""
    draw = frame.random(who.community, "earnings")
    parts = 3
    share, place = draw.dirichlet([1.5] * parts, (120, who.count)), draw.random((120, who.count, parts))
    known = draw.integers(1, 9, (120, who.count, parts))
    person, month = np.nonzero((life.wage > 0) & (who.life == 6)[:, None])
    length = np.diff(frame.month_start)[month]
    day = frame.month_start[month][:, None] + (place[month, person] * length[:, None]).astype(np.int64)
    day = np.maximum(business_day(frame, day), frame.month_start[month][:, None])
    cents = np.rint(life.wage[person, month][:, None] * share[month, person]).astype(np.int64)
    until = np.minimum(leave.salary_moved, leave.closed)
    keep = (cents > 2_000) & (day >= who.joined[person][:, None]) & (day < until[person][:, None])
    row, slot = np.nonzero(keep)
    number = acquaintance(who, person[row], known[month[row], person[row], slot])
    return entries(
        account=acc.main[person[row]], second=second_of(day[row, slot], 9 * 3600 + (cents[row,
        slot] * 37) % 30_000),
        cents=cents[row, slot] // 100 * 100, out=False, category=CATEGORY["business_income"],
        channel=CHANNEL["transfer"], counterparty=number, bank=bank_of(number),
        words=words("business", number),
    )  # fmt: skip


def _benefits(frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts) -> Entries:
    """A quarter of the wage from the second month without work."""
    spell = life.events.of("job_loss")
    days = frame.month_start[:-1] + 4
    inside = (days >= spell.day[:, None] + 14) & (days < (spell.day + spell.detail)[:, None])
    row, month = np.nonzero(inside)
    person = spell.person[row]
    here = (days[month] >= who.joined[person]) & (
        days[month] < np.minimum(leave.salary_moved, leave.closed)[person]
    )
    person, month = person[here], month[here]
    number = biller("benefit", person * 0)
    return entries(
        account=acc.main[person], second=second_of(days[month], 6 * 3600 + person * 3), out=False,
        cents=np.maximum(who.income[person] // 4, 20_000), category=CATEGORY["benefit"],
        channel=CHANNEL["transfer"], counterparty=number, bank=bank_of(number), words=words("benefit",
        person * 0),
    )  # fmt: skip


def bills_of(frame: Frame, who: People, acc: Accounts, habits: Habits) -> Entries:
    """Standing orders, utilities, telephone, school fees, and the fees of the account; light users pay
    elsewhere."""
    draw = frame.random(who.community, "bills")
    luck = draw.random((who.count, 6))
    own = np.exp(0.3 * draw.normal(size=(who.count, 4)))
    season = frame.random(who.community, "seasons").normal(size=(who.count, 120))[:, : frame.months]
    income, kind = who.income / 450_000, who.life
    power = (9_500 * own[:, 0] * np.clip(income, 0.4, 3) ** 0.5)[:, None] * np.exp(0.18 * season)
    phone = np.array([1_890, 2_890, 3_900, 4_890, 6_500])[(luck[:, 1] * 5).astype(int)]
    school = np.where(np.isin(kind, (2, 3)) & (luck[:, 3] < 0.3), np.rint(45_000 * own[:, 3] / 500) * 500, 0)
    both, here = np.ones((1, frame.months)), small_bills_of(frame, who)[:, None] & (habits.rests.slept < 0)
    usual = {
        "utilities": (power * (luck[:, 0] < 0.62)[:, None], luck[:, 0] * 30, "utilities"),
        "telecom": (phone[:, None] * both * (luck[:, 1] < 0.8)[:, None], luck[:, 4] * 27, "telecom"),
        "education": (school[:, None] * both, luck[:, 3] * 60, "school"),
    }  # fmt: skip
    parts = [order_entries(acc.orders, frame, acc.number), _fees(frame, who, acc, habits)]
    parts.append(_single_bills(frame, who, acc, habits))
    for name, (cents, day, text) in usual.items():
        days = due(frame, 3 + day.astype(np.int64))
        amount = np.rint(np.where(who.company[:, None], 3 * cents, cents)).astype(np.int64)
        amount[~here] = 0
        person, month = np.nonzero((amount > 0) & between(days, habits.since, habits.bills_until))
        number = biller(name, person * 5 + kind[person])
        parts.append(entries(
            account=acc.main[person], second=second_of(days[person, month], 2 * 3600 + person * 5), out=True,
            cents=amount[person, month], category=CATEGORY[name], channel=CHANNEL["debit"],
            counterparty=number,
            bank=bank_of(number), words=words(text, person), flexible=True,
        ))  # fmt: skip
    return joined(parts)


def _fees(frame: Frame, who: People, acc: Accounts, habits: Habits) -> Entries:
    """The premier and business accounts cost nine dollars a month, as long as they are in use."""
    costly = np.isin(acc.product[: who.count], (product("CUR-PREM"), product("CUR-BUS")))
    days = np.broadcast_to(frame.month_start[1:] - 2, (who.count, frame.months))
    costly &= bills_here_of(frame, who)
    person, month = np.nonzero(costly[:, None] & between(days, habits.since, habits.bills_until))
    return entries(
        account=acc.main[person], second=second_of(days[person, month], 22 * 3600 + person), cents=900,
        out=True,
        category=CATEGORY["fee"], channel=CHANNEL["bank"], words=words("fee"),
    )  # fmt: skip


def opening_of(frame: Frame, who: People, acc: Accounts) -> Entries:
    """The first deposit into a current account opened in the period."""
    new = np.flatnonzero((acc.family == CURRENT) & (acc.opened >= 0) & (acc.opened < frame.days))
    draw: Any = frame.random(who.community, "first deposits").uniform(0.3, 1.2, who.count)
    cents = np.maximum((acc.target[new] * draw[acc.owner[new]]).astype(np.int64) // 5_000 * 5_000, 5_000)
    number = acquaintance(who, acc.owner[new], 11)
    return entries(
        account=new, second=second_of(acc.opened[new], 10 * 3600 + acc.owner[new] * 7), cents=cents,
        out=False,
        category=CATEGORY["transfer_in"], channel=CHANNEL["transfer"], counterparty=number,
        bank=bank_of(number),
        words=words("opening", new),
    )  # fmt: skip
