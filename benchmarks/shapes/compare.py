"""The table of distances: the simulated bank to each real set, and the real sets to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from benchmarks.shapes.bookings import Bookings
from benchmarks.shapes.readers import ANZ, CARDS
from benchmarks.shapes.shapes import SHAPES, Shape, between

BAR = 0.15


@dataclass(frozen=True)
class Compared:
    """One shape: distances of each part, by real set and by pair of real sets."""

    shape: Shape
    simulated: dict[str, list[float]]
    real: dict[tuple[str, str], list[float]]

    @property
    def nearest(self) -> str:
        """The real set the simulated bank is nearest to."""
        return min(self.simulated, key=lambda name: max(self.simulated[name]))

    @property
    def smallest(self) -> float:
        """The distance to it: the larger of the parts'."""
        return max(self.simulated[self.nearest])

    @property
    def met(self) -> bool:
        """Whether the bar is reached."""
        return self.smallest <= BAR


def common(one: Bookings, other: Bookings) -> tuple[Bookings, Bookings]:
    """Two real sets as far as they hold the same: against card payments, only card payments."""
    names = {one.name, other.name}
    if names == {ANZ, CARDS}:
        return one.only(one.cards), other.only(other.cards)
    return one, other


def compare(real: Mapping[str, Bookings], simulated: Mapping[str, Bookings]) -> list[Compared]:
    """All shapes; `simulated` holds, under a real set's name, the bank cut to what that set holds."""
    pairs = {(a, b): common(real[a], real[b]) for a, b in combinations(real, 2)}
    found = []
    for shape in SHAPES:
        own = {name: between(shape, simulated[name], real[name]) for name in real if name in simulated}
        others = {names: between(shape, *two) for names, two in pairs.items()}
        found.append(
            Compared(
                shape,
                {name: parts for name, parts in own.items() if parts is not None},
                {names: parts for names, parts in others.items() if parts is not None},
            )
        )
    return found


def lines(found: list[Compared]) -> list[str]:
    """The table as text."""
    told = [f"{'shape':36} {'simulated to real sets':44} real sets to each other"]
    for one in found:
        own = "  ".join(f"{name} {_parts(parts)}" for name, parts in one.simulated.items())
        others = "  ".join(f"{a}–{b} {_parts(parts)}" for (a, b), parts in one.real.items())
        told.append(f"{one.shape.name:36} {own:44} {others}")
    return told


def _parts(parts: list[float]) -> str:
    return "/".join(f"{part:.3f}" for part in parts)
