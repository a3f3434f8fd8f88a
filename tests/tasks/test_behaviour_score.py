"""The behaviour score as a whole on a bank that lends much: what it scores, keeps and shows."""

from pathlib import Path

import numpy as np
import pytest

from bankmine.folder import BankFolder
from bankmine.lifecycle import page_of
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.runner import run_task
from bankmine.tasks.behaviour_score.grades import GRADES, grade_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(lending: BankFolder, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("results")
    return run_task(lending.warehouse, lending.config, "behaviour_score", results_folder=folder)


def test_every_score_is_of_the_cutoff_and_graded_by_its_chance(run: Run) -> None:
    scores = run.scores
    assert scores.column("cutoff").unique().to_pylist() == [scores.column("cutoff")[0].as_py()]
    chance, grade = scores.column("probability").to_pylist(), scores.column("grade").to_pylist()
    assert set(grade) <= set(GRADES)
    assert [grade_of(one) for one in chance] == grade
    assert set(scores.column("subject_kind").to_pylist()) <= {"loan", "account"}


def test_expected_loss_is_chance_times_what_is_owed_times_the_loss_share(run: Run) -> None:
    table = run.table("loans").to_pylist()
    for row in table[:50]:
        assert row["loss_minor"] == pytest.approx(row["probability"] * row["owed_minor"] * 0.45, abs=1)
    losses = [row["loss_minor"] for row in table]
    assert losses == sorted(losses, reverse=True)


def test_the_score_after_an_action_stands_beside_the_months(run: Run) -> None:
    table = run.table("after_actions").to_pylist()
    assert len({row["loan_id"] for row in table}) == len(table)
    compared = [row for row in table if row["month"] is not None]
    assert compared
    assert all(row["change"] == pytest.approx(row["after"] - row["month"]) for row in compared)
    missed = [row["change"] for row in compared if row["action"] == "instalment fell due"]
    paid = [row["change"] for row in compared if row["action"] == "payment"]
    assert np.mean(missed) > np.mean(paid)
    steps = run.table("path").to_pylist()
    last = {row["loan_id"]: row["after"] for row in sorted(steps, key=lambda row: row["day"])}
    newest = {row["loan_id"]: row["after"] for row in table}
    same = [newest[loan] == after for loan, after in last.items() if loan in newest]
    assert np.mean(same) > 0.9  # several actions of one day stand in no order by day


def test_young_vintages_are_open(run: Run) -> None:
    found = run.figures["vintages"]["loans"]
    assert found["shares"]["90"][-1][-1] is None
    for shares, reached in zip(found["shares"]["90"], found["reached"], strict=True):
        assert all(one is not None for one in shares[:reached])
        assert all(one is None for one in shares[reached:])


def test_the_models_are_judged_against_days_past_due(run: Run) -> None:
    asked = {one["name"]: one for one in run.figures["questions"]}
    loans = asked["loan_default"]
    assert loans["best_baseline"] == "past-due rule"
    assert {"prior", "past-due rule", "scorecard", "logistic", "boosting"} <= set(loans["candidates"])
    assert all(one["passed"] is not False for one in run.about["tests"])


def test_the_page_shows_roll_rates_and_vintages(run: Run) -> None:
    page = page_of(run)
    titles = [section.title for section in page.sections]
    assert {"Roll rates", "Vintages: loans with instalments", "After each action", "Schedules"} <= set(titles)
    said = [one.text for one in page.statements]
    assert any("expected to go bad" in one for one in said)
    assert "The network that reads loans action by action was not tried: the budget is quick." in said


def test_a_question_with_too_few_subjects_is_refused_and_said(run: Run) -> None:
    refused = run.figures["no_overdrafts"]
    if refused is not None:
        assert "overdraft_default found" in refused
        assert "Overdrafts are not scored" in run.about["verdict"]


def test_the_same_run_gives_the_same_bytes(run: Run, lending: BankFolder, tmp_path: Path) -> None:
    again = run_task(lending.warehouse, lending.config, "behaviour_score", results_folder=tmp_path)
    for file in ("scores.parquet", "metrics.json"):
        assert (again.folder / file).read_bytes() == (run.folder / file).read_bytes()
