"""The simulated bank is taken in whole: what is rejected was planted, and the truth joins the bank's keys."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

import bankmine
from bankmine import pipeline, sources
from bankmine.bank.catalogue import TABLES
from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.simulation.dirt import BREAKS
from bankmine.simulation.simulate import MARKER, Simulated, simulate

CUSTOMERS, MONTHS = 300, 24


class Loaded:
    """A simulated bank and what its load said."""

    def __init__(self, folder: Path, form: str, keys: Path | None = None) -> None:
        self.extracts: Path = folder / "extracts"
        self.made: Simulated = simulate(
            self.extracts, customers=CUSTOMERS, months=MONTHS, seed=3, form=form, workers=1
        )
        place = pipeline.init(
            folder / "bank", mapping="simulated", extracts=self.extracts, keys=keys, name="sim"
        )
        self.config: Config = place.config
        self.result = sources.load(self.config)
        self.bank = bankmine.open(folder / "bank")

    @property
    def warehouse(self) -> Warehouse:
        return self.result.warehouse

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.bank.sql(sql).to_pylist()]

    def truth(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement about the truth; `truth(name)` stands for its files."""
        database = duckdb.connect()
        for folder in (self.extracts / "truth").iterdir():
            if folder.is_dir():
                database.execute(f"CREATE VIEW truth_{folder.name} AS SELECT * FROM '{folder}/*.parquet'")
        return database.execute(sql).fetchall()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return Loaded(tmp_path_factory.mktemp("parquet"), "parquet")


@pytest.fixture(scope="module")
def from_csv(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("csv")
    return Loaded(folder, "csv", keys=loaded.config.keys)


def test_every_bank_table_the_design_names_is_filled(loaded: Loaded) -> None:
    assert set(loaded.result.load.tables) == set(TABLES)


def test_the_rows_left_out_are_exactly_the_broken_ones_that_were_planted(loaded: Loaded) -> None:
    planted = loaded.made.planted["transactions"]
    assert loaded.result.rejected == sum(planted[kind] for kind in BREAKS) > 0
    rejected = {name for name, one in loaded.result.load.tables.items() if one.rejects}
    assert rejected == {"transaction"}
    listed = pq.read_table(loaded.result.rejects / "transaction.parquet").column("transaction_id")
    wanted = loaded.truth("SELECT row FROM truth_dirt WHERE kind IN " + str(BREAKS))
    keys = {f"{loaded.bank.pseudonym('transaction', row) & (2**64 - 1):016x}" for (row,) in wanted}
    assert set(listed.to_pylist()) == keys


def test_every_promise_of_the_mapping_is_kept(loaded: Loaded) -> None:
    findings = sources.check(loaded.config)
    assert [one.line() for one in findings if not one.passed] == []
    assert len(findings) > 5


@pytest.mark.slow
def test_csv_and_parquet_are_the_same_bank(loaded: Loaded, from_csv: Loaded) -> None:
    assert [one.line() for one in sources.check(from_csv.config) if not one.passed] == []
    for name in TABLES:
        ours, theirs = (one.result.load.tables[name] for one in (loaded, from_csv))
        assert (name, ours.rows) == (name, theirs.rows)
    columns = "transaction_id, customer_id, base_minor, balance_after_minor, lat, event_time, known_at, mcc"
    digest = f"SELECT count(*), bit_xor(hash({columns})) FROM transaction"
    assert loaded.rows(digest) == from_csv.rows(digest)


def test_late_corrected_and_withdrawn_rows_are_known_when_they_were_recorded(loaded: Loaded) -> None:
    traces = loaded.truth(
        "SELECT kind, row, epoch_us(recorded_at) FROM truth_dirt "
        "WHERE extract = 'transactions' AND kind IN ('late', 'corrected', 'withdrawn')"
    )
    versions = loaded.rows(
        "SELECT transaction_id, max(epoch_us(known_at)), bool_or(cancelled), count(*) "
        "FROM transaction_versions WHERE is_primary GROUP BY 1"
    )
    held = {token: rest for token, *rest in versions}
    zone = loaded.warehouse.zone
    for kind, row, recorded in traces:
        known, cancelled, count = held[loaded.bank.pseudonym("transaction", row)]
        assert known == recorded - 8 * 3_600_000_000  # Singapore is eight hours ahead of UTC
        assert cancelled == (kind == "withdrawn")
        assert count == (1 if kind == "late" else 2)
    assert zone.show(0).startswith("1970-01-01")


def test_the_truth_about_customers_joins_the_bank_by_pseudonym(loaded: Loaded) -> None:
    raw = loaded.truth("SELECT customer FROM truth_customers")
    tokens = {loaded.bank.pseudonym("customer", number) for (number,) in raw}
    held = {token for (token,) in loaded.rows("SELECT DISTINCT customer_id FROM customer")}
    assert held <= tokens
    assert len(held) > 0.8 * CUSTOMERS


def test_the_mapping_lists_the_columns_that_are_delivered(loaded: Loaded) -> None:
    mapping = sources.load_mapping("simulated")
    listed = {
        one.file.partition("/")[0]: one.columns
        for extract in mapping.extracts.values()
        for one in extract.alternatives
        if one.connector == "csv" and one.file
    }
    for name, columns in listed.items():
        file = next(iter(sorted((loaded.extracts / name).glob("*.parquet"))), None)
        if file is not None:
            assert (name, columns) == (name, tuple(pq.read_schema(file).names))
    delivered = {path.name for path in loaded.extracts.iterdir() if path.is_dir()} - {"truth"}
    assert delivered <= set(listed)


def test_neither_marker_nor_truth_counts_as_ignored(loaded: Loaded) -> None:
    assert loaded.result.load.ignored == ()
    assert tomllib.loads((loaded.extracts / MARKER).read_text())["rows"] == loaded.made.rows


def test_coverage_ends_with_the_day_of_the_extract(loaded: Loaded) -> None:
    zone = loaded.warehouse.zone
    for name in ("transaction", "digital_event", "feedback"):
        spoken = loaded.warehouse.coverage(name)
        assert spoken is not None
        assert [zone.show(end) for end in spoken] == ["2023-01-01", "2025-01-01"]


def test_every_table_can_be_looked_at(loaded: Loaded) -> None:
    found = loaded.bank.understand()
    assert f"{len(TABLES)} tables" in found.statements[0]


def test_a_verdict_names_its_subject_by_the_pseudonym_of_the_subjects_own_table(loaded: Loaded) -> None:
    held = {"transaction": "transaction", "account": "account", "application": "credit_application"}
    judged = dict(loaded.rows("SELECT subject_kind, count(*) FROM feedback GROUP BY subject_kind"))
    assert {"transaction", "account"} <= set(judged) <= set(held)
    for kind, count in judged.items():
        own = f"(SELECT {kind}_id FROM {held[kind]}_versions)"
        sql = f"SELECT count(*) FROM feedback WHERE subject_kind = '{kind}' AND subject_id IN {own}"
        assert (kind, loaded.rows(sql)) == (kind, [(count,)])
