"""The state that slides over the entries of one key: what a push, a pop and a look at a window do.

The entries of each slot lie in order; a slot's part of every array begins at its `base`:

    members   e0 e1 e2 e3 e4 e5 e6 e7       the slot's entries
                    ^floor      ^high       first inside the longest window; first not yet passed
    kept      k0 k1 k2 k3 k4                those of e0 … high that were visible, in order
                 ^low[7d] ^low[1h] ^length  a window's entries are kept[low[w]:length]
    sums      running totals up to each kept entry: a window's sum is one subtraction, exact in integers
    queue     places in kept with falling values: the first at or after low[w] is the maximum of window w
    next_same place of the next entry with the same value: popping the last of a value uncounts it
    waiting   passed entries that will become visible or invisible; `next_change` is when the first does

When an entry inside the windows does so, the slot's state is pushed anew. A leaf module: Numba is slow to
import.
"""

from typing import Any, NamedTuple

import numpy as np

from bankmine.windows.aggregates import TOTALS, Limbs
from bankmine.windows.kernels import limbs
from bankmine.windows.kernels.compiling import part
from bankmine.windows.kernels.finish_kernel import (
    COUNT,
    DAYS,
    DISTINCT,
    FIRST,
    FIRST_DAY,
    FIRST_TIME,
    GAPS,
    LAST,
    LAST_DAY,
    LAST_TIME,
    MAXIMUM,
    MINIMUM,
    SQUARES,
    SUM,
)
from bankmine.windows.kernels.kernel import before, is_visible, reaches

# What is wanted: a bit for each total, and above them one for each pair of limbs.
WANT_SUM, WANT_MINIMUM, WANT_MAXIMUM = 1 << SUM, 1 << MINIMUM, 1 << MAXIMUM
WANT_DISTINCT, WANT_DAYS = 1 << DISTINCT, 1 << DAYS
WANT_DATES = WANT_DAYS | 1 << FIRST_DAY | 1 << LAST_DAY
WANT_SQUARES, WANT_GAPS = 1 << (TOTALS + int(Limbs.SQUARES)), 1 << (TOTALS + int(Limbs.GAP_SQUARES))
WANT_MEASURE = WANT_SUM | WANT_MINIMUM | WANT_MAXIMUM | 1 << FIRST | 1 << LAST | WANT_SQUARES
NEVER = np.iinfo(np.int64).max

# Columns of a window's state, rows of a slot's tracks, and places of its marks.
LOW, DIFFERENT, TOP, BOTTOM = range(4)
KEPT, SUMS, CHANGES, NEXT_SAME, HIGHEST, LOWEST = range(6)
BASE, MEMBERS, FLOOR, HIGH, LENGTH, HIGHEST_END, LOWEST_END, WAITING, NEXT_CHANGE, ROUND = range(10)
MARKS, TRACKS, WINDOW_STATE = 10, 6, 4


class Entries(NamedTuple):
    """The entries of the keys asked, for the parts of the kernel."""

    times: Any
    seqs: Any
    known_from: Any
    known_until: Any
    values: Any
    items: Any
    days: Any


@part
def restart(slot, windows, marks, rounds):  # type: ignore[no-untyped-def]
    """Empties a slot's state; entries passed stay passed."""
    windows[slot] = 0
    marks[slot, LENGTH] = 0
    marks[slot, HIGHEST_END] = 0
    marks[slot, LOWEST_END] = 0
    marks[slot, ROUND] = rounds[0]
    rounds[0] += 1


@part
def rewind(slot, windows, marks, rounds):  # type: ignore[no-untyped-def]
    """Puts a slot before its first entry."""
    restart(slot, windows, marks, rounds)
    marks[slot, FLOOR] = 0
    marks[slot, HIGH] = 0
    marks[slot, WAITING] = 0
    marks[slot, NEXT_CHANGE] = NEVER


@part
def _add_square(wide, column, at, earlier, x):  # type: ignore[no-untyped-def]
    """Writes the running sum of squares up to `at`: that up to `earlier` (negative: none) and x²."""
    size = limbs.magnitude(x)
    low, high = limbs.multiply(size, size)
    if earlier >= 0:
        low, high = limbs.add(wide[column, earlier], wide[column + 1, earlier], low, high)
    wide[column, at] = low
    wide[column + 1, at] = high


@part
def _enqueue(slot, track, length, place, base, values, windows, tracks, front, falling):  # type: ignore[no-untyped-def]
    """Puts a place at the end of a queue of falling (or rising) values; the new length."""
    value = values[tracks[KEPT, base + place]]
    while length > 0:
        last = values[tracks[KEPT, base + tracks[track, base + length - 1]]]
        if (falling and last > value) or (not falling and last < value):
            break
        length -= 1
    tracks[track, base + length] = place
    for window in range(windows.shape[1]):
        windows[slot, window, front] = min(windows[slot, window, front], length)
    return length + 1


