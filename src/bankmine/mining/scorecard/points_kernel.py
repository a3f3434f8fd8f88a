"""Counting pairs whose order two scores disagree on, with a Fenwick tree (1994). A leaf module."""

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True)
def disagreements(groups, places):  # type: ignore[no-untyped-def]
    """Pairs with groups[a] < groups[b] and places[a] > places[b]; `groups` rise, `places` are 0 … n−1."""
    size = places.max() + 1 if places.shape[0] else 1
    tree = np.zeros(size + 1, dtype=np.int64)
    total, seen, start = 0, 0, 0
    while start < groups.shape[0]:
        end = start
        while end < groups.shape[0] and groups[end] == groups[start]:
            below, at = 0, places[end] + 1
            while at > 0:
                below += tree[at]
                at -= at & -at
            total += seen - below
            end += 1
        for row in range(start, end):
            at = places[row] + 1
            while at <= size:
                tree[at] += 1
                at += at & -at
        seen += end - start
        start = end
    return total
