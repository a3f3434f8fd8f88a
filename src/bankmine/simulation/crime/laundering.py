"""Money laundering among customers and accounts at other banks: six shapes.

Fan-in, fan-out, cycle, scatter-gather, pass-through and structuring below the reporting threshold run over
three days to six weeks. What comes in is passed on with little left; what small helpers send was paid in as
cash before. The scenario's attack multiplies all of them.
"""

from __future__ import annotations

import numpy as np

from bankmine.simulation.crime.planned import LAUNDERING, Planned
from bankmine.simulation.crime.scene import Scene
from bankmine.simulation.crime.schemes import HOUR, Crew, Node, Recorder, Scheme, begun
from bankmine.simulation.frame import DAY, Floats
from bankmine.simulation.people import People

THRESHOLD = 2_000_000  # cents: cash from here on is reported
A_YEAR = {"fan_in": 0.42, "fan_out": 0.38, "cycle": 0.42, "scatter_gather": 0.32, "pass_through": 0.5,
           "structuring": 0.5}  # fmt: skip
MEMBERS = {
    "fan_in": 3.5,
    "fan_out": 3.5,
    "cycle": 4.5,
    "scatter_gather": 6.5,
    "pass_through": 1.0,
    "structuring": 1.0,
}  # customers in one scheme, on average
_SHORTEST, _LONGEST = 3.0, 42.0  # days


def laundering(scene: Scene) -> list[Planned]:
    """All schemes of the community, by kind."""
    found = []
    weight = willingness(scene.who)
    for kind in LAUNDERING:
        draw = scene.frame.random(scene.who.community, f"crime {kind}")
        record, crew = Recorder(scene, kind), Crew(scene, draw, weight)
        strength = getattr(scene.frame.scenario.laundering, kind)
        for place, second in begun(draw, scene, A_YEAR[kind] * strength, attack=f"crime attack {kind}"):
            length = float(np.exp(draw.uniform(np.log(_SHORTEST), np.log(_LONGEST))))
            _SCHEMES[kind](record, crew, place, second, length)
        found.append(record.planned())
    return found


def willingness(who: People) -> Floats:
    """How easily a customer is drawn in: students, the self-employed and companies more than others."""
    by_life = np.array([2.6, 1.2, 0.6, 0.5, 0.3, 1.6, 2.2, 2.4])
    new = np.where(who.joined > -400, 1.8, 1.0)
    return np.asarray(by_life[who.life] * new * (1.6 - who.honesty) ** 1.5)


