"""Call lists: who is to be talked to by when, and how far that is; everybody sees rows of their own scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.responses import Response

from bankmine import clock
from bankmine.access import value as worth
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, audit, people, permissions
from bankmine.web.routing import Pages
from bankmine.web.shown import as_csv, headings
from bankmine.web.visit import Visit
from bankmine.work import call_lists as kept

pages = Pages()
HERE = "/value/calls"
READ, WRITE = Permission.VALUE_READ, Permission.CONTACTS_WRITE


@dataclass(frozen=True)
class Seen:
    """A list with the states of the calls of own customers."""

    list: kept.CallList
    owner: str
    overdue: bool
    states: Counter[str]


@pages.get(HERE, permission=READ, dated=True)
def listed(visit: Visit) -> Response:
    """The lists one made, owns, or has own customers on."""
    with visit.site.store.read() as connection:
        every = [(one, kept.calls(connection, one.list_id)) for one in kept.listed(connection)]
        who = _names(connection)
    found = []
    for one, calls in every:
        own = worth.contactable(visit.view, [call.customer for call in calls])
        mine = visit.who.person_id in (one.owner_id, one.person_id)
        if own or mine:
            found.append(_seen(visit, one, [call for call in calls if call.customer in own], who))
    return visit.page("calls.html.j2", lists=found)


@pages.get(f"{HERE}/{{list}}", permission=READ, dated=True)
def one(visit: Visit) -> Response:
    """One list: its own customers with their figures and the state of each call."""
    return _one(visit)


@pages.get("/exports/calls/{list}", permission=Permission.LISTS_EXPORT, also=READ, dated=True)
def export(visit: Visit) -> Response:
    """The list's own customers as a file; that it was taken is an event of the audit."""
    found, calls = _own(visit)
    table = worth.those(visit.view, list(calls))
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="list_exported", object_kind="list",
            object_id=f"calls/{found.list_id}",
            details={"rows": table.length, "as_of": visit.as_of.isoformat()},
        )  # fmt: skip
    return as_csv(f"calls-{visit.as_of}", headings(table.shown, visit.view.currency), table.export())


@pages.post(f"{HERE}/{{list}}/take-off", permission=WRITE)
def take_off(visit: Visit) -> Response:
    """Takes a batch off again."""
    batch = visit.form.get("batch", "")
    return _act(visit, "call-list-emptied", lambda c, of: kept.take_off(c, visit.who, of, batch))


@pages.post(f"{HERE}/{{list}}/state", permission=WRITE)
def state(visit: Visit) -> Response:
    """Says how far a call is; only of a customer in one's scope."""
    customer, asked = visit.form.get("customer", ""), visit.form.get("state", "")
    if not worth.contactable(visit.view, [customer]):
        raise NotFound("that customer is not on the list", hint="Look at the list as it stands.")
    try:
        with visit.site.store.begin() as connection:
            was = kept.set_state(connection, visit.who, visit.path["list"], customer, asked)
    except UsageError as problem:
        return _one(visit, problem)
    path = f"{HERE}/{visit.path['list']}"
    return visit.done(path, "call-noted", visit.path["list"], customer=customer, state=was)


@pages.post(f"{HERE}/{{list}}/change", permission=WRITE)
def change(visit: Visit) -> Response:
    """Gives the list another name, owner or day."""
    form = visit.form
    _own(visit)
    try:
        with visit.site.store.begin() as connection:
            was = kept.change(
                connection, visit.who, visit.path["list"], form.get("name", ""), form.get("owner", ""),
                form.get("due", ""),
            )  # fmt: skip
    except UsageError as problem:
        return _one(visit, problem)
    due = was.due_on.isoformat() if was.due_on else ""
    path = f"{HERE}/{was.list_id}"
    return visit.done(path, "call-list-changed", was.list_id, name=was.name, owner=was.owner_id, due=due)


@pages.post(f"{HERE}/{{list}}/end", permission=WRITE)
def end(visit: Visit) -> Response:
    """Ends the list."""
    return _act(visit, "call-list-ended", lambda c, of: kept.end(c, visit.who, of))


@pages.post(f"{HERE}/{{list}}/reopen", permission=WRITE)
def reopen(visit: Visit) -> Response:
    """Works the list again."""
    return _act(visit, "call-list-reopened", lambda c, of: kept.reopen(c, visit.who, of))


def open_lists(connection: Connection, person: Person) -> list[kept.CallList]:
    """The person's lists that rows can be put on."""
    return [one for one in kept.listed(connection) if not one.ended and _is_mine(one, person)]


def choices_of_owner(connection: Connection) -> list[tuple[str, str]]:
    """Who can own a list: everybody who may work it and is not disabled, by name."""
    return sorted(
        (
            (one.person_id, one.name)
            for one in people.listed(connection)
            if not one.disabled and WRITE in permissions.permissions_of(one.roles)
        ),
        key=lambda one: one[1].casefold(),
    )


def _act(visit: Visit, done: str, act: Callable[[Connection, str], None]) -> Response:
    of = _own(visit)[0].list_id
    try:
        with visit.site.store.begin() as connection:
            act(connection, of)
    except UsageError as problem:
        return _one(visit, problem)
    return visit.done(f"{HERE}/{of}", done, of)


def _own(visit: Visit) -> tuple[kept.CallList, dict[str, kept.Call]]:
    """The list, and its calls of own customers by pseudonym; NotFound where neither own nor theirs."""
    with visit.site.store.read() as connection:
        found = kept.one(connection, visit.path["list"])
        calls = kept.calls(connection, found.list_id)
    own = worth.contactable(visit.view, [call.customer for call in calls])
    if not own and not _is_mine(found, visit.who):
        raise NotFound("there is no such call list", hint="Look at the lists that are there.")
    return found, {call.customer: call for call in calls if call.customer in own}


def _is_mine(found: kept.CallList, person: Person) -> bool:
    return person.person_id in (found.owner_id, found.person_id)


def _one(visit: Visit, problem: UsageError | None = None) -> Response:
    found, calls = _own(visit)
    table = worth.those(visit.view, list(calls))
    rows = list(table.export())
    key = [one.name for one in table.shown].index("customer_id")
    with visit.site.store.read() as connection:
        who, owners = _names(connection), choices_of_owner(connection)
    return visit.page(
        "call_list.html.j2",
        status=400 if problem else 200,
        seen=_seen(visit, found, list(calls.values()), who), calls=calls, problem=problem, key=key,
        headings=headings(table.shown, visit.view.currency), rows=rows, states=list(kept.State),
        owners=owners, may_write=visit.may(WRITE), may_export=visit.may(Permission.LISTS_EXPORT),
        left=visit.said.get("was_left", ""),
    )  # fmt: skip


def _seen(visit: Visit, one: kept.CallList, calls: list[kept.Call], who: dict[str, str]) -> Seen:
    due = one.due_on
    late = due is not None and not one.ended and due < clock.now().astimezone(visit.site.zone).date()
    states = Counter(str(call.state) for call in calls)
    open_left = states[kept.State.open] + states[kept.State.not_reached]
    return Seen(one, who.get(one.owner_id, "–"), late and bool(open_left), states)


def _names(connection: Connection) -> dict[str, str]:
    return {one.person_id: one.name for one in people.listed(connection)}
