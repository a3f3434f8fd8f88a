"""What people propose in place of the credit policy or the card: agreed by another, in force by neither.

A strategy is kept as the content of a policy's file, a card as the changes of its bins. Agreed, either can be
taken as a file: bankmine changes no policy and no card by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bankmine.errors import Forbidden, NotFound, UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import new_id
from bankmine.store.tables.proposals import proposal
from bankmine.store.times import now_us

LONGEST_NAME, LONGEST_NOTE = 80, 300


class Kind(StrEnum):
    """What is proposed."""

    card = "card"
    strategy = "strategy"


NEEDED: Mapping[Kind, Permission] = {
    Kind.card: Permission.SCORECARDS_WRITE,
    Kind.strategy: Permission.STRATEGIES_WRITE,
}


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A proposal as it stands; `version` names what it is made of, times in µs UTC."""

    proposal_id: str
    name: str
    note: str
    content: Mapping[str, Any]
    version: str
    person_id: str
    at: int
    agreed_by: str | None
    agreed_at: int | None


def keep(
    connection: Connection, person: Person, kind: Kind, name: str, note: str, content: Mapping[str, Any],
    version: str,
) -> str:  # fmt: skip
    """Keeps a proposal and names it. Forbidden without the kind's permission; UsageError for a name that does
    not fit or is there already."""
    person.require(NEEDED[kind])
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or len(note) > LONGEST_NOTE:
        raise UsageError(
            f"the name has {len(name)} characters and the note {len(note)}",
            hint=f"A name has 1 to {LONGEST_NAME}, a note at most {LONGEST_NOTE}.",
        )
    if name in {one.name for one in listed(connection, kind)}:
        raise UsageError(f"there is a {kind} {name!r} already", hint="Give another name.")
    proposal_id = new_id()
    row = {
        "proposal_id": proposal_id, "kind": kind, "name": name, "note": note, "content": json.dumps(content),
        "version": version, "person_id": person.person_id, "at": now_us(),
    }  # fmt: skip
    connection.execute(proposal.insert(), row)
    _record(connection, person, kind, "proposal_kept", proposal_id, version=version)
    return proposal_id


def agree(connection: Connection, person: Person, kind: Kind, proposal_id: str, *, to: bool = True) -> None:
    """Agrees to what somebody else proposed, or takes the own agreement back.

    Forbidden for one's own proposal and for the agreement of another.
    """
    person.require(NEEDED[kind])
    found = one(connection, kind, proposal_id)
    if to and (found.person_id == person.person_id or found.agreed_by is not None):
        raise Forbidden(
            "nobody agrees to their own proposal, nor twice", hint="Ask somebody else who may propose."
        )
    if not to and found.agreed_by != person.person_id:
        raise Forbidden("this agreement is not yours", hint="Who agreed can take it back.")
    values = {"agreed_by": person.person_id if to else None, "agreed_at": now_us() if to else None}
    connection.execute(update(proposal).where(proposal.c.proposal_id == proposal_id).values(**values))
    _record(connection, person, kind, "proposal_agreed" if to else "proposal_unagreed", proposal_id)


def remove(
    connection: Connection, person: Person, kind: Kind, proposal_id: str, *, again: bool = False
) -> None:
    """Deletes one's own proposal, or brings it back; UsageError for one that was agreed to."""
    person.require(NEEDED[kind])
    found = one(connection, kind, proposal_id, deleted=again)
    if found.person_id != person.person_id:
        raise Forbidden("this proposal is not yours", hint="Who proposed it can delete it.")
    if found.agreed_by is not None:
        raise UsageError("somebody agreed to this proposal", hint="Have the agreement taken back first.")
    if again and found.name in {other.name for other in listed(connection, kind)}:
        raise UsageError(f"there is a {kind} {found.name!r} by now", hint="Delete that one first.")
    at = None if again else now_us()
    connection.execute(update(proposal).where(proposal.c.proposal_id == proposal_id).values(deleted_at=at))
    _record(connection, person, kind, "proposal_restored" if again else "proposal_deleted", proposal_id)


def record_taken(connection: Connection, person: Person, kind: Kind, found: Proposal) -> None:
    """The event of taking a proposal as a file."""
    _record(connection, person, kind, "proposal_exported", found.proposal_id, version=found.version)


def listed(connection: Connection, kind: Kind) -> list[Proposal]:
    """The proposals of a kind that are there, newest first."""
    asked = select(proposal).where(proposal.c.kind == kind, proposal.c.deleted_at.is_(None))
    return [_proposal(row) for row in connection.execute(asked.order_by(proposal.c.at.desc()))]


def one(connection: Connection, kind: Kind, proposal_id: str, *, deleted: bool = False) -> Proposal:
    """A proposal of a kind; NotFound where there is none, or none that was deleted."""
    gone = proposal.c.deleted_at.is_not(None) if deleted else proposal.c.deleted_at.is_(None)
    asked = select(proposal).where(proposal.c.proposal_id == proposal_id, proposal.c.kind == kind, gone)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFound("there is no such proposal", hint="Look at the proposals that are there.")
    return _proposal(row)


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        proposal_id=row.proposal_id, name=row.name, note=row.note, content=json.loads(row.content),
        version=row.version, person_id=row.person_id, at=row.at, agreed_by=row.agreed_by,
        agreed_at=row.agreed_at,
    )  # fmt: skip


def _record(
    connection: Connection, person: Person, kind: Kind, act: str, proposal_id: str, **details: str
) -> None:
    audit.record(connection, person=person, act=act, object_kind=kind, object_id=proposal_id, details=details)
