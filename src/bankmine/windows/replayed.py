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
    owner only the primary owner's rows are events. UsageError for a key the table does not have.
    """
    import pyarrow as pa

    for name in keys:
        if not declared.has(name) or declared.column(name).type is not Type.KEY:
            raise UsageError(
                f"{declared.name} has no key {name!r} to replay by", hint="Ask features of its own keys."
            )
    shown = list(dict.fromkeys([*declared.primary_key, *keys, "event_time", "seq", "known_at"]))
    names = list(dict.fromkeys([*shown, *declared.version_key]))
    one_bucket = declared.bucket_key in declared.version_key
    buckets: list[int | None] = list(range(warehouse.buckets(declared.name))) if one_bucket else [None]

    def read(bucket: int | None) -> Any:
        return _first_versions(warehouse, declared, names, bucket, since, until)

    rows = pa.concat_tables(each(read, buckets, threads)).unify_dictionaries()
    rows = rows.combine_chunks()
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
) -> Any:
    """The Arrow columns `names` of the events of one bucket (None: of all)."""
    system = ["event_time", "known_at", "cancelled", "load_number"]
    system += ["is_primary"] if declared.per_owner else []
    raw = warehouse.read(declared.name, list(dict.fromkeys([*names, *system])), bucket=bucket)
    found = {
        name: column_values(declared, name, raw.column(name)) for name in (*system, *declared.version_key)
    }
    chosen = _first_known(declared, found)
    times = found["event_time"].data
    chosen &= True if since is None else times >= since
    chosen &= True if until is None else times < until
    rows = raw.select(names)
    return rows if chosen.all() else rows.take(np.flatnonzero(chosen))


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
