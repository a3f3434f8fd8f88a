"""Small hash-table kernels over columns: repeated keys, and dense numbers for distinct values.

A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

NONE = np.iinfo(np.int64).min
U = np.uint64

_INTS = nb.types.Array(nb.int64, 1, "C", readonly=True)
_HASHES = nb.types.Array(nb.uint64, 1, "C", readonly=True)


@nb.njit(nb.uint64(nb.uint64), cache=True)
def mix(x):  # type: ignore[no-untyped-def]
    """The finaliser of splitmix64."""
    x = (x ^ (x >> U(30))) * U(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U(27))) * U(0x94D049BB133111EB)
    return x ^ (x >> U(31))


@nb.njit(nb.boolean[::1](_HASHES), cache=True, nogil=True)
def repeated(hashes):  # type: ignore[no-untyped-def]
    """Marks each hash that occurs more than once."""
    size = 1
    while size < 2 * hashes.size + 2:
        size *= 2
    table = np.zeros(size, np.int64)
    marked = np.zeros(hashes.size, np.bool_)
    for i in range(hashes.size):
        at = np.int64(hashes[i] & U(size - 1))
        while table[at] != 0:
            if hashes[table[at] - 1] == hashes[i]:
                marked[i] = True
                marked[table[at] - 1] = True
                break
            at = (at + 1) & (size - 1)
        if table[at] == 0:
            table[at] = i + 1
    return marked


@nb.njit(cache=True)
def _forget(table, slot, item, size):  # type: ignore[no-untyped-def]
    """Empties the run of places that starts at the hash of an item."""
    at = np.int64(mix(U(item) + U(slot) * U(0x9E3779B97F4A7C15)) & U(size - 1))
    while table[at] >= 0:
        table[at] = -1
        at = (at + 1) & (size - 1)


@nb.njit(nb.int64[::1](_INTS, _INTS, _INTS), cache=True, nogil=True)
def number_items(keys, slots, items):  # type: ignore[no-untyped-def]
    """Numbers the (slot, item) pairs of each key from 0, in order of appearance; −1 where there is no item.

    `keys` is sorted; an item equal to NONE is missing.
    """
    longest, start = 0, 0
    for i in range(keys.size):
        if keys[i] != keys[start]:
            start = i
        longest = max(longest, i - start + 1)
    size = 1
    while size < 2 * longest + 2:
        size *= 2
    table = np.full(size, -1, np.int64)
    numbers = np.full(keys.size, -1, np.int64)
    start, fresh = 0, 0
    for i in range(keys.size):
        if keys[i] != keys[start]:
            for j in range(start, i):
                _forget(table, slots[j], items[j], size)
            start, fresh = i, 0
        if items[i] == NONE:
            continue
        at = np.int64(mix(U(items[i]) + U(slots[i]) * U(0x9E3779B97F4A7C15)) & U(size - 1))
        while table[at] >= 0 and (items[table[at]] != items[i] or slots[table[at]] != slots[i]):
            at = (at + 1) & (size - 1)
        if table[at] < 0:
            table[at] = i
            numbers[i] = fresh
            fresh += 1
        else:
            numbers[i] = numbers[table[at]]
    return numbers
