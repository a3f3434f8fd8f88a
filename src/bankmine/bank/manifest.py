"""The manifest: the one file that says which files the warehouse consists of.

A load appends files and then replaces the manifest in one atomic rename, so a crash leaves the last good
state. The manifest carries a checksum; one edited by hand is refused. Every manifest is also kept, as it
was, in `warehouse/history/`.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bankmine.errors import WarehouseError

FORMAT = 1
Coverage = tuple[int, int]


@dataclass(frozen=True)
class DataFile:
    """One immutable Parquet file; `path` is relative to the warehouse, times are µs since 1970 UTC.

    `order` is "main", or the key of the projection the file belongs to.
    """

    path: str
    rows: int
    bytes: int
    load_number: int
    bucket: int | None = None
    order: str = "main"


@dataclass(frozen=True)
class TableState:
    """The files of one bank table; `coverage` holds each load's period, half-open, µs."""

    name: str
    buckets: int | None
    files: tuple[DataFile, ...] = ()
    coverage: tuple[Coverage, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the main order, all versions counted."""
        return sum(file.rows for file in self.files if file.order == "main")


@dataclass(frozen=True)
class TableLoad:
    """What one load did to one table; `rejects` counts rows by reason, `notes` what was derived or left."""

    rows: int
    read: int
    unchanged: int = 0
    rejects: dict[str, int] = field(default_factory=dict)
    coverage: Coverage | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Load:
    """One load: what it read, by which mapping, and what came of it."""

    number: int
    load_id: str
    mapping: str
    content_hash: str
    extract_date: str | None
    loaded_at: str
    tables: dict[str, TableLoad]
    extracts: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """The state of a warehouse."""

    time_zone: str
    currency: str
    key_identity: str
    loads: tuple[Load, ...] = ()
    tables: dict[str, TableState] = field(default_factory=dict)
    retired: tuple[tuple[str, str], ...] = ()
    version: int = 0

    @property
    def fingerprint(self) -> str:
        """Names the content: the same loads under the same keys give the same fingerprint; no clock."""
        parts = [str(FORMAT), self.time_zone, self.currency, self.key_identity]
        parts += [load.load_id for load in self.loads]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]

    @property
    def paths(self) -> frozenset[str]:
        """The files it names, relative to the warehouse."""
        return frozenset(file.path for state in self.tables.values() for file in state.files)

    def has_load(self, content_hash: str) -> Load | None:
        """The load of the same content, if there was one."""
        return next((load for load in self.loads if load.content_hash == content_hash), None)


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=vars)


def to_json(manifest: Manifest) -> str:
    """The manifest as text, with its checksum; each load and each table is a line."""
    body = {"format": FORMAT, **vars(manifest)}
    head = {"checksum": hashlib.sha256(_canonical(body).encode()).hexdigest(), **body}
    return "{" + ",".join(f"\n {_line(name)}: {_lines(value)}" for name, value in head.items()) + "\n}\n"


def _lines(value: Any) -> str:
    """A value as JSON, the parts of a long list or mapping one a line."""
    if isinstance(value, dict) and value:
        return "{" + ",".join(f"\n  {_line(name)}: {_line(part)}" for name, part in value.items()) + "\n }"
    if isinstance(value, tuple) and value:
        return "[" + ",".join(f"\n  {_line(part)}" for part in value) + "\n ]"
    return _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=vars)


def from_json(text: str, *, where: Path) -> Manifest:
    """The manifest a text holds; WarehouseError where it is damaged, edited or of another format."""
    try:
        body = json.loads(text)
        checksum = body.pop("checksum")
        if body.get("format") != FORMAT:
            raise WarehouseError(
                f"{where} has format {body.get('format')!r}, this bankmine reads {FORMAT}",
                hint="Use the version of bankmine that wrote it, or load the extracts into a new bank.",
            )
        if checksum != hashlib.sha256(_canonical(body).encode()).hexdigest():
            raise ValueError("checksum")
        body.pop("format")
        return _parse(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WarehouseError(
            f"{where} is damaged or was changed by hand",
            hint="Bring back the last good one with `bankmine history BANK --restore`.",
        ) from None


def _parse(body: dict[str, Any]) -> Manifest:
    def table_load(raw: dict[str, Any]) -> TableLoad:
        coverage = raw.pop("coverage")
        notes = tuple(raw.pop("notes"))
        return TableLoad(
            **raw, notes=notes, coverage=None if coverage is None else (coverage[0], coverage[1])
        )

    def load(raw: dict[str, Any]) -> Load:
        tables = {name: table_load(one) for name, one in raw.pop("tables").items()}
        return Load(**raw | {"ignored": tuple(raw["ignored"])}, tables=tables)

    def state(raw: dict[str, Any]) -> TableState:
        return TableState(
            name=raw["name"],
            buckets=raw["buckets"],
            files=tuple(DataFile(**file) for file in raw["files"]),
            coverage=tuple((start, end) for start, end in raw["coverage"]),
        )

    return Manifest(
        time_zone=body["time_zone"],
        currency=body["currency"],
        key_identity=body["key_identity"],
        loads=tuple(load(one) for one in body["loads"]),
        tables={name: state(one) for name, one in body["tables"].items()},
        retired=tuple((path, at) for path, at in body["retired"]),
        version=body["version"],
    )


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Writes, syncs and renames; the old content stays until the rename."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
