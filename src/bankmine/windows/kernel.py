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

import numba as nb
import numpy as np

from bankmine.windows import limbs
from bankmine.windows.aggregates import TOTALS, Limbs, Total

COUNT, SUM = int(Total.COUNT), int(Total.SUM)
MINIMUM, MAXIMUM = int(Total.MINIMUM), int(Total.MAXIMUM)
FIRST, LAST = int(Total.FIRST), int(Total.LAST)
FIRST_TIME, LAST_TIME = int(Total.FIRST_TIME), int(Total.LAST_TIME)
DISTINCT, DAYS = int(Total.DISTINCT), int(Total.DAYS)
SQUARES, GAPS = 2 * int(Limbs.SQUARES), 2 * int(Limbs.GAP_SQUARES)

I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
I2 = nb.types.Array(nb.int64, 2, "C", readonly=True)
ENTRIES = (I1, I1, I1, I1, I1, I1, I1, I1)
WANTS = (I1, I1)
OUT = (nb.int64[:, :, :, ::1], nb.uint64[:, :, :, ::1])


@nb.njit(cache=True)
def before(time, seq, end_time, end_seq):  # type: ignore[no-untyped-def]
    """Whether an event lies before the end in the total order (event_time, seq)."""
    return time < end_time or (time == end_time and seq < end_seq)


@nb.njit(cache=True)
def reaches(time, start):  # type: ignore[no-untyped-def]
    """Whether an event lies at or after a window's start."""
    return time >= start


@nb.njit(cache=True)
def is_visible(known_from, known_until, knowledge):  # type: ignore[no-untyped-def]
    """Whether a version counts for what was known at that instant."""
    return known_from <= knowledge < known_until


@nb.njit(cache=True)
def first_reaching(times, low, high, start):  # type: ignore[no-untyped-def]
    """The first index in [low, high) whose time reaches the start."""
    while low < high:
        middle = (low + high) // 2
        if reaches(times[middle], start):
            high = middle
        else:
            low = middle + 1
    return low


@nb.njit(cache=True)
def add_square(wide, at, x):  # type: ignore[no-untyped-def]
    """Adds x² to the two limbs at `at`."""
    size = limbs.magnitude(x)
    low, high = limbs.multiply(size, size)
    wide[at], wide[at + 1] = limbs.add(wide[at], wide[at + 1], low, high)


@nb.njit(cache=True)
def add_entry(cell, wide, time, value, wants, wants_wide):  # type: ignore[no-untyped-def]
    """Adds one entry, not earlier than those before it, to the totals of a band."""
    count = cell[COUNT]
    if wants[SUM] >= 0:
        cell[SUM] += value
    if wants_wide[0] >= 0:
        add_square(wide, SQUARES, value)
    if wants[MINIMUM] >= 0 and (count == 0 or value < cell[MINIMUM]):
        cell[MINIMUM] = value
    if wants[MAXIMUM] >= 0 and (count == 0 or value > cell[MAXIMUM]):
        cell[MAXIMUM] = value
    if wants_wide[1] >= 0 and count > 0:
        add_square(wide, GAPS, time - cell[LAST_TIME])
    if count == 0:
        cell[FIRST] = value
        cell[FIRST_TIME] = time
    cell[LAST] = value
    cell[LAST_TIME] = time
    cell[COUNT] = count + 1


@nb.njit(cache=True)
def merge_earlier(run, run_wide, cell, wide):  # type: ignore[no-untyped-def]
    """Merges the totals of an earlier band into the running totals of all later ones."""
    run[DISTINCT] += cell[DISTINCT]
    run[DAYS] += cell[DAYS]
    if cell[COUNT] == 0:
        return
    run_wide[0], run_wide[1] = limbs.add(run_wide[0], run_wide[1], wide[0], wide[1])
    run_wide[2], run_wide[3] = limbs.add(run_wide[2], run_wide[3], wide[2], wide[3])
    if run[COUNT] == 0:
        run[MINIMUM], run[MAXIMUM] = cell[MINIMUM], cell[MAXIMUM]
        run[LAST], run[LAST_TIME] = cell[LAST], cell[LAST_TIME]
    else:
        run[MINIMUM] = min(run[MINIMUM], cell[MINIMUM])
        run[MAXIMUM] = max(run[MAXIMUM], cell[MAXIMUM])
        add_square(run_wide, GAPS, run[FIRST_TIME] - cell[LAST_TIME])
    run[FIRST], run[FIRST_TIME] = cell[FIRST], cell[FIRST_TIME]
    run[COUNT] += cell[COUNT]
    run[SUM] += cell[SUM]


