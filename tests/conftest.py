"""Shared by all tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bankmine.folder import BankFolder
from browsing import chromium
from simulated_bank import lending_bank, simulated_bank, worked_bank


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """One real browser a process: two drivers do not get on in one."""
    yield from chromium()


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    """A loaded bank of 2,000 customers and 36 months; tests write their results elsewhere."""
    return simulated_bank(tmp_path_factory)


@pytest.fixture(scope="session")
def lending(tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    """A loaded bank of 900 customers and 54 months that lends much and loses much; read it only."""
    return lending_bank(tmp_path_factory)


@pytest.fixture(scope="session")
def worked_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The usual bank with runs of all tasks; read it only."""
    return worked_bank(tmp_path_factory)
