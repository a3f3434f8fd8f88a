"""Ids of rows: 26 characters, in the order of time, not to be guessed (ULID: 48 bits of time, 80 random).

Crockford's base 32 has no I, L, O and U, so an id read aloud stays itself.
"""

import secrets

from bankmine.store.times import now_us

LENGTH = 26
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> str:
    """A new id; those of a later millisecond sort after those of an earlier one."""
    number = (now_us() // 1_000) << 80 | secrets.randbits(80)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
