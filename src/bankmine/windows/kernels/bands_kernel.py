"""The snapshot kernel: events fall into bands between edges, and every window is read from the bands.

The edges are the starts and ends of all windows of the rows asked of one key. With a window at two cutoffs,
T and U:

    starts (T)       starts (U)                      T                    U
        |----- band 0 -----|--------- band 1 ---------|------ band 2 ------|
        |<-------------- the window at T ------------>|
                           |<------------- the window at U --------------->|

Every event enters one band, once for all cutoffs and all passes: what a pass accepts is a bit in a table by
code, so an event is classified by one AND a column. What adds up is then turned into running sums, of which
a window is a difference; what does not (extremes, first, last, gaps, distinct values, days) is merged from a
row's end backwards, and at each start the features of that window are written. A distinct value (a day)
counts in the band of its latest visible event, so the merged number is right in every window.

Rows of a key come with ascending ends and knowledge. An event enters at the first row that it precedes; where
one that was passed over becomes known, or one that was entered is superseded, the bands are filled anew.

A leaf module: Numba is slow to import. `before`, `reaches` and `is_visible` are the whole rule of time.
"""

import math
from typing import Any, NamedTuple

import numba as nb
import numpy as np

from bankmine.windows.aggregates import TOTALS
from bankmine.windows.kernels import limbs
from bankmine.windows.kernels.bands_totals_kernel import (
    CELL,
    DATES,
    DIFFERENT,
    FIRST_AT,
    LAST_AT,
    NEVER,
    NONE,
    ORDERED,
    VALUE,
    WANT_ORDER,
    WANTED,
    add,
    build_spans,
    clear,
    level_of,
    merge_earlier,
    run_up,
    start_run,
)
from bankmine.windows.kernels.compiling import kernel, part
from bankmine.windows.kernels.edges_kernel import find_edges, precedes, same_edges
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
    SUM,
    finish_into,
    share_into,
    trend_into,
)
from bankmine.windows.kernels.kernel import before, first_reaching, is_visible

GROUP = 32  # rows of a key that share their bands
# Columns of the lists of what is written; all begin with the window.
AT, COLUMN, SQUARES_AT, ROOT = range(1, 5)  # counts, sums and means end with COLUMN, spreads with ROOT
LARGEST = 3  # of extremes, after AT and COLUMN
TARGET, START, END = range(3)  # rows of `live`
PASS, SLOT, OP, INTO = range(1, 5)
SHARE_PASS, SHARE_SLOT, SHARE_SLOTS, SHARE_INTO = range(1, 5)
TREND, MONTH, TREND_CELL, OF_SUMS, TREND_INTO = range(1, 6)  # INTO is negative but for the last month

_I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
_I2 = nb.types.Array(nb.int64, 2, "C", readonly=True)
_C2 = nb.types.Array(nb.int32, 2, "C", readonly=True)
_U2 = nb.types.Array(nb.uint64, 2, "C", readonly=True)
_B2 = nb.types.Array(nb.boolean, 2, "C", readonly=True)
_M1, _M2, _M3 = nb.int64[::1], nb.int64[:, ::1], nb.int64[:, :, ::1]
_W2, _W3 = nb.uint64[:, ::1], nb.uint64[:, :, ::1]
_ROWS = (_I1, _I1, _I1, _I1, _I1, _C2, _I2, _I2)
_PASSES = (nb.uint64, nb.int64, _U2, _I2, _I2)
_ASKED = (_I1, _I1, _I1, _I1, _I1, _I1, _I1, _I1, _I2, _I2, _B2, _I1, _I1)
_LISTS = (_I2, _I1) * 8
_OUT = (_M2, nb.float64[:, ::1], nb.uint8[:, ::1])
_SCRATCH = (
    _M2, _M1, _M2, _M2, _M1, _M2, _M2, _M3, _M3, _W3, _M3, _W3, _M2, _W2, _M1, _W2, _M2, _M2, _M2
)  # fmt: skip


@part
def _live_rows(row, upto, row_low, window, edge_rows, covered, targets, start_at, end_at, live):  # type: ignore[no-untyped-def]
    """Lists the rows for which a window is covered, with its bands; how many there are."""
    count = 0
    for one in range(row, upto):
        if covered[edge_rows[one], window]:
            live[TARGET, count] = targets[one]
            live[START, count] = start_at[one - row_low, window]
            live[END, count] = end_at[one - row_low]
            count += 1
    return count


