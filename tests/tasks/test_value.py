"""The value task whole: a bank with balances, purchases of real customers, and purchases made up."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bankmine import pipeline
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import CutoffError, FeasibilityError
from bankmine.folder import BankFolder
from bankmine.lifecycle.pages import page_of
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.runner import run_task
from bankmine.report.build import build_report
from bankmine.report.content import Report, Reproducibility
from bankmine.tasks.contract import Bank
from bankmine.tasks.value.accounts import written_off
from bankmine.tasks.value.closing import Closing
from engine.small_warehouse import SmallWarehouse
from shared_data import shared

CUTOFF = "2026-01-01"


@pytest.fixture(scope="module")
def run(simulated: BankFolder, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Value of the simulated bank."""
    results = tmp_path_factory.mktemp("value")
    return run_task(simulated.warehouse, simulated.config, "value", cutoff=CUTOFF, results_folder=results)


@pytest.mark.slow
def test_all_customers_together_are_the_banks_result_to_the_cent(run: Run) -> None:
    result = run.about["figures"]["result"]
    assert result["reconciliation"]["agrees"]
    assert all(one["difference_minor"] == 0 for one in result["reconciliation"]["rows"])
    assert result["total_minor"] == result["reconciliation"]["bank_minor"]
    customers = run.table("customers")
    assert sum(customers.column("profit_minor").to_pylist()) == result["of_open_minor"]
    parts = [name for name in customers.column_names if name in PARTS]
    sums = sum(np.asarray(customers.column(name).to_numpy()) for name in parts)
    assert np.array_equal(sums, customers.column("profit_minor").to_numpy())


PARTS = {
    "deposits_minor", "lending_minor", "fees_minor", "channels_minor", "campaigns_minor", "credit_loss_minor",
}  # fmt: skip


@pytest.mark.slow
def test_the_value_of_a_year_ago_is_about_what_came(run: Run) -> None:
    tested = run.about["figures"]["back_test"]
    assert tested["cutoff"] == "2025-01-01"
    assert tested["model"]["rank_correlation"]["value"] >= 0.6
    at_rates = tested["model at rates"]["bias"]
    assert at_rates["low"] <= 0.1
    assert at_rates["high"] >= -0.1
    assert tested["golden"]["listed"]["value"] > 3 * tested["golden_everybody"]
    assert tested["surely_top"]["listed"]["value"] > 0.7
    assert tested["surely_top"]["others"]["value"] < 1
    assert tested["staying_foreseen"] == pytest.approx(tested["staying_seen"], abs=0.02)


@pytest.mark.slow
def test_the_back_test_is_what_a_run_a_year_ago_would_have_said(
    run: Run, simulated: BankFolder, tmp_path: Path
) -> None:
    then = run_task(
        simulated.warehouse, simulated.config, "value", cutoff="2025-01-01", results_folder=tmp_path
    )
    tested = run.about["figures"]["back_test"]
    year = then.about["figures"]["value"]["year_minor"]
    assert year == pytest.approx(tested["model"]["forecast_minor"], rel=1e-9)  # sums in another order
    assert then.about["figures"]["back_test"] is None
    assert len(page_of(then).sections) > 5


@pytest.mark.slow
def test_limits_grades_and_moves_hang_together(run: Run) -> None:
    customers = run.table("customers")
    low, middle, high = (
        np.asarray(customers.column(name).to_numpy())
        for name in ("low_minor", "lifetime_minor", "high_minor")
    )
    assert (low <= high).all()
    assert (np.diff(middle) <= 0).all()
    figures = run.about["figures"]
    count = round(0.2 * customers.num_rows)
    assert np.asarray(customers.column("top_chance").to_numpy()).sum() == pytest.approx(count, abs=1)
    assert sum(one["customers"] for one in figures["moves"] if one["move"] != "entered") > 0
    assert set(run.scores.column("question").unique().to_pylist()) <= {"", "golden to be"}
    assert run.scores.column("flags").null_count == 0


@pytest.mark.slow
def test_golden_customers_have_no_loss_and_flags_stand_on_every_list(run: Run, simulated: BankFolder) -> None:
    golden, customers = run.table("golden"), run.table("customers")
    bank = Bank(warehouse=simulated.warehouse, cutoff=simulated.warehouse.zone.parse(CUTOFF))
    lost = set(written_off(bank, bank.cutoff).tolist())
    assert lost & set(customers.column("customer_id").to_pylist())
    assert not lost & set(golden.column("customer_id").to_pylist())
    assert not any("in arrears" in one for one in golden.column("flags").to_pylist())
    assert any(customers.column("flags").to_pylist())
    for row in run.scores.to_pylist():
        if row["question"] == "golden to be":
            assert row["grade"] == ("golden to be, flagged" if row["flags"] else "golden to be")


