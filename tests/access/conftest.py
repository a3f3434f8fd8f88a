"""A bank on which every task has run, seen by people of different scopes, and an oracle of plain SQL.

BANKMINE_WORKED_BANK names a folder with such a bank, to save the minutes that the runs take.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from seen_by import Oracle

from bankmine import pipeline
from bankmine.access import Place
from bankmine.errors import BankmineError
from bankmine.folder import BankFolder
from bankmine.governance import Scope

TASKS = (
    "segmentation", "value", "churn", "cross_sell", "acquisition", "behaviour", "classification",
    "inactivity", "behaviour_score", "application_score", "rating", "application_fraud", "early_warning",
)  # fmt: skip


@pytest.fixture(scope="session")
def worked(simulated: BankFolder, tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    """The bank with the published runs of all tasks that its data allow."""
    folder = tmp_path_factory.mktemp("worked") / "bank"
    given = os.environ.get("BANKMINE_WORKED_BANK")
    shutil.copytree(Path(given) if given else simulated.folder, folder)
    bank = pipeline.open_bank(folder)
    for task in () if given else TASKS:
        try:
            pipeline.run_task(bank, task)
        except BankmineError as refused:  # too few rows in a small bank; what ran is walked
            print(refused)
    return bank


@pytest.fixture(scope="session")
def place(worked: BankFolder) -> Place:
    return Place(worked)


@pytest.fixture(scope="session")
def oracle(worked: BankFolder, place: Place) -> Oracle:
    return Oracle(worked, place.state().cutoff)


@pytest.fixture(scope="session")
def scopes(oracle: Oracle) -> dict[str, Scope]:
    """Two branches, both together, a manager, a manager asked in a branch of others, and nothing at all."""
    first, second = oracle.branches[:2]
    manager, elsewhere = oracle.manager_of(first), oracle.manager_of(second)
    return {
        "first branch": Scope(branches=frozenset({first})),
        "second branch": Scope(branches=frozenset({second})),
        "both": Scope(branches=frozenset({first, second})),
        "manager": Scope(managers=frozenset({manager})),
        "manager of another branch": Scope(frozenset({first}), frozenset({elsewhere})),
        "none": Scope(branches=frozenset()),
    }
