"""Reading a warehouse: the manifest and the immutable Parquet files it names.

A `Warehouse` is one state: it goes on reading the files of its manifest while a writer publishes the
next. It resolves nothing: versions, cancellations and knowledge times are the engine's and the windows'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.civil import Zone
from bankmine.bank.columns import MAIN, Table, Type
from bankmine.bank.manifest import (
    Coverage,
    DataFile,
    Manifest,
    TableState,
    from_json,
    to_json,
    write_atomically,
)
from bankmine.bank.pairs import read_columns
from bankmine.bank.store import Store
from bankmine.config import SparkSettings
from bankmine.errors import UsageError, WarehouseError

if TYPE_CHECKING:
    from bankmine.bank.keys import Keyring


class Warehouse:
    """One state of a bank's warehouse; `spark` is where its windows are computed, None: in this process.

    `keeps` says whether windows may keep the columns they read unpacked beside it; `store` is where its
    files lie if not in a folder of this machine; `keys` is the folder of the bank's keys (None: `keys` beside
    the warehouse's folder, if it is there).
    """

    store: Store | None = None
    keys: Path | None = None
    spark: SparkSettings | None = None
    keeps: bool = True

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def create(cls, folder: Path, *, time_zone: str, currency: str, key_identity: str) -> Warehouse:
        """An empty warehouse; WarehouseError where there is one already."""
        if (folder / "manifest.json").exists():
            raise WarehouseError(
                f"{folder} already holds a warehouse", hint="Open it, or choose another folder."
            )
        Zone(time_zone)
        folder.mkdir(parents=True, exist_ok=True)
        manifest = Manifest(time_zone=time_zone, currency=currency, key_identity=key_identity)
        write_atomically(folder / "manifest.json", to_json(manifest))
        return cls(folder, manifest)

    @classmethod
    def open(cls, folder: Path, *, keeps: bool = True) -> Warehouse:
        """The state the manifest names now."""
        file = folder / "manifest.json"
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            lost = (folder / "history").is_dir()
            raise WarehouseError(
                f"the manifest of {folder} is gone"
                if lost
                else f"{folder} holds no warehouse (no manifest.json)",
                hint="Bring back the last good one with `bankmine history BANK --restore`."
                if lost
                else "Make a bank with `bankmine init`, or name the right folder.",
            ) from None
        except UnicodeDecodeError:
            text = ""
        found = cls(folder, from_json(text, where=file))
        found.keeps = keeps
        return found

    @classmethod
    def in_store(cls, uri: str) -> Warehouse:
        """The state the manifest names now, of a warehouse in an object store ("s3://bank/warehouse").

        Windows read it; SQL does not (`notyet`: its engine would need an extension), and nothing is kept
        beside it.
        """
        store = Store(uri.rstrip("/"))
        manifest = from_json(store.read_text("manifest.json"), where=Path(uri))
        found = cls(Path(uri), manifest)
        found.store, found.keeps = store, False
        return found

    @cached_property
    def zone(self) -> Zone:
        """The bank's time zone."""
        return Zone(self.manifest.time_zone)

    @property
    def currency(self) -> str:
        """The bank's base currency, ISO 4217."""
        return self.manifest.currency

    @property
    def keyring(self) -> Keyring | None:
        """The keys the warehouse was made with; None where they are not there."""
        from bankmine.bank.keys import Keyring

        folder = self.keys or self.folder.parent / "keys"
        if self.store is not None or not (folder / "pseudonym.key").exists():
            return None
        found = Keyring(folder)
        return found if found.identity == self.manifest.key_identity else None

    @property
    def fingerprint(self) -> str:
        """Names the content of the warehouse."""
        return self.manifest.fingerprint

    def excerpt(self, covered: Mapping[str, int | None]) -> Warehouse:
        """What a task elsewhere needs: one bucket of each of some tables (None: all its buckets)."""
        from bankmine.bank.excerpt import Excerpt

        return Excerpt(self, covered)

    def has(self, table: str) -> bool:
        """Whether the table holds any row."""
        return self.rows(table) > 0

    def rows(self, table: str) -> int:
        """Rows of the table, every version and owner counted."""
        state = self.state(table)
        return state.rows if state else 0

    def state(self, table: str) -> TableState | None:
        """The table's files and coverage; None where nothing was ever loaded."""
        bank_table(table)
        return self.manifest.tables.get(table)

    def tables(self) -> list[str]:
        """Names of the tables that hold rows."""
        return [name for name in self.manifest.tables if self.has(name)]

    def buckets(self, table: str) -> int:
        """Number of buckets; 1 where the table is kept whole or empty."""
        state = self.state(table)
        return state.buckets or 1 if state else 1

    def coverage(self, table: str) -> Coverage | None:
        """The period [from, to) in µs the loads speak for: the latest unbroken one of their union."""
        state = self.state(table)
        if not state or not state.coverage:
            return None
        spans = sorted(state.coverage)
        start, end = spans[0]
        for next_start, next_end in spans[1:]:
            if next_start > end:
                start = next_start
            end = max(end, next_end)
        return start, end

    def files(self, table: str, *, bucket: int | None = None, order: str = MAIN) -> list[DataFile]:
        """The table's files of one order, of one bucket or all, by load."""
        state = self.state(table)
        if not state:
            return []
        chosen = [f for f in state.files if f.order == order and (bucket is None or f.bucket == bucket)]
        return sorted(chosen, key=lambda f: (f.bucket or 0, f.load_number, f.path))

    def has_order(self, table: str, key: str) -> bool:
        """Whether the table's rows are also kept in the order of `key`."""
        return key != MAIN and bool(self.files(table, order=key))

    def paths(self, table: str, *, bucket: int | None = None, order: str = MAIN) -> list[str]:
        """Absolute paths of the table's files of one order, each checked to exist."""
        return [str(self._found(file)) for file in self.files(table, bucket=bucket, order=order)]

    def _opened(self, file: DataFile) -> Any:
        """What the Parquet reader takes: a path, or a file of the store."""
        return self._found(file) if self.store is None else self.store.open(file.path)

    def _found(self, file: DataFile) -> Path:
        if self.store is not None:
            raise WarehouseError(
                f"{self.store.uri} lies in an object store, which SQL does not read yet",
                hint="Mount the store as a folder, or copy the warehouse to one.",
            )
        path = self.folder / file.path
        if not path.exists():
            raise WarehouseError(
                f"the warehouse file {path} is missing",
                hint="Restore it from your backup, or load the extracts into a new bank.",
            )
        return path

    def verify(self) -> None:
        """WarehouseError where a file the manifest names, of any order, is missing or has another size."""
        for state in self.manifest.tables.values():
            for file in state.files:
                path = self._found(file)
                if path.stat().st_size != file.bytes:
                    raise WarehouseError(
                        f"the warehouse file {path} is not as it was written",
                        hint="Restore it from your backup, or load the extracts into a new bank.",
                    )

    def read(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        bucket: int | None = None,
        order: str = MAIN,
    ) -> Any:
        """An Arrow table of all loads' raw rows; CODE columns are dictionaries.

        Rows of a bucketed table are sorted by (bucket key, event_time, seq) within each bucket; with
        `order` by (that key, event_time, seq), in buckets of that key. A projection holds the primary
        rows that have the key, and, where versions of one event have different keys, each version in all
        their places: cancelled in those that are not its own. UsageError where the table is not kept in
        that order, or not with these columns.
        """
        import pyarrow as pa

        declared = bank_table(table)
        if order != MAIN:
            self._check_order(declared, columns, order)
        names = list(columns) if columns is not None else declared.schema(order).names
        buckets = range(self.buckets(table)) if bucket is None else [bucket]
        parts = []
        for one in buckets:
            files = self.files(table, bucket=one if self._is_bucketed(table) else None, order=order)
            if files:
                parts.append(self.read_files(declared, files, names))
        if not parts:
            schema = declared.schema()
            return pa.schema([schema.field(name) for name in names]).empty_table()
        return pa.concat_tables(parts).unify_dictionaries() if len(parts) > 1 else parts[0]

    def read_files(self, declared: Table, files: Sequence[DataFile], names: Sequence[str]) -> Any:
        """An Arrow table of the raw rows of some files of one order and bucket, sorted as the order is."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        sort_key = declared.sort_key(files[0].order)
        needed = [*names, *(name for name in sort_key if name not in names)] if len(files) > 1 else [*names]
        codes = [name for name in names if declared.column(name).type is Type.CODE]
        runs = [
            read_columns(
                pq.ParquetFile(self._opened(file), read_dictionary=codes, memory_map=True), declared, needed
            )
            for file in files
        ]
        if len(runs) == 1:
            return runs[0].select(names)
        joined = pa.concat_tables(runs).unify_dictionaries()
        if sort_key:
            joined = joined.sort_by([(name, "ascending") for name in sort_key])
        return joined.select(names)

    def _check_order(self, declared: Table, columns: Sequence[str] | None, order: str) -> None:
        if not self.has_order(declared.name, order):
            raise UsageError(
                f"the warehouse does not keep {declared.name} by {order}", hint="Read the main order."
            )
        lacking = set(columns or ()) - set(declared.projected(order))
        if lacking:
            raise UsageError(
                f"{declared.name} by {order} does not hold {', '.join(sorted(lacking))}",
                hint="Read the main order, which holds every column.",
            )

    def _is_bucketed(self, table: str) -> bool:
        return bank_table(table).bucket_key is not None
