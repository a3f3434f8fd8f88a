"""The whole pass as a person takes it: init, run, report, Python; on data made by others and made up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import bankmine
from bankmine import pipeline
from bankmine.sources import example
from shared_data import shared

BERKA_ROWS = {
    "account": 4500, "customer": 5369, "account_party": 5369, "standing_order": 6471, "card": 892,
    "transaction": 49102,
}  # fmt: skip


def command(*words: str | Path) -> str:
    """Runs one command in a process of its own and returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "bankmine", *map(str, words)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def example_bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("example")
    example.write_extracts(place / "extracts", customers=700, months=14, seed=3)
    command("init", place / "bank", "--mapping", "example", "--extracts", place / "extracts")
    said = command("run", place / "bank")
    assert str(place / "bank" / "report" / "index.html") in said
    return place / "bank"


@pytest.mark.slow
@pytest.mark.xdist_group("example")
def test_one_command_takes_raw_tables_to_a_report(example_bank: Path) -> None:
    index = example_bank / "report" / "index.html"
    assert index.exists()
    pages = {path.stem for path in index.parent.glob("*.html")}
    assert {"index", "customers", "segmentation", "reproduce"} <= pages


@pytest.mark.slow
@pytest.mark.xdist_group("example")
def test_the_report_names_no_foreign_host(example_bank: Path) -> None:
    for page in (example_bank / "report").glob("*.html"):
        assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.xdist_group("example")
def test_the_report_command_prints_the_path_of_the_first_page(example_bank: Path) -> None:
    assert Path(command("report", example_bank).strip()).name == "index.html"


@pytest.mark.slow
@pytest.mark.xdist_group("example")
def test_a_second_run_finds_everything_done_and_gives_the_same_scores(example_bank: Path) -> None:
    before = {path: path.read_bytes() for path in (example_bank / "results").rglob("scores.parquet")}
    assert before
    command("run", example_bank)
    after = {path: path.read_bytes() for path in (example_bank / "results").rglob("scores.parquet")}
    assert before == after


@pytest.mark.slow
@pytest.mark.xdist_group("example")
def test_no_result_file_holds_a_raw_customer_key_in_words(example_bank: Path) -> None:
    for path in (example_bank / "results").rglob("scores.parquet"):
        rows = pq.read_table(path)
        assert str(rows.schema.field("customer_id").type) == "int64"


@pytest.fixture(scope="module")
def berka(tmp_path_factory: pytest.TempPathFactory) -> Path:
    extracts = shared("berka-pkdd99")
    bank = tmp_path_factory.mktemp("berka") / "bank"
    pipeline.init(bank, mapping="berka", extracts=extracts)
    pipeline.load(pipeline.open_bank(bank))
    return bank


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.xdist_group("berka")
def test_berka_has_the_official_numbers_of_rows(berka: Path) -> None:
    rows = {row["table"]: row["rows"] for row in bankmine.open(berka).tables()}
    assert {name: rows[name] for name in BERKA_ROWS} == BERKA_ROWS


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.xdist_group("berka")
def test_berka_sums_and_counts_of_each_account_equal_a_plain_query_over_the_file(berka: Path) -> None:
    import duckdb

    file = shared("berka-pkdd99") / "trans_first49102.parquet"
    plain = duckdb.sql(
        f"SELECT account_id, count(*), sum(round(amount * 100))::BIGINT FROM '{file}' GROUP BY account_id"
    ).fetchall()
    bank = bankmine.open(berka)
    ours = bank.sql(
        "SELECT account_id, count(*) AS n, sum(amount_minor)::BIGINT AS s FROM transaction GROUP BY ALL"
    ).to_pylist()
    seen = {row["account_id"]: (row["n"], row["s"]) for row in ours}
    assert len(seen) == len(plain)
    for account, count, total in plain:
        assert seen[bank.pseudonym("account", account)] == (count, total)


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.xdist_group("berka")
def test_segments_of_berka_are_byte_equal_in_a_second_folder_with_the_same_key(berka: Path) -> None:
    second = berka.parent / "second"
    pipeline.init(second, mapping="berka", extracts=shared("berka-pkdd99"), keys=berka / "keys")
    pipeline.load(pipeline.open_bank(second))
    runs = [bankmine.open(bank).run("segmentation", cutoff="1994-04-01") for bank in (berka, second)]
    one, two = ((run.folder / "scores.parquet").read_bytes() for run in runs)
    assert runs[0].run_id == runs[1].run_id
    assert one == two
    assert runs[0].folder != runs[1].folder


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.xdist_group("berka")
def test_a_bank_prints_its_tables_and_runs_as_people_read_them(berka: Path) -> None:
    bank = bankmine.open(berka)
    assert "49,102" in str(bank.tables())
    run = bank.run("segmentation", cutoff="1994-04-01")
    assert "Segments at 1994-04-01" in repr(run)
    assert (
        json.loads((berka / "results" / "current.json").read_text())["segmentation"]["run_id"] == run.run_id
    )


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.xdist_group("berka")
def test_berka_keeps_the_promises_of_its_mapping(berka: Path) -> None:
    broken = [line for line, good in pipeline.check(pipeline.open_bank(berka)) if good is False]
    assert broken == []
