"""What is held at the start, and how wishes become products, month by month.

Whoever holds a family forms no wish for it; who has decided to leave forms none at all. A wish takes days
to weeks to become an opening, so some openings are already settled when a month begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.simulation.catalogue import (
    CODES,
    FAMILY_OF,
    NEEDS_APPLICATION,
    NEXT,
    NEXT_OF,
    PRODUCTS,
    product,
)
from bankmine.simulation.consents import Consents
from bankmine.simulation.contacting import Contacts, Memory, Mind, contacts_of, joined_contacts, mind_of
from bankmine.simulation.frame import DAY, MAXIMUM_MONTHS, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.offers import Campaign, campaigns_of
from bankmine.simulation.people import COMPANY, People

# Share of those with us before the period who hold a product of the family, by way of life and company.
_HELD = {
    "savings": (0.25, 0.50, 0.60, 0.55, 0.55, 0.30, 0.35, 0.40),
    "deposit": (0.01, 0.06, 0.12, 0.30, 0.38, 0.05, 0.08, 0.15),
    "card": (0.12, 0.42, 0.50, 0.70, 0.25, 0.30, 0.45, 0.30),
    "insurance": (0.05, 0.20, 0.48, 0.55, 0.35, 0.15, 0.30, 0.30),
    "fund": (0.03, 0.14, 0.15, 0.45, 0.14, 0.05, 0.12, 0.04),
    "loan": (0.06, 0.20, 0.22, 0.12, 0.06, 0.18, 0.22, 0.30),
    "mortgage": (0.00, 0.12, 0.38, 0.40, 0.10, 0.10, 0.20, 0.00),
}  # fmt: skip
_STAYS = {"savings": 25.0, "insurance": 12.0, "fund": 9.0, "deposit": 1.6}  # mean years held
_AGAIN = {"card": 900, "loan": 540, "mortgage": 3650}  # days until one may wish for another
WEEKS = 18.0  # mean days from a wish to its opening, beyond the first four
LONGEST = 75
_ENDS = MAXIMUM_MONTHS * 31


@dataclass(frozen=True)
class Held:
    """Places of person and product, day of opening and of closing (NEVER), one place a holding."""

    person: Ints
    product: Ints
    opened: Ints
    closed: Ints

    def only(self, which: Truth) -> Held:
        """Some of them."""
        return Held(self.person[which], self.product[which], self.opened[which], self.closed[which])

    def joined(self, other: Held) -> Held:
        """These and those."""
        pairs = ((self.person, other.person), (self.product, other.product),
                 (self.opened, other.opened), (self.closed, other.closed))  # fmt: skip
        return Held(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True)
class Wishes:
    """Each wish of the period, ordered by (person, formed): the family (of NEXT), the product, the day it
    formed, the day it is (for credit: would be) opened and given up again; `sold`: by an accepted offer."""

    person: Ints
    family: Ints
    product: Ints
    formed: Ints
    opened: Ints
    ends: Ints
    sold: Truth

    def taken(self) -> Held:
        """Those that need no application."""
        own = ~NEEDS_APPLICATION[self.product]
        return Held(self.person[own], self.product[own], self.opened[own], self.ends[own])


@dataclass(frozen=True)
class Circumstances:
    """What decides which product of a family it is, one place a wish; `home`, `child`: lately."""

    income: Ints
    company: Truth
    married: Truth
    prudence: Floats
    home: Truth
    child: Truth


def circumstances(who: People, person: Ints, home: Truth, child: Truth) -> Circumstances:
    """Of some people."""
    return Circumstances(
        who.income[person], who.company[person], who.marital[person] == 1, who.prudence[person], home, child
    )


def choice(family: Ints, luck: Floats, at: Circumstances) -> Ints:
    """The product of each family (of NEXT) that would be taken."""
    pick = {
        "savings": np.where(luck < np.where(at.married, 0.55, 0.1), _of("SAV-JOINT"), _of("SAV-FLEX")),
        "deposit": np.where(luck < 0.5 * at.prudence, _of("DEP-36"), _of("DEP-12")),
        "card": np.where(at.income > 650_000, _of("CRD-GOLD"), _of("CRD-CLASSIC")),
        "loan": np.where(at.company, _of("LOAN-BUS"), np.where(
            luck < 0.35, _of("LOAN-AUTO"), _of("LOAN-CONS"))),
        "mortgage": np.full(luck.size, _of("MTG-HOME")),
        "fund": np.where(luck < at.prudence, _of("FND-BAL"), _of("FND-EQ")),
        "insurance": np.where(at.home, _of("INS-HOME"), np.where(
            at.child | (luck > 0.75), _of("INS-LIFE"), _of("INS-TRAVEL"))),
    }  # fmt: skip
    return np.stack([pick[name] for name in NEXT])[family, np.arange(luck.size)]


_of = CODES.index


def held_at_start(frame: Frame, who: People) -> Held:
    """What everyone brings or takes on joining, current accounts and credit included."""
    draw = frame.random(who.community, "holdings")
    everyone, old = np.arange(who.count), who.joined < 0
    rich = np.where(who.income > 900_000, product("CUR-PREM"), product("CUR-BASIC"))
    current = np.where(
        who.life == COMPANY, product("CUR-BUS"), np.where(who.life == 0, product("CUR-YOUTH"), rich)
    )
    held = Held(everyone, current, who.joined, np.full(who.count, NEVER))
    for place, family in enumerate(NEXT):
        luck, since, stays, which, home, child = draw.random((6, who.count))
        credit = family in _AGAIN
        share = np.array(_HELD[family])[who.life] * np.where(
            old, 0.6 + 0.5 * who.prudence, 0.0 if credit else 0.3
        )
        at = circumstances(who, everyone, home < 0.3, child < 0.3)
        years = min(_STAYS.get(family, 0.0) or _AGAIN[family] / 365, 5.0)
        opened = np.where(
            old, -1 - (since * np.minimum(-who.joined - 1, years * 365)).astype(np.int64), who.joined
        )
        left = 30 - np.log1p(-stays) * 365 * _STAYS.get(family, 1e6)
        closed = np.minimum(np.maximum(opened, 0) + left, 2.0 * _ENDS).astype(np.int64)
        closed = np.where(closed >= _ENDS, NEVER, closed)
        found = Held(everyone, choice(np.full(who.count, place), which, at), opened, closed)
        held = held.joined(found.only(luck < share))
    return held


def _term(which: Ints, luck: Floats) -> Ints:
    """Days until a product taken in the period is given up; deposits end with their term."""
    years = np.array([_STAYS.get(one.family, 1e4) for one in PRODUCTS])[which]
    days = np.minimum(60 - np.log(np.maximum(luck, 1e-12)) * years * 365, 2.0 * _ENDS).astype(np.int64)
    deposit = FAMILY_OF[which] == FAMILY_OF[product("DEP-12")]
    days = np.where(deposit, np.where(which == product("DEP-36"), 1096, 366), days)
    return np.where(days >= _ENDS, NEVER, days)


def _blocks(family: Ints, opened: Ints, ends: Ints) -> Ints:
    """Until when no further wish for the family forms."""
    again = np.array([_AGAIN.get(one, 0) for one in NEXT])[family]
    return np.where(again > 0, opened + again, ends)


@dataclass(frozen=True)
class Sold:
    """Campaigns as they went: all contacts, and for each campaign (its place in the plan) the chance that
    each customer takes the product because of it or in its control group, shape (campaigns, n)."""

    plan: list[Campaign]
    contacts: Contacts
    expected: list[Floats]


def wishes_of(
    frame: Frame, who: People, leave: Leaving, chance: list[Floats], since: dict[str, Floats], began: Held,
    may: Consents,
) -> tuple[Wishes, Sold]:  # fmt: skip
    """Draws wishes and campaigns of one community, month by month; `chance`, `since` as in `wishes.py`."""
    luck = frame.random(who.community, "wishes").random(
        (len(NEXT), who.count, MAXIMUM_MONTHS), dtype=np.float32
    )
    share = 1.0 / (1.0 + np.exp(-np.stack(chance)))
    taken = _taken_at_start(who, began)
    plan, memory = campaigns_of(frame), Memory(who.count)
    first = np.array([one.starts for one in plan], dtype=np.int64)
    found, contacts, expected = [], [], []
    for month in range(frame.months):
        start, end = frame.month_start[month], frame.month_start[month + 1]
        for number in np.flatnonzero((first >= start) & (first < end)):
            one = plan[number]
            free = taken[:, one.family] < one.starts
            held = 1.0 + (taken > one.starts).sum(axis=1)
            mind = mind_of(
                frame, who, leave, one, held, memory.count(one.starts), since, chance[one.family][:, month]
            )
            told = contacts_of(frame, who, leave, one, int(number), mind, may, free)
            memory.told.append((one.starts, told.person[told.treated]))
            found.append(_accepted(one, told, taken))
            contacts.append(told)
            expected.append(_expected(one, mind, free))
        found.append(_wished(frame, who, leave, month, luck[:, :, month], share[:, :, month], since, taken))
    person, family, which, formed, opened, ends, sold = (
        np.concatenate(one) for one in zip(*found, strict=True)
    )
    order = np.lexsort((family, formed, person))
    wishes = Wishes(
        person[order], family[order], which[order], formed[order], opened[order], ends[order],
        sold[order].astype(np.bool_),
    )  # fmt: skip
    return wishes, Sold(plan, joined_contacts(contacts), expected)


def _taken_at_start(who: People, began: Held) -> Ints:
    """Until when each customer forms no wish for each family of NEXT, (n, families)."""
    taken = np.full((who.count, len(NEXT)), -NEVER, dtype=np.int64)
    place = NEXT_OF[began.product]
    other = np.flatnonzero(place >= 0)
    blocked = _blocks(place[other], began.opened[other], began.closed[other])
    np.maximum.at(taken, (began.person[other], place[other]), blocked)
    return taken


def _wished(
    frame: Frame, who: People, leave: Leaving, month: int, luck: Any, share: Floats,
    since: dict[str, Floats], taken: Ints,
) -> tuple[Ints, ...]:  # fmt: skip
    """The own wishes of one month; marks them in `taken`."""
    family, person = np.nonzero(luck < share)
    left = luck[family, person].astype(np.float64) / share[family, person]  # uniform again
    formed, opened = _days(frame, month, left)
    free = (taken[person, family] < formed) & (who.joined[person] < formed)
    free &= (leave.decided[person] > formed) & (opened < leave.gone[person])
    family, person, formed, opened = (one[free] for one in (family, person, formed, opened))
    left = left[free]
    at = circumstances(who, person, since["home"][person, month] < 8, since["child"][person, month] < 8)
    which = choice(family, left * 499 % 1, at)
    ends = np.minimum(opened + _term(which, left * 199 % 1), NEVER)
    taken[person, family] = _blocks(family, opened, ends)
    return person, family, which, formed, opened, ends, np.zeros(person.size, dtype=np.int64)


def _accepted(one: Campaign, told: Contacts, taken: Ints) -> tuple[Ints, ...]:
    """What was taken in one campaign; marks it in `taken`."""
    yes = np.flatnonzero(told.accepted)
    person, formed = told.person[yes], told.second[yes] // DAY
    opened = told.answered[yes] // DAY + 1 + told.answered[yes] % 4
    which, family = np.full(yes.size, one.product), np.full(yes.size, one.family)
    ends = np.minimum(opened + _term(which, (told.answered[yes] % 9973 + 0.5) / 9973), NEVER)
    taken[person, family] = _blocks(family, opened, ends)
    return person, family, which, formed, opened, ends, np.ones(yes.size, dtype=np.int64)


def _expected(one: Campaign, mind: Mind, free: Truth) -> Floats:
    """Chance to be reached (most may be told) and to take the product."""
    takes = mind.propensity * mind.if_asked + (1 - mind.propensity) * mind.if_left
    return np.where(free, 0.72 * one.reach * takes, 0.0)


def _days(frame: Frame, month: int, left: Floats) -> tuple[Ints, Ints]:
    """Day a wish forms and day it is opened, from one uniform number."""
    first, length = frame.month_start[month], frame.month_start[month + 1] - frame.month_start[month]
    formed = first + (left * 997 % 1 * length).astype(np.int64)
    wait = np.minimum(4 - WEEKS * np.log(np.maximum(left * 67 % 1, 1e-9)), LONGEST)
    return formed, formed + wait.astype(np.int64)