@part
def _write_sums(  # type: ignore[no-untyped-def]
    window, rows, live, count_list, count_from, sum_list, sum_from, mean_list, mean_from,
    spread_list, spread_from, counts, sums, squares, whole, real, missing,
):  # fmt: skip
    """Writes what adds up in one window of some rows: the differences of running sums."""
    for k in range(count_from[window], count_from[window + 1]):
        cell, column = count_list[k, AT], count_list[k, COLUMN]
        for r in range(rows):
            whole[column, live[TARGET, r]] = counts[live[END, r], cell] - counts[live[START, r], cell]
    for k in range(sum_from[window], sum_from[window + 1]):
        cell, column = sum_list[k, AT], sum_list[k, COLUMN]
        for r in range(rows):
            whole[column, live[TARGET, r]] = sums[live[END, r], cell] - sums[live[START, r], cell]
    for k in range(mean_from[window], mean_from[window + 1]):
        cell, column = mean_list[k, AT], mean_list[k, COLUMN]
        for r in range(rows):
            start, end, target = live[START, r], live[END, r], live[TARGET, r]
            count = counts[end, cell] - counts[start, cell]
            if count > 0:
                real[column, target] = limbs.ratio(sums[end, cell] - sums[start, cell], count)
            else:
                missing[column, target] = 1
    for k in range(spread_from[window], spread_from[window + 1]):
        cell, column, at = spread_list[k, AT], spread_list[k, COLUMN], spread_list[k, SQUARES_AT]
        for r in range(rows):
            start, end, target = live[START, r], live[END, r], live[TARGET, r]
            count = counts[end, cell] - counts[start, cell]
            if count > 1:
                low, high = limbs.subtract(
                    squares[end, at, 0], squares[end, at, 1], squares[start, at, 0], squares[start, at, 1]
                )
                value = limbs.variance(count, sums[end, cell] - sums[start, cell], low, high)
                real[column, target] = math.sqrt(value) if spread_list[k, ROOT] else value
            else:
                missing[column, target] = 1


@part
def _write_extremes(window, rows, live, extreme_list, extreme_from, smallest, largest, whole, missing):  # type: ignore[no-untyped-def]
    """Writes the smallest and largest of one window of some rows."""
    for r in range(rows):
        start, end, target = live[START, r], live[END, r], live[TARGET, r]
        level = level_of(max(end - start, 1))
        other = max(end - (1 << level), start)
        for k in range(extreme_from[window], extreme_from[window + 1]):
            at, column = extreme_list[k, AT], extreme_list[k, COLUMN]
            low = min(smallest[level, start, at], smallest[level, other, at])
            high = max(largest[level, start, at], largest[level, other, at])
            if start < end and low <= high:
                whole[column, target] = high if extreme_list[k, LARGEST] else low
            else:
                missing[column, target] = 1


@part
def _gather(  # type: ignore[no-untyped-def]
    one, slot, start, end, times, days, values, passes, counts, sums,
    run_ordered, run_gaps, run, wide,
):  # fmt: skip
    """The totals of one slot of one pass, as the last step wants them."""
    cell, wanted = passes[one, CELL] + slot, passes[one, WANTED]
    run[COUNT], run[SUM] = counts[end, cell] - counts[start, cell], sums[end, cell] - sums[start, cell]
    if wanted & WANT_ORDER:
        at = passes[one, ORDERED] + slot
        first, last = run_ordered[FIRST_AT, at], run_ordered[LAST_AT, at]
        run[DISTINCT], run[DAYS] = run_ordered[DIFFERENT, at], run_ordered[DATES, at]
        if run_gaps.shape[0] > 0:
            wide[0, GAPS], wide[0, GAPS + 1] = run_gaps[at, 0], run_gaps[at, 1]
        if last != NONE:
            run[FIRST_TIME], run[LAST_TIME] = times[first], times[last]
            source = passes[one, VALUE]
            if source >= 0:
                run[FIRST], run[LAST] = values[source, first], values[source, last]
            if days.size > 0:
                run[FIRST_DAY], run[LAST_DAY] = days[first], days[last]


