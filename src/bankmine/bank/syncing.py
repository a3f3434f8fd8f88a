"""Making what a load wrote durable: files in the background while the next are written, each folder once.

A load writes hundreds of small files. Waiting for the disk after each costs more than writing them; synced
side by side they share the disk's waits. Nothing is published before `finish` has returned.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from typing import IO

from bankmine.bank.manifest import sync_folder

THREADS, OPEN_FILES = 8, 64


class Syncing:
    """Syncs files and folders of one warehouse."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: list[Future[None]] = []
        self._folders: set[Path] = set()
        self._open = BoundedSemaphore(OPEN_FILES)

    def take_over(self, file: IO[bytes], path: Path) -> None:
        """Syncs and closes a written file in the background, and remembers its folders."""
        file.flush()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="sync")
        folder = path.parent
        while folder not in self._folders:  # up to the root, whose parents are not ours
            self._folders.add(folder)
            folder = folder if folder == self._root else folder.parent
        self._open.acquire()
        self._waiting.append(self._pool.submit(self._sync, file))

    def _sync(self, file: IO[bytes]) -> None:
        try:
            with file:
                os.fsync(file.fileno())
        finally:
            self._open.release()

    def finish(self) -> None:
        """Returns when every file, and the entry of each in its folders, is on the disk; raises OSError."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.result()
        if self._pool is not None:
            list(self._pool.map(sync_folder, sorted(self._folders)))
        self._folders.clear()

    def close(self) -> None:
        """Waits for what is under way, whether it went well or not."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        self._waiting.clear()
