"""The rules explorer: who holds this took that, how much oftener than others, and what people say of it.

A rule speaks of the whole bank. It is found on one half of the past and judged on the other, so its interval
is honest; what people mark it is kept beside it, by its two sides, and holds for the rules of later runs too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bankmine.access import OneOf
from bankmine.access.lists import ListSource
from bankmine.errors import NotFound
from bankmine.governance import Permission, people
from bankmine.report import Chart, Column, Kind
from bankmine.report.parts import Bar
from bankmine.report.pictures import Estimates
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, Heading, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import marks

pages = Pages()
HERE = "/offers/rules"
TASK, TABLE = "cross_sell", "rules"
FILTERED = ("owners_of", "then_take", "stands")
DRAWN = 15


@dataclass(frozen=True)
class Line:
    """A rule's row: its cells, its name for marks, and the mark that stands."""

    cells: tuple[Any, ...]
    name: str
    mark: marks.Mark | None


@pages.get(HERE, permission=Permission.OFFERS_READ, dated=True)
def explorer(visit: Visit) -> Response:
    """The rules of the run as of the date, filtered and ordered, with picture and marks."""
    try:
        run, source = visit.view.run(TASK), visit.view.list(TASK, TABLE)
    except NotFound:
        return visit.page("list_missing.html.j2", title=visit.t("rules.title"))
    filters = {
        name: OneOf.of(visit.query[name])
        for name in FILTERED
        if visit.query.get(name) in _words(source, name)
    }
    found = source.rows(filters, sort_of(visit) or ("low", True), visit.number("page", 1), PAGE_SIZE)
    shown = headings(found.columns, visit.view.currency)
    with visit.site.store.read() as connection:
        standing = marks.standing(connection, marks.Kind.rule)
        names = {one.person_id: one.name for one in people.listed(connection)}
    lines = [_line(row, shown, standing) for row in found.rows]
    return visit.page(
        "rules.html.j2",
        run=run,
        source=source,
        found=found,
        lines=lines,
        headings=shown,
        choices=[(name, _words(source, name), visit.query.get(name, "")) for name in FILTERED],
        labels={one.name: one.column.label for one in shown},
        chart=_chart(visit, lines, shown),
        words=marks.WORDS[marks.Kind.rule],
        names=names,
        may_mark=visit.may(Permission.OFFERS_DECIDE),
        may_export=visit.may(Permission.LISTS_EXPORT),
        pictures=True,
    )


@pages.post(f"{HERE}/marks", permission=Permission.OFFERS_DECIDE)
def put(visit: Visit) -> Response:
    """Marks a rule that the run as of the newest date holds."""
    name, form = visit.form.get("rule", ""), visit.form
    with visit.site.store.begin() as connection:
        made = marks.put(
            connection, visit.who, marks.Kind.rule, name, form.get("word", ""), form.get("note", "").strip()
        )
    return visit.done(HERE, "mark-put", made)


@pages.post(f"{HERE}/marks/{{mark}}/take-back", permission=Permission.OFFERS_DECIDE)
def take_back(visit: Visit) -> Response:
    """Takes a mark back; the one before stands again."""
    with visit.site.store.begin() as connection:
        marks.take_back(connection, visit.who, visit.path["mark"])
    return visit.done(HERE, "mark-taken-back", visit.path["mark"])


@pages.post(f"{HERE}/marks/{{mark}}/restore", permission=Permission.OFFERS_DECIDE)
def restore(visit: Visit) -> Response:
    """Puts it on again."""
    with visit.site.store.begin() as connection:
        marks.take_back(connection, visit.who, visit.path["mark"], again=True)
    return visit.done(HERE, "mark-put", visit.path["mark"])


def _words(source: ListSource, name: str) -> list[str]:
    return sorted(getattr(source.column(name), "words", ())) if source.total else []


def _line(row: tuple[Any, ...], shown: list[Heading], standing: dict[str, marks.Mark]) -> Line:
    values = {heading.name: value for heading, value in zip(shown, row, strict=True)}
    name = f"{values['owners_of']} → {values['then_take']}"
    return Line(row, name, standing.get(name))


def _chart(visit: Visit, lines: list[Line], shown: list[Heading]) -> Chart | None:
    """The first rules of the page with their intervals; none where nothing is listed."""
    at = {heading.name: place for place, heading in enumerate(shown)}
    known = [line for line in lines if line.cells[at["ratio"]] is not None][:DRAWN]
    if not known:
        return None
    bars = [
        Bar(
            label=" → ".join(visit.t.term(part) for part in line.name.split(" → ")),
            value=line.cells[at["ratio"]],
            low=line.cells[at["low"]],
            high=line.cells[at["high"]],
        )
        for line in known
    ]
    return Chart(
        title=visit.t("rules.chart"),
        subtitle=visit.t("rules.chart_says"),
        picture=Estimates(
            label=Column(label=visit.t("rules.rule")),
            measure=Column(label=visit.t("rules.times"), kind=Kind.NUMBER, digits=2),
            bars=bars,
            ordered=True,
        ),
        name="rules",
    )
