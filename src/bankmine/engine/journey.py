"""One statement asked at many instants, of tables that are read once.

A `Session` knows one instant; opening one for each of thirty cutoffs reads the events and looks for their
last versions thirty times. A journey reads the columns its statement names into a temporary table, each
version with the interval of knowledge in which it is the last,

    [known_at, the next version's known_at)   of one version key, by (known_at, load_number)

so that "as known at K" is a comparison instead of a sort. It shows what a session `as_of=K, until=K` shows
(proved equal in the tests). Versioned and reference tables are small and are asked as a session asks them.

A journey of some customers reads their events alone, and from a table of accounts those of every owner of
an account they own, so that a joint account has as many owners as it has. Rows that were ever corrected are
few and are all read: a correction may move an event to another account. `alone`: the statement sees the
rows of those customers and no others, so that what it says of everybody (a quantile, a share) is said of
them, and the other buckets of a table are not read.

A table that would take more than twice the memory is not kept: writing it to the disk and reading it back
at every instant costs more than reading the few columns of the files again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.catalogue import TABLES
from bankmine.bank.columns import OWNER_COLUMNS, SYSTEM_COLUMNS, Kind, Table, Type
from bankmine.bank.hashing import bucket_of
from bankmine.bank.warehouse import Warehouse
from bankmine.engine.duck import literal, quoted
from bankmine.engine.session import Session
from bankmine.engine.views import KnownAt, parted, view_statements, view_tables

# Every column is asked for: `SELECT *`, `t.*`, `, *`; not `count(*)`, nor a product.
_STAR = re.compile(r"(?:\bSELECT(?:\s+DISTINCT)?\s+|,\s*|\.|\bCOLUMNS\s*\(\s*)\*", re.IGNORECASE)
_LATER = "known_until"
_SOME = "journey_customers"
_TIMES_MEMORY = 2
_WIDTH = {Type.CODE: 16, Type.BOOLEAN: 1, Type.DATE: 4}  # bytes DuckDB keeps of a value, 8 of all others
_UNITS = {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


class Journey(Session):
    """A statement and the instants it is asked at; use it as a context manager.

    `customers` (keys; None: all) are those the answer is wanted for. Of others some events are missing: what
    the statement says of them does not count; with `alone` it does not see them.
    """

    def __init__(
        self, warehouse: Warehouse, sql: str, *, memory: str = "1GB", threads: int = 2,
        customers: NDArray[np.int64] | None = None, alone: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(warehouse, memory=memory, threads=threads)
        self._sql, self._some = sql, customers is not None
        self._alone = customers if alone else None
        self._read: dict[str, Table] = {}
        if customers is not None:
            import pyarrow as pa

            self.register(_SOME, pa.table({"customer_id": customers}))

    def ask(self, at: int, parameters: Mapping[str, Any] | None = None) -> Any:
        """The statement's answer as known at an instant (µs since 1970 UTC), events before it only."""
        self.known_at = at
        self.known = KnownAt.instants(at, at, self.warehouse.manifest.time_zone)
        self._made.clear()
        return self.arrow(self._sql, parameters)

    def _make_view(self, view: str, table: str) -> None:
        declared = TABLES[table]
        if declared.kind is not Kind.EVENT or view.endswith("_versions") or not self._fits(declared):
            super()._make_view(view, table)
            return
        kept = f"read_{table}"
        if table not in self._read:
            self._read[table] = self._keep(declared, kept)
        last = f"(SELECT * FROM {kept} WHERE {_LATER} IS NULL OR {_LATER} > {self.known.known})"
        for statement in view_statements(self._read[table], last, self.known, has_versions=False):
            self._make(statement, table)
        self._made |= {
            name for name, owner in view_tables().items() if owner == table and not name.endswith("_versions")
        }

    def _keep(self, declared: Table, kept: str) -> Table:
        """Reads the columns the statement names, with the end of each version's knowledge; what it read."""
        narrow = self._narrowed(declared)
        source = self._source(declared.name)
        mine = source if self._alone is None else self._source_alone(declared, self._alone)
        columns = ", ".join(quoted(column.name) for column in narrow.all_columns)
        rows = f"SELECT {columns}, CAST(NULL AS TIMESTAMPTZ) AS {_LATER} FROM {mine}"
        wanted = self._wanted(declared, source)
        corrected = self._corrected(declared.name)
        if not corrected:
            rows = f"{rows} {wanted}"
        else:
            alone, several = parted(declared, corrected)
            key = ", ".join(quoted(name) for name in declared.version_key)
            later = f"lead(known_at) OVER (PARTITION BY {key} ORDER BY known_at, load_number)"
            rows = f"{rows} {alone} {wanted} UNION ALL SELECT {columns}, {later} FROM {source} {several}"
        self._connection.execute(f"CREATE TEMP TABLE {kept} AS {rows}")
        return narrow

    def _make(self, statement: str, table: str) -> None:
        """Makes a view, alone of the rows of the wanted customers where no others are to be seen."""
        if self._alone is not None and TABLES[table].has("customer_id"):
            name, _, rows = statement.partition(" AS ")
            statement = f"{name} AS FROM ({rows}) WHERE customer_id IN (FROM {_SOME})"
        super()._make(statement, table)

    def _source(self, table: str, bucket: int | None = None) -> str:
        source, declared = super()._source(table, bucket), TABLES[table]
        if self._alone is None or declared.kind is Kind.EVENT or "customer_id" not in declared.primary_key:
            return source
        return f"(FROM {source} WHERE customer_id IN (FROM {_SOME}))"  # no version has another customer

    def _source_alone(self, declared: Table, customers: NDArray[np.int64]) -> str:
        """The rows as they were written of the buckets the customers' events lie in."""
        if declared.bucket_key != "customer_id" or not len(customers):
            return self._source(declared.name)
        buckets = np.unique(bucket_of(customers, self.warehouse.buckets(declared.name))).tolist()
        paths = [path for one in buckets for path in self.warehouse.paths(declared.name, bucket=one)]
        if not paths:
            return self._source(declared.name)
        return f"read_parquet([{', '.join(map(literal, paths))}], hive_partitioning = false)"

    def _fits(self, declared: Table) -> bool:
        """Whether what is read of the table is worth keeping; of some customers it always is."""
        width = sum(_WIDTH.get(one.type, 8) for one in self._narrowed(declared).all_columns) + 8
        return self._some or self.warehouse.rows(declared.name) * width <= _TIMES_MEMORY * self._memory

    @cached_property
    def _memory(self) -> float:
        """Bytes DuckDB may use."""
        said = str(self._connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])
        number, unit = said.split()
        return float(number) * _UNITS[unit.upper()]

    def _wanted(self, declared: Table, source: str) -> str:
        """The WHERE that leaves out events the answer for the wanted customers does not need."""
        if not self._some or not declared.has("customer_id"):
            return ""
        mine = f"customer_id IN (SELECT customer_id FROM {_SOME})"
        if self._alone is not None:
            return f"WHERE {mine}"
        if declared.per_owner:
            return f"WHERE {mine} OR account_id IN (SELECT account_id FROM {source} WHERE {mine})"
        return f"WHERE customer_id IS NULL OR {mine}"

    def _narrowed(self, declared: Table) -> Table:
        """The table with the columns the statement may need: all of them where it selects *."""
        if _STAR.search(self._sql):
            return declared
        words = set(re.findall(r"\w+", self._sql))
        needed = words | {*declared.version_key, *OWNER_COLUMNS}
        needed |= {one.name for one in SYSTEM_COLUMNS[declared.kind]}
        needed |= {str(one.known_by) for one in declared.columns if one.name in needed and one.known_by}
        return replace(declared, columns=tuple(one for one in declared.columns if one.name in needed))
