"""The reasons of a run's scores, row by row, without holding them in memory.

A scores file keeps reasons in groups of 65,536 rows; a page of fifty rows by rank touches all groups. So they
are written once, as they are, to a file without a name beside the results, and read through memory mapping.
The file is gone with the process, whatever ends it.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bankmine.lifecycle.lists import speaks_of_chances
from bankmine.lifecycle.reasons import reason_words

if TYPE_CHECKING:
    from bankmine.lifecycle.run import Run


class Reasons:
    """The reasons of one run as sentences, strongest first."""

    def __init__(self, run: Run) -> None:
        self._features = {one["name"]: one for one in run.features}
        self._currency = str(run.about["currency"])
        self._labelled = speaks_of_chances(run.about)
        self._kept = _mapped(run)

    def of(self, rows: Sequence[int]) -> list[tuple[str, ...]]:
        """The sentences of each row of the scores file; none where nothing was given."""
        return [self._words(self._kept[row].as_py() or ()) for row in rows]

    def _words(self, reasons: Sequence[dict[str, Any]]) -> tuple[str, ...]:
        return tuple(
            reason_words(one, self._features, self._currency, labelled=self._labelled) for one in reasons
        )


def _mapped(run: Run) -> Any:
    """The column of reasons as Arrow reads it from a mapped file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryFile(dir=run.folder) as file:
        source = pq.ParquetFile(run.folder / "scores.parquet")
        schema = pa.schema([source.schema_arrow.field("reasons")])
        with pa.ipc.new_file(pa.PythonFile(file, mode="w"), schema) as out:
            for batch in source.iter_batches(columns=["reasons"], use_threads=False):
                out.write_batch(batch)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))).read_all().column("reasons")