def _ready(record: Recorder, crew: Crew, second: float, length: float, count: int) -> list[Node]:
    """Customers for a scheme, or none if there are too few."""
    day = int(second // DAY)
    members = crew.members(count, day, day + int(length) + 3)
    return members if len(members) == count else []


def _fan_in(record: Recorder, crew: Crew, place: int, second: float, length: float) -> None:
    """Many pay one, who sends it on."""
    helpers = int(crew.draw.integers(1, 5))
    people = _ready(record, crew, second, length, 1 + helpers)
    if not people:
        return
    hub, total = people[0], 0.0
    record.part(place, "hub", hub)
    for source in people[1:] + crew.others(int(crew.draw.integers(4, 10))):
        record.part(place, "source", source)
        for _ in range(int(crew.draw.integers(1, 3))):
            at, cents = second + crew.share(0.02, 0.85) * length * DAY, crew.amount(600, 4_800)
            if source[0] >= 0:
                record.cash(place, source, at - crew.hours(2, 40), cents * crew.share(1.0, 1.06), out=False)
            record.pay(place, source, hub, at, cents)
            total += cents
    _sent_on(record, crew, place, hub, second + 0.87 * length * DAY, 0.12 * length, total)


def _sent_on(
    record: Recorder, crew: Crew, place: int, hub: Node, second: float, days: float, total: float
) -> None:
    """Most of what came in leaves for other banks, in one to three payments."""
    parts = crew.draw.dirichlet(np.full(int(crew.draw.integers(1, 4)), 4.0))
    left = total * crew.share(0.86, 0.985)
    for part in parts:
        target = crew.other()
        record.part(place, "destination", target)
        record.pay(
            place, hub, target, second + crew.share(0.0, 1.0) * max(days, 0.3) * DAY, _whole(left * part)
        )


def _whole(cents: float) -> float:
    """Whole tens of SGD, rounded down."""
    return float(cents // 1_000 * 1_000)


def _fan_out(record: Recorder, crew: Crew, place: int, second: float, length: float) -> None:
    """One receives much and pays many; those who are customers take it out in cash."""
    helpers = int(crew.draw.integers(1, 5))
    people = _ready(record, crew, second, length, 1 + helpers)
    if not people:
        return
    hub, origin = people[0], crew.other()
    record.part(place, "hub", hub)
    record.part(place, "origin", origin)
    targets = people[1:] + crew.others(int(crew.draw.integers(4, 10)))
    amounts = [crew.amount(700, 4_500) for _ in targets]
    record.pay(place, origin, hub, second, _whole(sum(amounts) * crew.share(1.02, 1.15)))
    for target, cents in zip(targets, amounts, strict=True):
        record.part(place, "target", target)
        at = second + HOUR + crew.share(0.02, 0.8) * length * DAY
        record.pay(place, hub, target, at, cents)
        if target[0] >= 0:
            record.cash(
                place, target, at + crew.hours(3, 90), _whole(cents * crew.share(0.85, 1.0)), out=True
            )


def _cycle(record: Recorder, crew: Crew, place: int, second: float, length: float) -> None:
    """Money goes round three to six accounts, each keeping a fee."""
    people = _ready(record, crew, second, length, int(crew.draw.integers(3, 7)))
    if not people:
        return
    for member in people:
        record.part(place, "member", member)
    origin = crew.other()
    record.part(place, "origin", origin)
    rounds = 1 + int(crew.draw.integers(0, 2))
    cents = crew.amount(3_000, 28_000)
    record.pay(place, origin, people[0], second - crew.hours(1, 30), _whole(cents * crew.share(1.0, 1.1)))
    legs = len(people) * rounds
    times = second + np.sort(crew.draw.random(legs)) * length * DAY + 120.0 * np.arange(legs)
    for leg, at in enumerate(times):
        payer, payee = people[leg % len(people)], people[(leg + 1) % len(people)]
        record.pay(place, payer, payee, at, cents)
        cents = float(np.floor(cents * crew.share(0.94, 0.99) / 100) * 100)


def _scatter_gather(record: Recorder, crew: Crew, place: int, second: float, length: float) -> None:
    """One splits a sum among several, who pass it to another one."""
    people = _ready(record, crew, second, length, int(crew.draw.integers(5, 9)))
    if not people:
        return
    origin, destination, middles, source = people[0], people[1], people[2:], crew.other()
    record.part(place, "origin", origin)
    record.part(place, "destination", destination)
    record.part(place, "source", source)
    amounts = [crew.amount(900, 6_500) for _ in middles]
    record.pay(place, source, origin, second, _whole(sum(amounts) * crew.share(1.02, 1.12)))
    gathered = 0.0
    for middle, cents in zip(middles, amounts, strict=True):
        record.part(place, "middle", middle)
        at = second + HOUR + crew.share(0.0, 0.5) * length * DAY
        passed = float(np.floor(cents * crew.share(0.92, 0.995) / 100) * 100)
        record.pay(place, origin, middle, at, cents)
        record.pay(place, middle, destination, at + crew.hours(2, max(8.0, 0.3 * length * 24)), passed)
        gathered += passed
    _sent_on(record, crew, place, destination, second + 0.85 * length * DAY, 0.15 * length, gathered)


def _pass_through(record: Recorder, crew: Crew, place: int, second: float, length: float) -> None:
    """In from one bank and out to another within hours to three days, several times."""
    people = _ready(record, crew, second, length, 1)
    if not people:
        return
    mule, origin = people[0], crew.other()
    record.part(place, "hub", mule)
    record.part(place, "origin", origin)
    times = second + np.sort(crew.draw.random(int(crew.draw.integers(2, 7)))) * length * DAY
    for at in times:
        cents, target = crew.amount(800, 9_500), crew.other()
        record.part(place, "destination", target)
        record.pay(
            place, origin if crew.draw.random() < 0.7 else _another(record, crew, place), mule, at, cents
        )
        record.pay(place, mule, target, at + crew.hours(1, 70), _whole(cents * crew.share(0.9, 0.99)))


def _another(record: Recorder, crew: Crew, place: int) -> Node:
    """Another origin at another bank."""
    node = crew.other()
    record.part(place, "origin", node)
    return node


def _structuring(record: Recorder, crew: Crew, place: int, second: float, length: float) -> None:
    """Cash is paid in just below the reporting threshold, again and again, and sent on."""
    people = _ready(record, crew, second, length, 1)
    if not people:
        return
    hub, total = people[0], 0.0
    record.part(place, "hub", hub)
    count = int(crew.draw.integers(3, 9))
    for day in np.sort(crew.draw.random(count)) * 0.85 * length:
        cents = np.floor(THRESHOLD * (1.0 - 0.16 * crew.draw.random() ** 1.5) / 5_000) * 5_000 - 5_000
        record.cash(place, hub, second + int(day) * DAY + crew.hours(0.2, 7.5), cents, out=False)
        total += cents
    _sent_on(record, crew, place, hub, second + 0.87 * length * DAY, 0.13 * length, total)


_SCHEMES: dict[str, Scheme] = {
    "fan_in": _fan_in, "fan_out": _fan_out, "cycle": _cycle, "scatter_gather": _scatter_gather,
    "pass_through": _pass_through, "structuring": _structuring,
}  # fmt: skip
