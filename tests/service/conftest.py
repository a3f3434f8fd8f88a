"""The API over a bank with runs, and a caller for any permissions and scope."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

sys.path.append(str(Path(__file__).parents[1]))

from callers import Caller

from bankmine import pipeline
from bankmine.access import Place
from bankmine.folder import BankFolder
from bankmine.governance import Permission, Role, Scope, people, tokens
from bankmine.governance.person import load
from bankmine.service import create_api
from bankmine.store import Store, new_id
from stores import quick_hashes

__all__ = ["quick_hashes"]


@pytest.fixture(scope="session")
def bank(worked_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    """A bank with runs; tests may write into its store."""
    folder = tmp_path_factory.mktemp("service") / "bank"
    shutil.copytree(worked_folder, folder)
    for old in (*folder.glob("operations.db*"), folder / "keys" / "audit.anchor"):
        old.unlink(missing_ok=True)
    return pipeline.open_bank(folder)


@pytest.fixture(scope="session")
def store(bank: BankFolder) -> Iterator[Store]:
    one = Store.of(bank)
    one.migrate()
    yield one
    one.close()


@pytest.fixture(scope="session")
def api(bank: BankFolder, store: Store) -> FastAPI:
    return create_api(store, Place(bank))


@pytest.fixture
def caller(api: FastAPI, store: Store) -> Caller:
    """A client with a token of its own: `caller(permissions, scope=…)`; by default it may do everything."""

    def make(
        permissions: Iterable[Permission] = tuple(Permission), *, scope: Scope | None = None
    ) -> TestClient:
        with store.begin() as connection:
            person_id = people.add(
                connection, None, name=f"System {new_id()}", password="four quiet grey herons",
                roles=tuple(Role), scope=scope or Scope(),
            )  # fmt: skip
            person = load(connection, person_id)
            assert person is not None
            token, _ = tokens.add(connection, person, label="a test", permissions=permissions)
        return TestClient(
            api, headers={"authorization": f"Bearer {token}"}, raise_server_exceptions=False,
        )  # fmt: skip

    return make
