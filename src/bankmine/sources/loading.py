"""One load: extracts → staged rows → judged rows → the warehouse, in one swap.

Nothing becomes visible before the last step, so whatever goes wrong leaves the warehouse as it was. A
delivery that was loaded before is recognised by its content and costs nothing but reading it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bankmine import clock
from bankmine.bank.catalogue import TABLES
from bankmine.bank.columns import Kind, Table
from bankmine.bank.keys import Keyring
from bankmine.bank.manifest import Coverage, Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import LoadWriter, writing
from bankmine.config import Config
from bankmine.engine.duck import connect, literal, quoted
from bankmine.errors import ConfigurationError, ContractError, SourceError
from bankmine.sources import contract, versions
from bankmine.sources.connectors import Attached, attach
from bankmine.sources.extracts import Delivery, find
from bankmine.sources.macros import define
from bankmine.sources.mapping import Mapping, load_mapping
from bankmine.sources.owners import owners_of
from bankmine.sources.rejects import write_rejects
from bankmine.sources.shaping import Place
from bankmine.sources.staging import Staged, stage

if TYPE_CHECKING:
    import duckdb


class Progress(Protocol):
    """Told how far a load is; `total` is 0 where it is not known."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None: ...


def silent(stage: str, done: int = 0, total: int = 0) -> None:
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
        """Rows that broke a contract."""
        return sum(sum(one.rejects.values()) for one in self.load.tables.values())

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        if self.already:
            return f"Already loaded as load {self.load.number}; nothing to do."
        rows = sum(one.rows for one in self.load.tables.values())
        tables = sum(1 for one in self.load.tables.values() if one.rows)
        unchanged = sum(one.unchanged for one in self.load.tables.values())
        parts = [f"Load {self.load.number}: {rows:,} new rows in {tables} tables"]
        parts += [f"{unchanged:,} rows unchanged"] if unchanged else []
        parts += [f"{self.rejected:,} rows rejected (see {self.rejects})"] if self.rejected else []
        return ", ".join(parts) + "."


def warehouse_folder(config: Config) -> Path:
    """Where a bank's warehouse lies."""
    return config.folder / "warehouse"


def rejects_folder(config: Config, load_id: str) -> Path:
    """Where the rejects of one load lie."""
    return config.folder / "rejects" / load_id


def load(config: Config, progress: Progress = silent, *, extract_date: date | None = None) -> LoadResult:
    """Loads the extracts of a bank's folder into its warehouse.

    `extract_date` says when the extracts were drawn where neither `delivery.toml` beside them nor the
    mapping does. SourceError: an extract is missing, unreadable or empty. ContractError: more rows than
    allowed break a contract. WarehouseError: another writer is at work, the disk is full, or the manifest
    is damaged. After any error the warehouse is as it was before.
    """
    mapping = load_mapping(config.mapping)
    delivery = find(mapping, config.extracts, extract_date=extract_date)
    keyring = open_bank(config)
    with writing(warehouse_folder(config)) as writer:
        return _Loading(config, mapping, delivery, keyring, writer, progress).run()


def duckdb_error() -> type[Exception]:
    """The family of DuckDB's errors, imported when first needed."""
    import duckdb

    return duckdb.Error


