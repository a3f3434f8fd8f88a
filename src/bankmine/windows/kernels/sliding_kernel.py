"""The sliding kernel: many rows of one key, answered by moving forward instead of from bands.

Rows of a key are sorted by position and answered in chains: within a chain no row knows less than the one
before it and no edge of a window goes back, so an entry becomes visible once and invisible once and the
state of `sliding_state_kernel` only moves forward. Nearly all rows are in the first chain; the rows of late
events, which know more than rows after them, make up the next ones.

A leaf module: Numba is slow to import.
"""

from typing import Any, NamedTuple

import numba as nb
import numpy as np

from bankmine.windows.aggregates import TOTALS
from bankmine.windows.kernels.compiling import kernel, part
from bankmine.windows.kernels.finish_kernel import finish_into, share_into, trend_into
from bankmine.windows.kernels.kernel import before
from bankmine.windows.kernels.sliding_state_kernel import (
    BASE,
    MARKS,
    MEMBERS,
    NEVER,
    TRACKS,
    WINDOW_STATE,
    Entries,
    advance,
    gather,
    pop_before,
    rewind,
)

_I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
_I2 = nb.types.Array(nb.int64, 2, "C", readonly=True)
_B2 = nb.types.Array(nb.boolean, 2, "C", readonly=True)
_M1, _M2, _M3 = nb.int64[::1], nb.int64[:, ::1], nb.int64[:, :, ::1]
_W2, _F1, _F2, _U2 = nb.uint64[:, ::1], nb.boolean[::1], nb.float64[:, ::1], nb.uint8[:, ::1]
_C2 = nb.types.Array(nb.uint8, 2, "C", readonly=True)
_ENTRIES = (_I1,) * 8
_ROWS = (*(_I1,) * 9, _I2, _B2)
_READINGS = (nb.int64, nb.int64, _I1, _I1, _I1, _I2, _I2, _I2)
_RESULT = (_M2, _F2, _U2)
_SCRATCH = (_M3, _M2, _W2, _M2, _M1, _M1, _M1, _M1, _M1, _M1, _F1, _M1, _M2, _M1, _M1, _W2)


class Rows(NamedTuple):
    """The rows asked, for the parts of the kernel."""

    end_times: Any
    end_seqs: Any
    knowledge: Any
    cutoffs: Any
    cutoff_days: Any
    edge_rows: Any
    starts: Any
    covered: Any


class Readings(NamedTuple):
    """What is read of each window."""

    wanted: Any
    amount: Any
    ranges: Any
    ops: Any
    columns: Any
    shares: Any
    trends: Any
    months: Any


class Result(NamedTuple):
    """Where values go, [row, column]: `whole` and `real` are views of the same memory."""

    whole: Any
    real: Any
    missing: Any


class State(NamedTuple):
    """The scratch of one call."""

    windows: Any
    tracks: Any
    wide: Any
    marks: Any
    rounds: Any
    members: Any
    waiting: Any
    last_place: Any
    last_round: Any
    pending: Any
    chosen: Any
    amounts: Any
    run: Any
    monthly: Any
    run_wide: Any


@part
def _goes_back(row, last, end_times, end_seqs, start_row, starts, last_starts):  # type: ignore[no-untyped-def]
    """Whether the end or a start of a row lies before that of the chain's last row (negative: none)."""
    if last < 0:
        return False
    back = before(end_times[row], end_seqs[row], end_times[last], end_seqs[last])
    for window in range(starts.shape[1]):
        back |= starts[start_row, window] < last_starts[window]
    return back


@part
def _choose_chain(  # type: ignore[no-untyped-def]
    pending, count, end_times, end_seqs, knowledge, edge_rows, starts, last_starts, chosen
):
    """Marks the pending rows after which none knows less, and none of whose edges goes back."""
    least = NEVER
    for at in range(count - 1, -1, -1):
        chosen[at] = knowledge[pending[at]] <= least
        least = min(least, knowledge[pending[at]])
    last = -1
    for at in range(count):
        row = pending[at]
        if not chosen[at]:
            continue
        if _goes_back(row, last, end_times, end_seqs, edge_rows[row], starts, last_starts):
            chosen[at] = False
            continue
        last = row
        for window in range(starts.shape[1]):
            last_starts[window] = starts[edge_rows[row], window]


