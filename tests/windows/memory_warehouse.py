"""A warehouse in memory, for tests that need many small ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.bank import catalogue
from bankmine.bank.civil import Zone
from bankmine.bank.columns import Type
from bankmine.bank.hashing import bucket_of

DEFAULTS: dict[Type, Any] = {
    Type.KEY: 1,
    Type.CODE: "x",
    Type.INTEGER: 0,
    Type.MONEY: 0,
    Type.BOOLEAN: True,
    Type.INSTANT: 0,
}


@cache
def zone_named(name: str) -> Zone:
    """A time zone, made once: its table of changes takes a while."""
    return Zone(name)


def full_row(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with every column: what is given, else a default where required, else nothing."""
    declared = catalogue.table(table)
    filled: dict[str, Any] = {}
    for column in declared.all_columns:
        default = DEFAULTS[column.type] if column.required else None
        if default == "x" and column.allowed:
            default = column.allowed[0]
        filled[column.name] = default
    filled |= {"cancelled": False, "load_number": 1} | dict(row)
    filled.setdefault("known_at", filled["event_time"])
    if "known_at" not in row:
        filled["known_at"] = filled["event_time"]
    return filled


class MemoryWarehouse:
    """Rows given as dicts (instants in µs), served as `bank.warehouse.Warehouse` serves them."""

    def __init__(
        self,
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        coverage: tuple[int, int] | None,
        zone: str = "UTC",
        buckets: int = 2,
    ) -> None:
        self.raw = {name: [full_row(name, row) for row in some] for name, some in rows.items()}
        self.zone = zone_named(zone)
        self._coverage = coverage
        self._buckets = buckets

    def has(self, table: str) -> bool:
        return bool(self.raw.get(table))

    def rows(self, table: str) -> int:
        return len(self.raw.get(table, ()))

    def coverage(self, table: str) -> tuple[int, int] | None:
        return self._coverage

    def buckets(self, table: str) -> int:
        return self._buckets if catalogue.table(table).bucket_key else 1

    def read(self, table: str, columns: Sequence[str] | None = None, *, bucket: int | None = None) -> Any:
        declared = catalogue.table(table)
        names = list(columns) if columns is not None else [column.name for column in declared.all_columns]
        found = pa.Table.from_pylist(self.raw.get(table, []), schema=declared.schema())
        parts = [
            self._bucket(declared, found, b)
            for b in (range(self.buckets(table)) if bucket is None else [bucket])
        ]
        joined = pa.concat_tables(parts).select(names)
        for name in names:
            if declared.column(name).type is Type.CODE:
                at = joined.schema.get_field_index(name)
                joined = joined.set_column(at, name, joined.column(name).dictionary_encode())
        return joined

    def _bucket(self, declared: Any, found: pa.Table, bucket: int) -> pa.Table:
        key = declared.bucket_key
        if key is None or not found.num_rows:
            return found
        keys = found.column(key).fill_null(0).to_numpy()
        chosen = np.flatnonzero(bucket_of(keys, self._buckets) == bucket)
        order = [(name, "ascending") for name in (key, "event_time", "seq")]
        return found.take(chosen).sort_by(order)
