"""Projections: the rows a load adds to a table's second orders (by card, terminal, merchant, loan …).

A projection is bucketed by the hash of its own key. Versions of one event are told apart bucket by bucket,
so a correction that moves an event to another key must be seen under the old one too: such an event is kept
in all its places, and each version is `cancelled` in those that are not its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.columns import MAIN, Table, Type
from bankmine.bank.hashing import splitmix64
from bankmine.bank.kept_files import Place, open_kept, source_of
from bankmine.bank.manifest import DataFile
from bankmine.bank.pairs import read_columns
from bankmine.bank.part_files import PartFiles, parts_for
from bankmine.bank.warehouse import Warehouse

ROWS_HELD = 4_000_000
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def projection_runs(
    state: Warehouse,
    table: Table,
    fresh: Sequence[DataFile],
    load_number: int,
    held: Mapping[str, Any],
    staging: Path,
) -> Iterator[tuple[str, Any]]:
    """The rows each projection needs after a load, as (key, Arrow table), at most ROWS_HELD at a time.

    `state` names the files of all loads, `fresh` the main files of this one, `held` the rows of some files
    still in memory, by path. Runs of one key hold disjoint buckets. A projection not yet kept takes the rows
    of all loads; one whose key no row has gives no run. What is more than ROWS_HELD is cut into parts in the
    folder `staging`, so that no file is read more than once for a key.
    """
    files = _Files(state, table, held)
    keys = [projection.key for projection in table.projections]
    kept = {key: state.has_order(table.name, key) for key in keys}
    whole = fresh if all(kept.values()) else state.files(table.name)
    having = {file.path: files.keys_in(file, keys) for file in whole}
    sources = {
        key: [file for file in (fresh if kept[key] else whole) if key in having[file.path]] for key in keys
    }
    wanted = [key for key in keys if kept[key] or sources[key]]
    since = {key: load_number if kept[key] else 0 for key in wanted}
    moved = _moved(files, fresh, since)
    for key in wanted:
        own, also = (_Source(files, sources[key], key), moved.get(key, ()))
        if sum(file.rows for file in sources[key]) > ROWS_HELD:
            runs = _by_part(own, also, staging / f"by={key}")
        else:
            runs = iter([[*own.rows(), *also]])
        for run in runs:
            parts = [part for part in run if part.num_rows]
            if parts:
                yield key, _joined(parts)


def _joined(parts: Sequence[Any]) -> Any:
    import pyarrow as pa

    return pa.concat_tables(parts).unify_dictionaries()


@dataclass(frozen=True)
class _Files:
    """The main files of a table, read from the disk or, where they were just written, from memory."""

    state: Warehouse
    table: Table
    held: Mapping[str, Any]

    def read(self, file: DataFile, names: Sequence[str]) -> Any:
        """Some columns of all rows of a file."""
        import pyarrow.parquet as pq

        codes = [name for name in names if self.table.column(name).type is Type.CODE]
        rows = self.held.get(file.path)
        if rows is None:
            found = pq.ParquetFile(self.state.folder / file.path, read_dictionary=codes, memory_map=True)
            return read_columns(found, self.table, names)
        rows = rows.select(list(names))
        for name in codes:
            place = rows.column_names.index(name)
            rows = rows.set_column(place, name, rows.column(name).dictionary_encode())
        return rows

    def keys_in(self, file: DataFile, keys: Sequence[str]) -> set[str]:
        """The keys some row of the file has; the file's statistics say which none has."""
        import pyarrow.parquet as pq

        rows = self.held.get(file.path)
        if rows is not None:
            return {key for key in keys if rows.column(key).null_count < rows.num_rows}
        metadata = pq.read_metadata(self.state.folder / file.path)
        names = metadata.schema.names

        def may_have(key: str) -> bool:
            if key not in names:  # a pair declared since the file was written
                return all(may_have(part) for part in self.table.column(key).pair_of or ())
            for number in range(metadata.num_row_groups):
                column = metadata.row_group(number).column(names.index(key))
                counts = column.statistics
                if counts is None or not counts.has_null_count or counts.null_count < column.num_values:
                    return True
            return False

        return {key for key in keys if may_have(key)}


