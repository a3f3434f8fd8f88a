"""What a run leaves in its folder, and that the same run leaves the same bytes."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_up_bank import make_bank

from bankmine import lifecycle
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import CutoffError, FeasibilityError, UsageError
from bankmine.lifecycle.labelled import load_model
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.scores import SCHEMA


def test_a_run_folder_holds_what_is_promised(inactivity: Run) -> None:
    names = {
        str(file.relative_to(inactivity.folder)) for file in inactivity.folder.rglob("*") if file.is_file()
    }
    promised = {"metrics.json", "card.md", "features.json", "versions.json", "scores.parquet"}
    promised |= {"model/model.json", "model/preparation.json"}
    promised |= {"sql/population.sql", "sql/label.sql", "sql/features.sql"}
    assert promised <= names
    assert not any(name.endswith((".pkl", ".pickle", ".joblib")) for name in names)


def test_nothing_but_run_folders_is_left_behind(inactivity: Run, segmentation: Run, results: Path) -> None:
    left = {file.name for task in results.iterdir() for file in task.iterdir()}
    assert left == {inactivity.run_id, segmentation.run_id}


def test_the_same_run_in_another_folder_gives_the_same_bytes(
    inactivity: Run, bank: Warehouse, tmp_path: Path
) -> None:
    again = lifecycle.run_task(bank, None, "inactivity", results_folder=tmp_path)
    assert again.run_id == inactivity.run_id
    for file in sorted(inactivity.folder.rglob("*")):
        if file.is_file():
            other = again.folder / file.relative_to(inactivity.folder)
            assert other.read_bytes() == file.read_bytes(), file.name


def test_the_same_data_loaded_in_another_bank_give_the_same_scores(segmentation: Run, tmp_path: Path) -> None:
    other = make_bank(tmp_path / "warehouse")
    again = lifecycle.run_task(other, None, "segmentation", results_folder=tmp_path / "results")
    name = "scores.parquet"
    assert (again.folder / name).read_bytes() == (segmentation.folder / name).read_bytes()


def test_a_run_that_is_there_is_not_made_again(inactivity: Run, bank: Warehouse, results: Path) -> None:
    stages: list[str] = []
    again = lifecycle.run_task(
        bank,
        None,
        "inactivity",
        results_folder=results,
        progress=lambda stage, done, total: stages.append(stage),
    )
    assert stages == []
    assert again.run_id == inactivity.run_id


def test_another_cutoff_or_seed_is_another_run(bank: Warehouse, segmentation: Run, tmp_path: Path) -> None:
    earlier = lifecycle.run_task(bank, None, "segmentation", cutoff="2021-03-01", results_folder=tmp_path)
    seeded = lifecycle.run_task(bank, None, "segmentation", seed=1, results_folder=tmp_path)
    assert len({earlier.run_id, seeded.run_id, segmentation.run_id}) == 3


def test_scores_are_sorted_ranked_and_explained(inactivity: Run) -> None:
    scores = inactivity.scores
    assert scores.schema.equals(SCHEMA)
    subjects = scores.column("subject_id").to_numpy()
    assert (np.diff(subjects) > 0).all()
    assert sorted(scores.column("rank").to_pylist()) == list(range(1, scores.num_rows + 1))
    chance = scores.column("probability").to_numpy()
    assert ((chance >= 0) & (chance <= 1)).all()
    reasons = scores.column("reasons").to_pylist()
    assert all(1 <= len(own) <= 3 for own in reasons)
    known = {one["name"] for one in inactivity.features}
    assert all(one["feature"].split("=")[0] in known for own in reasons for one in own)
    assert all(abs(own[0]["contribution"]) >= abs(own[-1]["contribution"]) for own in reasons)


def test_reasons_show_the_snapshot_in_its_own_units(inactivity: Run, bank: Warehouse) -> None:
    from bankmine.customers.matrix import matrix

    scores = inactivity.scores
    rows = scores.select(["subject_kind", "subject_id", "customer_id", "cutoff"])
    own = [one[0] for one in scores.column("reasons").to_pylist()]
    names = sorted({one["feature"] for one in own})
    values = matrix(bank, rows, names)
    for place, one in enumerate(own):
        assert one["value"] == values.column(one["feature"])[place].as_py()


def test_the_saved_model_answers_as_the_run_did(inactivity: Run, bank: Warehouse) -> None:
    from bankmine.customers.matrix import matrix

    model = load_model(inactivity.folder / "model")
    scores = inactivity.scores
    rows = scores.select(["subject_kind", "subject_id", "customer_id", "cutoff"])
    features = matrix(bank, rows, [one["name"] for one in inactivity.features])
    probability, _ = model.scores(features)
    assert np.array_equal(probability, scores.column("probability").to_numpy())


def test_the_model_beats_the_recency_rule_where_silence_can_be_foretold(inactivity: Run) -> None:
    figures = inactivity.metrics
    assert figures["beats_baseline"]
    assert inactivity.about["use"] == figures["model"]
    assert figures["comparison"]["differences"]["recency rule"]["low"] > 0


def test_training_labels_were_known_before_the_first_test_cutoff(inactivity: Run) -> None:
    assert inactivity.about["feasibility"]["training_rows"] > 0
    assert [test["passed"] for test in inactivity.about["tests"]] == [True] * 4


def test_a_run_prints_its_figures_and_its_verdict(inactivity: Run) -> None:
    text = repr(inactivity)
    assert "AUC" in text
    assert inactivity.verdict in text


def test_money_at_risk_is_chance_times_spend(inactivity: Run) -> None:
    found = inactivity.metrics["decision"]["summary"]
    assert found["at_risk_minor"] == pytest.approx(sum(inactivity.scores.column("value").to_pylist()))
    assert sum(found["customers_by_grade"].values()) == inactivity.scores.num_rows


def test_every_stage_is_told(bank: Warehouse, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    lifecycle.run_task(
        bank, None, "segmentation", cutoff="2021-02-01", results_folder=tmp_path,
        progress=lambda *told: seen.append(told),
    )  # fmt: skip
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1][0] == "writing"


@pytest.mark.parametrize(
    ("cutoff", "says"),
    [
        ("2019-06-01", "not after the first events, at 2020-01-01"),
        ("2020-01-01", "not after the first events"),
        ("2021-04-02", "after the end of the data, at 2021-04-01"),
        ("soon", "not a date"),
    ],
)
def test_a_cutoff_outside_the_data_says_what_is_allowed(
    bank: Warehouse, tmp_path: Path, cutoff: str, says: str
) -> None:
    with pytest.raises(CutoffError, match=says) as error:
        lifecycle.run_task(bank, None, "inactivity", cutoff=cutoff, results_folder=tmp_path)
    assert "Give a cutoff after 2020-01-01 and up to 2021-04-01" in str(error.value)
    assert list(tmp_path.rglob("*.json")) == []


def test_too_short_a_history_stops_with_its_numbers(bank: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(FeasibilityError, match=r"4 monthly cutoffs .* between 2020-01-01 and 2020-10-01"):
        lifecycle.run_task(bank, None, "inactivity", cutoff="2020-10-01", results_folder=tmp_path)


def test_a_test_whose_labels_are_not_over_is_refused(
    bank: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from bankmine.tasks.registry import TASKS

    task = type(TASKS["inactivity"])
    plan = task.plan

    def impatient(self: object, bank: object) -> object:
        made = plan(self, bank)  # type: ignore[arg-type]
        assert made.test is not None
        return replace(made, test=replace(made.test, test_until=made.score[1]))

    monkeypatch.setattr(task, "plan", impatient)
    with pytest.raises(CutoffError, match="the label at 2021-04-01 looks 90 days ahead"):
        lifecycle.run_task(bank, None, "inactivity", results_folder=tmp_path)


def test_too_few_customers_stop_with_their_number(tmp_path: Path) -> None:
    few = make_bank(tmp_path / "warehouse", customers=120)
    with pytest.raises(FeasibilityError, match=r"found \d+ customers at the cutoff.* at least 500"):
        lifecycle.run_task(few, None, "inactivity", results_folder=tmp_path / "results")
    assert not list((tmp_path / "results").rglob("metrics.json"))


def test_segments_of_too_few_customers_or_days_are_refused_with_the_numbers(
    bank: Warehouse, tmp_path: Path
) -> None:
    few = make_bank(tmp_path / "warehouse", customers=90)
    with pytest.raises(FeasibilityError, match=r"found \d+ customers at the cutoff.* at least 100"):
        lifecycle.run_task(few, None, "segmentation", results_folder=tmp_path / "results")
    with pytest.raises(FeasibilityError, match=r"found 60 days of data .* at least 90 days"):
        lifecycle.run_task(bank, None, "segmentation", cutoff="2020-03-01", results_folder=tmp_path)


def test_a_missing_table_is_named(bank: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(FeasibilityError, match="no rows in the table feedback"):
        lifecycle.run_task(bank, None, "card_fraud", results_folder=tmp_path)


def test_tables_left_out_are_said(inactivity: Run) -> None:
    needs = json.loads((inactivity.folder / "metrics.json").read_text())["needs"]
    assert "customer" in needs["used"]
    assert "digital_event" in needs["left_out"]


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no finished run"):
        lifecycle.load_run(tmp_path)
