"""The one writer of a warehouse: a lock, files nobody sees yet, and one rename that shows them all.

Every file is synced before the manifest is replaced. Files no manifest names are what a crash left; the
next writer removes them. Files replaced by a compaction stay for the readers' grace period; columns kept of
them are removed in the same commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any

from bankmine import clock
from bankmine.bank.catalogue import TABLES
from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import MAIN, Column, Kind, Table, Type
from bankmine.bank.hashing import bucket_of
from bankmine.bank.kept_files import sweep_kept
from bankmine.bank.locking import full_disk_is_one_line, locked
from bankmine.bank.manifest import (
    DataFile,
    Load,
    Manifest,
    TableState,
    from_json,
    to_json,
    write_atomically,
)
from bankmine.bank.projections import projection_runs
from bankmine.bank.syncing import Syncing
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import WarehouseError

GRACE = timedelta(hours=1)
MINIMUM_BUCKETS, MAXIMUM_BUCKETS, ROWS_A_BUCKET = 64, 4096, 1_000_000
RUNS_A_BUCKET, SMALL_SHARE = 8, 0.10
ROWS_HELD = 200_000  # of the rows of a load, kept in memory until it is committed


def buckets_for(rows: int) -> int:
    """The power of two of buckets a table of that many rows gets."""
    wanted = max(MINIMUM_BUCKETS, min(MAXIMUM_BUCKETS, -(-rows // ROWS_A_BUCKET)))
    return 1 << (wanted - 1).bit_length()


@contextmanager
def writing(folder: Path) -> Iterator[LoadWriter]:
    """The writer of the warehouse in `folder`; WarehouseError where another one is at work.

    What was appended becomes visible with `commit`; leaving without it leaves the warehouse as it was.
    """
    with locked(folder), full_disk_is_one_line(folder):
        writer = LoadWriter(Warehouse.open(folder))
        writer.remove_leftovers()
        try:
            yield writer
        finally:
            writer.syncing.close()
            if writer.committed:
                rmtree(writer.staging, ignore_errors=True)
            else:
                writer.remove_leftovers()


@dataclass
class LoadWriter:
    """Collects one load's files."""

    warehouse: Warehouse
    added: dict[str, list[DataFile]] = field(default_factory=dict)
    rewritten: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    buckets: dict[str, int] = field(default_factory=dict)
    appends: dict[str, int] = field(default_factory=dict)
    committed: bool = False
    written: int = 0
    held: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.syncing = Syncing(self.folder)

    @property
    def folder(self) -> Path:
        """The warehouse's folder."""
        return self.warehouse.folder

    @property
    def load_number(self) -> int:
        """The number this load will have."""
        return len(self.warehouse.manifest.loads) + 1

    def remove_leftovers(self) -> None:
        """Removes files no manifest names, and retired files past the grace period."""
        manifest = self.warehouse.manifest
        kept = set(manifest.paths)
        horizon = clock.now() - GRACE
        kept |= {path for path, at in manifest.retired if datetime.fromisoformat(at) > horizon}
        for name in TABLES:
            for path in (self.folder / name).rglob("*"):
                if path.is_file() and str(path.relative_to(self.folder)) not in kept:
                    path.unlink(missing_ok=True)
        sweep_kept(self.folder, manifest.paths)
        rmtree(self.staging, ignore_errors=True)
        (self.folder / "manifest.json.tmp").unlink(missing_ok=True)
        for path in (self.folder / "history").glob("*.json*"):
            number = path.name.partition(".")[0]
            if path.suffix == ".tmp" or (number.isdigit() and int(number) > manifest.version):
                path.unlink(missing_ok=True)

    @property
    def staging(self) -> Path:
        """Where a load may put what is not yet part of the warehouse; emptied by the next writer."""
        return self.folder / ".staging"

    def append(self, name: str, rows: Any) -> None:
        """Writes the rows of one table: an Arrow table in the table's schema, without load_number."""
        declared = bank_table(name)
        if rows.num_rows == 0:
            return
        self.prepare(name, rows.num_rows)
        self._write_runs(declared, self._numbered(declared, rows), self._stem(name))

    def prepare(self, name: str, more: int) -> int:
        """Readies a table for that many more rows, growing it where needed; returns its buckets."""
        declared = bank_table(name)
        self._grow_if_needed(declared, more)
        return self.buckets.get(name, 1)

    def append_sorted(self, name: str, batches: Iterable[Any]) -> int:
        """Writes rows that arrive sorted, a batch at a time, so that memory holds one bucket; their number.

        `batches` are Arrow record batches or tables of the declared columns without load_number, plus,
        for a bucketed table, `bucket` by the number `prepare` returned, each bucket in one piece and sorted
        by (bucket key, event_time, seq). Columns left out are null.
        """
        declared, stem, total = bank_table(name), self._stem(name), 0
        before = len(self.added.get(name, ()))
        for bucket, rows in _bucket_by_bucket(batches, bucketed=declared.bucket_key is not None):
            self._write_file(declared, self._numbered(declared, rows), bucket, stem)
            total += rows.num_rows
        if added := self.added.get(name):
            added[before:] = sorted(added[before:], key=lambda file: file.bucket or 0)
        return total

    def _stem(self, name: str) -> str:
        """A file name no other append of this load uses."""
        self.appends[name] = self.appends.get(name, 0) + 1
        again = f"-{self.appends[name]}" if self.appends[name] > 1 else ""
        return f"{self.load_number:06d}{again}"

    def _numbered(self, declared: Table, rows: Any) -> Any:
        """The rows in the table's schema, with the number of this load."""
        import pyarrow as pa

        columns = {
            field.name: rows.column(field.name).cast(field.type)
            if field.name in rows.column_names
            else pa.nulls(rows.num_rows, field.type)
            for field in declared.schema()
        }
        if "load_number" not in rows.column_names:
            columns["load_number"] = pa.repeat(self.load_number, rows.num_rows).cast(pa.int64())
        return pa.table(columns, schema=declared.schema())

    def _grow_if_needed(self, declared: Table, more: int) -> None:
        """Doubles the buckets of a table that outgrew them, rewriting its files in this load."""
        if declared.bucket_key is None or declared.name in self.buckets:
            return  # what this load has written keeps its buckets; the next load may double them
        state = self.warehouse.state(declared.name)
        wanted = buckets_for((state.rows if state else 0) + more)
        if not state or not state.files or (state.buckets or wanted) >= wanted:
            self.buckets.setdefault(declared.name, (state.buckets if state else None) or wanted)
            return
        self.buckets[declared.name] = wanted
        for order in sorted({file.order for file in state.files}):
            for bucket in range(state.buckets or 1):
                old = self.warehouse.files(declared.name, bucket=bucket, order=order)
                if old:
                    self.removed |= {file.path for file in old}
                    rows = self.warehouse.read(declared.name, bucket=bucket, order=order)
                    self._write_runs(declared, rows, f"{self.load_number:06d}-grown-{bucket}", order)
        self.rewritten |= {file.path for file in self.added.get(declared.name, ())}

    def _write_runs(self, declared: Table, rows: Any, stem: str, order: str = MAIN) -> None:
        """Sorts, cuts into buckets and writes one synced file for each."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if declared.bucket_key is None:
            self._write_file(declared, rows, None, stem)
            return
        sort_key = declared.sort_key(order)
        keys = pc.fill_null(rows.column(sort_key[0]), 0).to_numpy()
        buckets = bucket_of(np.ascontiguousarray(keys), self.buckets[declared.name])
        ranked = pa.table({"bucket": buckets, **{name: rows.column(name) for name in sort_key}})
        indices = pc.sort_indices(ranked, sort_keys=[(name, "ascending") for name in ("bucket", *sort_key)])
        rows = rows.take(indices)
        edges = np.searchsorted(buckets[indices.to_numpy()], np.arange(self.buckets[declared.name] + 1))
        for bucket in range(self.buckets[declared.name]):
            start, end = int(edges[bucket]), int(edges[bucket + 1])
            if end > start:
                self._write_file(declared, rows.slice(start, end - start), bucket, stem, order)

    def _write_file(
        self, declared: Table, rows: Any, bucket: int | None, stem: str, order: str = MAIN
    ) -> None:
        import pyarrow.parquet as pq

        schema = declared.schema(order)
        place = declared.name if order == MAIN else f"{declared.name}/by={order}"
        place = f"{place}/bucket={bucket:04d}" if bucket is not None else place
        path = f"{place}/{stem}.parquet"
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        codes = [name for name in schema.names if _has_few_values(declared.column(name))]
        rows = rows if rows.schema.equals(schema) else rows.cast(schema)
        out = target.open("wb")
        try:
            pq.write_table(rows, out, compression="zstd", use_dictionary=codes, row_group_size=1 << 20)
            size = out.tell()
        except BaseException:
            out.close()
            raise
        self.syncing.take_over(out, target)
        self.written += rows.num_rows
        if order == MAIN and self.written <= ROWS_HELD:
            self.held[path] = rows
        file = DataFile(path, rows.num_rows, size, self.load_number, bucket, order)
        self.added.setdefault(declared.name, []).append(file)

    def _interim(self, name: str) -> Warehouse:
        """The warehouse as it would be read after this load, of one table."""
        state = self.warehouse.state(name)
        files = (*(state.files if state else ()), *self.added[name])
        left = tuple(file for file in files if file.path not in self.removed)
        tables = {name: TableState(name, self.buckets[name], left)}
        return Warehouse(self.folder, replace(self.warehouse.manifest, tables=tables))

    def _project(self) -> None:
        """Writes the rows of this load in the second orders of their tables."""
        for name in list(self.added):
            declared = bank_table(name)
            fresh = [file for file in self.added[name] if file.path not in self.rewritten]
            if declared.projections and fresh:
                interim, number = self._interim(name), self.load_number
                before = len(self.added[name])
                runs = projection_runs(interim, declared, fresh, number, self.held, self.staging)
                for key, rows in runs:
                    self._write_runs(declared, rows, f"{self.load_number:06d}", key)
                keys = [projection.key for projection in declared.projections]
                self.added[name][before:] = sorted(  # runs of a key need not come in the order of its buckets
                    self.added[name][before:], key=lambda file: (keys.index(file.order), file.bucket or 0)
                )

    def _compact(self) -> None:
        """Joins the runs of buckets that have too many, or too much in small runs, in every order."""
        for name in list(self.added):
            declared = bank_table(name)
            if declared.kind is not Kind.EVENT or not self.warehouse.state(name):
                continue
            interim = self._interim(name)
            buckets: dict[tuple[str, int | None], list[DataFile]] = {}
            for file in interim.manifest.tables[name].files:
                buckets.setdefault((file.order, file.bucket), []).append(file)
            for (order, bucket), runs in sorted(buckets.items()):
                largest = max(f.rows for f in runs)
                small = sum(f.rows for f in runs) - largest
                if len(runs) > RUNS_A_BUCKET or (len(runs) > 2 and small > SMALL_SHARE * (largest + small)):
                    rows = interim.read(name, bucket=bucket, order=order)
                    gone = {f.path for f in runs}
                    self.added[name] = [f for f in self.added[name] if f.path not in gone]
                    self.removed |= gone
                    self._write_file(declared, rows, bucket, f"{self.load_number:06d}-compact", order)

    def commit(self, load: Load) -> Warehouse:
        """Shows the load to readers, in one rename; returns the new state."""
        self._project()
        self._compact()
        before = self.warehouse.manifest
        tables = dict(before.tables)
        for name in load.tables:
            tables.setdefault(name, TableState(name, self.buckets.get(name)))
        for name, state in tables.items():
            seen = load.tables[name].coverage if name in load.tables else None
            kept = tuple(file for file in state.files if file.path not in self.removed)
            tables[name] = TableState(
                name=name,
                buckets=self.buckets.get(name, state.buckets),
                files=kept + tuple(self.added.get(name, ())),
                coverage=state.coverage + ((seen,) if seen and seen not in state.coverage else ()),
            )
        stamp = clock.now()
        fresh = tuple((path, at) for path, at in before.retired if datetime.fromisoformat(at) > stamp - GRACE)
        listed = before.paths
        retired = fresh + tuple((path, stamp.isoformat()) for path in sorted(self.removed & listed))
        manifest = replace(
            before, loads=(*before.loads, load), tables=tables, retired=retired, version=before.version + 1
        )
        self.syncing.finish()
        gone = bool(self.removed & listed)
        if gone:
            sweep_kept(self.folder, manifest.paths)
        publish(self.folder, manifest)
        if gone:  # once more: a reader may have kept columns of the files in between
            sweep_kept(self.folder, manifest.paths)
        self.committed = True
        self.warehouse = Warehouse(self.folder, manifest)
        for path in self.removed - listed:
            (self.folder / path).unlink(missing_ok=True)
        return self.warehouse


def _has_few_values(column: Column) -> bool:
    """Whether a dictionary makes the column smaller."""
    return column.type in (Type.CODE, Type.BOOLEAN) or column.name == "load_number"


def _bucket_by_bucket(batches: Iterable[Any], *, bucketed: bool) -> Iterator[tuple[int | None, Any]]:
    """Joins sorted batches into one table for each bucket (None where the table is kept whole).

    In one chunk, so that where the batches were cut does not show in the file.
    """
    import numpy as np
    import pyarrow as pa

    current: int | None = None
    parts: list[Any] = []
    for batch in batches:
        rows = pa.table(batch) if not isinstance(batch, pa.Table) else batch
        if rows.num_rows == 0:
            continue
        if not bucketed:
            parts.append(rows)
            continue
        buckets = rows.column("bucket").to_numpy()
        starts = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
        for start, end in zip(starts, np.append(starts[1:], buckets.size), strict=True):
            if current is not None and current != buckets[start]:
                yield current, pa.concat_tables(parts).combine_chunks()
                parts = []
            current = int(buckets[start])
            parts.append(rows.slice(int(start), int(end - start)).drop_columns(["bucket"]))
    if parts:
        yield current, pa.concat_tables(parts).combine_chunks()


def publish(folder: Path, manifest: Manifest) -> None:
    """Keeps the manifest in the history, then makes it the one readers see."""
    history = folder / "history"
    history.mkdir(exist_ok=True)
    text = to_json(manifest)
    write_atomically(history / f"{manifest.version:06d}.json", text)
    write_atomically(folder / "manifest.json", text)


def restore(folder: Path) -> Warehouse:
    """Brings back the newest manifest of the history whose files are all there."""
    with locked(folder), full_disk_is_one_line(folder):
        for kept in sorted((folder / "history").glob("*.json"), reverse=True):
            try:
                warehouse = Warehouse(folder, from_json(kept.read_text(encoding="utf-8"), where=kept))
                warehouse.verify()
            except (WarehouseError, UnicodeDecodeError):
                continue
            write_atomically(folder / "manifest.json", to_json(warehouse.manifest))
            sweep_kept(folder, warehouse.manifest.paths)
            return warehouse
    raise WarehouseError(
        f"no good manifest is left in {folder / 'history'}",
        hint="Restore the warehouse from your backup, or load the extracts into a new bank.",
    )
