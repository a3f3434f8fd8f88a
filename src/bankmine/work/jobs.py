"""Long work: started by a person, done by a process of its own, watched, cancelled, resumed.

A job is a row of the store. One at a time runs: it writes into the bank's results, which one writer may. Its
process tells the store its stage and its end itself, so a job outlives the server that started it. Whoever
looks next (`tend`) sees a process that is gone and calls its job interrupted. Nothing half-done is shown,
for results are published in one piece; resuming a job does its work again.

    queued ─▶ running ─▶ done | failed | cancelled | interrupted ─▶ (resume) queued
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bankmine.errors import ConfigurationError, Forbidden, NotFound, UsageError
from bankmine.governance import Permission, Person, audit
from bankmine.store import Store, new_id
from bankmine.store.tables.work import job
from bankmine.store.times import now_us

GRACE_US = 30_000_000
MOST_SHOWN = 200
NO_SUCH = "Look at the list of jobs; one that is not there does not exist."


class State(StrEnum):
    """Where a job is in its life."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"
    interrupted = "interrupted"


class Kind(StrEnum):
    """What a job does: one task, the validation of its published run, a load, or the whole pass (load,
    understand, every task, report)."""

    task = "task"
    whole_pass = "whole_pass"
    load = "load"
    validate = "validate"


OF_TASK = (Kind.task, Kind.validate)
OPEN = (State.queued, State.running)
RESUMABLE = (State.failed, State.cancelled, State.interrupted)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it stands. Times in µs UTC; `result` is the run's id; `total` 0 means of unknown length."""

    job_id: str
    person_id: str
    kind: Kind
    settings: Mapping[str, Any]
    state: State
    stage: str
    done: int
    total: int
    result: str | None
    message: str | None
    created_at: int
    started_at: int | None
    ended_at: int | None

    @property
    def open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in OPEN

    @property
    def resumable(self) -> bool:
        """Whether it ended without having done its work."""
        return self.state in RESUMABLE


def start(
    connection: Connection,
    person: Person,
    *,
    known_tasks: Mapping[str, Any],
    task: str | None = None,
    kind: Kind = Kind.task,
    cutoff: str | None = None,
    budget: str | None = None,
) -> str:
    """Puts a job in the queue and names it; `tend` begins it. UsageError for what cannot run; Forbidden, also
    for whoever sees a part of the bank: a run is of the whole."""
    _may_start(person)
    if (kind in OF_TASK) != (task is not None):
        raise UsageError(f"a job of kind {kind} with the task {task!r}", hint="Name a task, and only there.")
    if task is not None and task not in known_tasks:
        raise UsageError(f"there is no task {task!r}", hint=f"Take one of {', '.join(sorted(known_tasks))}.")
    settings = {"task": task, "cutoff": _day(cutoff), "budget": _budget(budget)}
    settings = {name: value for name, value in settings.items() if value is not None}
    same = select(job.c.job_id).where(
        job.c.kind == kind, job.c.settings == _text(settings), job.c.state.in_(OPEN)
    )
    if connection.execute(same).first() is not None:
        raise UsageError("the same job waits or runs already", hint="Watch that one, or cancel it first.")
    job_id = new_id()
    connection.execute(
        job.insert(),
        {
            "job_id": job_id, "person_id": person.person_id, "kind": kind, "settings": _text(settings),
            "state": State.queued, "stage": "", "done": 0, "total": 0, "created_at": now_us(),
        },
    )  # fmt: skip
    _record(connection, person, "job_started", job_id, {"kind": str(kind), **settings})
    return job_id


def cancel(connection: Connection, person: Person, job_id: str) -> None:
    """Ends a job that waits or runs. Its process is told to stop and leaves nothing half-done."""
    person.require(Permission.JOBS_CANCEL)
    row = _row(connection, job_id)
    if row.state not in OPEN:
        raise UsageError(f"the job is {row.state}", hint="Only a job that waits or runs can be cancelled.")
    connection.execute(
        update(job)
        .where(job.c.job_id == job_id)
        .values(state=State.cancelled, ended_at=now_us(), message=None)
    )
    _record(connection, person, "job_cancelled", job_id, {})
    if row.state == State.running and _alive(row.process, row.process_started):
        with suppress(ProcessLookupError):
            os.killpg(row.process, signal.SIGINT)


def resume(connection: Connection, person: Person, job_id: str) -> None:
    """Puts a job that ended without its work done into the queue again."""
    _may_start(person)
    row = _row(connection, job_id)
    if row.state not in RESUMABLE:
        raise UsageError(f"the job is {row.state}", hint="Only one that failed or was ended can be resumed.")
    if _alive(row.process, row.process_started):
        raise UsageError("the job's process is still ending", hint="Try again in some seconds.")
    connection.execute(update(job).where(job.c.job_id == job_id).values(**_AFRESH))
    _record(connection, person, "job_resumed", job_id, {})


def _may_start(person: Person) -> None:
    person.require(Permission.JOBS_START)
    if not person.scope.everything:
        raise Forbidden(
            "a run is of the whole bank, and you see a part", hint="Ask somebody who sees it all."
        )


