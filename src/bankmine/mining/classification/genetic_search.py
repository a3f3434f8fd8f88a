"""Evolution of rule lists: representation, crossover, mutation, fitness, all on bits.

The Pittsburgh approach: one individual is a whole rule list. A rule is a string of bits, one for each code of
each attribute; 1 means that the code is allowed (De Jong, Spears & Gordon 1993, "GABIL"). The fitness is a
description length, as in GAssist (Bacardit 2004): what it costs to write down the rules and, given them, the
labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.classification.bitsets import Words, code_sets, count, packed
from bankmine.mining.contract import Floats, Ints

Bits = NDArray[np.bool_]
Rules = tuple[bytes, ...]  # one individual: its rules in order, each the bytes of its bits
TOURNAMENT = 3
ELITE = 2


@dataclass
class World:
    """What all individuals are judged on: the rows of each code as bits, the positives, the attributes.

    `starts` has the first bit of each attribute and the end; `bins` is the number of ordered bins of each
    number (without its code for missing values), 0 for a category. `appeal` is each attribute's chance of
    being picked for a new condition.
    """

    sets: Words
    positives: Words
    everything: Words
    rows: int
    starts: Ints
    bins: tuple[int, ...]
    appeal: Floats
    smoothing: float
    price: float
    matched: dict[bytes, Words] = field(default_factory=dict)
    judged: dict[Rules, float] = field(default_factory=dict)
    mended: dict[bytes, bytes] = field(default_factory=dict)
    narrow: dict[bytes, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        codes: NDArray[np.int16],
        truth: Bits,
        sizes: Sequence[int],
        ordered: Sequence[bool],
        has_missing: Sequence[bool],
        appeal: Floats,
        *,
        smoothing: float,
        price: float,
    ) -> World:
        """The world of a training matrix of codes (rows, attributes) with its label."""
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        bins = tuple(
            size - gone if number else 0
            for size, number, gone in zip(sizes, ordered, has_missing, strict=True)
        )
        everything = packed(np.ones(len(truth), dtype=np.bool_))
        return cls(
            code_sets(codes, sizes), packed(truth), everything, len(truth), starts, bins,
            appeal / appeal.sum(), smoothing, price,
        )  # fmt: skip

    @property
    def width(self) -> int:
        """Bits of a rule."""
        return int(self.starts[-1])

    def rows_of(self, rule: bytes) -> Words:
        """The rows that meet a rule."""
        if rule not in self.matched:
            bits = np.frombuffer(rule, dtype=np.bool_)
            found = self.everything.copy()
            for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
                allowed = bits[start:end]
                if allowed.all():
                    continue
                found &= np.bitwise_or.reduce(self.sets[start:end][allowed], axis=0)
            self.matched[rule] = found
        return self.matched[rule]

    def tally(self, rules: Rules) -> list[tuple[int, int]]:
        """Rows and positives that each rule is the first to match, and of those no rule matches."""
        left = self.everything.copy()
        found = []
        for rule in rules:
            first = self.rows_of(rule) & left
            left &= ~first
            found.append((count(first), count(first & self.positives)))
        return [*found, (count(left), count(left & self.positives))]

    def length(self, rules: Rules) -> float:
        """Description length in nats of rules and labels: the smaller the better."""
        if rules not in self.judged:
            n, p = np.array(self.tally(rules), dtype=np.float64).T
            rate = (p.sum() + 1) / (self.rows + 2)
            share = (p + self.smoothing * rate) / (n + self.smoothing)
            labels = -(p * np.log(share) + (n - p) * np.log1p(-share)).sum()
            self.judged[rules] = float(labels + self.price * self.conditions(rules))
        return self.judged[rules]

    def conditions(self, rules: Rules) -> int:
        """The number of attributes the rules restrict, and one for each rule."""
        for rule in rules:
            if rule not in self.narrow:
                self.narrow[rule] = len(self.restricted(np.frombuffer(rule, dtype=np.bool_)))
        return sum(1 + self.narrow[rule] for rule in rules)

    def restricted(self, bits: Bits) -> list[int]:
        """Attributes of which a rule does not allow every code."""
        whole = np.logical_and.reduceat(bits, self.starts[:-1])
        return np.flatnonzero(~whole).tolist()


def crossover(first: Bits, second: Bits, cuts: tuple[int, int], other: tuple[int, int]) -> list[Bits]:
    """GABIL's two-point crossover of two bit strings of whole rules.

    `cuts` are two points in `first` and `other` in `second`, at the same distances from rule boundaries, so
    that the parts exchanged fit and both children are whole rules again.
    """
    (a, b), (c, d) = cuts, other
    return [
        np.concatenate([first[:a], second[c:d], first[b:]]),
        np.concatenate([second[:c], first[a:b], second[d:]]),
    ]


def fitting_cuts(cuts: tuple[int, int], length: int, bits: int) -> list[tuple[int, int]]:
    """All pairs of points in a string of `bits` bits that have the same distances from rule boundaries."""
    left, right = cuts[0] % length, cuts[1] % length
    return [(c, d) for c in range(left, bits + 1, length) for d in range(right, bits + 1, length) if c <= d]


def evolve(
    world: World, draw: np.random.Generator, *, population: int, generations: int, most_rules: int
) -> tuple[Rules, list[float]]:
    """The best rule list found, and the best description length of each generation."""
    people = [
        tuple(_new_rule(world, draw) for _ in range(int(draw.integers(1, 5)))) for _ in range(population)
    ]
    history = []
    for _ in range(generations):
        lengths = np.array([world.length(one) for one in people])
        order = np.argsort(lengths, kind="stable")
        history.append(float(lengths[order[0]]))
        children = [people[place] for place in order[:ELITE]]
        while len(children) < population:
            children.extend(_children(world, draw, people, lengths, most_rules))
        people = children[:population]
        world.matched = {rule: world.matched[rule] for one in people for rule in one if rule in world.matched}
    best = min(people, key=world.length)
    return _without_idle(world, best), history


def _children(
    world: World, draw: np.random.Generator, people: list[Rules], lengths: Floats, most_rules: int
) -> list[Rules]:
    """Two parents by tournament, crossed with chance .5, each child changed once."""
    pair = [_tournament(draw, people, lengths) for _ in range(2)]
    if draw.random() < 0.5:
        strings = [np.frombuffer(b"".join(one), dtype=np.bool_) for one in pair]
        cuts = sorted(int(one) for one in draw.integers(0, len(strings[0]) + 1, 2))
        fits = fitting_cuts((cuts[0], cuts[1]), world.width, len(strings[1]))
        if fits:
            other = fits[int(draw.integers(len(fits)))]
            born = crossover(strings[0], strings[1], (cuts[0], cuts[1]), other)
            pair = [_mended(world, one) for one in born]
    return [_changed(world, draw, one, most_rules) for one in pair]


def _tournament(draw: np.random.Generator, people: list[Rules], lengths: Floats) -> Rules:
    chosen = draw.integers(len(people), size=TOURNAMENT)
    return people[int(chosen[lengths[chosen].argmin()])]


def _mended(world: World, string: Bits) -> Rules:
    """A child's bits as rules: no attribute without a code, no gaps between bins, no rule twice."""
    rules = [_mended_rule(world, string[i : i + world.width]) for i in range(0, len(string), world.width)]
    return tuple(dict.fromkeys(rule for rule in rules if rule))


