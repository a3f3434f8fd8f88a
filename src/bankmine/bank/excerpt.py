"""An excerpt of a warehouse: what one task on another machine needs to know of it.

The manifest of a large bank names hundreds of thousands of files; a task reads those of one bucket. An
excerpt answers every question about the tables it covers as the whole would, and refuses to read a bucket
it does not cover, so that a task can never take a missing file for an empty one. It can be pickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bankmine.bank.columns import MAIN
from bankmine.bank.manifest import DataFile, TableState
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import WarehouseError


class Excerpt(Warehouse):
    """One bucket of each of some tables (None: all its buckets) of one state of a warehouse."""

    def __init__(self, whole: Warehouse, covered: Mapping[str, int | None]) -> None:
        states = {name: whole.state(name) for name in covered}
        kept = {name: _cut(state, covered[name]) for name, state in states.items() if state}
        super().__init__(whole.folder, replace(whole.manifest, loads=(), retired=(), tables=kept))
        self.keeps, self.store = whole.keeps, whole.store
        self.covered = dict(covered)
        self._rows = {name: whole.rows(name) for name in covered}
        self._orders = {name: {file.order for file in state.files} for name, state in states.items() if state}

    def rows(self, table: str) -> int:
        """Rows of the table in the whole warehouse."""
        self._check(table)
        return self._rows[table]

    def has_order(self, table: str, key: str) -> bool:
        """Whether the whole warehouse keeps the table in the order of `key`."""
        self._check(table)
        return key != MAIN and key in self._orders.get(table, ())

    def files(self, table: str, *, bucket: int | None = None, order: str = MAIN) -> list[DataFile]:
        """The files of a bucket; WarehouseError for one that is not covered."""
        self._check(table)
        if self.covered[table] is not None and bucket != self.covered[table]:
            raise WarehouseError(
                f"a task that holds bucket {self.covered[table]} of {table} asked for {_named(bucket)}",
                hint="This is a fault in bankmine; set engine.name to duckdb and report it.",
            )
        return super().files(table, bucket=bucket, order=order)

    def _check(self, table: str) -> None:
        if table not in self.covered:
            raise WarehouseError(
                f"a task that holds {', '.join(self.covered)} asked for {table}",
                hint="This is a fault in bankmine; set engine.name to duckdb and report it.",
            )


def _named(bucket: int | None) -> str:
    return "the whole table" if bucket is None else f"bucket {bucket}"


def _cut(state: TableState, bucket: int | None) -> TableState:
    if bucket is None or state.buckets is None:
        return state
    return replace(state, files=tuple(file for file in state.files if file.bucket in (None, bucket)))
