"""Customers, segments and lists, as of a date; out of the token's scope is the same as unknown."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from bankmine.access import Rows, View, saved
from bankmine.access.tables import Table
from bankmine.errors import NotFound
from bankmine.governance import Permission, Person
from bankmine.service.caller import PREFIX, needs, site_of
from bankmine.service.plain import plain
from bankmine.store.ids import LENGTH
from bankmine.work import saved_lists

router = APIRouter(prefix=PREFIX, tags=["customers"])
Reader = Annotated[Person, Depends(needs(Permission.CUSTOMERS_READ))]
Anybody = Annotated[Person, Depends(needs(None))]
AsOf = Annotated[date | None, Query(description="The day at whose beginning the bank is looked at.")]
Key = Annotated[str, Path(max_length=40, description="A customer's pseudonym.")]
UNKNOWN = "Give the pseudonym of a customer within the token's scope."


@router.get("/customers/{customer_id}")
def profile(request: Request, person: Reader, customer_id: Key, as_of: AsOf = None) -> dict[str, Any]:
    """What is known of a customer as of a date: the row of the directory, and scores the token may read."""
    view = site_of(request).place.as_seen_by(person, as_of)
    seen = view.glance(customer_id)
    if seen is None:
        raise NotFound(f"there is no customer {customer_id[:40]!r}", hint=UNKNOWN)
    _looked(request, view, customer_id, "profile")
    return {
        "customer_id": seen.customer_id, "as_of": view.day.isoformat(), "currency": view.currency,
        "profile": plain(seen.row), "scores": plain(seen.scores),
    }  # fmt: skip


@router.get("/customers/{customer_id}/scores")
def scores(request: Request, person: Reader, customer_id: Key, as_of: AsOf = None) -> dict[str, Any]:
    """The scores of one customer, of every task the token may read, with the rank within its scope."""
    view = site_of(request).place.as_seen_by(person, as_of)
    seen = view.glance(customer_id)
    if seen is None:
        raise NotFound(f"there is no customer {customer_id[:40]!r}", hint=UNKNOWN)
    _looked(request, view, customer_id, "scores")
    return {"customer_id": seen.customer_id, "as_of": view.day.isoformat(), "scores": plain(seen.scores)}


@router.get("/segments")
def segments(
    request: Request,
    person: Annotated[Person, Depends(needs(Permission.SEGMENTS_READ))],
    as_of: AsOf = None,
) -> dict[str, Any]:
    """The segments of the customers within the scope: how many, which profit and value."""
    view = site_of(request).place.as_seen_by(person, as_of)
    return {"as_of": view.day.isoformat(), "currency": view.currency, "segments": plain(view.segments())}


@router.get("/lists")
def lists(request: Request, person: Anybody, as_of: AsOf = None) -> dict[str, Any]:
    """Which lists there are."""
    view = site_of(request).place.as_seen_by(person, as_of)
    named = [
        {"list_id": f"{run.task}.{name}", "task": run.task, "run_id": run.run_id}
        for run in view.runs()
        for name in run.lists
    ]
    return {"as_of": view.day.isoformat(), "lists": named}


@router.get("/lists/{list_id}")
def one_list(
    request: Request,
    person: Anybody,
    list_id: Annotated[
        str, Path(max_length=100, description="task.table, such as churn.scores, or the id of a saved list")
    ],
    as_of: AsOf = None,
    search: Annotated[str, Query(max_length=40)] = "",
    sort: Annotated[
        str, Query(max_length=60, description="A column; with - before it the largest first.")
    ] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=1_000)] = 50,
) -> dict[str, Any]:
    """A page of a list, its rows within the scope."""
    task, dot, table = list_id.partition(".")
    view = site_of(request).place.as_seen_by(person, as_of)
    order = (sort.lstrip("-"), sort.startswith("-")) if sort else None
    if len(list_id) == LENGTH and list_id.isalnum() and list_id == list_id.upper():
        kept = _saved(request, view, person, list_id)
        found = kept.rows(None, order, page, size, search)
        return {"list_id": list_id, "as_of": view.day.isoformat(), **_page(found)}
    source = view.list(task, table if dot else "scores")
    found = source.rows(None, order, page, size, search)
    run = view.run_of(task)
    return {"list_id": list_id, "as_of": view.day.isoformat(), "run_id": run.run_id, **_page(found)}


def _saved(request: Request, view: View, person: Person, list_id: str) -> Table:
    """The rows of a saved list within the scope; NotFound where it is another's, or asks what may not
    be read."""
    with site_of(request).store.read() as connection:
        found = saved_lists.one(connection, person, list_id)
        members = saved_lists.members(connection, found) if found.fixed_on else None
    if not saved.readable(view, found.conditions):
        raise NotFound("there is no such saved list", hint="Look at your lists and the shared ones.")
    return saved.table_of(view, found.conditions, members)


def _page(found: Rows) -> dict[str, Any]:
    return {
        "total": found.total, "page": found.page, "size": found.size,
        "columns": [plain(one) for one in found.columns], "rows": [plain(row) for row in found],
    }  # fmt: skip


def _looked(request: Request, view: View, customer_id: str, what: str) -> None:
    """A look at a person's data is an event of the audit before the answer is sent."""
    with site_of(request).store.begin() as connection:
        view.record_look(connection, customer_id, what)