def _primary(rows: Any, table: Table, key: str) -> Any:
    """The rows that have the key, and of a table with a row for each owner the primary's."""
    import pyarrow.compute as pc

    here = pc.is_valid(rows.column(key))
    return rows.filter(pc.and_(here, rows.column("is_primary")) if table.per_owner else here)


@dataclass(frozen=True)
class _Source:
    """The rows of some files that a projection takes."""

    files: _Files
    chosen: Sequence[DataFile]
    key: str

    def rows(self) -> Iterator[Any]:
        """The rows file by file."""
        table = self.files.table
        for file in self.chosen:
            yield _primary(self.files.read(file, table.projected(self.key)), table, self.key)


def _by_part(own: _Source, also: Sequence[Any], folder: Path) -> Iterator[list[Any]]:
    """The rows in parts that hold whole buckets of the key, which are as many or more."""
    import pyarrow.parquet as pq

    table, key = own.files.table, own.key
    schema = table.schema(key)
    count = parts_for(sum(file.rows for file in own.chosen), ROWS_HELD)
    parts = PartFiles(folder, schema, count)
    for rows in chain(own.rows(), also):
        if rows.num_rows:
            parts.add(rows.cast(schema), splitmix64(_ints(rows, key)))
    parts.finish()
    codes = [name for name in schema.names if table.column(name).type is Type.CODE]
    for part in range(count):
        yield [pq.read_table(path, read_dictionary=codes) for path in parts.files[part]]
        parts.remove(part)
    parts.remove()


def _ints(rows: Any, name: str) -> Ints:
    """A key or number as int64, 0 where missing."""
    import pyarrow.compute as pc

    return np.ascontiguousarray(pc.fill_null(rows.column(name), 0).to_numpy(), np.int64)


def _moved(files: _Files, fresh: Sequence[DataFile], since: Mapping[str, int]) -> dict[str, list[Any]]:
    """By key, the cancelled copies that events moved by a correction need; of `since` that load on."""
    state, table = files.state, files.table
    found: dict[str, list[Any]] = {key: [] for key in since}
    local = table.bucket_key in table.version_key  # else versions of one event may lie in several buckets
    only_fresh = all(since.values())
    names = [*table.version_key, *since, "load_number", *(["is_primary"] if table.per_owner else [])]
    groups: dict[int | None, list[DataFile]] = {}
    for file in fresh if only_fresh else state.files(table.name):
        groups.setdefault(file.bucket if local else None, []).append(file)
    for bucket, own in groups.items():
        versions = _Versions(files, state.files(table.name, bucket=bucket), own if only_fresh else None)
        rows = versions.read(list(dict.fromkeys(names)))
        event = _hash(rows, table.version_key)
        several = np.flatnonzero(_repeated(event))
        if not len(several):
            continue
        rows = rows.take(several)
        for key, first in since.items():
            place = _places(rows, table, key)
            index, to = _copies(event[several], place, _ints(rows, "load_number"), first)
            if len(index):
                whole = versions.read(table.projected(key))
                found[key].append(_cancelled(whole.take(several[index]), key, to))
    return found


