"""A real browser walking through the pages, with all that it complained about and asked for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from guests import PASSWORD

from bankmine.governance import Role, people
from bankmine.web import create_app
from browsing import NO_BROWSER

__all__ = ["NO_BROWSER", "WALKER", "Walk", "served"]
WALKER = "walker"


@contextmanager
def served(bank: Path) -> Iterator[str]:
    """The application on a port of its own, over plain HTTP; people of every role, and one of all roles."""
    app = create_app(bank, insecure_cookies=True)
    with app.state.site.store.begin() as connection:
        there = {one.name for one in people.listed(connection)}
        for name, roles in {WALKER: list(Role), **{f"walking {role}": [role] for role in Role}}.items():
            if name not in there:
                people.add(connection, None, name=name, password=PASSWORD, roles=roles)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


class Walk:
    """One browser window, with all that it complained about and asked for."""

    def __init__(self, browser, site: str, *, width: int = 1440, theme: str = "light") -> None:
        self.site = site
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, locale="en-GB"
        )
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective))"
        )

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def _heard(self, message) -> None:
        """Errors and warnings; what the browser merely notes is left out."""
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def sign_in(self, name: str = WALKER) -> None:
        """Through the form, as people do."""
        self.page.goto(f"{self.site}/sign-in")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.page.wait_for_selector(".person")

    def chooses(self, language: str) -> None:
        """By the words in the header."""
        self.page.click(f".language button[value={language}]")
        self.page.wait_for_selector(f".language button[value={language}][aria-current]")
