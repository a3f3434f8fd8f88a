"""Who holds which product when: at the start, wished for after life events, and sold by campaigns.

Holdings of accounts, insurance and funds are decided here; cards, loans and mortgages need an application,
so here they are only wishes (`needs`), which the credit step turns into applications and perhaps holdings.
A wish takes days to weeks from forming to opening; meanwhile the product's page may be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import CODES, FAMILIES, FAMILY_OF, NEEDS_APPLICATION, PRODUCTS
from bankmine.simulation.consents import Consents, consents_of
from bankmine.simulation.entries import CATEGORIES, CHANNELS, Entries, entries, joined
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People
from bankmine.simulation.spending_use import bills_here_of
from bankmine.simulation.taking import Held, Sold, Wishes, held_at_start, wishes_of
from bankmine.simulation.wishes import ages, log_odds, tastes

_MOST_ACCOUNTS = 7  # of the families kept on accounts
__all__ = ["PRODUCTS", "SCHEMA_HOLDINGS", "Products", "Wishes", "products_of"]

SCHEMA_HOLDINGS = pa.schema(
    [
        ("customer", pa.int64()),
        ("product", columns.CODE),
        ("opened_on", pa.date32()),
        ("closed_on", pa.date32()),
    ]
)


@dataclass(frozen=True)
class Needs:
    """Wishes for credit, ordered by (person, day); a day before 0 stands for credit held at the start,
    granted that day, long before the period's forms."""

    person: Ints
    product: Ints
    day: Ints


class _Accounts(Protocol):
    """What is asked of the accounts: the place of each customer's main one (n,), -1 for none."""

    @property
    def main(self) -> Ints: ...


