"""What guards a writer's work: the lock that lets one write at a time, and one line for a full disk."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bankmine.errors import WarehouseError


@contextmanager
def full_disk_is_one_line(folder: Path) -> Iterator[None]:
    """Turns "no space left" into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
            raise WarehouseError(
                f"the disk that holds {folder} is full; the warehouse is as it was before",
                hint="Free some space and run the same load again.",
            ) from None
        raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the writer's lock; the kernel lets go of it when the process ends, however it ends."""
    if not folder.is_dir():
        raise WarehouseError(
            f"{folder} holds no warehouse", hint="Make a bank with `bankmine init`, or name the right folder."
        )
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(lock, 32).decode(errors="replace").strip() or "unknown"
            raise WarehouseError(
                f"another load (process {holder}) is writing to {folder}",
                hint="Wait until it has ended, then run this again.",
            ) from None
        with suppress(OSError):  # on a full disk the lock holds without the number of its holder
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)
