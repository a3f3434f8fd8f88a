"""Saved lists of customers: kept from the list of customers, looked at, compared, taken along, put aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from bankmine.access import asking, saved
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, audit, people
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, as_csv, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import saved_lists as kept

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bankmine.access.tables import Table

pages = Pages()
HERE = "/saved-lists"
READ, WRITE = Permission.LISTS_READ, Permission.LISTS_WRITE
CUSTOMERS = Permission.CUSTOMERS_READ
SHOWN = (
    "customer_id", "kind", "branch_id", "manager_id", "since", "flags", "segment", "value_minor",
    "churn_chance", "churn_grade",
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """A list with how many own customers are on it as of the date, and the name of who keeps it."""

    list: kept.SavedList
    count: int
    owner: str
    mine: bool


@pages.get(HERE, permission=READ, also=CUSTOMERS, dated=True)
def listed(visit: Visit) -> Response:
    """One's own lists and the shared ones, each with its own customers counted, and two of them compared."""
    return _all(visit)


@pages.get(f"{HERE}/{{list}}", permission=READ, also=CUSTOMERS, dated=True)
def one(visit: Visit) -> Response:
    """One list: its conditions in words and the own customers on it."""
    return _one(visit)


@pages.get("/exports/saved-lists/{list}", permission=Permission.LISTS_EXPORT, also=CUSTOMERS, dated=True)
def export(visit: Visit) -> Response:
    """The own customers on a list as a file; that it was taken is an event of the audit."""
    found, table = _opened(visit, visit.path["list"])
    search = visit.query.get("search", "").strip()[:40]
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="list_exported", object_kind="list",
            object_id=f"saved/{found.list_id}",
            details={"rows": table.count(None, search), "as_of": visit.as_of.isoformat()},
        )  # fmt: skip
    rows = table.export(None, sort_of(visit), search)
    return as_csv(f"list-{visit.as_of}", headings(table.shown, visit.view.currency), rows)


@pages.post(HERE, permission=WRITE)
def make(visit: Visit) -> Response:
    """Keeps the list of customers as asked: its conditions, or who meets them on the date."""
    form, view = visit.form, visit.view
    fields = asking.asked(form)
    members = None
    try:
        if not saved.readable(view, fields):
            raise UsageError("the list asks of a column you may not read", hint="Ask of the others.")
        if form.get("how_kept") == "fixed":
            table = saved.table_of(view, fields, None)
            if table.length <= kept.MOST_MEMBERS:
                ids = [row[0] for row in table.values(table.matching().nonzero()[0], ["customer_id"])]
            else:
                ids = [""] * table.length  # refused below, with how many there are
            members = kept.Members(on=visit.as_of, customers=ids)
        with visit.site.store.begin() as connection:
            list_id = kept.make(
                connection, visit.who, form.get("list_name", ""), fields,
                shared=form.get("shared") == "yes", members=members,
            )  # fmt: skip
    except UsageError as problem:
        return _all(visit, problem)
    return visit.done(f"{HERE}/{list_id}", "saved-list-made", list_id)


@pages.post(f"{HERE}/{{list}}/rename", permission=WRITE)
def rename(visit: Visit) -> Response:
    """Gives one's own list another name."""
    of = visit.path["list"]
    try:
        with visit.site.store.begin() as connection:
            was = kept.rename(connection, visit.who, of, visit.form.get("name", ""))
    except UsageError as problem:
        return _one(visit, problem)
    return visit.done(f"{HERE}/{of}", "saved-list-renamed", of, name=was)


@pages.post(f"{HERE}/{{list}}/share", permission=WRITE)
def share(visit: Visit) -> Response:
    """Shares one's own list, or keeps it to oneself."""
    of = visit.path["list"]
    with visit.site.store.begin() as connection:
        was = kept.share(connection, visit.who, of, visit.form.get("shared") == "yes")
    return visit.done(f"{HERE}/{of}", "saved-list-shared", of, shared="yes" if was else "no")


