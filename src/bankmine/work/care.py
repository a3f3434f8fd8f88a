"""Care of quality findings: who looks after one, until when, and whether it is closed.

A finding is named by what it says of which table and columns, so that its care survives the next load. Every
change is a row of its own; the newest counts, and what was before is put back by writing it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from bankmine.errors import UsageError
from bankmine.governance import Permission, Person, audit, people
from bankmine.governance.people import Account
from bankmine.governance.permissions import permissions_of
from bankmine.store import new_id
from bankmine.store.tables.agreeing import finding_care
from bankmine.store.times import now_us

STATES = ("open", "closed")
LONGEST = 500


@dataclass(frozen=True, kw_only=True)
class Care:
    """How a finding stands: nobody's and open until somebody takes it."""

    state: str = "open"
    owner_id: str | None = None
    due: str | None = None
    note: str = ""
    at: int | None = None

    def overdue(self, today: str) -> bool:
        """Whether it is open past its day (civil dates, year-month-day)."""
        return self.state == "open" and self.due is not None and self.due < today


def put(
    connection: Connection,
    person: Person,
    finding_id: str,
    *,
    state: str,
    owner_id: str | None,
    due: str | None,
    note: str | None = None,
) -> Care:
    """Says how a finding stands and returns how it stood before; without a `note` the present one stays.

    Forbidden without `data:care`; UsageError for what cannot be.
    """
    person.require(Permission.DATA_CARE)
    if state not in STATES:
        raise UsageError(f"a finding is not {state[:40]!r}", hint=f"Take {' or '.join(STATES)}.")
    if note is not None and len(note) > LONGEST:
        raise UsageError(f"the note has {len(note)} characters", hint=f"Write at most {LONGEST}.")
    if owner_id is not None and owner_id not in {one.person_id for one in owners(connection)}:
        raise UsageError("the owner cannot see this finding", hint="Choose one of the list.")
    before = standing(connection, [finding_id])[finding_id]
    kept = before.note if note is None else note.strip()
    row: dict[str, Any] = {
        "care_id": new_id(), "finding_id": finding_id, "state": state, "owner_id": owner_id,
        "due": _day(due), "note": kept, "person_id": person.person_id, "at": now_us(),
    }  # fmt: skip
    connection.execute(finding_care.insert(), row)
    details = {"state": state, "owner": owner_id or "", "due": due or ""}
    audit.record(
        connection, person=person, act="finding_cared", object_kind="finding", object_id=finding_id,
        details=details,
    )  # fmt: skip
    return before


def owners(connection: Connection) -> list[Account]:
    """Who can look after findings: active accounts that may read data and see the whole bank."""
    return [
        one
        for one in people.listed(connection)
        if not one.disabled and one.scope.everything and Permission.DATA_READ in permissions_of(one.roles)
    ]


def standing(connection: Connection, findings: Iterable[str]) -> dict[str, Care]:
    """How each finding stands now."""
    asked = list(findings)
    query = (
        select(finding_care)
        .where(finding_care.c.finding_id.in_(asked))
        .order_by(finding_care.c.at, finding_care.c.care_id)
    )
    found = dict.fromkeys(asked, Care())
    for row in connection.execute(query):
        found[row.finding_id] = Care(
            state=row.state, owner_id=row.owner_id, due=row.due, note=row.note, at=row.at
        )
    return found


def _day(due: str | None) -> str | None:
    try:
        return date.fromisoformat(due).isoformat() if due else None
    except ValueError:
        raise UsageError(f"{due!r} is no date", hint="Write it as year-month-day: 2026-05-31.") from None
