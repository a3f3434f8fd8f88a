"""The shipped mappings on the data they were written for: counts, sums, quirks."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiny import example_bank, rejects

from bankmine import sources
from bankmine.bank.keys import Keyring
from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.engine.session import Session
from shared_data import shared


def bank_of(name: str, extracts: Path, folder: Path) -> Config:
    """Settings of a bank with a shipped mapping."""
    mapping = sources.load_mapping(name)
    return Config(
        folder=folder, name=name, mapping=name, extracts=extracts, time_zone=mapping.time_zone,
        currency=mapping.currency, keys=folder / "keys",
    )  # fmt: skip


def ask(config: Config, sql: str, as_of: str | None = None) -> list[tuple[Any, ...]]:
    """Rows of a statement over the loaded bank tables."""
    warehouse = Warehouse.open(sources.warehouse_folder(config))
    with Session(warehouse, as_of=warehouse.zone.parse(as_of) if as_of else None) as session:
        return [tuple(row.values()) for row in session.arrow(sql).to_pylist()]


def failures(config: Config) -> list[str]:
    return [finding.line() for finding in sources.check(config) if finding.passed is False]


@pytest.fixture(scope="module")
def berka(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, sources.LoadResult]:
    folder = tmp_path_factory.mktemp("berka")
    config = bank_of("berka", shared("berka-pkdd99"), folder)
    return config, sources.load(config)


@pytest.mark.shared_data
def test_berka_loads_every_row_of_every_table(berka: tuple[Config, sources.LoadResult]) -> None:
    config, result = berka
    assert {name: one.rows for name, one in result.load.tables.items()} == {
        "customer": 5369, "customer_identity": 5369, "branch": 77, "region": 154, "product": 7,
        "account": 4500, "account_party": 5369, "card": 892, "holding": 6074, "transaction": 49_102,
        "standing_order": 6471, "loan": 1364,
    }  # fmt: skip
    assert result.rejected == 0
    assert failures(config) == []
    assert sum(finding.passed is True for finding in sources.check(config)) == 11
    assert "trans_first52816_rounded.parquet" in result.load.ignored


@pytest.mark.shared_data
def test_berka_sum_and_count_of_each_account_equal_a_plain_query_over_the_file(
    berka: tuple[Config, sources.LoadResult],
) -> None:
    config, _ = berka
    file = shared("berka-pkdd99") / "trans_first49102.parquet"
    plain = duckdb.sql(
        "SELECT account_id, count(*), CAST(round(sum(CAST(amount AS DECIMAL(18, 2))) * 100) AS BIGINT) "
        f"FROM '{file}' GROUP BY 1"
    ).fetchall()
    keyring = Keyring(config.keys)
    wanted = {(keyring.token("account", account), count, total) for account, count, total in plain}
    held = ask(
        config, "SELECT account_id, count(*), CAST(sum(base_minor) AS BIGINT) FROM transaction GROUP BY 1"
    )
    assert set(held) == wanted


@pytest.mark.shared_data
def test_berka_quirks_come_out_right(berka: tuple[Config, sources.LoadResult]) -> None:
    config, _ = berka
    assert ask(config, "SELECT direction, count(*) FROM transaction GROUP BY 1 ORDER BY 1") == [
        ("in", 1770 + 2002 + 9759 + 9463), ("out", 49_102 - 22_994),  # VYBER as a type is money out
    ]  # fmt: skip
    categories = dict(ask(config, "SELECT category, count(*) FROM transaction GROUP BY 1"))
    assert categories == {
        "pension": 1770, "interest": 9463, "insurance": 644, "household": 3719, "loan_payment": 123,
        "penalty_interest": 64, "statement_fee": 5445, None: 49_102 - 21_228,
    }  # fmt: skip
    channels = dict(ask(config, "SELECT channel, count(*) FROM transaction GROUP BY 1"))
    assert channels == {"cash": 29_512, "transfer": 10_115, "bank": 9463, "card": 12}
    genders = dict(ask(config, "SELECT gender, count(*) FROM customer GROUP BY 1"))
    assert genders == {"female": 2645, "male": 2724}
    years = ask(config, "SELECT min(birth_year), max(birth_year) FROM customer")
    assert years == [(1911, 1987)]
    unknown = ask(config, "SELECT count(*) FROM region WHERE unemployment IS NULL OR crimes IS NULL")
    assert unknown == [(1,)]  # the one district with "?" in 1995
    first = ask(config, "SELECT birth_year, gender FROM customer WHERE customer_id = " + str(
        Keyring(config.keys).token("customer", 1)))  # fmt: skip
    assert first == [(1970, "female")]  # birth number 706213


@pytest.mark.shared_data
def test_berka_shows_nothing_before_it_was_known(berka: tuple[Config, sources.LoadResult]) -> None:
    config, result = berka
    counts = (
        "SELECT (SELECT count(*) FROM standing_order), (SELECT count(*) FROM region), "
        "(SELECT count(status) FROM loan)"
    )
    assert ask(config, counts, "1998-12-31") == [(0, 0, 0)]
    assert ask(config, counts, "1999-01-01") == [(6471, 154, 682)]
    assert ask(config, "SELECT count(*) FROM customer", "1993-01-01") == [(0,)]
    zone = result.warehouse.zone
    coverage = result.warehouse.coverage("transaction")
    assert coverage is not None
    assert [zone.show(end) for end in coverage] == ["1993-01-01", "1994-04-01"]


@pytest.mark.shared_data
def test_berka_says_how_much_of_the_last_day_of_its_first_part_is_missing() -> None:
    folder = shared("berka-pkdd99")
    there = duckdb.sql(
        f"SELECT count(*) FROM '{folder}/trans_first49102.parquet' WHERE date = '940331'"
    ).fetchall()
    longer = f"{folder}/trans_first52816_rounded.parquet"
    whole = duckdb.sql(f"SELECT count(*) FROM '{longer}' WHERE date = '1994-03-31'").fetchall()
    told = " ".join(sources.load_mapping("berka").rules)
    assert f"{there[0][0]:,} of {whole[0][0]:,} transactions" in told


@pytest.mark.shared_data
def test_berka_takes_the_whole_file_after_the_first_part(tmp_path: Path) -> None:
    # The whole file cannot be shared; one of its form is made of the first part, the rest of it made up.
    extracts, source = tmp_path / "extracts", shared("berka-pkdd99")
    extracts.mkdir()
    for file in source.glob("*"):
        (extracts / file.name).symlink_to(file)
    config = bank_of("berka", extracts, tmp_path)
    sources.load(config)
    lines = duckdb.sql(f"SELECT * FROM '{source / 'trans_first49102.parquet'}'").fetchall()
    lines += [(9_000_001, 1, "981231", "VYDAJ", "VYBER", 12.5, 100.0, "SLUZBY", None, None)]
    quoted = {3, 4, 7, 8, 9}
    text = ["trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account"]
    text += [
        ";".join(f'"{"" if v is None else v}"' if i in quoted else str(v) for i, v in enumerate(line))
        for line in lines
    ]
    (extracts / "trans.csv.gz").write_bytes(gzip.compress("\r\n".join(text).encode(), 1))
    whole = sources.load(config)
    table = whole.load.tables["transaction"]
    assert (table.read, table.rows, table.unchanged, table.rejects) == (49_103, 1, 49_102, {})
    assert "trans_first49102.parquet" in whole.load.ignored
    coverage = whole.warehouse.coverage("transaction")
    assert coverage is not None
    assert whole.warehouse.zone.show(coverage[1]) == "1999-01-01"
    failed = failures(config)
    assert len(failed) == 2
    assert any("Found 49103, expected 1056320" in line for line in failed)
    assert any("counted by others" in line for line in failed)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "folder", "rows"),
    [
        ("cdnow", "cdnow", {"customer": 23_570, "transaction": 69_659}),
        ("anz", "anz-synthesised-transactions", {"customer": 100, "transaction": 12_043, "account": 100}),
        pytest.param(
            "fraud_handbook", "fraud-handbook-simulated",
            {"customer": 4990, "transaction": 1_754_155, "feedback": 14_681}, marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_every_row_is_loaded_and_every_check_holds(
    name: str, folder: str, rows: dict[str, int], tmp_path: Path
) -> None:
    config = bank_of(name, shared(folder), tmp_path)
    result = sources.load(config)
    assert {table: result.load.tables[table].rows for table in rows} == rows
    assert result.rejected == 0
    assert failures(config) == []
    assert sources.load(config).already


@pytest.mark.shared_data
def test_a_check_that_does_not_hold_is_found(tmp_path: Path) -> None:
    extracts = tmp_path / "extracts"
    extracts.mkdir()
    text = gzip.decompress((shared("cdnow") / "cdnow_master.csv.gz").read_bytes()).decode().splitlines()
    (extracts / "cdnow_master.csv.gz").write_bytes(gzip.compress("\n".join(text[:-1]).encode(), 1))
    config = bank_of("cdnow", extracts, tmp_path)
    sources.load(config)
    assert [line.partition(":")[0] for line in failures(config)] == ["the known number of lines"]
    (extracts / "cdnow_master.csv.gz").write_bytes(gzip.compress("\n".join(text).encode(), 1))
    assert {line.partition(":")[0] for line in failures(config)} == {
        "every line became a transaction", "the known number of lines", "count and sum of each customer",
    }  # fmt: skip
    file = next((tmp_path / "warehouse").rglob("*.parquet"))
    file.write_bytes(b"")
    with pytest.raises(Exception, match="warehouse"):
        Warehouse.open(tmp_path / "warehouse").verify()


def test_the_example_loads_with_its_dirt_found_to_the_row(tmp_path: Path) -> None:
    config = example_bank(tmp_path / "bank")
    result = sources.load(config)
    reasons = rejects(result)
    assert set(reasons) == {
        "amount_minor cannot be read", "the account has no owner at that time",
        "event_time is after the extract was drawn", "broken line of payments.csv.gz: 9 fields instead of 14",
    }  # fmt: skip
    assert len(set(reasons.values())) == 1
    assert result.load.tables["transaction"].unchanged == next(iter(reasons.values()))
    assert failures(config) == []


def test_a_second_delivery_of_the_example_brings_late_rows_and_corrections(tmp_path: Path) -> None:
    first = example_bank(tmp_path / "bank", customers=600, months=5, dirty=False)
    sources.load(first)
    second = example_bank(tmp_path / "later", customers=600, months=6, since=5, dirty=False)
    result = sources.load(replace(first, extracts=second.extracts))
    assert result.rejected == 0
    late = (
        "SELECT count(*) FROM transaction_versions "
        "WHERE load_number = 2 AND event_time < TIMESTAMPTZ '2024-05-31 20:00:00'"
    )
    assert ask(first, late)[0][0] >= 3
    corrected = (
        "SELECT count(*) FROM (SELECT transaction_id FROM transaction_versions WHERE is_primary "
        "GROUP BY ALL HAVING count(DISTINCT load_number) = 2)"
    )
    assert ask(first, corrected)[0][0] >= 1
    whole = example_bank(tmp_path / "whole", customers=600, months=6, dirty=False)
    sources.load(replace(whole, keys=first.keys))
    content = (
        "SELECT count(*), sum(base_minor), sum(balance_after_minor), bit_xor(transaction_id) FROM transaction"
    )
    assert ask(first, content) == ask(whole, content)
    assert ask(first, content, "2024-04-01") == ask(whole, content, "2024-04-01")


def test_the_example_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        sources.example.write_extracts(tmp_path / name, customers=50, months=3)
    sources.example.write_extracts(tmp_path / "other", customers=50, months=3, seed=8)
    one, two, other = ((tmp_path / name / "payments.csv.gz").read_bytes() for name in ("one", "two", "other"))
    assert one == two != other
