"""Components of a network in time: union-find with time stamps, and union-find with roll-back.

    links in order of time      parent   at     the tree is built by size and never compressed, so a climb
    (0,1) at 3                  0: 0     never  takes at most log2(n) steps; `at` grows towards the root, so
    (2,3) at 4                  1: 0     3      the component of a node at time t is found by climbing while
    (1,2) at 9                  2: 0     9      at ≤ t (node 3 at 5: 2; node 3 at 9: 0)
                                3: 2     4

Links that end make it a problem of dynamic connectivity. Offline (all cutoffs known before) it is solved by
a segment tree over the cutoffs: a link lies at the few nodes that cover its life, a walk through the tree
joins on the way down and undoes on the way up. O(m log c log n) for m links and c different cutoffs.
A leaf module: Numba is slow to import.
"""

from typing import Any

import numba as nb
import numpy as np

TYPES: Any = nb.types

FOREVER = np.iinfo(np.int64).max
_INTS = TYPES.Array(nb.int64, 1, "C", readonly=True)
_OWN = nb.int64[::1]


@nb.njit(cache=True, nogil=True)
def _top(parent, node):  # type: ignore[no-untyped-def]
    """Root, halving the path on the way: only for the array used while building."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@nb.njit(TYPES.Tuple((_OWN, _OWN, _OWN, _OWN, _OWN))(_INTS, _INTS, _INTS, _INTS), cache=True, nogil=True)
def joined(one, other, since, weight):  # type: ignore[no-untyped-def]
    """Tree of all links, which are in order of time: parent and time of joining it, and the gains.

    Gains of a root stand together in order of time: `first` (nodes + 1), time, and size from then on, where
    size is the sum of `weight`.
    """
    nodes = weight.size
    parent, quick = np.arange(nodes), np.arange(nodes)
    at = np.full(nodes, FOREVER)
    rank, size = np.ones(nodes, dtype=np.int64), weight.copy()
    root, time, total = np.empty(nodes, np.int64), np.empty(nodes, np.int64), np.empty(nodes, np.int64)
    first = np.zeros(nodes + 1, dtype=np.int64)
    gains = 0
    for link in range(one.size):
        a, b = _top(quick, one[link]), _top(quick, other[link])
        if a == b:
            continue
        if rank[a] < rank[b]:
            a, b = b, a
        parent[b], quick[b], at[b] = a, a, since[link]
        rank[a] += rank[b]
        size[a] += size[b]
        root[gains], time[gains], total[gains] = a, since[link], size[a]
        first[a + 1] += 1
        gains += 1
    for node in range(nodes):
        first[node + 1] += first[node]
    place = first[:-1].copy()
    by_time, by_total = np.empty(gains, np.int64), np.empty(gains, np.int64)
    for gain in range(gains):
        where = place[root[gain]]
        by_time[where], by_total[where] = time[gain], total[gain]
        place[root[gain]] += 1
    return parent, at, first, by_time, by_total


@nb.njit(
    TYPES.Tuple((_OWN, _OWN))(_INTS, _INTS, _INTS, _INTS, _INTS, _INTS, _INTS, _INTS),
    cache=True, nogil=True,
)  # fmt: skip
def as_of(parent, at, first, time, total, weight, node, cutoff):  # type: ignore[no-untyped-def]
    """Root and size of each asked node's component at its cutoff (links of that instant are in)."""
    roots, sizes = np.empty(node.size, np.int64), np.empty(node.size, np.int64)
    for query in range(node.size):
        here, when = node[query], cutoff[query]
        while at[here] <= when and parent[here] != here:
            here = parent[here]
        low, high = first[here], first[here + 1]
        while low < high:
            middle = (low + high) // 2
            if time[middle] <= when:
                low = middle + 1
            else:
                high = middle
        roots[query] = here
        sizes[query] = weight[here] if low == first[here] else total[low - 1]
    return roots, sizes


@nb.njit(cache=True, nogil=True)
def _placed(low, high, leaves):  # type: ignore[no-untyped-def]
    """Links by node of a segment tree over `leaves` places: first (2 · leaves + 1), link."""
    first = np.zeros(2 * leaves + 1, dtype=np.int64)
    for link in range(low.size):
        left, right = low[link] + leaves, high[link] + leaves
        while left < right:
            if left & 1:
                first[left + 1] += 1
                left += 1
            if right & 1:
                right -= 1
                first[right + 1] += 1
            left >>= 1
            right >>= 1
    for node in range(2 * leaves):
        first[node + 1] += first[node]
    place = first[:-1].copy()
    placed = np.empty(first[-1], dtype=np.int32)
    for link in range(low.size):
        left, right = low[link] + leaves, high[link] + leaves
        while left < right:
            if left & 1:
                placed[place[left]] = link
                place[left] += 1
                left += 1
            if right & 1:
                right -= 1
                placed[place[right]] = link
                place[right] += 1
            left >>= 1
            right >>= 1
    return first, placed


@nb.njit(cache=True, nogil=True)
def _join(parent, rank, size, a, b):  # type: ignore[no-untyped-def]
    """Join two components; the node put below another, or −1."""
    while parent[a] != a:
        a = parent[a]
    while parent[b] != b:
        b = parent[b]
    if a == b:
        return -1
    if rank[a] < rank[b]:
        a, b = b, a
    parent[b] = a
    rank[a] += rank[b]
    size[a] += size[b]
    return b


@nb.njit(TYPES.Tuple((_OWN, _OWN))(_INTS, _INTS, _INTS, _INTS, _INTS, _INTS, _INTS), cache=True, nogil=True)
def standing(one, other, low, high, weight, asked, node):  # type: ignore[no-untyped-def]
    """Root and size of each asked node's component at its cutoff, of the links that stand at it.

    Link i stands at the cutoffs numbered low[i] ≤ c < high[i]. Queries are in order of cutoff: those of
    cutoff c are asked[c] to asked[c + 1]. A root is a name only: another one for every cutoff.
    """
    nodes, cutoffs = weight.size, asked.size - 1
    leaves = 1
    while leaves < cutoffs:
        leaves *= 2
    first, placed = _placed(low, high, leaves)
    parent, rank, size = np.arange(nodes), np.ones(nodes, dtype=np.int64), weight.copy()
    roots, sizes = np.empty(node.size, np.int64), np.empty(node.size, np.int64)
    undo, done = np.empty(nodes, np.int64), 0
    path, mark = np.empty(130, np.int64), np.zeros(2 * leaves, np.int64)
    path[0], deep = 1, 1
    while deep:
        deep -= 1
        here = path[deep]
        if here < 0:  # leave: undo what was joined here
            while done > mark[-here]:
                done -= 1
                below = undo[done]
                above = parent[below]
                rank[above] -= rank[below]
                size[above] -= size[below]
                parent[below] = below
            continue
        mark[here] = done
        for where in range(first[here], first[here + 1]):
            below = _join(parent, rank, size, one[placed[where]], other[placed[where]])
            if below >= 0:
                undo[done] = below
                done += 1
        path[deep] = -here
        deep += 1
        if here < leaves:
            path[deep], path[deep + 1] = 2 * here + 1, 2 * here
            deep += 2
        elif here - leaves < cutoffs:
            for query in range(asked[here - leaves], asked[here - leaves + 1]):
                root = node[query]
                while parent[root] != root:
                    root = parent[root]
                roots[query], sizes[query] = root, size[root]
    return roots, sizes
