"""Why customers open the app or the site: habit, a wish, a thought of leaving, anger, a campaign.

Each purpose has its innocent twin: people look at rates and product pages out of curiosity, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.catalogue import PRODUCTS
from bankmine.simulation.frame import DAY, MAXIMUM_MONTHS, Frame, Ints
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.offers import CONTACT_CHANNELS
from bankmine.simulation.people import People
from bankmine.simulation.products import Products
from bankmine.simulation.registry import complaint_second

PURPOSES = ("balance", "transfer", "cards", "statements", "rates", "product", "complaint", "close",
            "campaign", "settings")  # fmt: skip
(BALANCE, TRANSFER, CARDS, STATEMENTS, RATES, PRODUCT, COMPLAINT, CLOSE, CAMPAIGN, SETTINGS) = range(10)
# Share of habitual visits that have each purpose.
_HABIT = np.cumsum((0.47, 0.24, 0.10, 0.074, 0.03, 0.05, 0.012, 0.003, 0.0, 0.021))
_A_MONTH = 4.1  # visits of a fully digital customer
_LOOKS = 0.55  # share of wishes of a digital customer that go over the product's page
_HOURS = np.array(
    [1, 0.5, 0.3, 0.2, 0.2, 0.5, 1.5, 4, 5, 5, 5, 5.5, 6.5, 5.5, 5, 5, 5, 5.5, 6.5, 7, 8, 8.5, 6, 3]
)
_CLOCK = np.cumsum(_HOURS) / _HOURS.sum()


@dataclass(frozen=True)
class Visits:
    """One place a session, ordered by (person, second); `purpose` of PURPOSES; `product` or -1."""

    person: Ints
    second: Ints
    purpose: Ints
    product: Ints


def visits_of(frame: Frame, who: People, leave: Leaving, held: Products) -> Visits:
    """Draws the sessions of one community, cut to the time in which the customer is one."""
    parts = [_habitual(frame, who, leave), _wishing(frame, who, held), _leaving(frame, who, leave)]
    parts += [_complaining(frame, who, leave), _called(frame, who, held)]
    person, second, purpose, product = (np.concatenate(column) for column in zip(*parts, strict=True))
    day = second // DAY
    here = (day >= who.joined[person]) & (day < leave.closed[person]) & (day < frame.days)
    person, second, purpose, product = (column[here] for column in (person, second, purpose, product))
    order = np.argsort(person * 2**34 + second, kind="stable")
    return Visits(person[order], second[order], purpose[order], product[order])


def clock(luck: np.ndarray) -> Ints:
    """Second of the day from one uniform number: quiet nights, busy lunch times and evenings."""
    hour = np.searchsorted(_CLOCK, luck)
    return np.asarray(hour * 3600 + (luck * 86_413 % 1 * 3600).astype(np.int64))


def _habitual(frame: Frame, who: People, leave: Leaving) -> tuple[Ints, ...]:
    """Visits that come anyway, fewer once the balance is run down."""
    draw = frame.random(who.community, "visits")
    rate = _A_MONTH * who.digital**1.4 * (0.4 + 0.6 * who.activity) * np.where(who.company, 1.6, 1.0)
    count = draw.poisson(np.repeat(rate[:, None], MAXIMUM_MONTHS, axis=1))[:, : frame.months]
    seeds = draw.integers(0, 2**32, who.count)
    flat = count.ravel()
    cell = np.repeat(np.arange(flat.size), flat)
    person, month = cell // frame.months, cell % frame.months
    nth = np.arange(cell.size) - np.repeat(np.cumsum(flat) - flat, flat)
    luck = mixed(seeds[person] + (month * 64 + nth) * 0x9E3779B9)
    length = np.diff(frame.month_start)[month]
    day = frame.month_start[month] + (luck * length).astype(np.int64)
    purpose = np.searchsorted(_HABIT, luck * 7919 % 1)
    purpose = np.minimum(purpose, SETTINGS)
    product = np.where(
        purpose == PRODUCT, 4 + (luck * 104_729 % 1 * (len(PRODUCTS) - 4)).astype(np.int64), -1
    )
    stays = (day < leave.gone[person]) | (luck * 1_299_709 % 1 < 0.1)
    kept = np.flatnonzero(stays)
    return person[kept], day[kept] * DAY + clock(luck[kept] * 15_485_863 % 1), purpose[kept], product[kept]


def mixed(key: Ints) -> np.ndarray:
    """A uniform number for each key (splitmix64): independent of how many others are drawn."""
    value = key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    value ^= value >> np.uint64(31)
    return (value >> np.uint64(11)).astype(np.float64) / 2.0**53


def _wishing(frame: Frame, who: People, held: Products) -> tuple[Ints, ...]:
    """The product's page, between the wish and its opening."""
    wish = held.wishes
    luck = mixed(who.number[wish.person] * 64 + wish.family * 8 + wish.formed * 4096 + 1)
    looks = np.flatnonzero((luck < _LOOKS * (0.25 + who.digital[wish.person])) & ~wish.sold)
    luck = luck[looks] * 997 % 1
    day = wish.formed[looks] + (luck * (wish.opened - wish.formed)[looks]).astype(np.int64)
    person = wish.person[looks]
    return person, day * DAY + clock(luck * 7919 % 1), np.full(person.size, PRODUCT), wish.product[looks]


