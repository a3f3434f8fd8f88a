"""Templates into pages: one Jinja environment, autoescaped, with figures written as reports write them.

Static files are served under addresses that hold their content's hash, so browsers keep them for good and
never show old ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from bankmine import report
from bankmine.errors import BankmineError, CutoffError, UsageError
from bankmine.governance import Permission
from bankmine.report import format as fmt
from bankmine.report.render import SIGNS, cell, exact, render_block
from bankmine.report.spec import script_json
from bankmine.report.texts import SCRIPT_TEXTS
from bankmine.report.texts import texts as report_texts
from bankmine.report.values import Column, Kind
from bankmine.web.markdown import as_html
from bankmine.web.security.origin import token_of
from bankmine.web.texts import LANGUAGES
from bankmine.web.undo import undo_of

if TYPE_CHECKING:
    from bankmine.web.texts import Texts
    from bankmine.web.visit import Visit

HERE = Path(__file__).parent
STATIC = {"web": HERE / "static", "report": Path(report.__file__).parent / "static"}
"""Where static files lie: the pages' own and those shared with reports."""

SCRIPTS = ("format.js", "axes.js", "pictures.js", "model_pictures.js", "charts.js", "tables.js", "page.js")
FILE = "file"
"""The field of an address that asks for a file of the page (the rows under a picture) in its place."""

_CODE_NAME = re.compile(r"[a-z]+(_[a-z]+)+")
"""Names as programs write them (next_loan); people read them with spaces."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Renderer:
    """The templates, ready."""

    def __init__(self) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters["json_block"] = lambda data: Markup(script_json(data))
        self.environment.filters["markdown"] = as_html
        self.environment.globals.update(
            static=static_address,
            sign=SIGNS,
            languages=LANGUAGES,
            scripts=SCRIPTS,
            undo_of=undo_of,
            permissions=Permission,
        )

    def page(self, visit: Visit, template: str, *, status: int = 200, **values: Any) -> Response:
        """The template for a visit; with `pictures=True` the chart library comes along."""
        from bankmine.web.navigation import navigation

        values.setdefault("pictures", False)
        figures = Figures(visit)
        html = self.environment.get_template(template).render(
            visit=visit,
            t=visit.t,
            lang=visit.language,
            figures=figures,
            csrf_token=token_of(visit.secret),
            navigation=navigation(visit),
            script_texts={name: report_texts(visit.language)[name] for name in SCRIPT_TEXTS},
            report_words=report_texts(visit.language),
            shown_date=_shown_date(visit),
            **values,
        )
        wanted = visit.query.get(FILE)
        return HTMLResponse(html, status) if wanted is None else _file(figures.files, wanted)


def _shown_date(visit: Visit) -> str:
    """The date in the header of a dated page; empty elsewhere, and where the address names no date."""
    if not visit.route.dated or visit.person is None:
        return ""
    try:
        return visit.as_of.isoformat()
    except CutoffError:
        return ""


def _file(files: Mapping[str, bytes], name: str) -> Response:
    """One of the page's files as a download: the same rows, for the same person, as the page shows."""
    if name not in files:
        raise UsageError(f"this page has no file {name[:80]!r}", hint="Take the link under the picture.")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(Path(name).name)}"}
    return Response(files[name], media_type="text/csv; charset=utf-8", headers=headers)


class Figures:
    """Figures, dates and words of the data as a page of this visit writes them."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.language = visit, visit.language
        self.files: dict[str, bytes] = {}

    @property
    def _texts(self) -> Texts:
        return self.visit.t

    def number(self, value: Any, digits: int | None = None) -> str:
        """1,234 or 0.812; a dash for missing values."""
        return fmt.number(value, digits=digits)

    def share(self, value: Any) -> str:
        """12.4%."""
        return fmt.share(value)

    def money(self, minor: Any, currency: str) -> Markup:
        """Shortened, exact on hover."""
        full = fmt.exact_money(minor, currency, language=self.language)
        return Markup('<span title="{}">{}</span>').format(
            full, fmt.money(minor, currency, language=self.language)
        )

    def day(self, value: date | str | None) -> str:
        """31 May 2026; 2026年5月31日."""
        return fmt.day(date.fromisoformat(value) if isinstance(value, str) else value, language=self.language)

    def instant(self, microseconds: int | None) -> str:
        """An instant in the bank's time zone, to the minute."""
        if microseconds is None:
            return fmt.MISSING
        moment = (EPOCH + timedelta(microseconds=microseconds)).astimezone(self.visit.site.zone)
        return f"{moment:%Y-%m-%d %H:%M}"

    def term(self, words: Any) -> Markup | str:
        """Words of the data in the page's language; marked as English where they are not known in it."""
        text = "" if words is None else str(words)
        if self.language == "en" and _CODE_NAME.fullmatch(text):
            return text.replace("_", " ")
        known = self._texts.known(text)
        return Markup('<span lang="en">{}</span>').format(text) if known is None else known

    def problem(self, error: BankmineError) -> Markup:
        """What went wrong and what to do, in the page's language."""
        said = [escape(self.term(f"{part.rstrip('.')}.")) for part in (error.what, error.hint) if part]
        return Markup("" if self.language == "zh" else " ").join(said)

    def cell(self, value: Any, column: Column) -> Markup | str:
        """One cell of a table; words of the data in the page's language."""
        if isinstance(value, list | tuple):
            return Markup(" · ").join(escape(self.term(part)) for part in value)
        if column.kind is Kind.TEXT and isinstance(value, str):
            return self.term(value)
        return cell(value, column, self.language)

    def exact(self, value: Any, column: Column) -> str:
        """The full value for the hover where the cell's is rounded."""
        return exact(value, column, self.language)

    def block(self, block: Any) -> Markup:
        """A block of a report (picture, table, statements) as a fragment; its files are this page's too."""
        html, files = render_block(block, language=self.language, slug="page")
        for path, content in files.items():
            self.files[path] = content
            html = html.replace(f'href="{path}"', f'href="{escape(self.visit.same(file=path))}"')
        return Markup(html)


@cache
def static_address(owner: str, name: str) -> str:
    """The address of a static file, with its content's hash."""
    content = (STATIC[owner] / name).read_bytes()
    return f"/static/{owner}/{hashlib.sha256(content).hexdigest()[:12]}/{name}"
