"""A study asks several questions the honest way, keeps tables, and keeps out whom nothing may be sold to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bankmine.bank.warehouse import Warehouse
from bankmine.customers.conditions import Conditions
from bankmine.lifecycle import page_of
from bankmine.lifecycle.publishing import publish, published
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.runner import Runner, _read
from bankmine.lifecycle.scores import KEEP_OUT, block_table, kept_out
from bankmine.lifecycle.store import run_id
from bankmine.lifecycle.workplace import _Shelf
from bankmine.report.build import build_report
from bankmine.report.content import Report, Reproducibility
from bankmine.tasks.contract import Bank, Decision, Feasibility, Goal, Needs
from bankmine.tasks.inactivity.task import Inactivity
from bankmine.tasks.population import check_cutoff
from bankmine.tasks.sql import instants
from bankmine.tasks.study import Answer, Asked, Block, Kept, Refused, Shape, Study, Work


class Ninety(Inactivity):
    name, title = "ninety", "Silent for 90 days"


class TooMany(Inactivity):
    name, title = "too_many", "A question for many more customers"
    goal = Goal(
        question="?", success="?", owner="?", use="?", plan="?",
        feasibility=Feasibility(subjects=1_000_000, positives=1, negatives=1, history_days=90),
    )  # fmt: skip


class TwoQuestions(Study):
    name, title, sentence = "two_questions", "Two questions", "Who falls silent, asked twice"
    needs = Needs(tables=("transaction",))
    remembers = True
    goal = Inactivity.goal

    def study(self, work: Work) -> Answer:
        asked, refused = work.try_ask(Ninety()), work.try_ask(TooMany())
        assert isinstance(asked, Asked)
        assert isinstance(refused, Refused)
        again = work.matrix(asked.rows, asked.features.column_names)
        assert again.equals(asked.features)
        before = work.previous()
        kept = pa.table({"customer": asked.rows.column("customer_id"), "chance": asked.probability})
        return Answer(
            blocks=[asked.block()],
            verdict="Use it.",
            figures={"before": before.cutoff if before else None},
            tables={
                "chances": Kept(
                    table=kept, title="Chances",
                    columns={"customer": Shape("Customer", "key"), "chance": Shape("Chance", "share")},
                )
            },
        )  # fmt: skip


def carried_out(bank: Warehouse, results: Path, name: str, before: Run | None = None) -> Run:
    task = TwoQuestions()
    looked = Bank(warehouse=bank, cutoff=check_cutoff(bank, task.needs, None))
    return Runner(task, looked, results, name, lambda stage, done, total: None, before).run()


@pytest.fixture(scope="module")
def study(bank: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return carried_out(bank, tmp_path_factory.mktemp("study"), "first")


def test_a_question_of_a_study_answers_like_the_task_alone(study: Run, inactivity: Run) -> None:
    assert study.scores.column("question").unique().to_pylist() == ["ninety"]
    assert study.scores.column("probability").equals(inactivity.scores.column("probability"))
    [question] = study.metrics["questions"]
    assert question["candidates"] == inactivity.metrics["candidates"]
    assert (study.folder / "questions" / "ninety" / "model" / "model.json").exists()


def test_what_could_not_be_asked_is_said_with_its_numbers(study: Run) -> None:
    [refused] = study.metrics["refused"]
    assert refused["title"] == TooMany.title
    assert "1000000" in refused["reason"]


def test_the_honesty_tests_of_each_question_are_kept(study: Run) -> None:
    names = [test["name"] for test in study.about["tests"]]
    assert names == ["truncation", "future poison", "ninety: permuted labels", "ninety: planted leak"]


def test_tables_are_kept_and_shown(study: Run, tmp_path: Path) -> None:
    assert study.table("chances").num_rows == study.scores.num_rows
    assert study.table("nothing") is None


def test_a_study_that_remembers_gets_the_run_before_it(bank: Warehouse, study: Run, tmp_path: Path) -> None:
    later = carried_out(bank, tmp_path, "second", before=study)
    assert later.metrics["before"] == study.cutoff


class Reader(Study):
    name, title, sentence = "reader", "Reader", "What another task has published"
    needs = Needs(tables=("transaction",))
    reads = ("two_questions",)
    goal = Inactivity.goal

    def study(self, work: Work) -> Answer:
        run = work.published("two_questions")
        table = run.table("chances") if run is not None else None
        return Answer(
            blocks=[], verdict="Read.", figures={"read": None if table is None else table.num_rows}
        )  # fmt: skip


def test_a_study_reads_what_another_task_published_as_of_its_own_cutoff(bank: Warehouse, study: Run) -> None:
    results, task = study.folder.parents[1], Reader()
    looked = Bank(warehouse=bank, cutoff=study.cutoff_us)
    assert published(results, "two_questions") is None
    publish(study)
    found = _read(task, results, study.cutoff_us)
    assert found["two_questions"].run_id == study.run_id
    assert _read(task, results, study.cutoff_us - 1) == {}
    for name, read, seen in (("with", found, study.table("chances").num_rows), ("without", {}, None)):
        run = Runner(task, looked, results, name, lambda stage, done, total: None, None, read).run()
        assert run.metrics["read"] == seen
        assert run.about["read"] == {other: one.run_id for other, one in read.items()}


def test_what_is_read_is_part_of_a_runs_name() -> None:
    about: dict[str, Any] = {
        "fingerprint": "f", "task": "t", "own_code": "", "settings": {}, "seed": 0, "cutoff": 1,
        "budget": "quick",
    }  # fmt: skip
    assert run_id(**about) == run_id(**about, read={})
    assert run_id(**about) != run_id(**about, read={"rating": "a"})
    assert run_id(**about, read={"rating": "a"}) != run_id(**about, read={"rating": "b"})


class _Known:
    """Finds the study's own task for its page."""

    def __call__(self, name: str, folder: Path | None = None) -> Any:
        return TwoQuestions()


