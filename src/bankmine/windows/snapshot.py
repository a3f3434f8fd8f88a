"""Snapshots: all features of the asked subjects, each at its own cutoff.

Each table is walked once, bucket by bucket; buckets run on several threads and write disjoint rows of the
result, so the answer does not depend on their number. Features under another key than the customer's walk
the projection by that key where the warehouse has one that holds what they need, else the whole table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.bank.civil import Zone
from bankmine.bank.columns import MAIN
from bankmine.bank.hashing import bucket_of
from bankmine.errors import CutoffError, UsageError
from bankmine.windows.bands import Inputs, Program, Unit, inputs_of_entries, inputs_of_rows, program, units
from bankmine.windows.declaration import Feature, WindowFeature
from bankmine.windows.edges import Edges, find_edges
from bankmine.windows.entries import make_entries, refuse_marker
from bankmine.windows.given import instant, instants, whole_numbers
from bankmine.windows.plan import Group, Pass, check_names, check_tables, parts, plan
from bankmine.windows.reading.reader import EventRows, Readable, order_for, read_parts, read_rows
from bankmine.windows.reading.rows import shared_out
from bankmine.windows.result import Memory, Result, columns_of, shown
from bankmine.windows.sliding import Reading, Rows, slide
from bankmine.windows.span import Span
from bankmine.windows.verdicts import NO_VERDICTS, Verdicts, read_verdicts

Ints = NDArray[np.int64]
AT_INSTANT = np.iinfo(np.int64).min
DENSE = 24
NO_SUBJECT = np.iinfo(np.int64).min
_EMPTY = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Asked:
    """What is asked: n rows with a subject for each key, a cutoff, and what was known then.

    `seqs` makes cutoffs positions for windows of the table `seq_table`; for all other tables the cutoff is
    the instant. A subject equal to NO_SUBJECT has no features.
    """

    subjects: Mapping[str, Ints]
    cutoffs: Ints
    knowledge: Ints
    seqs: Ints | None = None
    seq_table: str | None = None

    def is_position_of(self, table: str) -> bool:
        """Whether cutoffs are positions among the events of this table."""
        return self.seqs is not None and table == self.seq_table


def snapshot(
    warehouse: Readable,
    features: Sequence[Feature],
    subjects: Any | Mapping[str, Any],
    cutoffs: Any,
    *,
    as_of: Any = None,
    seqs: Any = None,
    seq_table: str | None = None,
    threads: int = 2,
) -> Any:
    """An Arrow table with a column for each feature and a row for each (subject, cutoff), in the order asked.

    `subjects` are keys (n), or a mapping from key column to keys where features have several keys; `cutoffs`
    and `as_of` are µs since 1970 UTC, or what `given.instants` reads (n). A feature uses events with `T − w
    ≤ event_time < T` that were known at T; with `as_of`, as known at `as_of`, which no cutoff may follow.
    With `seqs` (n), cutoffs are positions in the order of `seq_table` and its events before (T, seq) are in.
    A window outside the coverage is missing; a subject without events counts 0.

    Raises UsageError for rows that do not match or are no whole numbers, CutoffError for an `as_of`
    before a cutoff, FeasibilityError for a table the bank lacks, ConfigurationError for sums beyond 64 bits.
    """
    check_names(features)
    check_tables(warehouse, features)
    asked = _asked(features, subjects, cutoffs, as_of, seqs, seq_table)
    return compute(warehouse, features, asked, threads=threads)


def compute(warehouse: Readable, features: Sequence[Feature], asked: Asked, *, threads: int) -> Any:
    """The features of the rows asked; on Spark where the warehouse says so."""
    if getattr(warehouse, "spark", None) is not None:
        from bankmine.windows.spread import compute_spread

        return compute_spread(warehouse, features, asked)  # type: ignore[arg-type]
    return Calculation(warehouse, features).table(asked, threads=threads)


def _asked(
    features: Sequence[Feature],
    subjects: Any | Mapping[str, Any],
    cutoffs: Any,
    as_of: Any,
    seqs: Any,
    seq_table: str | None,
) -> Asked:
    cutoffs, known = instants(cutoffs, "cutoffs"), instant(as_of, "as_of")
    keys = sorted({feature.source.key for feature in features})
    if not isinstance(subjects, Mapping):
        if len(keys) > 1:
            raise UsageError(
                f"the features have the keys {', '.join(keys)}",
                hint="Give `subjects` as a mapping from each key to its column, or ask one key at a time.",
            )
        subjects = dict.fromkeys(keys, subjects)
    missing = [key for key in keys if key not in subjects]
    if missing:
        raise UsageError(f"no subjects are given for {', '.join(missing)}", hint="Add them to `subjects`.")
    found = {key: whole_numbers(subjects[key], f"subjects of {key}", marked=True) for key in keys}
    positions = None if seqs is None else whole_numbers(seqs, "seqs")
    _check_seq_table(features, positions, seq_table)
    given = [*found.values(), *([] if positions is None else [positions])]
    if any(len(column) != len(cutoffs) for column in given):
        raise UsageError(
            f"{len(cutoffs)} cutoffs were given for {', '.join(str(len(column)) for column in given)} rows",
            hint="Give one subject and one cutoff a row.",
        )
    if known is not None and len(cutoffs) and known < cutoffs.max():
        raise CutoffError(
            "as_of lies before a cutoff, so the last events before it were not known",
            hint="Ask for earlier cutoffs, a later as_of, or leave as_of out.",
        )
    knowledge = cutoffs if known is None else np.full(len(cutoffs), known, np.int64)
    return Asked(found, cutoffs, knowledge, positions, seq_table)


def _check_seq_table(features: Sequence[Feature], seqs: Ints | None, seq_table: str | None) -> None:
    """Refuses positions without a table, and a table that no feature looks at."""
    if seqs is not None and seq_table is None:
        raise UsageError("positions need their table", hint="Name it with `seq_table`.")
    tables = dict.fromkeys(part.source.table for part in parts(features))
    if seq_table is not None and seq_table not in tables:
        raise UsageError(
            f"seq_table is {seq_table!r}, no table of the features",
            hint=f"The features look at {', '.join(tables)}.",
        )


class Calculation:
    """Features made ready to be computed of a warehouse, for as many questions as are asked."""

    def __init__(self, warehouse: Readable, features: Sequence[Feature]) -> None:
        self.warehouse, self.features = warehouse, features
        self.memory: Memory | None = None
        columns = {feature: place for place, feature in enumerate(parts(features))}
        self.shown = shown(features, columns)
        self.width = len(columns)
        self.groups = [Prepared(warehouse, group, columns) for group in plan(features)]

    def table(self, asked: Asked, *, threads: int, held: Held | None = None) -> Any:
        """An Arrow table of the features of the rows asked; what is `held` need not be read."""
        import pyarrow as pa

        result = Result.empty(self.width, len(asked.cutoffs), self.memory)
        for group in self.groups:
            work = _Work(group, asked, result, held or {})
            if threads > 1 and len(work.buckets) > 1:
                with ThreadPoolExecutor(threads) as pool:
                    list(pool.map(work.run, work.buckets))
            else:
                for bucket in work.buckets:
                    work.run(bucket)
        return pa.table(columns_of(self.shown, result))


class Prepared:
    """One group of a calculation: the programs of its units, and the verdicts it is measured by."""

    def __init__(self, warehouse: Readable, group: Group, columns: dict[WindowFeature, int]) -> None:
        self.warehouse, self.group = warehouse, group
        self.programs = [program(unit, columns) for unit in units(group.passes)]
        self.readings = {one: Reading.of(one, columns) for one in group.passes}
        self.place = {feature: columns[feature] for one in group.passes for feature in one.features}
        self.verdicts = {label: read_verdicts(warehouse, group.table, label) for label in group.verdicts}
        self.order = order_for(warehouse, group.table, key=group.key, columns=group.columns)
        own = catalogue.table(group.table).bucket_key == group.key
        self.bucketed = own or self.order != MAIN

    def verdicts_of(self, one: Pass) -> Verdicts:
        """The verdicts that measure a pass."""
        return self.verdicts.get(one.source.verdict_of or "", NO_VERDICTS)

    def read(self, bucket: int | None) -> tuple[EventRows, ...]:
        """The rows of one bucket, in one piece or two; a bucket without files is one empty piece."""
        where: dict[str, Any] = {
            "key": self.group.key, "columns": self.group.columns, "bucket": bucket, "order": self.order,
        }  # fmt: skip
        pieces = read_parts(self.warehouse, self.group.table, **where)
        pieces = pieces or (read_rows(self.warehouse, self.group.table, **where),)
        for rows in pieces:
            refuse_marker(rows.keys[:1], self.group.passes[0].source, self.group.key)
        return pieces


Held = Mapping[tuple[Prepared, int | None], tuple[EventRows, ...]]


class _Work:
    """One group and the rows asked of it, bucket by bucket."""

    def __init__(self, prepared: Prepared, asked: Asked, result: Result, held: Held) -> None:
        self.prepared, self.asked, self.result, self.held = prepared, asked, result, held
        self.warehouse = prepared.warehouse
        group = prepared.group
        self.keys = asked.subjects[group.key]
        self.positions = asked.is_position_of(group.table)
        instants, which = np.unique(asked.cutoffs, return_inverse=True)
        self.edge_rows = which.reshape(-1).astype(np.int64)
        self.edges = [self._edges(one.unit.spans, one.unit.delay, instants) for one in prepared.programs]
        self.buckets, self.rows_of = self._rows_by_bucket()

    def _edges(self, spans: Sequence[Span], delay: Span | None, instants: Ints) -> Edges:
        return find_edges(
            self.warehouse.zone, instants, spans=spans, delay=delay,
            coverage=self.warehouse.coverage(self.prepared.group.table), positions=self.positions,
        )  # fmt: skip

    def _rows_by_bucket(self) -> tuple[list[int | None], dict[int | None, Ints]]:
        """The asked rows of each bucket, sorted by (key, position)."""
        known = np.flatnonzero(self.keys != NO_SUBJECT)
        if len(known) < len(self.keys):
            nobody = np.flatnonzero(self.keys == NO_SUBJECT)
            self.result.missing[np.ix_(np.array(list(self.prepared.place.values())), nobody)] = 1
        buckets = self.warehouse.buckets(self.prepared.group.table)
        position = [] if self.asked.seqs is None else [self.asked.seqs[known]]
        by = (*position, self.asked.cutoffs[known], self.keys[known])
        bucket = bucket_of(self.keys[known], buckets)
        if not self.prepared.bucketed or buckets == 1:
            return [None], {None: known[np.lexsort(by)]}
        order = np.lexsort((*by, bucket))
        counts = np.cumsum(np.bincount(bucket, minlength=buckets))[:-1]
        split = np.split(known[order], counts)
        filled: list[int | None] = [number for number in range(buckets) if len(split[number])]
        return filled, {number: split[number] for number in filled if number is not None}

    def run(self, bucket: int | None) -> None:
        """Reads one bucket and fills its rows of the result."""
        pieces = self.held.get((self.prepared, bucket)) or self.prepared.read(bucket)
        for rows, own in shared_out(pieces, self.keys, self.rows_of[bucket]):
            if len(own):
                self._answer(rows, own)

    def _answer(self, rows: EventRows, mine: Ints) -> None:
        """Answers the rows asked of keys whose events are these."""
        dense = len(mine) >= DENSE * _different(self.keys[mine])
        for one, edges in zip(self.prepared.programs, self.edges, strict=True):
            if dense:
                self._slide(rows, one.unit, edges, mine)
            else:
                self._read_bands(rows, one, edges, mine)
                self._mark_uncovered(one.unit, edges, mine)

    def _read_bands(self, rows: EventRows, one: Program, edges: Edges, mine: Ints) -> None:
        from bankmine.windows.kernels.bands_kernel import write_rows

        inputs = self._inputs(rows, one.unit)
        cutoffs, edge_rows = self.asked.cutoffs[mine], self.edge_rows[mine]
        days = civil_days(self.warehouse.zone, cutoffs) if one.unit.wants_days else cutoffs
        write_rows(
            *inputs.events, *inputs.accepted, one.passes,
            self.keys[mine], mine, *_segments(inputs, self.keys[mine]), edges.ends[edge_rows],
            self._seqs(one.unit, mine), self.asked.knowledge[mine], edge_rows, edges.starts, edges.order,
            edges.covered, cutoffs, days, *one.lists,
            self.result.whole, self.result.real, self.result.missing,
            sizes=one.sizes._replace(items=inputs.items),
        )  # fmt: skip

    def _inputs(self, rows: EventRows, unit: Unit) -> Inputs:
        if unit.plain:
            return inputs_of_rows(unit, rows, self._days(unit, rows.event_time))
        one = unit.passes[0]
        entries = make_entries(rows, one, self.prepared.verdicts_of(one))
        return inputs_of_entries(unit, entries, self._days(unit, entries.event_time))

    def _days(self, unit: Unit, times: Ints) -> Ints:
        return civil_days(self.warehouse.zone, times) if unit.wants_days else _EMPTY

    def _seqs(self, unit: Unit, mine: Ints) -> Ints:
        if self.positions and unit.delay is None and self.asked.seqs is not None:
            return self.asked.seqs[mine]
        return np.full(len(mine), AT_INSTANT)

    def _mark_uncovered(self, unit: Unit, edges: Edges, mine: Ints) -> None:
        """What lies in a window outside the coverage is missing, never zero."""
        covered = edges.covered[self.edge_rows[mine]]
        for window in np.flatnonzero(~covered.all(axis=0)):
            outside = mine[~covered[:, window]]
            span = unit.spans[window]
            own = [self.prepared.place[feature] for feature in unit.features if feature.window == span]
            self.result.missing[np.ix_(np.array(own, np.int64), outside)] = 1

    def _slide(self, rows: EventRows, unit: Unit, edges: Edges, mine: Ints) -> None:
        """Many rows a key are slid over; the answers are the same."""
        starts = np.empty_like(edges.starts)
        np.put_along_axis(starts, edges.order, edges.starts, axis=1)
        edge_rows = self.edge_rows[mine]
        for one in unit.passes:
            windows = [unit.window(span) for span in one.spans]
            asked = Rows(
                self.keys[mine], edges.ends[edge_rows], self._seqs(unit, mine), self.asked.knowledge[mine],
                self.asked.cutoffs[mine], mine, edge_rows, np.ascontiguousarray(starts[:, windows]),
                np.ascontiguousarray(edges.covered[:, windows]),
            )  # fmt: skip
            entries = make_entries(rows, one, self.prepared.verdicts_of(one))
            slide(self.warehouse.zone, self.prepared.readings[one], entries, asked, self.result)


def civil_days(zone: Zone, times: Ints) -> Ints:
    """The civil day of each instant."""
    from bankmine.windows.kernels import days_kernel

    days: Ints = days_kernel.civil_days(zone, times)
    return days


def _different(keys: Ints) -> int:
    """The number of different keys among sorted ones."""
    return int(np.count_nonzero(keys[1:] != keys[:-1])) + 1


def _segments(inputs: Inputs, keys: Ints) -> tuple[Ints, Ints]:
    """Where the events of each key begin and end; nowhere for a key without events."""
    if not len(inputs.keys):
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(inputs.keys, keys), len(inputs.keys) - 1)
    here = inputs.keys[at] == keys
    return np.where(here, inputs.offsets[at], 0), np.where(here, inputs.offsets[at + 1], 0)
