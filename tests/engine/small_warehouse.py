"""Hand-made small warehouses for tests: rows as dictionaries, times as a person writes them.

    bank = SmallWarehouse(tmp_path)
    bank.load(transaction=[dict(transaction_id=1, customer_id=7, event_time="2024-01-05", base_minor=500)])
    bank.load(transaction=[dict(transaction_id=1, customer_id=7, event_time="2024-01-05", base_minor=700,
                                known_at="2024-02-01")])   # a correction
    Session(bank.warehouse, as_of=bank.at("2024-01-20"))

Each `load` is one load with the next number. Times are civil times of the bank's zone ("2024-01-05" is
local midnight) or whole microseconds. Left out: `known_at` is the event's or version's own time, `seq` is
the first key, `cancelled` is false, required columns get a plain value.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Column, Kind, Table, Type
from bankmine.bank.hashing import pair_tokens
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing

Row = dict[str, Any]
_PLAIN: dict[str, Any] = {
    "is_primary": True, "cancelled": False, "direction": "out", "status": "booked", "currency": "CZK",
    "kind": "person", "role": "owner", "opened_on": "2000-01-01", "period_from": "2000-01-01",
    "subject_kind": "transaction", "label": "fraud", "verdict": "confirmed", "family": "current",
    "granted_on": "2000-01-01",
}  # fmt: skip


class SmallWarehouse:
    """A warehouse in a folder that a test fills load by load."""

    def __init__(self, folder: Path, *, zone: str = "Europe/Prague") -> None:
        self.folder = folder / "warehouse"
        Warehouse.create(self.folder, time_zone=zone, currency="CZK", key_identity="test")
        self.warehouse = Warehouse.open(self.folder)

    def at(self, text: str) -> int:
        """The instant of a civil date or time, in µs since 1970 UTC."""
        return self.warehouse.zone.parse(text)

    def load(
        self, *, coverage: tuple[str, str] | None = ("2000-01-01", "2030-01-01"), **tables: list[Row]
    ) -> Warehouse:
        """One load of rows; `coverage` is the period all its tables speak for."""
        period = (self.at(coverage[0]), self.at(coverage[1])) if coverage else None
        content = sha256(repr(tables).encode()).hexdigest()[:16]
        with writing(self.folder) as writer:
            number = writer.load_number
            for name, rows in tables.items():
                writer.append(name, self.arrow(name, rows))
            done = {
                name: TableLoad(rows=len(rows), read=len(rows), coverage=period)
                for name, rows in tables.items()
            }
            self.warehouse = writer.commit(
                Load(
                    number=number, load_id=content, mapping="hand-made",
                    content_hash=f"{content}-{number}", extract_date=None,
                    loaded_at="2024-01-01T00:00:00+00:00", tables=done,
                )
            )  # fmt: skip
        return self.warehouse

    def arrow(self, name: str, rows: list[Row]) -> pa.Table:
        """The rows in the table's schema, without load_number."""
        declared = bank_table(name)
        fields = [field for field in declared.schema() if field.name != "load_number"]
        full = [self._complete(declared, row) for row in rows]
        return pa.table(
            [pa.array([row[field.name] for row in full], field.type) for field in fields],
            schema=pa.schema(fields),
        )

    def _complete(self, declared: Table, row: Row) -> Row:
        unknown = set(row) - {column.name for column in declared.all_columns}
        assert not unknown, f"{declared.name} has no {unknown}"
        full: Row = {}
        for column in declared.all_columns:
            full[column.name] = self._value(declared, column, row)
        for column in declared.columns:
            parts = [full[name] for name in column.pair_of or ()]
            if parts and column.name not in row and None not in parts:
                full[column.name] = int(pair_tokens(*(np.array([part], np.int64) for part in parts))[0])
        return full

    def _value(self, declared: Table, column: Column, row: Row) -> Any:
        value = row[column.name] if column.name in row else self._default(declared, column, row)
        if isinstance(value, str) and column.type is Type.INSTANT:
            return self.at(value)
        if isinstance(value, str) and column.type is Type.DATE:
            return date.fromisoformat(value)
        if isinstance(value, str) and column.encrypted:
            return value.encode()
        return value

    def _default(self, declared: Table, column: Column, row: Row) -> Any:
        name = column.name
        if name == "known_at":
            own = {Kind.EVENT: "event_time", Kind.VERSIONED: "valid_from"}.get(declared.kind)
            return row.get(own, "2000-01-01") if own else "2000-01-01"
        if name in ("event_time", "valid_from"):
            return "2000-01-01"
        if name == "seq":
            key = row.get(declared.primary_key[0], 0)
            return key if isinstance(key, int) else 0
        if name == "amount_minor" and "base_minor" in row:
            return row["base_minor"]
        if not column.required:
            return None
        if name in _PLAIN:
            return _PLAIN[name]
        return {Type.CODE: "x", Type.BOOLEAN: False, Type.REAL: 0.0}.get(column.type, 0)
