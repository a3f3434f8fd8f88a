"""Building blocks of schemes: a recorder of payments between accounts, and when and among whom they happen.

Schemes are few (a handful for each thousand customers and year), so they are written one by one, as their
descriptions read; the recorder turns them into columns at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from bankmine.simulation.crime.planned import (
    LAUNDERING,
    Planned,
    kind_of,
    parts_of,
    pattern_numbers,
    role_of,
)
from bankmine.simulation.crime.scene import OTHER_ACCOUNTS, Scene
from bankmine.simulation.entries import CATEGORIES, CHANNELS, Entries, entries
from bankmine.simulation.frame import DAY, MAXIMUM_MONTHS, Floats, Ints
from bankmine.simulation.merchants import FIRST_MACHINE, MACHINES
from bankmine.simulation.spending_purchases import device_of
from bankmine.simulation.spending_tools import bank_of
from bankmine.simulation.words import words

TRANSFER, CASH, BRANCH = (CHANNELS.index(name) for name in ("transfer", "cash", "branch"))
INTO, OUT_OF, DEPOSIT, WITHDRAWN = (
    CATEGORIES.index(name) for name in ("transfer_in", "transfer_out", "cash_deposit", "cash")
)
HOUR = 3600
Node = tuple[int, int]  # place of a customer or -1, raw number of an account at another bank or 0
_YEARS = 10
_ANY = ("elsewhere", "friends", "family")
_TEXTS = {"rent": ("rent",), "wedding": ("gift",), "family_round": ("family", "friends"),
          "savings_club": ("friends", "savings"), "between_banks": ("elsewhere",),
          "takings": ("supplier",)}  # fmt: skip


@dataclass
class Recorder:
    """Collects the payments and parts of schemes of one kind."""

    scene: Scene
    kind: str
    payments: list[tuple[int, ...]] = field(default_factory=list)
    parts: list[tuple[int, ...]] = field(default_factory=list)
    _places: dict[tuple[int, Node], int] = field(default_factory=dict)

    def part(self, pattern: int, role: str, node: Node) -> None:
        """Says which role an account plays; the first word counts."""
        if (pattern, node) not in self._places:
            self._places[pattern, node] = len(self.parts)
            self.parts.append((pattern, role_of(role), *node))

    def pay(
        self, pattern: int, payer: Node, payee: Node, second: float, cents: float, category: int = OUT_OF
    ) -> None:
        """A transfer; each side that is a customer has its entry."""
        if payer[0] >= 0:
            self._enter(pattern, payer, payee, second, cents, 1, category)
        if payee[0] >= 0:
            self._enter(pattern, payee, payer, second, cents, 0, INTO)

    def cash(self, pattern: int, node: Node, second: float, cents: float, *, out: bool) -> None:
        """Cash paid in at a branch, or taken out at a machine: fifties, 3,000 SGD at most."""
        if out:
            self._enter(pattern, node, (-1, 0), second, min(cents // 5_000 * 5_000, 300_000), 1, WITHDRAWN)
        else:
            self._enter(pattern, node, (-1, 0), second, cents // 5_000 * 5_000, 0, DEPOSIT)

    def _enter(
        self, pattern: int, node: Node, other: Node, second: float, cents: float, out: int, category: int
    ) -> None:
        place = self._places[pattern, node]
        self.payments.append((place, node[0], *other, int(second), max(int(cents), 1_000), out, category))

    def planned(self) -> Planned:
        """Everything recorded, as payments and parts."""
        scene, acc = self.scene, self.scene.acc
        rows = np.array(self.payments, dtype=np.int64).reshape(-1, 8).T
        pattern, role, person, other = np.array(self.parts, dtype=np.int64).reshape(-1, 4).T
        begins, ends = np.full(pattern.size, 2**60), np.zeros(pattern.size, dtype=np.int64)
        np.minimum.at(begins, rows[0], rows[4])
        np.maximum.at(ends, rows[0], rows[4])
        self._span_others(pattern, person, begins, ends)
        parts = parts_of(
            pattern=pattern_numbers(scene.who.community, self.kind, pattern),
            kind=kind_of(self.kind),
            role=role,
            person=person,
            account=np.where(person >= 0, acc.main[person], -1),
            other=other,
            begins=begins,
            ends=ends,
        )
        return Planned(self._booked(rows), rows[0], parts)

    def _booked(self, rows: Ints) -> Entries:
        """Entries that look as such payments do elsewhere: texts, devices, machines, banks."""
        scene, acc = self.scene, self.scene.acc
        _, person, partner, other, second, cents, out, category = rows
        cash, paid_in, ordered = (
            category == WITHDRAWN,
            category == DEPOSIT,
            (out > 0) & (category != WITHDRAWN),
        )
        number = np.where(partner >= 0, acc.number[acc.main[np.maximum(partner, 0)]], other)
        card = scene.debit_card(person, second // DAY)
        cash &= card >= 0
        machine = scene.region(person, second // DAY) * 2 * MACHINES + person % (2 * MACHINES)
        groups = np.stack([words(group, (second + cents) // 60) for group in _TEXTS.get(self.kind, _ANY)])
        text = groups[(pattern_mix(second) % len(groups)), np.arange(second.size)]
        return entries(
            account=acc.main[person],
            second=second,
            cents=cents,
            out=out > 0,
            category=category,
            channel=np.where(category == WITHDRAWN, CASH, np.where(paid_in, BRANCH, TRANSFER)),
            counterparty=number,
            bank=np.where((partner >= 0) | (number == 0), 0, bank_of(number)),
            person=np.where(out > 0, person, -1),
            words=np.where(number > 0, text, 0),
            card=np.where(cash, card, -1),
            terminal=np.where(cash, FIRST_MACHINE + machine, 0),
            device=np.where(ordered, device_of(scene.who, person, second), 0),
            flexible=self.kind not in LAUNDERING,
        )

    @staticmethod
    def _span_others(pattern: Ints, person: Ints, begins: Ints, ends: Ints) -> None:
        """Accounts at other banks take part as long as their pattern runs."""
        known, place = np.unique(pattern, return_inverse=True)
        first, last = np.full(known.size, 2**60), np.zeros(known.size, dtype=np.int64)
        np.minimum.at(first, place, begins)
        np.maximum.at(last, place, ends)
        begins[person < 0], ends[person < 0] = first[place][person < 0], last[place][person < 0]


def pattern_mix(second: Ints) -> Ints:
    """A number that has nothing to do with the clock, from the second."""
    return np.asarray((second * 2_654_435_761 >> 11) & 0xFFFF)


class Crew:
    """Chooses the people and accounts of one scheme."""

    def __init__(self, scene: Scene, draw: np.random.Generator, weight: Floats) -> None:
        self.scene, self.draw, self._weight = scene, draw, weight

    def members(self, count: int, begin: int, end: int) -> list[Node]:
        """Customers whose accounts are in use from `begin` to `end` (days); fewer where too few are."""
        scene = self.scene
        usable = (scene.since <= begin) & (scene.until > end)
        # One luck for each customer whatever the period: the most lucky of those usable are chosen.
        luck = self.draw.exponential(1.0, usable.size) / np.maximum(self._weight, 1e-9)
        order = np.argsort(np.where(usable, luck, np.inf), kind="stable")[: min(count, int(usable.sum()))]
        return [(int(person), 0) for person in order]

    def other(self) -> Node:
        """An account at another bank."""
        return (-1, OTHER_ACCOUNTS + int(self.draw.integers(900_000_000, 960_000_000)))

    def others(self, count: int) -> list[Node]:
        """Accounts at other banks."""
        return [self.other() for _ in range(count)]

    def hours(self, low: float, high: float) -> float:
        """A time span in seconds."""
        return float(self.draw.uniform(low, high)) * HOUR

    def share(self, low: float, high: float) -> float:
        """A share of an amount."""
        return float(self.draw.uniform(low, high))

    def amount(self, low: float, high: float) -> float:
        """An amount in cents between two in SGD, evenly in the logarithm, in whole tens."""
        value = np.exp(self.draw.uniform(np.log(low), np.log(high)))
        return float(np.rint(value / 10) * 1_000)


Scheme = Callable[[Recorder, Crew, int, float, float], None]


def begun(
    draw: np.random.Generator, scene: Scene, a_year: float, *, attack: str | None = None
) -> Iterator[tuple[int, float]]:
    """Number and first second of each scheme within the period, in the order of time.

    `a_year`: for a thousand customers. Schemes are drawn for ten years and cut. `attack`: the stream of those
    that the scenario's attack adds; None where it adds none. They leave all before it as they were.
    """
    starts = _starts(draw, scene, a_year)
    extra = np.zeros(0) if attack is None else _added(scene, attack, a_year)
    every = np.concatenate([starts, extra])
    for place in np.argsort(every, kind="stable"):
        day = float(every[place])
        if day >= scene.frame.days:
            return
        yield int(place), (int(day) + 8.0 / 24 + 0.5 * (day - int(day))) * DAY


def _starts(draw: np.random.Generator, scene: Scene, a_year: float) -> Floats:
    count = draw.poisson(a_year * _YEARS * scene.who.count / 1_000)
    return np.asarray(np.sort(draw.random(count)) * MAXIMUM_MONTHS * 30.4)


def _added(scene: Scene, attack: str, a_year: float) -> Floats:
    """Days of the schemes that make them so many times as frequent as the frame says."""
    more = scene.frame.multiplied(np.arange(scene.frame.days)).max(initial=1.0) - 1.0
    found = _starts(scene.frame.random(scene.who.community, attack), scene, a_year * float(more))
    return found[scene.frame.multiplied(found.astype(np.int64)) > 1.0]
