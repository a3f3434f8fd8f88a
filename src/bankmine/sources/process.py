"""The steps of one load: read, recognise, stage, judge, compare, write, publish."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine import clock
from bankmine.bank.catalogue import TABLES
from bankmine.bank.columns import Kind, Table
from bankmine.bank.keys import Keyring
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.part_files import parts_for
from bankmine.bank.writer import LoadWriter
from bankmine.config import Config
from bankmine.engine.duck import connect, literal, quoted
from bankmine.errors import BankmineError, ContractError, SourceError, WarehouseError
from bankmine.sources import contract, versions
from bankmine.sources.accounting import coverage, notes
from bankmine.sources.connectors import Attached, attach, file_hashes
from bankmine.sources.extracts import Delivery
from bankmine.sources.faults import fault
from bankmine.sources.loading import Progress
from bankmine.sources.macros import define
from bankmine.sources.mapping import Mapping
from bankmine.sources.money import Rates, rates_of
from bankmine.sources.owners import owners_of
from bankmine.sources.rejects import write_broken_lines, write_rejects
from bankmine.sources.shaping import Place
from bankmine.sources.staging import Staged, stage

if TYPE_CHECKING:
    import duckdb

READ_AT_ONCE = 100_000  # rows of a batch on the way to the files
LARGE = 8_000_000  # rows an event table is expected to have, above which they are staged in files
ROWS_A_PART = 2_000_000


@contextmanager
def full_keys_disk(folder: Path) -> Iterator[None]:
    """Turns a full disk, as SQLite and DuckDB say it, into an error that says what to do."""
    try:
        yield
    except Exception as error:
        if isinstance(error, BankmineError):
            raise
        said = str(error)
        if any(words in said for words in ("disk is full", "No space left", "Could not write", "disk I/O")):
            raise WarehouseError(
                f"the disk that holds {folder} or the warehouse is full; the warehouse is as it was before",
                hint="Free some space and run the same load again.",
            ) from None
        if isinstance(error, MemoryError) or fault(error) == "OutOfMemoryException":
            raise SourceError(
                "the load needs more memory than it may take",
                hint="Raise engine.memory in bankmine.toml, or load the extracts in parts.",
            ) from None
        raise


@dataclass
class Process:
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
    rates: Rates | None = None
    rejects: Path | None = None

    def run(self) -> tuple[Load, bool]:
        """Loads the delivery; the load, and whether it had been loaded before."""
        hashes = {name: file_hashes(found) for name, found in self.delivery.found.items()}
        if all(hashes.values()) and (earlier := self._earlier(self._content_hash(hashes))):
            return earlier, True
        self.writer.staging.mkdir(exist_ok=True)
        connection = connect(
            memory=self.config.memory, threads=self.config.threads, spill=self.writer.staging / "spill"
        )
        try:
            return self._run(connection)
        finally:
            connection.close()

    def _run(self, connection: duckdb.DuckDBPyConnection) -> tuple[Load, bool]:
        self.attached = attach_all(connection, self.delivery, self.progress)
        content_hash = self._content_hash({name: one.hashes for name, one in self.attached.items()})
        if earlier := self._earlier(content_hash):
            return earlier, True
        folder = self.config.folder / "rejects" / content_hash[:12]
        self._refuse_unreadable(folder)
        self.rates = rates_of(connection, self.mapping, self._place())
        names = [name for name in self.mapping.tables if not self._lacks(name)]
        for name in contract.load_order(names):
            self._load_table(connection, name, folder)
        self.progress("publishing", 0, 1)
        load = self._record(content_hash)
        self.writer.commit(load)
        return load, False

    def _record(self, content_hash: str) -> Load:
        return Load(
            number=self.writer.load_number,
            load_id=content_hash[:12],
            mapping=self.mapping.name,
            content_hash=content_hash,
            extract_date=self.delivery.extract_date.isoformat(),
            loaded_at=clock.now().isoformat(timespec="seconds"),
            tables={name: self.tables[name] for name in TABLES if name in self.tables},
            extracts={
                f"{name}/{file}": digest
                for name, one in self.attached.items()
                for file, digest in one.hashes.items()
            },
            ignored=self.delivery.ignored,
        )

    def _earlier(self, content_hash: str) -> Load | None:
        return self.writer.warehouse.manifest.has_load(content_hash)

    def _content_hash(self, hashes: dict[str, dict[str, str]]) -> str:
        """Names what is loaded, by all that decides the result; no path, no clock."""
        parts = [
            self.mapping.content_hash,
            self.keyring.identity,
            self.config.time_zone,
            self.config.currency,
            self.delivery.extract_date.isoformat(),
        ]
        for name, files in sorted(hashes.items()):
            parts += [f"{name}/{file}:{digest}" for file, digest in sorted(files.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _lacks(self, name: str) -> bool:
        """Whether a table needs an optional extract that was not delivered."""
        return any(extract in self.delivery.missing for extract in self.mapping.extracts_of(name))

    def _place(self) -> Place:
        zone = self.writer.warehouse.zone
        drawn = zone.midnight(self.delivery.extract_date)
        return Place(zone=zone, keyring=self.keyring, currency=self.config.currency, extract_us=drawn)

    def _refuse_unreadable(self, folder: Path) -> None:
        """Lists broken lines, and stops where an extract has more of them than the bank allows."""
        for name, one in self.attached.items():
            if not one.broken:
                continue
            self.rejects, total = folder, one.rows + len(one.broken)
            listed = write_broken_lines(one, folder)
            if len(one.broken) <= self.config.maximum_reject_share * total:
                continue
            first, reasons = one.broken[0], Counter(line.reason for line in one.broken)
            raise SourceError(
                f"{len(one.broken):,} of {total:,} lines of the extract {name} cannot be read; first "
                f"line {first.line} of {first.file} ({first.reason}), mostly {reasons.most_common(1)[0][0]}",
                hint="Check delimiter, quote and encoding in mapping.toml, or have it delivered again; all "
                f"are listed in {listed}. Nothing was loaded.",
            )

    def _load_table(self, connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> None:
        """One table from its SELECT to its files."""
        expected = max((self.attached[one].rows for one in self.mapping.extracts_of(name)), default=0)
        self.progress(f"loading {name}", 0, expected)
        place, table = self._place(), TABLES[name]
        owners = owners_of(connection, self._parties()) if table.per_owner else None
        staged = stage(
            connection, self.mapping, name, place, owners=owners, rates=self.rates,
            tick=lambda rows: self.progress(f"loading {name}", min(rows, expected), expected),
            parts=self._parts(table, expected),
        )  # fmt: skip
        self._gather_keys(connection, table)
        end = place.zone.midnight(self.delivery.extract_date + timedelta(days=1))
        contract.judge(connection, staged, extract_end_us=end, known_keys=self.known_keys)
        versions.compare(connection, staged, self._stored(name))
        self._refuse_too_many(connection, staged, folder)
        versions.withdraw_from_former_owners(connection, staged, self._stored(name))
        self._keep(connection, staged)
        rows = self._write(connection, staged)
        self.tables[name] = self._account(connection, staged, rows)
        staged.drop(connection)
        for made in (f"rejected_{name}", f"unchanged_{name}"):
            connection.execute(f"DROP TABLE {quoted(made)}")

    def _parts(self, table: Table, expected: int) -> tuple[Path, int] | None:
        """Where the rows of a large table are staged, and in how many parts; None for others."""
        if table.kind is not Kind.EVENT or expected < LARGE:
            return None
        return self.writer.staging / table.name, parts_for(expected, ROWS_A_PART)

    def _keep(self, connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
        """Keeps of a table what later ones need: its keys, and who owns which account."""
        name, stored = staged.table.name, self._stored(staged.table.name)
        accepted = f"{quoted(staged.view)} ANTI JOIN {quoted(f'rejected_{name}')} USING (_row)"
        if name == "account_party":
            connection.execute(f"CREATE TABLE accepted_account_party AS SELECT * FROM {accepted}")
        if name in contract.referenced():
            contract.keep_keys(connection, staged.table, [accepted, stored] if stored else [accepted])
            self.known_keys.add(name)

    def _gather_keys(self, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
        """The keys of referenced tables that only the warehouse has."""
        for column in contract.references(table):
            other = str(column.references)
            stored = self._stored(other)
            if stored and other not in self.known_keys:
                contract.keep_keys(connection, TABLES[other], [stored])
                self.known_keys.add(other)

    def _parties(self) -> list[str]:
        """The rows of account_party, of this load and of the warehouse, as SQL."""
        stored = self._stored("account_party")
        return ["accepted_account_party"] * ("account_party" in self.tables) + ([stored] if stored else [])

    def _stored(self, name: str) -> str | None:
        """The warehouse's rows of a table as SQL, or None."""
        paths = self.writer.warehouse.paths(name)
        if not paths:
            return None
        return f"read_parquet([{', '.join(literal(path) for path in paths)}], hive_partitioning = false)"

    def _refuse_too_many(self, connection: duckdb.DuckDBPyConnection, staged: Staged, folder: Path) -> None:
        """Writes the rejects, and stops the load where they are more than the bank allows."""
        name = staged.table.name
        reasons = self._reasons(connection, name)
        listed = write_rejects(connection, staged, folder)
        self.rejects = folder if listed else self.rejects
        judged = reasons - self._broken(name)  # broken lines were judged against their extract's lines
        rejected, read = judged.total(), staged.read
        if staged.read == 0:
            raise SourceError(
                f"{self.mapping.folder / name}.sql gives no row",
                hint="Check the extracts and the SELECT; nothing was loaded.",
            )
        if rejected <= self.config.maximum_reject_share * read:
            return
        worst = ", ".join(f"{count:,} × {reason}" for reason, count in judged.most_common(3))
        raise ContractError(
            f"{rejected:,} of {read:,} rows of {name} break its contract ({worst})",
            hint=f"They are listed in {listed or folder}; mend the extract or the mapping, or raise "
            f"load.maximum_reject_share ({self.config.maximum_reject_share:g}). Nothing was loaded.",
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
        left_out = (
            f"(SELECT _row FROM {quoted(f'rejected_{name}')} UNION ALL FROM {quoted(f'unchanged_{name}')})"
        )
        rest = f"{quoted(staged.view)} ANTI JOIN {left_out} USING (_row)"
        count = connection.execute(f"SELECT count(*) FROM {rest}").fetchall()[0][0]
        if not count:
            return 0
        buckets = self.writer.prepare(name, count)
        columns = ", ".join(quoted(column) for column in staged.columns)
        order = ", ".join(quoted(n) for n in table.version_key)
        if table.kind is Kind.EVENT:
            columns += f", CAST(_hash & {buckets - 1} AS INTEGER) AS bucket"
            order = f"bucket, {quoted(str(table.bucket_key))}, event_time, seq, {order}"
        self.progress(f"writing {name}", 0, count)

        def batches() -> Iterator[Any]:
            for rows, done in staged.pieces():
                here = f"SEMI JOIN (SELECT _row FROM {rows}) USING (_row)" if staged.files else ""
                rest = f"{rows} ANTI JOIN (FROM {left_out} {here}) USING (_row)"
                found = connection.execute(f"SELECT {columns} FROM {rest} ORDER BY {order}, known_at")
                yield from found.to_arrow_reader(READ_AT_ONCE)
                done()

        return self.writer.append_sorted(name, batches())

    def _account(self, connection: duckdb.DuckDBPyConnection, staged: Staged, rows: int) -> TableLoad:
        """What the load says about the table."""
        name = staged.table.name
        again = f"SELECT count(DISTINCT _row) FROM {quoted(f'unchanged_{name}')}"
        return TableLoad(
            rows=rows,
            read=staged.read + self._broken(name).total(),
            unchanged=connection.execute(again).fetchall()[0][0],
            rejects=dict(sorted(self._reasons(connection, name).items())),
            coverage=coverage(connection, self.mapping, name, self.writer.warehouse.zone),
            notes=notes(staged, self.mapping, self.known_keys, self.delivery.extract_date),
        )


def attach_all(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, progress: Progress
) -> dict[str, Attached]:
    """Makes all extracts of a delivery, the macros and the table `delivered` known to a connection."""
    define(connection, delivery.extract_date)
    attached = {}
    connection.execute("CREATE TABLE delivered (extract VARCHAR, alternative VARCHAR)")
    for done, (name, found) in enumerate(delivery.found.items()):
        progress("reading extracts", done, len(delivery.found))
        attached[name] = attach(connection, found)
        connection.execute("INSERT INTO delivered VALUES (?, ?)", [name, found.alternative.name])
    return attached
