"""Replay: one row before each event, for labels on events.

A row stands at its event's position (event_time, seq) and knows what was known at the event's own
`known_at`, so a late event changes later rows only. An event has one row, at its first version that was
ever known and not cancelled: that is what the bank saw when it had to answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.bank.columns import MAIN
from bankmine.errors import UsageError
from bankmine.windows.declaration import Feature, WindowFeature
from bankmine.windows.edges import window_edges
from bankmine.windows.entries import make_entries, refuse_marker
from bankmine.windows.given import instant
from bankmine.windows.plan import Group, check_names, check_tables, parts, plan
from bankmine.windows.reading.reader import EventRows, Readable, order_for, read_parts
from bankmine.windows.reading.rows import shared_out
from bankmine.windows.replayed import Replayed, each, read_replayed
from bankmine.windows.result import Result, columns_of, shown
from bankmine.windows.sliding import Reading, Rows, key_ranges, slide
from bankmine.windows.verdicts import NO_VERDICTS, read_verdicts

Ints = NDArray[np.int64]
_LEAST = np.iinfo(np.int64).min
SLICE = 1 << 16


def replay(
    warehouse: Readable,
    features: Sequence[Feature],
    *,
    table: str | None = None,
    since: Any = None,
    until: Any = None,
    threads: int = 2,
) -> Any:
    """An Arrow table with one row before each event of `table` with `since ≤ event_time < until`.

    `since` and `until` are µs since 1970 UTC, or what `given.instants` reads; UsageError for others, and for
    `since` after `until`. Columns: the event's primary key, the keys of the features, event_time, seq,
    known_at, then the features; sorted by (event_time, seq, primary key). Features of other tables than
    `table` (default: the features' only table) see events before the instant. A row whose event lacks a key
    has no features of that key. Of a table with a row for each owner only the primary owner's rows are
    events.
    """
    import pyarrow as pa

    declared = catalogue.table(table or _only_table(features))
    keys = sorted({feature.source.key for feature in features})
    check_names(features, (*declared.primary_key, *keys, "event_time", "seq", "known_at"))
    check_tables(warehouse, features)
    first, last = instant(since, "since"), instant(until, "until")
    if first is not None and last is not None and first > last:
        raise UsageError("since lies after until", hint="Swap them.")
    events = read_replayed(warehouse, declared, keys, since=first, until=last, threads=threads)
    columns = {feature: place for place, feature in enumerate(parts(features))}
    result = Result.empty(len(columns), len(events.seq))
    for group in plan(features):
        work = _Work.of(warehouse, group, events, columns, result, declared.name)
        work.run(threads)
    made = columns_of(shown(features, columns), result)
    return pa.table([*events.shown.columns, *made.values()], [*events.shown.column_names, *made])


def _only_table(features: Sequence[Feature]) -> str:
    tables = sorted({feature.source.table for feature in features})
    if len(tables) != 1:
        raise UsageError(
            f"the features look at {len(tables)} tables", hint="Name the table to replay with `table=`."
        )
    return tables[0]


@dataclass(frozen=True)
class _Work:
    """The features of one table and key, bucket by bucket; buckets write disjoint rows of the result."""

    warehouse: Readable
    group: Group
    readings: tuple[Reading, ...]
    verdicts: Mapping[str, Any]
    events: Replayed
    keys: Ints
    rows_of: Mapping[int | None, Ints]
    positions: bool
    order: str
    result: Result

    @classmethod
    def of(
        cls,
        warehouse: Readable,
        group: Group,
        events: Replayed,
        columns: Mapping[WindowFeature, int],
        result: Result,
        replayed: str,
    ) -> _Work:
        """The work of a group; rows without its key are marked missing at once."""
        order = order_for(warehouse, group.table, key=group.key, columns=group.columns)
        bucketed = catalogue.table(group.table).bucket_key == group.key or order != MAIN
        keys = events.keys[group.key]
        present = np.ones(len(keys.data), np.bool_) if keys.present is None else keys.present
        refuse_marker(keys.data, group.passes[0].source, group.key)
        for feature in (feature for one in group.passes for feature in one.features):
            result.missing[columns[feature]] |= ~present
        buckets = warehouse.buckets(group.table) if bucketed else 1
        return cls(
            warehouse, group, tuple(Reading.of(one, columns) for one in group.passes),
            {label: read_verdicts(warehouse, group.table, label) for label in group.verdicts},
            events, keys.data, _rows_by_bucket(keys.data, present, buckets),
            group.table == replayed, order, result,
        )  # fmt: skip

    def run(self, threads: int) -> None:
        """Answers all rows."""
        if None in self.rows_of:
            self._run_whole(self.rows_of[None], threads)
        else:
            each(self._run_bucket, self.rows_of, threads)

    def _read(self, bucket: int | None) -> tuple[EventRows, ...]:
        group = self.group
        return read_parts(
            self.warehouse, group.table, key=group.key, columns=group.columns, bucket=bucket, order=self.order
        )

    def _run_bucket(self, bucket: int | None) -> None:
        """Reads one bucket and answers its rows."""
        for held, mine in shared_out(self._read(bucket), self.keys, self.rows_of[bucket]):
            self._answer(held, mine)

    def _run_whole(self, mine: Ints, threads: int) -> None:
        """Reads a table that is not kept by the key, and answers its keys range by range."""
        for held, own in shared_out(self._read(None), self.keys, mine):
            ranges = key_ranges(held, SLICE)
            place = np.searchsorted([rows.keys[0] for rows in ranges[1:]], self.keys[own], "right")
            shares = [(rows, own[place == at]) for at, rows in enumerate(ranges)]
            each(lambda share: self._answer(*share), shares, threads)

    def _answer(self, held: EventRows, mine: Ints) -> None:
        """Answers rows of keys whose events are held."""
        times = self.events.event_time[mine]
        for reading in self.readings if len(mine) else ():
            self._read_windows(held, reading, mine, times)

    def _read_windows(self, held: EventRows, reading: Reading, mine: Ints, times: Ints) -> None:
        """Answers rows by one pass over the rows held."""
        one = reading.one
        entries = make_entries(held, one, self.verdicts.get(one.source.verdict_of or "", NO_VERDICTS))
        starts, ends, covered = window_edges(
            self.warehouse.zone, times, spans=one.spans, delay=one.source.delay,
            coverage=self.warehouse.coverage(self.group.table), positions=self.positions,
        )  # fmt: skip
        at_position = self.positions and one.source.delay is None
        seqs = self.events.seq[mine] if at_position else np.full(len(mine), _LEAST)
        rows = Rows(
            self.keys[mine], ends, seqs, self.events.known_at[mine], times, mine,
            np.arange(len(mine)), np.ascontiguousarray(starts), np.ascontiguousarray(covered),
        )  # fmt: skip
        slide(self.warehouse.zone, reading, entries, rows, self.result)


def _rows_by_bucket(keys: Ints, present: NDArray[np.bool_], buckets: int) -> dict[int | None, Ints]:
    """The rows of each bucket (None: of all) that have the key, in their order."""
    from bankmine.windows.kernels.grouping_kernel import deal_to_buckets

    if buckets == 1:
        return {None: np.flatnonzero(present)}
    order, offsets = np.empty(len(keys), np.int64), np.empty(buckets + 1, np.int64)
    given = keys if present.all() else np.where(present, keys, _LEAST)
    deal_to_buckets(given, _LEAST, np.empty(len(keys), np.int64), offsets, order)
    return {
        bucket: order[offsets[bucket] : offsets[bucket + 1]]
        for bucket in range(buckets)
        if offsets[bucket + 1] > offsets[bucket]
    }