@nb.njit(cache=True)
def write_cell(run, run_wide, out, out_wide, slot, window, row, wants, wants_wide):  # type: ignore[no-untyped-def]
    """Copies the running totals that were asked for."""
    for total in range(TOTALS):
        if wants[total] >= 0:
            out[wants[total], slot, window, row] = run[total]
    for pair in range(2):
        if wants_wide[pair] >= 0:
            out_wide[wants_wide[pair], slot, window, row] = run_wide[2 * pair]
            out_wide[wants_wide[pair] + 1, slot, window, row] = run_wide[2 * pair + 1]


@nb.njit(cache=True)
def count_latest(cells, slot, band, item, row, seen_row, seen_band):  # type: ignore[no-untyped-def]
    """Counts a distinct value in the band of its latest entry, taking it from an earlier band."""
    if seen_row[item] == row:
        cells[slot, seen_band[item], DISTINCT] -= 1
    seen_row[item] = row
    seen_band[item] = band
    cells[slot, band, DISTINCT] += 1


@nb.njit(cache=True)
def count_day(cells, slot, band, day, last_day, last_band):  # type: ignore[no-untyped-def]
    """Counts a civil day in the band of its latest entry."""
    if last_band[slot] >= 0 and last_day[slot] == day:
        cells[slot, last_band[slot], DAYS] -= 1
    last_day[slot] = day
    last_band[slot] = band
    cells[slot, band, DAYS] += 1


@nb.njit(cache=True)
def fill_bands(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, slots, values, items, days, low, high,
    starts, end_time, end_seq, knowledge, row, wants, wants_wide,
    cells, wide, seen_row, seen_band, last_day, last_band,
):  # fmt: skip
    """Adds the entries [low, high) of one key that count for one row to their bands."""
    windows = starts.size
    band = 0
    for i in range(first_reaching(times, low, high, starts[0]), high):
        time = times[i]
        if not before(time, seqs[i], end_time, end_seq):
            break
        while band + 1 < windows and reaches(time, starts[band + 1]):
            band += 1
        if not is_visible(known_from[i], known_until[i], knowledge):
            continue
        slot = slots[i]
        if wants[DISTINCT] >= 0 and items[i] >= 0:
            count_latest(cells, slot, band, items[i], row, seen_row, seen_band)
        if wants[DAYS] >= 0:
            count_day(cells, slot, band, days[i], last_day, last_band)
        add_entry(cells[slot, band], wide[slot, band], time, values[i], wants, wants_wide)


@nb.njit(cache=True)
def read_bands(cells, wide, order, row, out, out_wide, wants, wants_wide, run, run_wide):  # type: ignore[no-untyped-def]
    """Reads every window of one row from its bands, and empties the bands for the next row."""
    for slot in range(cells.shape[0]):
        run[:] = 0
        run_wide[:] = 0
        for band in range(order.size - 1, -1, -1):
            merge_earlier(run, run_wide, cells[slot, band], wide[slot, band])
            if run[COUNT] > 0:
                write_cell(run, run_wide, out, out_wide, slot, order[band], row, wants, wants_wide)
        if run[COUNT] > 0:
            cells[slot] = 0
            wide[slot] = 0


@nb.njit(nb.void(*ENTRIES, I1, I1, I1, I1, I1, I1, I2, I2, nb.int64, *WANTS, *OUT), cache=True, nogil=True)
def snapshot_rows(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, slots, values, items, days,
    lows, highs, end_times, end_seqs, knowledge, edge_rows, starts, order, item_count,
    wants, wants_wide, out, out_wide,
):  # fmt: skip
    """Fills out[total, slot, window, row] for rows whose key's entries are [lows[row], highs[row]).

    Entries of a key are sorted by (time, seq). `edge_rows` points into `starts` and `order`.
    """
    slot_count, windows = out.shape[1], starts.shape[1]
    cells = np.zeros((slot_count, windows, TOTALS), np.int64)
    wide = np.zeros((slot_count, windows, 4), np.uint64)
    run = np.zeros(TOTALS, np.int64)
    run_wide = np.zeros(4, np.uint64)
    seen_row = np.full(item_count, -1, np.int64)
    seen_band = np.zeros(item_count, np.int64)
    last_day = np.zeros(slot_count, np.int64)
    last_band = np.empty(slot_count, np.int64)
    for row in range(lows.size):
        if lows[row] >= highs[row]:
            continue
        edge = edge_rows[row]
        last_band[:] = -1
        fill_bands(
            times, seqs, known_from, known_until, slots, values, items, days, lows[row], highs[row],
            starts[edge], end_times[row], end_seqs[row], knowledge[row], row, wants, wants_wide,
            cells, wide, seen_row, seen_band, last_day, last_band,
        )  # fmt: skip
        read_bands(cells, wide, order[edge], row, out, out_wide, wants, wants_wide, run, run_wide)
