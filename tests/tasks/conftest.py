"""The made-up bank of the lifecycle tests serves here too, and one whole simulated bank for the studies."""

import sys
from pathlib import Path

import pytest

from bankmine.folder import BankFolder
from simulated_bank import simulated_bank

sys.path.insert(0, str(Path(__file__).parents[1] / "lifecycle"))


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    """A loaded bank of 1,000 customers and 36 months; tests write their results elsewhere."""
    return simulated_bank(tmp_path_factory)