@part
def _write_merged(  # type: ignore[no-untyped-def]
    window, start, end, target, cutoff, cutoff_day, times, days, values, passes,
    other_list, other_from, share_list, share_from, month_list, month_from,
    counts, sums,
    run_ordered, run_gaps, run, wide, amounts, whole, real, missing,
):  # fmt: skip
    """Writes everything else of one window of one row."""
    held = np.int64(-1)
    for k in range(other_from[window], other_from[window + 1]):
        one, slot = other_list[k, PASS], other_list[k, SLOT]
        if held != passes[one, CELL] + slot:
            held = passes[one, CELL] + slot
            _gather(
                one, slot, start, end, times, days, values, passes, counts, sums, run_ordered, run_gaps,
                run, wide,
            )  # fmt: skip
        column = other_list[k, INTO]
        if not finish_into(other_list[k, OP], run, wide, cutoff, cutoff_day, whole, real, column, target):
            missing[column, target] = 1
    for k in range(share_from[window], share_from[window + 1]):
        one = share_list[k, SHARE_PASS]
        running = sums if passes[one, VALUE] >= 0 else counts
        total = np.int64(0)
        for slot in range(share_list[k, SHARE_SLOTS]):
            total += running[end, passes[one, CELL] + slot] - running[start, passes[one, CELL] + slot]
        cell = passes[one, CELL] + share_list[k, SHARE_SLOT]
        amount = running[end, cell] - running[start, cell]
        if not share_into(amount, total, real, share_list[k, SHARE_INTO], target):
            missing[share_list[k, SHARE_INTO], target] = 1
    for k in range(month_from[window], month_from[window + 1]):
        trend, month = month_list[k, TREND], month_list[k, MONTH]
        running = sums if month_list[k, OF_SUMS] else counts
        cell = month_list[k, TREND_CELL]
        amounts[trend, month] = running[end, cell] - running[start, cell]
        if month_list[k, TREND_INTO] >= 0:
            trend_into(amounts[trend], month + 1, real, month_list[k, TREND_INTO], target)


@part
def _group_end(row_low, keys, end_times, end_seqs, knowledge):  # type: ignore[no-untyped-def]
    """Up to which row the rows of a key can share their bands: neither end nor knowledge goes back."""
    row = row_low + 1
    while (
        row < keys.size
        and row - row_low < GROUP
        and keys[row] == keys[row_low]
        and knowledge[row] >= knowledge[row - 1]
        and not precedes(end_times[row], end_seqs[row], end_times[row - 1], end_seqs[row - 1])
    ):
        row += 1
    return row


@part
def _enter(  # type: ignore[no-untyped-def]
    i, band, change, high, bands, generation, edges, end_time, end_seq, now,
    times, seqs, known_from, known_until, days, codes, values, items,
    every, first_test, accepted, slot_of, passes,
    touched, counts, sums, smallest, largest, squares, ordered, gaps, seen, last_day,
):  # fmt: skip
    """Enters the events before a row's end, from event i on; the next event, its band, and when that changes.

    What was entered is right while knowledge lies before the change.
    """
    while i < high and before(times[i], seqs[i], end_time, end_seq):
        while band + 1 < bands and not before(times[i], seqs[i], edges[0, band + 1], edges[1, band + 1]):
            band += 1
        if is_visible(known_from[i], known_until[i], now):
            touched[band] = 1
            add(
                i, band, times, days, codes, values, items, every, first_test, accepted, slot_of,
                passes, generation, counts, sums, smallest, largest, squares, ordered, gaps,
                seen, last_day,
            )  # fmt: skip
            change = min(change, known_until[i])
        elif known_from[i] > now:
            change = min(change, known_from[i])
        i += 1
    return i, band, change


