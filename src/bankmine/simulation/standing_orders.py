"""Standing orders: rent, and saving every month. The extract lists them; spending pays them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import FAMILIES
from bankmine.simulation.entries import BANKS, CATEGORIES, Entries, entries, joined
from bankmine.simulation.frame import NEVER, Floats, Frame, Ints
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import FIRST_CUSTOMER, People
from bankmine.simulation.spending_habits import bills_until_of
from bankmine.simulation.spending_tools import (
    CATEGORY,
    CHANNEL,
    acquaintance,
    bank_of,
    between,
    due,
    second_of,
)
from bankmine.simulation.spending_use import bills_here_of
from bankmine.simulation.variable import RECEIPT, asked
from bankmine.simulation.words import words

FIRST_ORDER = 6_000_000_000
_EACH = 8  # raw numbers of orders a customer may have
_RENTS = np.array([0.35, 0.75, 0.35, 0.1, 0.25, 0.6, 0.4, 0.9])  # share that rents, by way of life
_SAVINGS = FAMILIES.index("savings")
_CLOCKS = {"rent": 4 * 3600, "savings": 4 * 3600 + 1_800}

SCHEMA_ORDERS = pa.schema(
    [("order", pa.int64()), ("account", pa.int64()), ("counterparty", pa.int64()), ("cp_bank", columns.CODE),
     ("amount", pa.int64()), ("category", columns.CODE), ("valid_from", pa.date32()), ("valid_to",
     pa.date32())]
)  # fmt: skip


@dataclass(frozen=True)
class Orders:
    """Shape (o,): `person`, the paying `account`, the receiving account `to` of the community or −1 (places),
    raw number and bank of the other side, category, day of the month, days [`since`, `until`) in which it is
    carried out; `cents` (o, months), 0 in months without a payment."""

    number: Ints
    person: Ints
    account: Ints
    to: Ints
    counterparty: Ints
    bank: Ints
    category: Ints
    day: Ints
    since: Ints
    until: Ints
    cents: Ints


def orders_of(
    frame: Frame, who: People, life: Life, leave: Leaving, made: tuple[Ints, Ints, Ints, Ints, Ints]
) -> Orders:
    """The orders of one community; `made` are owner, family, first day, closing day and number of
    accounts."""
    parts = [_rents(frame, who, life, leave, made), _saving(frame, who, leave, made)]
    return Orders(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _rents(
    frame: Frame, who: People, life: Life, leave: Leaving, made: tuple[Ints, Ints, Ints, Ints, Ints]
) -> tuple[Ints, ...]:
    """Rent rises two in a hundred every year and ends where a home is bought; some landlords are
    customers."""
    draw, n = frame.random(who.community, "rent"), who.count
    luck, share, day = draw.random(n), draw.uniform(0.18, 0.34, n), draw.integers(1, 6, n)
    owner, local = (draw.random(n) * n).astype(np.int64), draw.random(n) < 0.2
    person = np.flatnonzero((luck < _RENTS[who.life]) & bills_here_of(frame, who))
    suits = np.isin(who.life[owner], (3, 4)) & (leave.closed[owner] == NEVER) & (who.joined[owner] < 0)
    to = np.where(local & suits & (owner != np.arange(n)), owner, -1)[person]
    base = np.where(who.company, 0.05 * who.income, share * who.income)[person]
    base = np.minimum(base, 900_000) // 5_000 * 5_000
    bought = np.full(n, NEVER, dtype=np.int64)
    homes = life.events.of("home")
    np.minimum.at(bought, homes.person, homes.day + 45)
    rise = 1.02 ** (np.arange(frame.months) // 12)
    cents = np.maximum((base[:, None] * rise).astype(np.int64) // 1_000 * 1_000, 10_000)
    outside = acquaintance(who, person, 10)
    counterparty = np.where(to >= 0, made[4][np.maximum(to, 0)], outside)
    until = np.minimum(bills_until_of(frame, who, leave), bought)[person]
    return (
        FIRST_ORDER + (who.number[person] - FIRST_CUSTOMER) * _EACH, person, person, to, counterparty,
        np.where(to >= 0, 0, bank_of(outside)), np.full(person.size, CATEGORY["rent"]), day[person],
        who.joined[person], until, cents,
    )  # fmt: skip


def _saving(
    frame: Frame, who: People, leave: Leaving, made: tuple[Ints, Ints, Ints, Ints, Ints]
) -> tuple[Ints, ...]:
    """The prudent put something aside every month, where they have a savings account."""
    _, _, opened, closed, number = made
    draw, n = frame.random(who.community, "saving"), who.count
    luck, share, day = draw.random(n), draw.uniform(0.03, 0.15, n), draw.integers(1, 28, n)
    place = first_of(made, _SAVINGS, n)
    person = np.flatnonzero((place >= 0) & (luck < 0.35 + 0.5 * who.prudence) & bills_here_of(frame, who))
    to = place[person]
    cents = np.maximum((share * who.income).astype(np.int64) // 5_000 * 5_000, 2_000)[person]
    until = np.minimum(bills_until_of(frame, who, leave)[person], closed[to])
    return (
        FIRST_ORDER + (who.number[person] - FIRST_CUSTOMER) * _EACH + 1, person, person, to, number[to],
        person * 0, np.full(person.size, CATEGORY["savings"]), day[person],
        np.maximum(opened[to], who.joined[person]), until, np.repeat(cents[:, None], frame.months, axis=1),
    )  # fmt: skip


def first_of(made: tuple[Ints, Ints, Ints, Ints, Ints], family: int, people: int) -> Ints:
    """Place of each customer's first account of a family, −1 for none."""
    chosen = np.flatnonzero(made[1] == family)
    place = np.full(people, -1, dtype=np.int64)
    place[made[0][chosen][::-1]] = chosen[::-1]
    return place


