"""The totals of the bands: adding events, running sums over the bands, and merging them backwards.

Counts, sums and squares add up, so a window is the difference of two running sums, exactly: they are
integers, kept one place on, so that place b holds all bands before b. An extreme is that of two spans of
2^n bands that cover the window (`build_spans`). First and last, gaps, distinct values and days are merged
band by band from the end of a window to its start. A leaf module: Numba is slow to import.
"""

import numpy as np

from bankmine.windows.kernels import limbs
from bankmine.windows.kernels.compiling import part

# Columns of `passes`.
BY, VALUE, ITEM, CELL, EXTREME, SQUARE, ORDERED, WANTED = range(8)
PASS_COLUMNS = 8
WANT_EXTREMES, WANT_SQUARES, WANT_ORDER, WANT_GAPS, WANT_DISTINCT, WANT_DAYS = (1 << n for n in range(6))
# Layers of the ordered totals of a band.
FIRST_AT, LAST_AT, DIFFERENT, DATES = range(4)
NEVER = np.iinfo(np.int64).max
LOWEST = np.iinfo(np.int64).min
NONE = -1
U = np.uint64


@part
def _square_into(limb, at, x):  # type: ignore[no-untyped-def]
    """Adds x² to the two limbs at a place."""
    size = limbs.magnitude(x)
    low, high = limbs.multiply(size, size)
    low, high = limbs.add(limb[at, 0], limb[at, 1], low, high)
    limb[at, 0] = low
    limb[at, 1] = high


@part
def clear(bands, counts, sums, smallest, largest, squares, ordered, gaps):  # type: ignore[no-untyped-def]
    """Empties the first bands."""
    counts[: bands + 1] = 0
    sums[: bands + 1] = 0
    squares[: bands + 1] = U(0)
    smallest[0, :bands] = NEVER
    largest[0, :bands] = LOWEST
    gaps[:bands] = U(0)
    for band in range(bands):
        ordered[band, FIRST_AT] = NEVER
        ordered[band, LAST_AT] = NONE
        ordered[band, DIFFERENT] = 0
        ordered[band, DATES] = 0


@part
def _add_ordered(i, at, wanted, times, ordered, gaps):  # type: ignore[no-untyped-def]
    """Adds an entry, not earlier than those before it, to the first, last and gaps of a place in a band."""
    last = ordered[LAST_AT, at]
    if last == NONE:
        ordered[FIRST_AT, at] = i
    elif wanted & WANT_GAPS:
        _square_into(gaps, at, times[i] - times[last])
    ordered[LAST_AT, at] = i


@part
def _count_latest(band, at, place, item, generation, ordered, seen):  # type: ignore[no-untyped-def]
    """Counts a distinct value in the band of its latest entry, taking it from an earlier band."""
    half = seen.shape[1] // 2
    if seen[place, item] == generation:
        ordered[seen[place, half + item], DIFFERENT, at] -= 1
    seen[place, item] = generation
    seen[place, half + item] = band
    ordered[band, DIFFERENT, at] += 1


@part
def _count_day(band, at, day, generation, ordered, last_day):  # type: ignore[no-untyped-def]
    """Counts a civil day in the band of its latest entry."""
    if last_day[0, at] == generation and last_day[1, at] == day:
        ordered[last_day[2, at], DATES, at] -= 1
    last_day[0, at], last_day[1, at], last_day[2, at] = generation, day, band
    ordered[band, DATES, at] += 1


