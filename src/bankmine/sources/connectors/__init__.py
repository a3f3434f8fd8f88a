"""Reads extracts into one DuckDB connection, each under its own name.

One leaf module a kind of source; `attach` chooses. Every reader says how many rows it found and which
lines of a text file could not be read. Start at `attach`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bankmine.errors import SourceError
from bankmine.sources.connectors import csvfile, files, postgresql
from bankmine.sources.extracts import file_hash

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.connectors.csvfile import BrokenLine
    from bankmine.sources.extracts import Found


@dataclass(frozen=True, kw_only=True)
class Attached:
    """What was read of one extract; `hashes` names each file's (or query's) content."""

    name: str
    rows: int
    hashes: dict[str, str]
    broken: tuple[BrokenLine, ...] = field(default=())


def file_hashes(found: Found) -> dict[str, str]:
    """The SHA-256 of each file of an extract; empty for a database."""
    return {path.name: file_hash(path) for path in found.files}


def attach(connection: duckdb.DuckDBPyConnection, found: Found) -> Attached:
    """Makes an extract readable in the connection under its name; SourceError where it cannot be read."""
    broken: list[BrokenLine] = []
    hashes = file_hashes(found)
    match found.alternative.connector:
        case "csv":
            broken = csvfile.attach(connection, found)
        case "parquet":
            files.attach_parquet(connection, found)
        case "duckdb":
            files.attach_duckdb(connection, found)
        case "postgresql":
            hashes = postgresql.attach(connection, found)
    rows = connection.execute(f'SELECT count(*) FROM "{found.name}"').fetchall()[0][0]
    if not rows and not broken:
        where = ", ".join(path.name for path in found.files) or "its query"
        raise SourceError(
            f"the extract {found.name} is empty ({where})", hint="Check the delivery; nothing was loaded."
        )
    return Attached(name=found.name, rows=rows, hashes=hashes, broken=tuple(broken))
