"""The process that does one job: `python -m bankmine.work.job_process BANK JOB`.

It takes the job up in the store, does its work as the command line would, and says its stages and its end.
SIGINT cancels it between two writes; whatever ends it in another way leaves the job to `tend`, which calls it
interrupted.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from bankmine import clock, pipeline
from bankmine.errors import BankmineError
from bankmine.folder import BankFolder
from bankmine.store import Store
from bankmine.work import jobs

EVERY_SECONDS = 0.5
FAULT = "This is a fault of bankmine; its log jobs.log in the bank's folder says more."


class Told:
    """Receives `(stage, done, total)` and writes it to the store, at most twice a second."""

    def __init__(self, store: Store, job_id: str) -> None:
        self._store, self._job_id = store, job_id
        self._stage, self._at = "", float("-inf")

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """KeyboardInterrupt where somebody cancelled the job."""
        if stage == self._stage and clock.elapsed() - self._at < EVERY_SECONDS:
            return
        self._stage, self._at = stage, clock.elapsed()
        with self._store.begin() as connection:
            if not jobs.tell(connection, self._job_id, stage, done, total):
                raise KeyboardInterrupt


def main(bank: Path, job_id: str) -> int:
    """Does the job; the exit code is that of the command line."""
    folder = pipeline.open_bank(bank)
    store = Store.of(folder)
    with store.begin() as connection:
        job = jobs.take_up(connection, job_id)
    if job is None:
        return 0
    code = 0
    try:
        result = _work(folder, job, Told(store, job_id))
    except KeyboardInterrupt:
        _end(store, job_id, jobs.State.cancelled)
        code = 130
    except BankmineError as error:
        _end(store, job_id, jobs.State.failed, message=str(error))
        code = error.exit_code
    except Exception as error:
        traceback.print_exc()
        _end(store, job_id, jobs.State.failed, message=f"{type(error).__name__}. {FAULT}")
        code = 70
    else:
        _end(store, job_id, jobs.State.done, result=result)
    jobs.tend(store, bank)
    return code


def _work(bank: BankFolder, job: jobs.Job, told: Told) -> str | None:
    """The job's work; the id of its run, where it is one."""
    budget, cutoff = job.settings.get("budget"), job.settings.get("cutoff")
    if budget:
        bank = pipeline.open_bank(bank.folder, budget=budget)
    if job.kind is jobs.Kind.load:
        pipeline.load(bank, progress=told)
        return None
    if job.kind is jobs.Kind.validate:
        return pipeline.validate_and_keep(bank, job.settings["task"], progress=told)
    if job.kind is jobs.Kind.whole_pass:
        pipeline.run(bank, cutoff=cutoff, progress=told)
        return None
    return pipeline.run_task(bank, job.settings["task"], cutoff=cutoff, progress=told).run_id


def _end(store: Store, job_id: str, state: jobs.State, **said: str | None) -> None:
    with store.begin() as connection:
        jobs.end(connection, job_id, state, **said)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
