"""What stands around a party at a cutoff: counts of neighbours, and neighbourhoods of some hops.

Links of a node lie together in order of time, so a scan stops at the first one begun after the cutoff. A
shared element (a phone) is passed through at once: its other parties are neighbours at one hop, by the kind
of the link that leads to it. A leaf module: Numba is slow to import.
"""

from typing import Any

import numba as nb
import numpy as np

TYPES: Any = nb.types
NEVER = np.iinfo(np.int64).min

_INTS = TYPES.Array(nb.int64, 1, "C", readonly=True)
_OWN = nb.int64[::1]
COUNTS = ("neighbours", "new_neighbours", "earlier_neighbours", "bad_neighbours", "last_bad_at",
          "second_neighbours", "bad_second_neighbours", "shared_elements", "cut_short")  # fmt: skip


@nb.njit(cache=True, nogil=True)
def _note(node, began, mask, stamp, query, since, kinds, found, count):  # type: ignore[no-untyped-def]
    """Remember a neighbour: the kinds that lead to it and its first begin; the new count of neighbours."""
    if stamp[node] != query:
        stamp[node], since[node], kinds[node] = query, began, 0
        found[count] = node
        count += 1
    since[node] = min(since[node], began)
    kinds[node] |= mask
    return count


@nb.njit(cache=True, nogil=True)
def _gather(  # type: ignore[no-untyped-def]
    here, when, first, far, begin, end, kind, parties, most, stamp, query, since, kinds, found
):
    """Neighbours of one party into `found`: how many, shared elements, whether `most` was reached."""
    count, shared = 0, 0
    for place in range(first[here], first[here + 1]):
        if begin[place] > when or count >= most:
            break
        if end[place] <= when:
            continue
        node, mask = far[place], np.int64(1) << kind[place]
        if node < parties:
            count = _note(node, begin[place], mask, stamp, query, since, kinds, found, count)
            continue
        others = 0
        for inner in range(first[node], first[node + 1]):
            if begin[inner] > when or count >= most:
                break
            other = far[inner]
            if end[inner] <= when or other == here:
                continue
            others += 1
            began = max(begin[place], begin[inner])
            count = _note(other, began, mask, stamp, query, since, kinds, found, count)
        shared += others > 0
    return count, shared, count >= most


@nb.njit(cache=True, nogil=True)
def _bad_since(spans, bad_from, bad_until, node, when):  # type: ignore[no-untyped-def]
    """Since when a party had been known to be bad at an instant; NEVER where it was not."""
    for place in range(spans[node], spans[node + 1]):
        if bad_from[place] > when:
            break
        if when < bad_until[place]:
            return bad_from[place]
    return np.int64(NEVER)


@nb.njit(cache=True, nogil=True)
def _beyond(  # type: ignore[no-untyped-def]
    first, far, begin, end, parties, spans, bad_from, bad_until, found, when, most, seen, query
):
    """Parties reached from the neighbours that are not seen yet, and how many of them are bad."""
    reached, bads = 0, 0
    for node in found:
        for edge in range(first[node], first[node + 1]):
            if begin[edge] > when or reached >= most:
                break
            if end[edge] <= when:
                continue
            other = far[edge]
            low, high = (edge, edge + 1) if other < parties else (first[other], first[other + 1])
            for inner in range(low, high):
                if begin[inner] > when or reached >= most:
                    break
                if end[inner] > when and seen[far[inner]] != query:
                    seen[far[inner]] = query
                    reached += 1
                    bads += _bad_since(spans, bad_from, bad_until, far[inner], when) != NEVER
    return reached, bads


