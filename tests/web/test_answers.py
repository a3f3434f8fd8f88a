"""What every page has in common: the policy, no inline code, the date, errors without internals."""

import re

import pytest
from guests import some_customer

from bankmine.web.security.policy import POLICY
from bankmine.work import jobs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
PAGES = (
    "/", "/customers", "/lists/segmentation", "/lists/segmentation/members", "/lists/value", "/lists/churn",
    "/lists/inactivity/scores", "/models", "/models/segmentation", "/tasks", "/account",
    "/administration/people", "/administration/sessions", "/administration/audit", "/sign-in", "/nowhere",
)  # fmt: skip
INLINE = re.compile(
    r"""<script(?![^>]*(?:\bsrc=|type="application/json"))|\sstyle\s*=|\son[a-z]+\s*=|<style|hx-on|js:"""
)


@pytest.mark.parametrize("path", PAGES)
def test_pages_carry_the_policy_and_nothing_inline(chief, path):
    answer = chief.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not INLINE.search(answer.text), INLINE.search(answer.text)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)


def test_a_customers_page_has_nothing_inline_and_its_pictures_have_files(chief):
    page = chief.get(f"/customers/{next(some_customer(chief))}?depth=whole")
    assert page.status_code == 200
    assert not INLINE.search(page.text)
    file = re.search(r'<a download href="([^"]+)"', page.text)[1].replace("&amp;", "&")
    csv = chief.get(file)
    assert csv.headers["content-type"].startswith("text/csv")
    assert len(csv.text.splitlines()) > 1


@pytest.mark.parametrize("path", ["/", "/customers?search=8", "/lists/value", "/models"])
def test_the_date_is_part_of_every_dated_address_and_links_keep_it(chief, path):
    answer = chief.client.get(path, follow_redirects=False)
    assert re.search(r"[?&]asof=\d{4}-\d\d-\d\d", answer.headers["location"])
    page = chief.get(path).text
    links = re.findall(r'href="(/(?:customers|lists|models)[^"]*)"', page)
    assert links
    assert all("asof=" in link for link in links)


@pytest.mark.parametrize("day", ["yesterday", "2026-02-31", "1700-01-01", "9999-01-01"])
def test_a_date_that_cannot_be_meant_says_what_to_do(chief, day):
    answer = chief.get(f"/customers?asof={day}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere", "/customers/not-a-key", "/lists/churn/no-such-table", "/models/no_such_task",
        "/static/web/0/x.css",
        "/static/web/000000000000/../../app.py", "/administration/people/nobody", "/lists/no_such_task",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(chief, path):
    assert chief.get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=abc", "page=99999999999999", "page=٣", "search=%00", "kind=x"]
)
def test_odd_queries_break_nothing(chief, query):
    assert chief.get(f"/customers?{query}").status_code == 200


def test_a_sort_by_a_column_that_is_not_there_is_refused(chief):
    assert chief.get("/customers?sort=password").status_code == 400


def test_a_fault_shows_a_number_and_nothing_else(chief, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("SELECT secret FROM /var/lib/bank")

    monkeypatch.setattr(jobs, "listed", broken)
    answer = chief.get("/tasks")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "/var/lib" not in answer.text
    assert "Traceback" not in answer.text
    assert re.search(r"<code>[0-9a-f]{8}</code>", answer.text)
    assert answer.headers["content-security-policy"] == POLICY


def test_static_files_are_kept_for_good_under_their_hash(chief):
    style = re.search(r'href="(/static/web/\w+/web\.css)"', chief.get("/").text)[1]
    assert "immutable" in chief.get(style).headers["cache-control"]


def test_a_page_is_small(chief):
    page = chief.get("/customers")
    size = len(page.content)
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        if "echarts" not in path:
            size += len(chief.get(path).content)
    assert size < 300_000
