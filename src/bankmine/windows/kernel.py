"""The snapshot kernel: entries fall into the bands between window edges, windows are read from the bands.

One pair (key, cutoff) with windows a, b, c of 6, 3 and 1 months:

    starts[0]          starts[1]    starts[2]  end
        |--- band 0 ------|-- band 1 ---|- band 2 -|
        |<------------------- a ------------------>|      a = band 0 + (band 1 + band 2)
                          |<---------- b --------->|      b = band 1 + band 2
                                        |<-- c --->|      c = band 2

Each entry is added to one band, of its slot (its level of a category). Then the bands are merged from the
end backwards, and the running totals are copied out at each start. Totals are exact integers, so the
order of merging cannot matter; a distinct value counts in the band of its latest visible entry, so the
running number of distinct values is right in every window.

A leaf module: Numba is slow to import. `before`, `reaches` and `is_visible` are the whole rule of time.
"""

from typing import Any

import numba as nb
import numpy as np

from bankmine.windows import limbs
from bankmine.windows.aggregates import TOTALS, Limbs, Total
from bankmine.windows.compiling import kernel, part

COUNT, SUM = int(Total.COUNT), int(Total.SUM)
MINIMUM, MAXIMUM = int(Total.MINIMUM), int(Total.MAXIMUM)
FIRST, LAST = int(Total.FIRST), int(Total.LAST)
FIRST_TIME, LAST_TIME = int(Total.FIRST_TIME), int(Total.LAST_TIME)
DISTINCT, DAYS = int(Total.DISTINCT), int(Total.DAYS)
SQUARES, GAPS = 2 * int(Limbs.SQUARES), 2 * int(Limbs.GAP_SQUARES)

I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
I2 = nb.types.Array(nb.int64, 2, "C", readonly=True)
OUT = (nb.int64[:, :, :, ::1], nb.uint64[:, :, :, ::1])
ARGUMENTS = (*(I1,) * 8, *(I1,) * 6, I2, I2, nb.int64, I1, I1, *OUT)
M1, M2, W2 = nb.int64[::1], nb.int64[:, ::1], nb.uint64[:, ::1]
BANDS = (M2, W2, M1, W2, M1, M1, M1, M1)
# The scalars that say what is wanted: a bit for each total, and above them one for each pair of limbs.
WANT_SUM, WANT_MINIMUM, WANT_MAXIMUM = 1 << SUM, 1 << MINIMUM, 1 << MAXIMUM
WANT_DISTINCT, WANT_DAYS = 1 << DISTINCT, 1 << DAYS
WANT_SQUARES, WANT_GAPS = 1 << (TOTALS + int(Limbs.SQUARES)), 1 << (TOTALS + int(Limbs.GAP_SQUARES))


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


@part
def add_square(wide, at, column, x):  # type: ignore[no-untyped-def]
    """Adds x² to the two limbs at (at, column)."""
    size = limbs.magnitude(x)
    low, high = limbs.multiply(size, size)
    low, high = limbs.add(wide[at, column], wide[at, column + 1], low, high)
    wide[at, column] = low
    wide[at, column + 1] = high


@part
def add_entry(cells, wide, at, time, value, wanted):  # type: ignore[no-untyped-def]
    """Adds one entry, not earlier than those before it, to the totals of a band."""
    count = cells[at, COUNT]
    cells[at, COUNT] = count + 1
    if wanted & WANT_SUM:
        cells[at, SUM] += value
    if wanted & WANT_SQUARES:
        add_square(wide, at, SQUARES, value)
    if wanted & WANT_GAPS and count > 0:
        add_square(wide, at, GAPS, time - cells[at, LAST_TIME])
    if count == 0:
        cells[at, FIRST], cells[at, FIRST_TIME] = value, time
        cells[at, MINIMUM], cells[at, MAXIMUM] = value, value
    elif wanted & (WANT_MINIMUM | WANT_MAXIMUM):
        cells[at, MINIMUM] = min(cells[at, MINIMUM], value)
        cells[at, MAXIMUM] = max(cells[at, MAXIMUM], value)
    cells[at, LAST], cells[at, LAST_TIME] = value, time


@part
def merge_earlier(run, run_wide, cells, wide, at, wanted):  # type: ignore[no-untyped-def]
    """Merges the totals of an earlier band into the running totals of all later ones."""
    if wanted & (WANT_SQUARES | WANT_GAPS):
        for column in (0, 2):
            low, high = limbs.add(
                run_wide[0, column], run_wide[0, column + 1], wide[at, column], wide[at, column + 1]
            )
            run_wide[0, column] = low
            run_wide[0, column + 1] = high
    if run[COUNT] == 0:
        run[MINIMUM], run[MAXIMUM] = cells[at, MINIMUM], cells[at, MAXIMUM]
        run[LAST], run[LAST_TIME] = cells[at, LAST], cells[at, LAST_TIME]
    else:
        run[MINIMUM] = min(run[MINIMUM], cells[at, MINIMUM])
        run[MAXIMUM] = max(run[MAXIMUM], cells[at, MAXIMUM])
        if wanted & WANT_GAPS:
            add_square(run_wide, 0, GAPS, run[FIRST_TIME] - cells[at, LAST_TIME])
    run[FIRST], run[FIRST_TIME] = cells[at, FIRST], cells[at, FIRST_TIME]
    run[COUNT] += cells[at, COUNT]
    run[SUM] += cells[at, SUM]


