"""Jobs: started, watched, cancelled, resumed; whatever ends their process, nothing half-done is shown."""

from __future__ import annotations

import os
import signal
import sys
import time as clocks
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from bankmine import lifecycle
from bankmine.errors import Forbidden, NotFound, UsageError
from bankmine.folder import BankFolder
from bankmine.governance import Person, Role, audit
from bankmine.governance.person import load
from bankmine.store import Store
from bankmine.store.tables.work import job as table
from bankmine.work import jobs
from bankmine.work.jobs import Job, Kind, State
from stores import Time, add

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("jobs")]
TASKS = {"value": {}, "segmentation": {}}
PATIENCE_SECONDS = 180


def somebody(store: Store, *roles: Role, name: str = "Mia") -> Person:
    found: Person | None = None
    person_id = add(store, name, *(roles or (Role.data_miner,)))
    with store.read() as connection:
        found = load(connection, person_id)
    assert found is not None
    return found


def put(store: Store, person: Person, **wanted: object) -> str:
    asked = {"task": "value", "known_tasks": TASKS, **wanted}
    with store.begin() as connection:
        return jobs.start(connection, person, **asked)  # type: ignore[arg-type]


def look(store: Store, job_id: str) -> Job:
    with store.read() as connection:
        return jobs.get(connection, job_id)


def wait(store: Store, job_id: str, until: Callable[[Job], bool]) -> Job:
    end = clocks.monotonic() + PATIENCE_SECONDS
    while not until(found := look(store, job_id)):
        assert clocks.monotonic() < end, found
        clocks.sleep(0.1)
    return found


def process_of(store: Store, job_id: str) -> int:
    wait(store, job_id, lambda one: bool(one.stage) or not one.open)
    with store.read() as connection:
        found = connection.scalar(table.select().with_only_columns(table.c.process))
    assert found is not None
    return int(found)


def acts(store: Store) -> list[str]:
    with store.read() as connection:
        return [one.act for one in audit.events(connection, object_kind="job")][::-1]


@pytest.fixture
def mia(bank_store: Store) -> Person:
    return somebody(bank_store, name=f"Mia {clocks.monotonic_ns()}")


