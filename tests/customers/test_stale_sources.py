"""A matrix and a kept snapshot say how old their sources are, and are refused where one is too old."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankmine.config import load_config
from bankmine.customers import report_of
from bankmine.customers.matrix import matrix
from bankmine.customers.population import customers_at
from bankmine.customers.snapshot import keep_snapshot
from bankmine.errors import BankmineError, CutoffError
from engine.small_warehouse import SmallWarehouse


@pytest.fixture
def bank(tmp_path: Path) -> SmallWarehouse:
    small = SmallWarehouse(tmp_path)
    small.load(
        customer=[{"customer_id": 7, "valid_from": "2023-01-01", "since": "2023-01-01"}],
        transaction=[{"transaction_id": 1, "customer_id": 7, "event_time": "2024-03-01", "base_minor": 5}],
        coverage=("2023-01-01", "2024-04-01"),
    )
    return small


def test_a_matrix_shows_and_refuses_a_stale_source(bank: SmallWarehouse) -> None:
    cutoff = bank.at("2024-03-11")
    rows, _ = customers_at(bank.warehouse, cutoff)
    table = matrix(bank.warehouse, rows, ["out_sum_1mo", "age"], maximum_staleness="10d")
    (source,) = report_of(table).sources
    assert (source.table, source.days, source.covered_until) == ("transaction", 10, bank.at("2024-04-01"))
    with pytest.raises(CutoffError, match="of transaction nothing after 2024-03-01 was known at 2024-03-11"):
        matrix(bank.warehouse, rows, ["out_sum_1mo", "age"], maximum_staleness="9d")
    matrix(bank.warehouse, rows, ["age"], maximum_staleness="9d")  # reads no event


def test_a_kept_snapshot_is_refused_again_where_its_sources_are_too_old(
    bank: SmallWarehouse, tmp_path: Path
) -> None:
    cutoff = bank.at("2024-03-11")
    with pytest.raises(CutoffError, match="2024-03-01 was known"):
        keep_snapshot(bank.warehouse, tmp_path / "s", cutoff=cutoff, maximum_staleness={"transaction": "1d"})
    made = keep_snapshot(bank.warehouse, tmp_path / "s", cutoff=cutoff)
    assert [source.table for source in made.sources] == ["transaction"]
    found = keep_snapshot(bank.warehouse, tmp_path / "s", cutoff=cutoff, maximum_staleness="10d")
    assert found.found
    assert found.sources == made.sources
    with pytest.raises(CutoffError, match="2024-03-01 was known"):
        keep_snapshot(bank.warehouse, tmp_path / "s", cutoff=cutoff, maximum_staleness="1d")


def test_the_setting_is_a_length_or_a_length_for_each_table(tmp_path: Path) -> None:
    settings = """[bank]
name = "b"
mapping = "berka"
extracts = "e"
time_zone = "Europe/Prague"
currency = "CZK"
[features]
maximum_staleness = """
    file = tmp_path / "bankmine.toml"
    file.write_text(settings + '"7d"')
    assert load_config(tmp_path).maximum_staleness == "7d"
    file.write_text(settings + '{ transaction = "3d" }')
    assert load_config(tmp_path).maximum_staleness == {"transaction": "3d"}
    file.write_text(settings + "7")
    with pytest.raises(BankmineError, match=r"features.maximum_staleness is 7"):
        load_config(tmp_path)
