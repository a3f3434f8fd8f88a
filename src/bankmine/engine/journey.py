"""One statement asked at many instants, of tables that are read once.

A `Session` knows one instant; opening one for each of thirty cutoffs reads the events and looks for their
last versions thirty times. A journey reads the columns its statement names into a temporary table, each
version with the interval of knowledge in which it is the last,

    [known_at, the next version's known_at)   of one version key, by (known_at, load_number)

so that "as known at K" is a comparison instead of a sort. It shows what a session `as_of=K, until=K` shows
(proved equal in the tests). Versioned and reference tables are small and are asked as a session asks them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bankmine.bank.catalogue import TABLES
from bankmine.bank.columns import OWNER_COLUMNS, SYSTEM_COLUMNS, Kind, Table
from bankmine.bank.warehouse import Warehouse
from bankmine.engine.duck import quoted
from bankmine.engine.session import Session
from bankmine.engine.views import KnownAt, parted, view_statements, view_tables

_STAR = re.compile(r"(?<!count\()\*", re.IGNORECASE)
_LATER = "known_until"


class Journey(Session):
    """A statement and the instants it is asked at; use it as a context manager."""

    def __init__(self, warehouse: Warehouse, sql: str, *, memory: str = "1GB", threads: int = 2) -> None:
        super().__init__(warehouse, memory=memory, threads=threads)
        self._sql = sql
        self._read: dict[str, Table] = {}

    def ask(self, at: int, parameters: Mapping[str, Any] | None = None) -> Any:
        """The statement's answer as known at an instant (µs since 1970 UTC), events before it only."""
        self.known_at = at
        self.known = KnownAt.instants(at, at, self.warehouse.manifest.time_zone)
        self._made.clear()
        return self.arrow(self._sql, parameters)

    def _make_view(self, view: str, table: str) -> None:
        declared = TABLES[table]
        if declared.kind is not Kind.EVENT or view.endswith("_versions"):
            super()._make_view(view, table)
            return
        kept = f"read_{table}"
        if table not in self._read:
            self._read[table] = self._keep(declared, kept)
        last = f"(SELECT * FROM {kept} WHERE {_LATER} IS NULL OR {_LATER} > {self.known.known})"
        for statement in view_statements(self._read[table], last, self.known, has_versions=False):
            self._connection.execute(statement)
        self._made |= {
            name for name, owner in view_tables().items() if owner == table and not name.endswith("_versions")
        }

    def _keep(self, declared: Table, kept: str) -> Table:
        """Reads the columns the statement names, with the end of each version's knowledge; what it read."""
        narrow = self._narrowed(declared)
        source = self._source(declared.name)
        columns = ", ".join(quoted(column.name) for column in narrow.all_columns)
        rows = f"SELECT {columns}, CAST(NULL AS TIMESTAMPTZ) AS {_LATER} FROM {source}"
        corrected = self._corrected(declared.name)
        if corrected:
            alone, several = parted(declared, corrected)
            key = ", ".join(quoted(name) for name in declared.version_key)
            later = f"lead(known_at) OVER (PARTITION BY {key} ORDER BY known_at, load_number)"
            rows = f"{rows} {alone} UNION ALL SELECT {columns}, {later} FROM {source} {several}"
        self._connection.execute(f"CREATE TEMP TABLE {kept} AS {rows}")
        return narrow

    def _narrowed(self, declared: Table) -> Table:
        """The table with the columns the statement may need: all of them where it selects *."""
        if _STAR.search(self._sql):
            return declared
        words = set(re.findall(r"\w+", self._sql))
        needed = words | {*declared.version_key, *OWNER_COLUMNS}
        needed |= {one.name for one in SYSTEM_COLUMNS[declared.kind]}
        needed |= {str(one.known_by) for one in declared.columns if one.name in needed and one.known_by}
        return replace(declared, columns=tuple(one for one in declared.columns if one.name in needed))
