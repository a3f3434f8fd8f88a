"""Honest payments that look like card fraud, more frequent: journeys, feasts, trips to shops, orders abroad.

A journey means many high amounts abroad within days; before Chinese New Year and on an outing to another
region people buy much within a day or two; and whoever has been at the terminals of the airport city tends
to order from abroad weeks later, as cards copied at a compromised terminal do. Any day some go from one of
their usual shops to the next, order by night what they always order, or buy a sofa in another part of town:
so pace, hour and amount alone say little.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bankmine.simulation.crime.cards import WITHOUT_CARD, Hits, mixed, paid_by_card, visits
from bankmine.simulation.crime.planned import Planned, role_of
from bankmine.simulation.crime.scene import (
    Arrivals,
    Scene,
    arrivals,
    awake,
    fanned,
    ordered_within,
    with_cards,
)
from bankmine.simulation.crime.shops import abroad
from bankmine.simulation.crime.usual_trips import usual_trips
from bankmine.simulation.entries import Entries
from bankmine.simulation.frame import DAY, REGIONS, Floats, Ints
from bankmine.simulation.merchants import ONLINE

_JOURNEYS_A_YEAR, _FEASTS, _OUTINGS_A_YEAR, _ORDERS = 0.05, 0.05, 0.03, 0.35
_LARGE_A_YEAR = 0.4
_ON_JOURNEY = {
    "restaurant": 0.3,
    "travel": 0.25,
    "clothing": 0.15,
    "leisure": 0.15,
    "electronics": 0.08,
    "groceries": 0.07,
}
_FOR_FEAST = {"clothing": 0.3, "groceries": 0.25, "electronics": 0.2, "household": 0.25}
_ON_OUTING = {"clothing": 0.25, "restaurant": 0.2, "leisure": 0.2, "electronics": 0.15, "fuel": 0.1,
              "household": 0.1}  # fmt: skip
_LARGE = {"household": 0.3, "travel": 0.25, "electronics": 0.2, "health": 0.15, "education": 0.1}
_BUSY_TERMINALS = 12  # of the airport city, whose visitors order from abroad


def honest_twins(scene: Scene, money: Entries) -> list[Planned]:
    """All honest card payments that look like fraud."""
    return [_journeys(scene), _feasts(scene), _outings(scene), _orders_abroad(scene, money),
            _large_purchases(scene), *usual_trips(scene, money)]  # fmt: skip


def _bursts(
    scene: Scene, kind: str, found: Arrivals, *, least: int, most: int, days: tuple[float, float],
    shares: dict[str, float], place_of: Callable[[Arrivals], Ints], online: float, more: float,
) -> Planned:  # fmt: skip
    luck = scene.keyed(kind)
    found, card = with_cards(scene, found, luck)
    count = least + ((most - least + 1) * luck.uniform("count", found.key) ** 1.6).astype(np.int64)
    episode, number = fanned(count)
    key = found.key[episode]
    length = luck.between("length", *days, found.key)[episode]
    offset = ordered_within(episode, luck.uniform("offset", key, number)) * length * DAY
    second = awake(found.second[episode] + offset.astype(np.int64), luck.uniform("night", key, number))
    category = mixed(shares, luck.uniform("category", key, number))
    away = luck.uniform("online", key, number) < online
    tries = [luck.uniform(f"merchant {one}", key, number) for one in range(3)]
    merchant = scene.shops.draw(category, np.where(away, ONLINE, place_of(found)[episode]), tries[0])
    if kind == "orders_abroad":
        merchant = scene.shops.draw_foreign(category, tries)
    amount = scene.amounts.draw(category, luck.uniform("amount", key, number))
    cents = np.maximum(amount * np.exp(more + 0.5 * luck.normal("more", key, number)), 100).astype(np.int64)
    plan = paid_by_card(scene, kind, found, card, episode, second, cents, merchant, away, luck)
    plan.parts.role[:] = role_of("honest")
    return plan


def _journeys(scene: Scene) -> Planned:
    found = arrivals(scene, "journey", _JOURNEYS_A_YEAR * _wealth(scene), attacked=False)
    luck = scene.keyed("journey where")
    return _bursts(
        scene,
        "holiday",
        found,
        least=3,
        most=16,
        days=(2.0, 9.0),
        shares=_ON_JOURNEY,
        place_of=lambda every: abroad(luck.uniform("country", every.key)),
        online=0.08,
        more=0.35,
    )


def _wealth(scene: Scene) -> Floats:
    """Who travels: the better paid, and no company."""
    return np.where(scene.who.company, 0.0, np.clip(scene.who.income / 450_000, 0.3, 2.5))


def _feasts(scene: Scene) -> Planned:
    """Bursts in the three weeks before Chinese New Year, one at most for each person and year."""
    frame, who = scene.frame, scene.who
    feast = np.flatnonzero(frame.holiday == frame.holiday_names.index("Chinese New Year"))
    firsts = feast[np.concatenate([[True], np.diff(feast) > 1])] if feast.size else feast
    luck = scene.keyed("feast")
    found = []
    for year in range(firsts.size):
        key = np.arange(who.count) * 64 + year
        day = firsts[year] - 2 - luck.whole("day", 0, 19, key)
        buys = luck.uniform("buys", key) < np.where(who.chinese, 1.5, 0.5) * _FEASTS
        buys &= ~who.company & (day >= scene.since) & (day < scene.until)
        second = day * DAY + (luck.between("hour", 10, 19, key) * 3600).astype(np.int64)
        found.append((np.flatnonzero(buys), second[buys], key[buys]))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)] if found else [feast] * 3
    every = Arrivals(*(column.astype(np.int64) for column in columns))
    return _bursts(
        scene,
        "feast_shopping",
        every,
        least=3,
        most=10,
        days=(0.2, 2.0),
        shares=_FOR_FEAST,
        place_of=lambda these: scene.region(these.person, these.second // DAY),
        online=0.15,
        more=0.4,
    )


def _outings(scene: Scene) -> Planned:
    found = arrivals(scene, "outing", _OUTINGS_A_YEAR * scene.who.activity, attacked=False)
    luck = scene.keyed("outing where")
    return _bursts(
        scene,
        "outing",
        found,
        least=2,
        most=9,
        days=(0.2, 1.5),
        shares=_ON_OUTING,
        place_of=lambda every: luck.whole("place", 0, len(REGIONS), every.key),
        online=0.05,
        more=0.25,
    )


def _orders_abroad(scene: Scene, money: Entries) -> Planned:
    """Who has been at one of the airport city's busy terminals orders from abroad in the following weeks."""
    every = scene.shops.merchants
    airport = np.flatnonzero(every.region == REGIONS.index("Airport City"))
    middling = np.argsort(np.abs(np.log(scene.shops.share[airport] / 3e-4)), kind="stable")
    busy = airport[middling[:_BUSY_TERMINALS]]
    terminal = every.terminal_of(busy, np.zeros(busy.size))
    always = np.full(busy.size, 2**50)
    seen, hit = visits(Hits(busy, terminal, -always, always), money, every.count)
    luck = scene.keyed("orders abroad")
    person = money.person[seen].astype(np.int64)
    key = (person * 4096 + money.second[seen] // DAY % 4096) * 64 + hit
    taken = (luck.uniform("taken", key) < _ORDERS) & (person >= 0)
    seen, person, key = seen[taken], person[taken], key[taken]
    second = money.second[seen] + ((3 + 37 * luck.uniform("later", key)) * DAY).astype(np.int64)
    here = (second // DAY < scene.until[person]) & (second // DAY < scene.frame.days)
    found = Arrivals(person[here], second[here], key[here])
    return _bursts(scene, "orders_abroad", found, least=1, most=5, days=(0.05, 2.5), shares=WITHOUT_CARD,
                   place_of=lambda every: np.full(every.key.size, ONLINE), online=1.0, more=0.0)  # fmt: skip


def _large_purchases(scene: Scene) -> Planned:
    """Furniture, journeys, treatments: much money, often where the customer has never been."""
    rate = _LARGE_A_YEAR * scene.who.activity
    found = arrivals(scene, "large purchase", rate, attacked=False)
    luck = scene.keyed("large purchase where")
    home = scene.region(found.person, found.second // DAY)
    near = luck.uniform("near", found.key) < 0.3
    place = np.where(near, home, luck.whole("place", 0, len(REGIONS), found.key))
    of = dict(zip(found.key.tolist(), place.tolist(), strict=True))
    return _bursts(scene, "large_purchase", found, least=1, most=2, days=(0.02, 0.2), shares=_LARGE,
                   place_of=lambda every: np.array([of[key] for key in every.key.tolist()], dtype=np.int64),
                   online=0.2, more=1.3)  # fmt: skip
