"""A small bank of each test session, and its store."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from bankmine import pipeline
from bankmine.folder import BankFolder
from bankmine.store import Store
from stores import add, file_store, postgresql, quick_hashes, store, time

__all__ = ["add", "file_store", "postgresql", "quick_hashes", "store", "time"]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    """A loaded bank that jobs may write into."""
    place = tmp_path_factory.mktemp("work")
    pipeline.write_example(place / "extracts", customers=400, months=24, seed=5)
    made = pipeline.init(place / "bank", mapping="example", extracts=place / "extracts")
    with (made.folder / "bankmine.toml").open("a") as file:
        file.write('\n[run]\nbudget = "quick"\n')
    made = pipeline.open_bank(made.folder)
    pipeline.load(made)
    return made.reopened()


@pytest.fixture
def bank_store(bank: BankFolder) -> Iterator[Store]:
    """The bank's own store, without jobs of other tests."""
    from bankmine.store.tables.work import job

    store = Store.of(bank)
    store.migrate()
    with store.begin() as connection:
        connection.execute(job.delete())
    yield store
    store.close()
