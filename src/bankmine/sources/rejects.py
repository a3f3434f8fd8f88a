"""The file of rows that broke the contract: enough to find and mend them, no personal data.

Keys are shown as tokens, encrypted columns are left out, and of a value that could not be read only its
shape is kept (digits as 9, letters as a). Rejects lie in the bank's folder, beside the warehouse.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bankmine.bank.columns import Column, Type
from bankmine.bank.manifest import sync_folder
from bankmine.engine.duck import literal, quoted

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.connectors import Attached
    from bankmine.sources.staging import Staged


def write_rejects(connection: duckdb.DuckDBPyConnection, staged: Staged, folder: Path) -> Path | None:
    """Writes `<table>.parquet` with the reason and each column as text; None where there is no reject."""
    rejected = quoted(f"rejected_{staged.table.name}")
    if not connection.execute(f"SELECT count(*) FROM {rejected}").fetchall()[0][0]:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{staged.table.name}.parquet"
    columns = [column for column in staged.table.all_columns if column.name in staged.columns]
    shown = ", ".join(
        f"{_shown(column)} AS {quoted(column.name)}" for column in columns if not column.encrypted
    )
    connection.execute(
        f"COPY (SELECT reason, _shape AS unreadable_value, {shown} FROM {quoted(staged.view)} "
        f"JOIN {rejected} USING (_row) ORDER BY ALL) TO {literal(str(path))} (FORMAT parquet)"
    )
    sync_folder(folder)
    return path


def _shown(column: Column) -> str:
    name = quoted(column.name)
    if column.type is Type.KEY:
        return f"lower(printf('%016x', {name}))"
    return f"CAST({name} AS VARCHAR)"


def write_broken_lines(read: Attached, folder: Path) -> Path | None:
    """Writes `extract.<name>.parquet`: file, line and reason of each broken line, never the line."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not read.broken:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"extract.{read.name}.parquet"
    rows = {
        "file": [one.file for one in read.broken],
        "line": [one.line for one in read.broken],
        "reason": [one.reason for one in read.broken],
    }
    pq.write_table(pa.table(rows), path)
    return path
