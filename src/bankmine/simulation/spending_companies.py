"""What companies take in and pay: customers, suppliers, staff at other banks, tax.

Staff who are customers here are paid by `spending_regular.wages_of`. Staff at other banks, suppliers and
customers stay the same over the years: some of them are worth winning.
"""

from __future__ import annotations

import numpy as np

from bankmine.simulation.accounts import Accounts
from bankmine.simulation.entries import Entries, entries, joined
from bankmine.simulation.frame import Frame, Ints
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
    clock,
    due,
    happenings,
    second_of,
)
from bankmine.simulation.words import words

_STAFF = 6  # at other banks, at most
_TAKINGS, _SUPPLIERS = 11.0, 6.0  # payments a month


def companies_of(
    frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts, habits: Habits
) -> Entries:
    """Everything companies do beyond purchases and bills."""
    firms = np.flatnonzero(who.company)
    until = np.minimum(np.minimum(habits.until, who.employer_fails + 20), habits.bills_until)
    staff = _staff(frame, who, firms)
    turnover = _turnover(who, life, staff)
    return joined([
        _takings(frame, who, acc, habits, turnover, until), _supplies(frame, who, acc, habits, turnover,
        until),
        _payroll(frame, who, acc, habits, staff, until), _taxes(frame, who, acc, habits, turnover, until),
    ])  # fmt: skip


def _staff(frame: Frame, who: People, firms: Ints) -> Ints:
    """Monthly pay in cents of staff at other banks, (n, _STAFF), 0 where there is none."""
    draw = frame.random(who.community, "staff")
    wage = 320_000 * np.exp(0.35 * draw.normal(size=(who.count, _STAFF)))
    some = draw.integers(0, _STAFF + 1, who.count)
    there = (np.arange(_STAFF)[None, :] < some[:, None]) & who.company[:, None]
    return np.where(there, wage, 0).astype(np.int64) // 1_000 * 1_000


def _turnover(who: People, life: Life, staff: Ints) -> Ints:
    """A month's takings: at least 1.7 times what all staff cost."""
    local = np.zeros(who.count, dtype=np.int64)
    works = np.flatnonzero(who.employer_place >= 0)
    np.add.at(local, who.employer_place[works], who.income[works])
    return np.where(who.company, np.maximum(who.income, 1.7 * (local + staff.sum(axis=1))), 0).astype(
        np.int64
    )


