"""Accounts, who may use them, cards and standing orders of a community.

The first places are the customers' own current accounts, so a customer's place is also that of the main
account; then follow accounts of other products. A credit card has an account of its own, billed every month.
Debit cards come with the main account and are renewed every four years; a co-owner has one too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import FAMILIES, FAMILY_OF, product
from bankmine.simulation.frame import NEVER, Floats, Frame, Ints
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People
from bankmine.simulation.standing_orders import Orders, first_of, orders_of

FIRST_ACCOUNT, FIRST_CARD = 2_000_000_000, 5_000_000_000
EACH = 8  # raw numbers of accounts, cards and orders a customer may have
CURRENT, SAVINGS, DEPOSIT, CREDIT_CARD = (
    FAMILIES.index(name) for name in ("current", "savings", "deposit", "card")
)
ROLES = ("owner", "co-owner", "authorised")
KINDS = ("debit", "credit")
RENEWED = 4 * 365 + 1  # days a card is valid
_DEBIT_CARDS, _CO_OWNERS_CARD = 4, 7  # places of a customer's eight card numbers

SCHEMA_ACCOUNTS = pa.schema(
    [("account", pa.int64()), ("product", columns.CODE), ("branch", columns.CODE), ("opened_on", pa.date32()),
     ("closed_on", pa.date32()), ("ccy", columns.CODE), ("overdraft_limit", pa.int64())]
)  # fmt: skip
SCHEMA_PARTIES = pa.schema(
    [("account", pa.int64()), ("customer", pa.int64()), ("role", columns.CODE), ("valid_from", pa.date32()),
     ("valid_to", pa.date32())]
)  # fmt: skip
SCHEMA_CARDS = pa.schema(
    [("card", pa.int64()), ("account", pa.int64()), ("customer", pa.int64()), ("kind", columns.CODE),
     ("issued_on", pa.date32()), ("expires_on", pa.date32()), ("closed_on", pa.date32()),
     ("card_limit", pa.int64())]
)  # fmt: skip


class Holdings(Protocol):
    """What is read of the products held: places of person and product, first and closing day."""

    @property
    def person(self) -> Ints: ...
    @property
    def product(self) -> Ints: ...
    @property
    def opened(self) -> Ints: ...
    @property
    def closed(self) -> Ints: ...


@dataclass(frozen=True)
class Accounts:
    """Accounts, shape (a,): `owner` place; `product` index of PRODUCTS and its `family`; `opened`, `closed`
    days (nothing happens on or after `closed`; NEVER while open); `number` raw; `limit` agreed overdraft or
    the card's limit, cents; `initial` balance before the period, cents (0 where opened in it); `target`: the
    balance its owner is comfortable with, cents; `co_owner`, `authorised`: places or -1.

    By customer, shape (n,): `main` place of the own current account; `joint`: place of the account of which
    the customer is co-owner, or -1; `debit`, `credit`, `joint_card`: place of the first such card or -1;
    `savings`: place of the first savings account or -1. `orders`: standing orders.

    Cards, shape (c,): account and person (places), raw number, day of issue, day from which it is no longer
    used (renewed or closed), kind (index of KINDS), limit in cents. A customer's cards of one kind follow
    each other, renewed every RENEWED days.
    """

    owner: Ints
    product: Ints
    family: Ints
    opened: Ints
    closed: Ints
    number: Ints
    limit: Ints
    initial: Ints
    target: Ints
    co_owner: Ints
    authorised: Ints
    main: Ints
    joint: Ints
    debit: Ints
    credit: Ints
    joint_card: Ints
    card_account: Ints
    card_person: Ints
    card_number: Ints
    card_issued: Ints
    card_closed: Ints
    card_kind: Ints
    card_limit: Ints
    savings: Ints
    orders: Orders

    @property
    def count(self) -> int:
        """How many accounts there are."""
        return int(self.owner.size)

    def place_of(self, number: Ints, who: People) -> Ints:
        """Place of each raw account number in this community, -1 for any other number."""
        first = FIRST_ACCOUNT + (int(who.number[0]) - 10_000_000) * EACH if who.count else 0
        table = np.full(who.count * EACH + 1, -1, dtype=np.int64)
        table[self.number - first] = np.arange(self.count)
        inside = (number >= first) & (number < first + who.count * EACH)
        return table[np.where(inside, number - first, who.count * EACH)]

    def renewals(self, kind: int) -> Ints:
        """How many cards of a kind follow each customer's first one on an own account, (n,)."""
        own = (self.owner[self.card_account] == self.card_person) & (self.card_kind == kind)
        return np.maximum(np.bincount(self.card_person[own], minlength=self.main.size) - 1, 0)

    def tables(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """Extracts `accounts`, `parties`, `cards` and `orders`."""
        from bankmine.simulation.account_tables import account_tables

        return account_tables(self, frame, who)


def accounts_of(frame: Frame, who: People, life: Life, leave: Leaving, held: Holdings) -> Accounts:
    """Opens the accounts and issues the cards of one community."""
    n = who.count
    person, which, opened, closed = _opened(frame, who, leave, held)
    family = FAMILY_OF[which]
    first = np.searchsorted(person[n:], np.arange(n)) if person.size > n else np.zeros(n, dtype=np.int64)
    slot = np.append(np.zeros(n, dtype=np.int64), 1 + np.arange(person.size - n) - first[person[n:]])
    draw = frame.random(who.community, "accounts")
    target = _targets(draw, who, person, family)
    calm = np.exp(0.35 * frame.random(who.community, "first balances").normal(size=(n, EACH)))
    initial = np.where(opened < 0, target * calm[person, slot], 0).astype(np.int64)
    initial = np.where(family == CREDIT_CARD, 0, initial)
    co_owner, authorised, joint = _companions(frame, who, leave, person.size)
    limit = _limits(frame, who, person, family)
    number = FIRST_ACCOUNT + (who.number[person] - 10_000_000) * EACH + slot
    cards = _cards(frame, who, leave, (person, family, opened, closed, limit), joint)
    made = (person, family, opened, closed, number)
    return Accounts(
        owner=person, product=which, family=family, opened=opened, closed=closed, number=number, limit=limit,
        initial=initial, target=target.astype(np.int64), co_owner=co_owner, authorised=authorised,
        main=np.arange(n), joint=joint, savings=first_of(made, SAVINGS, n),
        orders=orders_of(frame, who, life, leave, made), **cards,
    )  # fmt: skip


def _opened(frame: Frame, who: People, leave: Leaving, held: Holdings) -> tuple[Ints, Ints, Ints, Ints]:
    """Owner, product, first and closing day of every account: the main ones, then the others by owner."""
    n = who.count
    main = np.where(who.company, product("CUR-BUS"), product("CUR-BASIC"))
    main = np.where((who.life == 0), product("CUR-YOUTH"), main)
    main = np.where((who.life == 3), product("CUR-PREM"), main)
    families = FAMILY_OF[held.product]
    own = families == CURRENT
    main[held.person[own]] = held.product[own]
    person, which, since, until = _others(frame, held)
    until = np.minimum(until, leave.closed[person])
    keep = (until > since) & (since >= np.minimum(who.joined[person], 0)) & (since < frame.days)
    since = np.maximum(since, who.joined[person])
    keep &= until > since
    order = np.flatnonzero(keep)
    order = order[np.lexsort((which[order], since[order], person[order]))]
    number = np.arange(order.size) - np.searchsorted(person[order], person[order])
    order = order[number < EACH - 1]
    return (
        np.append(np.arange(n), person[order]), np.append(main, which[order]),
        np.append(who.joined, since[order]), np.append(leave.closed, until[order]),
    )  # fmt: skip


def _others(frame: Frame, held: Holdings) -> tuple[Ints, Ints, Ints, Ints]:
    """Savings, deposits and credit cards; cards held at the start come from the needs for credit."""
    kept = np.isin(FAMILY_OF[held.product], (SAVINGS, DEPOSIT, CREDIT_CARD))
    person, which = held.person[kept], held.product[kept]
    since, until = held.opened[kept], held.closed[kept]
    needs = getattr(held, "needs", None)
    if needs is None:
        return person, which, since, until
    cards = np.flatnonzero((FAMILY_OF[needs.product] == CREDIT_CARD) & (needs.day < 0))
    return (
        np.append(person, needs.person[cards]), np.append(which, needs.product[cards]),
        np.append(since, needs.day[cards]), np.append(until, np.full(cards.size, NEVER)),
    )  # fmt: skip


def _targets(draw: np.random.Generator, who: People, person: Ints, family: Ints) -> Floats:
    """Comfortable balances: some months' income, very uneven, more with prudence and age."""
    n = who.count
    luck = draw.normal(size=(n, EACH))
    months = np.where(family == CURRENT, 1.2, np.where(family == SAVINGS, 3.0, 8.0))
    spread = np.where(family == CURRENT, 0.6, np.where(family == SAVINGS, 1.1, 0.7))
    prudent = 0.5 + who.prudence[person]
    own = np.where(
        who.company[person],
        0.7,
        prudent * np.array([0.7, 0.9, 0.9, 1.3, 1.3, 0.9, 1.1, 1.0])[who.life[person]],
    )
    value = who.income[person] * months * own * np.exp(spread * luck[person, family])
    return np.asarray(np.where(family == CREDIT_CARD, 0.0, np.rint(np.maximum(value, 5_000))))


def _limits(frame: Frame, who: People, person: Ints, family: Ints) -> Ints:
    """Agreed overdraft: none, half or one income; a card's limit: one to four incomes."""
    draw = frame.random(who.community, "limits")
    part, cards = draw.choice([0.0, 0.0, 0.5, 1.0], who.count), draw.uniform(1.0, 4.0, who.count)
    part = np.where(who.company, 0.5, np.where(who.life == 0, 0.0, part))
    share = np.where(family == CURRENT, part[person], np.where(family == CREDIT_CARD, cards[person], 0.0))
    return np.asarray((share * who.income[person]).astype(np.int64) // 50_000 * 50_000)


def _companions(frame: Frame, who: People, leave: Leaving, accounts: int) -> tuple[Ints, Ints, Ints]:
    """Co-owner and authorised user of each account, and the account each customer co-owns; -1 for none."""
    n, draw = who.count, frame.random(who.community, "companions")
    luck = draw.random(n)
    co_owner = np.full(accounts, -1, dtype=np.int64)
    authorised, joint = co_owner.copy(), np.full(n, -1, dtype=np.int64)
    partner = np.arange(n) + 1
    adult = ~who.company & (who.birth_year < 2003)
    same = np.zeros(n, dtype=np.bool_)
    same[:-1] = (who.household[1:] == who.household[:-1]) & adult[1:] & adult[:-1]
    able = int(same.sum())
    share = min(1.0, frame.scenario.activity.joint * n / able) if able else 0.0
    shared = np.flatnonzero(same & (luck < share))
    co_owner[shared], joint[partner[shared]] = partner[shared], shared
    staff = np.flatnonzero((who.employer_place >= 0) & (who.employer_place < n) & ~who.company)
    authorised[who.employer_place[staff][::-1]] = staff[::-1]
    return co_owner, authorised, joint


def _cards(
    frame: Frame, who: People, leave: Leaving, made: tuple[Ints, Ints, Ints, Ints, Ints], joint: Ints
) -> dict[str, Ints]:
    """Debit cards of nine in ten main accounts, of co-owners, and credit cards."""
    owner, family, opened, closed, limit = made
    n, draw = who.count, frame.random(who.community, "cards")
    has, age, daily = draw.random(n) < 0.93, draw.integers(0, RENEWED, n), draw.choice([2, 5, 10], n)
    parts = []
    main = np.flatnonzero(has)
    epoch = np.where(opened[:n] < 0, np.maximum(-age, opened[:n]), opened[:n] + 3)
    parts.append(_series(frame, main, main, epoch[main], closed[main], 0, _DEBIT_CARDS))
    credit = np.flatnonzero(family == CREDIT_CARD)
    credit = credit[np.unique(owner[credit], return_index=True)[1]] if credit.size else credit
    start = np.where(opened[credit] < 0, np.maximum(-age[owner[credit]], opened[credit]), opened[credit] + 4)
    parts.append(_series(frame, credit, owner[credit], start, closed[credit], _DEBIT_CARDS, 1))
    shared = np.flatnonzero(joint >= 0)
    start = np.maximum(epoch[shared], opened[joint[shared]] + 5)
    ends = np.minimum(closed[joint[shared]], leave.closed[shared])
    parts.append(_series(frame, joint[shared], shared, start, ends, _CO_OWNERS_CARD, 1))
    account, person, number, issued, ends, kind = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    limits = np.where(kind == 1, limit[account], daily[person] * 100_000)
    first: dict[str, Ints] = {}
    for name, place in (("debit", 0), ("credit", _DEBIT_CARDS), ("joint_card", _CO_OWNERS_CARD)):
        first[name] = np.full(n, -1, dtype=np.int64)
        here = np.flatnonzero(number == place)
        first[name][person[here]] = here
    return {
        **first, "card_account": account, "card_person": person,
        "card_number": FIRST_CARD + (who.number[person] - 10_000_000) * EACH + number,
        "card_issued": issued, "card_closed": ends, "card_kind": kind, "card_limit": limits,
    }  # fmt: skip


def _series(
    frame: Frame, account: Ints, person: Ints, first: Ints, closed: Ints, place: int, most: int
) -> tuple[Ints, ...]:
    """A card and its renewals: account, person, place among the eight numbers, issue, end, kind."""
    row = np.repeat(np.arange(account.size), most)
    turn = np.tile(np.arange(most), account.size)
    issued = first[row] + turn * RENEWED
    last = turn == most - 1
    ends = np.minimum(np.where(last, NEVER, issued + RENEWED), closed[row])
    keep = (turn == 0) | ((issued < closed[row]) & (issued < frame.days))
    row, issued, ends, turn = row[keep], issued[keep], ends[keep], turn[keep]
    kind = np.full(row.size, int(place == _DEBIT_CARDS), dtype=np.int64)
    return account[row], person[row], place + turn, issued, ends, kind
