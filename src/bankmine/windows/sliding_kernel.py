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

from typing import Any

import numba as nb
import numpy as np

from bankmine.windows import limbs
from bankmine.windows.compiling import kernel, part
from bankmine.windows.kernel import (
    ARGUMENTS,
    BANDS,
    COUNT,
    DAYS,
    DISTINCT,
    FIRST,
    FIRST_TIME,
    LAST,
    LAST_TIME,
    M1,
    M2,
    MAXIMUM,
    MINIMUM,
    SUM,
    W2,
    WANT_DAYS,
    WANT_DISTINCT,
    WANT_GAPS,
    WANT_MAXIMUM,
    WANT_MINIMUM,
    WANT_SQUARES,
    WANT_SUM,
    band_scratch,
    before,
    fill_bands,
    is_visible,
    reaches,
    read_bands,
    write_totals,
)

# Columns of a window's state, rows of a key's tracks, and places of its marks.
LOW, TOTAL, DIFFERENT, DATES, TOP, BOTTOM = range(6)
KEPT, NEXT_SAME, HIGHEST, LOWEST = range(4)
LENGTH, HIGHEST_END, LOWEST_END, ROUND = range(4)
NEVER = np.iinfo(np.int64).max
SLIDES = (M2, W2, M2, M1, M1, M1, M1, M1, M1, M1, nb.boolean[::1])


@part
def _square(x):  # type: ignore[no-untyped-def]
    size = limbs.magnitude(x)
    return limbs.multiply(size, size)


@part
def _widen(wide, window, column, low, high):  # type: ignore[no-untyped-def]
    low, high = limbs.add(wide[window, column], wide[window, column + 1], low, high)
    wide[window, column] = low
    wide[window, column + 1] = high


@part
def _narrow(wide, window, column, low, high):  # type: ignore[no-untyped-def]
    low, high = limbs.subtract(wide[window, column], wide[window, column + 1], low, high)
    wide[window, column] = low
    wide[window, column + 1] = high


@part
def _enqueue(tracks, track, length, place, values, windows, front, falling):  # type: ignore[no-untyped-def]
    """Puts a place at the end of a queue of falling (or rising) values; the new length."""
    value = values[tracks[KEPT, place]]
    while length > 0:
        last = values[tracks[KEPT, tracks[track, length - 1]]]
        if (falling and last > value) or (not falling and last < value):
            break
        length -= 1
    tracks[track, length] = place
    for window in range(windows.shape[0]):
        windows[window, front] = min(windows[window, front], length)
    return length + 1


@part
def _push_different(place, item, windows, tracks, marks, last_place, last_round):  # type: ignore[no-untyped-def]
    tracks[NEXT_SAME, place] = NEVER
    if item >= 0:
        earlier = last_place[item] if last_round[item] == marks[ROUND] else -1
        if earlier >= 0:
            tracks[NEXT_SAME, earlier] = place
        for window in range(windows.shape[0]):
            if earlier < windows[window, LOW]:
                windows[window, DIFFERENT] += 1
        last_place[item] = place
        last_round[item] = marks[ROUND]


@part
def _push(  # type: ignore[no-untyped-def]
    i, times, values, items, days, wanted, windows, wide, tracks, marks, last_place, last_round
):
    """Adds an entry, the latest so far, to all windows."""
    place = marks[LENGTH]
    tracks[KEPT, place] = i
    marks[LENGTH] = place + 1
    earlier = tracks[KEPT, place - 1] if place > 0 else -1
    if wanted & WANT_SUM:
        for window in range(windows.shape[0]):
            windows[window, TOTAL] += values[i]
    if wanted & WANT_SQUARES:
        low, high = _square(values[i])
        for window in range(windows.shape[0]):
            _widen(wide, window, 0, low, high)
    if wanted & WANT_GAPS and earlier >= 0:
        low, high = _square(times[i] - times[earlier])
        for window in range(windows.shape[0]):
            if windows[window, LOW] < place:
                _widen(wide, window, 2, low, high)
    if wanted & WANT_DISTINCT:
        _push_different(place, items[i], windows, tracks, marks, last_place, last_round)
    if wanted & WANT_DAYS:
        same = earlier >= 0 and days[earlier] == days[i]
        for window in range(windows.shape[0]):
            if not same or windows[window, LOW] >= place:
                windows[window, DATES] += 1
    if wanted & WANT_MAXIMUM:
        marks[HIGHEST_END] = _enqueue(tracks, HIGHEST, marks[HIGHEST_END], place, values, windows, TOP, True)
    if wanted & WANT_MINIMUM:
        marks[LOWEST_END] = _enqueue(tracks, LOWEST, marks[LOWEST_END], place, values, windows, BOTTOM, False)