def _takings(
    frame: Frame, who: People, acc: Accounts, habits: Habits, turnover: Ints, until: Ints
) -> Entries:
    """Invoices paid by customers, card takings from the acquirer, cash paid in at the counter."""
    rate = np.where(
        who.company[:, None], _TAKINGS * np.ones(frame.months) * habits.steady[:, None] ** 0.5, 0.0
    )
    person, _, day = happenings(frame, who.community, "takings", np.minimum(rate, 60))
    draw = frame.random(who.community, "takings details")
    luck = draw.random((person.size, 2))
    mean = turnover[person] / np.maximum(rate[person, 0], 1.0)
    weak = np.where(day > who.employer_fails[person] - 100, 0.5, 1.0)
    cents = (mean * weak * np.exp(0.8 * draw.normal(size=person.size) - 0.32)).astype(np.int64)
    day = business_day(frame, day)
    rows = np.flatnonzero((day >= habits.since[person]) & (day < until[person]) & (cents > 100))
    person, cents, luck, day = person[rows], cents[rows], luck[rows], day[rows]
    cash, acquired = luck[:, 0] < 0.12, luck[:, 0] > 0.65
    number = acquaintance(who, person, 40 + (luck[:, 1] ** 2 * 20).astype(np.int64))
    number = np.where(acquired, biller("acquirer", person), number)
    return entries(
        account=acc.main[person], second=second_of(day, clock(frame, who.community, "takings", person.size,
        8, 18)),
        cents=np.where(cash, np.maximum(cents // 1_000, 1) * 1_000, cents), out=False,
        category=np.where(cash, CATEGORY["cash_deposit"], CATEGORY["business_income"]),
        channel=np.where(cash, CHANNEL["branch"], CHANNEL["transfer"]),
        counterparty=np.where(cash, 0, number), bank=np.where(cash, 0, bank_of(number)),
        words=np.where(cash, 0, words("business", person)),
    )  # fmt: skip


def _supplies(
    frame: Frame, who: People, acc: Accounts, habits: Habits, turnover: Ints, until: Ints
) -> Entries:
    rate = np.where(
        who.company[:, None], _SUPPLIERS * np.ones(frame.months) * habits.steady[:, None] ** 0.5, 0.0
    )
    person, _, day = happenings(frame, who.community, "supplies", np.minimum(rate, 40))
    draw = frame.random(who.community, "supplies details")
    luck = draw.random(person.size)
    mean = 0.33 * turnover[person] / np.maximum(rate[person, 0], 1.0)
    cents = np.maximum((mean * np.exp(0.9 * draw.normal(size=person.size) - 0.4)).astype(np.int64), 2_000)
    day = business_day(frame, day)
    rows = np.flatnonzero((day >= habits.since[person]) & (day < until[person]))
    person, cents, day = person[rows], cents[rows], day[rows]
    number = acquaintance(who, person, 60 + (luck[rows] ** 2 * 14).astype(np.int64))
    return entries(
        account=acc.main[person], second=second_of(day, clock(frame, who.community, "supplies", person.size,
        8, 18)),
        cents=cents, out=True, category=CATEGORY["supplier"], channel=CHANNEL["transfer"],
        counterparty=number,
        bank=bank_of(number), person=person, words=words("supplier", number), flexible=True,
    )  # fmt: skip


def _payroll(frame: Frame, who: People, acc: Accounts, habits: Habits, staff: Ints, until: Ints) -> Entries:
    """Staff at other banks, the same persons every month on the company's pay day."""
    days = business_day(frame, due(frame, who.pay_day))
    paid = between(days, habits.since, until)
    person, slot, month = np.nonzero((staff > 0)[:, :, None] & paid[:, None, :])
    number = acquaintance(who, person, 30 + slot)
    rise = 1.03 ** (month // 12)
    return entries(
        account=acc.main[person], second=second_of(days[person, month], 5 * 3600 + person * 7 + slot),
        cents=(staff[person, slot] * rise).astype(np.int64), out=True, category=CATEGORY["payroll"],
        channel=CHANNEL["transfer"], counterparty=number, bank=bank_of(number), person=person,
        words=words("payroll", person),
    )  # fmt: skip


def _taxes(frame: Frame, who: People, acc: Accounts, habits: Habits, turnover: Ints, until: Ints) -> Entries:
    """Companies every quarter; the self-employed and the well-off once a year, in April."""
    months = np.arange(frame.months)
    days = business_day(frame, np.broadcast_to(frame.month_start[:-1] + 14, (who.count, frame.months)))
    quarterly = who.company[:, None] & (months % 3 == 0)
    yearly = np.isin(who.life, (3, 6))[:, None] & ~who.company[:, None] & (months % 12 == 3)
    cents = np.where(quarterly, 0.12 * turnover[:, None], np.where(yearly, 0.7 * who.income[:, None], 0.0))
    wages = np.minimum(until, habits.bills_until)
    person, month = np.nonzero((cents > 0) & between(days, habits.since, wages))
    number = biller("tax", person * 0)
    return entries(
        account=acc.main[person], second=second_of(days[person, month], 7 * 3600 + person * 3), out=True,
        cents=cents[person, month].astype(np.int64), category=CATEGORY["tax"], channel=CHANNEL["debit"],
        counterparty=number, bank=bank_of(number), words=words("tax", person),
    )  # fmt: skip