@nb.njit(
    TYPES.Tuple((nb.int64[:, ::1], nb.int64[:, ::1]))(
        _INTS, _INTS, _INTS, _INTS, _INTS, nb.int64, nb.int64, nb.int64, nb.int64, _INTS, _INTS, _INTS,
        _INTS, _INTS
    ),
    cache=True, nogil=True,
)  # fmt: skip
def around(  # type: ignore[no-untyped-def]
    first, far, begin, end, kind, parties, all_kinds, window, most, spans, bad_from, bad_until, party, cutoff
):
    """COUNTS of each query (queries, 9), and its neighbours by kind (queries, kinds).

    New are those first joined in (cutoff − window, cutoff], earlier those of the three windows before. Bad
    are those of whom a span stands (see `bads.Bads`). At two hops,
    parties that are no neighbours and not the party itself.
    """
    counts = np.zeros((party.size, 9), dtype=np.int64)
    by_kind = np.zeros((party.size, all_kinds), dtype=np.int64)
    stamp, second = np.full(parties, -1, dtype=np.int64), np.full(parties, -1, dtype=np.int64)
    since, kinds = np.zeros(parties, dtype=np.int64), np.zeros(parties, dtype=np.int64)
    found = np.empty(most + 1, dtype=np.int64)
    for query in range(party.size):
        here, when = party[query], cutoff[query]
        count, shared, full = _gather(here, when, first, far, begin, end, kind, parties, most,
                                      stamp, query, since, kinds, found)  # fmt: skip
        counts[query, 0], counts[query, 7], counts[query, 8] = count, shared, full
        second[here] = query
        last = NEVER
        for place in range(count):
            node = found[place]
            second[node] = query
            age = when - since[node]
            counts[query, 1] += age < window
            counts[query, 2] += window <= age and age < 4 * window
            for number in range(all_kinds):
                by_kind[query, number] += (kinds[node] >> number) & 1
            bad = _bad_since(spans, bad_from, bad_until, node, when)
            if bad != NEVER:
                counts[query, 3] += 1
                last = max(last, bad)
        counts[query, 4] = last
        reached, bads = _beyond(first, far, begin, end, parties, spans, bad_from, bad_until, found[:count],
                                when, most, second, query)  # fmt: skip
        counts[query, 6] = bads
        counts[query, 5] = reached
        if reached >= most:
            counts[query, 8] = 1
    return counts, by_kind


@nb.njit(
    TYPES.Tuple((_OWN, _OWN, _OWN, _OWN))(
        _INTS, _INTS, _INTS, _INTS, _INTS, nb.int64, nb.int64, nb.int64, nb.int64, nb.int64
    ),
    cache=True, nogil=True,
)  # fmt: skip
def search(first, far, begin, end, link, parties, start, when, hops, most):  # type: ignore[no-untyped-def]
    """Nodes within `hops` of `start` in order of reaching: node, hop, node it was reached from, link.

    Elements have the hop of the party they were reached from; at most `most` nodes.
    """
    nodes = first.size - 1
    node, hop = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    source, by = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    seen = np.zeros(nodes, dtype=np.bool_)
    node[0], hop[0], source[0], by[0] = start, 0, -1, -1
    seen[start] = True
    total, level = 1, 0
    low = 0
    while level < hops and low < total and total < most:
        high = total
        for place in range(low, high):  # elements first: they cost no hop
            here = node[place]
            for edge in range(first[here], first[here + 1]):
                if begin[edge] > when or total >= most:
                    break
                other = far[edge]
                if other >= parties and end[edge] > when and not seen[other]:
                    seen[other] = True
                    node[total], hop[total], source[total], by[total] = other, level, here, link[edge]
                    total += 1
        middle = total
        for place in range(low, middle):
            here = node[place]
            for edge in range(first[here], first[here + 1]):
                if begin[edge] > when or total >= most:
                    break
                other = far[edge]
                if other < parties and end[edge] > when and not seen[other]:
                    seen[other] = True
                    node[total], hop[total], source[total], by[total] = other, level + 1, here, link[edge]
                    total += 1
        low, level = middle, level + 1
    return node[:total].copy(), hop[:total].copy(), source[:total].copy(), by[:total].copy()
