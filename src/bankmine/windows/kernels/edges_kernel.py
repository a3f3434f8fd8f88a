"""The edges of the bands: starts and ends of the windows of some rows, sorted, each once.

An edge is a position (time, seq); a start, and an end at an instant, come before every event of their time.
A leaf module: Numba is slow to import.
"""

import numpy as np

from bankmine.windows.kernels.compiling import part

LOWEST = np.iinfo(np.int64).min


@part
def precedes(time, seq, other_time, other_seq):  # type: ignore[no-untyped-def]
    """Whether an edge comes before another."""
    return time < other_time or (time == other_time and seq < other_seq)


@part
def _sort_edges(edges, count):  # type: ignore[no-untyped-def]
    """Sorts edges (time, seq) by Shell's method and drops equal ones; how many are left."""
    gap = count // 2
    while gap > 0:
        for i in range(gap, count):
            time, seq = edges[0, i], edges[1, i]
            j = i
            while j >= gap and precedes(time, seq, edges[0, j - gap], edges[1, j - gap]):
                edges[0, j], edges[1, j] = edges[0, j - gap], edges[1, j - gap]
                j -= gap
            edges[0, j], edges[1, j] = time, seq
        gap //= 2
    left = 0
    for i in range(count):
        if left == 0 or edges[0, left - 1] != edges[0, i] or edges[1, left - 1] != edges[1, i]:
            edges[0, left], edges[1, left] = edges[0, i], edges[1, i]
            left += 1
    return left


@part
def _place_of(edges, count, time, seq):  # type: ignore[no-untyped-def]
    """The place of an edge among the sorted ones."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if precedes(edges[0, middle], edges[1, middle], time, seq):
            low = middle + 1
        else:
            high = middle
    return low


@part
def find_edges(  # type: ignore[no-untyped-def]
    row_low, row_high, end_times, end_seqs, edge_rows, starts, order, edges, end_at, start_at
):
    """Collects the edges of some rows and finds each end, and each window's start, among them.

    Returns how many there are.
    """
    count = 0
    windows = starts.shape[1]
    for row in range(row_low, row_high):
        edges[0, count], edges[1, count] = end_times[row], end_seqs[row]
        count += 1
        for rank in range(windows):
            edges[0, count], edges[1, count] = starts[edge_rows[row], rank], LOWEST
            count += 1
    count = _sort_edges(edges, count)
    for row in range(row_low, row_high):
        end_at[row - row_low] = _place_of(edges, count, end_times[row], end_seqs[row])
        edge = edge_rows[row]
        for rank in range(windows):
            start_at[row - row_low, order[edge, rank]] = _place_of(edges, count, starts[edge, rank], LOWEST)
    return count


@part
def same_edges(row_low, row_high, last_low, last_high, end_times, end_seqs, edge_rows):  # type: ignore[no-untyped-def]
    """Whether some rows have the ends and starts of the rows before them."""
    if row_high - row_low != last_high - last_low:
        return False
    for k in range(row_high - row_low):
        row, last = row_low + k, last_low + k
        if edge_rows[row] != edge_rows[last] or end_seqs[row] != end_seqs[last]:
            return False
        if end_times[row] != end_times[last]:
            return False
    return True
