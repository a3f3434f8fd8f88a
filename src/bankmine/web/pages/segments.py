"""Segments found: map and portraits, one segment with its members, who moved, and the miners that were tried.

Whoever sees a part of the bank reads figures over own rows; what the run says of the whole bank is left out,
and the page says so.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response

from bankmine.access import OneOf
from bankmine.access import segments as found
from bankmine.access.runs import RunSeen
from bankmine.access.segments import TASK, Portrait
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, audit, people
from bankmine.web.pages import segment_blocks as blocks
from bankmine.web.pages.segment_blocks import Names
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, as_csv, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import segment_names, segment_rules

pages = Pages()
HERE = "/segments"
SHOWN = (
    "customer_id", "kind", "branch_id", "manager_id", "since", "families", "flags", "profit_minor",
    "value_minor", "churn_chance",
)  # fmt: skip
MONTHS_BACK = 12


@pages.get(HERE, permission=Permission.SEGMENTS_READ, dated=True)
def overview(visit: Visit) -> Response:
    """The map, where the money lies, what sets the segments apart, and a portrait of each."""
    try:
        seen = found.portraits(visit.view)
    except NotFound:
        return _missing(visit)
    names = names_of(visit)
    sizes = {one.number: one.customers for one in seen}
    places, kept = found.ways_of_life(visit.view)
    charts = [
        *blocks.the_map(visit, seen, names),
        *blocks.living_map(visit, places, kept, sizes, names),
        *blocks.worth(visit, seen, names),
        *blocks.traits(visit, seen, names),
    ]
    return visit.page(
        "segments.html.j2", seen=seen, names=names, charts=charts, said=blocks.said, pictures=bool(charts),
        total=sum(sizes.values()), run=visit.view.run(TASK),
    )  # fmt: skip


@pages.get(f"{HERE}/found/{{number}}", permission=Permission.SEGMENTS_READ, dated=True)
def one(visit: Visit) -> Response:
    """One segment: what sets it apart, what suits it, its members, and the names it was given."""
    return _one(visit)


@pages.get(
    "/exports/segments/{number}",
    permission=Permission.LISTS_EXPORT,
    also=Permission.SEGMENTS_READ,
    dated=True,
)
def export(visit: Visit) -> Response:
    """The members as a file; that it was taken is an event of the audit."""
    portrait = _portrait(visit)
    filters, search = {"segment": OneOf.of(portrait.name)}, visit.query.get("search", "").strip()[:40]
    columns = visit.view.customers(size=1).columns
    rows = visit.view.customers_export(filters, sort_of(visit), search)
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="list_exported", object_kind="list",
            object_id=f"segments/{portrait.number}",
            details={"rows": visit.view.count(filters, search), "as_of": visit.as_of.isoformat()},
        )  # fmt: skip
    return as_csv(f"segment-{portrait.number}-{visit.as_of}", headings(columns, visit.view.currency), rows)


@pages.post(f"{HERE}/found/{{number}}/name", permission=Permission.SEGMENTS_WRITE)
def name(visit: Visit) -> Response:
    """Gives a segment another name and a sentence; empty ones give the run's own back."""
    number, form = _portrait(visit).number, visit.form
    try:
        with visit.site.store.begin() as connection:
            was = segment_names.give(
                connection, visit.who, number, form.get("name", ""), form.get("sentence", "")
            )
    except UsageError as problem:
        return _one(visit, problem)
    before = {"name": was.name, "sentence": was.sentence} if was else {}
    return visit.done(f"{HERE}/found/{number}", "segment-named", str(number), **before)


@pages.get(f"{HERE}/moves", permission=Permission.SEGMENTS_READ, dated=True)
def moves(visit: Visit) -> Response:
    """Who is in another segment than at an earlier date: by segments found, or by a set of rules."""
    now, asked = visit.as_of, visit.query.get("then", "")
    then = visit.site.day(asked) if asked else _months_before(now, MONTHS_BACK)
    with visit.site.store.read() as connection:
        sets = segment_rules.listed(connection)
    chosen = next((one for one in sets if one.rules_id == visit.query.get("by", "")), None)
    problem: UsageError | NotFound | None = None
    chart = None
    counts: list[int] = []
    try:
        if then >= now:
            raise UsageError(f"{then} is not before {now}", hint="Choose an earlier date to compare with.")
        before = visit.site.place.as_seen_by(visit.who, then)
        if chosen is None:
            names = names_of(visit)
            one_run, *counts = found.same_segments(before, visit.view)
            if one_run:
                raise NotFound("one run tells both dates", hint="Choose a date before the run.")
            seen = found.moves_found(before, visit.view)
            label = names.by_run
        else:
            seen = found.moves_by_rules(before, visit.view, chosen.newest.rules)
            label = _as_it_is
        chart = blocks.moved(visit, seen, label, then.isoformat(), now.isoformat())
    except (UsageError, NotFound) as error:
        problem = error
    return visit.page(
        "segment_moves.html.j2", then=then, sets=sets, chosen=chosen, chart=chart, counts=counts,
        problem=problem, **_look_back(visit), run=_run(visit), pictures=True,
    )  # fmt: skip


