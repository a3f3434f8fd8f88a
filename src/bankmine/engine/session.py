"""A session: SQL over the bank tables, as known at one instant.

Each bank table the warehouse holds is a view that already obeys the rule of time: the last version known
by `as_of`, cancelled rows gone, outcome columns null until they were known, nothing at or after `until`.
Every statement that ran is kept, so that a report can show it beside the number it produced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

from bankmine.bank.catalogue import TABLES
from bankmine.bank.columns import Kind, Table
from bankmine.bank.warehouse import Warehouse
from bankmine.engine.duck import connect, literal, quoted
from bankmine.engine.views import KnownAt, corrected_keys, view_statements, view_tables
from bankmine.errors import UsageError, WarehouseError

if TYPE_CHECKING:
    from types import TracebackType

GLIMPSED = 2_000_000  # rows from which a table is large

# The keys of a table of a warehouse's state that have several rows; a state never changes: asked once.
_SEEN: WeakKeyDictionary[Warehouse, dict[str, Any]] = WeakKeyDictionary()


class Session:
    """A connection over one state of a warehouse; use it as a context manager.

    `as_of` is the knowledge time in µs since 1970 UTC (None: everything known). `until` cuts events with
    `event_time ≥ until` and chooses the versions valid at that instant (None: no cut, all versions).
    Views: the bank tables by name (`transaction` shows primary owners' rows), `customer_<table>` with
    every owner's rows, and `<table>_versions` with all rows as they were written.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        as_of: int | None = None,
        *,
        until: int | None = None,
        memory: str = "1GB",
        threads: int = 2,
    ) -> None:
        self.warehouse = warehouse
        self.known_at = as_of
        self.known = KnownAt.instants(as_of, until, warehouse.manifest.time_zone)
        self.statements: list[str] = []
        self._connection = connect(memory=memory, threads=threads, spill=warehouse.folder / ".spill")
        self._made: set[str] = set()
        self._registered: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def register(self, name: str, rows: Any) -> None:
        """Makes an Arrow table readable by SQL under that name."""
        self._connection.register(name, rows)
        self._registered.add(name)

    def view(self, name: str, sql: str) -> None:
        """Names a SELECT for the statements that follow; it is kept among the statements."""
        self._prepare_views(sql)
        self._execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {sql.strip()}", {})
        self._registered.add(name)

    def arrow(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Runs one statement and returns an Arrow table; parameters are `$name` in the SQL.

        UsageError where it reads a bank table that holds no rows.
        """
        self._prepare_views(sql)
        return self._execute(sql.strip(), dict(parameters or {})).to_arrow_table()

    def _execute(self, statement: str, parameters: dict[str, Any]) -> Any:
        import duckdb

        self.statements.append(statement)
        try:
            return self._connection.execute(statement, parameters)
        except duckdb.CatalogException as error:
            name = view_tables().get(_missing_name(str(error)))
            if name is None:
                raise
            raise UsageError(
                f"this bank has no rows in the table {name}",
                hint="Load an extract that fills it, or leave that part out.",
            ) from None

    def scalar(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first value of the first row."""
        return self.arrow(sql, parameters).column(0)[0].as_py()

    def _prepare_views(self, sql: str) -> None:
        words = set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", sql))
        for view, table in view_tables().items():
            if view not in words or view in self._made or view in self._registered:
                continue
            if not self.warehouse.has(table):
                continue
            self._make_view(view, table)

    def _make_view(self, view: str, table: str) -> None:
        source = self._source(table)
        if view.endswith("_versions") and view not in TABLES:
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {source}")
            self._made.add(view)
            return
        declared = TABLES[table]
        corrected = self._corrected(table)
        has_versions = declared.kind is not Kind.EVENT or corrected is not None
        for statement in view_statements(declared, source, self.known, has_versions, corrected):
            self._make(statement, table)
        self._made |= {
            name for name, owner in view_tables().items() if owner == table and not name.endswith("_versions")
        }

    def _make(self, statement: str, table: str) -> None:
        """Makes a view; WarehouseError where files are older than a column of the table."""
        import duckdb

        try:
            self._connection.execute(statement)
        except duckdb.BinderException as error:
            match = re.search(r'column "(\w+)" not found', str(error))
            if match is None or not TABLES[table].has(match.group(1)):
                raise
            raise WarehouseError(
                f"files of {table} were written before its column {match.group(1)} was declared",
                hint="Load the extracts into a new bank.",
            ) from None

    def _source(self, table: str, bucket: int | None = None) -> str:
        """All rows of a table as they were written, of one bucket or all, as SQL."""
        paths = ", ".join(literal(path) for path in self.warehouse.paths(table, bucket=bucket))
        return f"read_parquet([{paths}], hive_partitioning = false)"

    def _corrected(self, table: str) -> str | None:
        """The relation of an event table's version keys that have several rows; None where none has.

        Versions of one key lie in one bucket where the key names what buckets are made by: then never more
        than a bucket's keys are in memory.
        """
        declared = TABLES[table]
        if declared.kind is not Kind.EVENT:
            return None
        seen = _SEEN.setdefault(self.warehouse, {})
        if table not in seen:
            seen[table] = self._keys_of_several(declared)
        if not seen[table].num_rows:
            return None
        name = f"corrected_{table}"
        if name not in self._registered:
            self.register(name, seen[table])
        return name

    def _keys_of_several(self, declared: Table) -> Any:
        import pyarrow as pa

        buckets: list[int | None] = [None]
        if declared.bucket_key in declared.version_key:
            every = range(self.warehouse.buckets(declared.name))
            buckets = [one for one in every if self.warehouse.files(declared.name, bucket=one)]
        statements = (corrected_keys(declared, self._source(declared.name, one)) for one in buckets)
        return pa.concat_tables([self._connection.execute(one).to_arrow_table() for one in statements])


class Glimpse(Session):
    """A session that sees one bucket of each large event table, to find cheaply what a table holds.

    What it shows the whole table shows too: `is_part` of a table only where the versions of a key lie in one
    bucket, so that no other bucket corrects or withdraws what is seen.
    """

    def is_part(self, table: str) -> bool:
        """Whether only a part of the table is seen."""
        declared = TABLES[table]
        whole = declared.bucket_key is None or declared.bucket_key not in declared.version_key
        return not whole and self.warehouse.rows(table) > GLIMPSED

    def _source(self, table: str, bucket: int | None = None) -> str:
        if bucket is None and self.is_part(table):
            every = range(self.warehouse.buckets(table))
            bucket = next(one for one in every if self.warehouse.files(table, bucket=one))
        return super()._source(table, bucket)


def _missing_name(message: str) -> str:
    match = re.search(r"Table with name (\w+) does not exist", message)
    return match.group(1) if match else ""
