"""The report in a real browser, from file://: the policy holds, pictures are drawn, tables sort and search.

Skips where no chromium is installed (`apt-get install chromium`).
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import HOSTILE, hostile_report
from specimen import specimen

from bankmine.report import Column, Kind, build_report
from bankmine.report import format as fmt
from browsing import NO_BROWSER, Visit

pytestmark = [pytest.mark.slow, NO_BROWSER]
ANSWER_ANYWHERE = ("lines", "bars", "estimates", "gain", "roc", "heatmap", "multiples")
PAGES = ("index", "data", "customers", "segmentation", "inactivity", "card-fraud", "reproduce")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return build_report(specimen(), tmp_path_factory.mktemp("bank") / "a report").parent


INK = """() => [...document.querySelectorAll('.picture')].map(place => {
    const canvas = place.querySelector('canvas');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let ink = 0;
    for (let i = 0; i < data.length; i += 4) {
        const rgb = [data[i], data[i + 1], data[i + 2]];
        if (data[i + 3] > 128 && Math.max(...rgb) - Math.min(...rgb) > 40) ink += 1;
    }
    return ink;
})"""
"""Pixels in colour of each picture: data are drawn in colour, axes and text in grey."""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_without_complaint_and_draws_all_its_pictures(browser, folder, name, theme):
    with Visit(browser, folder, name, theme=theme) as visit:
        inks = visit.page.evaluate(INK)
        assert visit.page.locator("figure.chart").count() == len(inks)
        assert all(ink > 100 for ink in inks), inks
        assert visit.complaints == []
        assert all(url.startswith(("file://", "data:")) for url in visit.requests)


def test_the_policy_would_be_noticed_if_it_were_broken(browser, folder):
    with Visit(browser, folder, "index") as visit:
        visit.page.evaluate("document.body.setAttribute('style', 'color: red')")
        visit.page.wait_for_timeout(50)
        assert any("CSP style-src" in complaint for complaint in visit.complaints)


@pytest.mark.parametrize("width", [1024, 390])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_the_window(browser, folder, name, width):
    with Visit(browser, folder, name, width=width) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == []


def test_hovering_shows_text_on_the_canvas_and_breaks_no_policy(browser, folder):
    for name in PAGES:
        with Visit(browser, folder, name) as visit:
            for picture in visit.page.locator(".picture").all():
                picture.scroll_into_view_if_needed()
                box = picture.bounding_box()
                canvas = picture.locator("canvas")
                before = canvas.evaluate("c => c.toDataURL()")
                seen = set()
                for part in (0.15, 0.3, 0.45, 0.6):
                    visit.page.mouse.move(
                        box["x"] + box["width"] * part, box["y"] + box["height"] * 0.58, steps=3
                    )
                    visit.page.wait_for_timeout(20)
                    seen.add(canvas.evaluate("c => c.toDataURL()"))
                assert picture.evaluate("p => p.children.length") == 1, "a tooltip made of HTML"
                if picture.get_attribute("data-drawn") in ANSWER_ANYWHERE:
                    assert seen - {before}, "no tooltip"
            assert visit.complaints == [], name


def test_hostile_text_is_shown_and_never_run(browser, tmp_path):
    folder = build_report(hostile_report(), tmp_path / "report").parent
    with Visit(browser, folder, "index") as visit:
        visit.page.on("dialog", lambda dialog: visit.complaints.append("a script ran"))
        assert visit.page.locator("h1").inner_text() == HOSTILE
        assert visit.page.locator("main img").count() == 0
        visit.page.locator(".picture").hover()
        visit.page.wait_for_timeout(50)
        assert visit.complaints == []


def test_the_theme_is_toggled_kept_and_redraws_the_pictures(browser, folder):
    with Visit(browser, folder, "index") as visit:
        page = visit.page
        corner = "document.querySelector('.picture canvas').toDataURL()"
        light = page.evaluate(corner)
        page.click("button.theme")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate(corner) != light
        page.click("nav a[href='data.html']")
        page.wait_for_url("**/data.html")
        page.wait_for_function("document.documentElement.dataset.theme")  # set by the new page's own script
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert visit.complaints == []


def test_a_table_sorts_numbers_by_value_with_missing_ones_last(browser, folder):
    with Visit(browser, folder, "data") as visit:
        table = visit.page.locator(".table-block", has_text="Every column").locator("table")
        head = table.locator("th", has_text="Missing")
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        values = table.locator("tbody tr td:nth-child(3)").evaluate_all(
            "cells => cells.map(c => c.dataset.v ?? null)"
        )
        known = [float(value) for value in values if value is not None]
        assert known == sorted(known, reverse=True)
        assert values[: len(known)].count(None) == 0
        assert len(known) < len(values)
        head.locator("button").click()
        first = table.locator("tbody tr td:nth-child(3)").first.get_attribute("data-v")
        assert float(first) == min(known)


def test_a_table_is_searched_while_typing(browser, folder):
    with Visit(browser, folder, "data") as visit:
        block = visit.page.locator(".table-block", has_text="Every column")
        block.locator("input.search").fill("card column_1")
        assert block.locator("tbody tr:visible").count() == 1
        block.locator("input.search").fill("no such thing")
        assert block.get_by_text("No row matches.").is_visible()


def test_csv_and_png_are_downloaded_from_disk(browser, folder, tmp_path):
    with Visit(browser, folder, "inactivity") as visit:
        figure = visit.page.locator("figure.chart").first
        with visit.page.expect_download() as csv:
            figure.locator("a[download]").click()
        csv.value.save_as(tmp_path / "a.csv")
        assert (tmp_path / "a.csv").read_text("utf-8-sig").startswith("Curve,")
        with visit.page.expect_download() as png:
            figure.locator("button.png").click()
        png.value.save_as(tmp_path / "a.png")
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
        assert png.value.suggested_filename.endswith(".png")
        assert visit.complaints == []


def test_the_navigation_collapses_on_a_narrow_screen(browser, folder):
    with Visit(browser, folder, "index", width=390) as visit:
        navigation = visit.page.locator("#navigation")
        assert not navigation.is_visible()
        visit.page.click("button.menu")
        assert navigation.is_visible()
        assert visit.page.locator("button.menu").get_attribute("aria-expanded") == "true"


def test_without_scripts_the_tables_and_the_navigation_are_there(browser, folder):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto((folder / "inactivity.html").as_uri())
    assert page.locator("#navigation").is_visible()
    page.locator(".under-table summary").first.click()
    assert page.locator(".under-table table").first.is_visible()
    context.close()


def test_every_picture_is_named_for_a_screen_reader(browser, folder):
    with Visit(browser, folder, "inactivity") as visit:
        labels = visit.page.locator(".picture").evaluate_all(
            "all => all.map(p => [p.getAttribute('role'), p.ariaLabel])"
        )
        assert all(role == "img" and len(label) > 20 for role, label in labels)
        assert visit.page.locator("h1").count() == 1


def test_printing_is_light_whole_and_gives_the_screen_back(browser, folder):
    with Visit(browser, folder, "inactivity", theme="dark") as visit:
        page = visit.page
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        assert page.locator("#how").get_attribute("open") is not None
        assert not page.locator("#navigation").is_visible()
        widths = page.evaluate("[...document.querySelectorAll('.picture canvas')].map(c => c.clientWidth)")
        assert max(widths) <= 700
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert visit.complaints == []


NUMBERS = [
    0,
    1,
    7,
    -3,
    999.6,
    1204,
    9999,
    10_000,
    3_482_114,
    0.812,
    0.05,
    0.0071,
    1e-7,
    -0.124,
    47.94,
    9.9995,
    1.24e9,
]
KINDS = [
    Column(label="", kind=Kind.NUMBER),
    Column(label="", kind=Kind.NUMBER, digits=1, unit="days"),
    Column(label="", kind=Kind.SHARE),
    Column(label="", kind=Kind.SHARE, digits=0),
    Column(label="", kind=Kind.MONEY, unit="JPY"),
]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_scripts_write_figures_as_the_pages_do(browser, tmp_path, language):
    folder = build_report(replace(specimen(), language=language), tmp_path / "report").parent
    asked = [(value, column) for column in KINDS for value in NUMBERS]
    axes = [[v, {"kind": str(c.kind), "unit": c.unit, "digits": c.digits}] for v, c in asked]
    with Visit(browser, folder, "reproduce") as visit:
        told = visit.page.evaluate("pairs => pairs.map(([v, axis]) => bankmine.format.value(v, axis))", axes)
    said = [fmt.amount(value, column, language=language, unit=True) for value, column in asked]
    assert json.dumps(told, ensure_ascii=False) == json.dumps(said, ensure_ascii=False)
