"""Customers: search and filter them with live counts, take the list along, and look at one whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from bankmine.access import Condition, asking
from bankmine.access.customer import REASONS, pseudonym
from bankmine.errors import NotFound
from bankmine.governance import Permission, audit, people
from bankmine.web.pages import customer_blocks as blocks
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, as_csv, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import marks

if TYPE_CHECKING:
    from bankmine.access import Customer360, Glance

pages = Pages()
CHOICES = ("kind", "branch_id", "segment", "churn_grade", "value_grade", "families", "flags")
"""The columns by whose words the list is filtered, in the order of the page."""

GLANCE = "glance"
DEPTHS = {GLANCE: "glance", "alone": "profile", "whole": "comparison"}
"""How much of a customer a page shows, and what the audit calls the look."""

AT_A_GLANCE = ("kind", "since", "branch_id", "manager_id", "region_id", "segment", "families")
SHOWN = (
    "customer_id", "kind", "branch_id", "manager_id", "since", "flags", "segment", "value_minor",
    "churn_chance", "churn_grade",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One filter: its column, the words with their counts, and the words chosen."""

    name: str
    words: dict[str, int]
    chosen: tuple[str, ...]


@pages.get("/customers", permission=Permission.CUSTOMERS_READ, dated=True)
def listed(visit: Visit) -> Response:
    """The customers who meet all conditions, a page of them, with how many there are of each word."""
    search, filters = visit.query.get("search", "").strip()[:40], _filters(visit)
    page = visit.number("page", 1)
    found = visit.view.customers(filters, sort_of(visit), page, PAGE_SIZE, search)
    names = {one.name for one in found.columns}
    places = [at for at, one in enumerate(found.columns) if one.name in SHOWN]
    return visit.page(
        "customers.html.j2",
        found=found,
        headings=headings([found.columns[at] for at in places], visit.view.currency),
        rows=[[row[at] for at in places] for row in found.rows],
        choices=_choices(visit, filters),
        ranges=[name for name in asking.RANGES if name in names],
        days=asking.DAYS,
        asked=asking.asked(visit.query),
        search=search,
        may_keep=visit.may(Permission.LISTS_WRITE) and visit.may(Permission.LISTS_READ),
        may_export=visit.may(Permission.LISTS_EXPORT),
    )


@pages.get(
    "/exports/customers", permission=Permission.LISTS_EXPORT, also=Permission.CUSTOMERS_READ, dated=True
)
def export(visit: Visit) -> Response:
    """The whole list as a file; that it was taken is an event of the audit."""
    search, filters = visit.query.get("search", "").strip()[:40], _filters(visit)
    columns = visit.view.customers(size=1).columns
    rows = visit.view.customers_export(filters, sort_of(visit), search)
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="list_exported", object_kind="list", object_id="customers",
            details={"rows": visit.view.count(filters, search), "as_of": visit.as_of.isoformat()},
        )  # fmt: skip
    return as_csv(f"customers-{visit.as_of}", headings(columns, visit.view.currency), rows)


@pages.get("/customers/{customer}", permission=Permission.CUSTOMERS_READ, dated=True)
def customer(visit: Visit) -> Response:
    """One customer as known at the date; unknown and out of scope are answered alike. Looks are recorded.

    First what lies in memory, at once; then (`depth=alone`) what speaks of the customer alone, which the page
    fetches by itself; and when asked for (`depth=whole`) what compares it with others.
    """
    asked, view = visit.path["customer"], visit.view
    depth = visit.query.get("depth", GLANCE)
    seen = view.glance(asked)
    if seen is None or depth not in DEPTHS:
        raise NotFound("there is no such customer", hint="Search for the pseudonym under Customers.")
    with visit.site.store.begin() as connection:
        view.record_look(connection, asked, DEPTHS[depth])
    look = {GLANCE: None, "alone": view.customer_alone, "whole": view.customer}[depth]
    return _page(visit, seen, depth, look(asked) if look else None)


@pages.post("/customers/{customer}/unmask", permission=Permission.CUSTOMERS_UNMASK)
def unmask(visit: Visit) -> Response:
    """One personal value in clear, for a stated reason; the look is recorded before the value is read."""
    asked, form = visit.path["customer"], visit.form
    column, reason = form.get("column", ""), form.get("reason", "")
    with visit.site.store.begin() as connection:
        value = visit.view.unmask(connection, asked, column, reason)
    return visit.page(
        "identity.html.j2",
        customer=asked,
        identity=visit.view.identity(asked),
        shown=column,
        value=value,
        reasons=REASONS,
    )


def _page(visit: Visit, seen: Glance, depth: str, one: Customer360 | None) -> Response:
    currency = visit.view.currency
    lines = visit.view.score_lines(seen.customer_id) if one is None else one.scores
    with visit.site.store.read() as connection:
        notes = marks.every(connection, marks.Kind.customer, [seen.customer_id])
        names = {one.person_id: one.name for one in people.listed(connection)} if notes else {}
    return visit.page(
        "customer.html.j2",
        customer=seen.customer_id,
        depth=depth,
        one=one,
        conditions=seen.row["flags"] if one is None else one.conditions,
        facts=_facts(seen) if one is None else blocks.facts(one),
        consents=() if one is None else one.profile.holdings.get("consents", ()),
        charts=[] if one is None else blocks.pictures(visit, one, currency),
        changes=None if one is None else blocks.changes(visit, one, currency),
        held=[] if one is None else blocks.holdings(visit, one, currency),
        step=blocks.next_step(lines),
        scores=blocks.scores_by_task(lines),
        alike=[] if one is None else [(pseudonym(other.customer_id), other.distance) for other in one.alike],
        identity=visit.view.identity(seen.customer_id),
        reasons=REASONS,
        notes=notes[::-1],
        names=names,
        note_words=marks.WORDS[marks.Kind.customer],
        may_note=visit.may(Permission.CUSTOMERS_NOTE),
        runs=[run for run in visit.view.runs() if any(line.task == run.task for line in lines)],
        pictures=True,
    )


def _facts(seen: Glance) -> list[tuple[str, Any]]:
    """Who the customer is, from the directory alone."""
    return [
        (name.removesuffix(blocks.KEYS), value if isinstance(value, date) else blocks.spoken(value))
        for name in AT_A_GLANCE
        if (value := seen.row.get(name))
    ]


def _filters(visit: Visit) -> dict[str, Condition]:
    """The conditions of the address; a field left empty asks for nothing, a column not to be read neither."""
    table = visit.view.own_customers()
    found = asking.conditions(visit.query, table)
    return {name: condition for name, condition in found.items() if name in table.columns}


def _choices(visit: Visit, filters: dict[str, Condition]) -> list[Choice]:
    """Each filter with the counts that its words would leave, the other filters kept."""
    columns = {one.name for one in visit.view.customers(size=1).columns}
    found = []
    for name in CHOICES:
        if name in columns:
            others = {other: condition for other, condition in filters.items() if other != name}
            words = dict(visit.view.counts(name, others))
            if words:
                chosen = tuple(filter(None, visit.query.get(name, "").split(asking.BETWEEN)))
                found.append(Choice(name, words, chosen))
    return found
