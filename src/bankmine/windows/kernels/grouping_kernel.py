"""Rows asked, dealt to buckets and grouped by key without sorting them: their order within a key stays.

A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

from bankmine.windows.kernels.compiling import kernel, part

_I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
_M1 = nb.int64[::1]
_U = np.uint64


@part
def _mixed(key):  # type: ignore[no-untyped-def]
    """splitmix64 of a key, as `bank.hashing` has it."""
    x = _U(key) + _U(0x9E3779B97F4A7C15)
    x = (x ^ (x >> _U(30))) * _U(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> _U(27))) * _U(0x94D049BB133111EB)
    return x ^ (x >> _U(31))


@part
def _deal(places, offsets, order):  # type: ignore[no-untyped-def]
    """Lists rows by place, in their order; negative places are left out; `offsets` has one more."""
    offsets[:] = 0
    for row in range(places.size):
        if places[row] >= 0:
            offsets[places[row] + 1] += 1
    for place in range(1, offsets.size):
        offsets[place] += offsets[place - 1]
    for row in range(places.size):
        place = places[row]
        if place >= 0:
            order[offsets[place]] = row
            offsets[place] += 1
    for place in range(offsets.size - 1, 0, -1):
        offsets[place] = offsets[place - 1]
    offsets[0] = 0


@kernel(nb.void(_I1, nb.int64, _M1, _M1, _M1))
def deal_to_buckets(keys, missing, places, offsets, order):  # type: ignore[no-untyped-def]
    """Deals rows to the buckets (a power of two, one less than `offsets`) of their keys.

    The rows of bucket b are `order[offsets[b]:offsets[b + 1]]`, in their order; rows whose key is `missing`
    are in none.
    """
    mask = _U(offsets.size - 2)
    for row in range(keys.size):
        places[row] = -1 if keys[row] == missing else np.int64(_mixed(keys[row]) & mask)
    _deal(places, offsets, order)


@kernel(nb.void(_I1, _I1, _M1, _M1, _M1, _M1))
def group_by_key(keys, asked, table, places, offsets, order):  # type: ignore[no-untyped-def]
    """Groups rows by the place of their key among different keys; those of no such key come last.

    `offsets` has two more than keys; `table` is a power of two above twice the keys, filled with −1.
    """
    mask = _U(table.size - 1)
    for place in range(keys.size):
        at = np.int64(_mixed(keys[place]) & mask)
        while table[at] >= 0:
            at = np.int64(_U(at + 1) & mask)
        table[at] = place
    for row in range(asked.size):
        at = np.int64(_mixed(asked[row]) & mask)
        while table[at] >= 0 and keys[table[at]] != asked[row]:
            at = np.int64(_U(at + 1) & mask)
        places[row] = table[at] if table[at] >= 0 else keys.size
    _deal(places, offsets, order)
