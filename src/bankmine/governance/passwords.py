"""Passwords: the rules a new one must keep, and Argon2id to keep it.

The rules are those of OWASP ASVS 5.0 (6.2): long enough, not the name, not guessed soon; no rules about kinds
of characters, for they make passwords worse. How soon one is guessed is estimated by zxcvbn (Wheeler, USENIX
Security 2016): it knows the passwords people take most, words, names, dates, rows of keys and what is written
3 for e, and takes the words of this place (`CONTEXT`, the person's name) as known too. Kept with Argon2id, 64
MiB and three passes (RFC 9106, section 4). At most two are computed at a time, so that a crowd at the door
cannot use up the machine's memory.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from bankmine.errors import UsageError

SHORTEST, LONGEST = 12, 256
CONTEXT = (
    "bankmine",
    "bank",
    "operator",
    "administrator",
    "auditor",
    "analyst",
    "officer",
    "customer",
    "churn",
)
"""Words of this place, which whoever guesses tries early."""

GUESSES = 10**9
"""How many guesses a password has to last; attempts are limited besides (`attempts.py`)."""
ESTIMATED = 72
"""How many characters the estimate looks at; it grows with their square."""
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
_AT_A_TIME = threading.BoundedSemaphore(2)


def check(password: str, name: str) -> None:
    """Raises UsageError, which never repeats the password, where it breaks a rule."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            f"the password has {len(password)} characters", hint=f"Use {SHORTEST} to {LONGEST} of them."
        )
    plain, plain_name = folded(password), folded(name)
    if (len(plain_name) >= 4 and plain_name in plain) or plain in plain_name:
        raise UsageError("the password contains the name", hint="Use one that does not.")
    if zxcvbn(plain[:ESTIMATED], user_inputs=[*CONTEXT, plain_name])["guesses"] < GUESSES:
        raise UsageError("the password is among those tried first", hint="Use a few words of your own.")


def hashed(password: str) -> str:
    """The Argon2id hash to keep."""
    with _AT_A_TIME:
        return HASHER.hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the one kept; takes as long where none is kept."""
    if len(password) > LONGEST:
        return False
    with _AT_A_TIME:
        try:
            return HASHER.verify(kept or _nobodys(), _normal(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_old(kept: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return HASHER.check_needs_rehash(kept)


def folded(text: str) -> str:
    """Small letters without accents of form, so that what looks the same is the same."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    """The hash compared with where a person is unknown, so that the answer takes as long."""
    return HASHER.hash("nobody has this password")
