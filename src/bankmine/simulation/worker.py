"""The processes that make the parts: each is told the numbers of its parts and says what it has written.

A worker is a fresh interpreter in a session of its own, spoken to through pipes, so that Ctrl-C reaches only
the parent, and a parent that dies, however it dies, ends its workers: they see their pipe closed.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from bankmine.simulation.delivery import Written, parts_of, write_part
from bankmine.simulation.frame import Frame, frame_of
from bankmine.simulation.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Job:
    """What all parts have in common: the world, and where and how it is written."""

    seed: int
    customers: int
    months: int
    scenario: Scenario
    folder: Path
    form: str

    def frame(self) -> Frame:
        """What all communities share."""
        return frame_of(seed=self.seed, customers=self.customers, months=self.months, scenario=self.scenario)


@dataclass(frozen=True)
class Failure:
    """What ended a part: the exception where it can travel, and its words."""

    error: BaseException | None
    words: str


def written_parts(job: Job, frame: Frame, workers: int) -> Iterator[Written | None]:
    """Makes all parts; gives None after each community and what was written after each part.

    With one worker they are made in this process. Leaving the iteration ends all workers at once.
    """
    parts = len(parts_of(frame))
    if workers == 1:
        for part in range(parts):
            yield from write_part(frame, part, job.folder, job.form)
        return
    crew = Crew(job, workers, parts)
    try:
        yield from crew.results()
    finally:
        crew.end()


class Crew:
    """Worker processes, each led by a thread that hands it the next part."""

    def __init__(self, job: Job, workers: int, parts: int) -> None:
        self._waiting = iter(range(parts))
        self._parts = parts
        self._lock = threading.Lock()
        self._said: SimpleQueue[Written | Failure | None] = SimpleQueue()
        self._processes = [self._started(job) for _ in range(workers)]
        for process in self._processes:
            threading.Thread(target=self._lead, args=(process,), daemon=True).start()

    def results(self) -> Iterator[Written | None]:
        """What the workers say, until all parts are written; the first failure is raised."""
        missing = self._parts
        while missing:
            said = self._said.get()
            if isinstance(said, Failure):
                raise said.error or RuntimeError(said.words)
            missing -= said is not None
            yield said

    def end(self) -> None:
        """Ends all workers at once."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _started(self, job: Job) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "from bankmine.simulation.worker import main; main()"]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdin is not None
        pickle.dump(job, process.stdin)
        process.stdin.flush()
        return process

    def _next(self) -> int | None:
        with self._lock:
            return next(self._waiting, None)

    def _lead(self, process: subprocess.Popen[bytes]) -> None:
        """Hands out parts until none is left or the worker fails."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            while (part := self._next()) is not None:
                pickle.dump(part, process.stdin)
                process.stdin.flush()
                while not isinstance(said := pickle.load(process.stdout), Written):
                    self._said.put(said)
                    if isinstance(said, Failure):
                        return
                self._said.put(said)
            process.stdin.close()
        except (EOFError, OSError, pickle.UnpicklingError):
            code = process.wait()
            words = f"a process of the simulation was ended from outside (code {code}); was memory short?"
            self._said.put(Failure(None, words))


def main() -> None:
    """A worker: takes a job and then the numbers of parts from stdin, says what it wrote on stdout."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not mix with what is said
    job: Job = pickle.load(sys.stdin.buffer)
    parts: SimpleQueue[int] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, parts.put), daemon=True).start()
    frame = job.frame()
    while True:
        part = parts.get()
        try:
            for said in write_part(frame, part, job.folder, job.form):
                _say(out, said)
        except BaseException as error:
            _say(out, _failure(error))
            return


def _listen(stdin: IO[bytes], put: Callable[[int], None]) -> None:
    """Passes part numbers on; when the pipe is closed, by the parent or its death, the process ends."""
    while True:
        try:
            put(pickle.load(stdin))
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)


def _failure(error: BaseException) -> Failure:
    words = f"{type(error).__name__}: {error}"
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return Failure(None, words)
    return Failure(error, words)


def _say(out: IO[bytes], said: Any) -> None:
    pickle.dump(said, out)
    out.flush()
