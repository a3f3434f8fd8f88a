"""The bank's keys: one pseudonym key, and one data key for each person.

Both live in a folder apart from the warehouse. Pseudonyms are SipHash-2-4 tokens under the bank's key;
names, contacts and free text are encrypted with AES-256-GCM under the person's own key, so that a key
destroyed is a person erased. The person keys are rows of an SQLite file with `secure_delete` on, so that
a deleted key leaves no bytes behind.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.bank.hashing import keyed_tokens
from bankmine.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NONCE = 12


def show_key(token: int) -> str:
    """A token as people see it: sixteen hexadecimal digits."""
    return f"{token & (1 << 64) - 1:016x}"


def parse_key(text: str) -> int:
    """The token behind sixteen hexadecimal digits, or the whole number of kept tables; else ValueError.

    Digits alone are the number unless they are sixteen.
    """
    whole = text.lstrip("-")
    if text.startswith("-") or (whole.isdecimal() and len(whole) != 16):
        value = int(text)
        if not -(1 << 63) <= value < 1 << 63:
            raise ValueError(text)
        return value
    value = int(text, 16)
    if value >= 1 << 64:
        raise ValueError(text)
    return value - (1 << 64) if value >= 1 << 63 else value


def _nonce_key(key: bytes) -> bytes:
    """The key a person's nonces are made with."""
    return hmac.digest(key, b"bankmine nonce", "sha256")


def _nonce(key: bytes, context: bytes, plain: bytes) -> bytes:
    """A nonce made of what is encrypted (a synthetic one, as in RFC 8452); `key` is of `_nonce_key`.

    The same text of the same person and column gives the same bytes, so that a repeated delivery is
    recognised without decrypting; two different texts never share a nonce but by chance of 2^-96.
    """
    return hmac.digest(key, context + b"\x1f" + plain, "sha256")[:_NONCE]


class Keyring:
    """The keys in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pseudonym_key: bytes | None = None

    @classmethod
    def create(cls, folder: Path) -> Keyring:
        """Opens the folder's keys, making a new pseudonym key where there is none."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / "pseudonym.key"
        if not file.exists():
            temporary = file.with_suffix(".tmp")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_hex(16) + "\n")
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(file)
        return cls(folder)

    @property
    def pseudonym_key(self) -> bytes:
        """The sixteen bytes all pseudonyms are made with."""
        if self._pseudonym_key is None:
            file = self.folder / "pseudonym.key"
            try:
                key = bytes.fromhex(file.read_text().strip())
            except FileNotFoundError:
                raise ConfigurationError(
                    f"the pseudonym key {file} is missing",
                    hint="Put the bank's key folder back, or name it as `keys` in bankmine.toml.",
                ) from None
            except ValueError:
                key = b""
            if len(key) != 16:
                raise ConfigurationError(
                    f"the pseudonym key {file} is not 32 hexadecimal digits",
                    hint="Restore it from your backup; a new key would make other pseudonyms.",
                )
            self._pseudonym_key = key
        return self._pseudonym_key

    def tokens(self, texts: Any, domain: str) -> NDArray[np.int64]:
        """The pseudonyms of an Arrow string array without nulls."""
        return keyed_tokens(texts, self.pseudonym_key, domain)

    def token(self, domain: str, raw: str | int) -> int:
        """The pseudonym of one raw key."""
        return int(self.tokens([str(raw)], domain)[0])

    @property
    def identity(self) -> str:
        """Names the pseudonym key without revealing it."""
        return show_key(self.token("bankmine", "identity of the key"))

    def _persons(self) -> sqlite3.Connection:
        file = self.folder / "persons.db"
        if not file.exists():
            file.touch(mode=0o600)
        connection = sqlite3.connect(file, timeout=60, isolation_level=None)
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS person (customer_id INTEGER PRIMARY KEY, key BLOB)")
        return connection

    def person_keys(self, customers: Iterable[int], *, make: bool = False) -> dict[int, bytes]:
        """The data keys of those customers; a person erased or never seen has none.

        With `make`, those never seen get one, durably, before this returns; an erased person stays erased.
        """
        wanted = sorted({int(customer) for customer in customers})
        if not make and not (self.folder / "persons.db").exists():
            return {}
        with closing(self._persons()) as connection:
            connection.execute("BEGIN IMMEDIATE" if make else "BEGIN")
            connection.execute("CREATE TEMP TABLE wanted (customer_id INTEGER PRIMARY KEY)")
            connection.executemany("INSERT INTO wanted VALUES (?)", ((one,) for one in wanted))
            query = "SELECT customer_id, key FROM person JOIN wanted USING (customer_id)"
            keys: dict[int, bytes | None] = dict(connection.execute(query).fetchall())
            if make:
                new = {one: secrets.token_bytes(32) for one in wanted if one not in keys}
                connection.executemany("INSERT INTO person VALUES (?, ?)", new.items())
                keys |= new
            connection.execute("COMMIT")
        return {one: key for one, key in keys.items() if key is not None}

    def destroy(self, customer: int) -> bool:
        """Destroys one person's data key and remembers that it was; False where there was none."""
        if not (self.folder / "persons.db").exists():
            return False
        with closing(self._persons()) as connection:
            erase = "UPDATE person SET key = NULL WHERE customer_id = ? AND key IS NOT NULL"
            return connection.execute(erase, (customer,)).rowcount > 0

    def encrypt(
        self, texts: Sequence[str | None], customers: Sequence[int | None], context: str
    ) -> list[bytes | None]:
        """Each text under its person's key; `context` (table.column) is bound to it.

        None stays None, and so becomes the text of a person who was erased.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        owners = {
            owner
            for owner, text in zip(customers, texts, strict=True)
            if owner is not None and text is not None
        }
        keys = self.person_keys(owners, make=bool(owners))
        ciphers = {one: (AESGCM(key), _nonce_key(key)) for one, key in keys.items()}
        aad = context.encode()
        sealed: list[bytes | None] = []
        for owner, text in zip(customers, texts, strict=True):
            if text is None or owner is None or owner not in keys:
                sealed.append(None)
                continue
            plain, (cipher, nonce_key) = text.encode(), ciphers[owner]
            nonce = _nonce(nonce_key, aad, plain)
            sealed.append(nonce + cipher.encrypt(nonce, plain, aad))
        return sealed

    def decrypt(
        self, sealed: Sequence[bytes | None], customers: Sequence[int | None], context: str
    ) -> list[str | None]:
        """The texts again; None where the person's key is gone."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        keys = self.person_keys(owner for owner in customers if owner is not None)
        aad = context.encode()
        texts: list[str | None] = []
        for owner, secret in zip(customers, sealed, strict=True):
            key = keys.get(owner) if owner is not None else None
            if secret is None or key is None:
                texts.append(None)
                continue
            texts.append(AESGCM(key).decrypt(secret[:_NONCE], secret[_NONCE:], aad).decode())
        return texts