@part
def _push_different(slot, place, item, windows, tracks, marks, last_place, last_round):  # type: ignore[no-untyped-def]
    """Counts the value of a new entry in the windows that do not hold it yet."""
    base = marks[slot, BASE]
    tracks[NEXT_SAME, base + place] = NEVER
    if item >= 0:
        earlier = last_place[item] if last_round[item] == marks[slot, ROUND] else -1
        if earlier >= 0:
            tracks[NEXT_SAME, base + earlier] = place
        for window in range(windows.shape[1]):
            if earlier < windows[slot, window, LOW]:
                windows[slot, window, DIFFERENT] += 1
        last_place[item] = place
        last_round[item] = marks[slot, ROUND]


@part
def push(slot, i, entries, wanted, windows, tracks, wide, marks, last_place, last_round):  # type: ignore[no-untyped-def]
    """Adds a visible entry, the latest so far, to all windows of its slot."""
    times, values, items, days = entries.times, entries.values, entries.items, entries.days
    base, place = marks[slot, BASE], marks[slot, LENGTH]
    at = base + place
    marks[slot, LENGTH] = place + 1
    tracks[KEPT, at] = i
    earlier = at - 1 if place > 0 else -1
    if wanted & WANT_SUM:
        tracks[SUMS, at] = values[i] + (tracks[SUMS, earlier] if place > 0 else 0)
    if wanted & WANT_SQUARES:
        _add_square(wide, SQUARES, at, earlier, values[i])
    if wanted & WANT_GAPS:
        _add_square(wide, GAPS, at, earlier, times[i] - times[tracks[KEPT, earlier]] if place > 0 else 0)
    if wanted & WANT_DAYS:
        new = place > 0 and days[tracks[KEPT, earlier]] != days[i]
        tracks[CHANGES, at] = (tracks[CHANGES, earlier] if place > 0 else 0) + (1 if new else 0)
    if wanted & WANT_DISTINCT:
        _push_different(slot, place, items[i], windows, tracks, marks, last_place, last_round)
    if wanted & WANT_MAXIMUM:
        marks[slot, HIGHEST_END] = _enqueue(
            slot, HIGHEST, marks[slot, HIGHEST_END], place, base, values, windows, tracks, TOP, True
        )
    if wanted & WANT_MINIMUM:
        marks[slot, LOWEST_END] = _enqueue(
            slot, LOWEST, marks[slot, LOWEST_END], place, base, values, windows, tracks, BOTTOM, False
        )


@part
def pop_before(slot, window, start, entries, wanted, windows, tracks, marks):  # type: ignore[no-untyped-def]
    """Takes the entries before its start out of one window."""
    times, items = entries.times, entries.items
    base, length = marks[slot, BASE], marks[slot, LENGTH]
    low = windows[slot, window, LOW]
    while low < length and not reaches(times[tracks[KEPT, base + low]], start):
        if wanted & WANT_DISTINCT:
            last_of_its_value = tracks[NEXT_SAME, base + low] == NEVER
            if last_of_its_value and items[tracks[KEPT, base + low]] >= 0:
                windows[slot, window, DIFFERENT] -= 1
        low += 1
    windows[slot, window, LOW] = low


@part
def _next_change(known_from, known_until, now):  # type: ignore[no-untyped-def]
    """When an entry next becomes visible or invisible after `now`; NEVER where it does not."""
    if known_from > now:
        return known_from
    return known_until if known_until > now else NEVER


@part
def _wait(slot, i, change, waiting, marks):  # type: ignore[no-untyped-def]
    """Lists a passed entry that will change."""
    waiting[marks[slot, BASE] + marks[slot, WAITING]] = i
    marks[slot, WAITING] += 1
    marks[slot, NEXT_CHANGE] = min(marks[slot, NEXT_CHANGE], change)


@part
def _settle(slot, start, known, now, entries, waiting, marks):  # type: ignore[no-untyped-def]
    """Whether a waiting entry inside the windows changed since `known`; lists anew those that still wait."""
    times, known_from, known_until = entries.times, entries.known_from, entries.known_until
    base, count = marks[slot, BASE], marks[slot, WAITING]
    changed = False
    marks[slot, WAITING] = 0
    marks[slot, NEXT_CHANGE] = NEVER
    for at in range(base, base + count):
        i = waiting[at]
        if not reaches(times[i], start):
            continue
        seen = is_visible(known_from[i], known_until[i], known)
        changed |= seen != is_visible(known_from[i], known_until[i], now)
        change = _next_change(known_from[i], known_until[i], now)
        if change != NEVER:
            _wait(slot, i, change, waiting, marks)
    return changed


