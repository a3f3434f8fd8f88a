"""Kernels over the rows of keys: how they lie, and which may be versions of one event.

A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

from bankmine.windows.kernels.compiling import kernel, part

U = np.uint64
I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)


@part
def home(item, size):  # type: ignore[no-untyped-def]
    """Where an item is looked for first in a table of a power of two, by the finaliser of splitmix64."""
    x = U(item)
    x = (x ^ (x >> U(30))) * U(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U(27))) * U(0x94D049BB133111EB)
    return np.int64((x ^ (x >> U(31))) & U(size - 1))


@kernel(nb.int64(I1, I1, I1, nb.int64[::1]))
def find_keys(keys, times, seqs, starts):  # type: ignore[no-untyped-def]
    """Writes where each run of one key begins, and after them the number of rows; the number of runs.

    −1 where the rows do not lie by (key, time, seq). `starts` has room for every row and one more.
    """
    count = 0
    for i in range(keys.size):
        if i == 0 or keys[i] != keys[i - 1]:
            if i > 0 and keys[i] < keys[i - 1]:
                return -1
            starts[count] = i
            count += 1
        elif times[i] < times[i - 1] or (times[i] == times[i - 1] and seqs[i] < seqs[i - 1]):
            return -1
    starts[count] = keys.size
    return count


@kernel(nb.int64(I1, I1, nb.int32[::1], nb.int64[::1]))
def repeated_in_keys(offsets, items, table, found):  # type: ignore[no-untyped-def]
    """Lists the rows whose item another row of the same key has too, once or twice; how many were listed.

    `table` is scratch of a power of two at least twice the rows of any key; `found` has room for two
    a row. The rows are not in order.
    """
    listed = 0
    for k in range(offsets.size - 1):
        low, high = offsets[k], offsets[k + 1]
        if high - low < 2:
            continue
        size = 4
        while size < 2 * (high - low):
            size *= 2
        for at in range(size):
            table[at] = -1
        for i in range(low, high):
            at = home(items[i], size)
            while table[at] >= 0 and items[low + table[at]] != items[i]:
                at = (at + 1) & (size - 1)
            if table[at] < 0:
                table[at] = i - low
            else:
                found[listed] = i
                found[listed + 1] = low + table[at]
                listed += 2
    return listed


@kernel(nb.boolean(I1, I1, I1))
def has_ties(offsets, times, seqs):  # type: ignore[no-untyped-def]
    """Whether two neighbours of one key share (time, seq)."""
    for k in range(offsets.size - 1):
        for i in range(offsets[k] + 1, offsets[k + 1]):
            if times[i] == times[i - 1] and seqs[i] == seqs[i - 1]:
                return True
    return False
