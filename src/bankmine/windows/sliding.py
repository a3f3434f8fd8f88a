"""Rows asked of one bucket, answered by the sliding kernel: what it takes as arrays.

Replay asks it for a row before each event, dense snapshots for many cutoffs of each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import Zone
from bankmine.windows.aggregates import Total
from bankmine.windows.declaration import WindowFeature
from bankmine.windows.entries import Entries
from bankmine.windows.plan import Pass
from bankmine.windows.program import readings
from bankmine.windows.reading.reader import EventRows, Values, by_key
from bankmine.windows.result import Result

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
DATES = {Total.DAYS, Total.FIRST_DAY, Total.LAST_DAY}
CHUNK = 1 << 16
_EMPTY = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Rows:
    """Rows asked of one pass and bucket, those of a key in the order of their positions.

    A row looks at `[starts[edge, w], (end, seq))` of its key, knowing `knowledge`, and is row `target` of the
    result; its cutoff is what recencies count back from.
    """

    keys: Ints
    ends: Ints
    seqs: Ints
    knowledge: Ints
    cutoffs: Ints
    targets: Ints
    edges: Ints
    starts: Ints
    covered: Bools


@dataclass(frozen=True)
class Reading:
    """What to read of a pass, found once for all buckets, in the order the kernel takes it.

    The kernel numbers the pass's own columns from 0; `columns[c]` is the result's column of its c.
    """

    one: Pass
    arrays: tuple[Any, ...]
    columns: Ints

    @classmethod
    def of(cls, one: Pass, columns: Mapping[WindowFeature, int]) -> Reading:
        """The readings of a pass whose features have these columns of the result."""
        found = readings(one, {feature: own for own, feature in enumerate(one.features)})
        place = found.direct[:, 0] * len(one.spans) + found.direct[:, 1]
        order = np.argsort(place, kind="stable")
        ranges = np.searchsorted(place[order], np.arange(one.slots * len(one.spans) + 1))
        ops, own = (np.ascontiguousarray(found.direct[order, at]) for at in (2, 3))
        amounts = (found.shares, found.trends, found.months)
        return cls(
            one, (one.wanted, int(found.amount), ranges, ops, own, *amounts),
            np.array([columns[feature] for feature in one.features], np.int64),
        )  # fmt: skip


def slide(zone: Zone, reading: Reading, entries: Entries, rows: Rows, result: Result) -> None:
    """Writes the values of the rows asked into their rows of the result."""
    from bankmine.windows.kernels.days_kernel import civil_days

    keys, offsets = by_key(entries.key)
    order, row_offsets, lows, highs = grouped(keys, offsets, rows.keys)
    dated = not DATES.isdisjoint(reading.one.totals)
    held = (
        entries.event_time, entries.seq, entries.known_from, entries.known_until, entries.slot,
        entries.values, _numbered(entries), civil_days(zone, entries.event_time) if dated else _EMPTY,
    )  # fmt: skip
    for low, high in _chunks(row_offsets):
        chosen = order[row_offsets[low] : row_offsets[high]]
        cutoffs = rows.cutoffs[chosen]
        asked = (
            row_offsets[low : high + 1] - row_offsets[low], lows[low:high], highs[low:high],
            rows.ends[chosen], rows.seqs[chosen], rows.knowledge[chosen], cutoffs,
            civil_days(zone, cutoffs) if dated else _EMPTY, rows.edges[chosen], rows.starts, rows.covered,
        )  # fmt: skip
        _slide_chunk(held, asked, reading, rows.targets[chosen], result)


def _slide_chunk(
    held: tuple[Any, ...], asked: tuple[Any, ...], reading: Reading, targets: Ints, result: Result
) -> None:
    """Answers some rows side by side, then writes them into their rows of the result."""
    from bankmine.windows.kernels.sliding_kernel import scatter, slide_rows

    whole = np.zeros((len(targets), len(reading.columns)), np.int64)
    missing = np.zeros(whole.shape, np.uint8)
    slide_rows(held, asked, reading.arrays, (whole, whole.view(np.float64), missing))
    scatter(whole, missing, reading.columns, targets, result.whole, result.missing)


def _chunks(row_offsets: Ints) -> list[tuple[int, int]]:
    """Ranges of groups with CHUNK rows or few more, so that what is written side by side stays small."""
    ends = np.searchsorted(row_offsets, np.arange(CHUNK, row_offsets[-1] + CHUNK, CHUNK), "left")
    edges = np.unique(np.minimum(np.concatenate(([0], ends)), len(row_offsets) - 1))
    return list(pairwise(edges.tolist()))


def key_ranges(held: EventRows, least: int) -> list[EventRows]:
    """The rows cut between keys into ranges of at least that many rows."""
    ends = np.searchsorted(held.offsets, np.arange(least, len(held), least), "left")
    edges = np.unique(np.minimum(np.concatenate(([0], ends, [len(held.keys)])), len(held.keys)))
    return [_key_range(held, low, high) for low, high in pairwise(edges.tolist())] or [held]


def _key_range(held: EventRows, low: int, high: int) -> EventRows:
    first, last = int(held.offsets[low]), int(held.offsets[high])
    rows = slice(first, last)
    columns = {
        name: Values(one.data[rows], None if one.present is None else one.present[rows], one.levels)
        for name, one in held.columns.items()
    }
    return EventRows(
        held.keys[low:high], held.offsets[low : high + 1] - first, held.event_time[rows], held.seq[rows],
        held.known_from[rows], held.known_until[rows], columns,
    )  # fmt: skip


def grouped(keys: Ints, offsets: Ints, asked: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Rows asked, grouped by key: their order, where each group begins, and where its entries lie."""
    from bankmine.windows.kernels.grouping_kernel import group_by_key

    order = np.empty(len(asked), np.int64)
    groups = np.empty(len(keys) + 2, np.int64)
    table = np.full(1 << (2 * len(keys) + 1).bit_length(), -1, np.int64)
    group_by_key(keys, asked, table, np.empty(len(asked), np.int64), groups, order)
    filled = np.flatnonzero(groups[1:] > groups[:-1])
    ends = np.concatenate((offsets, offsets[-1:]))  # the last group has no entries
    row_offsets = np.concatenate((groups[filled], groups[-1:]))
    return order, row_offsets, ends[filled], ends[filled + 1]


def _numbered(entries: Entries) -> Ints:
    from bankmine.windows.kernels.tables_kernel import number_items

    return number_items(entries.key, entries.slot, entries.items) if len(entries.items) else _EMPTY