@part
def advance(  # type: ignore[no-untyped-def]
    slot, start, end_time, end_seq, known, now, entries, wanted,
    members, waiting, windows, tracks, wide, marks, last_place, last_round, rounds,
):  # fmt: skip
    """Moves a slot to a row that looks back to `start`, ends at (end_time, end_seq) and knows `now`."""
    times, seqs, known_from, known_until, _, _, _ = entries
    base, count = marks[slot, BASE], marks[slot, MEMBERS]
    floor, high = marks[slot, FLOOR], marks[slot, HIGH]
    while floor < count and not reaches(times[members[base + floor]], start):
        floor += 1
    marks[slot, FLOOR] = floor
    fresh = high
    if floor > high:  # nothing passed is inside any more
        restart(slot, windows, marks, rounds)
        marks[slot, WAITING] = 0
        marks[slot, NEXT_CHANGE] = NEVER
        fresh = high = floor
    elif now >= marks[slot, NEXT_CHANGE] and _settle(slot, start, known, now, entries, waiting, marks):
        restart(slot, windows, marks, rounds)
        fresh = floor
    for at in range(base + fresh, base + high):
        i = members[at]
        if is_visible(known_from[i], known_until[i], now):
            push(slot, i, entries, wanted, windows, tracks, wide, marks, last_place, last_round)
    while high < count:
        i = members[base + high]
        if not before(times[i], seqs[i], end_time, end_seq):
            break
        high += 1
        if is_visible(known_from[i], known_until[i], now):
            push(slot, i, entries, wanted, windows, tracks, wide, marks, last_place, last_round)
        change = _next_change(known_from[i], known_until[i], now)
        if change != NEVER:
            _wait(slot, i, change, waiting, marks)
    marks[slot, HIGH] = high


@part
def _difference(column, earlier, last, wide, run_wide):  # type: ignore[no-untyped-def]
    """The running sum of squares up to `last` less that up to `earlier` (negative: nothing)."""
    low, high = wide[column, last], wide[column + 1, last]
    if earlier >= 0:
        low, high = limbs.subtract(low, high, wide[column, earlier], wide[column + 1, earlier])
    run_wide[0, column] = low
    run_wide[0, column + 1] = high


@part
def gather(slot, window, entries, wanted, windows, tracks, wide, marks, run, run_wide):  # type: ignore[no-untyped-def]
    """Gathers the totals of one window of a slot."""
    times, values, days = entries.times, entries.values, entries.days
    base, length, lowest = marks[slot, BASE], marks[slot, LENGTH], windows[slot, window, LOW]
    run[COUNT] = length - lowest
    run[SUM] = run[DISTINCT] = run[DAYS] = 0
    if lowest == length:
        return
    low, last = base + lowest, base + length - 1
    first_entry, last_entry = tracks[KEPT, low], tracks[KEPT, last]
    run[FIRST_TIME], run[LAST_TIME] = times[first_entry], times[last_entry]
    if wanted & WANT_MEASURE:
        run[FIRST], run[LAST] = values[first_entry], values[last_entry]
    if wanted & WANT_SUM:
        run[SUM] = tracks[SUMS, last] - (tracks[SUMS, low - 1] if lowest > 0 else 0)
    if wanted & WANT_DISTINCT:
        run[DISTINCT] = windows[slot, window, DIFFERENT]
    if wanted & WANT_DAYS:
        run[DAYS] = tracks[CHANGES, last] - tracks[CHANGES, low] + 1
    if wanted & WANT_DATES:
        run[FIRST_DAY], run[LAST_DAY] = days[first_entry], days[last_entry]
    if wanted & WANT_MAXIMUM:
        top = windows[slot, window, TOP]
        while tracks[HIGHEST, base + top] < lowest:
            top += 1
        windows[slot, window, TOP] = top
        run[MAXIMUM] = values[tracks[KEPT, base + tracks[HIGHEST, base + top]]]
    if wanted & WANT_MINIMUM:
        bottom = windows[slot, window, BOTTOM]
        while tracks[LOWEST, base + bottom] < lowest:
            bottom += 1
        windows[slot, window, BOTTOM] = bottom
        run[MINIMUM] = values[tracks[KEPT, base + tracks[LOWEST, base + bottom]]]
    if wanted & WANT_SQUARES:
        _difference(SQUARES, low - 1 if lowest > 0 else -1, last, wide, run_wide)
    if wanted & WANT_GAPS:  # the gap before the first entry is outside
        _difference(GAPS, low, last, wide, run_wide)
