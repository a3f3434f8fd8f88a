"""From the warehouse to plain arrays: the rows of one bucket, sorted, each with when it counts.

Rows without the key, cancelled versions, versions never known last, and (under any key but the
customer's) the copies of joint owners other than the primary are left out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.bank.civil import Zone
from bankmine.bank.columns import MAIN, Table, Type
from bankmine.windows.versions import superseded_at

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


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


@dataclass(frozen=True)
class Values:
    """One column of n rows: int64 numbers, or int32 codes into `levels`.

    `present` is None where nothing is missing; the number under a missing value means nothing.
    """

    data: NDArray[Any]
    present: Bools | None = None
    levels: tuple[str, ...] | None = None

    def take(self, index: Ints | Bools) -> Values:
        """The chosen rows."""
        present = None if self.present is None else self.present[index]
        return Values(self.data[index], present, self.levels)


@dataclass(frozen=True)
class EventRows:
    """n rows of one table by key; each row counts in [known_from, known_until).

    The rows of `keys[i]` (k different keys, ascending) are `offsets[i]:offsets[i + 1]`, sorted by
    (event_time, seq, version key).
    """

    keys: Ints
    offsets: Ints
    event_time: Ints
    seq: Ints
    known_from: Ints
    known_until: Ints
    columns: dict[str, Values]

    def __len__(self) -> int:
        return len(self.event_time)

    @property
    def key(self) -> Ints:
        """The key of each row (n), made when asked."""
        return np.repeat(self.keys, np.diff(self.offsets))

    def take(self, index: Ints | Bools) -> EventRows:
        """The chosen rows, which must lie in the same order."""
        keys, offsets = by_key(self.key[index])
        return EventRows(
            keys, offsets, self.event_time[index], self.seq[index], self.known_from[index],
            self.known_until[index], {name: column.take(index) for name, column in self.columns.items()},
        )  # fmt: skip


def by_key(key: Ints) -> tuple[Ints, Ints]:
    """The different keys (k) of sorted rows, and the k + 1 places where their rows begin and end."""
    starts = np.flatnonzero(key[1:] != key[:-1]) + 1
    offsets = (
        np.concatenate(([0], starts, [len(key)])).astype(np.int64) if len(key) else np.zeros(1, np.int64)
    )
    return key[offsets[:-1]], offsets


def read_rows(
    warehouse: Readable,
    table: str,
    *,
    key: str,
    columns: Iterable[str],
    bucket: int | None,
    order: str = MAIN,
) -> EventRows:
    """The rows of one bucket (None: of all) of an order under a key, with the columns asked for."""
    declared = catalogue.table(table)
    primary_only = declared.per_owner and key != "customer_id"
    names = _needed(declared, key, [*columns, *(["is_primary"] if primary_only else [])])
    if order != MAIN and isinstance(warehouse, Projected):
        raw = warehouse.read(table, names, bucket=bucket, order=order)
    else:
        raw = warehouse.read(table, names, bucket=bucket)
    found = {name: column_values(declared, name, raw.column(name)) for name in names}
    version_key = [sortable(found[name]) for name in declared.version_key]
    known_from = found["known_at"].data
    known_until = superseded_at(version_key, known_from, found["load_number"].data)
    kept = (found["cancelled"].data == 0) & (known_from < known_until)
    if primary_only:
        kept &= found["is_primary"].data == 1
    if found[key].present is not None:
        kept &= found[key].present
    index = None if kept.all() else np.flatnonzero(kept)
    place = [found[name].data for name in (key, "event_time", "seq")]
    index = _in_order(
        [_chosen(one, index) for one in place], [_chosen(one, index) for one in version_key], index
    )
    keys, offsets = by_key(_chosen(place[0], index))
    return EventRows(
        keys, offsets, _chosen(place[1], index), _chosen(place[2], index), _chosen(known_from, index),
        _chosen(known_until, index),
        {name: found[name] if index is None else found[name].take(index) for name in columns},
    )  # fmt: skip


def read_parts(
    warehouse: Readable,
    table: str,
    *,
    key: str,
    columns: Iterable[str],
    bucket: int | None,
    order: str = MAIN,
) -> tuple[EventRows, ...]:
    """The rows of one bucket in one or two pieces; a key's rows are those in the last piece that holds it."""
    return (read_rows(warehouse, table, key=key, columns=columns, bucket=bucket, order=order),)


def _chosen(column: NDArray[Any], index: Ints | None) -> NDArray[Any]:
    return column if index is None else column[index]


def column_values(declared: Table, name: str, column: Any) -> Values:
    """An Arrow column as int64 numbers; int32 codes where it is text, bits of doubles where it is real."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    levels: tuple[str, ...] | None = None
    if pa.types.is_string(array.type):
        array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        levels = tuple(array.dictionary.to_pylist())
        array = array.indices
    present = None if array.null_count == 0 else np.asarray(pc.is_valid(array))
    if declared.column(name).type is Type.INSTANT:
        array = array.cast(pa.timestamp("us", tz="UTC")).view(pa.int64())
    elif pa.types.is_date32(array.type):
        array = array.view(pa.int32())
    elif declared.column(name).type is Type.REAL:
        array = array.view(pa.int64())
    array = array.cast(pa.int64() if levels is None else pa.int32())
    return Values(np.asarray(array if present is None else pc.fill_null(array, 0)), present, levels)


def sortable(values: Values) -> Ints:
    """Codes ranked as their texts sort, so that the order does not depend on the file."""
    if values.levels is None:
        return values.data
    rank = np.empty(len(values.levels), np.int64)
    rank[sorted(range(len(values.levels)), key=lambda code: values.levels[code])] = np.arange(len(rank))  # type: ignore[index]
    return rank[values.data] if len(rank) else values.data


def _in_order(place: Sequence[Ints], version_key: Sequence[Ints], index: Ints | None) -> Ints | None:
    """The index (None: all rows, as they lie) by place = (key, event_time, seq), ties by version key."""
    from bankmine.windows.tables_kernel import order_state

    state = order_state(*place)
    if state == 1:
        return index
    if state == 0:
        order = np.lexsort(tuple(reversed(place)))
        place, version_key = [one[order] for one in place], [one[order] for one in version_key]
        return _in_order(place, version_key, order if index is None else index[order])
    same = np.logical_and.reduce([one[1:] == one[:-1] for one in place])
    tied = np.zeros(len(place[0]), np.bool_)
    tied[1:] |= same
    tied[:-1] |= same
    at = np.flatnonzero(tied)
    run = np.cumsum(np.concatenate(([True], ~same)))[at]
    order = np.arange(len(place[0]))
    order[at] = at[np.lexsort((*[column[at] for column in reversed(version_key)], run))]
    if np.array_equal(order[at], at):
        return index
    return order if index is None else index[order]
