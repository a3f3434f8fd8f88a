"""Sequential patterns: what comes after what, in at least so many sequences (PrefixSpan, Pei et al. 2001).

A sequence is a list of elements in order of time, an element a set of items that happened together. Limits
on the gap between neighbours and on the whole span are exact: every match is considered, not the first one
only. Frequent paths are patterns whose steps follow each other without anything between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.association.baskets import Baskets, Codes, Ints
from bankmine.mining.association.itemsets import minimum_count, whole_from_one
from bankmine.mining.learner import is_number

LONGEST = 64
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sequences:
    """Elements of sequence s are `offsets[s]` to `offsets[s + 1]` of `elements`, at `times` (ascending).

    Without times of their own the elements stand at 0, 1, 2 … of their sequence.
    """

    offsets: Ints
    elements: Baskets
    times: Floats

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, data: Any, *, times: Any = None) -> Sequences:
        """From lists of sequences; an element is an item, or a list or set of items.

        `times` (in any unit) are lists of numbers alike, one an element. An Arrow list column holds
        sequences of single items. UsageError where times go back or do not fit.
        """
        if isinstance(data, Sequences):
            return data
        if isinstance(data, pa.Array | pa.ChunkedArray):
            whole = Baskets.of(data)
            return cls._built(
                whole.offsets, Baskets(_ones(len(whole.items)), whole.items, whole.names), times
            )
        lists = [list(one) for one in data]
        offsets = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
        elements = [_element(one) for sequence in lists for one in sequence]
        return cls._built(offsets, Baskets.of(elements), times)

    @classmethod
    def of_events(cls, sequence: Any, item: Any, time: Any = None) -> Sequences:
        """From events, one a row, those of a sequence together and in order; columns of equal length.

        Events of one sequence at equal times stay apart, in the order given. Without `time` events stand at
        0, 1, 2 … of their sequence.
        """
        keys = np.asarray(sequence)
        starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(keys)), bool), keys[1:] != keys[:-1]]))
        if len(np.unique(keys)) != len(starts):
            raise UsageError("the events of a sequence do not stand together", hint="Sort them first.")
        offsets = np.concatenate([starts, [len(keys)]]).astype(np.int64)
        values = item if isinstance(item, pa.Array | pa.ChunkedArray) else pa.array(item)
        lists = pa.ListArray.from_arrays(
            pa.array(_ones(len(keys)).astype(np.int32)),
            values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values,
        )
        return cls._checked(
            offsets, Baskets.of(lists), None if time is None else np.asarray(time, np.float64)
        )

    @classmethod
    def _built(cls, offsets: Ints, elements: Baskets, times: Any) -> Sequences:
        if times is None:
            return cls._checked(offsets, elements, None)
        lists = [list(one) for one in times]
        if [len(one) for one in lists] != np.diff(offsets).tolist():
            raise UsageError("the times do not fit the elements", hint="Give one time for each element.")
        flat = np.array([time for one in lists for time in one], dtype=np.float64)
        return cls._checked(offsets, elements, flat)

    @classmethod
    def _checked(cls, offsets: Ints, elements: Baskets, times: Floats | None) -> Sequences:
        if times is None:
            times = (np.arange(len(elements)) - np.repeat(offsets[:-1], np.diff(offsets))).astype(np.float64)
        back = np.diff(times) < 0
        back[offsets[1:-1][(offsets[1:-1] > 0) & (offsets[1:-1] < len(times))] - 1] = False
        if not np.isfinite(times).all() or back.any():
            raise UsageError(
                "times are missing or go back within a sequence", hint="Sort the events by time."
            )
        return cls(offsets, elements, times)


@dataclass(frozen=True, eq=False)
class Patterns:
    """Frequent patterns, best first: `pattern` (a list of elements, each a list of items), items, count,
    support. `cuts` says in words what was left out."""

    table: pa.Table
    sequences: int
    minimum_count: int
    longest: int
    cuts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def counts(self) -> dict[tuple[tuple[Any, ...], ...], int]:
        """How many sequences have each pattern."""
        rows = zip(
            self.table.column("pattern").to_pylist(), self.table.column("count").to_pylist(), strict=True
        )
        return {tuple(tuple(element) for element in pattern): count for pattern, count in rows}

    def sentences(self, most: int = 10, *, what: str = "sequences") -> list[str]:
        """The first patterns of two elements or more in plain words."""
        rows = [row for row in self.table.to_pylist() if len(row["pattern"]) > 1]
        return [
            f"{pattern_words(row['pattern'])}: {row['count']:,} of {self.sequences:,} {what} "
            f"({row['support']:.1%})."
            for row in rows[:most]
        ] + list(self.cuts)


def frequent_sequences(
    data: Any,
    *,
    support: float | None = None,
    count: int | None = None,
    longest: int | None = 4,
    times: Any = None,
    gap: float | None = None,
    span: float | None = None,
    most: int = 1_000_000,
) -> Patterns:
    """All patterns of at most `longest` items (None: 64) in at least `support` of the sequences.

    `data` is whatever `Sequences.of` takes. Neighbouring elements lie at most `gap` apart, the first and the
    last at most `span`, both inclusive and in the unit of the times (without times: in elements; gap 1 is
    "directly after"). `most` limits the number of patterns: beyond it the longest lengths are left out
    whole, and `cuts` says so. UsageError and FeasibilityError as for itemsets.
    """
    given = Sequences.of(data, times=times)
    minimum = minimum_count(len(given), support, count, what="sequence")
    for name, value in (("longest", longest), ("most", most)):
        if value is not None and not whole_from_one(value):
            raise UsageError(f"{name} is {value}", hint="Give a whole number from 1 on.")
    for name, limit in (("gap", gap), ("span", span)):
        if limit is not None and not (is_number(limit) and limit >= 0):
            raise UsageError(f"the {name} is {limit}", hint="Give a length of time from 0 on, or None.")
    wanted = LONGEST if longest is None else min(int(longest), LONGEST)
    limits = (inf if gap is None else float(gap), inf if span is None else float(span))
    elements, names = _frequent_only(given, minimum)
    tree, reached = _search(given, elements, len(names), minimum, wanted, limits, most)
    cuts: tuple[str, ...] = ()
    if reached < wanted:
        cuts = (f"there are more than {most:,} patterns; those of more than {reached} items were left out",)
    if given.elements.missing:
        cuts = (*cuts, f"{given.elements.missing:,} missing items were left out")
    return Patterns(_table(tree, names, len(given)), len(given), minimum, reached, cuts)


def frequent_paths(
    data: Any,
    *,
    support: float | None = None,
    count: int | None = None,
    longest: int | None = 6,
    most: int = 1_000_000,
) -> Patterns:
    """Patterns whose steps follow each other directly; a sequence counts once however often it has a path."""
    return frequent_sequences(
        Sequences.of(data) if not isinstance(data, Sequences) else _by_place(data),
        support=support, count=count, longest=longest, gap=1, most=most,
    )  # fmt: skip


def pattern_words(pattern: Sequence[Sequence[Any]]) -> str:
    """A pattern as "login → rates → product (loan)"; items of one element stand in one pair of brackets."""
    return " → ".join(
        str(element[0]) if len(element) == 1 else f"({', '.join(map(str, element))})" for element in pattern
    )


def holding(
    data: Sequences, pattern: Sequence[Sequence[Any]], *, gap: float | None = None
) -> NDArray[np.bool_]:
    """Which sequences have a pattern, neighbours at most `gap` apart; shape (sequences,).

    An item that no sequence has is in none of them.
    """
    names = {name: code for code, name in enumerate(data.elements.names.to_pylist())}
    if any(item not in names for element in pattern for item in element):
        return np.zeros(len(data), dtype=np.bool_)
    sequence_of = np.repeat(np.arange(len(data)), np.diff(data.offsets))
    ends = _has_all(data.elements, [names[item] for item in pattern[0]])
    for element in pattern[1:]:
        before = _reached_before(ends, data, sequence_of, gap)
        ends = _has_all(data.elements, [names[item] for item in element]) & before
    found = np.zeros(len(data), dtype=np.bool_)
    found[sequence_of[ends]] = True
    return found


def _has_all(elements: Baskets, codes: Sequence[int]) -> NDArray[np.bool_]:
    """Which elements have all of the items."""
    element_of = np.repeat(np.arange(len(elements)), np.diff(elements.offsets))
    found = np.ones(len(elements), dtype=np.bool_)
    for code in codes:
        has = np.zeros(len(elements), dtype=np.bool_)
        has[element_of[elements.items == code]] = True
        found &= has
    return found


def _reached_before(
    ends: NDArray[np.bool_], data: Sequences, sequence_of: Ints, gap: float | None
) -> NDArray[np.bool_]:
    """Which elements come after a marked one of their sequence, at most `gap` later.

    The nearest marked one before is the newest, so only it need be looked at.
    """
    places = np.where(ends, np.arange(len(ends)), -1)
    newest = np.concatenate([[-1], np.maximum.accumulate(places)[:-1]]) if len(ends) else places
    safe = newest.clip(min=0)
    found = (newest >= 0) & (sequence_of[safe] == sequence_of)
    if gap is not None:
        found &= data.times - data.times[safe] <= gap
    return np.asarray(found, dtype=np.bool_)


def _ones(count: int) -> Ints:
    return np.arange(count + 1, dtype=np.int64)


def _element(one: Any) -> list[Any]:
    return list(one) if isinstance(one, list | tuple | set | frozenset) else [one]


def _by_place(data: Sequences) -> Sequences:
    return Sequences._checked(data.offsets, data.elements, None)


def _frequent_only(data: Sequences, minimum: int) -> tuple[tuple[Ints, Codes], pa.Array]:
    """Elements of the items that are in enough sequences, renumbered in order of name, ascending and once."""
    elements = data.elements
    sequence_of = np.repeat(np.arange(len(data)), np.diff(data.offsets))
    element_of = np.repeat(np.arange(len(elements)), np.diff(elements.offsets))
    width = max(1, len(elements.names))
    pairs = np.unique(sequence_of[element_of] * width + elements.items)
    totals = np.bincount(pairs % width, minlength=width)[: len(elements.names)]
    frequent = np.flatnonzero(totals >= minimum)
    label = np.full(width, -1, dtype=np.int64)
    label[frequent] = np.arange(len(frequent))
    kept = label[elements.items] >= 0
    places = np.unique(element_of[kept] * width + label[elements.items[kept]])
    offsets = np.searchsorted(places // width, np.arange(len(elements) + 1)).astype(np.int64)
    return (offsets, (places % width).astype(np.int32)), elements.names.take(pa.array(frequent))


Tree = tuple[Ints, Codes, NDArray[np.bool_], Ints]


def _search(
    data: Sequences, elements: tuple[Ints, Codes], width: int, minimum: int, longest: int,
    limits: tuple[float, float], most: int,
) -> tuple[Tree, int]:  # fmt: skip
    """The tree of patterns up to the longest length of which there are not too many."""
    found = _search_to(data, elements, width, minimum, longest, limits, most)
    if found is not None:
        return found, longest
    best, reached = _search_to(data, elements, width, minimum, 1, limits, max(most, width)), 1
    assert best is not None
    while reached + 1 < longest:
        deeper = _search_to(data, elements, width, minimum, reached + 1, limits, most)
        if deeper is None:
            break
        best, reached = deeper, reached + 1
    return best, reached


def _search_to(
    data: Sequences, elements: tuple[Ints, Codes], width: int, minimum: int, longest: int,
    limits: tuple[float, float], most: int,
) -> Tree | None:  # fmt: skip
    """The tree of the patterns of up to `longest` items; None where there are more than `most`."""
    from bankmine.mining.association.sequences_kernel import search_sequences

    parents, items = np.empty(most, np.int64), np.empty(most, np.int32)
    inside, counts = np.empty(most, np.bool_), np.empty(most, np.int64)
    found = search_sequences(
        data.offsets, *elements, data.times, width, minimum, longest, *limits, parents, items, inside, counts
    )
    if found < 0:
        return None
    return parents[:found].copy(), items[:found].copy(), inside[:found].copy(), counts[:found].copy()


def _table(tree: Tree, names: pa.Array, sequences: int) -> pa.Table:
    parents, items, inside, counts = tree
    words = names.to_pylist()
    patterns: list[list[list[Any]]] = []
    for node, parent in enumerate(parents.tolist()):
        before = patterns[parent] if parent >= 0 else []
        item = words[items[node]]
        patterns.append([*before[:-1], [*before[-1], item]] if inside[node] else [*before, [item]])
    lengths = [sum(map(len, pattern)) for pattern in patterns]
    order = sorted(range(len(patterns)), key=lambda at: (-counts[at], lengths[at], patterns[at]))
    kind = pa.list_(pa.list_(names.type))
    return pa.table(
        {
            "pattern": pa.array([patterns[at] for at in order], kind),
            "items": pa.array([lengths[at] for at in order], pa.int64()),
            "count": counts[order] if order else np.zeros(0, np.int64),
            "support": counts[order] / sequences if order else np.zeros(0),
        }
    )
