"""Failed attempts to sign in, counted by name and by address, so that passwords cannot be tried in bulk.

An attempt is counted before the password is looked at and forgotten when it was right: a hundred attempts at
the same time are a hundred attempts. Names and addresses are kept as keyed tokens, for some of the names
tried are passwords typed into the wrong field. A locked name is counted no further, so it opens by itself.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from bankmine.governance.passwords import folded
from bankmine.governance.secret import token_of
from bankmine.store.database import Store
from bankmine.store.ids import new_id
from bankmine.store.tables.people import sign_in_attempt as table
from bankmine.store.times import MINUTE_US, now_us

_C = table.c


def begin(store: Store, connection: Connection, name: str, address: str) -> bool:
    """Counts an attempt; False where the name or the address had too many, and nothing must be tried."""
    now, names, addresses = now_us(), name_token(store, name), token_of(store.keys, "address", address)
    since = now - store.settings.failure_minutes * MINUTE_US
    connection.execute(delete(table).where(_C.at <= since))
    of_name = connection.scalar(select(func.count()).select_from(table).where(_C.name_token == names))
    of_address = connection.scalar(
        select(func.count()).select_from(table).where(_C.address_token == addresses)
    )
    if (of_name or 0) >= store.settings.failures:
        return False
    if address and (of_address or 0) >= store.settings.failures_by_address:
        return False
    attempt = {"attempt_id": new_id(), "name_token": names, "address_token": addresses, "at": now}
    connection.execute(table.insert(), attempt)
    return True


def forget(store: Store, connection: Connection, name: str) -> None:
    """Forgets the attempts of a name: it signed in, or an administrator gave it a new password."""
    connection.execute(delete(table).where(_C.name_token == name_token(store, name)))


def name_token(store: Store, name: str) -> str:
    """What is kept of a name that was tried."""
    return token_of(store.keys, "name", folded(name))
