"""A bank on which every task has run, seen by people of different scopes, and an oracle of plain SQL."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from seen_by import Oracle

from bankmine import pipeline
from bankmine.access import Place
from bankmine.folder import BankFolder
from bankmine.governance import Scope


@pytest.fixture(scope="session")
def worked(worked_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    """The bank with the published runs of all tasks that its data allow."""
    folder = tmp_path_factory.mktemp("worked") / "bank"
    shutil.copytree(worked_folder, folder)
    return pipeline.open_bank(folder)


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