def _leaving(frame: Frame, who: People, leave: Leaving) -> tuple[Ints, ...]:
    """Who thinks of a better rate compares them; who thinks of going looks how to close."""
    luck = frame.random(who.community, "thoughts of leaving").random((5, who.count))
    goes = leave.decided < frame.days
    compares = np.flatnonzero(goes & (luck[0] < who.digital * np.where(leave.reason == 1, 0.85, 0.25)))
    closes = np.flatnonzero(goes & (luck[1] < 0.4 * who.digital))
    person = np.concatenate([compares, compares, closes])
    purpose = np.concatenate([np.full(2 * compares.size, RATES), np.full(closes.size, CLOSE)])
    late = np.concatenate([luck[2][compares] * 20, luck[3][compares] * 45 - 15, 2 + luck[4][closes] * 40])
    day = leave.decided[person] + late.astype(np.int64)
    return person, day * DAY + clock(late * 997 % 1), purpose, np.full(person.size, -1)


def _complaining(frame: Frame, who: People, leave: Leaving) -> tuple[Ints, ...]:
    """The complaints page, minutes before a complaint or on the day of an incident never told."""
    told = leave.incidents
    luck = mixed(who.number[told.person] * 8191 + told.day * 7 + 3)
    looks = np.flatnonzero(luck < who.digital[told.person] * np.where(told.complained, 0.6, 0.15))
    person = told.person[looks]
    second = complaint_second(leave)[looks] - 900
    return person, second, np.full(person.size, COMPLAINT), np.full(person.size, -1)


def _called(frame: Frame, who: People, held: Products) -> tuple[Ints, ...]:
    """A campaign's page, opened from a message of the app or an e-mail by some of those who were sent it."""
    sent = held.sold.contacts
    if sent.person.size == 0:
        return (np.zeros(0, dtype=np.int64),) * 4
    plan = held.sold.plan
    online = np.isin([CONTACT_CHANNELS[one.channel] for one in plan], ("app", "email"))[sent.campaign]
    luck = mixed(who.number[sent.person] * 521 + sent.campaign)
    share = np.where(sent.accepted, 0.7, 0.18) * (0.3 + who.digital[sent.person])
    opens = np.flatnonzero(sent.treated & online & (luck < share))
    wait = np.where(sent.accepted[opens], 600, 300 + (luck[opens] * 997 % 1 * 3 * DAY).astype(np.int64))
    product = np.array([one.product for one in plan])[sent.campaign[opens]]
    return sent.person[opens], sent.second[opens] + wait, np.full(opens.size, CAMPAIGN), product
