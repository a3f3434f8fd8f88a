"""Who asks for credit when: wishes for a product, the pull of over-borrowing, and people with false data.

Wishes come from the products step; credit held at the start comes with them, as wishes before day 0. The
imprudent ask for more, and so do people whose wage has stopped. False applicants are customers of the
community: single ones with invented data, and rings that grow over weeks, share phones and devices and
never pay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bankmine.simulation.catalogue import FAMILIES, FAMILY_OF, product
from bankmine.simulation.frame import MAXIMUM_MONTHS, Floats, Frame, Ints, Truth
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People

LOAN, MORTGAGE, CARD = (FAMILIES.index(name) for name in ("loan", "mortgage", "card"))
FALSE_KINDS = ("invented", "ring")
HONEST, INVENTED, RING = -1, 0, 1
MOST = 60  # requests of one customer; the raw keys have room for 64
_PULL = 0.003  # chance a month of asking without a wish, at the usual prudence
_INVENTED_A_MONTH, _RINGS_A_MONTH = 0.34, 0.02  # in a community of a thousand
_CANDIDATES = 12


class Needs(Protocol):
    """Wishes for credit, one place each; a day before 0 stands for credit held at the start."""

    @property
    def person(self) -> Ints: ...
    @property
    def product(self) -> Ints: ...
    @property
    def day(self) -> Ints: ...


@dataclass(frozen=True)
class Requests:
    """Requests for credit, ordered by (person, day, product), one place each.

    `slot`: how many the customer made before, in the period. `false`: index of FALSE_KINDS or -1. `ring`:
    number of the ring or -1. `held`: granted before the period, without a form of ours. `key`: what draws
    about the request depend on.
    """

    person: Ints
    product: Ints
    day: Ints
    false: Ints
    ring: Ints
    held: Truth
    slot: Ints
    key: Ints

    @property
    def family(self) -> Ints:
        """Index of FAMILIES of the product asked for."""
        return FAMILY_OF[self.product]


def requests_of(frame: Frame, who: People, life: Life, leave: Leaving, needs: Needs) -> Requests:
    """All requests of one community in the period, and the credit held before it."""
    own = np.stack([needs.person, needs.product, needs.day, np.full(needs.person.size, HONEST),
                    np.full(needs.person.size, -1)])  # fmt: skip
    parts = [own, _pulled(frame, who, life), _invented(frame, who), _rings(frame, who)]
    person, which, day, false, ring = np.concatenate(parts, axis=1).astype(np.int64)
    held = day < 0
    here = np.where(held, person >= 0, day >= who.joined[person] + 20)
    here &= (day < np.minimum(leave.decided[person], leave.closed[person])) & (day < frame.days)
    order = np.flatnonzero(here)
    order = order[np.lexsort((-false[order], which[order], day[order], person[order]))]
    again = np.zeros(order.size, dtype=np.bool_)
    again[1:] = (np.diff(person[order]) == 0) & (np.diff(day[order]) == 0)
    order = order[~again]
    person, which, day, false, ring, held = (
        column[order] for column in (person, which, day, false, ring, held)
    )
    slot = rank_of(person, ~held)
    keep = slot < MOST
    key = (person << 40) + ((day + 40_000) << 8) + which
    return Requests(
        person=person[keep], product=which[keep], day=day[keep], false=false[keep], ring=ring[keep],
        held=held[keep], slot=slot[keep], key=key[keep],
    )  # fmt: skip


def rank_of(person: Ints, counted: Truth) -> Ints:
    """How many counted places of the same person come before each; `person` is ordered."""
    before: Ints = np.cumsum(counted) - counted
    return before - before[np.searchsorted(person, person)] if person.size else before


def lost_wage(frame: Frame, who: People, life: Life) -> Truth:
    """Whether a lost job leaves the customer without a wage at each month's pay day, (n, months).

    Unpaid leave stops the wage too, and is no loss.
    """
    pay = frame.month_start[:-1][None, :] + who.pay_day[:, None] - 1
    lost = np.zeros(pay.shape, dtype=np.bool_)
    spells = life.events.of("job_loss")
    for person, day, length in zip(spells.person, spells.day, spells.detail, strict=True):
        lost[person] |= (pay[person] >= day) & (pay[person] < day + length)
    works = ~who.company & ((who.employer > 0) | (who.life == 6))
    return np.asarray(lost & works[:, None])


def _pulled(frame: Frame, who: People, life: Life) -> Ints:
    """Requests out of over-borrowing: the imprudent, and those who lost their income, five times as often."""
    draw = frame.random(who.community, "credit pull")
    luck = draw.random((who.count, MAXIMUM_MONTHS))[:, : frame.months]
    when = draw.random((who.count, MAXIMUM_MONTHS))[:, : frame.months]
    chance = _PULL * 3.0 * (1.0 - who.prudence[:, None]) * np.where(lost_wage(frame, who, life), 5.0, 1.0)
    person, month = np.nonzero((luck < chance) & ~who.company[:, None])
    length = np.diff(frame.month_start)[month]
    day = frame.month_start[month] + (when[person, month] * length).astype(np.int64)
    loan = (luck[person, month] / chance[person, month]) < 0.65
    which = np.where(loan, product("LOAN-CONS"), product("CRD-CLASSIC"))
    none = np.full(person.size, -1)
    return np.stack([person, which, day, none, none])


def _by_month(frame: Frame, lots: Keyed, rate: float) -> tuple[Ints, Ints, Ints]:
    """Month, number within it and day of what happens `rate` times a month, more often in an attack."""
    month, number = (one.ravel() for one in np.mgrid[: frame.months, :_CANDIDATES])
    day = frame.month_start[month] + lots.whole("day", 0, 28, month, number)
    happens = lots.uniform("happens", month, number) * _CANDIDATES < rate * frame.multiplied(day)
    return month[happens], number[happens], day[happens]


def _invented(frame: Frame, who: People) -> Ints:
    """Single applicants with invented data: the least honest of a few."""
    lots = Keyed(frame.random(who.community, "false applications"))
    share = who.count / 1_000 * frame.scenario.fraud.false_application
    month, number, day = _by_month(frame, lots, _INVENTED_A_MONTH * share)
    tries = np.stack([lots.whole("who", 0, who.count, month, number, at) for at in range(6)])
    dishonest = np.where(_can(who, tries, day), who.honesty[tries], 2.0)
    chosen = np.take_along_axis(tries, dishonest.argmin(axis=0)[None, :], axis=0)[0]
    keep = _can(who, chosen, day)
    card = lots.uniform("card", month, number) < 0.3
    which = np.where(card, product("CRD-GOLD"), product("LOAN-CONS"))
    return np.stack([chosen, which, day, np.full(day.size, INVENTED), np.full(day.size, -1)])[:, keep]


def _rings(frame: Frame, who: People) -> Ints:
    """Rings of three to seven, each member some days after the one before, faster and faster."""
    lots = Keyed(frame.random(who.community, "rings"))
    share = who.count / 1_000 * frame.scenario.fraud.rings
    month, number, day = _by_month(frame, lots, _RINGS_A_MONTH * share)
    found = [np.zeros((5, 0), dtype=np.int64)]
    for at, where, first in zip(month, number, day, strict=True):
        ring = int(at) * _CANDIDATES + int(where)
        able = np.flatnonzero(_can(who, np.arange(who.count), np.full(who.count, first)))
        rank = np.argsort(lots.uniform("member", able, ring) + 0.8 * who.honesty[able])
        members = able[rank[: int(lots.whole("size", 3, 8, ring)[0])]]
        gap = 20.0 * 0.8 ** np.arange(members.size) * (0.5 + lots.uniform("gap", members, ring))
        days = first + np.cumsum(gap).astype(np.int64)
        rest = np.ones(members.size, dtype=np.int64)
        found.append(np.stack([members, rest * product("LOAN-CONS"), days, rest * RING, rest * ring]))
    return np.concatenate(found, axis=1)


def _can(who: People, person: Ints, day: Ints) -> Truth:
    return np.asarray(~who.company[person] & (who.joined[person] + 20 <= day))


def income_at(frame: Frame, who: People, life: Life, person: Ints, day: Ints) -> Floats:
    """Usual monthly income before each day, cents: the mean of the last three months' wages that came.

    The usual income where none came; a fifth of the turnover for a company.
    """
    month = frame.month_at(day)
    wages = np.stack([np.where(month >= back, life.wage[person, np.maximum(0, month - back)], 0)
                      for back in (1, 2, 3)])  # fmt: skip
    came = (wages > 0).sum(axis=0)
    mean = wages.sum(axis=0) / np.maximum(1, came)
    usual = who.income[person].astype(np.float64)
    return np.where(who.company[person], usual / 5, np.where(came > 0, mean, usual))