@part
def _pop(w, times, values, items, days, wanted, windows, wide, tracks, length):  # type: ignore[no-untyped-def]
    """Takes the earliest entry out of one window."""
    place = windows[w, LOW]
    i = tracks[KEPT, place]
    later = tracks[KEPT, place + 1] if place + 1 < length else -1
    if wanted & WANT_SUM:
        windows[w, TOTAL] -= values[i]
    if wanted & WANT_SQUARES:
        low, high = _square(values[i])
        _narrow(wide, w, 0, low, high)
    if wanted & WANT_GAPS and later >= 0:
        low, high = _square(times[later] - times[i])
        _narrow(wide, w, 2, low, high)
    if wanted & WANT_DISTINCT and items[i] >= 0 and tracks[NEXT_SAME, place] == NEVER:
        windows[w, DIFFERENT] -= 1
    if wanted & WANT_DAYS and (later < 0 or days[later] != days[i]):
        windows[w, DATES] -= 1
    windows[w, LOW] = place + 1


@part
def _total(w, windows, wide, tracks, length, times, values, wanted, run, run_wide):  # type: ignore[no-untyped-def]
    """Gathers the totals of one window that holds entries."""
    low = windows[w, LOW]
    first, last = tracks[KEPT, low], tracks[KEPT, length - 1]
    run[COUNT] = length - low
    run[SUM] = windows[w, TOTAL]
    run[FIRST], run[FIRST_TIME] = values[first], times[first]
    run[LAST], run[LAST_TIME] = values[last], times[last]
    run[DISTINCT], run[DAYS] = windows[w, DIFFERENT], windows[w, DATES]
    if wanted & WANT_MAXIMUM:
        while tracks[HIGHEST, windows[w, TOP]] < low:
            windows[w, TOP] += 1
        run[MAXIMUM] = values[tracks[KEPT, tracks[HIGHEST, windows[w, TOP]]]]
    if wanted & WANT_MINIMUM:
        while tracks[LOWEST, windows[w, BOTTOM]] < low:
            windows[w, BOTTOM] += 1
        run[MINIMUM] = values[tracks[KEPT, tracks[LOWEST, windows[w, BOTTOM]]]]
    if wanted & (WANT_SQUARES | WANT_GAPS):
        for column in range(4):
            run_wide[0, column] = wide[w, column]


@part
def _changes(waiting, first, last, known_from, known_until, before_now, now):  # type: ignore[no-untyped-def]
    """Whether an entry among the waiting ones became visible or invisible since the last row."""
    for at in range(first, last):
        i = waiting[at]
        if is_visible(known_from[i], known_until[i], before_now) != is_visible(
            known_from[i], known_until[i], now
        ):
            return True
    return False


@part
def _restart(windows, wide, marks):  # type: ignore[no-untyped-def]
    """Empties the state of a key."""
    windows[:] = 0
    wide[:] = 0
    marks[LENGTH] = 0
    marks[HIGHEST_END] = 0
    marks[LOWEST_END] = 0
    marks[ROUND] += 1


