"""A second factor: one-time codes by time (TOTP, RFC 6238), each accepted once.

The secret is encrypted under a key that does not lie in the database. A code counts in its own half minute
and the ones before and after it (clocks differ); the step it was made for is remembered, so that a code
overheard is worth nothing.
"""

from __future__ import annotations

import secrets

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, select, update

from bankmine.errors import Forbidden, NotFound, UsageError
from bankmine.governance import audit
from bankmine.governance.permissions import Permission
from bankmine.governance.person import Person
from bankmine.governance.secret import derived
from bankmine.store.database import Store, store_of
from bankmine.store.tables.people import person as table
from bankmine.store.tables.recovery import recovery_code
from bankmine.store.times import now_us

STEP_SECONDS, DRIFT_STEPS = 30, 1
_C = table.c


def new_secret() -> str:
    """A new secret to show once, as text for an authenticator."""
    return pyotp.random_base32()


def address(name: str, secret: str, bank: str) -> str:
    """The otpauth address that authenticators read from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=bank)


def turn_on(connection: Connection, person: Person, secret: str, code: str) -> None:
    """Turns the person's own second factor on, once they show with a code that they hold the secret."""
    step = _step_of(secret, code)
    if step is None:
        raise UsageError("the code does not fit the secret", hint="Check the clock and type the next code.")
    store = store_of(connection)
    sealed = _seal(store, person.person_id, secret)
    connection.execute(
        update(table).where(_C.person_id == person.person_id).values(totp_secret=sealed, totp_last_step=step)
    )
    audit.record(
        connection, person=person, act="second_factor_on", object_kind="person", object_id=person.person_id
    )


def turn_off(connection: Connection, by: Person | None, person_id: str) -> None:
    """Turns it off, and its recovery codes with it: an administrator for somebody who lost the device.

    One's own cannot be turned off. The codes go too: those of a factor that is gone open no later one.
    """
    if by is not None:
        by.require(Permission.PEOPLE_WRITE)
        if by.person_id == person_id:
            raise Forbidden(
                "nobody turns off their own second factor", hint="Ask another administrator to do it."
            )
    done = connection.execute(update(table).where(_C.person_id == person_id).values(totp_secret=None))
    if not done.rowcount:
        raise NotFound("there is no such person", hint="List them: bankmine users list BANK.")
    connection.execute(delete(recovery_code).where(recovery_code.c.person_id == person_id))
    audit.record(connection, person=by, act="second_factor_off", object_kind="person", object_id=person_id)


def used(connection: Connection, person_id: str, code: str | None) -> bool:
    """Whether the code is right and new; uses it up. True where the person has no second factor."""
    row = connection.execute(select(_C.totp_secret).where(_C.person_id == person_id)).one()
    if row.totp_secret is None:
        return True
    step = _step_of(_unsealed(store_of(connection), person_id, row.totp_secret), code or "")
    if step is None:
        return False
    newer = update(table).where(_C.person_id == person_id, _C.totp_last_step < step)
    return connection.execute(newer.values(totp_last_step=step)).rowcount == 1


def _step_of(secret: str, code: str) -> int | None:
    """The step the code was made for; None where it fits none near now."""
    now, totp = now_us() // 1_000_000 // STEP_SECONDS, pyotp.TOTP(secret)
    code = code.replace(" ", "")
    fitting = [
        step
        for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
        if secrets.compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    return fitting[-1] if fitting else None


def _seal(store: Store, person_id: str, secret: str) -> bytes:
    nonce = secrets.token_bytes(12)
    cipher = AESGCM(derived(store.keys, "second factor"))
    return nonce + cipher.encrypt(nonce, secret.encode(), person_id.encode())


def _unsealed(store: Store, person_id: str, sealed: bytes) -> str:
    cipher = AESGCM(derived(store.keys, "second factor"))
    try:
        return cipher.decrypt(sealed[:12], sealed[12:], person_id.encode()).decode()
    except InvalidTag:
        raise UsageError(
            "a second factor cannot be read with this operations.key",
            hint="Restore the keys, or turn it off: bankmine users second-factor-off.",
        ) from None
