"""The secret that lies apart from the database: `operations.key` in the bank's keys folder.

Whoever copies or rewrites the database alone can neither forge the audit's anchor nor read second factors.
Each use has a key of its own, derived by HMAC-SHA-256 from the one in the file.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from bankmine.errors import ConfigurationError

FILE_NAME = "operations.key"


def derived(folder: Path, use: str) -> bytes:
    """The 32 bytes for one use; the file is made where there is none. ConfigurationError if damaged."""
    return hmac.digest(_key(folder), use.encode(), "sha256")


def token_of(folder: Path, use: str, text: str) -> str:
    """A keyed token of a text: equal texts have equal tokens, and nobody without the key can try texts."""
    return hmac.digest(derived(folder, use), text.encode(), "sha256").hex()[:32]


def _key(folder: Path) -> bytes:
    file = folder / FILE_NAME
    if not file.exists():
        _make(file)
    try:
        key = bytes.fromhex(file.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ConfigurationError(
            f"{file} is not 64 hexadecimal digits", hint="Restore it from your backup of the keys."
        )
    return key


def _make(file: Path) -> None:
    """Makes the file whole or not at all; where two processes do, one of the two keys stays."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.with_name(f"{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(32) + "\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(temporary, file)
        except FileExistsError:
            return
    finally:
        temporary.unlink()
