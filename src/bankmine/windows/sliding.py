"""Rows asked of one bucket, answered by the sliding kernel: what it takes as arrays.

Replay asks it for a row before each event, dense snapshots for many cutoffs of each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import Zone
from bankmine.windows.aggregates import Total
from bankmine.windows.declaration import WindowFeature
from bankmine.windows.entries import Entries
from bankmine.windows.plan import Pass
from bankmine.windows.program import Readings, readings
from bankmine.windows.reader import by_key

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
DATES = {Total.DAYS, Total.FIRST_DAY, Total.LAST_DAY}
_EMPTY = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Result:
    """Values by [column, row]: `whole` and `real` are views of the same memory; `missing` is 0 or 1."""

    whole: Ints
    real: NDArray[np.float64]
    missing: NDArray[np.uint8]

    @classmethod
    def empty(cls, columns: int, rows: int) -> Result:
        """Nothing missing, everything 0."""
        whole = np.zeros((columns, rows), np.int64)
        return cls(whole, whole.view(np.float64), np.zeros((columns, rows), np.uint8))


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
    """What to read of a pass, found once for all buckets, in the order the kernel takes it."""

    one: Pass
    arrays: tuple[Any, ...]

    @classmethod
    def of(cls, one: Pass, columns: Mapping[WindowFeature, int]) -> Reading:
        """The readings of a pass whose features have these columns of the result."""
        found: Readings = readings(one, dict(columns))
        place = found.direct[:, 0] * len(one.spans) + found.direct[:, 1]
        order = np.argsort(place, kind="stable")
        ranges = np.searchsorted(place[order], np.arange(one.slots * len(one.spans) + 1))
        ops, own = (np.ascontiguousarray(found.direct[order, at]) for at in (2, 3))
        return cls(
            one,
            (one.wanted, int(found.amount), ranges, ops, own, found.shares, found.trends, found.months),
        )


def slide(zone: Zone, reading: Reading, entries: Entries, rows: Rows, result: Result) -> None:
    """Writes the values of the rows asked into their rows of the result."""
    from bankmine.windows.slide_kernel import slide_rows

    keys, offsets = by_key(entries.key)
    order, row_offsets, lows, highs = grouped(keys, offsets, rows.keys)
    dated = not DATES.isdisjoint(reading.one.totals)
    cutoffs = rows.cutoffs[order]
    slide_rows(
        (
            entries.event_time, entries.seq, entries.known_from, entries.known_until, entries.slot,
            entries.values, _numbered(entries), zone.day_of(entries.event_time) if dated else _EMPTY,
        ),
        (
            row_offsets, lows, highs, rows.ends[order], rows.seqs[order], rows.knowledge[order],
            rows.targets[order], cutoffs, zone.day_of(cutoffs) if dated else _EMPTY, rows.edges[order],
            rows.starts, rows.covered,
        ),
        reading.arrays,
        (result.whole, result.real, result.missing),
    )  # fmt: skip


def grouped(keys: Ints, offsets: Ints, asked: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Rows asked, grouped by key: their order, where each group begins, and where its entries lie."""
    from bankmine.windows.grouping_kernel import group_by_key

    order = np.empty(len(asked), np.int64)
    groups = np.empty(len(keys) + 2, np.int64)
    table = np.full(1 << (2 * len(keys) + 1).bit_length(), -1, np.int64)
    group_by_key(keys, asked, table, np.empty(len(asked), np.int64), groups, order)
    filled = np.flatnonzero(groups[1:] > groups[:-1])
    ends = np.concatenate((offsets, offsets[-1:]))  # the last group has no entries
    row_offsets = np.concatenate((groups[filled], groups[-1:]))
    return order, row_offsets, ends[filled], ends[filled + 1]


def _numbered(entries: Entries) -> Ints:
    from bankmine.windows.tables_kernel import number_items

    return number_items(entries.key, entries.slot, entries.items) if len(entries.items) else _EMPTY
