"""Passwords: the rules a new one must keep, and Argon2id to keep it.

The rules are those of OWASP ASVS 5.0 (6.2): long enough, nothing well known, not the name; no rules about
kinds of characters, for they make passwords worse. Argon2id with 64 MiB and three passes (RFC 9106, section
4). At most two are computed at a time, so that a crowd at the door cannot use up the machine's memory.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from importlib.resources import files
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bankmine.errors import UsageError

SHORTEST, LONGEST = 12, 256
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
_AT_A_TIME = threading.BoundedSemaphore(2)


def check(password: str, name: str) -> None:
    """Raises UsageError, which never repeats the password, where it breaks a rule."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            f"the password has {len(password)} characters", hint=f"Use {SHORTEST} to {LONGEST} of them."
        )
    plain = folded(password)
    if (len(folded(name)) >= 4 and folded(name) in plain) or plain in folded(name):
        raise UsageError("the password contains the name", hint="Use one that does not.")
    if plain in _common() or _is_dull(plain):
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


@cache
def _common() -> frozenset[str]:
    text = files("bankmine.governance").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line.strip())


def _is_dull(plain: str) -> bool:
    """One to three characters over and over, or a run of neighbours (abcdef…, 98765…)."""
    steps = {ord(b) - ord(a) for a, b in pairwise(plain)}
    return len(set(plain)) <= 3 or steps <= {1} or steps <= {-1}