def order_entries(orders: Orders, frame: Frame, numbers: Ints) -> Entries:
    """Every payment of the orders; `numbers` are the raw numbers of the accounts."""
    days = due(frame, orders.day)
    row, month = np.nonzero((orders.cents > 0) & between(days, orders.since, orders.until))
    rent = orders.category[row] == CATEGORY["rent"]
    person, to = orders.person[row], orders.to[row]
    clock = np.where(rent, _CLOCKS["rent"], _CLOCKS["savings"]) + person * 3
    text = np.where(rent, words("rent", person), words("savings", person))
    paid = entries(
        account=orders.account[row], second=second_of(days[row, month], clock), cents=orders.cents[row,
        month],
        out=True, category=orders.category[row], channel=CHANNEL["order"],
        counterparty=orders.counterparty[row],
        bank=orders.bank[row], words=text, flexible=True,
    )  # fmt: skip
    here = np.flatnonzero(to >= 0)
    received = np.where(rent[here], CATEGORY["transfer_in"], orders.category[row[here]])
    got = entries(
        account=to[here], second=paid.second[here], cents=asked(RECEIPT), out=False, category=received,
        channel=CHANNEL["order"], counterparty=numbers[orders.account[row[here]]], words=text[here],
    )  # fmt: skip
    return joined([paid, got])


def order_table(orders: Orders, frame: Frame, numbers: Ints) -> pa.Table:
    """Extract `orders`: a version for each amount; the first begins with the order."""
    new = np.ones(orders.cents.shape, dtype=np.bool_)
    new[:, 1:] = orders.cents[:, 1:] != orders.cents[:, :-1]
    row, month = np.nonzero(new)
    first = np.where(month == 0, orders.since[row], frame.month_start[month])
    ends: Floats | Ints = np.append(frame.month_start[month[1:]], 0)
    followed = np.append((row[1:] == row[:-1]), False)
    until = np.minimum(np.where(followed, ends, NEVER), orders.until[row])
    first = np.maximum(first, orders.since[row])
    table = pa.table(
        {"order": pa.array(orders.number[row]), "account": pa.array(numbers[orders.account[row]]),
         "counterparty": pa.array(orders.counterparty[row]), "cp_bank": columns.code(orders.bank[row], BANKS),
         "amount": pa.array(orders.cents[row, month]), "category": columns.code(orders.category[row],
         CATEGORIES),
         "valid_from": columns.day(first),
         "valid_to": columns.day(np.where(until < frame.days, until, NEVER))}, schema=SCHEMA_ORDERS,
    )  # fmt: skip
    return table.filter(pa.array((first < until) & (first < frame.days)))
