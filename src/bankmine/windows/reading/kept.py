"""Kept columns: the settled rows of a bucket, unpacked beside it, so that the next snapshot reads memory.

What windows asked for of a bucket is kept as plain arrays (bank/kept_files.py); a column asked for later
joins them. Newer files are read as they are, and the rows of the keys they touch are settled anew in a
second piece; when those are many, the kept file is made again from the two. What is kept decides how fast an
answer comes, never what it is: where nothing can be kept the Parquet files are read. Encrypted columns and
free text are never kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.columns import Table, Type
from bankmine.bank.kept_files import KeptFile, Place, Source, keep, open_kept, source_of
from bankmine.bank.manifest import DataFile
from bankmine.bank.warehouse import Warehouse
from bankmine.windows.reading.kept_merge import Kept, joined, touched
from bankmine.windows.reading.raw import Raw, kept_names, raw_rows, settle, taken
from bankmine.windows.reading.rows import EventRows, Ints, Values, by_key

KEPT_FROM_ROWS = 1_000
"""Smaller buckets are read from Parquet: a file for each would cost more than it saves."""

ANEW_SHARE = 0.10
"""Above this share of rows under touched keys, the kept file is made again."""

_SYSTEM = ("seq", "known_at", "load_number", "cancelled")


@dataclass(frozen=True)
class Bucket:
    """One bucket of one order of a warehouse.

    `shown` are the columns asked for; `names` those that are read: the version key's among them.
    """

    warehouse: Warehouse
    declared: Table
    key: str
    order: str
    number: int
    names: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def place(self) -> Place:
        """What a kept file is of."""
        return Place(self.declared.name, self.order, self.number)

    @property
    def files(self) -> list[DataFile]:
        """Its data files, by load."""
        return self.warehouse.files(self.declared.name, bucket=self.number, order=self.order)

    def raw(self, files: Sequence[DataFile], names: Sequence[str]) -> Raw:
        """The raw rows of some of its files."""
        columns = list(dict.fromkeys([self.key, "event_time", *_SYSTEM, *names]))
        rows = self.warehouse.read_files(self.declared, files, columns)
        return raw_rows(self.declared, self.key, names, rows)


def keepable(declared: Table, names: Sequence[str]) -> bool:
    """Whether all the columns may be kept: none is encrypted or free text."""
    columns = [declared.column(name) for name in names]
    return not any(column.encrypted or column.type is Type.TEXT for column in columns)


def kept_parts(
    warehouse: Warehouse, declared: Table, *, key: str, columns: Sequence[str], bucket: int, order: str
) -> tuple[EventRows, ...]:
    """The rows of a bucket in its order by `key`, with the columns (and others that were read with them).

    One piece, or two: kept rows, and the rows of the keys that newer files touch, which count instead of
    the kept rows of those keys.
    """
    one = Bucket(
        warehouse, declared, key, order, bucket, tuple(kept_names(declared, key, columns)), tuple(columns)
    )
    files = one.files
    if not files:
        return ()
    if (
        not warehouse.keeps
        or sum(file.rows for file in files) < KEPT_FROM_ROWS
        or not keepable(declared, one.names)
    ):
        return (settle(one.raw(files, one.names), declared, key)[0],)
    sources = {file.path: source_of(warehouse.folder, file.path) for file in files}
    found = open_kept(one.place.path(warehouse.folder))
    if found is not None and all(sources.get(source.path) == source for source in found.sources):
        try:
            return _from_kept(one, found, files, sources)
        except (KeyError, ValueError):  # another column is asked for, or the file was altered
            pass
    return (_anew(one, _held(one, found), files, sources),)


def _from_kept(
    one: Bucket, found: KeptFile, files: Sequence[DataFile], sources: dict[str, Source | None]
) -> tuple[EventRows, ...]:
    """The pieces from a kept file made of some of the files; KeyError where it lacks a column."""
    made_of = {source.path for source in found.sources}
    newer = [file for file in files if file.path not in made_of]
    if not newer:
        return (_rows(found, one.shown),)
    fresh = one.raw(newer, one.names)
    kept = _kept(found, one.names)
    if touched(kept, fresh) <= ANEW_SHARE * len(kept.rows):
        return kept.rows, settle(joined(kept, fresh, one.declared, one.key), one.declared, one.key)[0]
    names = _held(one, found)
    if names != one.names:
        kept, fresh = _kept(found, names), one.raw(newer, names)
    return (_settled(one, joined(kept, fresh, one.declared, one.key, whole=True), sources),)


def _anew(
    one: Bucket, names: tuple[str, ...], files: Sequence[DataFile], sources: dict[str, Source | None]
) -> EventRows:
    """The rows read from Parquet, and kept."""
    return _settled(one, one.raw(files, names), sources)


def _held(one: Bucket, found: KeptFile | None) -> tuple[str, ...]:
    """The columns asked for, and those a kept file holds already."""
    names = () if found is None else found.names
    held = [name.removeprefix("data:") for name in names if name.startswith("data:")]
    declared = [name for name in held if one.declared.has(name) and name != "load_number"]
    return tuple(dict.fromkeys([*one.names, *declared]))


def _settled(one: Bucket, raw: Raw, sources: dict[str, Source | None]) -> EventRows:
    """The settled rows, after they were kept."""
    rows, gone = settle(raw, one.declared, one.key)
    given = [source for source in sources.values() if source is not None]
    if len(given) == len(sources):
        arrays, levels = _arrays(rows, _aside(raw, gone))
        keep(one.warehouse.folder, one.place, given, arrays, levels)
    return rows


def _aside(raw: Raw, gone: Ints | None) -> Raw:
    """The rows that count at no time, by key."""
    index = np.zeros(0, np.int64) if gone is None else gone
    keys, offsets = by_key(raw.keys[np.searchsorted(raw.offsets, index, "right") - 1])
    return taken(raw, index, keys, offsets)


def _arrays(rows: EventRows, aside: Raw) -> tuple[dict[str, NDArray[Any]], dict[str, tuple[str, ...]]]:
    """What a kept file holds."""
    arrays: dict[str, NDArray[Any]] = {
        "keys": rows.keys, "offsets": rows.offsets, "event_time": rows.event_time, "seq": rows.seq,
        "known_from": rows.known_from, "known_until": rows.known_until,
        "aside:keys": aside.keys, "aside:offsets": aside.offsets, "aside:event_time": aside.event_time,
        "aside:seq": aside.seq, "aside:known_at": aside.known_at, "aside:load_number": aside.load_number,
    }  # fmt: skip
    if aside.cancelled is not None:
        arrays["aside:cancelled"] = aside.cancelled
    for front, columns in (("", rows.columns), ("aside:", aside.columns)):
        for name, values in columns.items():
            arrays[f"{front}data:{name}"] = values.data
            if values.present is not None:
                arrays[f"{front}present:{name}"] = values.present
    levels = {name: values.levels for name, values in rows.columns.items() if values.levels is not None}
    return arrays, levels


def _rows(found: KeptFile, names: Sequence[str]) -> EventRows:
    """The settled rows of a kept file with some columns; KeyError where it lacks one."""
    return EventRows(
        found.array("keys"), found.array("offsets"), found.array("event_time"), found.array("seq"),
        found.array("known_from"), found.array("known_until"),
        {name: _values(found, "", name) for name in names},
    )  # fmt: skip


def _values(found: KeptFile, front: str, name: str) -> Values:
    present = f"{front}present:{name}"
    return Values(
        found.array(f"{front}data:{name}"),
        found.array(present) if present in found else None,
        found.levels.get(name),
    )


def _kept(found: KeptFile, names: Sequence[str]) -> Kept:
    """All that joining newer rows needs."""
    cancelled = found.array("aside:cancelled") if "aside:cancelled" in found else None
    aside = Raw(
        found.array("aside:keys"), found.array("aside:offsets"), found.array("aside:event_time"),
        found.array("aside:seq"), found.array("aside:known_at"), found.array("aside:load_number"),
        cancelled, {name: _values(found, "aside:", name) for name in names},
    )  # fmt: skip
    return Kept(_rows(found, (*names, "load_number")), aside)
