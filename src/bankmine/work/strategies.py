"""Credit strategies that people keep: proposed by one, agreed by another, put in force by neither.

A strategy is kept as the content of a policy's file. Agreed, it can be taken as the file that
`credit.policy` names: bankmine changes no policy by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bankmine.errors import Forbidden, NotFound, UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import new_id
from bankmine.store.tables.strategies import strategy
from bankmine.store.times import now_us

LONGEST_NAME, LONGEST_NOTE = 80, 300


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A strategy as it stands; `version` is that of its policy, times in µs UTC."""

    strategy_id: str
    name: str
    note: str
    content: Mapping[str, Any]
    version: str
    person_id: str
    at: int
    agreed_by: str | None
    agreed_at: int | None


def keep(
    connection: Connection, person: Person, name: str, note: str, content: Mapping[str, Any], version: str
) -> str:
    """Keeps a strategy and names it. Forbidden without `strategies:write`; UsageError for a name that does
    not fit or is there already."""
    person.require(Permission.STRATEGIES_WRITE)
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or len(note) > LONGEST_NOTE:
        raise UsageError(
            f"the name has {len(name)} characters and the note {len(note)}",
            hint=f"A name has 1 to {LONGEST_NAME}, a note at most {LONGEST_NOTE}.",
        )
    if name in {one.name for one in listed(connection)}:
        raise UsageError(f"there is a strategy {name!r} already", hint="Give another name.")
    strategy_id = new_id()
    row = {
        "strategy_id": strategy_id, "name": name, "note": note, "content": json.dumps(content),
        "version": version, "person_id": person.person_id, "at": now_us(),
    }  # fmt: skip
    connection.execute(strategy.insert(), row)
    _record(connection, person, "strategy_kept", strategy_id, version=version)
    return strategy_id


def agree(connection: Connection, person: Person, strategy_id: str, *, to: bool = True) -> None:
    """Agrees to a strategy that somebody else proposed, or takes the own agreement back.

    Forbidden for one's own strategy and for the agreement of another.
    """
    person.require(Permission.STRATEGIES_WRITE)
    found = one(connection, strategy_id)
    if to and (found.person_id == person.person_id or found.agreed_by is not None):
        raise Forbidden(
            "nobody agrees to their own strategy, nor twice",
            hint="Ask somebody else who may keep strategies.",
        )
    if not to and found.agreed_by != person.person_id:
        raise Forbidden("this agreement is not yours", hint="Who agreed can take it back.")
    values = {"agreed_by": person.person_id if to else None, "agreed_at": now_us() if to else None}
    connection.execute(update(strategy).where(strategy.c.strategy_id == strategy_id).values(**values))
    _record(connection, person, "strategy_agreed" if to else "strategy_unagreed", strategy_id)


def remove(connection: Connection, person: Person, strategy_id: str, *, again: bool = False) -> None:
    """Deletes one's own strategy, or brings it back; UsageError for one that was agreed to."""
    person.require(Permission.STRATEGIES_WRITE)
    found = one(connection, strategy_id, deleted=again)
    if found.person_id != person.person_id:
        raise Forbidden("this strategy is not yours", hint="Who proposed it can delete it.")
    if found.agreed_by is not None:
        raise UsageError("somebody agreed to this strategy", hint="Have the agreement taken back first.")
    if again and found.name in {other.name for other in listed(connection)}:
        raise UsageError(f"there is a strategy {found.name!r} by now", hint="Delete that one first.")
    at = None if again else now_us()
    connection.execute(update(strategy).where(strategy.c.strategy_id == strategy_id).values(deleted_at=at))
    _record(connection, person, "strategy_restored" if again else "strategy_deleted", strategy_id)


def listed(connection: Connection) -> list[Strategy]:
    """The strategies that are there, newest first."""
    asked = select(strategy).where(strategy.c.deleted_at.is_(None))
    return [_strategy(row) for row in connection.execute(asked.order_by(strategy.c.at.desc()))]


def one(connection: Connection, strategy_id: str, *, deleted: bool = False) -> Strategy:
    """A strategy; NotFound where there is none, or none that was deleted."""
    gone = strategy.c.deleted_at.is_not(None) if deleted else strategy.c.deleted_at.is_(None)
    asked = select(strategy).where(strategy.c.strategy_id == strategy_id, gone)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFound("there is no such strategy", hint="Look at the strategies that are there.")
    return _strategy(row)


def _strategy(row: Row[Any]) -> Strategy:
    return Strategy(
        strategy_id=row.strategy_id, name=row.name, note=row.note, content=json.loads(row.content),
        version=row.version, person_id=row.person_id, at=row.at, agreed_by=row.agreed_by,
        agreed_at=row.agreed_at,
    )  # fmt: skip


def _record(connection: Connection, person: Person, act: str, strategy_id: str, **details: str) -> None:
    audit.record(
        connection, person=person, act=act, object_kind="strategy", object_id=strategy_id, details=details
    )
