"""Lists of the published runs: scores and every table a run kept, with search, order, pages and export.

Each task has routes of its own, because each needs a right of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from bankmine.access import OneOf
from bankmine.access.lists import ListSource
from bankmine.access.permitted import READ
from bankmine.access.runs import RunSeen
from bankmine.errors import NotFound
from bankmine.governance import Permission, audit
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, as_csv, headings, sort_of
from bankmine.web.visit import Visit

pages = Pages()
FIRST = {
    "churn": "list", "cross_sell": "offers", "early_warning": "register", "segmentation": "members",
    "value": "customers",
}  # fmt: skip
"""Which list of a task opens first, where it is not the scores."""

FILTERED = ("question", "grade", "segment", "product", "family", "title")
"""The columns by whose words a list can be filtered, where it has them."""

MOST_WORDS = 30


@dataclass(frozen=True)
class Choice:
    """One filter of a list: its column, that column's words, and the word chosen."""

    name: str
    label: str
    words: list[str]
    chosen: str


def _declare(task: str, permission: Permission) -> None:
    """The routes of a task: its first list, one of its lists, one as a file."""

    @pages.get(f"/lists/{task}", permission=permission, dated=True)
    def first(visit: Visit) -> Response:
        return _list(visit, task, None)

    @pages.get(f"/lists/{task}/{{table}}", permission=permission, dated=True)
    def one(visit: Visit) -> Response:
        return _list(visit, task, visit.path["table"])

    @pages.get(f"/exports/{task}/{{table}}", permission=Permission.LISTS_EXPORT, also=permission, dated=True)
    def export(visit: Visit) -> Response:
        return _export(visit, task, visit.path["table"])


for _task, _permission in READ.items():
    _declare(_task, _permission)


def _list(visit: Visit, task: str, table: str | None) -> Response:
    """A page of a list; without a published run as of the date, what to do about it."""
    try:
        run = visit.view.run(task)
    except NotFound:
        return visit.page("list_missing.html.j2", title=task.replace("_", " ").capitalize())
    names = list(run.lists)
    name = table or (FIRST[task] if FIRST.get(task) in names else names[0])
    source = visit.view.list(task, name)
    search = visit.query.get("search", "").strip()[:40]
    choices = _choices(visit, source)
    found = source.rows(
        {one.name: OneOf.of(one.chosen) for one in choices if one.chosen},
        sort_of(visit), visit.number("page", 1), PAGE_SIZE, search, why=True,
    )  # fmt: skip
    return visit.page(
        "list.html.j2",
        run=run,
        tables={one: _title(run, one) for one in names},
        table=name,
        source=source,
        found=found,
        headings=headings(found.columns, visit.view.currency),
        choices=choices,
        search=search,
        export=visit.link(f"/exports/{task}/{name}", **_asked(visit))
        if visit.may(Permission.LISTS_EXPORT)
        else "",
    )


def _export(visit: Visit, task: str, table: str) -> Response:
    """The list as asked for as a file; that it was taken is an event of the audit."""
    source, run = visit.view.list(task, table), visit.view.run(task)
    search = visit.query.get("search", "").strip()[:40]
    filters = {one.name: OneOf.of(one.chosen) for one in _choices(visit, source) if one.chosen}
    rows = source.export(filters, sort_of(visit), search)
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="list_exported", object_kind="list",
            object_id=f"{task}/{table}",
            details={"run": run.run_id, "rows": source.count(filters, search)},
        )  # fmt: skip
    return as_csv(f"{task}-{table}-{run.cutoff}", headings(source.columns, visit.view.currency), rows)


def _asked(visit: Visit) -> dict[str, str]:
    """What the address asks of the list, without the page."""
    return {name: value for name, value in visit.query.items() if name in ("search", "sort", *FILTERED)}


def _choices(visit: Visit, source: ListSource) -> list[Choice]:
    """The filters of a list: its columns of few words."""
    found = []
    for one in source.columns:
        if one.name in FILTERED and one.kind == "text":
            words = getattr(source.column(one.name), "words", ())
            if 1 < len(words) <= MOST_WORDS:
                chosen = visit.query.get(one.name, "")
                found.append(Choice(one.name, one.label, sorted(words), chosen if chosen in words else ""))
    return found


def _title(run: RunSeen, table: str) -> str:
    """A list's title as the run says it, else its name."""
    declared = (run.about or {}).get("tables", {}).get(table, {})
    return str(declared.get("title") or table.replace("_", " ").capitalize())
