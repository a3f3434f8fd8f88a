"""Fraud with cards: stolen ones, and those copied at a compromised terminal.

A thief of a card pays six to fourteen times within two days, middling amounts, more often than others for
goods that are easy to sell again, mostly in one other region, sometimes after a small payment to see whether
the card still works. A compromised terminal copies cards for two to six weeks; some of them are misused
online 3 to 40 days later, mostly from a stranger's device. No single sign tells: honest trips are as quick,
travellers as far away, night orders as late; that all shops of a quick trip are new and in an unusual place,
or that a new device orders from new shops, does. Which terminals are compromised is a matter of the whole
bank, so it comes from the seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bankmine.simulation.crime.planned import (
    TWINS_OF_FRAUD,
    Parts,
    Planned,
    kind_of,
    parts_of,
    pattern_numbers,
    role_of,
)
from bankmine.simulation.crime.scene import (
    Arrivals,
    Scene,
    arrivals,
    fanned,
    sprees,
    stranger_device,
    with_cards,
)
from bankmine.simulation.crime.shops import abroad, shops_of
from bankmine.simulation.entries import CATEGORIES, CHANNELS, Entries, entries
from bankmine.simulation.frame import DAY, MAXIMUM_MONTHS, REGIONS, Floats, Ints, Truth
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.merchants import ONLINE
from bankmine.simulation.scenario import Fraud
from bankmine.simulation.spending_purchases import device_of
from bankmine.simulation.spending_tools import within_means
from bankmine.simulation.streams import EVERYONE, stream

_STOLEN_A_YEAR = 0.036  # of an average customer
_HIT_EVERY_DAYS = 5.5  # a terminal is compromised, in the whole bank
_AT_LEAST = 12 * 3600  # seconds an episode runs
_REFUSED = 0.03  # declined whatever the balance, as honest payments are
_MISUSED = 0.3  # of the cards used at a compromised terminal
CARD, WEB, TRANSFER = CHANNELS.index("card"), CHANNELS.index("online"), CHANNELS.index("transfer")
_RESELL = {"electronics": 0.16, "clothing": 0.2, "household": 0.13, "groceries": 0.15, "fuel": 0.07,
           "leisure": 0.09, "health": 0.06, "restaurant": 0.14}  # fmt: skip
WITHOUT_CARD = {"online": 0.22, "electronics": 0.14, "travel": 0.08, "clothing": 0.2, "leisure": 0.16,
                "restaurant": 0.12, "household": 0.08}  # fmt: skip
_MIDDLE = (0.5, 0.94)  # in shops frauds cost as much as these quantiles of honest payments of the category
_MODEST = (0.25, 0.88)  # and online


@dataclass(frozen=True)
class Hits:
    """Compromised terminals, by time: `merchant`, `terminal` (raw number), `begins` and `ends` (seconds)."""

    merchant: Ints
    terminal: Ints
    begins: Ints
    ends: Ints


def mixed(shares: dict[str, float], luck: Floats) -> Ints:
    """Categories drawn from their shares."""
    names = np.array([CATEGORIES.index(name) for name in shares])
    bounds = np.cumsum(list(shares.values()))
    return names[np.minimum(np.searchsorted(bounds / bounds[-1], luck, side="right"), names.size - 1)]


def stolen_cards(scene: Scene) -> Planned:
    """Thefts of cards with their bursts of payments."""
    strength = scene.frame.scenario.fraud.stolen_card
    luck = scene.keyed("stolen card")
    found = arrivals(scene, "stolen card", _STOLEN_A_YEAR * strength * scene.who.activity)
    found, card = with_cards(scene, found, luck)
    count = 6 + (9 * luck.uniform("count", found.key) ** 1.2).astype(np.int64)
    length = luck.between("length", 0.3, 2.0, found.key)
    episode, number, second = sprees(luck, found.key, found.second, length, count, waking=True, minutes=15.0)
    key = found.key[episode]
    online = luck.uniform("online", key, number) < 0.08
    place = np.where(online, ONLINE, _hunting_ground(scene, found, luck)[episode])
    category = mixed(_RESELL, luck.uniform("category", key, number))
    tested = (luck.uniform("tested", found.key) < 0.35)[episode] & (number == 0)
    amount = scene.amounts.draw(category, luck.between("amount", *_MIDDLE, key, number))
    cents = np.where(tested, luck.between("test", 80, 700, key), np.maximum(amount, 150)).astype(np.int64)
    merchant = scene.shops.draw(category, place, luck.uniform("merchant", key, number))
    return paid_by_card(scene, "stolen_card", found, card, episode, second, cents, merchant, online, luck)


def _hunting_ground(scene: Scene, found: Arrivals, luck: Keyed) -> Ints:
    """Place of each theft's payments: another region, home, or abroad."""
    home = scene.region(found.person, found.second // DAY)
    other = luck.whole("region", 0, len(REGIONS), found.key)
    where = luck.uniform("ground", found.key)
    return np.where(
        where < 0.84, other, np.where(where < 0.92, home, abroad(luck.uniform("country", found.key)))
    )


def paid_by_card(
    scene: Scene,
    kind: str,
    found: Arrivals,
    card: Ints,
    episode: Ints,
    second: Ints,
    cents: Ints,
    merchant: Ints,
    online: Truth,
    luck: Keyed,
) -> Planned:
    """Card payments of episodes, with one part an episode: the card."""
    key, number = found.key[episode], np.arange(episode.size)
    number = number - np.searchsorted(episode, episode)
    every = scene.shops.merchants
    terminal = every.terminal_of(merchant, luck.uniform("terminal", key, number))
    person = found.person[episode]
    phone = device_of(scene.who, person, second)
    strange = luck.uniform("device", found.key)[episode] < (0.12 if kind in TWINS_OF_FRAUD else 0.75)
    stranger = stranger_device(luck.whole("stranger", 0, 2**24, found.key), scene.frame.customers)[episode]
    device = np.where(strange, scene.phone(person, 3) if kind in TWINS_OF_FRAUD else stranger, phone)
    made = entries(
        account=scene.acc.card_account[card][episode], second=second,
        cents=within_means(scene.who, person, cents), out=True,
        category=every.category[merchant], channel=np.where(online, WEB, CARD), merchant=merchant,
        terminal=terminal, card=card[episode], person=person, device=np.where(online, device, 0),
        country=every.country[merchant], currency=every.currency[merchant], flexible=True,
        refused=luck.uniform("refused", key, number) < _REFUSED,
    )  # fmt: skip
    return Planned(made, episode, card_parts(scene, kind, found, card, second, episode))


def card_parts(scene: Scene, kind: str, found: Arrivals, card: Ints, second: Ints, episode: Ints) -> Parts:
    """One part an episode: the victim's (or honest customer's) card, from the theft to its last payment."""
    ends = found.second + _AT_LEAST
    begins = found.second.copy()
    np.maximum.at(ends, episode, second)
    np.minimum.at(begins, episode, second)
    return parts_of(
        pattern=pattern_numbers(scene.who.community, kind, found.place), kind=kind_of(kind),
        role=role_of("victim"), person=found.person, account=scene.acc.card_account[card], card=card,
        begins=begins, ends=ends,
    )  # fmt: skip


@lru_cache(maxsize=8)
def compromised(seed: int, fraud: Fraud, begins_day: int) -> Hits:
    """Compromised terminals of ten years; `begins_day`: first day of the attack, or NEVER.

    Terminals of middling popularity: at the most popular shops the copies would be too many to be believed.
    """
    draw = stream(seed, EVERYONE, "compromised terminals")
    days = MAXIMUM_MONTHS * 31
    some = int(days * 12 / _HIT_EVERY_DAYS)
    day = np.cumsum(draw.exponential(_HIT_EVERY_DAYS, some)) / max(fraud.compromised_terminal, 1e-9)
    day = np.where(day > begins_day, begins_day + (day - begins_day) / fraud.attack_factor, day)
    length = draw.uniform(14, 42, some)
    shops = shops_of(seed)
    every = shops.merchants
    weight = shops.share * np.exp(-shops.share / 3e-4)
    merchant = draw.choice(weight.size, some, p=weight / weight.sum())
    terminal = every.terminal_of(merchant, draw.random(some))
    here = day < days
    return Hits(merchant[here], terminal[here], (day[here] * DAY).astype(np.int64),
                ((day + length)[here] * DAY).astype(np.int64))  # fmt: skip


def visits(hits: Hits, money: Entries, merchants: int) -> tuple[Ints, Ints]:
    """Card payments at a terminal while it was compromised: places in `money`, and which hit."""
    marked = np.zeros(merchants + 1, dtype=np.bool_)  # the last place stands for no merchant
    marked[hits.merchant] = True
    near = np.flatnonzero(marked[money.merchant] & (money.card >= 0) & (money.terminal > 0))
    second, terminal = money.second[near], money.terminal[near]
    at = np.argsort(terminal, kind="stable")
    low = np.searchsorted(terminal[at], hits.terminal)
    high = np.searchsorted(terminal[at], hits.terminal, side="right")
    hit, number = fanned(high - low)
    place = at[low[hit] + number]
    during = (second[place] >= hits.begins[hit]) & (second[place] <= hits.ends[hit])
    return near[place[during]], hit[during]


def copied_cards(scene: Scene, money: Entries) -> Planned:
    """Misuse of cards copied at compromised terminals: one to five payments without the card."""
    fraud = scene.frame.scenario.fraud
    begins = attack_day(scene)
    hits = compromised(scene.frame.seed, fraud, begins)
    place, hit = visits(hits, money, scene.shops.merchants.count)
    luck = scene.keyed("copied card")
    first = _first_visits(money.card[place].astype(np.int64) * 4096 + hit % 4096, money.second[place])
    place, hit = place[first], hit[first]
    person = money.person[place].astype(np.int64)
    key = person * 4096 + hit % 4096
    taken = (luck.uniform("taken", key) < _MISUSED) & (person >= 0)
    taken &= fraud.compromised_terminal > 0
    place, hit, person, key = place[taken], hit[taken], person[taken], key[taken]
    later = 3 + 37 * luck.uniform("later", key) ** 1.6
    second = money.second[place] + (later * DAY).astype(np.int64)
    clock = (luck.uniform("clock", key) ** 1.7 * DAY).astype(np.int64)  # the thief's day is often our night
    second = np.where(luck.uniform("far away", key) < 0.45, second // DAY * DAY + clock, second)
    card = money.card[place].astype(np.int64)
    here = (second // DAY < scene.until[person]) & (
        second // DAY < np.minimum(scene.frame.days, scene.acc.card_closed[card])
    )
    plan = _misuse(scene, Arrivals(person[here], second[here], key[here]), card[here], luck)
    parts = plan.parts
    return Planned(plan.entries, plan.part, Parts(**{**parts.__dict__, "terminal": hits.terminal[hit[here]]}))


def _first_visits(key: Ints, second: Ints) -> Ints:
    """Places of the first visit of each card to each hit."""
    order = np.lexsort((second, key))
    keys = key[order]
    return np.sort(order[np.concatenate([[True], keys[1:] != keys[:-1]])]) if key.size else order


def _misuse(scene: Scene, found: Arrivals, card: Ints, luck: Keyed) -> Planned:
    count = 3 + (6 * luck.uniform("count", found.key)).astype(np.int64)
    length = luck.between("length", 0.1, 1.5, found.key)
    episode, number, second = sprees(luck, found.key, found.second, length, count, waking=False, minutes=30.0)
    key = found.key[episode]
    category = mixed(WITHOUT_CARD, luck.uniform("category", key, number))
    tries = [luck.uniform(f"merchant {one}", key, number) for one in range(3)]
    foreign = luck.uniform("abroad", found.key)[episode] < 0.3
    usual = scene.shops.draw(category, np.full(key.size, ONLINE), tries[0])
    merchant = np.where(foreign, scene.shops.draw_foreign(category, tries), usual)
    amount = scene.amounts.draw(category, luck.between("amount", *_MODEST, key, number))
    cents = np.maximum(amount, 120).astype(np.int64)
    online = np.ones(episode.size, dtype=np.bool_)
    return paid_by_card(
        scene, "compromised_terminal", found, card, episode, second, cents, merchant, online, luck
    )


def attack_day(scene: Scene) -> int:
    """First day of the scenario's attack, or a day that never comes."""
    month, frame = int(scene.frame.scenario.fraud.attack_month), scene.frame
    return int(frame.month_start[month]) if 0 <= month < frame.months else 2**40
