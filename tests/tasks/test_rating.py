"""Rating on a whole simulated lender: grades rise, sums agree, published classes reach cross-selling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bankmine import lifecycle
from bankmine.folder import BankFolder
from bankmine.lifecycle.pages import page_of
from bankmine.lifecycle.publishing import publish
from bankmine.lifecycle.run import Run
from bankmine.tasks.cross_sell.credit import NONE, credit_classes
from bankmine.tasks.rating.settings import CLASSES

pytestmark = pytest.mark.slow
ORDER = [one.name for one in CLASSES] + ["default"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rating")


@pytest.fixture(scope="module")
def run(lending: BankFolder, results: Path) -> Run:
    return lifecycle.run_task(lending.warehouse, lending.config, "rating", results_folder=results)


@pytest.fixture(scope="module")
def rows(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.table("credit_class").to_pylist()
    return found


def test_each_rated_customer_has_one_row_and_one_score(run: Run, rows: list[dict[str, Any]]) -> None:
    ids = [one["customer_id"] for one in rows]
    assert len(ids) == len(set(ids))
    assert sorted(run.scores.column("customer_id").to_pylist()) == ids
    assert len(ids) > 100


def test_grades_rise_in_chance_and_never_get_a_better_class(run: Run, rows: list[dict[str, Any]]) -> None:
    for scale in run.figures["scales"]:
        grades = scale["grades"]
        assert (np.diff([one["probability"] for one in grades]) > 0).all()
        assert (np.diff([one["through_cycle"] for one in grades]) >= 0).all()
        places = [ORDER.index(one["credit_class"]) for one in grades]
        assert places == sorted(places)
        if scale["source"] == "own":
            assert all(one["bads"] >= 8 for one in grades)
            assert sum(one["rows"] for one in grades) == scale["rows"]
    for one in rows:
        assert one["grade_chance"] == 1 or one["grade"] != "default"


def test_sums_over_loans_customers_and_classes_are_the_same(run: Run, rows: list[dict[str, Any]]) -> None:
    loans = run.table("expected_loss").to_pylist()
    whole = sum(one["expected_loss_minor"] for one in loans)
    figures = run.figures["expected"]
    lines = sum(figures[f"{name}_minor"] for name in ("expected", "in_default", "beside"))
    assert whole == lines
    assert figures["loans"] == sum(figures[f"{name}_loans"] for name in ("running", "in_default", "beside"))
    for name in ("expected_loss_minor", "exposure_minor", "owed_minor"):
        assert sum(one[name] for one in rows) == sum(one[name] for one in loans), name
    by_class = sum(one["expected_loss_minor"] for one in run.figures["classes"])
    assert by_class == sum(one["expected_loss_minor"] for one in rows)
    assert sum(one["customers"] for one in run.figures["classes"]) == len(rows)


def test_the_scale_was_tested_on_customers_that_did_not_make_it(run: Run) -> None:
    persons = run.figures["scales"][0]
    assert persons["kind"] == "person"
    trial = persons["trial"]
    assert trial["rows"] > 100
    assert 0.6 < trial["auc_grade"] <= 1
    assert abs(trial["said"] - trial["observed"]) < 0.5 * trial["observed"]


def test_losses_say_whether_they_are_measured(run: Run) -> None:
    for one in run.figures["losses"]:
        assert one["measured"] == (one["low"] is not None)
        assert 0 <= one["share"] <= 1
    assert any(one["measured"] for one in run.figures["losses"])
    past = run.figures["tested_loss"]
    assert past["forward"]
    assert not any("same year" in one for one in run.figures["said"])
    assert past["expected_minor"] > 0
    assert past["lost_low"] <= past["lost_minor"] + past["open_minor"] <= past["lost_high"]


def test_loans_chances_are_told_against_what_came_and_moved_nearer_to_it(run: Run) -> None:
    past = run.figures["tested_loss"]
    whole = past["said_and_came"][0]
    assert whole["loans"] == past["loans"]
    assert whole["came"] == past["defaulted_loans"]
    assert whole["low"] <= whole["came"] <= whole["high"]
    assert abs(past["expected_defaults"] - whole["came"]) < abs(past["unmoved_defaults"] - whole["came"])
    assert {one["line"] for one in past["lines"]} == {
        "in default", "other loans of customers in default or written off"
    }  # fmt: skip
    words = " ".join(run.figures["said"])
    assert f"{whole['came']} ({whole['low']:.0f}–{whole['high']:.0f}) did" in words


def test_who_left_the_matrix_is_told_by_cause(run: Run) -> None:
    year = run.figures["scales"][0]["year"]
    by_cause = np.array(list(year["left_by"].values()))
    assert by_cause.sum(axis=0).tolist() == year["left"]
    assert set(year["left_by"]) == {
        "default, newer loan", "repaid", "no longer a customer", "not rated"
    }  # fmt: skip


def test_the_page_shows_the_scale_and_the_terms(run: Run) -> None:
    titles = [one.title for one in page_of(run).sections]
    assert "The scale of persons" in titles
    assert "Credit classes and their terms" in titles
    assert "What a default loses" in titles
    assert "Are loans' chances right?" in titles


def test_the_same_run_again_gives_the_same_bytes(run: Run, lending: BankFolder, tmp_path: Path) -> None:
    again = lifecycle.run_task(lending.warehouse, lending.config, "rating", results_folder=tmp_path)
    assert again.run_id == run.run_id
    for name in (
        "scores.parquet",
        "metrics.json",
        "tables/credit_class.parquet",
        "tables/expected_loss.parquet",
    ):
        assert (again.folder / name).read_bytes() == (run.folder / name).read_bytes(), name


def test_a_published_run_is_read_and_one_of_a_later_day_is_not(
    run: Run, lending: BankFolder, results: Path
) -> None:
    from bankmine.lifecycle.runner import _read
    from bankmine.tasks.registry import find_task

    publish(run)
    cross_sell = find_task("cross_sell")
    assert _read(cross_sell, results, run.cutoff_us)["rating"].run_id == run.run_id
    assert _read(cross_sell, results, run.cutoff_us - 1) == {}


def test_cross_selling_finds_the_published_classes(run: Run, rows: list[dict[str, Any]]) -> None:
    class Work:
        def published(self, task: str) -> Run | None:
            return run if task == "rating" else None

    found = credit_classes(Work())  # type: ignore[arg-type]
    assert found is not NONE
    weak = [one["customer_id"] for one in rows if "loan" not in one["products"]]
    assert weak
    assert all(found.barred("loan", np.array(weak)))
    assert not any(found.barred("savings", np.array(weak)))
