"""From the warehouse to plain arrays: the rows of one bucket, sorted, each with when it counts.

Rows without the key, cancelled versions, versions never known last, and (under any key but the
customer's) the copies of joint owners other than the primary are left out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bankmine.bank import catalogue
from bankmine.bank.civil import Zone
from bankmine.bank.columns import MAIN, Table
from bankmine.bank.warehouse import Warehouse
from bankmine.windows.reading.kept import kept_parts
from bankmine.windows.reading.moved import moved_versions, withdraw_moved
from bankmine.windows.reading.raw import kept_names, raw_rows, settle
from bankmine.windows.reading.rows import (
    Bools,
    EventRows,
    Ints,
    Values,
    by_key,
    column_values,
    sortable,
    tied_places,
)
from bankmine.windows.reading.versions import never_counts, superseded_at

__all__ = [
    "Bools", "EventRows", "Ints", "Projected", "Readable", "Values", "by_key", "column_values",
    "order_for", "read_parts", "read_rows", "sortable",
]  # fmt: skip


class Readable(Protocol):
    """What windows need of a warehouse."""

    @property
    def zone(self) -> Zone:
        """The bank's time zone."""

    def has(self, table: str) -> bool:
        """Whether the table holds any row."""

    def coverage(self, table: str) -> tuple[int, int] | None:
        """The period [from, to) in µs the loads speak for."""

    def buckets(self, table: str) -> int:
        """Number of buckets."""

    def read(self, table: str, columns: Sequence[str] | None = None, *, bucket: int | None = None) -> Any:
        """An Arrow table of all loads' raw rows."""


@runtime_checkable
class Projected(Readable, Protocol):
    """A warehouse that also keeps tables in second orders."""

    def has_order(self, table: str, key: str) -> bool:
        """Whether the table's rows are also kept in the order of `key`."""

    def read(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        bucket: int | None = None,
        order: str = "main",
    ) -> Any:
        """An Arrow table of all loads' raw rows, in one of the orders."""


def order_for(warehouse: Readable, table: str, *, key: str, columns: Iterable[str]) -> str:
    """The projection by the key where the warehouse has it with every column needed, else "main"."""
    if not isinstance(warehouse, Projected) or not warehouse.has_order(table, key):
        return MAIN
    held = set(catalogue.table(table).projected(key))
    return key if held.issuperset(_needed(catalogue.table(table), key, columns)) else MAIN


def _needed(declared: Table, key: str, columns: Iterable[str]) -> list[str]:
    """The columns to read: those asked for, and what says which rows count and when."""
    system = ["event_time", "seq", "known_at", "cancelled", "load_number", key, *declared.version_key]
    return list(dict.fromkeys([*system, *columns]))


def read_rows(
    warehouse: Readable,
    table: str,
    *,
    key: str,
    columns: Iterable[str],
    bucket: int | None,
    order: str = MAIN,
) -> EventRows:
    """The rows of one bucket (None: of all) of an order under a key, with the columns asked for.

    Read from the Parquet files. Every key with a row is there, also one whose rows are all withdrawn.
    """
    declared, asked = catalogue.table(table), list(columns)
    bucket = _only_bucket(warehouse, table) if bucket is None else bucket
    primary_only = declared.per_owner and key != "customer_id"  # projections hold no other rows
    if (primary_only and order == MAIN) or not _is_local(declared, key, bucket, order):
        return _read_apart(warehouse, declared, key, asked, bucket, primary_only=primary_only)
    names = _needed(declared, key, asked)
    if order != MAIN and isinstance(warehouse, Projected):
        found = warehouse.read(table, names, bucket=bucket, order=order)
    else:
        found = warehouse.read(table, names, bucket=bucket)
    rows, _ = settle(raw_rows(declared, key, kept_names(declared, key, asked), found), declared, key)
    return _without_moved(warehouse, declared, key, order, rows).select(asked)


def read_parts(
    warehouse: Readable,
    table: str,
    *,
    key: str,
    columns: Iterable[str],
    bucket: int | None,
    order: str = MAIN,
) -> tuple[EventRows, ...]:
    """The rows of one bucket in one or two pieces; a key's rows are those in the last piece that holds it.

    As `read_rows`, but from columns kept in memory-mapped files where the warehouse keeps them (`keeps`).
    """
    declared, asked = catalogue.table(table), list(columns)
    bucket = _only_bucket(warehouse, table) if bucket is None else bucket
    if bucket is None or not isinstance(warehouse, Warehouse) or not _is_local(declared, key, bucket, order):
        return (read_rows(warehouse, table, key=key, columns=asked, bucket=bucket, order=order),)
    more = [] if _holds_versions(declared, order) else [*kept_names(declared, key, []), "load_number"]
    pieces = kept_parts(warehouse, declared, key=key, columns=[*asked, *more], bucket=bucket, order=order)
    if not pieces:  # a bucket without files
        return (read_rows(warehouse, table, key=key, columns=asked, bucket=bucket, order=order),)
    return tuple(_without_moved(warehouse, declared, key, order, one).select(asked) for one in pieces)


def _only_bucket(warehouse: Readable, table: str) -> int | None:
    """The bucket that is the whole table; None where there are more."""
    return 0 if warehouse.buckets(table) == 1 else None


def _is_local(declared: Table, key: str, bucket: int | None, order: str) -> bool:
    """Whether a bucket is read in the order of the key, so that versions of an event lie under one key."""
    return bucket is not None and key == (declared.bucket_key if order == MAIN else order)


def _holds_versions(declared: Table, order: str) -> bool:
    """Whether the order holds all versions of an event under each of its keys.

    Projections do. The main order does where the version key holds the bucket's key; else a correction may
    have moved an event to another customer.
    """
    return order != MAIN or declared.bucket_key in declared.version_key


def _without_moved(warehouse: Readable, declared: Table, key: str, order: str, rows: EventRows) -> EventRows:
    """The rows, those ended whose event a correction moved to another key."""
    if _holds_versions(declared, order):
        return rows
    return withdraw_moved(rows, declared, key, moved_versions(warehouse, declared))


def _read_apart(
    warehouse: Readable,
    declared: Table,
    key: str,
    columns: list[str],
    bucket: int | None,
    *,
    primary_only: bool,
) -> EventRows:
    """Rows read in another order than the key's: versions are told apart in all that is read."""
    names = _needed(declared, key, [*columns, *(["is_primary"] if primary_only else [])])
    raw = warehouse.read(declared.name, names, bucket=bucket)
    found = {name: column_values(declared, name, raw.column(name)) for name in names}
    version_key = [sortable(found[name]) for name in declared.version_key]
    known_from, load_number = found["known_at"].data, found["load_number"].data
    known_until = superseded_at(version_key, known_from, load_number)
    kept = ~never_counts(known_from, known_until, found["cancelled"].data != 0)
    if primary_only:
        kept &= found["is_primary"].data == 1
    present = found[key].present
    if present is not None:
        kept &= present
    index = np.flatnonzero(kept)
    place = [found[name].data for name in (key, "event_time", "seq")]
    order = np.lexsort([one[index] for one in reversed(place)])
    at = tied_places([one[index][order] for one in place])
    if len(at):
        by = [one[index[order[at]]] for one in (*place, *version_key, known_from, load_number)]
        order[at] = order[at][np.lexsort(tuple(reversed(by)))]
    index = index[order]
    keys, offsets = by_key(place[0][index])
    return EventRows(
        keys, offsets, place[1][index], place[2][index], known_from[index], known_until[index],
        {name: found[name].take(index) for name in columns},
    )  # fmt: skip