_AFRESH: dict[str, Any] = {
    "state": State.queued, "stage": "", "done": 0, "total": 0, "process": None, "process_started": None,
    "message": None, "started_at": None, "ended_at": None, "result": None,
}  # fmt: skip


def get(connection: Connection, job_id: str) -> Job:
    """One job; NotFound."""
    return _job(_row(connection, job_id))


def listed(connection: Connection, *, limit: int = MOST_SHOWN) -> list[Job]:
    """The newest jobs, newest first."""
    rows = connection.execute(select(job).order_by(job.c.created_at.desc(), job.c.job_id.desc()).limit(limit))
    return [_job(row) for row in rows]


def tend(store: Store, bank: Path) -> list[str]:
    """Calls jobs whose process is gone interrupted, and begins the next where none runs; what it began."""
    with store.begin() as connection:
        for row in connection.execute(select(job).where(job.c.state == State.running)).all():
            if not _is_running(row):
                values = {"state": State.interrupted, "ended_at": now_us()}
                connection.execute(update(job).where(job.c.job_id == row.job_id).values(**values))
                _record(connection, None, "job_interrupted", row.job_id, {})
        runs = connection.execute(select(job.c.job_id).where(job.c.state == State.running)).first()
        waits = select(job.c.job_id).where(job.c.state == State.queued).order_by(job.c.created_at).limit(1)
        chosen = connection.scalar(waits) if runs is None else None
        if chosen is None:
            return []
        claimed = {"state": State.running, "started_at": now_us(), "process": None}
        connection.execute(update(job).where(job.c.job_id == chosen).values(**claimed))
    _spawn(bank, chosen)
    return [chosen]


def _spawn(bank: Path, job_id: str) -> None:
    """The job's process, in a session of its own: it outlives the server, and Ctrl-C there does not reach it.

    It takes the job up itself; one that never does is called interrupted after half a minute.
    """
    with (bank / "jobs.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "bankmine.work.job_process", str(bank), job_id],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def take_up(connection: Connection, job_id: str) -> Job | None:
    """The job as its process takes it up; None where it is no longer this process's to do."""
    row = _row(connection, job_id)
    if row.state != State.running or row.process is not None:
        return None
    here = os.getpid()
    values = {"process": here, "process_started": _birth(here)}
    connection.execute(update(job).where(job.c.job_id == job_id).values(**values))
    return _job(row)


def tell(connection: Connection, job_id: str, stage: str, done: int, total: int) -> bool:
    """Says how far the job is; False where it is no longer running (somebody cancelled it)."""
    mine = job.c.job_id == job_id, job.c.state == State.running
    found = connection.execute(
        update(job).where(*mine).values(stage=stage[:200], done=int(done), total=int(total))
    )
    return found.rowcount == 1


def end(
    connection: Connection,
    job_id: str,
    state: State,
    *,
    result: str | None = None,
    message: str | None = None,
) -> None:
    """The job's own end, unless somebody cancelled it before."""
    mine = job.c.job_id == job_id, job.c.state == State.running
    values = {"state": state, "ended_at": now_us(), "result": result, "message": message}
    if connection.execute(update(job).where(*mine).values(**values)).rowcount:
        _record(connection, None, f"job_{state}", job_id, {} if result is None else {"run": result})


def _is_running(row: Row[Any]) -> bool:
    if row.process is None:
        return bool(now_us() - (row.started_at or 0) < GRACE_US)
    return _alive(row.process, row.process_started)


def _alive(process: int | None, born: int | None) -> bool:
    """Whether this very process runs; its number may since have been given to another."""
    return process is not None and born is not None and _birth(process) == born


def _birth(process: int) -> int | None:
    """When a process began, in clock ticks since the machine did; None where it is gone or has ended."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else int(after_name[19])


def _row(connection: Connection, job_id: str) -> Row[Any]:
    row = connection.execute(select(job).where(job.c.job_id == job_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no job {job_id[:40]!r}", hint=NO_SUCH)
    return row


def _job(row: Row[Any]) -> Job:
    return Job(
        job_id=row.job_id, person_id=row.person_id, kind=Kind(row.kind), settings=json.loads(row.settings),
        state=State(row.state), stage=row.stage, done=row.done, total=row.total, result=row.result,
        message=row.message, created_at=row.created_at, started_at=row.started_at, ended_at=row.ended_at,
    )  # fmt: skip


def _text(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True)


def _day(cutoff: str | None) -> str | None:
    from datetime import date

    if cutoff is None:
        return None
    try:
        return date.fromisoformat(cutoff).isoformat()
    except ValueError:
        raise UsageError(
            f"the cutoff {cutoff[:40]!r} is not a date", hint="Write it as 2026-05-31."
        ) from None


def _budget(name: str | None) -> str | None:
    from bankmine.config import budget_named

    try:
        return None if name is None else budget_named(name).name
    except ConfigurationError as error:
        raise UsageError(error.what, hint=error.hint) from None


def _record(
    connection: Connection, person: Person | None, act: str, job_id: str, details: Mapping[str, Any]
) -> None:
    audit.record(
        connection, person=person, act=act, object_kind="job", object_id=job_id, details=details
    )  # fmt: skip