@part
def add(  # type: ignore[no-untyped-def]
    i, band, times, days, codes, values, items, every, first_test, accepted, slot_of, passes, generation,
    counts, sums, smallest, largest, squares, ordered, gaps, seen, last_day,
):  # fmt: skip
    """Adds a visible event to its band, for every pass that accepts it."""
    bits = every
    for column in range(first_test, codes.shape[0]):
        bits &= accepted[column, codes[column, i]]
    one = 0
    while bits != U(0):
        if bits & U(1):
            by = passes[one, BY]
            slot = slot_of[one, codes[by, i]] if by >= 0 else 0
            cell, wanted, source = passes[one, CELL] + slot, passes[one, WANTED], passes[one, VALUE]
            counts[band + 1, cell] += 1
            if source >= 0:
                value = values[source, i]
                sums[band + 1, cell] += value
                if wanted & WANT_EXTREMES:
                    at = passes[one, EXTREME] + slot
                    smallest[0, band, at] = min(smallest[0, band, at], value)
                    largest[0, band, at] = max(largest[0, band, at], value)
                if wanted & WANT_SQUARES:
                    _square_into(squares[band + 1], passes[one, SQUARE] + slot, value)
            if wanted & WANT_ORDER:
                at = passes[one, ORDERED] + slot
                _add_ordered(i, at, wanted, times, ordered[band], gaps[band])
                if wanted & WANT_DISTINCT and items[passes[one, ITEM], i] >= 0:
                    place = passes[one, ITEM]
                    _count_latest(band, at, place, items[place, i], generation, ordered, seen)
                if wanted & WANT_DAYS:
                    _count_day(band, at, days[i], generation, ordered, last_day)
        bits >>= U(1)
        one += 1


@part
def run_up(done, bands, counts, sums, squares):  # type: ignore[no-untyped-def]
    """Turns the counts, sums and squares of the bands [done, bands) into running sums from the first on."""
    for place in range(done + 1, bands + 1):
        for cell in range(counts.shape[1]):
            counts[place, cell] += counts[place - 1, cell]
            sums[place, cell] += sums[place - 1, cell]
        for at in range(squares.shape[1]):
            low, high = limbs.add(
                squares[place, at, 0],
                squares[place, at, 1],
                squares[place - 1, at, 0],
                squares[place - 1, at, 1],
            )
            squares[place, at, 0] = low
            squares[place, at, 1] = high


@part
def build_spans(bands, smallest, largest):  # type: ignore[no-untyped-def]
    """Makes the extremes of 2^n bands from each band on, level n of n levels, from those of single bands."""
    level, width = 1, 1
    while 2 * width <= bands:
        for band in range(bands - 2 * width + 1):
            for at in range(smallest.shape[2]):
                smallest[level, band, at] = min(
                    smallest[level - 1, band, at], smallest[level - 1, band + width, at]
                )
                largest[level, band, at] = max(
                    largest[level - 1, band, at], largest[level - 1, band + width, at]
                )
        level, width = level + 1, 2 * width


@part
def level_of(length):  # type: ignore[no-untyped-def]
    """The largest n with 2^n ≤ length, which is 1 or more."""
    level = 0
    while 2 << level <= length:
        level += 1
    return level


@part
def start_run(run_ordered, run_gaps):  # type: ignore[no-untyped-def]
    """Empties what is merged backwards."""
    run_gaps[:] = U(0)
    run_ordered[FIRST_AT] = NEVER
    run_ordered[LAST_AT] = NONE
    run_ordered[DIFFERENT] = 0
    run_ordered[DATES] = 0


@part
def merge_earlier(band, times, ordered, gaps, run_ordered, run_gaps):  # type: ignore[no-untyped-def]
    """Merges an earlier band into what was merged of all later ones; later events have higher numbers."""
    for at in range(run_gaps.shape[0]):
        last = ordered[band, LAST_AT, at]
        if last != NONE:
            low, high = limbs.add(run_gaps[at, 0], run_gaps[at, 1], gaps[band, at, 0], gaps[band, at, 1])
            run_gaps[at, 0] = low
            run_gaps[at, 1] = high
            if run_ordered[LAST_AT, at] != NONE:
                _square_into(run_gaps, at, times[run_ordered[FIRST_AT, at]] - times[last])
    for at in range(run_ordered.shape[1]):
        run_ordered[FIRST_AT, at] = min(run_ordered[FIRST_AT, at], ordered[band, FIRST_AT, at])
        run_ordered[LAST_AT, at] = max(run_ordered[LAST_AT, at], ordered[band, LAST_AT, at])
        run_ordered[DIFFERENT, at] += ordered[band, DIFFERENT, at]
        run_ordered[DATES, at] += ordered[band, DATES, at]
