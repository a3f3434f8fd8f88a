"""Who is decided by no row, and which rows are the first for nobody: exactly, without trying applicants.

A sweep, field by field. Within a field the rows that may still hold change only at their edges; between two
edges the sweep goes on to the next field with the rows that still hold there. What lies below depends on
those rows alone, so it is looked at once however often the same rows come together; and rows after one that
holds whatever comes are let go, for they cannot be first. A table that is a grid of conditions has few such
sets of rows; a thousand ranges thrown at random have too many, so all sweeps of a table together stop after
so many steps and say so. (Sets of rows by field make a decision diagram; Lee 1959, Bryant 1986.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_
from random import Random
from typing import NamedTuple

from bankmine.decisions.credit_policy.boxes import Box, bits_of, runs_of
from bankmine.decisions.credit_policy.deciding import turned

MOST_STEPS, MOST_GAPS, TRIES = 800_000, 1_000, 32


class Gaps(NamedTuple):
    """Disjoint boxes that no row holds, and the rows that are first somewhere, as bits.

    `all_boxes` is whether there are no other gaps, `all_first` whether every other row is first nowhere.
    """

    boxes: list[Box]
    first: int
    all_boxes: bool
    all_first: bool


class Taken(NamedTuple):
    """Whether a row is first somewhere (None: the steps did not suffice), and who is where it holds."""

    free: bool | None
    takers: int


class Covering:
    """Rows as boxes over fields of so many cells each, ready to be swept; row 0 is the first.

    `steps` is how many edges and rows all sweeps together may still look at.
    """

    def __init__(self, boxes: Sequence[Box], counts: Sequence[int], *, steps: int = MOST_STEPS) -> None:
        self.boxes, self.counts = boxes, counts
        self.order = sorted(range(len(counts)), key=lambda place: counts[place])
        self.allowed = [turned([box[place] for box in boxes], counts[place]) for place in self.order]
        self.turns = [
            [(box[place] ^ box[place] << 1) & (1 << counts[place]) - 1 for box in boxes]
            for place in self.order
        ]
        self.steps = steps
        self._draw = Random(0)

    def gaps(self, most: int = MOST_GAPS) -> Gaps:
        """What no row holds, in about `most` boxes at most, on half of the steps.

        There is none where some row holds everywhere, however far the sweep comes.
        """
        kept, self.steps = self.steps - self.steps // 2, self.steps // 2
        rows = (1 << len(self.boxes)) - 1
        sweep = _Sweep(self, tuple((1 << count) - 1 for count in self.counts), rows, most)
        found = sweep.gaps(0, rows)
        self.steps = max(0, self.steps) + kept
        whole = bool(sweep.full[0]) or not (sweep.cut or sweep.more)
        return Gaps([self._as_box(one) for one in found], sweep.takers, whole, not sweep.cut)

    def taken(self, row: int) -> Taken:
        """Whether the row is the first to hold anywhere, and who is first where it holds."""
        if self._tried(row):
            return Taken(True, 0)
        if self.steps <= 0:
            return Taken(None, 0)
        box = self.boxes[row]
        met = sum(1 << one for one in range(row) if _meet(self.boxes[one], box))
        self.steps -= 2 * row
        sweep = _Sweep(self, box, met, 1, stop=True)
        free = bool(sweep.gaps(0, met))
        return Taken(True if free else None if sweep.cut else False, sweep.takers)

    def meets(self) -> list[int]:
        """For each row all rows it has something in common with, itself included, as bits."""
        met = [(1 << len(self.boxes)) - 1] * len(self.boxes)
        for place, allowed in zip(self.order, self.allowed, strict=True):
            table = _Ranges(allowed)
            for row, box in enumerate(self.boxes):
                met[row] &= reduce(or_, (table.any_of(*run) for run in runs_of(box[place])), 0)
        return met

    def _tried(self, row: int) -> bool:
        """Whether one of a few applicants drawn from the row's box has no earlier row."""
        earlier = (1 << row) - 1
        spans = [(box & -box, box) for box in (self.boxes[row][place] for place in self.order)]
        for _ in range(TRIES):
            hits = earlier
            for allowed, (low, mask) in zip(self.allowed, spans, strict=True):
                first = low.bit_length() - 1
                cell = self._draw.randrange(first, mask.bit_length())
                hits &= allowed[cell if mask >> cell & 1 else first]
            if not hits:
                return True
        return False

    def _as_box(self, found: Box) -> Box:
        """Masks in the order of the sweep as a box in the order of the fields."""
        return tuple(mask for _, mask in sorted(zip(self.order, found, strict=True)))