def test_the_page_shows_questions_refusals_tables_and_list(
    study: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bankmine.lifecycle.pages.find_task", _Known())
    page = page_of(study)
    titles = [section.title for section in page.sections]
    assert titles == [
        "The questions against their baselines", "What could not be asked", "Chances", "What to do",
        "The list", "Is it honest?",
    ]  # fmt: skip
    how = Reproducibility(command="bankmine run")
    report = Report(bank="Made up", as_of=page.as_of, pages=[page], reproducibility=how)
    assert build_report(report, tmp_path / "report").exists()


def test_whoever_may_not_be_sold_to_is_kept_out_and_ranked_last() -> None:
    rows = pa.table(
        {
            "subject_kind": ["customer"] * 4, "subject_id": [1, 2, 3, 4], "customer_id": [1, 2, 3, None],
            "cutoff": instants(np.zeros(4, np.int64)),
        }
    )  # fmt: skip
    decision = Decision(
        value=np.arange(4.0), unit="score", grade=["first"] * 4, order=np.array([1.0, 2, 3, 4]),
        actions={"first": "Call."},
    )  # fmt: skip
    known = Conditions({1: ("deceased",), 2: ()}, frozenset({1, 2}), ())
    found = block_table("task", "", kept_out([Block(rows=rows, decision=decision)], known), known)
    assert found.column("flags").to_pylist() == [["deceased"], [], ["no_consent"], []]
    assert found.column("grade").to_pylist() == [KEEP_OUT, "first", KEEP_OUT, "first"]
    assert found.column("rank").to_pylist() == [3, 1, 4, 2]
    service = block_table("task", "", [Block(rows=rows, decision=decision)], known)
    assert service.column("grade").to_pylist() == ["first"] * 4
    assert service.column("flags").to_pylist() == found.column("flags").to_pylist()


def test_a_shelf_gives_each_row_its_own_features_in_any_order() -> None:
    def rows(subjects: list[int], cutoffs: list[int]) -> pa.Table:
        return pa.table({"subject_id": pa.array(subjects, pa.int64()), "cutoff": instants(np.array(cutoffs))})

    shelf = _Shelf(("x",))
    first = rows([5, 3, 5], [10, 10, 20])
    assert shelf.missing(first).tolist() == [0, 1, 2]
    shelf.add(first, pa.table({"x": [510, 310, 520]}), {})
    second = rows([3, 3, 5, 5, 3], [20, 10, 20, 10, 20])
    assert shelf.missing(second).tolist() == [0]
    shelf.add(second.take([0]), pa.table({"x": [320]}), {})
    assert shelf.take(second).column("x").to_pylist() == [320, 310, 520, 510, 320]