@dataclass(frozen=True)
class Products:
    """All holdings except granted credit, ordered by (person, opened, product): places of person and product,
    day of opening and of closing (NEVER where held on). `chance`: log-odds of a wish by month, family by
    family of NEXT, each (n, months)."""

    person: Ints
    product: Ints
    opened: Ints
    closed: Ints
    needs: Needs
    wishes: Wishes
    sold: Sold
    consents: Consents
    since: dict[str, Floats]
    chance: list[Floats]
    taste: Floats

    def tables(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """Extract `holdings`."""
        written = self.opened < frame.days
        person, closed = self.person[written], self.closed[written]
        return {
            "holdings": pa.table(
                {
                    "customer": pa.array(who.number[person]),
                    "product": columns.code(self.product[written], CODES),
                    "opened_on": columns.day(self.opened[written]),
                    "closed_on": columns.day(np.where(closed < frame.days, closed, NEVER)),
                },
                schema=SCHEMA_HOLDINGS,
            )
        }

    def truth(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """Table `wishes`: each wish formed in the period, when it formed and when it was to be opened."""
        wish = self.wishes
        here = np.flatnonzero(wish.formed < frame.days)
        return {
            "wishes": pa.table(
                {
                    "customer": pa.array(who.number[wish.person[here]]),
                    "product": columns.code(wish.product[here], CODES),
                    "formed": columns.day(wish.formed[here]),
                    "opens": columns.day(wish.opened[here]),
                    "sold": pa.array(wish.sold[here]),
                }
            )
        }

    def entries(self, frame: Frame, who: People, acc: _Accounts) -> Entries:
        """Premiums of insurance month by month, and purchases of funds, from the main account."""
        return joined([_premiums(self, frame, who, acc.main), _purchases(self, frame, who, acc.main)])


def products_of(frame: Frame, who: People, life: Life, leave: Leaving) -> Products:
    """Draws the holdings, wishes and campaigns of one community."""
    taste, since = tastes(frame, who), ages(frame, who, life)
    chance = log_odds(frame, who, since, taste)
    began = held_at_start(frame, who)
    may = consents_of(frame, who)
    wishes, sold = wishes_of(frame, who, leave, chance, since, began, may)
    credit = NEEDS_APPLICATION[began.product]
    needs = _needs(began.only(credit), wishes)
    held = began.only(~credit).joined(wishes.taken())
    # A leaver's insurance and fund plans are paid elsewhere once the balance is run down.
    plans = np.isin(FAMILY_OF[held.product], (FAMILIES.index("insurance"), FAMILIES.index("fund")))
    closed = np.minimum(held.closed, np.where(plans, leave.gone[held.person], leave.closed[held.person]))
    keep = np.flatnonzero(held.opened < closed)
    keep = keep[np.lexsort((held.product[keep], held.opened[keep], held.person[keep]))]
    keep = keep[_first_accounts(held.person[keep], held.product[keep])]
    return Products(
        held.person[keep], held.product[keep], held.opened[keep], closed[keep], needs, wishes, sold,
        may, since, chance, taste,
    )  # fmt: skip


def _needs(began: Held, wishes: Wishes) -> Needs:
    credit = NEEDS_APPLICATION[wishes.product]
    person = np.concatenate([began.person, wishes.person[credit]])
    which = np.concatenate([began.product, wishes.product[credit]])
    day = np.concatenate([began.opened, wishes.opened[credit]])
    order = np.lexsort((which, day, person))
    return Needs(person[order], which[order], day[order])


def _first_accounts(person: Ints, which: Ints) -> Truth:
    """False for what exceeds the accounts a customer may have; rows are ordered by person."""
    on_account = FAMILY_OF[which] <= 2
    before: Ints = np.cumsum(on_account) - on_account
    already = before - before[np.searchsorted(person, person)]
    return np.asarray(~on_account | (already < _MOST_ACCOUNTS))


_PREMIUM = {"INS-LIFE": (40, 220), "INS-HOME": (22, 60), "INS-TRAVEL": (9, 24)}  # SGD a month
_INSURER, _BROKER = 9_000_000_100, 9_000_000_200


def _premiums(held: Products, frame: Frame, who: People, main: Ints) -> Entries:
    """By direct debit, the same day each month while held; some pay from another bank."""
    draw = frame.random(who.community, "premiums")
    low, day = draw.random((who.count, len(PRODUCTS))), draw.integers(1, 29, who.count)
    person, which = held.person, held.product
    here = (main[person] >= 0) & bills_here_of(frame, who)[person]
    insured = np.flatnonzero((FAMILY_OF[which] == FAMILIES.index("insurance")) & here)
    person, which = person[insured], which[insured]
    span = np.array([_PREMIUM.get(code, (0, 0)) for code in CODES])[which]
    cents = (100 * (span[:, 0] + (span[:, 1] - span[:, 0]) * low[person, which])).astype(np.int64)
    due = frame.month_start[:-1][None, :] + day[person][:, None] - 1
    row, month = np.nonzero((due > held.opened[insured][:, None]) & (due < held.closed[insured][:, None]))
    return entries(
        account=main[person[row]], second=due[row, month] * DAY + 3 * 3600 + which[row], cents=cents[row],
        out=True, category=CATEGORIES.index("insurance"), channel=CHANNELS.index("debit"),
        counterparty=_INSURER + which[row], bank=1 + which[row] % 4,
    )  # fmt: skip


def _purchases(held: Products, frame: Frame, who: People, main: Ints) -> Entries:
    """A first purchase on the day a fund is taken, and for two in five a plan every month after it."""
    draw = frame.random(who.community, "purchases")
    size, plan, day = draw.uniform(0.8, 6, who.count), draw.random(who.count), draw.integers(1, 29, who.count)
    funds = (FAMILY_OF[held.product] == FAMILIES.index("fund")) & (main[held.person] >= 0)
    first = np.flatnonzero(funds & (held.opened >= 0) & (held.opened < frame.days))
    person = held.person[first]
    once = (held.opened[first], first, (who.income[person] * size[person]).astype(np.int64))
    planned = np.flatnonzero(funds & (plan[held.person] < 0.4) & bills_here_of(frame, who)[held.person])
    due = frame.month_start[:-1][None, :] + day[held.person[planned]][:, None] - 1
    row, month = np.nonzero((due > held.opened[planned][:, None]) & (due < held.closed[planned][:, None]))
    again = (due[row, month], planned[row], who.income[held.person[planned[row]]] // 2000 * 100)
    days, place, cents = (np.concatenate(pair) for pair in zip(once, again, strict=True))
    return entries(
        account=main[held.person[place]], second=days * DAY + 10 * 3600 + place % 3600,
        cents=np.maximum(cents, 5_000), out=True, category=CATEGORIES.index("investment"),
        channel=CHANNELS.index("transfer"), counterparty=_BROKER + held.product[place], bank=3,
        person=held.person[place], flexible=True,
    )  # fmt: skip
