"""Honest payments that look like laundering, about as frequent: rents, weddings, families, savings clubs.

A rent collector is a fan-in, wedding gifts another; families pass money round; the treasurer of a savings
club gathers and pays out; who moves savings between banks passes them through; a trader pays the takings in
as cash, sometimes just below the reporting threshold.
"""

from __future__ import annotations

import numpy as np

from bankmine.simulation.crime.planned import Planned
from bankmine.simulation.crime.scene import Scene
from bankmine.simulation.crime.schemes import Crew, Node, Recorder, begun
from bankmine.simulation.entries import CATEGORIES
from bankmine.simulation.frame import DAY, Floats
from bankmine.simulation.people import COMPANY

_RENT, _GIFT = CATEGORIES.index("rent"), CATEGORIES.index("gift")
_A_YEAR = {"rent": 0.5, "wedding": 3.0, "family_round": 2.0, "savings_club": 0.8, "between_banks": 6.0,
           "takings": 2.5}  # fmt: skip
_WITH_TAKINGS = 1.6  # weeks between two deposits, at most


def honest_schemes(scene: Scene) -> list[Planned]:
    """All innocent twins of laundering, by kind."""
    found = []
    for kind, a_year in _A_YEAR.items():
        draw = scene.frame.random(scene.who.community, f"crime {kind}")
        record, crew = Recorder(scene, kind), Crew(scene, draw, _suited(scene, kind))
        for place, second in begun(draw, scene, a_year):
            people = crew.members(1, int(second // DAY), int(second // DAY) + 90)
            if people:
                _SCHEMES[kind](record, crew, place, people[0], second)
        found.append(record.planned())
    return found


def _suited(scene: Scene, kind: str) -> Floats:
    """Whom each kind befalls: landlords are well off, the wed are young, takings have those in business."""
    lives = {"rent": (0, 0.2, 1, 4, 2, 0.5, 1, 0.5), "wedding": (0.3, 3, 1, 0.4, 0.1, 1, 1, 0),
             "family_round": (1, 1, 2, 1, 1, 1, 1, 0.2), "savings_club": (0.5, 1, 2, 1, 3, 1, 2, 0),
             "between_banks": (0.5, 1, 1.5, 3, 1, 1, 2, 2), "takings": (0, 0, 0, 0, 0, 0, 2, 6)}  # fmt: skip
    assert len(lives[kind]) == COMPANY + 1
    return np.array(lives[kind])[scene.who.life] + 1e-6


def _near(record: Recorder, crew: Crew, person: int, count: int, second: float) -> list[Node]:
    """Neighbours of a customer whose accounts are in use: households stand side by side."""
    scene, day = record.scene, int(second // DAY)
    around = [person + step for step in (1, -1, 2, -2, 3, -3, 4, -4, 5, -5)]
    inside = [one for one in around if 0 <= one < scene.who.count]
    used = [
        one
        for one in inside
        if scene.since[one] <= day < scene.until[one] - 90 and not scene.who.company[one]
    ]
    return [(one, 0) for one in used[:count]]


def _rent(record: Recorder, crew: Crew, place: int, landlord: Node, second: float) -> None:
    """Three to nine tenants pay every month for one to three years; most of it goes to the mortgage."""
    tenants = crew.members(int(crew.draw.integers(0, 3)), int(second // DAY), int(second // DAY) + 400)
    tenants = [one for one in tenants if one != landlord] + crew.others(int(crew.draw.integers(3, 8)))
    mortgage, rents = crew.other(), [crew.amount(500, 2_600) for _ in tenants]
    months = int(crew.draw.integers(8, 30))
    for node in (landlord, *tenants, mortgage):
        record.part(place, "honest", node)
    days = crew.draw.integers(0, 6, (months, len(tenants)))
    for month in range(months):
        for tenant, rent, day in zip(tenants, rents, days[month], strict=True):
            record.pay(
                place, tenant, landlord, second + (30.4 * month + day) * DAY + crew.hours(0, 10), rent, _RENT
            )
        record.pay(place, landlord, mortgage, second + (30.4 * month + 8) * DAY, sum(rents) // 1_000 * 700)


def _wedding(record: Recorder, crew: Crew, place: int, couple: Node, second: float) -> None:
    """Eight to twenty gifts within two weeks, much of it paid to the caterer."""
    guests = _near(record, crew, couple[0], int(crew.draw.integers(1, 5)), second)
    guests += crew.others(int(crew.draw.integers(6, 16)))
    caterer, total = crew.other(), 0.0
    for node in (couple, *guests, caterer):
        record.part(place, "honest", node)
    for guest in guests:
        cents = float(crew.draw.choice([8_800, 16_800, 18_800, 28_800, 38_800, 68_800, 88_800, 188_800]))
        record.pay(place, guest, couple, second + crew.share(0, 14) * DAY, cents, _GIFT)
        total += cents
    record.pay(
        place,
        couple,
        caterer,
        second + crew.share(10, 17) * DAY,
        total * crew.share(0.6, 1.0) // 1_000 * 1_000,
    )


def _family_round(record: Recorder, crew: Crew, place: int, first: Node, second: float) -> None:
    """Three or four relatives pay each other back in turn within weeks."""
    family = [first, *_near(record, crew, first[0], int(crew.draw.integers(2, 4)), second)]
    for node in family:
        record.part(place, "honest", node)
    if len(family) < 3:
        return
    cents, length = crew.amount(150, 4_000), crew.share(5, 40)
    times = second + np.sort(crew.draw.random(len(family))) * length * DAY
    for leg, at in enumerate(times):
        record.pay(
            place, family[leg], family[(leg + 1) % len(family)], at, cents * crew.share(0.6, 1.1) // 100 * 100
        )


def _savings_club(record: Recorder, crew: Crew, place: int, treasurer: Node, second: float) -> None:
    """Five to nine members pay in every month; each month another one gets the pot."""
    members = _near(record, crew, treasurer[0], int(crew.draw.integers(2, 5)), second)
    members += crew.others(int(crew.draw.integers(3, 5)))
    for node in (treasurer, *members):
        record.part(place, "honest", node)
    cents = crew.amount(200, 1_500)
    for turn in range(len(members)):
        month = second + turn * 30.4 * DAY
        for member in members:
            record.pay(place, member, treasurer, month + crew.share(0, 4) * DAY, cents)
        record.pay(place, treasurer, members[turn], month + crew.share(4, 6) * DAY, cents * len(members))


def _between_banks(record: Recorder, crew: Crew, place: int, person: Node, second: float) -> None:
    """Savings come from one bank and go to another, or to a seller, within days; one to four times."""
    here, there = crew.other(), crew.other()
    for node in (person, here, there):
        record.part(place, "honest", node)
    for _ in range(int(crew.draw.integers(1, 5))):
        at, cents = second + crew.share(0, 30) * DAY, crew.amount(800, 12_000)
        record.pay(place, here, person, at, cents)
        record.pay(
            place, person, there, at + crew.hours(2, 110), cents * crew.share(0.75, 1.0) // 1_000 * 1_000
        )


def _takings(record: Recorder, crew: Crew, place: int, trader: Node, second: float) -> None:
    """Takings are paid in every few days for months, and suppliers paid from them."""
    record.part(place, "honest", trader)
    supplier = crew.other()
    record.part(place, "honest", supplier)
    usual, total = crew.amount(4_000, 17_500), 0.0
    count = int(crew.draw.integers(6, 30))
    gaps = crew.draw.uniform(2.0, 7.0 * _WITH_TAKINGS, count)
    for turn, day in enumerate(np.cumsum(gaps)):
        cents = usual * np.exp(crew.draw.normal(0, 0.25)) // 5_000 * 5_000
        record.cash(place, trader, second + day * DAY + crew.hours(0, 4), cents, out=False)
        total += cents
        if turn % 3 == 2:
            record.pay(
                place, trader, supplier, second + (day + crew.share(1, 6)) * DAY, total * 0.8 // 1_000 * 1_000
            )
            total = 0.0


_SCHEMES = {
    "rent": _rent, "wedding": _wedding, "family_round": _family_round, "savings_club": _savings_club,
    "between_banks": _between_banks, "takings": _takings,
}  # fmt: skip
