"""Tasks beside each other give what each gives alone, and what ends one of them is told."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.errors import BankmineError, EngineError, FeasibilityError
from bankmine.lifecycle import beside
from bankmine.lifecycle.run import Run


@pytest.fixture
def job(bank: Warehouse, tmp_path: Path) -> beside.Job:
    config = Config(
        folder=tmp_path, name="made up", mapping="made_up", extracts=tmp_path, time_zone="Europe/Prague",
        currency="EUR", keys=tmp_path,
    )  # fmt: skip
    return beside.Job(
        warehouse=bank.folder,
        manifest=bank.manifest,
        config=config,
        cutoff=None,
        results=tmp_path / "results",
    )


def quiet(running: str, done: int, total: int) -> None:
    """Says nothing."""


@pytest.mark.slow
def test_runs_beside_each_other_are_those_of_each_task_alone(
    job: beside.Job, inactivity: Run, segmentation: Run
) -> None:
    heard: list[tuple[str, int, int]] = []
    alone = {"segmentation": segmentation, "inactivity": inactivity}
    said = list(beside.run_beside(job, [*alone], workers=2, tell=lambda *one: heard.append(one)))
    assert [one.task for one in said] == [*alone]
    for one in said:
        run = one.run()
        name = "scores.parquet"
        assert (run.folder / name).read_bytes() == (alone[one.task].folder / name).read_bytes()
    assert heard[0] == ("segmentation", 0, 2)
    assert all(running for running, _, _ in heard)


def test_a_refusal_travels_with_its_kind_and_words(job: beside.Job) -> None:
    (said,) = beside.run_beside(job, ["card_fraud"], workers=1, tell=quiet)
    with pytest.raises(FeasibilityError, match="feedback"):
        said.run()


def test_a_worker_that_is_ended_from_outside_is_told(job: beside.Job) -> None:
    crew = beside._Crew(job)
    try:
        crew.start(["inactivity"], 1)
        os.kill(crew._processes[0].pid, signal.SIGKILL)
        (said,) = crew.results(["inactivity"], quiet)
        with pytest.raises(EngineError, match="inactivity broke down"):
            said.run()
    finally:
        crew.end()


def test_the_tasks_after_one_whose_worker_is_gone_are_answered(job: beside.Job) -> None:
    crew = beside._Crew(job)
    try:
        crew.start(["inactivity", "card_fraud"], 1)
        os.kill(crew._processes[0].pid, signal.SIGKILL)
        first, second = crew.results(["inactivity", "card_fraud"], quiet)
        with pytest.raises(EngineError, match="inactivity broke down"):
            first.run()
        with pytest.raises(FeasibilityError, match="feedback"):
            second.run()
    finally:
        crew.end()


def test_a_fault_of_a_task_is_told_with_its_name(job: beside.Job) -> None:
    (said,) = beside.run_beside(
        replace(job, warehouse=Path("/nowhere"), results=Path("/proc/nowhere")), ["inactivity"], workers=1,
        tell=quiet,
    )  # fmt: skip
    with pytest.raises(BankmineError):
        said.run()


def test_a_great_bank_runs_its_tasks_one_by_one(
    bank: Warehouse, job: beside.Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = ("segmentation", "inactivity")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert beside.workers_for(bank, job.config, tasks) == 2
    assert beside.workers_for(bank, replace(job.config, threads=1), tasks) == 1
    monkeypatch.setattr(beside, "MOST_ROWS", 10)
    assert beside.workers_for(bank, job.config, tasks) == 1


def test_a_task_comes_after_those_it_reads_and_else_keeps_its_place() -> None:
    reads = {"c": ("e", "gone"), "a": ("c",)}
    assert beside.in_order(["a", "b", "c", "d", "e"], reads) == ["e", "c", "a", "b", "d"]
    assert beside.in_order(["b", "a"], {}) == ["b", "a"]
    assert beside.in_order(["a", "b"], {"a": ("b",), "b": ("a",)}) == ["b", "a"]


def test_a_task_begins_when_the_iteration_has_gone_past_those_it_reads(job: beside.Job) -> None:
    heard: list[tuple[str, int, int]] = []
    reads = {"behaviour": ["card_fraud"]}
    found = beside.run_beside(
        job, ["card_fraud", "behaviour"], workers=2, tell=lambda *one: heard.append(one), reads=reads
    )
    assert next(found).task == "card_fraud"
    assert all("behaviour" not in running for running, _, _ in heard)
    assert [one.task for one in found] == ["behaviour"]
