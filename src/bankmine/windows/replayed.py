"""The events a replay stands before: of each the first version that was ever known and not cancelled.

Where versions of one event lie in one bucket they are found bucket by bucket, so what is held is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.columns import Table, Type
from bankmine.errors import UsageError
from bankmine.windows.reading.reader import Readable, Values, column_values, sortable
from bankmine.windows.reading.versions import first_known, superseded_at

Ints = NDArray[np.int64]
_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Replayed:
    """n events sorted by (event_time, seq, version key): the Arrow columns shown, and numbers of them."""

    shown: Any
    keys: dict[str, Values]
    event_time: Ints
    seq: Ints
    known_at: Ints


def read_replayed(
    warehouse: Readable,
    declared: Table,
    keys: Sequence[str],
    *,
    since: int | None,
    until: int | None,
    threads: int,
) -> Replayed:
    """The events of a table with `since ≤ event_time < until` (µs; None: no bound).

    Shown are the primary key, the `keys`, event_time, seq and known_at. Of a table with a row for each
    owner only the primary owner's rows are events, and an event that changed its primary owner is its first
    version under any. UsageError for a key the table does not have.
    """
    import pyarrow as pa

    for name in keys:
        if not declared.has(name) or declared.column(name).type is not Type.KEY:
            raise UsageError(
                f"{declared.name} has no key {name!r} to replay by", hint="Ask features of its own keys."
            )
    shown = list(dict.fromkeys([*declared.primary_key, *keys, "event_time", "seq", "known_at"]))
    names = list(dict.fromkeys([*shown, *_told(declared)]))
    one_bucket = declared.bucket_key in declared.version_key
    buckets: list[int | None] = list(range(warehouse.buckets(declared.name))) if one_bucket else [None]

    def read(bucket: int | None) -> tuple[Any, Any]:
        return _first_versions(warehouse, declared, names, bucket, since, until)

    inside, outside = zip(*each(read, buckets, threads), strict=True)
    rows = pa.concat_tables(inside).unify_dictionaries().combine_chunks()
    if declared.per_owner:
        rows = _once(declared, rows, pa.concat_tables(outside).combine_chunks())
    order = pa.array(_in_order(declared, rows))
    columns = each(lambda name: rows.column(name).take(order), shown, threads)
    rows = pa.table(dict(zip(shown, columns, strict=True)))
    found = {
        name: column_values(declared, name, rows.column(name))
        for name in (*keys, "event_time", "seq", "known_at")
    }
    return Replayed(
        rows, {name: found[name] for name in keys},
        *(found[name].data for name in ("event_time", "seq", "known_at")),
    )  # fmt: skip


def each(work: Callable[[_Item], _Made], items: Iterable[_Item], threads: int) -> list[_Made]:
    """What the work makes of each item, in order, on several threads."""
    if threads == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def _first_versions(
    warehouse: Readable,
    declared: Table,
    names: Sequence[str],
    bucket: int | None,
    since: int | None,
    until: int | None,
) -> tuple[Any, Any]:
    """The Arrow columns `names` of the events of one bucket (None: of all), and what tells others apart.

    The others, outside the bounds, matter where an event has a version under another owner.
    """
    system = ["event_time", "known_at", "cancelled", "load_number"]
    system += ["is_primary"] if declared.per_owner else []
    raw = warehouse.read(declared.name, list(dict.fromkeys([*names, *system])), bucket=bucket)
    found = {
        name: column_values(declared, name, raw.column(name)) for name in (*system, *declared.version_key)
    }
    first = _first_known(declared, found)
    times = found["event_time"].data
    chosen = first.copy() if since is None else first & (times >= since)
    chosen &= True if until is None else times < until
    rows, told = raw.select(names), raw.select(_told(declared))
    others = told.take(np.flatnonzero(first & ~chosen)) if declared.per_owner else told.slice(0, 0)
    return rows if chosen.all() else rows.take(np.flatnonzero(chosen)), others


def _told(declared: Table) -> list[str]:
    """The columns that say which version of an event under several owners is the first."""
    return list(dict.fromkeys([*declared.version_key, *declared.primary_key, "known_at", "load_number"]))


def _once(declared: Table, rows: Any, others: Any) -> Any:
    """The rows without those of events that were known earlier under another primary owner."""
    import pyarrow as pa

    names = _told(declared)
    both = pa.concat_tables([rows.select(names), others]).combine_chunks()
    found = {name: sortable(column_values(declared, name, both.column(name))) for name in names}
    first = first_known(
        [found[name] for name in declared.primary_key], found["known_at"], found["load_number"],
        np.ones(len(both), np.bool_), ties=[found[name] for name in declared.version_key],
    )[: len(rows)]  # fmt: skip
    return rows if first.all() else rows.take(np.flatnonzero(first))


def _first_known(declared: Table, found: dict[str, Values]) -> NDArray[np.bool_]:
    """The first version of each event that was ever known, not cancelled, and the primary owner's."""
    known_at, load_number = found["known_at"].data, found["load_number"].data
    version_key = [sortable(found[name]) for name in declared.version_key]
    kept = (found["cancelled"].data == 0) & (known_at < superseded_at(version_key, known_at, load_number))
    if declared.per_owner:
        kept &= found["is_primary"].data == 1
    return first_known(version_key, known_at, load_number, kept)


def _in_order(declared: Table, rows: Any) -> Ints:
    """The order by (event_time, seq, version key), of which the first decides nearly always."""
    times = column_values(declared, "event_time", rows.column("event_time")).data
    order = np.argsort(times)
    ascending = times[order]
    same = ascending[1:] == ascending[:-1]
    tied = np.zeros(len(order), np.bool_)
    tied[1:] |= same
    tied[:-1] |= same
    at = np.flatnonzero(tied)
    if len(at):
        names = ("event_time", "seq", *declared.version_key)
        few = rows.select(list(dict.fromkeys(names))).take(order[at])
        columns = [sortable(column_values(declared, name, few.column(name))) for name in names]
        order[at] = order[at][np.lexsort(list(reversed(columns)))]
    return order.astype(np.int64, copy=False)
