"""The replay kernel: many rows of one key, answered by sliding instead of by bands.

Rows and entries of a key are sorted by position. One pointer for the end and one a window for its start move
forward; an entry is pushed once and popped once a window:

    kept      e0 e1 e2 e3 e4 e5 e6          visible entries, in order
                    ^lo[7d]  ^lo[24h] ^end of all windows
    sums      of kept[lo[w]:end], changed by each push and pop; exact, so subtraction loses nothing
    queue     positions of kept with falling values: the first at or after lo[w] is the maximum of window w
    next_same position of the next entry with the same value: popping the last of a value uncounts it

That needs knowledge that never shrinks from row to row. Rows are *regular* where no later row knows less
(and no start or end goes back, as civil days can where the clock does); over regular rows an entry becomes
visible once and invisible once, and when it does so inside the windows the key's state is pushed anew.
Irregular rows (a late event's own) are read from bands, by the snapshot kernel's functions.

A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

from bankmine.windows import limbs
from bankmine.windows.aggregates import TOTALS
from bankmine.windows.kernel import (
    COUNT,
    DAYS,
    DISTINCT,
    ENTRIES,
    FIRST,
    FIRST_TIME,
    I1,
    I2,
    LAST,
    LAST_TIME,
    MAXIMUM,
    MINIMUM,
    OUT,
    SUM,
    WANTS,
    before,
    fill_bands,
    is_visible,
    reaches,
    read_bands,
)

# Columns of a window's state, rows of a key's tracks, and places of its marks.
LOW, TOTAL, DIFFERENT, DATES, TOP, BOTTOM = range(6)
KEPT, NEXT_SAME, HIGHEST, LOWEST = range(4)
LENGTH, HIGHEST_END, LOWEST_END, ROUND = range(4)
NEVER = np.iinfo(np.int64).max


@nb.njit(cache=True)
def _square(x):  # type: ignore[no-untyped-def]
    size = limbs.magnitude(x)
    return limbs.multiply(size, size)


@nb.njit(cache=True)
def _widen(wide, at, low, high):  # type: ignore[no-untyped-def]
    wide[at], wide[at + 1] = limbs.add(wide[at], wide[at + 1], low, high)


@nb.njit(cache=True)
def _narrow(wide, at, low, high):  # type: ignore[no-untyped-def]
    wide[at], wide[at + 1] = limbs.subtract(wide[at], wide[at + 1], low, high)


@nb.njit(cache=True)
def _enqueue(track, length, place, values, kept, windows, front, falling):  # type: ignore[no-untyped-def]
    """Puts a place at the end of a queue of falling (or rising) values; the new length."""
    value = values[kept[place]]
    while length > 0:
        last = values[kept[track[length - 1]]]
        if (falling and last > value) or (not falling and last < value):
            break
        length -= 1
    track[length] = place
    for window in range(windows.shape[0]):
        windows[window, front] = min(windows[window, front], length)
    return length + 1


@nb.njit(cache=True)
def _push_different(place, item, windows, tracks, marks, last_place, last_round):  # type: ignore[no-untyped-def]
    tracks[NEXT_SAME, place] = NEVER
    if item < 0:
        return
    earlier = last_place[item] if last_round[item] == marks[ROUND] else -1
    if earlier >= 0:
        tracks[NEXT_SAME, earlier] = place
    for window in range(windows.shape[0]):
        if earlier < windows[window, LOW]:
            windows[window, DIFFERENT] += 1
    last_place[item] = place
    last_round[item] = marks[ROUND]


@nb.njit(cache=True)
def _push(  # type: ignore[no-untyped-def]
    i, times, values, items, days, wants, wants_wide, windows, wide, tracks, marks, last_place, last_round
):
    """Adds an entry, the latest so far, to all windows."""
    place = marks[LENGTH]
    tracks[KEPT, place] = i
    marks[LENGTH] = place + 1
    earlier = tracks[KEPT, place - 1] if place > 0 else -1
    if wants[SUM] >= 0:
        for window in range(windows.shape[0]):
            windows[window, TOTAL] += values[i]
    if wants_wide[0] >= 0:
        low, high = _square(values[i])
        for window in range(windows.shape[0]):
            _widen(wide[window], 0, low, high)
    if wants_wide[1] >= 0 and earlier >= 0:
        low, high = _square(times[i] - times[earlier])
        for window in range(windows.shape[0]):
            if windows[window, LOW] < place:
                _widen(wide[window], 2, low, high)
    if wants[DISTINCT] >= 0:
        _push_different(place, items[i], windows, tracks, marks, last_place, last_round)
    if wants[DAYS] >= 0:
        same = earlier >= 0 and days[earlier] == days[i]
        for window in range(windows.shape[0]):
            if not same or windows[window, LOW] >= place:
                windows[window, DATES] += 1
    if wants[MAXIMUM] >= 0:
        marks[HIGHEST_END] = _enqueue(
            tracks[HIGHEST], marks[HIGHEST_END], place, values, tracks[KEPT], windows, TOP, True
        )
    if wants[MINIMUM] >= 0:
        marks[LOWEST_END] = _enqueue(
            tracks[LOWEST], marks[LOWEST_END], place, values, tracks[KEPT], windows, BOTTOM, False
        )


@nb.njit(cache=True)
def _pop(window, times, values, items, days, wants, wants_wide, wide, tracks, length):  # type: ignore[no-untyped-def]
    """Takes the earliest entry out of one window."""
    place = window[LOW]
    i = tracks[KEPT, place]
    later = tracks[KEPT, place + 1] if place + 1 < length else -1
    if wants[SUM] >= 0:
        window[TOTAL] -= values[i]
    if wants_wide[0] >= 0:
        low, high = _square(values[i])
        _narrow(wide, 0, low, high)
    if wants_wide[1] >= 0 and later >= 0:
        low, high = _square(times[later] - times[i])
        _narrow(wide, 2, low, high)
    if wants[DISTINCT] >= 0 and items[i] >= 0 and tracks[NEXT_SAME, place] == NEVER:
        window[DIFFERENT] -= 1
    if wants[DAYS] >= 0 and (later < 0 or days[later] != days[i]):
        window[DATES] -= 1
    window[LOW] = place + 1


@nb.njit(cache=True)
def _write(row, slot, w, window, wide, tracks, length, times, values, wants, wants_wide, out, out_wide):  # type: ignore[no-untyped-def]
    """Writes the totals of one window."""
    low = window[LOW]
    if low >= length:
        return
    first, last = tracks[KEPT, low], tracks[KEPT, length - 1]
    if wants[COUNT] >= 0:
        out[wants[COUNT], slot, w, row] = length - low
    if wants[SUM] >= 0:
        out[wants[SUM], slot, w, row] = window[TOTAL]
    if wants[MAXIMUM] >= 0:
        while tracks[HIGHEST, window[TOP]] < low:
            window[TOP] += 1
        out[wants[MAXIMUM], slot, w, row] = values[tracks[KEPT, tracks[HIGHEST, window[TOP]]]]
    if wants[MINIMUM] >= 0:
        while tracks[LOWEST, window[BOTTOM]] < low:
            window[BOTTOM] += 1
        out[wants[MINIMUM], slot, w, row] = values[tracks[KEPT, tracks[LOWEST, window[BOTTOM]]]]
    if wants[FIRST] >= 0:
        out[wants[FIRST], slot, w, row] = values[first]
    if wants[LAST] >= 0:
        out[wants[LAST], slot, w, row] = values[last]
    if wants[FIRST_TIME] >= 0:
        out[wants[FIRST_TIME], slot, w, row] = times[first]
    if wants[LAST_TIME] >= 0:
        out[wants[LAST_TIME], slot, w, row] = times[last]
    if wants[DISTINCT] >= 0:
        out[wants[DISTINCT], slot, w, row] = window[DIFFERENT]
    if wants[DAYS] >= 0:
        out[wants[DAYS], slot, w, row] = window[DATES]
    for pair in range(2):
        if wants_wide[pair] >= 0:
            out_wide[wants_wide[pair], slot, w, row] = wide[2 * pair]
            out_wide[wants_wide[pair] + 1, slot, w, row] = wide[2 * pair + 1]


@nb.njit(cache=True)
def _changes(waiting, first, last, known_from, known_until, before_now, now):  # type: ignore[no-untyped-def]
    """Whether an entry among the waiting ones became visible or invisible since the last row."""
    for at in range(first, last):
        i = waiting[at]
        if is_visible(known_from[i], known_until[i], before_now) != is_visible(
            known_from[i], known_until[i], now
        ):
            return True
    return False


@nb.njit(cache=True)
def _restart(windows, wide, marks):  # type: ignore[no-untyped-def]
    """Empties the state of a key."""
    windows[:] = 0
    wide[:] = 0
    marks[LENGTH] = 0
    marks[HIGHEST_END] = 0
    marks[LOWEST_END] = 0
    marks[ROUND] += 1


@nb.njit(cache=True)
def _slide(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, values, items, days, members, member_count, slot,
    row_low, row_high, regular, end_times, end_seqs, knowledge, edge_rows, starts, order,
    wants, wants_wide, out, out_wide, windows, wide, tracks, marks, waiting, last_place, last_round,
):  # fmt: skip
    """Answers the regular rows of one key for one slot; `members` are the slot's entries."""
    _restart(windows, wide, marks)
    low = high = first_waiting = waiting_count = 0
    known = knowledge[row_low]
    for row in range(row_low, row_high):
        if not regular[row]:
            continue
        edge = edge_rows[row]
        start, now = starts[edge, 0], knowledge[row]
        while low < high and not reaches(times[members[low]], start):
            low += 1
        while first_waiting < waiting_count and not reaches(times[waiting[first_waiting]], start):
            first_waiting += 1
        if _changes(waiting, first_waiting, waiting_count, known_from, known_until, known, now):
            _restart(windows, wide, marks)
            for at in range(low, high):
                i = members[at]
                if is_visible(known_from[i], known_until[i], now):
                    _push(i, times, values, items, days, wants, wants_wide, windows, wide, tracks, marks,
                          last_place, last_round)  # fmt: skip
        known = now
        while high < member_count and before(
            times[members[high]], seqs[members[high]], end_times[row], end_seqs[row]
        ):
            i = members[high]
            high += 1
            if is_visible(known_from[i], known_until[i], now):
                _push(i, times, values, items, days, wants, wants_wide, windows, wide, tracks, marks,
                      last_place, last_round)  # fmt: skip
            if known_until[i] != NEVER or known_from[i] > now:
                waiting[waiting_count] = i
                waiting_count += 1
        for band in range(order.shape[1]):
            w = order[edge, band]
            while windows[w, LOW] < marks[LENGTH] and not reaches(
                times[tracks[KEPT, windows[w, LOW]]], starts[edge, band]
            ):
                _pop(
                    windows[w], times, values, items, days, wants, wants_wide, wide[w], tracks, marks[LENGTH]
                )
            _write(row, slot, w, windows[w], wide[w], tracks, marks[LENGTH], times, values, wants, wants_wide,
                   out, out_wide)  # fmt: skip