@part
def _group_by_slot(slots, low, high, marks, members):  # type: ignore[no-untyped-def]
    """Lists the entries of a key by slot, in order, and notes where each slot's part begins."""
    for slot in range(marks.shape[0]):
        marks[slot, MEMBERS] = 0
    for i in range(low, high):
        marks[slots[i], MEMBERS] += 1
    base = 0
    for slot in range(marks.shape[0]):
        marks[slot, BASE] = base
        base += marks[slot, MEMBERS]
        marks[slot, MEMBERS] = 0
    for i in range(low, high):
        slot = slots[i]
        members[marks[slot, BASE] + marks[slot, MEMBERS]] = i
        marks[slot, MEMBERS] += 1


@part
def _write_window(slot, window, row, entries, rows, readings, result, state):  # type: ignore[no-untyped-def]
    """Brings one window of one slot to a row and writes the values read of it."""
    at = slot * rows.starts.shape[1] + window
    first, last = readings.ranges[at], readings.ranges[at + 1]
    wants_amount = state.amounts.size > 0
    if first == last and not wants_amount:
        return
    edge = rows.edge_rows[row]
    pop_before(
        slot, window, rows.starts[edge, window], entries, readings.wanted,
        state.windows, state.tracks, state.marks,
    )  # fmt: skip
    gather(
        slot, window, entries, readings.wanted,
        state.windows, state.tracks, state.wide, state.marks, state.run, state.run_wide,
    )  # fmt: skip
    if wants_amount:
        state.amounts[slot, window] = state.run[readings.amount]
    day = rows.cutoff_days[row] if rows.cutoff_days.size else 0
    for reading in range(first, last):
        column = readings.columns[reading]
        if not rows.covered[edge, window] or not finish_into(
            readings.ops[reading], state.run, state.run_wide, rows.cutoffs[row], day,
            result.whole, result.real, row, column,
        ):  # fmt: skip
            result.missing[row, column] = 1


@part
def _write_shares(row, rows, readings, result, amounts):  # type: ignore[no-untyped-def]
    """Writes the levels' shares of a row whose amounts are gathered."""
    shares = readings.shares
    for at in range(shares.shape[0]):
        slot, window, column = shares[at, 0], shares[at, 1], shares[at, 2]
        every_level = np.int64(0)
        for level in range(amounts.shape[0]):
            every_level += amounts[level, window]
        defined = share_into(amounts[slot, window], every_level, result.real, row, column)
        if not (defined and rows.covered[rows.edge_rows[row], window]):
            result.missing[row, column] = 1


@part
def _write_trends(row, rows, readings, result, amounts, monthly):  # type: ignore[no-untyped-def]
    """Writes the trends of a row whose amounts are gathered."""
    trends, months = readings.trends, readings.months
    for at in range(trends.shape[0]):
        slot, count, column = trends[at, 0], trends[at, 1], trends[at, 2]
        for month in range(count):
            monthly[month] = amounts[slot, months[at, month]]
        defined = trend_into(monthly, count, result.real, row, column)
        if not (defined and rows.covered[rows.edge_rows[row], months[at, count - 1]]):
            result.missing[row, column] = 1


@part
def _answer(row, known, entries, rows, readings, result, state):  # type: ignore[no-untyped-def]
    """Brings all slots of a key to a row and writes the row's values."""
    starts, edge = rows.starts, rows.edge_rows[row]
    start = starts[edge, 0]
    for window in range(1, starts.shape[1]):
        start = min(start, starts[edge, window])
    for slot in range(state.marks.shape[0]):
        advance(
            slot, start, rows.end_times[row], rows.end_seqs[row], known, rows.knowledge[row], entries,
            readings.wanted, state.members, state.waiting, state.windows, state.tracks, state.wide,
            state.marks, state.last_place, state.last_round, state.rounds,
        )  # fmt: skip
        for window in range(starts.shape[1]):
            _write_window(slot, window, row, entries, rows, readings, result, state)
    if readings.shares.shape[0]:
        _write_shares(row, rows, readings, result, state.amounts)
    if readings.trends.shape[0]:
        _write_trends(row, rows, readings, result, state.amounts, state.monthly)


@part
def _answer_chain(count, entries, rows, readings, result, state):  # type: ignore[no-untyped-def]
    """Answers the chosen rows among the pending ones; the number still pending."""
    for slot in range(state.marks.shape[0]):
        rewind(slot, state.windows, state.marks, state.rounds)
    left = 0
    known = -NEVER
    for at in range(count):
        row = state.pending[at]
        if state.chosen[at]:
            _answer(row, known, entries, rows, readings, result, state)
            known = rows.knowledge[row]
        else:
            state.pending[left] = row
            left += 1
    return left