class _Sweep:
    """One sweep inside a box. `takers` are the rows that were first somewhere; `cut` says that the steps were
    used up, `more` that there are more gaps than `most`; with `stop` it ends there."""

    def __init__(self, covering: Covering, inside: Box, rows: int, most: int, *, stop: bool = False) -> None:
        self.covering, self.most, self.stop = covering, most, stop
        self.inside = [inside[place] for place in covering.order]
        self.cut, self.more, self.takers = False, False, 0
        self.full = self._full(rows)
        self.seen: dict[tuple[int, int], list[Box]] = {}

    def _full(self, alive: int) -> list[int]:
        """By field: those of the rows that hold everywhere inside from that field on."""
        rows, order = self.covering.boxes, self.covering.order
        full = [alive]
        for mask, place in zip(reversed(self.inside), reversed(order), strict=True):
            held = sum(1 << row for row in bits_of(full[-1]) if not mask & ~rows[row][place])
            full.append(held)
        return full[::-1]

    def gaps(self, place: int, alive: int) -> list[Box]:
        """What none of the rows `alive` holds from that field on, as masks of the fields that are left."""
        if always := alive & self.full[place]:
            first = always & -always
            alive &= 2 * first - 1
            if alive == first:
                self.takers |= first
                return []
        elif not alive:
            return [tuple(self.inside[place:])]
        key = (place, alive)
        if key not in self.seen:
            self.seen[key] = self._split(place, alive)
        return self.seen[key]

    def _split(self, place: int, alive: int) -> list[Box]:
        found: dict[Box, int] = {}
        for mask, rows in self._groups(place, alive):
            if self.covering.steps <= 0:
                self.cut = True
                break
            below = self.gaps(place + 1, rows)
            self.covering.steps -= len(below)
            for rest in below:
                if rest not in found and len(found) >= self.most:
                    self.more = True
                    break
                found[rest] = found.get(rest, 0) | mask
            if found and self.stop:
                break
        return [(mask, *rest) for rest, mask in found.items()]

    def _groups(self, place: int, alive: int) -> Iterator[tuple[int, int]]:
        """The cells of a field, together where the same rows hold, those of the fewest rows first."""
        turns, allowed, inside = self.covering.turns[place], self.covering.allowed[place], self.inside[place]
        edges = inside ^ inside << 1
        for row in bits_of(alive):
            edges |= turns[row]
        groups: dict[int, int] = {}
        starts = [*bits_of(edges), len(allowed)]
        self.covering.steps -= len(starts) + alive.bit_count()
        for first, after in pairwise(starts):
            mask = inside & (1 << after) - (1 << first)
            if mask:
                rows = allowed[first] & alive
                groups[rows] = groups.get(rows, 0) | mask
        for rows in sorted(groups, key=lambda one: (one.bit_count(), one)):
            yield groups[rows], rows


class _Ranges:
    """Bits joined over any range of places in two steps: a table of ranges of every power of two."""

    def __init__(self, bits: Sequence[int]) -> None:
        self.table = [list(bits)]
        while (width := 1 << len(self.table)) <= len(bits):
            last, half = self.table[-1], width // 2
            self.table.append([last[one] | last[one + half] for one in range(len(bits) - width + 1)])

    def any_of(self, first: int, last: int) -> int:
        """The bits set anywhere in `[first, last]`."""
        level = (last - first + 1).bit_length() - 1
        return self.table[level][first] | self.table[level][last - (1 << level) + 1]


def _meet(one: Box, other: Box) -> bool:
    return all(mine & theirs for mine, theirs in zip(one, other, strict=True))
