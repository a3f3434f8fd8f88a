"""Leads: somebody who is no customer was asked a form's questions; what came of it is kept, without a name.

What was answered stands in the form's own words, so that nothing but levels and numbers is kept. Nothing of
it enters data that models learn from. A lead is withdrawn, never deleted; one sees one's own, and whoever
sees the whole bank sees all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, select, update

from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import new_id
from bankmine.store.tables.leads import lead
from bankmine.store.times import now_us

MOST_SHOWN = 20


class Outcome(StrEnum):
    """What came of the talk."""

    interested = "interested"
    later = "later"
    not_interested = "not_interested"


@dataclass(frozen=True, kw_only=True)
class Lead:
    """One talk: by whom, which form of which run, what was answered, what it said best, what came of it."""

    lead_id: str
    person_id: str
    task: str
    run_id: str
    fields: Mapping[str, str]
    best: str
    outcome: Outcome
    at: int


def record(
    connection: Connection,
    person: Person,
    *,
    task: str,
    run_id: str,
    fields: Mapping[str, str],
    best: str,
    outcome: str,
) -> str:
    """Keeps what came of a talk and names it. Forbidden; UsageError for an outcome there is not."""
    person.require(Permission.CONTACTS_WRITE)
    if outcome not in list(Outcome):
        raise UsageError(f"there is no outcome {outcome[:40]!r}", hint=f"Take {', '.join(Outcome)}.")
    lead_id = new_id()
    row = {
        "lead_id": lead_id, "person_id": person.person_id, "task": task, "run_id": run_id,
        "fields": json.dumps(dict(fields), sort_keys=True), "best": best, "outcome": outcome, "at": now_us(),
    }  # fmt: skip
    connection.execute(lead.insert(), row)
    details = {"task": task, "run": run_id, "outcome": outcome}
    audit.record(
        connection, person=person, act="lead_recorded", object_kind="lead", object_id=lead_id, details=details
    )
    return lead_id


def withdraw(connection: Connection, person: Person, lead_id: str) -> None:
    """Takes a lead back. NotFound where there is none of one's own, or of the bank for who sees it whole."""
    _switch(connection, person, lead_id, back=False)


def restore(connection: Connection, person: Person, lead_id: str) -> None:
    """Puts a lead that was taken back in its place again."""
    _switch(connection, person, lead_id, back=True)


def listed(connection: Connection, person: Person) -> list[Lead]:
    """The newest leads the person sees."""
    query = select(lead).where(lead.c.withdrawn_at.is_(None)).order_by(lead.c.lead_id.desc())
    if not person.scope.everything:
        query = query.where(lead.c.person_id == person.person_id)
    return [_lead(row) for row in connection.execute(query.limit(MOST_SHOWN))]


def _switch(connection: Connection, person: Person, lead_id: str, *, back: bool) -> None:
    person.require(Permission.CONTACTS_WRITE)
    mine = lead.c.lead_id == lead_id
    if not person.scope.everything:
        mine &= lead.c.person_id == person.person_id
    now = lead.c.withdrawn_at.is_not(None) if back else lead.c.withdrawn_at.is_(None)
    changed = connection.execute(
        update(lead).where(mine, now).values(withdrawn_at=None if back else now_us())
    )
    if not changed.rowcount:
        raise NotFound("there is no such lead", hint="It may have been taken back already.")
    act = "lead_restored" if back else "lead_withdrawn"
    audit.record(connection, person=person, act=act, object_kind="lead", object_id=lead_id)


def _lead(row: Row) -> Lead:  # type: ignore[type-arg]
    return Lead(
        lead_id=row.lead_id,
        person_id=row.person_id,
        task=row.task,
        run_id=row.run_id,
        fields=json.loads(row.fields),
        best=row.best,
        outcome=Outcome(row.outcome),
        at=row.at,
    )
