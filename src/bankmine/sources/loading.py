"""Loads the extracts of a bank's folder into its warehouse, in one swap.

Nothing becomes visible before the last step, so whatever goes wrong leaves the warehouse as it was. A
delivery that was loaded before is recognised by its content. `process` holds the steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from bankmine.bank.keys import Keyring
from bankmine.bank.manifest import Load
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.config import Config
from bankmine.errors import ConfigurationError


class Progress(Protocol):
    """Told how far a load is; `total` is 0 where it is not known."""

    def __call__(self, stage: str, done: int = 0, total: int = 0, /) -> None: ...


def silent(stage: str, done: int = 0, total: int = 0, /) -> None:
    """A progress that says nothing."""


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """What a load did.

    `already` is true where the same content had been loaded before: then nothing was done, and `load` is
    that earlier load. `rejects` is the folder of the rejects files, None where every row was good.
    """

    load: Load
    warehouse: Warehouse
    already: bool = False
    rejects: Path | None = None

    @property
    def rejected(self) -> int:
        """Rows and lines left out, with a reason each."""
        return sum(sum(one.rejects.values()) for one in self.load.tables.values())

    def lines(self) -> Iterator[str]:
        """What happened, for people: one sentence, then what deserves a look."""
        if self.already:
            yield f"Already loaded as load {self.load.number}; nothing to do."
            return
        tables = self.load.tables
        rows, filled = (
            sum(one.rows for one in tables.values()),
            sum(bool(one.rows) for one in tables.values()),
        )
        unchanged = sum(one.unchanged for one in tables.values())
        known = f"; {unchanged:,} rows were there already" if unchanged else ""
        yield f"Load {self.load.number}: {rows:,} rows in {filled} tables{known}."
        for name, one in tables.items():
            for reason, count in sorted(one.rejects.items(), key=lambda item: -item[1]):
                yield f"  {name}: {count:,} of {one.read:,} rows left out: {reason}"
            for note in one.notes:
                yield f"  {name}: {note}"
        if self.rejects:
            yield f"  The rows left out are listed in {self.rejects}."
        if self.load.ignored:
            yield f"  Ignored in the folder: {', '.join(self.load.ignored)}."


def warehouse_folder(config: Config) -> Path:
    """Where a bank's warehouse lies."""
    return config.folder / "warehouse"


def load(config: Config, progress: Progress = silent, *, extract_date: date | None = None) -> LoadResult:
    """Loads the extracts of a bank's folder into its warehouse.

    `extract_date` says when the extracts were drawn where neither `delivery.toml` beside them nor the
    mapping does. SourceError: an extract is missing, unreadable or empty. ContractError: more rows than
    allowed break a contract. WarehouseError: another writer is at work, the disk is full, or the manifest
    is damaged. After any error the warehouse is as it was before.
    """
    from bankmine.sources.extracts import find
    from bankmine.sources.mapping import load_mapping
    from bankmine.sources.process import Process, full_keys_disk

    mapping = load_mapping(config.mapping)
    delivery = find(mapping, config.extracts, extract_date=extract_date)
    keyring = open_keys(config)
    with writing(warehouse_folder(config)) as writer, full_keys_disk(config.keys):
        process = Process(config, mapping, delivery, keyring, writer, progress)
        loaded, already = process.run()
        return LoadResult(
            load=loaded,
            warehouse=writer.warehouse,
            already=already,
            rejects=None if already else process.rejects,
        )


def open_keys(config: Config) -> Keyring:
    """The bank's keys; made, with an empty warehouse, where the bank has neither.

    ConfigurationError where the warehouse was written under another pseudonym key, zone or currency.
    """
    folder = warehouse_folder(config)
    if not (folder / "manifest.json").exists() and not (folder / "history").exists():
        keyring = Keyring.create(config.keys)
        Warehouse.create(
            folder, time_zone=config.time_zone, currency=config.currency, key_identity=keyring.identity
        )
        return keyring
    keyring, manifest = Keyring(config.keys), Warehouse.open(folder).manifest
    for what, now, before in (
        ("pseudonym key", keyring.identity, manifest.key_identity),
        ("time zone", config.time_zone, manifest.time_zone),
        ("currency", config.currency, manifest.currency),
    ):
        if now != before:
            raise ConfigurationError(
                f"the warehouse was made with the {what} {before}, bankmine.toml now means {now}",
                hint="Put the old setting back, or load the extracts into a new bank.",
            )
    return keyring
