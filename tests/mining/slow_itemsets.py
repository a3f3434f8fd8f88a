"""The slow, obvious twins of the association miners: every subset and every subsequence is counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any


def frequent(baskets: Iterable[Iterable[Any]], minimum: int, longest: int) -> dict[tuple[Any, ...], int]:
    """All itemsets (ascending) in at least `minimum` baskets, by counting every subset of every basket."""
    counts: dict[tuple[Any, ...], int] = {}
    for basket in baskets:
        items = sorted(set(basket))
        for size in range(1, min(longest, len(items)) + 1):
            for one in combinations(items, size):
                counts[one] = counts.get(one, 0) + 1
    return {one: count for one, count in counts.items() if count >= minimum}


def closed(found: dict[tuple[Any, ...], int], counts: dict[tuple[Any, ...], int]) -> set[tuple[Any, ...]]:
    """Those of `found` without a larger set in `counts` that is in as many baskets."""
    return {
        one
        for one, count in found.items()
        if not any(set(one) < set(other) and count == more for other, more in counts.items())
    }


def maximal(found: dict[tuple[Any, ...], int], counts: dict[tuple[Any, ...], int]) -> set[tuple[Any, ...]]:
    """Those of `found` without a larger set in `counts`."""
    return {one for one in found if not any(set(one) < set(other) for other in counts)}


def holds(
    sequence: Sequence[tuple[float, frozenset[Any]]],
    pattern: Sequence[frozenset[Any]],
    gap: float | None = None,
    span: float | None = None,
) -> bool:
    """Whether a sequence of (time, items) has the pattern's elements in order within the limits."""

    def from_place(place: int, at: int, start: float, last: float) -> bool:
        if place == len(pattern):
            return True
        for here in range(at, len(sequence)):
            time, items = sequence[here]
            if place and (
                (gap is not None and time - last > gap) or (span is not None and time - start > span)
            ):
                return False
            if pattern[place] <= items and from_place(place + 1, here + 1, start if place else time, time):
                return True
        return False

    return from_place(0, 0, 0.0, 0.0)


def sequential(
    sequences: Sequence[Sequence[tuple[float, frozenset[Any]]]],
    minimum: int,
    longest: int,
    gap: float | None = None,
    span: float | None = None,
) -> dict[tuple[tuple[Any, ...], ...], int]:
    """All patterns of at most `longest` items in at least `minimum` sequences, grown one item at a time.

    Under a gap limit a pattern's prefix and suffix are still in every sequence that has the pattern; so
    growing at the end finds all.
    """
    alphabet = sorted({item for one in sequences for _, items in one for item in items})
    found: dict[tuple[tuple[Any, ...], ...], int] = {}
    front: list[tuple[tuple[Any, ...], ...]] = [()]
    for _ in range(longest):
        grown: list[tuple[tuple[Any, ...], ...]] = []
        for pattern in front:
            wider = [(*pattern, (item,)) for item in alphabet]
            if pattern:
                last = pattern[-1]
                wider += [(*pattern[:-1], (*last, item)) for item in alphabet if item > last[-1]]
            for one in wider:
                sets = [frozenset(element) for element in one]
                count = sum(holds(sequence, sets, gap, span) for sequence in sequences)
                if count >= minimum:
                    found[one] = count
                    grown.append(one)
        front = grown
    return found
