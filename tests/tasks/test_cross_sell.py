"""Cross-selling on a whole simulated bank: tested forward, and never offered against a condition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bankmine import lifecycle
from bankmine.customers.conditions import conditions
from bankmine.folder import BankFolder
from bankmine.lifecycle.forms import published_form
from bankmine.lifecycle.pages import page_of
from bankmine.lifecycle.publishing import publish
from bankmine.lifecycle.run import Run
from bankmine.tasks.cross_sell.listing import BEST, OFFERED, TRIAL
from simulated_bank import simulated_bank

pytestmark = pytest.mark.slow
FAMILIES = {"savings", "deposit", "card", "loan", "mortgage", "insurance", "fund"}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    return simulated_bank(tmp_path_factory)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cross-sell")


@pytest.fixture(scope="module")
def run(bank: BankFolder, results: Path) -> Run:
    return lifecycle.run_task(bank.warehouse, bank.config, "cross_sell", results_folder=results)


def rows_of(run: Run, question: str) -> list[dict[str, Any]]:
    return [row for row in run.scores.to_pylist() if row["question"] == question]


def test_each_customer_has_one_best_offer_and_each_family_its_own_list(run: Run) -> None:
    questions = set(run.scores.column("question").to_pylist())
    assert BEST in questions
    assert questions - {BEST} <= {f"next_{family}" for family in FAMILIES}
    assert len(questions) >= 5
    best = [row["customer_id"] for row in rows_of(run, BEST)]
    assert len(best) == len(set(best))


def test_nothing_is_offered_against_a_condition(run: Run, bank: BankFolder) -> None:
    known = conditions(bank.warehouse, run.cutoff_us)
    forbidden = {one for one in {row["customer_id"] for row in rows_of(run, BEST)}
                 if not known.may_sell([one])[0]}  # fmt: skip
    assert forbidden
    offers = run.table("offers")
    assert forbidden.isdisjoint(offers.column("customer_id").to_pylist())
    for row in run.scores.to_pylist():
        if row["customer_id"] in forbidden:
            assert row["grade"] not in OFFERED


def test_an_offer_is_worth_its_contact_and_says_why(run: Run) -> None:
    offers = run.table("offers").to_pylist()
    assert offers
    by_customer: dict[int, list[dict[str, Any]]] = {}
    for row in offers:
        assert row["profit_minor"] > 0
        likelier = "like this customer take one within 90 days, usually 1 in" in row["why"]
        assert likelier == (row["chance"] > row["usual"])
        assert likelier or "when taken." in row["why"]
        by_customer.setdefault(row["customer_id"], []).append(row)
    for rows in by_customer.values():
        rows.sort(key=lambda one: one["rank"])
        assert [one["rank"] for one in rows] == list(range(1, len(rows) + 1))
        assert len(rows) <= 3
        profits = [one["profit_minor"] for one in rows]
        assert profits == sorted(profits, reverse=True)


def test_every_family_is_offered_refused_or_not_worth_a_contact(run: Run) -> None:
    refused = {(row["customer_id"], row["family"]) for row in run.table("refusals").to_pylist()}
    offered = {(row["customer_id"], row["family"]) for row in run.table("offers").to_pylist()}
    assert refused.isdisjoint(offered)
    assert all(row["reason"] for row in run.table("refusals").to_pylist())
    for family in FAMILIES:
        asked = {row["customer_id"] for row in rows_of(run, f"next_{family}")}
        if asked:
            everyone = {row["customer_id"] for row in rows_of(run, BEST)}
            held = {who for who, other in refused if other == family} - asked
            assert asked | held == everyone


def test_profit_is_chance_times_margin_less_the_contact(run: Run) -> None:
    margins: dict[str, list[float]] = {}
    for one in run.metrics["products"]:
        margins.setdefault(one["family"], []).append(one["margin_minor"])
    for row in run.table("offers").to_pylist():
        assert row["profit_minor"] == np.round(row["chance"] * row["margin_minor"] - row["cost_minor"])
        assert min(margins[row["family"]]) <= row["margin_minor"] <= max(margins[row["family"]])


def test_nothing_is_to_be_offered_now_where_the_list_is_not_proved(run: Run) -> None:
    proved = run.metrics["tested"]["tenth"]["more_low"] > 0
    grades = {row["grade"] for row in rows_of(run, BEST)} & set(OFFERED)
    assert grades
    assert (TRIAL in grades) == (not proved)
    assert bool(grades - {TRIAL}) == proved


def test_every_family_learns_from_the_others(run: Run) -> None:
    for one in run.metrics["questions"]:
        assert "together" in one["candidates"]


def test_rules_and_bundles_are_kept_with_their_intervals(run: Run) -> None:
    rules = run.table("rules").to_pylist()
    assert rules
    for row in rules:
        assert row["low"] <= row["ratio"] <= row["high"]
        assert (row["stands"] == "stands") <= (row["low"] > 1)
    for row in run.table("bundles").to_pylist():
        assert row["low"] <= row["ratio"] <= row["high"]


def test_the_back_test_stands_beside_popularity(run: Run) -> None:
    tested = run.metrics["tested"]
    for part in ("all", "tenth", "money_minor"):
        one = tested[part]
        assert one["low"] <= one["value"] <= one["high"]
        assert one["baseline"] >= 0
    assert tested["all"]["rows"] == tested["rows"]


def test_a_stranger_is_told_an_insurance(run: Run, results: Path) -> None:
    publish(run)
    answer, _ = published_form(results, "cross_sell").answer({"age": 35, "large_payment": "no"})
    assert answer.best.startswith("INS-")
    assert sum(answer.probability.values()) == pytest.approx(1)
    assert answer.ask_next


def test_the_page_shows_tests_rules_and_refusals(run: Run) -> None:
    page = page_of(run)
    titles = [section.title for section in page.sections]
    for title in ("Would the first offer have been right?", "Did owners of A then buy B?",
                  "What is not offered", "The form for strangers"):  # fmt: skip
        assert title in titles
