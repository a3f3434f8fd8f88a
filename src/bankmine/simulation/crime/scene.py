"""What crime needs to see of a community: whom it may happen to, when, with which account and card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.accounts import RENEWED, Accounts
from bankmine.simulation.crime.shops import Amounts, Shops
from bankmine.simulation.frame import DAY, Floats, Frame, Ints
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.life import Life
from bankmine.simulation.people import FIRST_CUSTOMER, People

PHONES = 3_000_000_000  # raw numbers of customers' devices: 4 each
OTHER_ACCOUNTS = 9_000_000_000


@dataclass(frozen=True)
class Scene:
    """`since`, `until` (n,): days from and before which a customer's accounts may be used for crime."""

    frame: Frame
    who: People
    life: Life
    shops: Shops
    amounts: Amounts
    acc: Accounts
    since: Ints
    until: Ints

    def keyed(self, name: str) -> Keyed:
        """The draws of a named cause."""
        return Keyed(self.frame.random(self.who.community, f"crime {name}"))

    def region(self, person: Ints, day: Ints) -> Ints:
        """Where each person lives on a day."""
        return self.life.region[person, self.frame.month_at(day)]

    def card(self, person: Ints, day: Ints, luck: Floats) -> Ints:
        """A card each person may use on a day, two in five times the credit card; -1 for none."""
        acc = self.acc
        first = np.where((luck < 0.4) & (acc.credit[person] >= 0), acc.credit[person], acc.debit[person])
        turn = np.maximum((day - acc.card_issued[first]) // RENEWED, 0)
        place = np.minimum(first + turn, acc.card_issued.size - 1)
        valid = (first >= 0) & (acc.card_person[place] == person) & (acc.card_issued[place] <= day)
        valid &= (acc.card_kind[place] == acc.card_kind[first]) & (acc.card_closed[place] > day + 3)
        return np.where(valid, place, -1)

    def debit_card(self, person: Ints, day: Ints) -> Ints:
        """The debit card each person may use on a day; -1 for none."""
        if not self.acc.card_issued.size:
            return np.full(np.shape(person), -1)
        return self.card(person, day, np.ones(np.shape(person)))

    def phone(self, person: Ints, which: int = 0) -> Ints:
        """Raw number of a device of each person."""
        return PHONES + (self.who.number[person] - FIRST_CUSTOMER) * 4 + which


def stranger_device(number: Ints, customers: int) -> Ints:
    """Raw number of a stranger's device: one of those that customers' phones bought abroad have, so that it
    looks as theirs do (and may, rarely, be one of them). `number` < 2**26; `customers` of the whole bank."""
    place = (np.asarray(number, dtype=np.int64) * 2_654_435_761 + 12_345) % customers
    return np.asarray(PHONES + place * 4 + 3)


@dataclass(frozen=True)
class Arrivals:
    """Episodes of one kind: whom they befall, when, and the key of their draws. `place`: running number."""

    person: Ints
    second: Ints
    key: Ints

    @property
    def place(self) -> Ints:
        """Number among the episodes of this kind in the community; the same in a longer world."""
        return self.key

    def where(self, chosen: np.ndarray) -> Arrivals:
        """Those chosen by a mask."""
        return Arrivals(self.person[chosen], self.second[chosen], self.key[chosen])


_AT_MOST = 64  # episodes of one kind and person
_YEARS = 10  # draws are made for so many


def arrivals(scene: Scene, name: str, a_year: Floats, *, attacked: bool = True) -> Arrivals:
    """Episodes at a rate per person and year (n,), more where the scenario's attack multiplies them.

    Only while the person's account and card may be used; the hour is one of waking hours.
    """
    frame, n = scene.frame, scene.who.count
    draw = frame.random(scene.who.community, f"crime when {name}")
    rate = np.broadcast_to(a_year, n)
    factor = frame.scenario.fraud.attack_factor if frame.scenario.fraud.attack_month >= 0 else 1.0
    some = min(_AT_MOST, 4 + int(1.5 * _YEARS * factor * rate.max(initial=0.0)))
    gaps = draw.exponential(1.0, (some, n)).T  # more slots leave the first ones as they are
    day = np.cumsum(gaps, axis=1) * (365.0 / np.maximum(rate, 1e-9))[:, None]
    if attacked:
        day = _multiplied(frame, day)
    person, slot = np.nonzero(day < frame.days)
    whole = day[person, slot].astype(np.int64)
    here = (whole >= scene.since[person]) & (whole < scene.until[person])
    person, slot, whole = person[here], slot[here], whole[here]
    key = person * _AT_MOST + slot
    clock = scene.keyed(f"hour {name}").between("hour", 7.0, 23.5, key)
    return Arrivals(person, whole * DAY + (clock * 3600).astype(np.int64), key)


def _multiplied(frame: Frame, day: Floats) -> Floats:
    """Episodes after the attack's beginning come that much faster."""
    fraud = frame.scenario.fraud
    if not 0 <= fraud.attack_month < frame.months:
        return day
    begins = float(frame.month_start[int(fraud.attack_month)])
    return np.where(day > begins, begins + (day - begins) / fraud.attack_factor, day)


def with_cards(scene: Scene, found: Arrivals, luck: Keyed) -> tuple[Arrivals, Ints]:
    """Those episodes whose person has a card then, and the card."""
    if not scene.acc.card_issued.size:
        return found.where(np.zeros(found.key.size, dtype=np.bool_)), found.key[:0]
    card = scene.card(found.person, found.second // DAY, luck.uniform("card", found.key))
    return found.where(card >= 0), card[card >= 0]


def fanned(count: Ints) -> tuple[Ints, Ints]:
    """For episodes with so many payments each: the episode of every payment, and its number within it."""
    episode = np.repeat(np.arange(count.size), count)
    return episode, np.arange(episode.size) - np.repeat(np.cumsum(count) - count, count)


def sprees(
    luck: Keyed, key: Ints, begins: Ints, days: Floats, count: Ints, *, waking: bool, minutes: float
) -> tuple[Ints, Ints, Ints]:
    """Payments in quick succession: up to four an hour or so, then a pause until the next spree.

    `key`, `begins` (seconds), `days` (at most) and `count` of payments by episode. Gives the episode of every
    payment, its number and its second; those of `waking` hours mostly avoid the night.
    """
    episode, number = fanned(count)
    keys, spree = key[episode], number // 4
    starts = (
        (spree + luck.uniform("spree", keys, spree))
        * (spree > 0)
        / np.maximum((count[episode] - 1) // 4 + 1, 1)
    )
    second = begins[episode] + (np.minimum(starts, 1.0) * days[episode] * DAY).astype(np.int64)
    if waking:
        second = awake(second, luck.uniform("awake", keys, spree))
    gap = -np.log1p(-luck.uniform("gap", keys, number)) * minutes * 60 + 90.0
    gap[number % 4 == 0] = 0.0
    total = np.cumsum(gap)
    first = np.arange(number.size) - number % 4
    return episode, number, second + (total - total[first]).astype(np.int64)


def awake(second: Ints, luck: Floats) -> Ints:
    """Most of what would happen at night happens in the hours before midnight instead."""
    night = (second % DAY < 7 * 3600) & (luck < 0.75)
    return np.where(night, second - second % DAY - 1 - (second % DAY) // 2, second)


def ordered_within(episode: Ints, value: Floats) -> Floats:
    """The values sorted within each episode."""
    return value[np.lexsort((value, episode))]
