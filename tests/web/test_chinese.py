"""简体中文 throughout: no word of Latin letters on a Chinese page but those a person has read.

What runs say in English sentences (reasons, verdicts, features) is marked `lang="en"` and left out here.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from guests import some_customer

from bankmine.governance import Role
from bankmine.web.texts import texts

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
READ = {
    line.strip().lower()
    for line in (Path(__file__).parent / "latin_in_chinese.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}
LATIN = re.compile(r"[A-Za-z]{3,}")
PAGES = (
    "/", "/customers", "/lists/segmentation", "/lists/segmentation/members", "/lists/value", "/lists/churn",
    "/lists/cross_sell", "/lists/early_warning", "/lists/application_score", "/lists/inactivity/scores",
    "/models", "/models/segmentation", "/tasks", "/account", "/administration/people",
    "/administration/sessions",
    "/administration/audit", "/nowhere",
)  # fmt: skip
SILENT = ("script", "style", "code", "pre")
VOID = ("meta", "link", "input", "br", "img")


class Words(HTMLParser):
    """Text nodes and spoken attributes of a page, those in English and code left out."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[bool] = []
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        silent = (self.stack and self.stack[-1]) or tag in SILENT or given.get("lang") in ("en", "und")
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
        for token in re.findall(r"[\w.:/-]+", text):
            if LATIN.search(token) and texts("zh").known(token) is None:
                strange += [word for word in LATIN.findall(token) if word.lower() not in known]
    return strange


@pytest.fixture
def reader(signed_in):
    return signed_in(*Role, name="li.wei", language="zh")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_in_chinese_is_in_chinese(reader, app, store, path):
    from bankmine.governance import people

    with store.read() as connection:
        names = [one.name for one in people.listed(connection)]
    page = reader.get(path).text
    assert '<html lang="zh-CN">' in page
    assert not words_of(page, app.state.site.bank.config.name, *names)


def test_a_customer_in_chinese_is_in_chinese(reader, app):
    for customer in list(some_customer(reader))[:3]:
        page = reader.get(f"/customers/{customer}").text
        assert not words_of(page, app.state.site.bank.config.name, "li.wei")


def test_the_crawl_would_notice_a_word_left_in_english():
    assert words_of("<p>客户 customers</p>") == ["customers"]
    assert words_of('<p title="Close">客户</p>') == ["Close"]
    assert words_of('<p><span lang="en">left</span> 客户<br>B02 245e760ab93fc2ff CUR-PREM</p>') == []
