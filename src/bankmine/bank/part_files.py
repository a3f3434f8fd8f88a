"""Rows cut by a hash into files of their own, so that what follows needs memory for one part alone.

The partitioning of a Grace hash join (Kitsuregawa, Tanaka, Moto-oka 1983): equal keys meet in one part,
and the parts of a power of two that divides another one hold whole buckets of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HELD_BYTES = 1 << 27  # of rows gathered before they are cut, so that the row groups of a part are not tiny
FEWEST, MOST = 4, 64


def parts_for(rows: int, rows_a_part: int) -> int:
    """The power of two of parts, 4 to 64, so that a part has about that many rows or fewer."""
    wanted = max(FEWEST, min(MOST, -(-rows // rows_a_part)))
    return 1 << (wanted - 1).bit_length()


class PartFiles:
    """Parquet files of `count` parts (a power of two) in a folder of their own; a row goes by its hash.

    Within a part the rows keep the order they came in. Columns of the schema that rows lack are null.
    """

    def __init__(self, folder: Path, schema: Any, count: int) -> None:
        self.folder, self.schema, self.count = folder, schema, count
        self.files: list[list[Path]] = [[] for _ in range(count)]
        self._writers: dict[int, Any] = {}
        self._held: list[tuple[Any, NDArray[np.uint8]]] = []
        self._bytes = self._turn = 0
        folder.mkdir(parents=True)

    @property
    def paths(self) -> list[Path]:
        """Every file, part by part; at least one, once `finish` was called."""
        return [path for files in self.files for path in files]

    def add(self, rows: Any, hashes: NDArray[np.uint64]) -> None:
        """Puts each row of an Arrow table into the part that the low bits of its hash name."""
        import pyarrow as pa

        columns = [
            rows.column(field.name)
            if field.name in rows.column_names
            else pa.nulls(rows.num_rows, field.type)
            for field in self.schema
        ]
        rows = pa.table(columns, schema=self.schema)
        self._held.append((rows, (hashes & np.uint64(self.count - 1)).astype(np.uint8)))
        self._bytes += rows.nbytes
        if self._bytes >= HELD_BYTES:
            self._cut()

    def finish(self) -> None:
        """Ends the files, so that they can be read; what is added later goes into further files."""
        self._cut()
        if not self.paths and not self._writers:
            self._writer(0)
        self._close()
        self._turn += 1

    def take(self, part: int) -> Iterator[Any]:
        """The rows of one part, a row group at a time; the part's files are then removed."""
        import pyarrow.parquet as pq

        for path in self.files[part]:
            with pq.ParquetFile(path) as file:
                for number in range(file.num_row_groups):
                    yield file.read_row_group(number)
        self.remove(part)

    def remove(self, part: int | None = None) -> None:
        """Removes the files of a part, or all of them with their folder."""
        for number in range(self.count) if part is None else (part,):
            for path in self.files[number]:
                path.unlink(missing_ok=True)
            self.files[number] = []
        if part is None:
            rmtree(self.folder, ignore_errors=True)

    def _cut(self) -> None:
        import pyarrow as pa

        if not self._held:
            return
        rows = pa.concat_tables([one for one, _ in self._held]).combine_chunks()
        parts = np.concatenate([part for _, part in self._held])
        self._held, self._bytes = [], 0
        order = np.argsort(parts, kind="stable")
        edges = np.searchsorted(parts[order], np.arange(self.count + 1))
        for part in np.flatnonzero(np.diff(edges)).tolist():
            own = rows.take(pa.array(order[edges[part] : edges[part + 1]]))
            self._guarded(lambda part=part, own=own: self._writer(part).write_table(own))

    def _writer(self, part: int) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if part not in self._writers:
            path = self.folder / f"part={part:02d}-{self._turn}.parquet"
            texts = [f.name for f in self.schema if pa.types.is_string(f.type)]
            self._writers[part] = pq.ParquetWriter(
                path, self.schema, compression="lz4", use_dictionary=texts, write_statistics=False
            )
            self.files[part].append(path)
        return self._writers[part]

    def _close(self) -> None:
        for part in list(self._writers):
            self._guarded(self._writers[part].close)
            del self._writers[part]

    def _guarded(self, write: Any) -> None:
        """Writes; after a fault no file is tried again, for on a full disk ending it fails as well."""
        try:
            write()
        except BaseException:
            for writer in self._writers.values():
                writer.is_open = False
            raise
