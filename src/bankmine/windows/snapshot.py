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
from bankmine.bank.columns import MAIN
from bankmine.bank.hashing import bucket_of
from bankmine.errors import CutoffError, UsageError
from bankmine.windows.declaration import Feature
from bankmine.windows.edges import Edges, find_edges
from bankmine.windows.entries import Entries, make_entries
from bankmine.windows.finish import Totals, finisher
from bankmine.windows.plan import Group, Pass, check_names, check_tables, parts, plan
from bankmine.windows.reader import Readable, order_for, read_rows
from bankmine.windows.result import Columns
from bankmine.windows.verdicts import NO_VERDICTS, read_verdicts

Ints = NDArray[np.int64]
AT_INSTANT = np.iinfo(np.int64).min
DENSE = 24
NO_SUBJECT = np.iinfo(np.int64).min


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
    subjects: Ints | Mapping[str, Ints],
    cutoffs: Ints,
    *,
    as_of: int | None = None,
    seqs: Ints | None = None,
    seq_table: str | None = None,
    threads: int = 2,
) -> Any:
    """An Arrow table with a column for each feature and a row for each (subject, cutoff), in the order asked.

    `subjects` are keys (n), or a mapping from key column to keys where features have several keys;
    `cutoffs` are µs since 1970 UTC (n). A feature uses events with `T − w ≤ event_time < T` that were
    known at T; with `as_of`, as known at `as_of`, which no cutoff may follow. With `seqs` (n), cutoffs are
    positions in the order of `seq_table` and its events before (T, seq) are in. A window outside the
    coverage is missing; a subject without events counts 0.

    Raises UsageError for rows that do not match, CutoffError for an `as_of` before a cutoff,
    FeasibilityError for a table the bank lacks, ConfigurationError for sums beyond 64 bits.
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
    columns = Columns(len(asked.cutoffs), parts(features))
    for group in plan(features):
        work = _Work(warehouse, group, asked, columns)
        if threads > 1 and len(work.buckets) > 1:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(work.run, work.buckets))
        else:
            for bucket in work.buckets:
                work.run(bucket)
    return columns.table(features)


def _asked(
    features: Sequence[Feature],
    subjects: Ints | Mapping[str, Ints],
    cutoffs: Ints,
    as_of: int | None,
    seqs: Ints | None,
    seq_table: str | None,
) -> Asked:
    cutoffs = _ints(cutoffs)
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
    found = {key: _ints(subjects[key]) for key in keys}
    if seqs is not None and seq_table is None:
        raise UsageError("positions need their table", hint="Name it with `seq_table`.")
    given = [*found.values(), *([] if seqs is None else [seqs])]
    if any(len(column) != len(cutoffs) for column in given):
        raise UsageError(
            f"{len(cutoffs)} cutoffs were given for {', '.join(str(len(column)) for column in given)} rows",
            hint="Give one subject and one cutoff a row.",
        )
    if as_of is not None and len(cutoffs) and as_of < cutoffs.max():
        raise CutoffError(
            "as_of lies before a cutoff, so the last events before it were not known",
            hint="Ask for earlier cutoffs, a later as_of, or leave as_of out.",
        )
    knowledge = cutoffs if as_of is None else np.full(len(cutoffs), as_of, np.int64)
    return Asked(found, cutoffs, knowledge, None if seqs is None else _ints(seqs), seq_table)


def _ints(column: Any) -> Ints:
    return np.ascontiguousarray(column, np.int64)


class _Work:
    """The passes of one group over its buckets."""

    def __init__(self, warehouse: Readable, group: Group, asked: Asked, columns: Columns) -> None:
        self.warehouse, self.group, self.asked, self.columns = warehouse, group, asked, columns
        self.keys = asked.subjects[group.key]
        self.positions = asked.is_position_of(group.table)
        instants, which = np.unique(asked.cutoffs, return_inverse=True)
        self.edge_rows = which.astype(np.int64)
        self.finishers = [
            [(columns.place(feature), finisher(one, feature)) for feature in one.features]
            for one in group.passes
        ]
        self.edges = [self._edges(one, instants) for one in group.passes]
        self.verdicts = {label: read_verdicts(warehouse, group.table, label) for label in group.verdicts}
        self.order = order_for(warehouse, group.table, key=group.key, columns=group.columns)
        own = catalogue.table(group.table).bucket_key == group.key
        self.bucketed = own or self.order != MAIN
        self.buckets, self.rows_of = self._rows_by_bucket()

    def _edges(self, one: Pass, instants: Ints) -> Edges:
        return find_edges(
            self.warehouse.zone, instants, spans=one.spans, delay=one.source.delay,
            coverage=self.warehouse.coverage(self.group.table), positions=self.positions,
        )  # fmt: skip

    def _rows_by_bucket(self) -> tuple[list[int | None], dict[int | None, Ints]]:
        """The asked rows of each bucket, sorted by (key, position)."""
        known = np.flatnonzero(self.keys != NO_SUBJECT)
        buckets = self.warehouse.buckets(self.group.table)
        position = [] if self.asked.seqs is None else [self.asked.seqs[known]]
        by = (*position, self.asked.cutoffs[known], self.keys[known])
        if not self.bucketed or buckets == 1:
            return [None], {None: known[np.lexsort(by)]}
        bucket = bucket_of(self.keys[known], buckets)
        order = np.lexsort((*by, bucket))
        counts = np.cumsum(np.bincount(bucket, minlength=buckets))[:-1]
        split = np.split(known[order], counts)
        filled: list[int | None] = [number for number in range(buckets) if len(split[number])]
        return filled, {number: split[number] for number in filled if number is not None}

    def run(self, bucket: int | None) -> None:
        """Reads one bucket and fills its rows of the result."""
        mine = self.rows_of[bucket]
        group = self.group
        rows = read_rows(
            self.warehouse, group.table, key=group.key, columns=group.columns, bucket=bucket, order=self.order
        )
        for one, edges, finishers in zip(group.passes, self.edges, self.finishers, strict=True):
            verdicts = self.verdicts.get(one.source.verdict_of or "", NO_VERDICTS)
            entries = make_entries(rows, one, verdicts)
            totals = self._totals(one, edges, entries, mine)
            covered = edges.covered[self.edge_rows[mine]]
            for place, read in finishers:
                values, defined = read(totals)
                self.columns.fill(place, mine, values, missing_outside(defined, covered[:, read.window]))

    def _totals(self, one: Pass, edges: Edges, entries: Entries, mine: Ints) -> Totals:
        """Runs the kernel over the asked rows of one bucket."""
        shape = (one.slots, len(one.spans), len(mine))
        plain = np.zeros((len(one.totals), *shape), np.int64)
        wide = np.zeros((2 * len(one.limbs), *shape), np.uint64)
        keys, edge_rows = self.keys[mine], self.edge_rows[mine]
        at_position = self.positions and one.source.delay is None
        seqs = self.asked.seqs[mine] if at_position and self.asked.seqs is not None else None
        items = number_items_of(entries)
        low, high, per_key = segments(entries.key, keys)
        kernel_for(per_key)(
            entries.event_time, entries.seq, entries.known_from, entries.known_until, entries.slot,
            entries.values if len(entries.values) else entries.event_time,  # unread without a measure
            items, days_of(self.warehouse, one, entries),
            low, high, edges.ends[edge_rows], np.full(len(mine), AT_INSTANT) if seqs is None else seqs,
            self.asked.knowledge[mine], edge_rows, edges.starts, edges.order,
            one.wanted, _ints(one.totals), _ints(one.limbs), plain, wide,
            item_count=int(items.max(initial=-1)) + 1,
        )  # fmt: skip
        return Totals(one, plain, wide, self.asked.cutoffs[mine], self.warehouse.zone)


def segments(entry_keys: Ints, keys: Ints) -> tuple[Ints, Ints, float]:
    """Where each asked key's entries begin and end (`keys` is sorted), and the rows asked per key."""
    new = np.ones(len(keys), np.bool_)
    new[1:] = keys[1:] != keys[:-1]
    first = np.flatnonzero(new)
    low, high = (np.searchsorted(entry_keys, keys[first], side) for side in ("left", "right"))
    which = np.cumsum(new) - 1
    return low[which], high[which], len(keys) / max(1, len(first))


def kernel_for(rows_per_key: float) -> Any:
    """Few rows a key are read from bands, many are slid over; the answers are the same."""
    if rows_per_key < DENSE:
        from bankmine.windows.kernel import snapshot_rows

        return snapshot_rows
    from bankmine.windows.sliding_kernel import slide_rows

    return slide_rows


def missing_outside(defined: NDArray[np.bool_], covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which values there are: what the entries define and the coverage holds."""
    return defined & covered


def number_items_of(entries: Entries) -> Ints:
    """Numbers of the different values of each key; empty where none are counted."""
    from bankmine.windows.tables_kernel import number_items

    return number_items(entries.key, entries.slot, entries.items) if len(entries.items) else entries.items


def days_of(warehouse: Readable, one: Pass, entries: Entries) -> Ints:
    """The civil day of each entry; empty where days are not counted."""
    from bankmine.windows.aggregates import Total

    return warehouse.zone.day_of(entries.event_time) if Total.DAYS in one.totals else np.zeros(0, np.int64)
