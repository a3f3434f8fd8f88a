"""简体中文 throughout: no word of Latin letters on a Chinese page but those a person has read.

All pages are crawled by their links, so a new page is too; left out are code and what is in no language.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from crawling import NO_PAGE, all_pages
from guests import some_customer

from bankmine.governance import Role
from bankmine.web.app import routes
from bankmine.web.texts.speaking import NAMES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
READ = {
    line.strip().lower()
    for line in (Path(__file__).parent / "latin_in_chinese.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}
LATIN = re.compile(r"[A-Za-z]{3,}")
IDENTIFIER = re.compile(r"[a-z0-9]+(?:[_.][a-z0-9]+)+")
"""Names of columns and features as programs write them."""

NOT_LINKED = {
    "/segments/rules/{rules}",
    "/segments/rules/{rules}/edit",
    "/value/calls/{list}",
    "/saved-lists/{list}",
}
"""Pages that no link leads to in a new bank: they show what people have made."""

SILENT = ("script", "style", "code", "pre")
VOID = ("meta", "link", "input", "br", "img")


def document(given: dict[str, str | None]) -> bool:
    """A model card: a document of the run, kept as the run wrote it and marked as English."""
    return given.get("class") == "prose" and given.get("lang") == "en"


class Words(HTMLParser):
    """Text nodes and spoken attributes of a page, code left out."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[bool] = []
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        silent = (
            (self.stack and self.stack[-1]) or tag in SILENT or given.get("lang") == "und" or document(given)
        )
        if not silent:
            self.found += [given[name] for name in ("title", "aria-label", "placeholder") if given.get(name)]
        if tag not in VOID:
            self.stack.append(bool(silent))

    def handle_endtag(self, tag):
        if tag not in VOID and self.stack:
            self.stack.pop()

    def handle_data(self, data):
        if not (self.stack and self.stack[-1]):
            self.found.append(data)


def words_of(html: str, *own: str) -> list[str]:
    """Latin words of the page that nobody has read; `own` are names of this bank and its people."""
    page = Words()
    page.feed(html)
    known = READ | {part.lower() for name in own for part in LATIN.findall(name)}
    strange = []
    for text in page.found:
        for token in re.findall(r"[A-Za-z0-9_.:/-]+", text):
            if LATIN.search(token) and not (NAMES.fullmatch(token) or IDENTIFIER.fullmatch(token)):
                strange += [word for word in LATIN.findall(token) if word.lower() not in known]
    return strange


@pytest.fixture
def reader(signed_in):
    return signed_in(*Role, name="li.wei", language="zh")


@pytest.fixture
def own(app, store):
    """Names of this bank and its people, which stay as they are."""
    from bankmine.governance import people

    with store.read() as connection:
        return [app.state.site.bank.config.name, *(one.name for one in people.listed(connection))]


def test_every_page_in_chinese_is_in_chinese(reader, own):
    strange = {}
    for _, address, page in all_pages(reader):
        assert '<html lang="zh-CN">' in page, address
        if found := words_of(page, *own):
            strange[address] = list(dict.fromkeys(found))[:12]
    assert not strange


def test_every_route_is_reached_by_the_crawl(reader):
    reached = {pattern for pattern, _, _ in all_pages(reader)}
    pages = {
        one.path
        for one in routes()
        if one.method == "GET" and not one.path.startswith((*NO_PAGE, "/sign-in"))
    }
    assert pages - reached <= NOT_LINKED


@pytest.mark.parametrize("role", Role)
def test_what_each_role_reads_in_chinese_is_in_chinese(signed_in, own, role):
    one = signed_in(role, name=f"{role} zh", language="zh")
    strange = {}
    for _, address, page in all_pages(one, most=1, refused=True):
        if found := words_of(page, *own, one.name):
            strange[address] = list(dict.fromkeys(found))[:12]
    assert not strange


def test_a_customer_in_chinese_is_in_chinese(reader, app):
    for customer in list(some_customer(reader))[:3]:
        page = reader.get(f"/customers/{customer}").text
        assert not words_of(page, app.state.site.bank.config.name, "li.wei")


def test_what_is_refused_is_refused_in_chinese(reader, own):
    for path in ("/nowhere", "/customers?asof=soon", "/customers?page=0", "/lists/value?sort=colour"):
        assert not words_of(reader.get(path).text, *own, "soon", "colour"), path


def test_the_crawl_would_notice_a_word_left_in_english():
    assert words_of('<p lang="en">left</p>') == ["left"]
    assert words_of("<p>客户 customers</p>") == ["customers"]
    assert words_of('<p title="Close">客户</p>') == ["Close"]
    assert words_of("<p><code>left</code> 客户<br>B02 245e760ab93fc2ff CUR-PREM</p>") == []