@pages.get(f"{HERE}/algorithms", permission=Permission.SEGMENTS_READ, dated=True)
def algorithms(visit: Visit) -> Response:
    """What was tried: numbers of segments and miners, their figures of merit and verdicts."""
    run = _run(visit)
    if run is None:
        return _missing(visit)
    figures = run.about["figures"] if run.about else None
    charts = [blocks.how_many(visit, figures), blocks.miners(visit, figures)] if figures else []
    return visit.page(
        "segment_algorithms.html.j2", run=run, figures_of=figures, charts=charts, pictures=bool(charts)
    )


def names_of(visit: Visit) -> Names:
    """What the segments of the run are called on this visit's pages."""
    with visit.site.store.read() as connection:
        given = segment_names.in_force(connection)
    try:
        numbers = found.numbers(visit.view)
    except NotFound:
        numbers = {}
    return Names(visit, given, numbers)


def _one(visit: Visit, problem: UsageError | None = None) -> Response:
    portrait, names = _portrait(visit), names_of(visit)
    search = visit.query.get("search", "").strip()[:40]
    rows = visit.view.customers(
        {"segment": OneOf.of(portrait.name)}, sort_of(visit), visit.number("page", 1), PAGE_SIZE, search
    )
    places = [at for at, one in enumerate(rows.columns) if one.name in SHOWN]
    with visit.site.store.read() as connection:
        history = segment_names.history(connection, portrait.number)
        who = {one.person_id: one.name for one in people.listed(connection)}
    return visit.page(
        "segment.html.j2",
        status=400 if problem else 200,
        one=portrait, names=names, problem=problem, search=search, history=history, who=who,
        contrasts=blocks.contrasts(visit, portrait), found=rows,
        headings=headings([rows.columns[at] for at in places], visit.view.currency),
        rows=[[row[at] for at in places] for row in rows.rows],
        offers=_offers(visit, portrait), run=visit.view.run(TASK),
        may_name=visit.may(Permission.SEGMENTS_WRITE), may_export=visit.may(Permission.LISTS_EXPORT),
    )  # fmt: skip


def _portrait(visit: Visit) -> Portrait:
    """The segment of the address; NotFound where it has no own customers."""
    number = visit.path["number"]
    for one in found.portraits(visit.view):
        if str(one.number) == number:
            return one
    raise NotFound("there is no such segment", hint="Look at the segments as of this date.")


def _offers(visit: Visit, portrait: Portrait) -> list[Any]:
    """What the run suggests to the segment, with its test: for whoever sees the whole bank."""
    about = visit.view.run(TASK).about
    every = about["figures"]["suggestions"] if about else ()
    return [one for one in every if one["segment"] == portrait.number]


def _look_back(visit: Visit) -> dict[str, Any]:
    """The run's own look back over own customers, and why customers moved for whoever sees the whole bank."""
    back = found.look_back(visit.view) if _run(visit) else None
    if back is None:
        return {"months": 0, "back": None, "why": None}
    names, (months, seen) = names_of(visit), back
    then = _months_before(visit.as_of, months).isoformat()
    chart = blocks.moved(visit, seen, names.by_run, then, visit.as_of.isoformat(), name="look-back")
    return {"months": months, "back": chart, "why": blocks.why_moved(visit, names)}


def _as_it_is(name: str) -> str:
    return name


def _run(visit: Visit) -> RunSeen | None:
    try:
        return visit.view.run(TASK)
    except NotFound:
        return None


def _missing(visit: Visit) -> Response:
    return visit.page("list_missing.html.j2", title="Segments")


def _months_before(day: date, months: int) -> date:
    """The same day some months before, or the month's last."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, 28)
