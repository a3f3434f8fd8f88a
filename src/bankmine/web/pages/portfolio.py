"""Portfolio: vintages, roll rates and grades over the loans of the customers one sees; quarters to watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bankmine.access.portfolio import Portfolio, portfolio
from bankmine.errors import NotFound
from bankmine.governance import Permission, people
from bankmine.report import Chart, Column, Kind
from bankmine.report.parts import Bar, Series
from bankmine.report.pictures import Bars, HeatMap, Lines
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import marks

pages = Pages()
HERE = "/portfolio"
QUARTERS, LEAST = 8, 10


@pages.get(HERE, permission=Permission.CREDIT_READ, dated=True)
def shown(visit: Visit) -> Response:
    """The portfolio as known at the date, over own customers."""
    held = portfolio(visit.view)
    with visit.site.store.read() as connection:
        standing = marks.standing(connection, marks.Kind.vintage)
        names = {one.person_id: one.name for one in people.listed(connection)}
    return visit.page(
        "portfolio.html.j2",
        held=held,
        charts=_charts(visit, held),
        quarters=_quarters(held),
        standing=standing,
        names=names,
        words=marks.WORDS[marks.Kind.vintage],
        currency=visit.view.currency,
        may_mark=visit.may(Permission.WARNINGS_WRITE),
        runs=_runs(visit),
        pictures=True,
    )


@pages.post(f"{HERE}/marks", permission=Permission.WARNINGS_WRITE)
def put(visit: Visit) -> Response:
    """Marks a quarter: to watch, or explained."""
    form = visit.form
    with visit.site.store.begin() as connection:
        made = marks.put(
            connection, visit.who, marks.Kind.vintage, form.get("quarter", ""), form.get("word", ""),
            form.get("note", "").strip(),
        )  # fmt: skip
    return visit.done(HERE, "quarter-marked", made)


@pages.post(f"{HERE}/marks/{{mark}}/take-back", permission=Permission.WARNINGS_WRITE)
def take_back(visit: Visit) -> Response:
    """Takes a mark back."""
    with visit.site.store.begin() as connection:
        marks.take_back(connection, visit.who, visit.path["mark"])
    return visit.done(HERE, "quarter-unmarked", visit.path["mark"])


@pages.post(f"{HERE}/marks/{{mark}}/restore", permission=Permission.WARNINGS_WRITE)
def restore(visit: Visit) -> Response:
    """Puts it on again."""
    with visit.site.store.begin() as connection:
        marks.take_back(connection, visit.who, visit.path["mark"], again=True)
    return visit.done(HERE, "quarter-marked", visit.path["mark"])


def _runs(visit: Visit) -> list[Any]:
    try:
        return [visit.view.run("rating")]
    except NotFound:
        return []


def _quarters(held: Portfolio) -> list[dict[str, Any]]:
    """Each quarter of granting with what is known of it within a year on book, the newest first."""
    found = held.vintages.get("loans")
    if not found:
        return []
    lines = [
        {
            "id": f"loans {day}",
            "name": _name(day),
            "loans": found["loans"][at],
            "at_year": found["at_year"][at],
        }
        for at, day in enumerate(found["quarters"])
    ]
    return lines[::-1]


def _charts(visit: Visit, held: Portfolio) -> list[Chart]:
    found = [_vintages(visit, form, one) for form, one in held.vintages.items()]
    return [one for one in (*found, _rolls(visit, held.rolls), _grades(visit, held)) if one is not None]


def _vintages(visit: Visit, form: str, found: Mapping[str, Any]) -> Chart | None:
    places = [at for at, loans in enumerate(found["loans"]) if loans >= LEAST and found["reached"][at]]
    shown = places[-QUARTERS:]
    if not shown:
        return None
    longest = max(found["reached"][at] for at in shown)
    return Chart(
        title=visit.t(f"portfolio.vintages.{form}"),
        subtitle=visit.t("portfolio.curves_says"),
        picture=Lines(
            x=Column(label=visit.t("portfolio.months"), kind=Kind.NUMBER, digits=0),
            y=Column(label=visit.t("portfolio.late"), kind=Kind.SHARE),
            at=list(range(1, longest + 1)),
            series=[
                Series(name=_name(found["quarters"][at]), values=found["shares"]["90"][at][:longest])
                for at in shown
            ],
            from_zero=True,
        ),
        name=f"vintages-{form}",
    )


def _rolls(visit: Visit, found: Mapping[str, Any]) -> Chart | None:
    if not found:
        return None
    return Chart(
        title=visit.t("portfolio.rolls"),
        subtitle=visit.t("portfolio.rolls_says", months=found["months"]),
        picture=HeatMap(
            measure=Column(label=visit.t("portfolio.share"), kind=Kind.SHARE),
            row=Column(label=visit.t("portfolio.at_beginning")),
            columns=[visit.t.term(one) for one in found["ends"]],
            rows=[visit.t.term(one) for one in found["buckets"]],
            values=found["shares"],
        ),
        name="roll-rates",
    )


def _grades(visit: Visit, held: Portfolio) -> Chart | None:
    if not held.grades:
        return None
    return Chart(
        title=visit.t("portfolio.grades"),
        subtitle=visit.t("portfolio.grades_says"),
        picture=Bars(
            label=Column(label=visit.t("portfolio.grade")),
            measure=Column(label=visit.t("portfolio.exposure"), kind=Kind.MONEY, unit=visit.view.currency),
            bars=[Bar(label=visit.t.term(one.name), value=one.exposure_minor) for one in held.grades],
            ordered=True,
        ),
        name="grades",
    )


def _name(day: str) -> str:
    return f"{day[:4]} Q{(int(day[5:7]) + 2) // 3}"
