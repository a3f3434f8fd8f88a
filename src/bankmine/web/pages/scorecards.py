"""The published scorecard, column by column: points, counts, bad rates, and proposals for the next one.

A card speaks of the whole bank, so whoever sees a part of it reads none. Proposals (merge a bin, split it,
leave a column out) change nothing by themselves: whoever fits the next card reads them (docs/scorecard.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bankmine.errors import NotFound
from bankmine.governance import Permission, people
from bankmine.report import Chart, Column, Kind
from bankmine.report.parts import Bar
from bankmine.report.pictures import Estimates
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import marks

pages = Pages()
HERE = "/scorecards"
TASK, TABLE = "application_score", "card"
MOST_BINS = 1_000


@dataclass(frozen=True)
class Bin:
    """One bin of a column; `woe` its weight of evidence, `name` what a proposal calls it."""

    attribute: str
    points: float | None
    applications: int | None
    bad_rate: float | None
    low: float | None
    high: float | None
    woe: float | None
    name: str


@dataclass(frozen=True)
class CardColumn:
    """A column of the card with its bins, its information value and its picture."""

    name: str
    bins: tuple[Bin, ...]
    information: float
    chart: Chart | None


@pages.get(HERE, permission=Permission.CREDIT_READ, dated=True)
def shown(visit: Visit) -> Response:
    """The card of the run as of the date, the columns that tell most first."""
    try:
        run, source = visit.view.run(TASK), visit.view.list(TASK, TABLE)
    except NotFound:
        return visit.page("list_missing.html.j2", title=visit.t("scorecards.title"))
    names = [one.name for one in source.columns]
    rows = [dict(zip(names, row, strict=True)) for row in source.rows({}, None, 1, MOST_BINS).rows]
    base = next((row["points"] for row in rows if row["applications"] is None), None)
    with visit.site.store.read() as connection:
        standing = marks.standing(connection, marks.Kind.bin)
        people_names = {one.person_id: one.name for one in people.listed(connection)}
    return visit.page(
        "scorecards.html.j2",
        run=run,
        source=source,
        base=base,
        columns=_columns(visit, [row for row in rows if row["applications"] is not None]),
        standing=standing,
        names=people_names,
        words=marks.WORDS[marks.Kind.bin],
        may_propose=visit.may(Permission.SCORECARDS_WRITE),
        export=visit.link(f"/exports/{TASK}/{TABLE}") if visit.may(Permission.LISTS_EXPORT) else "",
        pictures=True,
    )


@pages.post(f"{HERE}/marks", permission=Permission.SCORECARDS_WRITE)
def propose(visit: Visit) -> Response:
    """Proposes something of a bin for the next card."""
    form = visit.form
    with visit.site.store.begin() as connection:
        made = marks.put(
            connection, visit.who, marks.Kind.bin, form.get("bin", ""), form.get("word", ""),
            form.get("note", "").strip(),
        )  # fmt: skip
    return visit.done(HERE, "bin-proposed", made)


@pages.post(f"{HERE}/marks/{{mark}}/take-back", permission=Permission.SCORECARDS_WRITE)
def take_back(visit: Visit) -> Response:
    """Takes a proposal back."""
    with visit.site.store.begin() as connection:
        marks.take_back(connection, visit.who, visit.path["mark"])
    return visit.done(HERE, "bin-unproposed", visit.path["mark"])


@pages.post(f"{HERE}/marks/{{mark}}/restore", permission=Permission.SCORECARDS_WRITE)
def restore(visit: Visit) -> Response:
    """Proposes it again."""
    with visit.site.store.begin() as connection:
        marks.take_back(connection, visit.who, visit.path["mark"], again=True)
    return visit.done(HERE, "bin-proposed", visit.path["mark"])


def _columns(visit: Visit, rows: list[dict[str, Any]]) -> list[CardColumn]:
    by_column: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_column.setdefault(row["column"], []).append(row)
    found = [
        CardColumn(
            name,
            tuple(
                Bin(
                    one["attribute"], one["points"], one["applications"], one["bad_rate"], one["low"],
                    one["high"], one["weight"], f"{name}: {one['attribute']}",
                )
                for one in bins
            ),
            information_value(bins),
            _chart(visit, name, bins, place),
        )
        for place, (name, bins) in enumerate(by_column.items())
    ]  # fmt: skip
    return sorted(found, key=lambda one: -one.information)


def information_value(bins: list[dict[str, Any]]) -> float:
    """Σ (share of the good − share of the bad) · ln of their ratio, over the bins that hold both."""
    held = [one for one in bins if one["applications"] and one["bad_rate"] is not None]
    bad = [one["bad_rate"] * one["applications"] for one in held]
    good = [one["applications"] - many for one, many in zip(held, bad, strict=True)]
    all_good, all_bad = sum(good), sum(bad)
    pairs = [(g / all_good, b / all_bad) for g, b in zip(good, bad, strict=True) if g > 0 and b > 0]
    return float(sum((g - b) * math.log(g / b) for g, b in pairs))


def _chart(visit: Visit, name: str, bins: list[dict[str, Any]], place: int) -> Chart | None:
    known = [one for one in bins if one["bad_rate"] is not None]
    if len(known) < 2:
        return None
    return Chart(
        title=visit.t.term(name),
        subtitle=visit.t("scorecards.chart_says"),
        picture=Estimates(
            label=Column(label=visit.t("scorecards.bin")),
            measure=Column(label=visit.t("scorecards.bad_rate"), kind=Kind.SHARE),
            bars=[
                Bar(
                    label=visit.t.term(one["attribute"]), value=one["bad_rate"], low=one["low"],
                    high=one["high"],
                )
                for one in known
            ],
            ordered=True,
        ),
        name=f"card-{place}",
    )  # fmt: skip
