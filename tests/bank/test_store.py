"""A warehouse in an object store: windows read it as they read a folder; what cannot be done yet says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bankmine.bank.warehouse import Warehouse
from bankmine.config import SparkSettings
from bankmine.engine.session import Session
from bankmine.errors import ConfigurationError, WarehouseError
from bankmine.windows import events, snapshot, windows
from bankmine.windows.parts import question, snapshot_files
from customers.small_bank import CUSTOMERS, build, rows_of_bank
from engine.on_spark import in_this_process
from engine.small_warehouse import SmallWarehouse

FEATURES = windows(
    events("transaction").measure("base_minor"), over=["1mo", "6mo"], aggregate=["count", "sum", "std"]
)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank())


@pytest.fixture
def stored(bank: SmallWarehouse) -> Warehouse:
    return Warehouse.in_store(bank.folder.as_uri())


def test_a_snapshot_from_a_store_is_the_same(bank: SmallWarehouse, stored: Warehouse) -> None:
    cutoffs = np.full(len(CUSTOMERS), bank.at("2024-02-01"))
    here = snapshot(bank.warehouse, FEATURES, np.array(CUSTOMERS), cutoffs)
    assert snapshot(stored, FEATURES, np.array(CUSTOMERS), cutoffs).equals(here)
    assert stored.fingerprint == bank.warehouse.fingerprint


def test_tasks_open_the_store_themselves(
    bank: SmallWarehouse, stored: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = in_this_process(monkeypatch)
    asked = question(stored, FEATURES, [bank.at("2024-02-01")])
    here = snapshot_files(bank.warehouse, asked, tmp_path / "here")
    stored.spark = SparkSettings()
    there = snapshot_files(stored, asked, tmp_path / "there")
    assert [file.read_bytes() for file in there] == [file.read_bytes() for file in here]
    assert jobs == [64]


def test_what_is_not_there_yet_is_said(bank: SmallWarehouse, stored: Warehouse) -> None:
    with (
        pytest.raises(WarehouseError, match="object store, which SQL does not read yet"),
        Session(stored) as one,
    ):
        one.arrow("SELECT count(*) FROM transaction")
    stored.spark = SparkSettings()
    cutoffs = np.full(len(CUSTOMERS), bank.at("2024-02-01"))
    with pytest.raises(ConfigurationError, match=r"Set engine\.spark\.scratch"):
        snapshot(stored, FEATURES, np.array(CUSTOMERS), cutoffs)


def test_a_store_that_holds_nothing_or_is_unknown_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"manifest\.json is missing"):
        Warehouse.in_store((tmp_path / "nothing").as_uri())
    with pytest.raises(ConfigurationError, match=r"ftp://.* cannot be opened"):
        Warehouse.in_store("ftp://host/warehouse")