class _Versions:
    """The rows of a bucket's files, in their order: all, or those that may be versions of `fresh` events."""

    def __init__(self, files: _Files, own: Sequence[DataFile], fresh: Sequence[DataFile] | None) -> None:
        self._files = files
        self._name = files.table.version_key[0]
        self._chosen: list[tuple[DataFile, Any]] = [(file, None) for file in own]
        if fresh is not None:
            self._choose(own, fresh)

    def _choose(self, own: Sequence[DataFile], fresh: Sequence[DataFile]) -> None:
        """Leaves the fresh rows, and of the older ones those of their events."""
        import pyarrow.compute as pc

        events = pc.unique(
            _joined([self._files.read(file, [self._name]) for file in fresh]).column(self._name)
        )
        new = {file.path for file in fresh}
        without = self._without(own, events)
        self._chosen = []
        for file in own:
            if file.path in new:
                self._chosen.append((file, None))
            elif file.path not in without:
                rows = pc.is_in(self._files.read(file, [self._name]).column(self._name), value_set=events)
                if pc.any(rows).as_py():
                    self._chosen.append((file, rows))

    def _without(self, own: Sequence[DataFile], events: Any) -> set[str]:
        """Files that surely hold none of the events, by columns kept of them; the others may."""
        import pyarrow as pa
        import pyarrow.compute as pc

        bucket, folder = own[0].bucket, self._files.state.folder
        kept = None if bucket is None else open_kept(Place(self._files.table.name, MAIN, bucket).path(folder))
        if kept is None or any(source_of(folder, source.path) != source for source in kept.sources):
            return set()
        try:
            found = [pa.array(kept.array(f"{front}data:{self._name}")) for front in ("", "aside:")]
        except (KeyError, ValueError):
            return set()
        if any(pc.any(pc.is_in(ids, value_set=events)).as_py() for ids in found if len(ids)):
            return set()
        return {source.path for source in kept.sources}

    def read(self, names: Sequence[str]) -> Any:
        """Some columns of the rows."""
        parts = []
        for file, chosen in self._chosen:
            rows = self._files.read(file, names)
            parts.append(rows if chosen is None else rows.filter(chosen))
        return _joined(parts)


@dataclass(frozen=True)
class _Places:
    """Where each version belongs: its key, and whether it has a place at all."""

    key: Ints
    there: Bools


def _places(rows: Any, table: Table, key: str) -> _Places:
    there = np.asarray(rows.column(key).is_valid())
    if table.per_owner:
        there = there & np.asarray(rows.column("is_primary"))
    return _Places(_ints(rows, key), there)


def _copies(event: Ints, place: _Places, load: Ints, since: int) -> tuple[Ints, Ints]:
    """The versions to copy, and to which key: each version to every other place of its event.

    Only copies of a version or a place that no load before `since` brought.
    """
    there = np.flatnonzero(place.there)
    order = there[np.lexsort((load[there], place.key[there], event[there]))]
    events, keys = event[order], place.key[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (events[1:] != events[:-1]) | (keys[1:] != keys[:-1])
    events, keys, first = events[new], keys[new], load[order][new]
    low = np.searchsorted(events, event, "left")
    count = np.searchsorted(events, event, "right") - low
    version = np.repeat(np.arange(len(event)), count)
    other = np.repeat(low, count) + np.arange(len(version)) - np.repeat(np.cumsum(count) - count, count)
    wanted = ~place.there[version] | (place.key[version] != keys[other])
    wanted &= (load[version] >= since) | (first[other] >= since)
    return version[wanted], keys[other[wanted]]


def _cancelled(rows: Any, key: str, to: Ints) -> Any:
    """The rows as cancelled ones of other keys."""
    import pyarrow as pa

    values = {key: pa.array(to, pa.int64()), "cancelled": pa.repeat(True, len(to))}
    if "is_primary" in rows.column_names:
        values["is_primary"] = pa.repeat(True, len(to))
    for name, value in values.items():
        rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), value)
    return rows


def _hash(rows: Any, names: Sequence[str]) -> Ints:
    """One number for each version key; two events that share one only make a needless cancelled copy."""
    mixed = np.zeros(rows.num_rows, np.int64)
    for name in names:
        mixed = splitmix64(mixed ^ splitmix64(_ints(rows, name)).view(np.int64)).view(np.int64)  # type: ignore[arg-type]
    return mixed


def _repeated(values: Ints) -> Bools:
    """Which values occur more than once."""
    found = np.zeros(len(values), np.bool_)
    order = np.argsort(values)
    same = values[order][1:] == values[order][:-1]
    found[order[1:][same]] = True
    found[order[:-1][same]] = True
    return found