@pages.post(f"{HERE}/{{list}}/delete", permission=WRITE)
def delete(visit: Visit) -> Response:
    """Deletes one's own list."""
    return _act(visit, HERE, "saved-list-deleted", lambda c, of: kept.remove(c, visit.who, of))


@pages.post(f"{HERE}/{{list}}/restore", permission=WRITE)
def restore(visit: Visit) -> Response:
    """Brings one's own deleted list back."""
    path = f"{HERE}/{visit.path['list']}"
    return _act(visit, path, "saved-list-restored", lambda c, of: kept.restore(c, visit.who, of))


def _act(visit: Visit, path: str, done: str, act: Callable[[Connection, str], None]) -> Response:
    of = visit.path["list"]
    try:
        with visit.site.store.begin() as connection:
            act(connection, of)
    except UsageError as problem:
        return _all(visit, problem)
    return visit.done(path, done, of)


def _opened(visit: Visit, list_id: str) -> tuple[kept.SavedList, Table]:
    """A list with its own customers; NotFound where it is another's or asks what may not be read."""
    with visit.site.store.read() as connection:
        found = kept.one(connection, visit.who, list_id)
        members = kept.members(connection, found) if found.fixed_on else None
    if not saved.readable(visit.view, found.conditions):
        raise NotFound("there is no such saved list", hint="Look at your lists and the shared ones.")
    return found, saved.table_of(visit.view, found.conditions, members)


def _all(visit: Visit, problem: UsageError | None = None) -> Response:
    tables = {}
    with visit.site.store.read() as connection:
        who = {one.person_id: one.name for one in people.listed(connection)}
        for one in kept.listed(connection, visit.who):
            if saved.readable(visit.view, one.conditions):
                members = kept.members(connection, one) if one.fixed_on else None
                tables[one.list_id] = (one, saved.table_of(visit.view, one.conditions, members))
    chosen = [visit.query.get(name, "") for name in ("first", "second")]
    compared = all(each in tables for each in chosen)
    return visit.page(
        "saved_lists.html.j2",
        status=400 if problem else 200,
        lists=[_seen(visit, one, table, who) for one, table in tables.values()],
        chosen=chosen,
        overlap=saved.overlap(*(tables[each][1] for each in chosen)) if compared else None,
        names=[tables[each][0].name for each in chosen] if compared else [],
        problem=problem,
    )


def _one(visit: Visit, problem: UsageError | None = None) -> Response:
    found, table = _opened(visit, visit.path["list"])
    search = visit.query.get("search", "").strip()[:40]
    rows = table.rows(None, sort_of(visit), visit.number("page", 1), PAGE_SIZE, search)
    places = [at for at, each in enumerate(rows.columns) if each.name in SHOWN]
    with visit.site.store.read() as connection:
        who = {each.person_id: each.name for each in people.listed(connection)}
    return visit.page(
        "saved_list.html.j2",
        status=400 if problem else 200,
        seen=_seen(visit, found, table, who),
        said=_said(visit, found),
        found=rows,
        headings=headings([rows.columns[at] for at in places], visit.view.currency),
        rows=[[row[at] for at in places] for row in rows.rows],
        search=search,
        problem=problem,
        may_write=visit.may(WRITE),
        may_export=visit.may(Permission.LISTS_EXPORT),
        address=visit.link("/customers", **found.conditions),
    )


def _said(visit: Visit, found: kept.SavedList) -> list[tuple[str, list[str]]]:
    """The conditions: what is asked, and the words or the end."""
    return [
        (visit.t("customers.search") if name == asking.SEARCH else visit.t(f"customers.filters.{name}"),
         [] if name == "no_flags" else text.split(asking.BETWEEN))
        for name, text in asking.asked(found.conditions).items()
    ]  # fmt: skip


def _seen(visit: Visit, found: kept.SavedList, table: Table, who: dict[str, str]) -> Seen:
    mine = found.person_id == visit.who.person_id
    return Seen(found, table.length, who.get(found.person_id, "–"), mine)
