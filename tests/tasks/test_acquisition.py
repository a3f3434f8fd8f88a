"""Acquisition on a whole simulated bank: lists are tested forward, priced, and nobody barred is pursued."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankmine import lifecycle
from bankmine.customers.conditions import conditions
from bankmine.folder import BankFolder
from bankmine.lifecycle.forms import published_form
from bankmine.lifecycle.pages import page_of
from bankmine.lifecycle.publishing import publish
from bankmine.lifecycle.run import Run
from bankmine.tasks.acquisition.expected import FIRST, NEXT, NOT
from bankmine.tasks.acquisition.prospects import forms
from bankmine.tasks.contract import Bank
from simulated_bank import simulated_bank

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    return simulated_bank(tmp_path_factory)


@pytest.fixture(scope="module")
def run(bank: BankFolder, tmp_path_factory: pytest.TempPathFactory) -> Run:
    results = tmp_path_factory.mktemp("acquisition")
    return lifecycle.run_task(bank.warehouse, bank.config, "acquisition", results_folder=results)


def rows_of(run: Run, question: str) -> list[dict[str, Any]]:
    return [row for row in run.scores.to_pylist() if row["question"] == question]


def test_subjects_are_prospects_and_counterparties_and_never_customers(run: Run) -> None:
    scores = run.scores
    assert set(scores.column("question").to_pylist()) == {"prospects", "counterparties"}
    assert scores.column("customer_id").null_count == scores.num_rows
    kinds = {row["question"]: row["subject_kind"] for row in scores.to_pylist()}
    assert kinds == {"prospects": "prospect", "counterparties": "counterparty"}


def test_counterparties_who_are_customers_are_not_on_the_list(run: Run, bank: BankFolder) -> None:
    table = bank.warehouse.read("counterparty", ["counterparty_id", "resolved_customer_id"])
    known = table.filter(pa.compute.is_valid(table.column("resolved_customer_id")))
    asked = {row["subject_id"] for row in rows_of(run, "counterparties")}
    assert asked.isdisjoint(known.column("counterparty_id").to_pylist())


def test_the_list_of_counterparties_names_whom_to_go_through_with_flags_and_transfers(run: Run) -> None:
    table = run.table("counterparties")
    rows = table.to_pylist()
    assert [one for one in table.column_names if one in ("customer_id", "flags", "transfers")] == [
        "customer_id", "flags", "transfers",
    ]  # fmt: skip
    assert all(row["customer_id"] and row["transfers"] >= 1 for row in rows)
    assert "customer_id" not in run.table("prospects").column_names


def test_nobody_is_pursued_through_a_customer_to_whom_nothing_may_be_sold(run: Run, bank: BankFolder) -> None:
    known = conditions(bank.warehouse, int(run.about["cutoff_us"]))
    pursued = [row for row in run.table("counterparties").to_pylist() if row["grade"] != NOT]
    assert pursued
    assert known.may_sell([row["customer_id"] for row in pursued]).all()


def test_nobody_without_consent_is_pursued(run: Run, bank: BankFolder) -> None:
    table = bank.warehouse.read("prospect", ["prospect_id", "consent"]).to_pylist()
    consent = {row["prospect_id"]: row["consent"] for row in table}
    listed = rows_of(run, "prospects")
    assert any("no consent" in row["flags"] for row in listed)
    for row in listed:
        if "marketing" not in (consent[row["subject_id"]] or ""):
            assert row["grade"] == NOT
            assert "no consent" in row["flags"]


def test_those_not_to_be_pursued_stand_last_and_say_why(run: Run) -> None:
    for question in ("prospects", "counterparties"):
        ranked = sorted(rows_of(run, question), key=lambda row: row["rank"])
        barred = [row["grade"] == NOT for row in ranked]
        assert barred == sorted(barred)
        assert all(bool(row["flags"]) == (row["grade"] == NOT) for row in ranked)
        money = [row["value"] for row in ranked if row["grade"] != NOT]
        assert money == sorted(money, reverse=True)
        assert {row["grade"] for row in ranked} <= {FIRST, NEXT, NOT}


def test_the_first_tenth_of_each_list_was_golden_more_often_than_the_whole(run: Run) -> None:
    assert run.metrics["tested"]["counterparties"]["low"] > 0.55
    for one in run.metrics["tested"].values():
        assert one["deciles"][0]["precision"] > 1.4 * one["base_rate"]
        assert one["auc"] > one["baseline_auc"] - 0.05


def test_prospects_who_joined_are_found_by_what_their_form_says(bank: BankFolder) -> None:
    warehouse = bank.warehouse
    span = warehouse.coverage("transaction")
    assert span is not None
    known = forms(Bank(warehouse=warehouse, cutoff=span[1]))
    parts = sorted((bank.folder.parent / "extracts" / "truth" / "prospects").glob("*.parquet"))
    truth = pa.concat_tables([pq.ParquetFile(part).read() for part in parts])
    truth = truth.filter(pa.compute.is_valid(truth.column("customer")))
    texts = [truth.column(name).cast(pa.string()).combine_chunks() for name in ("prospect", "customer")]
    true = dict(
        zip(
            bank.keyring.tokens(texts[0], "prospect").tolist(),
            bank.keyring.tokens(texts[1], "customer").tolist(),
            strict=True,
        )
    )
    told = known.joinings
    found = dict(zip(known.prospects[told.place].tolist(), told.customer.tolist(), strict=True))
    right = sum(true.get(prospect) == customer for prospect, customer in found.items())
    assert right / len(found) > 0.9
    assert right / len(true) > 0.6


def test_a_counterparty_that_is_never_a_customer_has_that_question_refused(run: Run) -> None:
    refused = {one["name"]: one["reason"] for one in run.metrics["refused"]}
    assert "0 positives" in refused["counterparty_joins"]
    assert run.metrics["join_assumed"]
    assert "assumed" in run.verdict


def test_groups_have_head_counts_and_money(run: Run) -> None:
    employers = run.table("employers").to_pylist()
    assert employers
    assert all(row["heads"] > 0 and row["money_minor"] > 0 for row in employers)
    assert {"payers_and_payees", "communities"} <= set(run.about["tables"])


def test_the_question_worth_most_is_income_or_occupation(run: Run) -> None:
    worth = run.metrics["questions_worth"]
    assert worth[0]["field"] in ("income_band", "occupation")
    assert worth[0]["worth"] > 2 * worth[-1]["worth"]


def test_the_published_form_answers_strangers(run: Run) -> None:
    publish(run)
    form = published_form(run.folder.parents[1], "acquisition")
    rich, _ = form.answer({"age": 50, "income_band": "over 15000"})
    poor, seconds = form.answer({"age": 50, "income_band": "under 1000"})
    assert rich.probability["golden"] > 2 * poor.probability["golden"]
    assert seconds < 0.1


def test_the_page_shows_deciles_profit_and_reasons(run: Run) -> None:
    titles = [section.title for section in page_of(run).sections]
    for wanted in ("What the lists are worth", "Which question to ask", "Who is not to be pursued"):
        assert wanted in titles


def test_scores_are_the_same_bytes_when_run_again(run: Run, bank: BankFolder, tmp_path: Path) -> None:
    again = lifecycle.run_task(bank.warehouse, bank.config, "acquisition", results_folder=tmp_path)
    for name in ("scores.parquet", "form/model.json", "tables/employers.parquet"):
        assert (again.folder / name).read_bytes() == (run.folder / name).read_bytes()
    assert np.isfinite(again.scores.column("value").to_numpy()).all()
