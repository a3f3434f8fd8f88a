"""The anchor: the head of the audit's chain, kept outside the database in `audit.anchor` among the keys.

A chain of hashes alone proves little: whoever can write the database can delete its end, or forge the whole
of it anew. So after each transaction the newest (seq, hash) is appended to a file in the keys folder, with an
HMAC under a key that the database does not have. Lines: `previous-mac seq hash mac`, each MAC over the three
before it, so that no line can be left out of the middle. Only the newest lines are kept once the file is
large: the newest alone fixes every event before it.
"""

from __future__ import annotations

import fcntl
import hmac
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from bankmine.governance.secret import derived

FILE_NAME = "audit.anchor"
LARGE, KEPT = 4 << 20, 1_000
"""Bytes above which the file is shortened, and the lines that stay."""
_FIRST = "0" * 64
_USE = "audit anchor"
_INSIDE = threading.Lock()  # locks of files are the process's, not the thread's


@dataclass(frozen=True)
class Anchored:
    """The event with number `seq` had this hash."""

    seq: int
    hash: str


def begin(keys: Path) -> None:
    """Before the first event: makes the key, and where there is no file one that says there was no event."""
    if not (keys / FILE_NAME).exists():
        append(keys, 0, _FIRST)


def append(keys: Path, seq: int, hash_: str) -> None:
    """Remembers that event `seq` has this hash. Not synced: it lags behind the database, never before it."""
    key = derived(keys, _USE)
    with _INSIDE, open(keys / FILE_NAME, "a+b", opener=_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        previous = _last_mac(file.fileno())
        line = f"{previous} {seq} {hash_}"
        file.write(f"{line} {_mac(key, line)}\n".encode())
        file.flush()
        if file.tell() > LARGE:
            _shorten(keys / FILE_NAME)


def read(keys: Path) -> tuple[list[Anchored], list[str]]:
    """What is anchored, and the faults of the file itself; ([], []) where there is no file."""
    try:
        lines = (keys / FILE_NAME).read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return [], []
    key, before, found, faults = derived(keys, _USE), None, [], []
    for number, line in enumerate(lines, 1):
        said, _, mac = line.rpartition(" ")
        parts = said.split(" ")
        genuine = len(parts) == 3 and hmac.compare_digest(_mac(key, said).encode(), mac.encode())
        if not genuine:
            if number < len(lines):  # the last line may be half written when the machine stopped
                faults.append(f"line {number} of {FILE_NAME} is not genuine")
            continue
        if before is not None and parts[0] != before:
            faults.append(f"lines are missing before line {number} of {FILE_NAME}")
        before = mac
        found.append(Anchored(int(parts[1]), parts[2]))
    return found, faults


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _mac(key: bytes, said: str) -> str:
    return hmac.digest(key, said.encode(), "sha256").hex()


def _last_mac(descriptor: int) -> str:
    """The MAC that ends the last whole line; one cut short when the machine stopped is removed first."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, 1_024, max(0, size - 1_024))
    cut = len(tail) - (tail.rfind(b"\n") + 1)
    if cut:
        os.ftruncate(descriptor, size - cut)
    whole = tail[: len(tail) - cut].split(b"\n")
    last = whole[-2] if len(whole) > 1 else b""
    return last[-64:].decode("ascii", errors="replace") if len(last) >= 64 else _FIRST


def _shorten(file: Path) -> None:
    """Keeps the newest lines, in the same file, so that whoever waits for its lock writes to it."""
    with file.open("r+b") as out:
        lines = out.read().splitlines(keepends=True)[-KEPT:]
        out.seek(0)
        out.write(b"".join(lines))
        out.truncate()
