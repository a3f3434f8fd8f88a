"""The pages in a real browser: sign in, find a customer, look at them; both languages, light, dark, narrow.

Nothing breaks the policy, nothing is said on the console, nothing is asked of another host.
"""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from bankmine.governance import Role, people
from bankmine.web import create_app

sys.path.append(str(Path(__file__).parents[1] / "report"))

from browsing import NO_BROWSER, chromium

pytestmark = [pytest.mark.slow, NO_BROWSER, pytest.mark.xdist_group("pages")]
PASSWORD = "four quiet grey herons"
PAGES = (
    "/", "/customers", "/lists/segmentation", "/lists/value", "/models", "/models/value", "/tasks",
    "/account", "/administration/people", "/administration/sessions", "/administration/audit",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    yield from chromium()


@pytest.fixture(scope="module")
def site(worked: Path) -> Iterator[str]:
    """The application on a port of its own, over plain HTTP."""
    app = create_app(worked, insecure_cookies=True)
    with app.state.site.store.begin() as connection:
        people.add(connection, None, name="walker", password=PASSWORD, roles=list(Role))
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
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective))"
        )

    def __enter__(self) -> "Walk":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def sign_in(self) -> None:
        """Through the form, as people do."""
        self.page.goto(f"{self.site}/sign-in")
        self.page.fill("#name", "walker")
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.page.wait_for_selector(".person")

    def chooses(self, language: str) -> None:
        """By the words in the header."""
        self.page.click(f".language button[value={language}]")
        self.page.wait_for_selector(f".language button[value={language}][aria-current]")


@pytest.mark.parametrize(
    ("language", "customers", "flags"), [("en", "Customers", "Flags"), ("zh", "客户", "标记")]
)
def test_the_journey_from_signing_in_to_a_customer_whole(browser, site, language, customers, flags):
    with Walk(browser, site) as walk:
        page = walk.page
        walk.sign_in()
        walk.chooses(language)
        page.click(f"nav a:text-is('{customers}')")
        assert page.locator("h1").inner_text() == customers
        count = "#rows .caption + .quiet"
        before = page.locator(count).inner_text()
        page.select_option("#kind", "company")
        page.wait_for_url("**kind=company**")
        page.wait_for_function(
            "n => document.querySelector('#rows .caption + .quiet').innerText !== n", arg=before
        )
        page.click("#rows tbody a >> nth=0")
        page.wait_for_selector(".picture canvas, .columns")
        assert page.locator("#flags").inner_text() == flags
        assert "asof=" in page.url
        page.click("#identity summary")
        page.select_option("#reason", "complaint")
        page.click("#identity button")
        page.wait_for_selector("#identity .shown")
        page.click(".person summary")
        page.click(".person-menu button")
        page.wait_for_url("**/sign-in")
        assert walk.complaints == []
        assert all(url.startswith((site, "data:")) for url in walk.requests)


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (1024, "light"), (390, "dark")])
def test_no_page_is_wider_than_the_window_or_complains(browser, site, width, theme):
    with Walk(browser, site, width=width, theme=theme) as walk:
        walk.sign_in()
        for path in PAGES:
            walk.page.goto(site + path)
            assert walk.page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert walk.complaints == []


def test_the_policy_would_be_noticed_if_it_were_broken(browser, site):
    with Walk(browser, site) as walk:
        walk.page.goto(f"{site}/sign-in")
        walk.page.evaluate("document.body.setAttribute('style', 'color: red')")
        walk.page.wait_for_timeout(50)
        assert any("CSP style-src" in complaint for complaint in walk.complaints)


def test_everything_is_reached_by_keyboard(browser, site):
    with Walk(browser, site) as walk:
        walk.sign_in()
        walk.page.keyboard.press("Tab")
        assert walk.page.evaluate("document.activeElement.className") == "skip"
        walk.page.keyboard.press("Enter")
        walk.page.keyboard.press("Tab")
        assert walk.page.evaluate("document.activeElement.closest('main') !== null")