@nb.njit(cache=True)
def _goes_back(row, last, end_times, end_seqs, edge, starts, order, last_starts):  # type: ignore[no-untyped-def]
    """Whether the end or a start of a row lies before that of the last regular row."""
    if last < 0:
        return False
    if before(end_times[row], end_seqs[row], end_times[last], end_seqs[last]):
        return True
    back = False
    for band in range(order.shape[1]):
        back |= starts[edge, band] < last_starts[order[edge, band]]
    return back


@nb.njit(cache=True)
def _mark_regular(  # type: ignore[no-untyped-def]
    row_low, row_high, end_times, end_seqs, knowledge, edge_rows, starts, order, last_starts, regular
):
    """Marks the rows of a key after which no row knows less, and none of whose edges goes back."""
    least = NEVER
    for row in range(row_high - 1, row_low - 1, -1):
        regular[row] = knowledge[row] <= least
        least = min(least, knowledge[row])
    last = -1
    for row in range(row_low, row_high):
        edge = edge_rows[row]
        if regular[row] and _goes_back(row, last, end_times, end_seqs, edge, starts, order, last_starts):
            regular[row] = False
        if regular[row]:
            last = row
            for band in range(order.shape[1]):
                last_starts[order[edge, band]] = starts[edge, band]


@nb.njit(cache=True)
def _group_by_slot(slots, low, high, offsets, members):  # type: ignore[no-untyped-def]
    """Lists the entries of a key by slot, in order; `offsets` gets each slot's place."""
    offsets[:] = 0
    for i in range(low, high):
        offsets[slots[i] + 1] += 1
    for slot in range(offsets.size - 1):
        offsets[slot + 1] += offsets[slot]
    for i in range(low, high):
        members[offsets[slots[i]]] = i
        offsets[slots[i]] += 1
    for slot in range(offsets.size - 1, 0, -1):
        offsets[slot] = offsets[slot - 1]
    offsets[0] = 0


