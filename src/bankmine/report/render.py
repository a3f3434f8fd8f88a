"""Turns the frozen content into HTML: one Jinja environment, autoescaped, with the formats as filters.

Pages hold no inline script and no inline style, so the strictest policy holds both for a folder on
disk and for the web application, which renders the same blocks (`render_block`) into its own frame.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bankmine.report import drawing
from bankmine.report import format as fmt
from bankmine.report.content import Block, Page, Report, Table
from bankmine.report.csvfile import csv_bytes
from bankmine.report.spec import is_empty, script_json, spec
from bankmine.report.texts import SCRIPT_TEXTS, label, texts
from bankmine.report.values import Column, Kind, Value, plain

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Holds from file:// too: Chromium and Firefox take the page's own folder tree as 'self'."""

SCRIPTS = ("format.js", "axes.js", "pictures.js", "model_pictures.js", "charts.js", "tables.js", "page.js")
SIGNS = {"neutral": "", "good": "✓", "watch": "!", "bad": "✕"}


@dataclass
class Rendering:
    """What one page needs while it is written: language, and the CSV files its tables link to."""

    language: str
    slug: str
    files: dict[str, bytes] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)

    def file_for(self, table: Table, title: str) -> str:
        """Registers the table's CSV and returns its address relative to the page."""
        name = self.unique(table.name or table.caption or title or "table")
        path = f"data/{self.slug}/{name}.csv"
        self.files[path] = csv_bytes(table)
        return path

    def unique(self, text: str) -> str:
        """A name made of the text's letters and digits that this page has not used yet."""
        stem = anchor(text)
        name, n = stem, 2
        while name in self.ids:
            name, n = f"{stem}-{n}", n + 1
        self.ids.add(name)
        return name


def anchor(text: str) -> str:
    """Lower-case letters (of any script) and digits, joined by hyphens; at most 60 of them."""
    return re.sub(r"[^\w]+", "-", text.lower().replace("_", "-"))[:60].strip("-") or "part"


@cache
def environment() -> Environment:
    """The one Jinja environment."""
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters["json_block"] = lambda data: Markup(script_json(data))
    env.globals.update(
        drawing=drawing,
        fmt=fmt,
        sign=SIGNS,
        anchor=anchor,
        cell=cell,
        sort_value=sort_value,
        exact=exact,
        largest=largest,
        long_columns=long_columns,
        own_label=label,
        spec=spec,
        is_empty=is_empty,
        kind_of=lambda block: type(block).__name__.lower(),
        when=when,
    )
    return env


def render_page(report: Report, page: Page) -> tuple[str, dict[str, bytes]]:
    """The page's HTML and the CSV files (relative path → bytes) that it links to."""
    rendering = Rendering(report.language, page.slug)
    words = texts(report.language)
    html = (
        environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            page=page,
            r=rendering,
            lang=report.language,
            t=words,
            policy=POLICY,
            scripts=SCRIPTS,
            navigation=navigation(report),
            address=lambda other: address(report, other),
            script_texts={name: words[name] for name in SCRIPT_TEXTS},
        )
    )
    return html, rendering.files


def render_block(block: Block, *, language: str = "en", slug: str = "page") -> tuple[str, dict[str, bytes]]:
    """One block as a fragment of HTML, for pages with a frame of their own, and its CSV files."""
    rendering = Rendering(language, slug)
    template = environment().get_template("fragment.html.j2")
    return template.render(block=block, r=rendering, lang=language, t=texts(language)), rendering.files


def address(report: Report, page: Page) -> str:
    """The file of a page: the first is index.html."""
    return "index.html" if page is report.pages[0] else f"{page.slug}.html"


def navigation(report: Report) -> list[tuple[str, list[Page]]]:
    """Pages by group, groups in the order in which they first appear."""
    groups: dict[str, list[Page]] = {}
    for page in report.pages:
        groups.setdefault(page.nav_group, []).append(page)
    return list(groups.items())


def when(report: Report, page: Page) -> str:
    """The date a page is as of, written out; an instant keeps its time."""
    moment = page.as_of or report.as_of
    text = fmt.day(moment, language=report.language)
    if isinstance(moment, datetime) and (moment.hour or moment.minute):
        return f"{text} {moment:%H:%M}"
    return text


def cell(value: Value, column: Column, language: str) -> Markup | str:
    """One table cell: text, or a sparkline."""
    if column.kind == Kind.SPARK:
        return drawing.sparkline(value if value is not None else ())
    if column.kind == Kind.MONEY:  # the heading names the currency
        return fmt.money(value, column.unit, language=language, bare=True)
    return fmt.amount(value, column, language=language)


def sort_value(value: Value, column: Column) -> str:
    """What a cell is sorted by where that differs from its text; empty for missing values."""
    value = plain(value)
    if value is None or isinstance(value, list):
        return ""
    return str(value) if column.numeric else ""


def exact(value: Value, column: Column, language: str) -> str:
    """The full value for the hover, where the shown one is rounded; empty where it is not."""
    value = plain(value)
    if value is None or isinstance(value, bool | str):
        return ""
    if column.kind == Kind.MONEY:
        return fmt.exact_money(value, column.unit, language=language)
    if column.kind in (Kind.NUMBER, Kind.SHARE, Kind.DURATION) and isinstance(value, float):
        return f"{value:.10g}"
    return ""


def long_columns(table: Table) -> set[int]:
    """Columns of text that runs over 40 characters somewhere: they keep a readable width."""
    candidates = [i for i, column in enumerate(table.columns) if column.kind == Kind.TEXT]
    return {i for i in candidates if any(len(str(row[i])) > 40 for row in table.rows[: table.shown])}


def largest(table: Table, index: int) -> float:
    """The largest value of a column, for its bars; zero where there is none."""
    values = [plain(row[index]) for row in table.rows]
    return max((float(v) for v in values if v is not None), default=0.0)
