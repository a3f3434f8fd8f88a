"""Kernels that join the rows of keys from three places: the kept rows, those kept aside, and newer ones.

Rows are numbered through all three: first the n kept ones, then the h set aside, then the newer ones.
A leaf module: Numba is slow to import.
"""

from typing import Any

import numba as nb

from bankmine.windows.kernels.compiling import kernel, part

I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
B1 = nb.types.Array(nb.boolean, 1, "C", readonly=True)
C1 = nb.types.Array(nb.int32, 1, "C", readonly=True)


@part
def _earlier(times, seqs, i, others, other_seqs, j):  # type: ignore[no-untyped-def]
    """Whether row i lies before row j, or at the same place."""
    return times[i] < others[j] or (times[i] == others[j] and seqs[i] <= other_seqs[j])


@kernel(nb.void(*(I1,) * 12, nb.int64[::1], nb.int64[::1]))
def join_keys(  # type: ignore[no-untyped-def]
    lows, highs, times, seqs, aside_lows, aside_highs, aside_times, aside_seqs,
    fresh_lows, fresh_highs, fresh_times, fresh_seqs, index, offsets,
):  # fmt: skip
    """Lists each key's rows of all three places by (time, seq); `offsets` gets where each key begins."""
    n, h, at = times.size, aside_times.size, 0
    offsets[0] = 0
    for k in range(lows.size):
        i, a, f = lows[k], aside_lows[k], fresh_lows[k]
        while a < aside_highs[k] or f < fresh_highs[k]:
            if a < aside_highs[k] and (
                f == fresh_highs[k] or _earlier(aside_times, aside_seqs, a, fresh_times, fresh_seqs, f)
            ):
                while i < highs[k] and _earlier(times, seqs, i, aside_times, aside_seqs, a):
                    index[at] = i
                    i += 1
                    at += 1
                index[at] = n + a
                a += 1
            else:
                while i < highs[k] and _earlier(times, seqs, i, fresh_times, fresh_seqs, f):
                    index[at] = i
                    i += 1
                    at += 1
                index[at] = n + h + f
                f += 1
            at += 1
        while i < highs[k]:
            index[at] = i
            i += 1
            at += 1
        offsets[k + 1] = at


def _gather(index, kept, aside, fresh, out):  # type: ignore[no-untyped-def]
    """Copies the listed rows of one column."""
    n, h = kept.size, kept.size + aside.size
    for at in range(index.size):
        i = index[at]
        if i < n:
            out[at] = kept[i]
        elif i < h:
            out[at] = aside[i - n]
        else:
            out[at] = fresh[i - h]


gather_numbers: Any = kernel(nb.void(I1, I1, I1, I1, nb.int64[::1]))(_gather)
gather_codes: Any = kernel(nb.void(I1, C1, C1, C1, nb.int32[::1]))(_gather)
gather_flags: Any = kernel(nb.void(I1, B1, B1, B1, nb.boolean[::1]))(_gather)
