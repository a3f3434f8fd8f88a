"""Call lists: customers to talk to, with an owner, a due day and a state each; every act can be taken back.

Whoever reads a list sees the customers of their own scope on it and no others, nor how many others there are.
A customer who may not be contacted is not put on it: the page that calls `put` says whom it left out and why.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, audit, people
from bankmine.store import new_id
from bankmine.store.tables.calls import call_list, call_list_customer
from bankmine.store.times import now_us

MOST_NAME, MOST_AT_ONCE = 80, 200


class State(StrEnum):
    """How far a call is."""

    open = "open"
    reached = "reached"
    not_reached = "not_reached"
    kept = "kept"
    lost = "lost"


@dataclass(frozen=True)
class CallList:
    """A list as it stands. Times in µs UTC; `due_on` is a civil day."""

    list_id: str
    name: str
    owner_id: str
    due_on: date | None
    person_id: str
    created_at: int
    ended: bool


@dataclass(frozen=True)
class Call:
    """A customer (pseudonym) on a list."""

    customer: str
    state: State
    changed_at: int


def make(connection: Connection, person: Person, name: str, owner_id: str, due_on: str) -> str:
    """Makes a list without customers and names it; UsageError for what does not fit; Forbidden."""
    person.require(Permission.CONTACTS_WRITE)
    list_id = new_id()
    connection.execute(
        call_list.insert(),
        {
            "list_id": list_id, "name": _name(name), "owner_id": _owner(connection, owner_id),
            "due_on": _day(due_on), "person_id": person.person_id, "created_at": now_us(),
        },
    )  # fmt: skip
    _record(connection, person, "call_list_made", list_id)
    return list_id


def put(connection: Connection, person: Person, list_id: str, customers: Sequence[str]) -> tuple[str, int]:
    """Puts customers on a list who are not there yet; gives the batch's id and how many are new."""
    person.require(Permission.CONTACTS_WRITE)
    _open(connection, list_id)
    wanted = list(dict.fromkeys(customers))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise UsageError(
            f"{len(wanted)} customers were chosen", hint=f"Choose 1 to {MOST_AT_ONCE} who may be contacted."
        )
    there = set(connection.scalars(select(call_list_customer.c.customer).where(_of(list_id))))
    new = [one for one in wanted if one not in there]
    if not new:
        raise UsageError("all of them are on the list already", hint="Choose others.")
    batch = new_id()
    rows = [
        {
            "list_id": list_id, "customer": one, "batch_id": batch, "state": State.open,
            "person_id": person.person_id, "changed_at": now_us(),
        }
        for one in new
    ]  # fmt: skip
    connection.execute(call_list_customer.insert(), rows)
    _record(connection, person, "call_list_filled", list_id, batch=batch, customers=len(new))
    return batch, len(new)


def take_off(connection: Connection, person: Person, list_id: str, batch: str) -> None:
    """Takes a batch off again: the undo of `put`; UsageError where nobody of it is on the list."""
    person.require(Permission.CONTACTS_WRITE)
    _row(connection, list_id)
    gone = connection.execute(
        delete(call_list_customer).where(_of(list_id), call_list_customer.c.batch_id == batch)
    ).rowcount
    if not gone:
        raise UsageError("nobody of that batch is on the list", hint="Look at the list as it stands.")
    _record(connection, person, "call_list_emptied", list_id, batch=batch, customers=gone)


def set_state(connection: Connection, person: Person, list_id: str, customer: str, state: str) -> State:
    """Says how far a call is and gives how it was; UsageError for another state; NotFound."""
    person.require(Permission.CONTACTS_WRITE)
    _open(connection, list_id)
    if state not in set(State):
        raise UsageError(f"there is no state {state[:40]!r}", hint=f"Take one of {', '.join(State)}.")
    mine = (_of(list_id), call_list_customer.c.customer == customer)
    before = connection.scalar(select(call_list_customer.c.state).where(*mine))
    if before is None:
        raise NotFound("that customer is not on the list", hint="Look at the list as it stands.")
    if before != state:
        values = {"state": state, "person_id": person.person_id, "changed_at": now_us()}
        connection.execute(update(call_list_customer).where(*mine).values(**values))
        audit.record(
            connection, person=person, act="call_noted", object_kind="customer", object_id=customer,
            details={"call_list": list_id, "state": state},
        )  # fmt: skip
    return State(before)