@part
def _slide(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, values, items, days, members, slot,
    row_low, row_high, regular, end_times, end_seqs, knowledge, edge_rows, starts, order,
    wanted, planes, wide_planes, out, out_wide,
    windows, wide, tracks, marks, waiting, last_place, last_round, run, run_wide,
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
        fresh = high
        if _changes(waiting, first_waiting, waiting_count, known_from, known_until, known, now):
            _restart(windows, wide, marks)
            fresh = low
        known = now
        while high < members.size and before(
            times[members[high]], seqs[members[high]], end_times[row], end_seqs[row]
        ):
            i = members[high]
            high += 1
            if known_until[i] != NEVER or known_from[i] > now:
                waiting[waiting_count] = i
                waiting_count += 1
        for at in range(fresh, high):
            i = members[at]
            if is_visible(known_from[i], known_until[i], now):
                _push(
                    i,
                    times,
                    values,
                    items,
                    days,
                    wanted,
                    windows,
                    wide,
                    tracks,
                    marks,
                    last_place,
                    last_round,
                )
        length = marks[LENGTH]
        for band in range(order.shape[1]):
            w = order[edge, band]
            start = starts[edge, band]
            while windows[w, LOW] < length and not reaches(times[tracks[KEPT, windows[w, LOW]]], start):
                _pop(w, times, values, items, days, wanted, windows, wide, tracks, length)
            if windows[w, LOW] < length:
                _total(w, windows, wide, tracks, length, times, values, wanted, run, run_wide)
                write_totals(run, run_wide, slot, w, row, planes, wide_planes, out, out_wide)


@part
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


@part
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


@part
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


@kernel(nb.void(*ARGUMENTS, *BANDS, *SLIDES))
def _slide_rows(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, slots, values, items, days,
    lows, highs, end_times, end_seqs, knowledge, edge_rows, starts, order,
    wanted, planes, wide_planes, out, out_wide,
    cells, cells_wide, run, run_wide, seen_row, seen_at, last_day, last_at,
    windows, wide, tracks, marks, waiting, members, last_place, last_round, offsets, last_starts, regular,
):  # fmt: skip
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
            for slot in range(out.shape[1]):
                _slide(
                    times, seqs, known_from, known_until, values, items, days,
                    members[offsets[slot] : offsets[slot + 1]], slot,
                    row_low, row_high, regular, end_times, end_seqs, knowledge, edge_rows, starts, order,
                    wanted, planes, wide_planes, out, out_wide,
                    windows, wide, tracks, marks, waiting, last_place, last_round, run, run_wide,
                )  # fmt: skip
            for row in range(row_low, row_high):
                if not regular[row]:
                    edge = edge_rows[row]
                    fill_bands(
                        times, seqs, known_from, known_until, slots, values, items, days, low, high,
                        starts[edge], end_times[row], end_seqs[row], knowledge[row], row, wanted,
                        cells, cells_wide, seen_row, seen_at, last_day, last_at,
                    )  # fmt: skip
                    read_bands(
                        cells, cells_wide, order[edge], row, wanted, planes, wide_planes, out, out_wide,
                        run, run_wide,
                    )  # fmt: skip
        row_low = row_high


def slide_rows(*given: Any, item_count: int) -> None:
    """The same as `kernel.snapshot_rows`, for rows sorted by (key, end time, end seq)."""
    lows, highs, out = given[8], given[9], given[-2]
    slots, windows = out.shape[1], out.shape[2]
    longest = int((highs - lows).max(initial=1))
    scratch = (
        np.zeros((windows, 6), np.int64), np.zeros((windows, 4), np.uint64),
        np.zeros((4, longest), np.int64), np.zeros(4, np.int64),
        *(np.zeros(longest, np.int64) for _ in range(2)), *(np.zeros(item_count, np.int64) for _ in range(2)),
        np.zeros(slots + 1, np.int64), np.zeros(windows, np.int64), np.zeros(len(lows), np.bool_),
    )  # fmt: skip
    _slide_rows(*given, *band_scratch(slots, windows, item_count), *scratch)