@kernel(nb.void(*_ROWS, *_PASSES, *_ASKED, *_LISTS, *_OUT, *_SCRATCH))
def _write_rows(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, days, codes, values, items,
    every, first_test, accepted, slot_of, passes,
    keys, targets, lows, highs, end_times, end_seqs, knowledge, edge_rows, starts, order, covered,
    cutoffs, cutoff_days,
    count_list, count_from, sum_list, sum_from, mean_list, mean_from, spread_list, spread_from,
    extreme_list, extreme_from, other_list, other_from, share_list, share_from, month_list, month_from,
    whole, real, missing,
    edges, end_at, start_at, live, touched, counts, sums, smallest, largest, squares, ordered, gaps,
    run_ordered, run_gaps, run, wide, seen, last_day, amounts,
):  # fmt: skip
    windows = starts.shape[1]
    merged = other_list.shape[0] + share_list.shape[0] + month_list.shape[0] > 0
    last_low = last_high = bands = generation = row_low = np.int64(0)
    while row_low < lows.size:
        row_high = _group_end(row_low, keys, end_times, end_seqs, knowledge)
        if not same_edges(row_low, row_high, last_low, last_high, end_times, end_seqs, edge_rows):
            bands = find_edges(
                row_low, row_high, end_times, end_seqs, edge_rows, starts, order, edges, end_at, start_at
            ) - 1  # fmt: skip
        last_low, last_high = row_low, row_high
        first = first_reaching(times, lows[row_low], highs[row_low], edges[0, 0])
        row = row_low
        while row < row_high:
            generation += 1
            clear(bands, counts, sums, smallest, largest, squares, ordered, gaps)
            touched[:bands] = 0
            i, band, change, done, upto = first, np.int64(0), np.int64(NEVER), np.int64(0), row
            while upto < row_high and (upto == row or knowledge[upto] < change):
                i, band, change = _enter(
                    i, band, change, highs[row_low], bands, generation, edges,
                    end_times[upto], end_seqs[upto], knowledge[upto],
                    times, seqs, known_from, known_until, days, codes, values, items,
                    every, first_test, accepted, slot_of, passes,
                    touched, counts, sums, smallest, largest, squares, ordered, gaps, seen, last_day,
                )  # fmt: skip
                # No later event of this filling enters a band before the row's end.
                run_up(done, end_at[upto - row_low], counts, sums, squares)
                done = max(done, end_at[upto - row_low])
                if merged:
                    start_run(run_ordered, run_gaps)
                    edge, to = edge_rows[upto], end_at[upto - row_low]
                    for rank in range(windows - 1, -1, -1):
                        window = order[edge, rank]
                        while to > start_at[upto - row_low, window]:
                            to -= 1
                            if touched[to]:
                                merge_earlier(to, times, ordered, gaps, run_ordered, run_gaps)
                        if covered[edge, window]:
                            _write_merged(
                                window, to, end_at[upto - row_low], targets[upto], cutoffs[upto],
                                cutoff_days[upto], times, days, values, passes,
                                other_list, other_from, share_list, share_from, month_list, month_from,
                                counts, sums, run_ordered, run_gaps, run, wide, amounts,
                                whole, real, missing,
                            )  # fmt: skip
                upto += 1
            if extreme_list.shape[0] > 0:
                build_spans(done, smallest, largest)
            for window in range(windows):
                rows = _live_rows(
                    row, upto, row_low, window, edge_rows, covered, targets, start_at, end_at, live
                )
                _write_sums(
                    window, rows, live, count_list, count_from, sum_list, sum_from, mean_list, mean_from,
                    spread_list, spread_from, counts, sums, squares, whole, real, missing,
                )  # fmt: skip
                _write_extremes(
                    window, rows, live, extreme_list, extreme_from, smallest, largest, whole, missing
                )
            row = upto
        row_low = row_high


class Sizes(NamedTuple):
    """How many places a group of passes needs of each kind."""

    cells: int
    extremes: int
    squares: int
    ordered: int
    gaps: int
    items: int
    trends: int
    months: int


def write_rows(*given: Any, sizes: Sizes) -> None:
    """Writes every feature of the rows asked.

    `given` are, in this order: the events (times, seqs, known_from, known_until, days, and by column and
    event `codes`, `values` and `items`), those of a key in order; what passes accept (`every`, the bits of
    all passes; from column `first_test` on, `accepted[column, code]`, the bits of those that take it;
    `slot_of[pass, code]`; `passes`, see its columns); the rows asked, sorted by key, end and knowledge
    (keys, `targets` in the result, lows and highs of the key's events, end_times, end_seqs, knowledge,
    edge_rows, and by the latter `starts`, `order`, `covered`; cutoffs, cutoff_days); the lists of what is
    written, each with where each window's part begins; `whole` and `real`, views of one memory, and
    `missing`, all zeros.
    """
    _write_rows(*given, *_scratch(given, sizes))


def _scratch(given: tuple[Any, ...], sizes: Sizes) -> tuple[Any, ...]:
    """The arrays the kernel works in."""
    keys, starts, item_columns = given[13], given[21], len(given[7])
    rows = min(GROUP, len(keys))
    windows = starts.shape[1]
    bands = rows * (windows + 1)
    levels = bands.bit_length()
    cells, extremes, squares, ordered, gaps = sizes[:5]
    return (
        np.zeros((2, bands), np.int64), np.zeros(rows, np.int64), np.zeros((rows, windows), np.int64),
        np.zeros((3, rows), np.int64), np.zeros(bands, np.int64),
        np.zeros((bands, cells), np.int64), np.zeros((bands, cells), np.int64),
        np.zeros((levels, bands, extremes), np.int64), np.zeros((levels, bands, extremes), np.int64),
        np.zeros((bands, squares, 2), np.uint64), np.zeros((bands, 4, ordered), np.int64),
        np.zeros((bands, gaps, 2), np.uint64), np.zeros((4, ordered), np.int64),
        np.zeros((gaps, 2), np.uint64), np.zeros(TOTALS, np.int64), np.zeros((1, 4), np.uint64),
        np.zeros((item_columns, 2 * sizes.items), np.int64), np.zeros((3, ordered), np.int64),
        np.zeros((sizes.trends, sizes.months), np.int64),
    )  # fmt: skip
