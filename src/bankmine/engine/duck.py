"""DuckDB connections with the settings every use in bankmine shares."""

from __future__ import annotations

from itertools import count
from os import getpid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_NUMBERS = count()


def connect(*, memory: str = "1GB", threads: int = 2, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB: UTC, no extension downloads, no progress output, bounded memory.

    `spill` is where sorts that outgrow the memory go, each connection in a folder of its own beside it,
    for DuckDB names its files alike in all; without it they fail rather than write elsewhere.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": memory,
            "threads": str(threads),
            "temp_directory": str(_own(spill)) if spill else "",
            "preserve_insertion_order": "false",
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # shown wherever Python has no main file
    return connection


def _own(spill: Path) -> Path:
    """A folder that no other connection uses; DuckDB makes it when it must, and removes it."""
    return spill.with_name(f"{spill.name}-{getpid()}-{next(_NUMBERS)}")


def quoted(identifier: str) -> str:
    """An identifier as SQL takes it."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