def _mended_rule(world: World, bits: Bits) -> bytes:
    key = bits.tobytes()
    if key not in world.mended:
        world.mended[key] = _mend(world, bits.copy())
    return world.mended[key]


def _mend(world: World, bits: Bits) -> bytes:
    for number in world.restricted(bits):
        start, end = int(world.starts[number]), int(world.starts[number + 1])
        part = bits[start:end]
        if not part.any():
            part[:] = True
        elif world.bins[number]:
            on = np.flatnonzero(part[: world.bins[number]])
            if len(on):
                part[on[0] : on[-1] + 1] = True
    return b"" if bits.all() else bits.tobytes()


def _changed(world: World, draw: np.random.Generator, rules: Rules, most_rules: int) -> Rules:
    """One random change: a new rule, a rule less, two swapped, or one rule changed in one condition."""
    made = list(rules)
    kind = draw.random()
    if not made or (kind < 0.2 and len(made) < most_rules):
        made.insert(int(draw.integers(len(made) + 1)), _new_rule(world, draw))
    elif kind < 0.3 and len(made) > 1:
        del made[int(draw.integers(len(made)))]
    elif kind < 0.4 and len(made) > 1:
        a, b = (int(one) for one in draw.integers(len(made), size=2))
        made[a], made[b] = made[b], made[a]
    else:
        place = int(draw.integers(len(made)))
        made[place] = _changed_rule(world, draw, made[place])
    return tuple(dict.fromkeys(rule for rule in made if rule))[:most_rules]


def _changed_rule(world: World, draw: np.random.Generator, rule: bytes) -> bytes:
    """A condition more, a condition less (GABIL's dropping condition), or one moved by a code."""
    bits = np.frombuffer(rule, dtype=np.bool_).copy()
    used = world.restricted(bits)
    kind = draw.random()
    if kind < 0.35 and len(used) < 6:
        _restrict(world, draw, bits)
    elif kind < 0.55 and len(used) > 1:
        number = used[int(draw.integers(len(used)))]
        bits[world.starts[number] : world.starts[number + 1]] = True
    elif used:
        number = used[int(draw.integers(len(used)))]
        start, end = int(world.starts[number]), int(world.starts[number + 1])
        bits[int(draw.integers(start, end))] ^= True
    return _mended_rule(world, bits) or rule


def _new_rule(world: World, draw: np.random.Generator) -> bytes:
    """A rule of one to three random conditions."""
    bits = np.ones(world.width, dtype=np.bool_)
    for _ in range(int(draw.integers(1, 4))):
        _restrict(world, draw, bits)
    return _mended_rule(world, bits) or bits.tobytes()


def _restrict(world: World, draw: np.random.Generator, bits: Bits) -> None:
    """Allows one attribute a random part of its codes: neighbouring bins of a number, any of a category."""
    number = int(draw.choice(len(world.bins), p=world.appeal))
    start, end, bins = int(world.starts[number]), int(world.starts[number + 1]), world.bins[number]
    part = draw.random(end - start) < 0.4
    if bins:
        below = int(draw.integers(1, bins)) if bins > 1 else 1
        part[:bins] = (np.arange(bins) < below) == (draw.random() < 0.5)
    bits[start:end] = part


def _without_idle(world: World, rules: Rules) -> Rules:
    """The list without rules that no row meets first, or whose going makes it shorter to write down."""
    made = list(rules)
    for rule in rules[::-1]:
        less = tuple(one for one in made if one != rule)
        if world.length(less) <= world.length(tuple(made)):
            made = list(less)
    return tuple(made)
