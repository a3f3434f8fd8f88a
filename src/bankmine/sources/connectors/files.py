"""Parquet files and tables of DuckDB files, read in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankmine.engine.duck import literal, quoted
from bankmine.errors import SourceError
from bankmine.sources.faults import told

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.extracts import Found


def attach_parquet(connection: duckdb.DuckDBPyConnection, found: Found) -> None:
    """A view over the extract's Parquet files; all must have the same columns."""
    paths = ", ".join(literal(str(path)) for path in found.files)
    names = ", ".join(path.name for path in found.files)
    with told(lambda error: _unreadable(names)):
        connection.execute(
            f"CREATE VIEW {quoted(found.name)} AS "
            f"SELECT * FROM read_parquet([{paths}], hive_partitioning = false)"
        )
        connection.execute(f"SELECT count(*) FROM {quoted(found.name)}").fetchall()


def _unreadable(names: str) -> SourceError:
    return SourceError(
        f"{names} cannot be read as Parquet",
        hint="The file is cut off or of another kind; have the extract delivered again.",
    )


def attach_duckdb(connection: duckdb.DuckDBPyConnection, found: Found) -> None:
    """A view over one table of a DuckDB file, opened read-only."""
    if len(found.files) != 1:
        raise SourceError(
            f"the extract {found.name} matches {len(found.files)} DuckDB files",
            hint="Name one file in mapping.toml.",
        )
    file, table = found.files[0], found.alternative.options["table"]
    catalogue = quoted(f"file_{found.name}")
    closed = SourceError(
        f"{file.name} cannot be opened as a DuckDB file",
        hint="Close other programs that write to it, or have it written by DuckDB 1.5 or older.",
    )
    with told(lambda error: closed):
        connection.execute(f"ATTACH {literal(str(file))} AS {catalogue} (READ_ONLY)")
    parts = ".".join(quoted(part) for part in table.split("."))
    lacking = SourceError(f"{file.name} has no table {table!r}", hint="Name the right table in mapping.toml.")
    with told(lambda error: lacking):
        connection.execute(f"CREATE VIEW {quoted(found.name)} AS SELECT * FROM {catalogue}.{parts}")