@nb.njit(nb.void(*ENTRIES, I1, I1, I1, I1, I1, I1, I2, I2, nb.int64, *WANTS, *OUT), cache=True, nogil=True)
def slide_rows(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, slots, values, items, days,
    lows, highs, end_times, end_seqs, knowledge, edge_rows, starts, order, item_count,
    wants, wants_wide, out, out_wide,
):  # fmt: skip
    """The same as `snapshot_rows`, for rows sorted by (key, end time, end seq)."""
    slot_count, window_count = out.shape[1], starts.shape[1]
    longest = 1
    for row in range(lows.size):
        longest = max(longest, highs[row] - lows[row])
    cells = np.zeros((slot_count, window_count, TOTALS), np.int64)
    cells_wide = np.zeros((slot_count, window_count, 4), np.uint64)
    run, run_wide = np.zeros(TOTALS, np.int64), np.zeros(4, np.uint64)
    seen_row, seen_band = np.full(item_count, -1, np.int64), np.zeros(item_count, np.int64)
    last_day, last_band = np.zeros(slot_count, np.int64), np.zeros(slot_count, np.int64)
    windows, wide = np.zeros((window_count, 6), np.int64), np.zeros((window_count, 4), np.uint64)
    tracks, marks = np.zeros((4, longest), np.int64), np.zeros(4, np.int64)
    waiting, members = np.zeros(longest, np.int64), np.zeros(longest, np.int64)
    last_place, last_round = np.zeros(item_count, np.int64), np.zeros(item_count, np.int64)
    offsets, last_starts = np.zeros(slot_count + 1, np.int64), np.zeros(window_count, np.int64)
    regular = np.zeros(lows.size, np.bool_)
    row_low = 0
    while row_low < lows.size:
        low, high = lows[row_low], highs[row_low]
        row_high = row_low + 1
        while row_high < lows.size and lows[row_high] == low and highs[row_high] == high:
            row_high += 1
        if low < high:
            _mark_regular(
                row_low, row_high, end_times, end_seqs, knowledge, edge_rows, starts, order, last_starts,
                regular,
            )  # fmt: skip
            _group_by_slot(slots, low, high, offsets, members)
            for slot in range(slot_count):
                _slide(
                    times, seqs, known_from, known_until, values, items, days,
                    members[offsets[slot] : offsets[slot + 1]], offsets[slot + 1] - offsets[slot], slot,
                    row_low, row_high, regular, end_times, end_seqs, knowledge, edge_rows, starts, order,
                    wants, wants_wide, out, out_wide, windows, wide, tracks, marks, waiting, last_place,
                    last_round,
                )  # fmt: skip
            for row in range(row_low, row_high):
                if not regular[row]:
                    last_band[:] = -1
                    edge = edge_rows[row]
                    fill_bands(
                        times, seqs, known_from, known_until, slots, values, items, days, low, high,
                        starts[edge], end_times[row], end_seqs[row], knowledge[row], row, wants, wants_wide,
                        cells, cells_wide, seen_row, seen_band, last_day, last_band,
                    )  # fmt: skip
                    read_bands(
                        cells, cells_wide, order[edge], row, out, out_wide, wants, wants_wide, run, run_wide
                    )
        row_low = row_high
