"""Early warning as a whole: on a bank that lends much, and on banks that lack most of what it could use."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bankmine.errors import FeasibilityError
from bankmine.folder import BankFolder
from bankmine.lifecycle import page_of, run_task
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.validation import Verdict, validate
from bankmine.report.content import Chart
from bankmine.tasks.early_warning.judge import PAST_DUE, RANDOM, REGISTER
from bankmine.tasks.early_warning.signals import SIGNALS
from bankmine.tasks.early_warning.task import TASK
from engine.small_warehouse import SmallWarehouse


@pytest.fixture(scope="module")
def run(lending: BankFolder, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_task(
        lending.warehouse, lending.config, "early_warning", results_folder=tmp_path_factory.mktemp("results")
    )


def test_the_register_holds_the_stated_share_and_says_why(run: Run) -> None:
    figures, table = run.figures, run.table("register")
    assert table.num_rows == figures["entries"] == int(np.ceil(0.1 * figures["borrowers"]))
    for row in table.to_pylist():
        assert row["cause"]
        assert row["owner"].startswith(("branch", "collections", "relationship manager"))
        assert 0 <= row["chance_3"] <= row["chance_6"] <= row["chance_12"] <= 1
        if row["action"] != "watch":
            assert row["saving_minor"] > row["cost_minor"] > 0
            assert row["day"] >= 1
        else:
            assert row["day"] is None


def test_its_chance_of_default_is_validated_as_any_score(
    run: Run, lending: BankFolder, tmp_path: Path
) -> None:
    pack = validate(run, lending.warehouse, bank="Test")
    found = {one.test: one for one in pack.findings}
    year = next(one for one in run.figures["likelihood"] if one["months"] == 12)
    assert len(pack.subject.truth) == year["rows"]
    assert int(pack.subject.truth.sum()) == year["defaults"]
    assert float(found["AUC"].figure) == pytest.approx(year["auc"], abs=6e-4)
    assert float(found[f"AUC against {PAST_DUE}"].figure) == pytest.approx(year["more"], abs=6e-4)
    assert {one.area for one in pack.chapters} == {
        "Discriminatory power", "Predictive ability", "Stability", "Concentration", "Fairness", "Sensitivity",
    }  # fmt: skip
    assert all(one.meaning for one in pack.findings)
    assert found["AUC now against development (ECB)"].verdict is Verdict.NOT_RUN
    assert found["Rank order kept"].verdict is not Verdict.NOT_RUN
    assert pack.subject.adverse
    assert pack.write(tmp_path / "page").exists()
    assert pack.word(tmp_path / "pack.docx").stat().st_size > 10_000


def test_a_run_that_tested_no_year_says_why_it_cannot_be_validated(run: Run, lending: BankFolder) -> None:
    figures = {name: one for name, one in run.figures.items() if name != "validated"}
    short = replace(run, about={**run.about, "figures": {**figures, "not_validated": "no look"}})
    with pytest.raises(FeasibilityError, match="tested too little to validate: no look"):
        validate(short, lending.warehouse)


def test_those_who_are_not_on_it_are_clear_and_less_likely(run: Run) -> None:
    scores = run.scores
    grade = np.array(scores.column("grade").to_pylist())
    chance = scores.column("probability").to_numpy()
    assert (grade == "clear").sum() == run.figures["borrowers"] - run.figures["entries"]
    assert chance[grade != "clear"].min() >= chance[grade == "clear"].max()


def test_the_expected_loss_of_the_credits_is_that_of_the_entries(run: Run) -> None:
    by_credit: dict[int, int] = {}
    for row in run.table("credits").to_pylist():
        by_credit[row["customer_id"]] = by_credit.get(row["customer_id"], 0) + row["expected_minor"]
    for row in run.table("register").to_pylist():
        assert by_credit[row["customer_id"]] == pytest.approx(row["expected_minor"], abs=5)


def test_lists_are_judged_beside_each_other_at_every_offset(run: Run) -> None:
    lead = run.figures["lead"]
    assert isinstance(lead, list)
    for days in {one["days"] for one in lead}:
        rows = {one["list"]: one for one in lead if one["days"] == days}
        assert set(rows) == {REGISTER, PAST_DUE, RANDOM}
        assert rows[REGISTER]["low"] <= rows[REGISTER]["share"] <= rows[REGISTER]["high"]
        assert rows[RANDOM]["share"] == pytest.approx(0.1, abs=0.02)
    assert {one["signal"] for one in run.figures["signals"]} == {one.name for one in SIGNALS}


def test_chances_rank_better_than_days_past_due_and_are_near_what_happened(run: Run) -> None:
    year = run.figures["likelihood"][-1]
    assert year["months"] == 12
    assert year["more_low"] > 0
    assert 0.6 < year["predicted"] / year["observed"] < 1.7


def test_from_month_to_month_entries_are_new_stay_or_go(run: Run) -> None:
    rows = run.figures["stability"]
    for before, now in pairwise(rows):
        assert now["new"] + now["stayed"] == now["entries"]
        assert now["stayed"] + now["gone"] == before["entries"]


def test_its_page_shows_the_curve_and_the_signals(run: Run) -> None:
    page = page_of(run)
    names = {block.name for section in page.sections for block in section.blocks if isinstance(block, Chart)}
    assert {"lead-time", "hits", "signals", "stability"} <= names


def test_features_pass_truncation_and_poison(run: Run) -> None:
    tests = {one["name"]: one["passed"] for one in run.about["tests"]}
    assert tests["truncation"] is True
    assert tests["future poison"] is True


def test_its_own_learning_passes_the_label_tests(run: Run) -> None:
    told = {one["name"]: one for one in run.about["tests"]}
    assert told["permuted labels"]["passed"] is True
    assert "shuffled among borrowers" in told["permuted labels"]["sentence"]
    assert told["planted leak"]["passed"] is True
    assert len(told) == len(run.about["tests"])


def test_entries_are_worked_in_the_order_of_what_an_hour_saves(run: Run) -> None:
    rows = [one for one in run.table("register").to_pylist() if one["day"] is not None]
    worth = [(one["saving_minor"] - one["cost_minor"]) / one["hours"] for one in rows]
    assert len(worth) > 5
    assert all(first >= second - 20 for first, second in itertools.pairwise(worth))  # rounded to minor units


# little data


def months(count: int) -> list[date]:
    first = date(2021, 1, 10)
    return [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 10)
        for n in range(count)
    ]


def lender(folder: Path, *, borrowers: int, looks: int, defaults: bool) -> SmallWarehouse:
    """A bank of nothing but loan events: each second borrower pays late before stopping for good."""
    bank, rows, number = SmallWarehouse(folder), [], 0
    for who in range(1, borrowers + 1):
        stops = 8 + who % (looks - 8) if defaults and who % 2 == 0 else 10**6
        for month, day in enumerate(months(looks)):
            late = 30 * max(month - stops, 0)
            if late > 180:
                break
            wobble = 6 if stops - 4 <= month < stops else 0
            plain = {
                "loan_id": who,
                "customer_id": who,
                "principal_after_minor": 500_000,
                "amount_minor": 9_000,
            }
            number += 2
            rows.append(
                {
                    **plain,
                    "loan_event_id": number,
                    "kind": "due",
                    "event_time": str(day),
                    "days_past_due": late,
                }
            )
            if month < stops:
                rows.append(
                    {
                        **plain,
                        "loan_event_id": number + 1,
                        "kind": "paid",
                        "days_past_due": wobble,
                        "event_time": str(day + timedelta(days=wobble)),
                    }
                )
    end = str(months(looks)[-1] + timedelta(days=20))
    bank.load(coverage=("2021-01-01", end), loan_event=rows)
    return bank  # fmt: skip


def test_loan_events_alone_are_enough_and_what_is_missing_is_said(tmp_path: Path) -> None:
    bank = lender(tmp_path, borrowers=300, looks=30, defaults=True)
    run = run_task(bank.warehouse, None, "early_warning", results_folder=tmp_path / "results")
    assert {"transaction", "party_link", "bureau_event", "region"} <= set(run.figures["missing"])
    known = {one["signal"]: one["known"] for one in run.figures["signals"]}
    assert known["late_now"] == 1
    assert known["wage_missing"] == known["enquiries"] == known["guarantor_in_trouble"] == 0
    again = run_task(bank.warehouse, None, "early_warning", results_folder=tmp_path / "again")
    assert again.figures == run.figures
    assert again.scores.equals(run.scores)
    page_of(run)


def test_a_bank_without_defaults_is_refused_with_the_number(tmp_path: Path) -> None:
    bank = lender(tmp_path, borrowers=120, looks=24, defaults=False)
    with pytest.raises(FeasibilityError, match="found 0 borrowers who defaulted"):
        run_task(bank.warehouse, None, "early_warning", results_folder=tmp_path / "results")


def test_too_few_borrowers_or_looks_are_refused(tmp_path: Path) -> None:
    few = lender(tmp_path / "few", borrowers=30, looks=24, defaults=True)
    with pytest.raises(FeasibilityError, match="customers who owe something"):
        run_task(few.warehouse, None, "early_warning", results_folder=tmp_path / "results")
    short = lender(tmp_path / "short", borrowers=30, looks=14, defaults=True)
    with pytest.raises(FeasibilityError, match="monthly looks"):
        run_task(short.warehouse, None, "early_warning", results_folder=tmp_path / "results")


def test_a_bank_without_loans_is_told_which_table_is_missing(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    bank.load(transaction=[{"transaction_id": 1, "customer_id": 7, "base_minor": 5}])
    with pytest.raises(FeasibilityError, match="loan_event"):
        run_task(bank.warehouse, None, "early_warning", results_folder=tmp_path / "results")


def test_a_signal_of_every_origin_is_declared() -> None:
    assert len({one.origin for one in SIGNALS}) == 7
    assert TASK.needs.tables == ("loan_event",)
