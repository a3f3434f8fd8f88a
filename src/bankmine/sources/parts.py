"""Staged rows of a large event table, kept on the disk in parts instead of in DuckDB's memory.

DuckDB keeps a staged table uncompressed, in memory and then in its spill; of many rows that is several
times the room of the warehouse they become. Here the wide rows go into compressed files, cut by the hash of
the bucket key, and later steps hold one part of them at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.bank.part_files import PartFiles
from bankmine.engine.duck import literal
from bankmine.sources.shaping import Shape

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

RANK = "dense_rank() OVER (PARTITION BY event_time ORDER BY length(_pk), _pk)"
RANKED = 200_000


def rows_of(paths: Iterable[Path]) -> str:
    """The rows of Parquet files, as SQL."""
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], hive_partitioning = false)"


class RowsOnDisk:
    """Takes the rows of a table batch by batch; `finish` gives their files, each row with its `seq`.

    Where the mapping gives no `seq`, the keys to be ranked are cut by their instant, so that each part is
    ranked alone; the ranks wait in memory, four bytes for each row delivered.
    """

    def __init__(self, folder: Path, shape: Shape, count: int) -> None:
        import pyarrow as pa

        self.folder, self.shape, self.count = folder, shape, count
        given = shape.schema
        self.schema = given
        self.keys: PartFiles | None = None
        if not shape.gives_seq:
            given = pa.schema([field for field in given if field.name != "_pk"])
            narrow = pa.schema([shape.schema.field(name) for name in ("_row", "event_time", "_pk")])
            self.keys = PartFiles(folder / "keys", narrow, count)
            self.schema = given.append(pa.field("seq", pa.int64()))
        self.rows = PartFiles(folder / "given", given, count)

    def add(self, rows: Any) -> None:
        """Takes a batch in the form `Shape.rows` gives it."""
        import pyarrow.compute as pc

        self.rows.add(rows, rows.column("_hash").to_numpy())
        if self.keys is not None:
            at = pc.fill_null(rows.column("event_time").cast("int64"), 0).to_numpy()
            self.keys.add(rows, splitmix64(np.ascontiguousarray(at)))

    def finish(self, connection: duckdb.DuckDBPyConnection) -> PartFiles:
        """The rows with their ranks; one part at a time is held twice on the disk."""
        import pyarrow as pa

        self.rows.finish()
        if self.keys is None:
            return self.rows
        ranks = self._ranks(connection, self.keys)
        ranked = PartFiles(self.folder / "ranked", self.schema, self.count)
        for part in range(self.count):
            for rows in self.rows.take(part):
                seq = pa.array(ranks[rows.column("_row").to_numpy()].astype(np.int64))
                ranked.add(rows.append_column("seq", seq), rows.column("_hash").to_numpy())
        self.rows.remove()
        ranked.finish()
        return ranked

    def _ranks(self, connection: duckdb.DuckDBPyConnection, keys: PartFiles) -> NDArray[np.uint32]:
        """By row number the rank of its key within the instant."""
        keys.finish()
        found = np.zeros(self.shape.read, np.uint32)
        for part in range(self.count):
            if not keys.files[part]:
                continue
            ranked = connection.execute(f"SELECT _row, {RANK} AS seq FROM {rows_of(keys.files[part])}")
            for batch in ranked.to_arrow_reader(RANKED):
                found[batch.column("_row").to_numpy()] = batch.column("seq").to_numpy()
            keys.remove(part)
        keys.remove()
        return found