@part
def write_totals(run, run_wide, slot, window, row, planes, wide_planes, out, out_wide):  # type: ignore[no-untyped-def]
    """Copies the running totals that were asked for."""
    for plane in range(planes.size):
        out[plane, slot, window, row] = run[planes[plane]]
    for plane in range(wide_planes.size):
        out_wide[2 * plane, slot, window, row] = run_wide[0, 2 * wide_planes[plane]]
        out_wide[2 * plane + 1, slot, window, row] = run_wide[0, 2 * wide_planes[plane] + 1]


@part
def count_latest(cells, at, item, row, seen_row, seen_at):  # type: ignore[no-untyped-def]
    """Counts a distinct value in the band of its latest entry, taking it from an earlier band."""
    if seen_row[item] == row:
        cells[seen_at[item], DISTINCT] -= 1
    seen_row[item] = row
    seen_at[item] = at
    cells[at, DISTINCT] += 1


@part
def count_day(cells, at, slot, day, last_day, last_at):  # type: ignore[no-untyped-def]
    """Counts a civil day in the band of its latest entry."""
    if last_at[slot] >= 0 and last_day[slot] == day:
        cells[last_at[slot], DAYS] -= 1
    last_day[slot] = day
    last_at[slot] = at
    cells[at, DAYS] += 1


@part
def fill_bands(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, slots, values, items, days, low, high,
    starts, end_time, end_seq, knowledge, row, wanted, cells, wide, seen_row, seen_at, last_day, last_at,
):  # fmt: skip
    """Adds the entries [low, high) of one key that count for one row to their bands."""
    windows = starts.size
    band = 0
    last_at[:] = -1
    for i in range(first_reaching(times, low, high, starts[0]), high):
        time = times[i]
        if not before(time, seqs[i], end_time, end_seq):
            break
        while band + 1 < windows and reaches(time, starts[band + 1]):
            band += 1
        if not is_visible(known_from[i], known_until[i], knowledge):
            continue
        at = slots[i] * windows + band
        if wanted & WANT_DISTINCT and items[i] >= 0:
            count_latest(cells, at, items[i], row, seen_row, seen_at)
        if wanted & WANT_DAYS:
            count_day(cells, at, slots[i], days[i], last_day, last_at)
        add_entry(cells, wide, at, time, values[i], wanted)


@part
def read_bands(  # type: ignore[no-untyped-def]
    cells, wide, order, row, wanted, planes, wide_planes, out, out_wide, run, run_wide
):
    """Reads every window of one row from its bands, and empties the bands for the next row."""
    windows = order.size
    for slot in range(out.shape[1]):
        run[:] = 0
        run_wide[:] = 0
        for band in range(windows - 1, -1, -1):
            at = slot * windows + band
            run[DISTINCT] += cells[at, DISTINCT]
            run[DAYS] += cells[at, DAYS]
            if cells[at, COUNT] > 0:
                merge_earlier(run, run_wide, cells, wide, at, wanted)
                cells[at] = 0
                wide[at] = 0
            if run[COUNT] > 0:
                write_totals(run, run_wide, slot, order[band], row, planes, wide_planes, out, out_wide)


@kernel(nb.void(*ARGUMENTS, *BANDS))
def _snapshot_rows(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, slots, values, items, days,
    lows, highs, end_times, end_seqs, knowledge, edge_rows, starts, order,
    wanted, planes, wide_planes, out, out_wide,
    cells, wide, run, run_wide, seen_row, seen_at, last_day, last_at,
):  # fmt: skip
    for row in range(lows.size):
        if lows[row] < highs[row]:
            edge = edge_rows[row]
            fill_bands(
                times, seqs, known_from, known_until, slots, values, items, days, lows[row], highs[row],
                starts[edge], end_times[row], end_seqs[row], knowledge[row], row, wanted,
                cells, wide, seen_row, seen_at, last_day, last_at,
            )  # fmt: skip
            read_bands(
                cells, wide, order[edge], row, wanted, planes, wide_planes, out, out_wide, run, run_wide
            )


def snapshot_rows(*given: Any, item_count: int) -> None:
    """Fills out[plane, slot, window, row] for rows whose key's entries are [lows[row], highs[row]).

    `given` are, in the order of ARGUMENTS: the entries (times, seqs, known_from, known_until, slots, values,
    items, days), sorted by (time, seq) within a key; the rows (lows, highs, end_times, end_seqs, knowledge,
    edge_rows); `starts` and `order`, into which `edge_rows` points; `wanted` as bits, `planes` (the totals)
    and `wide_planes` (the pairs of limbs); `out` and `out_wide`, which hold zeros. Items are numbers below
    `item_count`, unique within a key and slot; negative where missing.
    """
    _snapshot_rows(*given, *band_scratch(given[-2].shape[1], given[-2].shape[2], item_count))


def band_scratch(slots: int, windows: int, item_count: int) -> tuple[Any, ...]:
    """The arrays of BANDS: a kernel that allocates nothing needs no counting of references."""
    cells = slots * windows
    return (
        np.zeros((cells, TOTALS), np.int64), np.zeros((cells, 4), np.uint64),
        np.zeros(TOTALS, np.int64), np.zeros((1, 4), np.uint64),
        np.full(item_count, -1, np.int64), np.zeros(item_count, np.int64),
        np.zeros(slots, np.int64), np.zeros(slots, np.int64),
    )  # fmt: skip
