"""Rulings: a person decides on a credit application, with a reason, beside what the policy says.

A ruling against the policy (other than referring on) is an override and says why in words. The newest open
ruling of an application counts; one's own is taken back, never deleted. Nothing of it enters data that models
learn from before the bank's own system reports the decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import new_id
from bankmine.store.tables.rulings import ruling
from bankmine.store.times import now_us

OUTCOMES = ("approve", "decline", "ask_for_more")
REASONS = (
    "as_the_policy", "income_proved", "income_not_proved", "collateral_added", "known_for_long",
    "debts_elsewhere", "documents_missing", "suspected_fraud", "customer_withdrew", "another",
)  # fmt: skip
LONGEST_NOTE, LEAST_WORDS = 500, 10


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """One ruling as it stands; `at` in µs UTC."""

    ruling_id: str
    application_id: str
    customer_id: str
    outcome: str
    reason: str
    note: str
    policy_outcome: str
    override: bool
    person_id: str
    at: int


def rule(
    connection: Connection,
    person: Person,
    *,
    application_id: str,
    customer_id: str,
    outcome: str,
    reason: str,
    note: str,
    policy: str,
    policy_outcome: str,
    probability: float | None,
) -> str:
    """Decides and names the ruling. Forbidden without `credit:decide`; UsageError for what cannot be."""
    person.require(Permission.CREDIT_DECIDE)
    if outcome not in OUTCOMES:
        raise UsageError(f"{outcome[:40]!r} is no decision", hint=f"Take {', '.join(OUTCOMES)}.")
    if reason not in REASONS:
        raise UsageError(f"{reason[:40]!r} is no reason", hint=f"Take {', '.join(REASONS)}.")
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"the note has {len(note)} characters", hint=f"Write at most {LONGEST_NOTE}.")
    override = policy_outcome != "refer" and outcome not in ("ask_for_more", policy_outcome)
    if override and len(note.strip()) < LEAST_WORDS:
        raise UsageError(
            f"the policy says {policy_outcome}: deciding otherwise needs a note",
            hint="Say why in a sentence.",
        )
    ruling_id = new_id()
    row: dict[str, Any] = {
        "ruling_id": ruling_id, "application_id": application_id, "customer_id": customer_id,
        "outcome": outcome, "reason": reason, "note": note.strip(), "policy": policy,
        "policy_outcome": policy_outcome, "probability": probability, "override": override,
        "person_id": person.person_id, "at": now_us(),
    }  # fmt: skip
    connection.execute(ruling.insert(), row)
    details: dict[str, str | bool] = {
        "outcome": outcome, "reason": reason, "policy": policy_outcome, "override": override,
    }  # fmt: skip
    audit.record(
        connection, person=person, act="application_ruled", object_kind="application",
        object_id=application_id, details=details,
    )  # fmt: skip
    return ruling_id


def take_back(connection: Connection, person: Person, ruling_id: str, *, again: bool = False) -> str:
    """Takes one's own ruling back, or puts it in its place again; names its application."""
    person.require(Permission.CREDIT_DECIDE)
    state = ruling.c.withdrawn_at.is_not(None) if again else ruling.c.withdrawn_at.is_(None)
    own = (ruling.c.ruling_id == ruling_id) & (ruling.c.person_id == person.person_id) & state
    about = connection.scalar(select(ruling.c.application_id).where(own))
    if about is None:
        raise NotFound("there is no such ruling of yours", hint="Only who decided can take it back.")
    connection.execute(update(ruling).where(own).values(withdrawn_at=None if again else now_us()))
    act = "ruling_restored" if again else "ruling_taken_back"
    audit.record(connection, person=person, act=act, object_kind="application", object_id=str(about))
    return str(about)


def standing(connection: Connection, applications: Iterable[str]) -> dict[str, Ruling]:
    """The ruling that stands of each application that has one."""
    query = select(ruling).where(
        ruling.c.application_id.in_(list(applications)), ruling.c.withdrawn_at.is_(None)
    )
    rows = connection.execute(query.order_by(ruling.c.at, ruling.c.ruling_id))
    return {row.application_id: _ruling(row) for row in rows}


def listed(connection: Connection) -> list[Ruling]:
    """All open rulings, the newest first; whoever shows them leaves out customers outside of the scope."""
    query = select(ruling).where(ruling.c.withdrawn_at.is_(None))
    rows = connection.execute(query.order_by(ruling.c.at.desc(), ruling.c.ruling_id.desc()))
    return [_ruling(row) for row in rows]


def _ruling(row: Any) -> Ruling:
    return Ruling(
        ruling_id=row.ruling_id, application_id=row.application_id, customer_id=row.customer_id,
        outcome=row.outcome, reason=row.reason, note=row.note, policy_outcome=row.policy_outcome,
        override=row.override, person_id=row.person_id, at=row.at,
    )  # fmt: skip
