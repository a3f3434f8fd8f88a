"""The rule of time as every kernel applies it: before a position, at or after a start, known then.

A leaf module: Numba is slow to import.
"""

from bankmine.windows.kernels.compiling import part


@part
def before(time, seq, end_time, end_seq):  # type: ignore[no-untyped-def]
    """Whether an event lies before the end in the total order (event_time, seq)."""
    return time < end_time or (time == end_time and seq < end_seq)


@part
def reaches(time, start):  # type: ignore[no-untyped-def]
    """Whether an event lies at or after a window's start."""
    return time >= start


@part
def is_visible(known_from, known_until, knowledge):  # type: ignore[no-untyped-def]
    """Whether a version counts for what was known at that instant."""
    return known_from <= knowledge < known_until


@part
def first_reaching(times, low, high, start):  # type: ignore[no-untyped-def]
    """The first index in [low, high) whose time reaches the start."""
    while low < high:
        middle = (low + high) // 2
        if reaches(times[middle], start):
            high = middle
        else:
            low = middle + 1
    return low
