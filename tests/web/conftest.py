"""A bank with published runs, people of every role, and a browser-like client for each of them."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bankmine.governance import Role, Scope, people
from bankmine.store import Store
from bankmine.web import create_app

sys.path.append(str(Path(__file__).parents[1]))

from stores import quick_hashes

__all__ = ["quick_hashes"]

PASSWORD = "four quiet grey herons"
HOST = "bank.example"
OWN = {"sec-fetch-site": "same-origin"}


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


@dataclass
class Guest:
    """Somebody's browser: keeps cookies, sends forms with the token of the page before."""

    client: TestClient
    name: str = ""

    def get(self, path: str, **headers: str):
        """A page, redirects followed."""
        return self.client.get(path, headers=headers)

    def token(self, page: str = "/sign-in") -> str:
        """The token in a page's forms."""
        return re.search(r'name="csrf" value="(\w+)"', self.get(page).text)[1]

    def post(
        self, path: str, fields: dict[str, object] | None = None, *, token: str | None = None, follow=False
    ):
        """A form of our own."""
        page = "/account" if self.name else "/sign-in"
        data = {"csrf": self.token(page) if token is None else token, **(fields or {})}
        return self.client.post(path, data=data, headers=OWN, follow_redirects=False)

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str):
        """Signs in and keeps the cookie."""
        answer = self.post("/sign-in", {"name": name, "password": password, **fields})
        self.name = name if answer.status_code == 303 else ""
        return answer


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


def text_of(html: str) -> str:
    """A page's words without its tags."""
    return unescape(re.sub(r"<[^>]+>", " ", html))


def some_customer(guest: Guest) -> Iterator[str]:
    """The customers of the first page of the list."""
    return iter(re.findall(r'href="/customers/(\w+)', guest.get("/customers").text))
