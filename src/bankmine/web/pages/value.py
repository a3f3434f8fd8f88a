"""Value: the curve, what profit is made of, who earns most, who of them may leave; rows onto call lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection
from starlette.responses import Response

from bankmine.access import Condition, OneOf
from bankmine.access import segments as found_segments
from bankmine.access import value as worth
from bankmine.access.runs import RunSeen
from bankmine.access.tables import Rows, Table
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, audit
from bankmine.report import Chart
from bankmine.web.pages import value_blocks as blocks
from bankmine.web.pages.call_lists import choices_of_owner, open_lists
from bankmine.web.pages.segments import names_of
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, as_csv, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import call_lists

pages = Pages()
HERE = "/value"
LISTS = {"top": "top", "at-risk": "at_risk"}
FIRST = {"top": ("value_minor", True), "at-risk": (worth.STAKE, True)}
SHOWN = (
    "customer_id", "flags", "segment", "manager_id", "profit_minor", "value_minor", "churn_chance",
    worth.STAKE,
)  # fmt: skip
CHOICES = ("segment", "manager_id", "value_grade", "churn_grade", "consent")


@pages.get(HERE, permission=Permission.VALUE_READ, dated=True)
def overview(visit: Visit) -> Response:
    """The figures and pictures over own rows, and what the run says of the whole bank."""
    run = _run(visit)
    if run is None:
        return visit.page("list_missing.html.j2", title="Value")
    charts = [*blocks.curve(visit), *blocks.made_of(visit), *_by_segment(visit)]
    return visit.page(
        "value.html.j2",
        tiles=blocks.tiles(visit, worth.totals(visit.view)), charts=charts, history=blocks.history(visit),
        said=(run.about or {}).get("figures", {}).get("said", ()), run=run, pictures=bool(charts),
    )  # fmt: skip


@pages.get(f"{HERE}/top", permission=Permission.VALUE_READ, dated=True)
def top(visit: Visit) -> Response:
    """Who is worth most, first."""
    return _list(visit, "top")


@pages.get(f"{HERE}/at-risk", permission=Permission.VALUE_READ, dated=True)
def at_risk(visit: Visit) -> Response:
    """Who is worth much and likely to close, by what is at stake."""
    return _list(visit, "at-risk")


@pages.get(
    "/exports/worth/{which}", permission=Permission.LISTS_EXPORT, also=Permission.VALUE_READ, dated=True
)
def export(visit: Visit) -> Response:
    """One of the two lists as a file; that it was taken is an event of the audit."""
    which = visit.path["which"]
    if which not in LISTS:
        raise NotFound("there is no such list", hint="Take the link beside the list.")
    table = worth.table_of(visit.view, LISTS[which])
    filters, search = _filters(visit, table), visit.query.get("search", "").strip()[:40]
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="list_exported", object_kind="list",
            object_id=f"value/{which}",
            details={"rows": table.count(filters, search), "as_of": visit.as_of.isoformat()},
        )  # fmt: skip
    rows = table.export(filters, _sort(visit, which, table), search)
    return as_csv(f"value-{which}-{visit.as_of}", headings(table.shown, visit.view.currency), rows)


@pages.post(f"{HERE}/calls", permission=Permission.CONTACTS_WRITE)
def put(visit: Visit) -> Response:
    """Puts the rows chosen on a call list (a new one where none is named), but who may not be contacted."""
    form, chosen = visit.form, list(visit.chosen.get("customer", ()))
    which = form.get("which", "top") if form.get("which") in LISTS else "top"
    try:
        allowed = _allowed(visit, chosen)
        with visit.site.store.begin() as connection:
            list_id = _list_named(visit, connection)
            batch, _ = call_lists.put(connection, visit.who, list_id, allowed)
    except UsageError as problem:
        return _list(visit, which, problem)
    left_out = len(set(chosen)) - len(allowed)
    return visit.done(
        f"{HERE}/calls/{list_id}", "call-list-filled", list_id, batch=batch, left=str(left_out or "")
    )


def _list_named(visit: Visit, connection: Connection) -> str:
    """The person's list that the form names, or a new one."""
    form, named = visit.form, visit.form.get("list", "")
    if not named:
        owner = form.get("owner") or visit.who.person_id
        return call_lists.make(connection, visit.who, form.get("name", ""), owner, form.get("due", ""))
    if named not in {one.list_id for one in open_lists(connection, visit.who)}:
        raise UsageError("that call list is not yours or was ended", hint="Choose one of the list.")
    return named


