"""Recovery codes for whoever lost the second factor's device: ten, shown once, each good for one sign-in.

A code has 80 random bits, so a keyed token of it is enough to keep; the key does not lie in the database. New
codes take the place of the old ones, used or not.
"""

from __future__ import annotations

import base64
import secrets

from sqlalchemy import Connection, delete, func, select, update

from bankmine.errors import UsageError
from bankmine.governance import audit
from bankmine.governance.person import Person
from bankmine.governance.secret import token_of
from bankmine.store.database import store_of
from bankmine.store.ids import new_id
from bankmine.store.tables.people import person as persons
from bankmine.store.tables.recovery import recovery_code as table
from bankmine.store.times import now_us

CODES, BYTES = 10, 10
_C = table.c


def make(connection: Connection, person: Person) -> list[str]:
    """Ten new codes of the person's own, shown this once; UsageError without a second factor."""
    kept = select(persons.c.totp_secret).where(persons.c.person_id == person.person_id)
    if connection.scalar(kept) is None:
        raise UsageError("there is no second factor to recover", hint="Turn it on first.")
    keys, now = store_of(connection).keys, now_us()
    codes = [_shown(base64.b32encode(secrets.token_bytes(BYTES)).decode().lower()) for _ in range(CODES)]
    connection.execute(delete(table).where(_C.person_id == person.person_id))
    connection.execute(
        table.insert(),
        [
            {
                "code_id": new_id(), "person_id": person.person_id,
                "code_token": token_of(keys, "recovery", _plain(code)), "made_at": now,
            }
            for code in codes
        ],
    )  # fmt: skip
    audit.record(
        connection, person=person, act="recovery_codes_made", object_kind="person",
        object_id=person.person_id,
    )  # fmt: skip
    return codes


def left(connection: Connection, person_id: str) -> int:
    """How many codes the person has not used."""
    unused = select(func.count()).select_from(table).where(_C.person_id == person_id, _C.used_at.is_(None))
    return int(connection.scalar(unused) or 0)


def used(connection: Connection, person_id: str, code: str | None) -> bool:
    """Whether it is an unused code of the person; uses it up."""
    if not code or len(_plain(code)) != BYTES * 8 // 5:
        return False
    token = token_of(store_of(connection).keys, "recovery", _plain(code))
    own = (_C.person_id == person_id) & (_C.code_token == token) & _C.used_at.is_(None)
    if connection.execute(update(table).where(own).values(used_at=now_us())).rowcount != 1:
        return False
    audit.record(connection, person=None, act="recovery_code_used", object_kind="person", object_id=person_id)
    return True


def _shown(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "").lower()
