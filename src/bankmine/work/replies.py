"""Answers kept by the key a system chose, so that a request sent again is answered again and done once.

A key belongs to one token, and to one request: the same key with other content is refused.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, delete, select

from bankmine.errors import UsageError
from bankmine.governance import Person
from bankmine.store import new_id, now_us
from bankmine.store.tables.replies import reply
from bankmine.store.times import HOUR_US

KEPT_US = 24 * HOUR_US


def known(connection: Connection, person: Person, key: str | None, asked: str) -> dict[str, Any] | None:
    """The answer given to this key within a day; None where it is new or there is no key."""
    if key is None:
        return None
    if not 8 <= len(key) <= 100 or not key.isprintable():
        raise UsageError(
            f"the idempotency key has {len(key)} characters", hint="Give 8 to 100, such as a UUID."
        )
    connection.execute(delete(reply).where(reply.c.at < now_us() - KEPT_US))
    mine = select(reply).where(reply.c.caller == _caller(person), reply.c.key == key)
    row = connection.execute(mine).one_or_none()
    if row is None:
        return None
    if row.asked != _hash(asked):
        raise UsageError(
            "the idempotency key stood on another request", hint="Choose a new key for a new request."
        )
    answer: dict[str, Any] = json.loads(row.answer)
    return answer


def keep(connection: Connection, person: Person, key: str | None, asked: str, answer: dict[str, Any]) -> None:
    """Keeps the answer in the transaction of what it tells of."""
    if key is not None:
        connection.execute(
            reply.insert(),
            {
                "reply_id": new_id(), "caller": _caller(person), "key": key, "asked": _hash(asked),
                "answer": json.dumps(answer), "at": now_us(),
            },
        )  # fmt: skip


def _caller(person: Person) -> str:
    return person.token_id or person.person_id


def _hash(asked: str) -> str:
    return hashlib.sha256(asked.encode()).hexdigest()
