"""PrefixSpan (Pei et al. 2001) with limits on gaps and spans, as one depth-first search without recursion.

A pattern's projection is kept as its occurrences: for each sequence the elements at which the pattern's last
element may lie, each with the latest time at which a match that ends there can begin. Keeping every such
element, not only the first, is what makes limits on gaps exact.

    sequence  (a b) (b) (c)        pattern <a>    ends at element 0
                                   pattern <(ab)> grows inside element 0: items above the last one
                                   pattern <a b>  grows to later elements: element 1

A leaf module: Numba is slow to import.
"""

from typing import Any

import numba as nb
import numpy as np

TYPES: Any = nb.types
I1 = TYPES.Array(nb.int64, 1, "C", readonly=True)
C1 = TYPES.Array(nb.int32, 1, "C", readonly=True)
F1 = TYPES.Array(nb.float64, 1, "C", readonly=True)
_NEVER = -np.inf


@nb.njit(nb.float64(I1, F1, nb.int64, nb.int64, nb.int64, F1, nb.float64), cache=True)
def _latest_start(  # type: ignore[no-untyped-def]
    ends, starts, low, high, element, times, gap
):
    """The latest start among occurrences [low, high) that end before `element`, at most `gap` before it."""
    best = _NEVER
    for at in range(high - 1, low - 1, -1):
        if ends[at] >= element:
            continue
        if times[element] - times[ends[at]] > gap:
            break
        best = max(best, starts[at])
    return best


@nb.njit(nb.void(nb.int64, C1, I1, nb.int64, nb.int64[::1], nb.int64[::1], nb.int64[::1]), cache=True)
def _note(sequence, items, element_offsets, element, last, support, places):  # type: ignore[no-untyped-def]
    """Counts an element's items: sequences that have them, and places where they stand."""
    for at in range(element_offsets[element], element_offsets[element + 1]):
        item = items[at]
        places[item] += 1
        if last[item] != sequence:
            last[item] = sequence
            support[item] += 1


@nb.njit(nb.int64[::1](nb.int64[::1], nb.int64), cache=True)
def _longer(values, size):  # type: ignore[no-untyped-def]
    larger = np.empty(size, np.int64)
    larger[: values.size] = values
    return larger


@nb.njit(nb.float64[::1](nb.float64[::1], nb.int64), cache=True)
def _longer_times(values, size):  # type: ignore[no-untyped-def]
    larger = np.empty(size, np.float64)
    larger[: values.size] = values
    return larger


@nb.njit(
    nb.int64(
        I1, I1, C1, F1, nb.int64, nb.int64, nb.int64, nb.float64, nb.float64,
        nb.int64[::1], nb.int32[::1], nb.boolean[::1], nb.int64[::1],
    ),
    cache=True,
)  # fmt: skip
def search_sequences(  # type: ignore[no-untyped-def]
    sequence_offsets, element_offsets, items, times, width, minimum, longest, gap, span,
    parents, last_items, inside, counts,
):  # fmt: skip
    """All patterns of at most `longest` items in at least `minimum` sequences, as a tree.

    Items of an element ascend. `inside` says whether a node's item joins its parent's last element. Returns
    the number of nodes, or -1 where they do not fit.
    """
    sequences = sequence_offsets.size - 1
    sequence_of = np.empty(element_offsets.size - 1, np.int64)
    for sequence in range(sequences):
        sequence_of[sequence_offsets[sequence] : sequence_offsets[sequence + 1]] = sequence
    last_after, last_inside = np.empty(width, np.int64), np.empty(width, np.int64)
    support_after, support_inside = np.zeros(width, np.int64), np.zeros(width, np.int64)
    places_after, places_inside = np.zeros(width, np.int64), np.zeros(width, np.int64)
    room_after, room_inside = np.empty(width, np.int64), np.empty(width, np.int64)
    ends, starts = np.empty(1024, np.int64), np.empty(1024, np.float64)
    stack = np.empty(1024, np.int64)  # of node, low, high, length
    stack[0], stack[1], stack[2], stack[3] = -1, 0, 0, 0
    waiting, found = 4, 0
    while waiting > 0:
        waiting -= 4
        node, low, high, length = stack[waiting], stack[waiting + 1], stack[waiting + 2], stack[waiting + 3]
        last_after[:], last_inside[:] = -1, -1
        for turn in range(2):  # counts what may follow, then writes down where
            at = low
            sequence = 0 if node < 0 else -1
            while (node < 0 and sequence < sequences) or (node >= 0 and at < high):
                until = at
                if node >= 0:
                    sequence = sequence_of[ends[at]]
                    while until < high and sequence_of[ends[until]] == sequence:
                        until += 1
                    for place in range(at, until):
                        element = ends[place]
                        for here in range(element_offsets[element], element_offsets[element + 1]):
                            item = items[here]
                            if item <= last_items[node]:
                                continue
                            if turn == 0:
                                places_inside[item] += 1
                                if last_inside[item] != sequence:
                                    last_inside[item] = sequence
                                    support_inside[item] += 1
                            elif room_inside[item] >= 0:
                                ends[room_inside[item]] = element
                                starts[room_inside[item]] = starts[place]
                                room_inside[item] += 1
                first = sequence_offsets[sequence] if node < 0 else ends[at] + 1
                newest, passed = _NEVER, at
                for element in range(first, sequence_offsets[sequence + 1]):
                    if node < 0:
                        start = times[element]
                    elif gap == np.inf:
                        while passed < until and ends[passed] < element:
                            newest = max(newest, starts[passed])
                            passed += 1
                        start = newest
                    else:
                        start = _latest_start(ends, starts, at, until, element, times, gap)
                    if start == _NEVER or times[element] - start > span:
                        continue
                    if turn == 0:
                        _note(
                            sequence, items, element_offsets, element, last_after, support_after, places_after
                        )
                    else:
                        for here in range(element_offsets[element], element_offsets[element + 1]):
                            item = items[here]
                            if room_after[item] >= 0:
                                ends[room_after[item]], starts[room_after[item]] = element, start
                                room_after[item] += 1
                at = until
                if node < 0:
                    sequence += 1
            if turn == 1:
                break
            top, deeper = high, length + 1 < longest
            room_after[:], room_inside[:] = -1, -1
            for joined in range(2):
                support, places = (support_inside, places_inside) if joined else (support_after, places_after)
                room = room_inside if joined else room_after
                for item in range(width):
                    if support[item] >= minimum:
                        if found >= parents.size:
                            return -1
                        parents[found], last_items[found] = node, item
                        inside[found], counts[found] = joined == 1, support[item]
                        if deeper:
                            if waiting + 4 > stack.size:
                                stack = _longer(stack, 2 * stack.size)
                            stack[waiting], stack[waiting + 1] = found, top
                            stack[waiting + 2], stack[waiting + 3] = top + places[item], length + 1
                            room[item] = top
                            top += places[item]
                            waiting += 4
                        found += 1
                    support[item], places[item] = 0, 0
            if top == high:
                break
            if top > ends.size:
                ends, starts = _longer(ends, 2 * top), _longer_times(starts, 2 * top)
    return found