@pytest.mark.slow
def test_the_page_shows_result_curve_moves_and_back_test(run: Run, tmp_path: Path) -> None:
    page = page_of(run)
    titles = [one.title for one in page.sections]
    assert titles[:4] == [
        "The bank's result", "How few make how much", "Into and out of the top", "Foreseen and come",
    ]  # fmt: skip
    report = Report(
        bank="test", as_of=date(2026, 1, 1), pages=[page], reproducibility=Reproducibility(command="-")
    )
    index = build_report(report, tmp_path / "report")
    assert "to the cent" in index.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_question_asked_a_year_before_knows_nothing_later(simulated: BankFolder) -> None:
    zone = simulated.warehouse.zone
    bank = Bank(warehouse=simulated.warehouse, cutoff=zone.parse(CUTOFF))
    at = zone.parse("2025-01-01")
    question = Closing("closing_before", at=at)
    plan = question.plan(bank)
    assert plan.score == (at, at + 1)
    assert max(plan.cutoffs) == at
    rows = question.population(bank, plan)
    _, known = question.label(bank, rows)
    cutoffs = np.asarray(rows.column("cutoff").cast("int64").to_numpy())
    assert (known[cutoffs == at] == np.iinfo(np.int64).max).all()
    assert known[known < np.iinfo(np.int64).max].max() <= at


@pytest.mark.shared_data
@pytest.mark.slow
def test_cdnow_goes_through_the_task_end_to_end(tmp_path: Path) -> None:
    made = pipeline.init(tmp_path / "bank", mapping="cdnow", extracts=shared("cdnow"))
    pipeline.load(made)
    folder = made.reopened()
    found = run_task(folder.warehouse, folder.config, "value", cutoff="1998-07-01").about["figures"]
    tested = found["back_test"]
    assert (tested["cutoff"], tested["days"]) == ("1997-10-01", 273)
    bg = next(one for one in tested["models"] if one["model"] == "BG/NBD")
    assert bg["parameters"]["r"]["value"] == pytest.approx(0.25, abs=0.01)  # of all customers, not the tenth
    assert bg["bias"] == pytest.approx(-0.14, abs=0.02)
    assert tested["less_error_minor"]["low"] > 0
    assert tested["model"]["rank_correlation"]["low"] > tested["rule"]["rank_correlation"]["high"]


def purchases(customers: int = 400, *, seed: int = 4) -> list[dict[str, Any]]:
    """Purchases of customers won within a quarter, over eighteen months, who come back and leave."""
    generator = np.random.default_rng(seed)
    start, end = date(2022, 1, 1), date(2023, 7, 1)
    rows: list[dict[str, Any]] = []
    for customer in range(1, customers + 1):
        day = start + timedelta(days=int(generator.integers(0, 90)))
        rate, leaving = generator.gamma(1.5, 0.02), generator.beta(1.0, 4.0)
        usual = generator.lognormal(8.0, 0.5)
        while day < end:
            rows.append(
                {"transaction_id": len(rows) + 1, "customer_id": customer, "event_time": day.isoformat(),
                 "base_minor": max(1, int(generator.gamma(4.0) * usual / 4.0))}
            )  # fmt: skip
            if generator.random() < leaving:
                break
            day += timedelta(days=1 + int(generator.exponential(1.0 / rate)))
    return rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A retailer: purchases and nothing else."""
    small = SmallWarehouse(tmp_path_factory.mktemp("shop"))
    return small.load(coverage=("2022-01-01", "2023-07-01"), transaction=purchases())


def test_a_retailers_purchases_are_valued_and_checked(shop: Warehouse, tmp_path: Path) -> None:
    found = run_task(shop, None, "value", results_folder=tmp_path)
    figures = found.about["figures"]
    assert figures["basis"] == "purchases"
    assert figures["back_test"]["model"]["rank_correlation"]["value"] > 0.3
    customers = found.table("customers")
    assert found.scores.num_rows == customers.num_rows == figures["value"]["customers"]
    low, high = (np.asarray(customers.column(f"{one}_minor").to_numpy()) for one in ("low", "high"))
    assert (low <= high).all()
    assert len(page_of(found).sections) > 3
    again = run_task(shop, None, "value", results_folder=tmp_path / "again")
    assert (again.folder / "scores.parquet").read_bytes() == (found.folder / "scores.parquet").read_bytes()


def test_too_little_history_is_refused_with_the_numbers(shop: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(FeasibilityError, match=r"59 days of purchases.*at least 120"):
        run_task(shop, None, "value", cutoff="2022-03-01", results_folder=tmp_path)


def test_accounts_need_twelve_months_and_fresh_balances(tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path)
    own = {"customer_id": 1, "account_id": 1, "event_time": "2023-05-01"}
    rows = [{"transaction_id": 1, "base_minor": 5, **own}]
    balances = [{"balance_minor": 5, **own}]
    small.load(coverage=("2023-01-01", "2024-12-01"), transaction=rows)
    small.load(
        coverage=("2023-01-01", "2024-03-01"), balance=balances, account=[{"account_id": 1}],
        customer=[{"customer_id": 1}], rate_history=[{"product_code": "x", "valid_from": "2020-01-01"}],
    )  # fmt: skip
    with pytest.raises(FeasibilityError, match="twelve months"):
        run_task(small.warehouse, None, "value", cutoff="2023-06-01", results_folder=tmp_path / "a")
    with pytest.raises(CutoffError, match="balances are known until 2024-03-01"):
        run_task(small.warehouse, None, "value", cutoff="2024-12-01", results_folder=tmp_path / "b")