@kernel(nb.void(*_ENTRIES, *_ROWS, *_READINGS, *_RESULT, *_SCRATCH))
def _slide_rows(  # type: ignore[no-untyped-def]
    times, seqs, known_from, known_until, slots, values, items, days,
    row_offsets, lows, highs, end_times, end_seqs, knowledge, cutoffs, cutoff_days,
    edge_rows, starts, covered,
    wanted, amount, ranges, ops, columns, shares, trends, months,
    whole, real, missing,
    windows, tracks, wide, marks, rounds, members, waiting, last_place, last_round,
    pending, chosen, last_starts, amounts, run, monthly, run_wide,
):  # fmt: skip
    entries = Entries(times, seqs, known_from, known_until, values, items, days)
    rows = Rows(end_times, end_seqs, knowledge, cutoffs, cutoff_days, edge_rows, starts, covered)
    readings = Readings(wanted, amount, ranges, ops, columns, shares, trends, months)
    result = Result(whole, real, missing)
    state = State(
        windows, tracks, wide, marks, rounds, members, waiting, last_place, last_round,
        pending, chosen, amounts, run, monthly, run_wide,
    )  # fmt: skip
    for group in range(lows.size):
        _group_by_slot(slots, lows[group], highs[group], marks, members)
        count = row_offsets[group + 1] - row_offsets[group]
        for at in range(count):
            pending[at] = row_offsets[group] + at
            chosen[at] = True
        while count > 0:
            if lows[group] < highs[group]:
                _choose_chain(
                    pending, count, end_times, end_seqs, knowledge, edge_rows, starts, last_starts, chosen
                )
            count = _answer_chain(count, entries, rows, readings, result, state)


@kernel(nb.void(_I2, _C2, _I1, _I1, _M2, _U2))
def scatter(values, missing, columns, targets, into, into_missing):  # type: ignore[no-untyped-def]
    """Writes values[row, c] into [columns[c], targets[row]] of a result.

    The sliding kernel writes rows, a few cache lines each, and this one columns: writing each value to its
    column at once took more time than all the rest.
    """
    for first in range(0, targets.size, 64):
        last = min(first + 64, targets.size)
        for c in range(columns.size):
            column = columns[c]
            for row in range(first, last):
                into[column, targets[row]] = values[row, c]
            for row in range(first, last):
                if missing[row, c]:
                    into_missing[column, targets[row]] = 1


def slide_rows(
    entries: tuple[Any, ...], rows: tuple[Any, ...], readings: tuple[Any, ...], result: tuple[Any, ...]
) -> None:
    """Writes the values of the rows asked, whose order within a key is that of their positions.

    `entries` are times, seqs, known_from, known_until, slots, values, items, days: of each key in the order
    of positions (values, items and days are unread where nothing wants them). `rows` are, for each key
    asked, where its rows begin (and, last, end) and its entries begin and end; for each row its end time
    and seq, its knowledge, its cutoff and the cutoff's civil day, and its row of edges; then
    `starts[edge, window]` and `covered[edge, window]`. `readings` are `wanted` as bits, the amount of shares
    and trends, where the direct readings of each (slot, window) begin (and end), their ops and columns, then
    shares, trends and months as `program.Readings` has them. `result` is `whole`, `real` (a view of the same
    memory) and `missing`, each [row, column]; `missing` holds zeros.
    """
    row_offsets, lows, highs = rows[0], rows[1], rows[2]
    windows, ranges, shares, trends, months = rows[9].shape[1], readings[2], *readings[5:]
    slots = (len(ranges) - 1) // windows
    longest = int((highs - lows).max(initial=1))
    most = int(np.diff(row_offsets).max(initial=1))
    items = int(entries[6].max(initial=-1)) + 1
    asked = (slots, windows) if len(shares) or len(trends) else (0, 0)
    scratch = (
        np.zeros((slots, windows, WINDOW_STATE), np.int64), np.empty((TRACKS, longest), np.int64),
        np.empty((4, longest), np.uint64), np.zeros((slots, MARKS), np.int64), np.ones(1, np.int64),
        *(np.empty(longest, np.int64) for _ in range(2)), *(np.zeros(items, np.int64) for _ in range(2)),
        np.empty(most, np.int64), np.empty(most, np.bool_), np.empty(windows, np.int64),
        np.zeros(asked, np.int64), np.zeros(TOTALS, np.int64), np.zeros(months.shape[1], np.int64),
        np.zeros((1, 4), np.uint64),
    )  # fmt: skip
    _slide_rows(*entries, *rows, *readings, *result, *scratch)
