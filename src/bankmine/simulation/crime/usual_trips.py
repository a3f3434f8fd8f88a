"""Honest payments in quick succession at usual places: shopping trips, and orders by night.

They repeat what the customer has paid before, at the same merchants, within an hour or two around one of the
ordinary payments. Because of them pace alone says little of fraud; that the merchants are new says more.
"""

from __future__ import annotations

import numpy as np

from bankmine.simulation.crime.cards import CARD, WEB, card_parts
from bankmine.simulation.crime.planned import Planned, role_of
from bankmine.simulation.crime.scene import Arrivals, Scene, fanned
from bankmine.simulation.entries import Entries, entries
from bankmine.simulation.frame import DAY, Ints
from bankmine.simulation.spending_purchases import device_of
from bankmine.simulation.spending_tools import within_means

_TRIPS, _NIGHTS = 0.008, 0.06  # share of payments, and of orders, that others follow
_BACK = 24  # a trip repeats some of so many payments before
_NIGHT_PEOPLE = 0.12  # share of customers who order by night


def usual_trips(scene: Scene, money: Entries) -> list[Planned]:
    """Shopping trips and orders by night."""
    bought = (money.card >= 0) & (money.merchant >= 0) & money.out & ~money.refused & (money.country == 0)
    shops = np.flatnonzero(bought & ((money.channel == CARD) | (money.channel == WEB)))
    web = np.flatnonzero(bought & (money.channel == WEB))
    return [
        _trips(scene, money, shops, "shopping_trip", share=_TRIPS, most=5),
        _trips(scene, money, web, "night_orders", share=_NIGHTS, most=4),
    ]


def _trips(scene: Scene, money: Entries, rows: Ints, kind: str, *, share: float, most: int) -> Planned:
    """One to `most` payments more after some of those at `rows`, which are ordered by person."""
    luck = scene.keyed(kind)
    person, second = money.person[rows].astype(np.int64), money.second[rows]
    key = person * 2**32 + second
    begins = luck.uniform("begins", key) < share
    if kind == "night_orders":
        begins &= luck.uniform("awake", person) < _NIGHT_PEOPLE
        clock = (luck.between("clock", 22.5, 29.0, key) * 3600).astype(np.int64)
        second = second // DAY * DAY + clock
    begins &= (second // DAY >= scene.since[person]) & (second // DAY < scene.until[person] - 1)
    first = np.flatnonzero(begins)
    found = Arrivals(person[first], second[first], key[first])
    count = 1 + luck.whole("count", 0, most, found.key)
    episode, number = fanned(count)
    source = first[episode] - luck.whole("back", 1, _BACK, found.key[episode], number)
    same = (source >= 0) & (person[np.maximum(source, 0)] == found.person[episode])
    episode, source = episode[same], rows[source[same]]
    number = np.arange(episode.size) - np.searchsorted(episode, episode)
    return _repeated(scene, money, kind, found, rows[first], episode, number, source)


def _repeated(
    scene: Scene,
    money: Entries,
    kind: str,
    found: Arrivals,
    at: Ints,
    episode: Ints,
    number: Ints,
    source: Ints,
) -> Planned:
    """Payments like those at `source`, minutes after each other, with the card of the payment `at`."""
    luck, key = scene.keyed(f"{kind} how"), found.key[episode]
    gap = (-np.log1p(-luck.uniform("gap", key, number)) * 16.0 + 3.0) * 60
    total = np.cumsum(gap)
    total -= (total - gap)[np.searchsorted(episode, episode)]
    second = found.second[episode] + total.astype(np.int64)
    cents = money.cents[source] * np.exp(0.3 * luck.normal("amount", key, number))
    online, card = money.channel[source] == WEB, money.card[at].astype(np.int64)
    person = found.person[episode]
    dear = within_means(scene.who, person, cents)
    made = entries(
        account=money.account[at][episode], second=second, cents=np.maximum(np.rint(dear / 10) * 10, 50),
        out=True, category=money.category[source], channel=money.channel[source],
        merchant=money.merchant[source], terminal=money.terminal[source], card=card[episode], person=person,
        device=np.where(online, device_of(scene.who, person, second), 0), flexible=True,
    )  # fmt: skip
    parts = card_parts(scene, kind, found, card, second, episode)
    parts.role[:] = role_of("honest")
    return Planned(made, episode, parts)
