"""The answers of an online state: every feature of every key of an event, at its position, as known now.

A pass is answered lane by lane: its pointers are brought to the position and each window's totals are
finished by the same functions that finish snapshots and replay. A leaf module: Numba is slow to import.
"""

import numpy as np

from bankmine.bank.civil import FIRST
from bankmine.windows.aggregates import TOTALS
from bankmine.windows.kernels.compiling import part, scalar
from bankmine.windows.kernels.finish_kernel import COUNT, SUM, finish_into, share_into, trend_into
from bankmine.windows.kernels.limbs import ratio
from bankmine.windows.online.civil_kernel import COVERED_FROM, FOUND_AT, civil_day, find_edges
from bankmine.windows.online.lane_kernel import STARTS_AT, advance, gather, gather_directly
from bankmine.windows.online.memory_kernel import FIELDS
from bankmine.windows.online.ring_kernel import SEQ, TIME, WINDOWS
from bankmine.windows.online.rows_kernel import (
    G_FIRST,
    G_KEY,
    G_PASSES,
    GROUPS_AT,
    KEPT_FROM,
    P_LANE,
    PLAN_GROUPS,
    SLOTS,
    VALUE,
    lane_at,
    record_of,
)
from bankmine.windows.online.words import MISSING, Head, Pass, Plan

COLUMNS, CUTOFF_DAY = int(Plan.COLUMNS), int(Plan.CUTOFF_DAY)
RATIOS, RATIOS_AT, AMOUNTS_AT = int(Plan.RATIOS), int(Plan.RATIOS_AT), int(Plan.AMOUNTS_AT)
END, READINGS, READINGS_AT = int(Pass.END), int(Pass.READINGS), int(Pass.READINGS_AT)
SHARES, SHARES_AT = int(Pass.SHARES), int(Pass.SHARES_AT)
TRENDS, TRENDS_AT, AMOUNTS = int(Pass.TRENDS), int(Pass.TRENDS_AT), int(Pass.AMOUNTS)
RUN, TOO_LATE = int(Head.RUN), int(Head.TOO_LATE)
AT_INSTANT = np.iinfo(np.int64).min


@part
def _is_covered(heap, plan, start, end):  # type: ignore[no-untyped-def]
    """Whether a window lies in what the state speaks for, and in what it has kept."""
    low = plan[COVERED_FROM]
    return start >= max(low, FIRST) and end >= low


@scalar
def _read_window(  # type: ignore[no-untyped-def]
    heap, plan, p, slot, w, reading, cutoff, day, covered, run, wide, whole, real, present, row
):
    """Writes the direct features of one window of one slot; the first reading of the next window."""
    at = plan[p + READINGS_AT]
    while reading < plan[p + READINGS]:
        here = at + 4 * reading
        if plan[here] != slot or plan[here + 1] != w:
            break
        column = plan[here + 3]
        whole[column, row] = 0
        present[column, row] = covered and finish_into(
            plan[here + 2], run, wide, cutoff, day, whole, real, column, row
        )
        reading += 1
    return reading


@scalar
def _read_amounts(heap, plan, p, end, whole, real, present, row):  # type: ignore[no-untyped-def]
    """Writes shares and trends from the amounts of slots and windows."""
    windows, amounts, edges = plan[p + WINDOWS], plan[AMOUNTS_AT], plan[FOUND_AT]
    for i in range(plan[p + SHARES]):
        at = plan[p + SHARES_AT] + 3 * i
        slot, w, column = plan[at], plan[at + 1], plan[at + 2]
        every = np.int64(0)
        for other in range(plan[p + SLOTS]):
            every += heap[amounts + other * windows + w]
        start = heap[edges + plan[plan[p + STARTS_AT] + w]]
        own = heap[amounts + slot * windows + w]
        present[column, row] = share_into(own, every, real, column, row) and _answers(heap, plan, start, end)
    scratch = amounts + plan[p + SLOTS] * windows
    at = plan[p + TRENDS_AT]
    for _ in range(plan[p + TRENDS]):
        slot, months, column = plan[at], plan[at + 1], plan[at + 2]
        for m in range(months):
            heap[scratch + m] = heap[amounts + slot * windows + plan[at + 4 + m]]
        trend_into(heap[scratch : scratch + months], months, real, column, row)
        start = heap[edges + plan[plan[p + STARTS_AT] + plan[at + 3]]]
        present[column, row] = _answers(heap, plan, start, end)
        at += 4 + months