def open_bank(config: Config) -> Keyring:
    """The bank's keys, made with an empty warehouse where the bank is new.

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


@dataclass
class _Loading:
    """The state of one load; `run` is its story."""

    config: Config
    mapping: Mapping
    delivery: Delivery
    keyring: Keyring
    writer: LoadWriter
    progress: Progress
    attached: dict[str, Attached] = field(default_factory=dict)
    known_keys: set[str] = field(default_factory=set)
    tables: dict[str, TableLoad] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    rejects: Path | None = None

    def run(self) -> LoadResult:
        """Reads, recognises, stages, judges, writes and publishes."""
        self.writer.staging.mkdir(exist_ok=True)
        connection = connect(
            memory=self.config.memory, threads=self.config.threads, spill=self.writer.staging / "spill"
        )
        try:
            return self._run(connection)
        finally:
            connection.close()

    def _run(self, connection: duckdb.DuckDBPyConnection) -> LoadResult:
        self._attach(connection)
        content_hash = self._content_hash()
        earlier = self.writer.warehouse.manifest.has_load(content_hash)
        if earlier:
            return LoadResult(load=earlier, warehouse=self.writer.warehouse, already=True)
        load_id = content_hash[:12]
        names = [name for name in self.mapping.tables if not self._lacks(name)]
        for name in contract.load_order(names):
            self._load_table(connection, name, rejects_folder(self.config, load_id))
        self.progress("publishing")
        done = Load(
            number=self.writer.load_number,
            load_id=load_id,
            mapping=self.mapping.name,
            content_hash=content_hash,
            extract_date=self.delivery.extract_date.isoformat(),
            loaded_at=clock.now().isoformat(timespec="seconds"),
            tables=self.tables,
            extracts={
                f"{name}/{file}": digest
                for name, one in self.attached.items()
                for file, digest in one.hashes.items()
            },
            ignored=self.delivery.ignored,
        )
        return LoadResult(load=done, warehouse=self.writer.commit(done), rejects=self.rejects)

    def _attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        define(connection, self.delivery.extract_date)
        total = len(self.delivery.found)
        for done, (name, found) in enumerate(self.delivery.found.items()):
            self.progress("reading extracts", done, total)
            self.attached[name] = attach(connection, found)
        delivered = ", ".join(
            f"({literal(name)}, {literal(found.alternative.name)})"
            for name, found in self.delivery.found.items()
        )
        connection.execute(
            f"CREATE TABLE delivered AS SELECT * FROM (VALUES {delivered}) AS t(extract, alternative)"
        )

    def _lacks(self, name: str) -> bool:
        """Whether a table needs an optional extract that was not delivered."""
        return any(extract in self.delivery.missing for extract in self.mapping.extracts_of(name))

    def _content_hash(self) -> str:
        parts = [
            self.mapping.content_hash,
            self.keyring.identity,
            self.config.time_zone,
            self.config.currency,
            self.delivery.extract_date.isoformat(),
        ]
        for name, one in sorted(self.attached.items()):
            parts += [f"{name}/{file}:{digest}" for file, digest in sorted(one.hashes.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _place(self) -> Place:
        zone = self.writer.warehouse.zone
        return Place(
            zone=zone,
            keyring=self.keyring,
            currency=self.config.currency,
            extract_us=zone.midnight(self.delivery.extract_date),
        )

    def _load_table(self, connection: duckdb.DuckDBPyConnection, name: str, rejects: Path) -> None:
        """One table from its SELECT to its files."""
        expected = max((self.attached[one].rows for one in self.mapping.extracts_of(name)), default=0)
        self.progress(f"loading {name}", 0, expected)
        place, table = self._place(), TABLES[name]
        owners = owners_of(connection, self._sources("account_party")) if table.per_owner else None
        staged = stage(
            connection, self.mapping, name, place, owners=owners,
            tick=lambda rows: self.progress(f"loading {name}", min(rows, expected), expected),
        )  # fmt: skip
        self._gather_keys(connection, table)
        end = place.zone.midnight(self.delivery.extract_date + timedelta(days=1))
        contract.judge(connection, staged, extract_end_us=end, known_keys=self.known_keys)
        versions.compare(connection, staged, self._stored(name))
        self._refuse_too_many(connection, staged, rejects)
        rows = self._write(connection, staged)
        self.tables[name] = self._account(connection, staged, rows)
        accepted = f"{quoted(staged.view)} ANTI JOIN {quoted(f'rejected_{name}')} USING (_row)"
        self.accepted.add(name)
        if name == "account_party":
            connection.execute(f"CREATE TABLE accepted_account_party AS SELECT * FROM {accepted}")
        contract.keep_keys(
            connection, table, [accepted, *([stored] if (stored := self._stored(name)) else [])]
        )
        self.known_keys.add(name)
        for made in (staged.view, f"rejected_{name}", f"unchanged_{name}"):
            connection.execute(f"DROP TABLE {quoted(made)}")

    def _gather_keys(self, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
        """The keys of referenced tables that only the warehouse has."""
        for column in contract.references(table):
            other = str(column.references)
            stored = self._stored(other)
            if other not in self.known_keys and stored and other not in self.mapping.tables:
                contract.keep_keys(connection, TABLES[other], [stored])
                self.known_keys.add(other)

    def _sources(self, name: str) -> list[str]:
        """What this load accepted and the warehouse holds of a table, as SQL."""
        stored = self._stored(name)
        return [f"accepted_{name}"] * (name in self.accepted) + [stored] * bool(stored)

    def _refuse_too_many(self, connection: duckdb.DuckDBPyConnection, staged: Staged, folder: Path) -> None:
        """Writes the rejects, and stops the load where they are more than the bank allows."""
        name = staged.table.name
        reasons = self._reasons(connection, name)
        if write_rejects(connection, staged, folder):
            self.rejects = folder
        rejected, read = sum(reasons.values()), staged.read + self._broken(name).total()
        if staged.read == 0:
            raise SourceError(
                f"{self.mapping.folder / name}.sql gives no row",
                hint="Check the extracts and the SELECT; nothing was loaded.",
            )
        if rejected > self.config.maximum_reject_share * read:
            worst = ", ".join(f"{count:,} × {reason}" for reason, count in reasons.most_common(3))
            where = folder / f"{name}.parquet"
            raise ContractError(
                f"{rejected:,} of {read:,} rows of {name} break its contract ({worst})",
                hint=f"See {where}; mend the extract or the mapping, or raise load.maximum_reject_share "
                f"({self.config.maximum_reject_share:g}) in bankmine.toml. Nothing was loaded.",
            )

    def _reasons(self, connection: duckdb.DuckDBPyConnection, name: str) -> Counter[str]:
        counted = connection.execute(
            f"SELECT reason, count(*) FROM {quoted(f'rejected_{name}')} GROUP BY reason ORDER BY reason"
        ).fetchall()
        return Counter({str(reason): int(count) for reason, count in counted}) + self._broken(name)

    def _broken(self, name: str) -> Counter[str]:
        """Broken lines of the extracts a table reads, by reason."""
        return Counter(
            f"broken line of {line.file}: {line.reason}"
            for extract in self.mapping.extracts_of(name)
            if extract in self.attached
            for line in self.attached[extract].broken
        )

    def _write(self, connection: duckdb.DuckDBPyConnection, staged: Staged) -> int:
        """The rows that are neither rejected nor unchanged, sorted, into the load's files."""
        name, table = staged.table.name, staged.table
        rest = (
            f"{quoted(staged.view)} ANTI JOIN {quoted(f'rejected_{name}')} USING (_row) "
            f"ANTI JOIN {quoted(f'unchanged_{name}')} USING (_row)"
        )
        count = connection.execute(f"SELECT count(*) FROM {rest}").fetchall()[0][0]
        if not count:
            return 0
        buckets = self.writer.prepare(name, count)
        columns = ", ".join(quoted(column) for column in staged.columns)
        order = ", ".join(quoted(n) for n in table.version_key)
        if table.kind is Kind.EVENT:
            columns += f", CAST(_hash & {buckets - 1} AS INTEGER) AS bucket"
            order = f"bucket, {quoted(str(table.bucket_key))}, event_time, seq, {order}"
        reader = connection.execute(
            f"SELECT {columns} FROM {rest} ORDER BY {order}, known_at"
        ).to_arrow_reader(100_000)
        return self.writer.append_sorted(name, reader)

    def _account(self, connection: duckdb.DuckDBPyConnection, staged: Staged, rows: int) -> TableLoad:
        """What the load says about the table."""
        name = staged.table.name
        unchanged = connection.execute(
            f"SELECT count(DISTINCT _row) FROM {quoted(f'unchanged_{name}')}"
        ).fetchall()[0][0]
        broken = self._broken(name).total()
        return TableLoad(
            rows=rows,
            read=staged.read + broken,
            unchanged=unchanged,
            rejects=dict(sorted(self._reasons(connection, name).items())),
            coverage=self._coverage(connection, name),
            notes=tuple(self._notes(staged)),
        )

    def _notes(self, staged: Staged) -> list[str]:
        day, notes = self.delivery.extract_date.isoformat(), []
        if staged.undated:
            notes.append(
                f"{staged.undated:,} rows say no date; they are known from {day}, the day of the extract."
            )
        for column in contract.references(staged.table):
            if column.name in staged.columns and column.references not in self.known_keys:
                notes.append(f"{column.name} was not checked: the bank has no table {column.references}.")
        if staged.table.kind is Kind.EVENT and staged.table.name not in self.mapping.coverage:
            notes.append("The mapping states no coverage; windows over this table are missing.")
        return notes

    def _coverage(self, connection: duckdb.DuckDBPyConnection, name: str) -> Coverage | None:
        """The stated period, half-open; each end is a day, or a SELECT that gives one."""
        if name not in self.mapping.coverage:
            return None
        days = []
        for end in self.mapping.coverage[name]:
            text = end
            if end.lstrip().upper().startswith("SELECT"):
                try:
                    text = str(connection.execute(f"SELECT CAST(({end}) AS DATE)").fetchall()[0][0])
                except duckdb_error() as error:
                    raise ConfigurationError(
                        f"the coverage of {name} in {self.mapping.folder} fails: {type(error).__name__}",
                        hint="Let its SELECT give one day.",
                    ) from None
            days.append(text)
        zone = self.writer.warehouse.zone
        start, end_us = zone.parse(days[0]), zone.parse(days[1])
        return (start, end_us) if start < end_us else None

    def _stored(self, name: str) -> str | None:
        """The warehouse's rows of a table as SQL, or None."""
        paths = self.writer.warehouse.paths(name)
        if not paths:
            return None
        return f"read_parquet([{', '.join(literal(path) for path in paths)}], hive_partitioning = false)"
