"""Somebody's browser, without a browser: cookies, forms with the page's own token, words of pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from starlette.testclient import TestClient

PASSWORD = "four quiet grey herons"
HOST = "bank.example"
OWN = {"sec-fetch-site": "same-origin"}


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


def text_of(html: str) -> str:
    """A page's words without its tags."""
    return unescape(re.sub(r"<[^>]+>", " ", html))


def some_customer(guest: Guest) -> Iterator[str]:
    """The customers of the first page of the list."""
    return iter(re.findall(r'href="/customers/(\w+)', guest.get("/customers").text))