@part
def _answers(heap, plan, start, end):  # type: ignore[no-untyped-def]
    """Whether a window has an answer: it is covered, and nothing in it has been let go."""
    return _is_covered(heap, plan, start, end) and start >= heap[KEPT_FROM]


@scalar
def _answer_pass(  # type: ignore[no-untyped-def]
    heap, plan, g, p, record, time, seq, day, run, wide, whole, real, present, row
):
    """Writes all features of one pass for one key; whether a window reaches before what is kept."""
    end, end_seq, edges = time, seq, plan[FOUND_AT]
    if plan[p + END] >= 0:
        end, end_seq = heap[edges + plan[p + END]], AT_INSTANT
    too_late = False
    reading = 0
    for slot in range(plan[p + SLOTS]):
        lane = lane_at(heap, plan, g, record, plan[p + P_LANE] + slot) if record != 0 else 0
        right = lane == 0 or advance(heap, plan, p, lane, end, end_seq, edges)
        for w in range(plan[p + WINDOWS]):
            start = heap[edges + plan[plan[p + STARTS_AT] + w]]
            for total in range(TOTALS):
                run[total] = 0
            wide[0, 0] = wide[0, 1] = wide[0, 2] = wide[0, 3] = 0
            if lane != 0 and right:
                gather(heap, plan, p, lane, w, run, wide)
            elif lane != 0:
                gather_directly(heap, plan, p, lane, start, end, end_seq, run, wide)
            covered = _is_covered(heap, plan, start, end)
            kept = start >= heap[KEPT_FROM]
            too_late |= covered and not kept
            reading = _read_window(
                heap,
                plan,
                p,
                slot,
                w,
                reading,
                time,
                day,
                covered and kept,
                run,
                wide,
                whole,
                real,
                present,
                row,
            )
            if plan[p + AMOUNTS]:
                amount = run[SUM] if plan[p + VALUE] >= 0 else run[COUNT]
                heap[plan[AMOUNTS_AT] + slot * plan[p + WINDOWS] + w] = amount
    if plan[p + AMOUNTS]:
        _read_amounts(heap, plan, p, end, whole, real, present, row)
    return too_late


@scalar
def answer(heap, plan, events, r, wide, whole, real, present, row):  # type: ignore[no-untyped-def]
    """Writes the features at the position of one event, as known now; an event without the key has none."""
    run = heap[RUN : RUN + TOTALS]
    time, seq = events[r, TIME - 1], events[r, SEQ - 1]
    find_edges(heap, plan, time)
    day = civil_day(heap, plan, time) if plan[CUTOFF_DAY] else 0
    too_late = False
    for column in range(plan[COLUMNS]):
        whole[column, row] = 0
        present[column, row] = False
    for group in range(plan[PLAN_GROUPS]):
        g = plan[plan[GROUPS_AT] + group]
        key = events[r, FIELDS - 1 + plan[g + G_KEY]]
        if key == MISSING:
            continue
        record = record_of(heap, group, key)
        for i in range(plan[g + G_PASSES]):
            too_late |= _answer_pass(
                heap, plan, g, plan[g + G_FIRST + i], record, time, seq, day, run, wide, whole, real, present,
                row,
            )  # fmt: skip
    for i in range(plan[RATIOS]):
        at = plan[RATIOS_AT] + 3 * i
        above, below, column = plan[at], plan[at + 1], plan[at + 2]
        if present[above, row] and present[below, row] and whole[below, row] != 0:
            real[column, row] = ratio(whole[above, row], whole[below, row])
            present[column, row] = True
    heap[TOO_LATE] += too_late
