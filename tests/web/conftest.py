"""A bank with published runs, people of every role, and a browser-like client for each of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bankmine.governance import Role, Scope, people
from bankmine.store import Store
from bankmine.web import create_app

sys.path.append(str(Path(__file__).parents[1]))

from guests import HOST, PASSWORD, Guest
from walking import served

from stores import quick_hashes

__all__ = ["quick_hashes"]


@pytest.fixture(scope="session")
def worked(worked_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bank with runs; tests may write into its store."""
    folder = tmp_path_factory.mktemp("web") / "bank"
    shutil.copytree(worked_folder, folder)
    for old in (*folder.glob("operations.db*"), folder / "keys" / "audit.anchor"):
        old.unlink(missing_ok=True)
    return folder


@pytest.fixture(scope="session")
def app(worked: Path) -> FastAPI:
    return create_app(worked, hosts=[HOST])


@pytest.fixture(scope="session")
def store(app: FastAPI) -> Store:
    found: Store = app.state.site.store
    return found


@pytest.fixture
def guest(app: FastAPI) -> Callable[[], Guest]:
    """Makes browsers that nobody has signed in with."""
    return lambda: Guest(TestClient(app, base_url=f"https://{HOST}", raise_server_exceptions=False))


@pytest.fixture
def signed_in(guest, store: Store, quick_hashes) -> Callable[..., Guest]:
    """Makes a person of some roles and scope (once a name) and signs them in."""

    def make(*roles: Role, name: str = "", scope: Scope | None = None, language: str = "en") -> Guest:
        name = name or "-".join(roles)
        with store.begin() as connection:
            if name not in {one.name for one in people.listed(connection)}:
                people.add(
                    connection, None, name=name, password=PASSWORD, roles=roles, scope=scope or Scope(),
                    language=language,
                )  # fmt: skip
        one = guest()
        assert one.sign_in(name).status_code == 303
        return one

    return make


@pytest.fixture
def chief(signed_in) -> Guest:
    """Somebody with every role."""
    return signed_in(*Role, name="chief")


@pytest.fixture
def events(store: Store) -> Callable[..., list]:
    """The audit's newest events."""

    def newest(**wanted):
        from bankmine.governance import audit

        with store.read() as connection:
            return audit.events(connection, **wanted)

    return newest


@pytest.fixture(scope="session")
def site(worked: Path) -> Iterator[str]:
    """The address of the application, served to real browsers."""
    with served(worked) as address:
        yield address