def test_a_job_waits_in_the_queue_and_its_start_is_in_the_audit(store: Store) -> None:
    person = somebody(store)
    found = look(store, put(store, person, cutoff="2026-01-31"))
    assert (found.state, found.kind, found.person_id) == (State.queued, Kind.task, person.person_id)
    assert found.settings == {"task": "value", "cutoff": "2026-01-31"}
    assert acts(store) == ["job_started"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"task": "chrun"}, "there is no task 'chrun'. Take one of segmentation, value"),
        ({"task": None}, "a job of kind task"),
        ({"kind": Kind.load}, "a job of kind load with the task 'value'"),
        ({"cutoff": "31.1.2026"}, "is not a date"),
        ({"budget": "endless"}, "endless"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(store: Store, wanted: dict[str, object], said: str) -> None:
    person = somebody(store)
    with pytest.raises(Exception, match=said) as refused:
        put(store, person, **wanted)
    assert "\n" not in str(refused.value)
    with store.read() as connection:
        assert jobs.listed(connection) == []


def test_the_same_job_is_not_queued_twice(store: Store) -> None:
    person = somebody(store)
    put(store, person)
    with pytest.raises(UsageError, match="waits or runs already"):
        put(store, person)
    put(store, person, task="segmentation")


def test_who_may_not_start_jobs_is_refused_and_nothing_is_written(store: Store) -> None:
    operator = somebody(store, Role.operator)
    with pytest.raises(Forbidden, match="jobs:start"):
        put(store, operator)
    job_id = put(store, somebody(store, name="Max"))
    with store.begin() as connection, pytest.raises(Forbidden, match="jobs:cancel"):
        jobs.cancel(connection, operator, job_id)
    assert look(store, job_id).state is State.queued


def test_a_job_that_does_not_exist_is_not_found(store: Store) -> None:
    person = somebody(store)
    for act in (jobs.cancel, jobs.resume):
        with store.begin() as connection, pytest.raises(NotFound):
            act(connection, person, "01ABC")


def test_a_waiting_job_is_cancelled_and_resumed(store: Store) -> None:
    person = somebody(store)
    job_id = put(store, person)
    with store.begin() as connection:
        jobs.cancel(connection, person, job_id)
    assert look(store, job_id).state is State.cancelled
    with store.begin() as connection, pytest.raises(UsageError, match="the job is cancelled"):
        jobs.cancel(connection, person, job_id)
    with store.begin() as connection:
        jobs.resume(connection, person, job_id)
    assert look(store, job_id).state is State.queued
    assert acts(store) == ["job_started", "job_cancelled", "job_resumed"]


def test_jobs_run_one_after_the_other_and_publish_their_runs_or_say_in_one_line_why_not(
    bank: BankFolder, bank_store: Store, mia: Person
) -> None:
    first, second = put(bank_store, mia), put(bank_store, mia, cutoff="1980-01-31")
    assert jobs.tend(bank_store, bank.folder) == [first]
    assert jobs.tend(bank_store, bank.folder) == []
    done = wait(bank_store, first, lambda one: not one.open)
    assert (done.state, done.message) == (State.done, None)
    assert lifecycle.current(bank.results_folder)["value"].run_id == done.result
    failed = wait(bank_store, second, lambda one: not one.open)
    assert failed.state is State.failed
    assert failed.message
    assert "\n" not in failed.message
    assert "Traceback" not in failed.message
    assert {"job_started", "job_done", "job_failed"} <= set(acts(bank_store))


def test_a_running_job_is_cancelled_and_its_process_ends(
    bank: BankFolder, bank_store: Store, mia: Person
) -> None:
    job_id = put(bank_store, mia, task="segmentation")
    before = sorted(one.name for one in bank.results_folder.rglob("metrics.json"))
    jobs.tend(bank_store, bank.folder)
    process = process_of(bank_store, job_id)
    with bank_store.begin() as connection:
        jobs.cancel(connection, mia, job_id)
    end = clocks.monotonic() + PATIENCE_SECONDS
    while jobs._birth(process) is not None:
        assert clocks.monotonic() < end
        clocks.sleep(0.1)
    assert look(bank_store, job_id).state is State.cancelled
    assert sorted(one.name for one in bank.results_folder.rglob("metrics.json")) == before


def test_a_killed_job_is_called_interrupted_and_can_be_resumed_to_its_end(
    bank: BankFolder, bank_store: Store, mia: Person
) -> None:
    job_id = put(bank_store, mia, task="segmentation")
    jobs.tend(bank_store, bank.folder)
    current = bank.results_folder / "current.json"
    published = current.read_bytes() if current.exists() else None
    os.killpg(process_of(bank_store, job_id), signal.SIGKILL)
    clocks.sleep(0.3)
    assert jobs.tend(bank_store, bank.folder) == []
    assert look(bank_store, job_id).state is State.interrupted
    assert (current.read_bytes() if current.exists() else None) == published
    with bank_store.begin() as connection:
        jobs.resume(connection, mia, job_id)
    assert jobs.tend(bank_store, bank.folder) == [job_id]
    assert wait(bank_store, job_id, lambda one: not one.open).state is State.done
    assert acts(bank_store)[-3:] == ["job_interrupted", "job_resumed", "job_done"]


def test_a_job_whose_process_never_came_is_called_interrupted(store: Store, time: Time) -> None:
    job_id = put(store, somebody(store))
    with store.begin() as connection:
        connection.execute(table.update().values(state=State.running, started_at=jobs.now_us()))
    jobs.tend(store, Path("/nowhere"))
    assert look(store, job_id).state is State.running
    time.pass_by(seconds=31)
    jobs.tend(store, Path("/nowhere"))
    assert look(store, job_id).state is State.interrupted


def test_another_process_with_the_same_number_is_not_the_jobs(store: Store) -> None:
    job_id = put(store, somebody(store))
    here = os.getpid()
    with store.begin() as connection:
        connection.execute(
            table.update().values(state=State.running, process=here, process_started=jobs._birth(here))
        )
    jobs.tend(store, Path("/nowhere"))
    assert look(store, job_id).state is State.running
    with store.begin() as connection:
        connection.execute(table.update().values(process_started=1))
    jobs.tend(store, Path("/nowhere"))
    assert look(store, job_id).state is State.interrupted
