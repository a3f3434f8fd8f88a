"""Several tasks beside each other, each in a process of its own: a whole pass uses all cores it was given.

Most of a task is many small fits and statements that one core does; two tasks at a time use two. A task's
answer does not depend on the number of threads, nor on what other tasks do: its run is the same as alone.

A worker is a fresh interpreter in a session of its own, spoken to through pipes, so that Ctrl-C reaches only
the parent, and a parent that dies, however it dies, ends its workers: they see their pipe closed.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any

from bankmine.bank.manifest import Manifest
from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.errors import BankmineError, EngineError

if TYPE_CHECKING:
    from bankmine.lifecycle.run import Run

MOST_ROWS = 10_000_000  # of all tables together; a process then stays under about 3 GB
BROKE = "Was memory short? With engine.threads = 1 in bankmine.toml one task runs at a time."
FAULT = "This is a fault of bankmine; what went wrong stands above. The other tasks have run."
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What all tasks of a pass have in common: the bank's state, its settings, the cutoff, the results."""

    warehouse: Path
    manifest: Manifest
    config: Config
    cutoff: int | None
    results: Path

    def run(self, task: str) -> Path:
        """Runs one task in this process; the folder of its run."""
        from bankmine.lifecycle.runner import run_task

        warehouse = Warehouse(self.warehouse, self.manifest)
        done = run_task(warehouse, self.config, task, cutoff=self.cutoff, results_folder=self.results)
        return done.folder


@dataclass(frozen=True)
class Said:
    """What a worker says of a task: the folder of its run, or kind and words of what ended it."""

    task: str
    folder: Path | None
    kind: type[BankmineError] = BankmineError
    what: str = ""
    hint: str = ""

    def run(self) -> Run:
        """The finished run; raises the error that ended it."""
        from bankmine.lifecycle.run import load_run

        if self.folder is None:
            raise self.kind(self.what, hint=self.hint)
        return load_run(self.folder)


def workers_for(warehouse: Warehouse, config: Config, tasks: Sequence[str]) -> int:
    """How many tasks may run at a time: one a thread and core where the bank is small enough, else one."""
    rows = sum(warehouse.rows(name) for name in warehouse.tables())
    if config.spark is not None or rows > MOST_ROWS:
        return 1
    return max(1, min(config.threads, len(os.sched_getaffinity(0)), len(tasks)))


def in_order(tasks: Sequence[str], reads: Mapping[str, Sequence[str]]) -> list[str]:
    """The tasks in their order, but each after those it reads; a circle is left as it stands."""
    found: list[str] = []

    def add(task: str, above: tuple[str, ...]) -> None:
        for other in reads.get(task, ()):
            if other in tasks and other not in (*found, *above, task):
                add(other, (*above, task))
        if task not in found:
            found.append(task)

    for task in tasks:
        add(task, ())
    return found


def run_beside(
    job: Job, tasks: Sequence[str], *, workers: int, tell: Told,
    reads: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Said]:  # fmt: skip
    """What became of each task, in the order given; leaving the iteration ends all workers at once.

    `tell(tasks under way, done, total)` is called as tasks begin and end. A task of `reads` begins when the
    iteration has gone past those it reads (so give them before it, see `in_order`): whoever iterates has
    published them by then. EngineError where a worker was ended from outside.
    """
    crew = _Crew(replace(job, config=replace(job.config, threads=max(1, job.config.threads // workers))))
    try:
        crew.start(tasks, workers, reads or {})
        yield from crew.results(tasks, tell)
    finally:
        crew.end()


class _Crew:
    """Worker processes, each led by a thread that hands it the next task."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._lock = threading.Condition()
        self._said: SimpleQueue[Said | str] = SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended = False

    def start(
        self, tasks: Sequence[str], workers: int, reads: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Starts the workers; each takes a task when it is free."""
        self._waiting, self._past = list(tasks), set[str]()
        before = in_order(tasks, reads or {})
        self._reads = {
            task: {other for other in (reads or {}).get(task, ()) if other in before[: before.index(task)]}
            for task in tasks
        }
        for _ in range(workers):
            threading.Thread(target=self._lead, args=(self._started(),), daemon=True).start()

    def results(self, tasks: Sequence[str], tell: Told) -> Iterator[Said]:
        """What is said of the tasks, in their order."""
        running: list[str] = []
        found: dict[str, Said] = {}
        given = list(tasks)
        for task in tasks:
            while task not in found:
                said = self._said.get()
                if isinstance(said, str):
                    running.append(said)
                else:
                    running.remove(said.task)
                    found[said.task] = said
                if running:
                    tell(", ".join(running), len(found), len(given))
            yield found[task]
            with self._lock:
                self._past.add(task)
                self._lock.notify_all()

    def end(self) -> None:
        """Ends all workers at once, and starts no more."""
        with self._lock:
            self._ended = True
            self._lock.notify_all()
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "from bankmine.lifecycle.beside import main; main()"]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._processes.append(process)
        assert process.stdin is not None
        pickle.dump(self._job, process.stdin)
        process.stdin.flush()
        return process

    def _next(self) -> str | None:
        with self._lock:
            while self._waiting and not self._ended:
                task = next((one for one in self._waiting if self._reads[one] <= self._past), None)
                if task is not None:
                    self._waiting.remove(task)
                    self._said.put(task)
                    return task
                self._lock.wait()
            return None

    def _lead(self, process: subprocess.Popen[bytes]) -> None:
        """Hands out tasks until none is left; a worker that is gone is told, and another takes its place."""
        while (task := self._next()) is not None:
            try:
                if process.poll() is not None:
                    process = self._started()
                self._said.put(_answer(process, task))
            except (EOFError, OSError, pickle.UnpicklingError):
                what = f"the process of {task} broke down (code {process.wait()})"
                self._said.put(Said(task, None, EngineError, what, BROKE))
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()


def _answer(process: subprocess.Popen[bytes], task: str) -> Said:
    """What a worker says of a task."""
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump(task, process.stdin)
    process.stdin.flush()
    said: Said = pickle.load(process.stdout)
    return said


def main() -> None:
    """A worker: takes a job and then tasks from stdin, says on stdout what became of them."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not mix with what is said
    job: Job = pickle.load(sys.stdin.buffer)
    tasks: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, tasks.put), daemon=True).start()
    while True:
        task = tasks.get()
        try:
            said = Said(task, job.run(task))
        except BankmineError as error:
            said = Said(task, None, type(error), error.what, error.hint)
        except Exception as error:
            traceback.print_exc()
            said = Said(task, None, EngineError, f"{task} broke down: {type(error).__name__}", FAULT)
        pickle.dump(said, out)
        out.flush()


def _listen(stdin: IO[bytes], put: Callable[[Any], None]) -> None:
    """Passes tasks on; when the pipe is closed, by the parent or its death, the process ends."""
    while True:
        try:
            put(pickle.load(stdin))
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)