def change(
    connection: Connection, person: Person, list_id: str, name: str, owner_id: str, due_on: str
) -> CallList:
    """Gives a list another name, owner or day, and gives the list as it was."""
    person.require(Permission.CONTACTS_WRITE)
    before = one(connection, list_id)
    values = {"name": _name(name), "owner_id": _owner(connection, owner_id), "due_on": _day(due_on)}
    connection.execute(update(call_list).where(call_list.c.list_id == list_id).values(**values))
    _record(connection, person, "call_list_changed", list_id)
    return before


def end(connection: Connection, person: Person, list_id: str) -> None:
    """Ends a list: it is kept and no longer worked."""
    person.require(Permission.CONTACTS_WRITE)
    _open(connection, list_id)
    connection.execute(update(call_list).where(call_list.c.list_id == list_id).values(ended_at=now_us()))
    _record(connection, person, "call_list_ended", list_id)


def reopen(connection: Connection, person: Person, list_id: str) -> None:
    """Works an ended list again."""
    person.require(Permission.CONTACTS_WRITE)
    _row(connection, list_id)
    connection.execute(update(call_list).where(call_list.c.list_id == list_id).values(ended_at=None))
    _record(connection, person, "call_list_reopened", list_id)


def listed(connection: Connection) -> list[CallList]:
    """All lists: open ones first, those due soonest first."""
    found = [_list(row) for row in connection.execute(select(call_list))]
    return sorted(found, key=lambda one: (one.ended, one.due_on or date.max, -one.created_at))


def one(connection: Connection, list_id: str) -> CallList:
    """One list; NotFound."""
    return _list(_row(connection, list_id))


def calls(connection: Connection, list_id: str) -> list[Call]:
    """The customers on a list, in the order in which they were put there."""
    table = call_list_customer
    query = select(table).where(_of(list_id)).order_by(table.c.batch_id, table.c.customer)
    return [Call(row.customer, State(row.state), row.changed_at) for row in connection.execute(query)]


def on_lists(connection: Connection, customers: Collection[str]) -> dict[str, str]:
    """Of these customers those who are on an open list, each with a list's name."""
    query = (
        select(call_list_customer.c.customer, call_list.c.name)
        .join(call_list, call_list.c.list_id == call_list_customer.c.list_id)
        .where(call_list.c.ended_at.is_(None), call_list_customer.c.customer.in_(list(customers)))
    )
    return {row.customer: row.name for row in connection.execute(query)}


def _of(list_id: str) -> Any:
    return call_list_customer.c.list_id == list_id


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= MOST_NAME:
        raise UsageError("the list has no name that fits", hint=f"Give 1 to {MOST_NAME} characters.")
    return name


def _owner(connection: Connection, owner_id: str) -> str:
    for each in people.listed(connection):
        if each.person_id == owner_id and not each.disabled:
            return owner_id
    raise UsageError("the owner named is nobody who may sign in", hint="Choose one of the list.")


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError:
        raise UsageError(f"{text[:40]!r} is no date", hint="Write it as 2026-05-31.") from None


def _row(connection: Connection, list_id: str) -> Row[Any]:
    row = connection.execute(select(call_list).where(call_list.c.list_id == list_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such call list", hint="Look at the lists that are there.")
    return row


def _open(connection: Connection, list_id: str) -> None:
    if _row(connection, list_id).ended_at is not None:
        raise UsageError("this list was ended", hint="Open it again first.")


def _list(row: Row[Any]) -> CallList:
    due = date.fromisoformat(row.due_on) if row.due_on else None
    return CallList(
        row.list_id, row.name, row.owner_id, due, row.person_id, row.created_at, row.ended_at is not None
    )


def _record(connection: Connection, person: Person, act: str, list_id: str, **details: str | int) -> None:
    audit.record(
        connection, person=person, act=act, object_kind="call_list", object_id=list_id, details=details
    )  # fmt: skip
