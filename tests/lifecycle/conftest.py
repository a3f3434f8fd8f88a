"""One small bank and one run of each task for all tests of this room."""

from pathlib import Path

import pytest
from made_up_bank import make_bank

from bankmine import lifecycle
from bankmine.bank.warehouse import Warehouse
from bankmine.lifecycle.run import Run


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return make_bank(tmp_path_factory.mktemp("bank") / "warehouse")


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="session")
def inactivity(bank: Warehouse, results: Path) -> Run:
    return lifecycle.run_task(bank, None, "inactivity", results_folder=results)


@pytest.fixture(scope="session")
def segmentation(bank: Warehouse, results: Path) -> Run:
    return lifecycle.run_task(bank, None, "segmentation", results_folder=results)