def _allowed(visit: Visit, chosen: list[str]) -> list[str]:
    """Those of the chosen who may be contacted; UsageError where nobody may, with why."""
    if not 0 < len(chosen) <= call_lists.MOST_AT_ONCE:
        raise UsageError(
            f"{len(chosen)} customers were chosen", hint=f"Choose 1 to {call_lists.MOST_AT_ONCE}."
        )
    said = worth.contactable(visit.view, list(dict.fromkeys(chosen)))
    allowed = [customer for customer, word in said.items() if word == "yes"]
    if not allowed:
        reasons = ", ".join(sorted(set(said.values()))) or "unknown"
        raise UsageError(
            f"none of the chosen may be contacted: {reasons}", hint="Choose others; flags say why."
        )
    return allowed


def _list(visit: Visit, which: str, problem: UsageError | None = None) -> Response:
    table = worth.table_of(visit.view, LISTS[which])
    search, filters = visit.query.get("search", "").strip()[:40], _filters(visit, table)
    rows = table.rows(filters, _sort(visit, which, table), visit.number("page", 1), PAGE_SIZE, search)
    key, may_at = ([one.name for one in rows.columns].index(name) for name in ("customer_id", "consent"))
    may_put = visit.may(Permission.CONTACTS_WRITE)
    with visit.site.store.read() as connection:
        on_lists = call_lists.on_lists(connection, [row[key] for row in rows.rows])
        lists = open_lists(connection, visit.who) if may_put else []
        owners = choices_of_owner(connection) if may_put else []
    path = f"{HERE}/{which}"
    return visit.page(
        "value_list.html.j2",
        status=400 if problem else 200,
        which=which, path=path, found=rows, search=search, problem=problem, key=key, may_at=may_at,
        places=_places(rows), headings=headings(rows.columns, visit.view.currency),
        choices=_choices(visit, table),
        on_lists=on_lists, lists=lists, owners=owners, may_put=may_put,
        may_export=visit.may(Permission.LISTS_EXPORT), run=_run(visit),
        sort=visit.query.get("sort", "") or f"-{FIRST[which][0]}",
    )  # fmt: skip


def _places(rows: Rows) -> list[int]:
    """Where the columns of the page are among those of the list, in the page's order."""
    at = {one.name: place for place, one in enumerate(rows.columns)}
    return [at[name] for name in SHOWN if name in at]


def _sort(visit: Visit, which: str, table: Table) -> tuple[str, bool] | None:
    asked = sort_of(visit)
    return asked or (FIRST[which] if FIRST[which][0] in table.columns else ("value_minor", True))


def _filters(visit: Visit, table: Table) -> Mapping[str, Condition]:
    asked = {name: visit.query[name] for name in CHOICES if visit.query.get(name) and name in table.columns}
    return {name: OneOf.of(word) for name, word in asked.items()}


def _choices(visit: Visit, table: Table) -> list[tuple[str, str, list[str], str]]:
    """The filters: column, label, its words, the word chosen."""
    labels = {one.name: one.label for one in table.shown}
    return [
        (name, labels[name], list(getattr(table.columns[name], "words", ())), visit.query.get(name, ""))
        for name in CHOICES
        if name in labels and len(getattr(table.columns[name], "words", ())) > 1
    ]


def _by_segment(visit: Visit) -> Iterable[Chart]:
    if not visit.may(Permission.SEGMENTS_READ):
        return []
    try:
        return blocks.by_segment(visit, found_segments.portraits(visit.view), names_of(visit))
    except NotFound:
        return []


def _run(visit: Visit) -> RunSeen | None:
    try:
        return visit.view.run(worth.TASK)
    except NotFound:
        return None
