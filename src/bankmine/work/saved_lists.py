"""Lists of customers that people keep: conditions that are asked anew each time, or members as of a day.

A list is one's own, or shared with everybody who reads lists. What is kept names no rows to whoever may not
see them: a reader meets the conditions, or the members, among the customers of their own scope. Deleting
keeps the list aside, so that it can be brought back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import new_id
from bankmine.store.tables.saved_lists import saved_list, saved_list_member
from bankmine.store.times import now_us

LONGEST_NAME, MOST_MEMBERS = 80, 20_000


@dataclass(frozen=True, kw_only=True)
class SavedList:
    """A list as it stands. `conditions`: fields as `access.asking` reads them; `fixed_on`: the day as of
    which its members were kept, None where the conditions are asked anew. Times in µs UTC."""

    list_id: str
    name: str
    person_id: str
    shared: bool
    conditions: Mapping[str, str]
    fixed_on: date | None
    created_at: int
    deleted: bool


@dataclass(frozen=True, kw_only=True)
class Members:
    """Who was on a list on a day (pseudonyms)."""

    on: date
    customers: Sequence[str]


def make(
    connection: Connection,
    person: Person,
    name: str,
    conditions: Mapping[str, str],
    *,
    shared: bool,
    members: Members | None = None,
) -> str:
    """Keeps a list and names it. Forbidden without `lists:write`; UsageError for a name that does not fit or
    is one's own already, and for too many members."""
    person.require(Permission.LISTS_WRITE)
    if members is not None and not 1 <= len(members.customers) <= MOST_MEMBERS:
        raise UsageError(
            f"{len(members.customers)} customers fit",
            hint=f"Fixed members are 1 to {MOST_MEMBERS}: keep the conditions, or ask for more of them.",
        )
    list_id = new_id()
    row: dict[str, Any] = {
        "list_id": list_id, "name": _name(connection, person, name), "person_id": person.person_id,
        "shared": shared, "conditions": json.dumps(dict(conditions), sort_keys=True),
        "fixed_on": members.on.isoformat() if members else None, "created_at": now_us(),
    }  # fmt: skip
    connection.execute(saved_list.insert(), row)
    if members is not None:
        rows = [{"list_id": list_id, "customer": one} for one in dict.fromkeys(members.customers)]
        connection.execute(saved_list_member.insert(), rows)
    kept = len(members.customers) if members else 0
    _record(connection, person, "saved_list_made", list_id, shared=int(shared), members=kept)
    return list_id


def rename(connection: Connection, person: Person, list_id: str, name: str) -> str:
    """Gives one's own list another name and returns the former."""
    before = _mine(connection, person, list_id)
    if name != before.name:
        _set(connection, list_id, name=_name(connection, person, name))
        _record(connection, person, "saved_list_renamed", list_id)
    return before.name


def share(connection: Connection, person: Person, list_id: str, shared: bool) -> bool:
    """Shares one's own list or keeps it to oneself, and returns how it was."""
    before = _mine(connection, person, list_id)
    if shared != before.shared:
        _set(connection, list_id, shared=shared)
        _record(connection, person, "saved_list_shared" if shared else "saved_list_unshared", list_id)
    return before.shared


def remove(connection: Connection, person: Person, list_id: str) -> None:
    """Deletes one's own list; it is kept aside for `restore`."""
    if _mine(connection, person, list_id).deleted:
        raise UsageError("this list was deleted already", hint="Look at the lists that are there.")
    _set(connection, list_id, deleted_at=now_us())
    _record(connection, person, "saved_list_deleted", list_id)


def restore(connection: Connection, person: Person, list_id: str) -> None:
    """Brings one's own deleted list back; UsageError where it was not deleted or its name is taken."""
    before = _mine(connection, person, list_id)
    if not before.deleted:
        raise UsageError("this list was not deleted", hint="It is among your lists.")
    _name(connection, person, before.name)
    _set(connection, list_id, deleted_at=None)
    _record(connection, person, "saved_list_restored", list_id)


def listed(connection: Connection, person: Person) -> list[SavedList]:
    """One's own lists and the shared ones, by name; none that was deleted. Forbidden without `lists:read`."""
    person.require(Permission.LISTS_READ)
    table = saved_list
    query = select(table).where(
        table.c.deleted_at.is_(None), (table.c.person_id == person.person_id) | table.c.shared
    )
    return sorted(map(_list, connection.execute(query)), key=lambda one: (one.name.casefold(), one.list_id))


def one(connection: Connection, person: Person, list_id: str) -> SavedList:
    """One of them; NotFound for any other, deleted ones too. Forbidden without `lists:read`."""
    person.require(Permission.LISTS_READ)
    found = _found(connection, list_id)
    if found.deleted or not (found.shared or found.person_id == person.person_id):
        raise _unknown()
    return found


def members(connection: Connection, found: SavedList) -> list[str]:
    """The fixed members, of every scope: what a person sees of them is for `access` to say."""
    table = saved_list_member
    query = select(table.c.customer).where(table.c.list_id == found.list_id).order_by(table.c.customer)
    return list(connection.scalars(query))


def _mine(connection: Connection, person: Person, list_id: str) -> SavedList:
    person.require(Permission.LISTS_WRITE)
    found = _found(connection, list_id)
    if found.person_id != person.person_id:
        raise _unknown()
    return found


def _found(connection: Connection, list_id: str) -> SavedList:
    row = connection.execute(select(saved_list).where(saved_list.c.list_id == list_id)).one_or_none()
    if row is None:
        raise _unknown()
    return _list(row)


def _unknown() -> NotFound:
    return NotFound("there is no such saved list", hint="Look at your lists and the shared ones.")


def _name(connection: Connection, person: Person, name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise UsageError("the list has no name that fits", hint=f"Give 1 to {LONGEST_NAME} characters.")
    taken = connection.scalar(
        select(saved_list.c.list_id).where(
            saved_list.c.person_id == person.person_id, saved_list.c.name == name,
            saved_list.c.deleted_at.is_(None),
        )
    )  # fmt: skip
    if taken is not None:
        raise UsageError("you have a list of that name", hint="Give another name.")
    return name


def _set(connection: Connection, list_id: str, **values: Any) -> None:
    connection.execute(update(saved_list).where(saved_list.c.list_id == list_id).values(**values))


def _list(row: Row[Any]) -> SavedList:
    return SavedList(
        list_id=row.list_id, name=row.name, person_id=row.person_id, shared=bool(row.shared),
        conditions=json.loads(row.conditions),
        fixed_on=date.fromisoformat(row.fixed_on) if row.fixed_on else None,
        created_at=row.created_at, deleted=row.deleted_at is not None,
    )  # fmt: skip


def _record(connection: Connection, person: Person, act: str, list_id: str, **details: int) -> None:
    audit.record(
        connection, person=person, act=act, object_kind="saved_list", object_id=list_id, details=details
    )
