"""The folder: nothing from elsewhere, hostile text escaped, rebuilt whole or not at all, same bytes twice."""

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import hostile_report
from specimen import specimen

import bankmine.report
from bankmine.errors import UsageError
from bankmine.report import (
    Chart,
    Column,
    Kind,
    Page,
    Section,
    build_report,
)
from bankmine.report import build as building
from bankmine.report import pictures as p
from bankmine.report.texts import LABELS, TEXTS

STATIC = Path(bankmine.report.__file__).parent / "static"
ALLOWED = re.compile(
    r"https?://(www\.w3\.org/(2000/svg|1999/xlink|1999/xhtml|XML/1998/namespace|2000/xmlns/))"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    return build_report(specimen(), tmp_path_factory.mktemp("bank") / "report").parent


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pages_of(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.html")}


def test_no_file_names_a_foreign_host(built):
    for name, content in files_of(built).items():
        if ("vendor" in name and "LICENSE" in name) or name.endswith("NOTICE"):
            continue
        found = re.findall(
            r"(?:https?:)?//[a-z0-9-]+\.[a-z][a-z0-9./-]*", content.decode("utf-8", "replace"), re.I
        )
        assert [url for url in found if not ALLOWED.match(url)] == [], name


def test_pages_hold_no_inline_script_style_or_handler(built):
    for name, html in pages_of(built).items():
        assert not re.search(r"\sstyle\s*=", html), name
        assert "<style" not in html, name
        assert not re.search(r"\son[a-z]+\s*=", html), name
        for attributes in re.findall(r"<script([^>]*)>", html):
            assert "src=" in attributes or 'type="application/json"' in attributes, (name, attributes)


def test_every_page_carries_the_strict_policy(built):
    for html in pages_of(built).values():
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
        assert policy is not None
        assert "default-src &#39;none&#39;" in policy[1]
        assert "unsafe" not in policy[1]


def test_every_link_leads_to_a_file_of_the_folder(built):
    for name, html in pages_of(built).items():
        for link in re.findall(r'(?:href|src)="([^"#]+)', html):
            assert (built / link).is_file(), (name, link)


def test_every_chart_of_a_page_has_table_csv_and_png(built):
    for name, html in pages_of(built).items():
        figures = re.findall(r"<figure.*?</figure>", html, re.S)
        for figure in figures:
            assert "<table" in figure, name
            assert re.search(r'<a download href="data/[^"]+\.csv"', figure), name
            assert 'class="png"' in figure, name


def test_hostile_text_stays_text(tmp_path):
    folder = build_report(hostile_report(), tmp_path / "report").parent
    for name, html in pages_of(folder).items():
        assert "<script>alert" not in html, name
        assert "<img" not in html, name
        assert "49" not in re.findall(r"<h1>(.*?)</h1>", html, re.S)[0]
    assert all(re.fullmatch(r"[\w.-]+", path.name) for path in (folder / "data").rglob("*.csv"))


def test_the_same_content_gives_the_same_bytes(tmp_path):
    report = specimen()
    first = files_of(build_report(report, tmp_path / "one").parent)
    second = files_of(build_report(report, tmp_path / "two").parent)
    assert first == second


def test_a_rebuild_replaces_the_folder_whole(tmp_path):
    report = specimen()
    folder = build_report(report, tmp_path / "report").parent
    (folder / "stale.html").write_text("old")
    build_report(replace(report, pages=report.pages[:2]), folder)
    assert not (folder / "stale.html").exists()
    assert not (folder / "inactivity.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_failed_build_leaves_the_old_report_and_nothing_else(tmp_path, monkeypatch):
    folder = build_report(specimen(), tmp_path / "report").parent
    before = files_of(folder)

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(building, "_swap", full)
    with pytest.raises(OSError, match="disk full"):
        build_report(specimen(), folder)
    assert files_of(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_without_an_exchange_of_names_the_folder_is_still_replaced(tmp_path, monkeypatch):
    folder = build_report(specimen(), tmp_path / "report").parent
    (folder / "stale.html").write_text("old")
    monkeypatch.setattr(building, "_exchange", lambda *_: False)
    build_report(specimen(), folder)
    assert not (folder / "stale.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_rebuild_exchanges_the_folders_in_one_step(tmp_path, monkeypatch):
    folder = build_report(specimen(), tmp_path / "report").parent
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    if not building._exchange(one, two):
        pytest.skip("this system cannot exchange two names in one step")

    def gap(*_: object) -> None:
        raise AssertionError("a rename leaves a moment without a report")

    monkeypatch.setattr(os, "rename", gap)
    build_report(replace(specimen(), pages=specimen().pages[:1]), folder)
    assert not (folder / "inactivity.html").exists()


def test_the_leftover_of_a_killed_build_is_removed(tmp_path):
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    leftover = tmp_path / f".report.new-{gone.stdout.strip()}"
    leftover.mkdir()
    other = tmp_path / f".report.new-{os.getppid()}"
    other.mkdir()
    build_report(specimen(), tmp_path / "report")
    assert not leftover.exists()
    assert other.exists()  # its builder still runs


def test_a_folder_that_is_no_report_is_refused_and_untouched(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="not a report"):
        build_report(specimen(), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_long_tables_say_how_many_rows_are_shown(built):
    html = (built / "inactivity.html").read_text()
    assert "The first 100 of 640 rows are shown; the CSV holds all of them." in html
    assert len((built / "data/inactivity/inactive-customers.csv").read_text().splitlines()) == 641


def test_empty_tables_say_what_would_fill_them(built):
    assert "A row that breaks a contract would stand here." in (built / "data.html").read_text()


def test_an_empty_picture_says_so_and_draws_nothing(tmp_path):
    picture = p.Bars(label=Column(label="Part"), measure=Column(label="n", kind=Kind.NUMBER), bars=[])
    chart = Chart(title="Nothing", subtitle="yet", picture=picture)
    page = Page(
        slug="a", title="A", sentence="S.", sections=[Section(title="s", blocks=[chart])], how_computed=None
    )
    report = replace(specimen(), pages=[page])
    html = build_report(report, tmp_path / "report").read_text()
    assert "No data to draw." in html
    assert 'class="spec"' not in html


def test_both_languages_say_the_same_things():
    assert TEXTS["en"].keys() == TEXTS["zh"].keys()
    assert all(TEXTS[language][name] or name == "neutral" for language in TEXTS for name in TEXTS[language])
    made = {
        column.label
        for chart in p.Picture.__args__
        for column in vars(chart).values()
        if isinstance(column, Column)
    }
    assert made - {"", "n"} <= LABELS["zh"].keys()


def test_a_chinese_report_has_no_english_word_of_its_own(tmp_path):
    html = build_report(replace(specimen(), language="zh"), tmp_path / "report").read_text()
    for name, text in TEXTS["en"].items():
        if len(text) > 6 and name not in ("report", "population"):  # the specimen says these itself
            assert f">{text}<" not in html, name
    assert '<html lang="zh-CN">' in html


def test_an_unknown_language_is_refused(tmp_path):
    with pytest.raises(UsageError, match="language"):
        build_report(replace(specimen(), language="fr"), tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


def test_the_vendored_library_is_the_one_that_is_noted_and_licensed():
    folder = STATIC / "vendor/echarts"
    digest = hashlib.sha256((folder / "echarts.min.js").read_bytes()).hexdigest()
    assert digest in (folder / "VENDORED.md").read_text()
    for name in ("LICENSE", "NOTICE", "LICENSE-zrender", "LICENSE-tslib", "LICENSE-d3"):
        assert (folder / name).stat().st_size > 100


def test_importing_the_room_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "pyarrow", "duckdb", "sklearn")
    program = f"import sys, bankmine.report; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
