"""The application score: who is learnt from, what bad input does, and a whole honest run."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from lender import FROM, PRAGUE, UNTIL, Lender, lender
from made_up_bank import ZONE

from bankmine import lifecycle
from bankmine.bank.civil import DAY
from bankmine.bank.warehouse import Warehouse
from bankmine.config import QUICK, Config
from bankmine.customers.matrix import matrix
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.folder import BankFolder
from bankmine.lifecycle.material import NEVER, label_rows
from bankmine.lifecycle.pages import page_of
from bankmine.lifecycle.run import Run
from bankmine.tasks.application_score.past import past_of
from bankmine.tasks.application_score.question import GoesBad
from bankmine.tasks.application_score.task import TASK
from bankmine.tasks.contract import Bank
from bankmine.tasks.sql import micros


def bank_of(warehouse: Warehouse, until: int = UNTIL) -> Bank:
    return Bank(warehouse=warehouse, cutoff=until, budget=QUICK)


def run_of(warehouse: Warehouse, folder: Path) -> Run:
    config = Config(
        folder=folder, name="lender", mapping="none", extracts=folder, time_zone=ZONE, currency="EUR",
        keys=folder, budget=QUICK,
    )  # fmt: skip
    run: Run = lifecycle.run_task(warehouse, config, "application_score", results_folder=folder / "results")
    return run


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return lender().made(tmp_path_factory.mktemp("lender") / "warehouse")


@pytest.fixture(scope="module")
def run(small: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(small, tmp_path_factory.mktemp("score"))


def test_the_score_beats_the_banks_rule_forward_in_time(run: Run) -> None:
    [main, *subs] = run.about["figures"]["questions"]
    assert main["beats_baseline"]
    assert main["candidates"][main["use"]]["metrics"]["auc"]["value"] > 0.75
    assert main["best_baseline"] == "bank rule"
    assert 0.55 < main["candidates"]["bank rule"]["metrics"]["auc"]["value"] < 0.8
    assert [one["name"] for one in subs] == ["need", "willingness", "ability"]


def test_no_honesty_test_fails_and_all_are_said(run: Run) -> None:
    names = [one["name"] for one in run.about["tests"]]
    assert {"truncation", "future poison", "goes_bad: permuted labels", "goes_bad: planted leak"} <= set(
        names
    )
    assert all(one["passed"] for one in run.about["tests"])


def test_declined_and_undecided_applications_are_scored_and_marked(run: Run) -> None:
    scores = run.scores.to_pylist()
    marks = {flag for one in scores for flag in one["flags"]}
    assert {"approved", "declined", "undecided"} <= marks
    assert all(one["probability"] is not None and 0 < one["probability"] < 1 for one in scores)
    assert {one["grade"] for one in scores} <= {"accept", "review", "refuse"}


def test_the_page_opens_with_figures_and_has_every_section(run: Run) -> None:
    titles = [one.title for one in page_of(run).sections]
    wanted = ["Parts of the evidence", "In money", "Need, willingness, ability", "For whom it speaks",
              "What was decided", "The applications", "The card"]  # fmt: skip
    assert [one for one in titles if one in wanted] == wanted
    assert run.about["summary"][0].startswith("AUC 0.")


def test_equal_runs_give_equal_bytes(run: Run, small: Warehouse, tmp_path: Path) -> None:
    again = run_of(small, tmp_path)
    for name in ("scores.parquet", "metrics.json", "tables/card.parquet", "tables/applications.parquet"):
        assert (again.folder / name).read_bytes() == (run.folder / name).read_bytes()


def test_a_label_counts_as_known_after_a_year_whatever_it_is(small: Warehouse) -> None:
    question, bank = GoesBad(), bank_of(small)
    plan = question.plan(bank)
    rows = question.population(bank, plan)
    truth, known = label_rows(question, bank, rows)
    cutoffs, wait = micros(rows.column("cutoff")), question.rule(bank).embargo_days * DAY
    young = cutoffs >= plan.score[0]
    assert young.any()
    assert not truth[young].any()
    assert (known[young] == NEVER).all()
    assert (known[~young] - cutoffs[~young] >= wait - DAY).all()
    read = small.read("credit_application", ["application_id", "bad", "bad_known_at"]).to_pylist()
    early = {one["application_id"] for one in read if one["bad"] and _at(one["bad_known_at"]) <= UNTIL}
    assert early & set(np.array(rows.column("subject_id").to_pylist())[young].tolist())


def _at(instant: datetime) -> int:
    return round(instant.timestamp() * 1e6)


def test_only_granted_credits_with_an_outcome_are_learnt_from(tmp_path: Path) -> None:
    made = lender()
    made.application["bad"][3] = made.application["bad_known_at"][3] = None
    made.application["decision"][3] = "approved"
    warehouse = made.made(tmp_path / "warehouse")
    bank, question = bank_of(warehouse), GoesBad()
    past = past_of(question, bank, question.plan(bank))
    assert set(past.rows.column("decision").to_pylist()) == {"approved"}
    assert 4 not in past.rows.column("subject_id").to_pylist()
    outcomes = warehouse.read("credit_application", ["application_id", "bad"]).to_pylist()
    bad = {one["application_id"]: one["bad"] for one in outcomes}
    assert past.bad.tolist() == [bad[one] for one in past.rows.column("subject_id").to_pylist()]


def test_training_labels_were_all_known_when_the_test_began(small: Warehouse) -> None:
    question, bank = GoesBad(), bank_of(small)
    plan = question.plan(bank)
    (since, train_until), (test_from, _) = plan.periods
    assert plan.test is not None
    assert plan.test.test_from == test_from
    wait = question.rule(bank).embargo_days
    assert PRAGUE.days_before(test_from, wait) == train_until > since
    assert PRAGUE.days_before(UNTIL, wait) == plan.test.test_until == plan.score[0]


def test_without_bads_nothing_is_fitted(tmp_path: Path) -> None:
    made = lender()
    made.application["bad"] = [None if one is None else False for one in made.application["bad"]]
    with pytest.raises(FeasibilityError, match=r"found 0 bad credits among \d+ granted applications"):
        run_of(made.made(tmp_path / "warehouse"), tmp_path)


def test_immature_labels_are_refused_with_the_days_it_needs(tmp_path: Path) -> None:
    until = FROM + 700 * DAY
    with pytest.raises(FeasibilityError, match="found 0 days of applications that could train or test"):
        run_of(lender(300, until=until).made(tmp_path / "warehouse"), tmp_path)


def test_without_consent_the_bureau_is_missing_and_the_page_says_for_how_many(run: Run) -> None:
    found = {one["pattern"]: one for one in run.about["figures"]["coverage"]}
    assert 0.04 < found["no consent for the bureau"]["share"] < 0.18
    assert found["no bureau report"]["rows"] == found["no consent for the bureau"]["rows"]
    assert (
        found["bureau known"]["rows"] + found["no bureau report"]["rows"] == found["all applications"]["rows"]
    )


def test_a_bank_without_a_bureau_is_scored_on_what_it_has(tmp_path: Path) -> None:
    made = replace(lender(), left_out=("bureau_event", "bureau_report"))
    found = run_of(made.made(tmp_path / "warehouse"), tmp_path)
    figures = found.about["figures"]
    assert figures["elsewhere"] is None
    assert figures["left_out"]["sequence"] == "The bank's tables hold no evidence of the kind sequence."
    assert "bureau_event" in found.about["needs"]["left_out"]
    assert figures["coverage"][0]["scorable"] <= 1


def features_of(made: Lender, folder: Path, names: tuple[str, ...]) -> object:
    warehouse = made.made(folder)
    bank, question = bank_of(warehouse), GoesBad()
    rows = question.population(bank, question.plan(bank)).drop(["decision"])
    return matrix(warehouse, rows, names).select(names)


def test_bureau_events_dated_after_the_application_change_nothing(tmp_path: Path) -> None:
    names = ("bureau_overdue_count_12mo", "bureau_days_since_last_overdue")
    clean, dirty = lender(), lender()
    future = {name: list(column) for name, column in dirty.event.items()}
    first = len(future["kind"]) + 1
    at, who = dirty.application["event_time"], dirty.application["customer_id"]
    for row in range(0, len(at), 10):
        future["bureau_event_id"].append(first + row)
        future["customer_id"].append(int(who[row]))
        future["report_id"].append(row + 1)
        future["kind"].append("overdue")
        future["amount_minor"].append(1)
        future["institution_kind"].append("bank")
        future["event_time"].append(int(UNTIL - DAY))
        future["known_at"].append(int(at[row]))
    dirty.event = future
    one = features_of(clean, tmp_path / "clean", names)
    other = features_of(dirty, tmp_path / "dirty", names)
    assert one.equals(other)  # type: ignore[attr-defined]


def test_a_customer_of_whom_nothing_is_known_gets_a_score(tmp_path: Path) -> None:
    made = lender()
    stranger, last = 9_999, len(made.application["application_id"]) - 1
    made.application["customer_id"][last] = stranger
    made.report["customer_id"][last] = stranger
    made.report["event_time"] = made.report["known_at"] = np.array(made.report["known_at"])
    keep = [one != last + 1 for one in made.event["report_id"]]
    made.event = {name: np.array(column)[keep].tolist() for name, column in made.event.items()}
    made.report = {name: np.array(column)[:-1] for name, column in made.report.items()}
    found = run_of(made.made(tmp_path / "warehouse"), tmp_path)
    [own] = [one for one in found.scores.to_pylist() if one["customer_id"] == stranger]
    assert 0 < own["probability"] < 1
    assert own["grade"] in ("accept", "review", "refuse")


def test_the_loss_given_default_is_a_share() -> None:
    for wrong in (0, 1.2, True, "much"):
        with pytest.raises(ConfigurationError, match="loss_given_default"):
            TASK.check_settings({"loss_given_default": wrong})
    TASK.check_settings({"loss_given_default": 0.6})


@pytest.mark.slow
def test_a_simulated_lender_has_every_kind_of_evidence(lending: BankFolder, tmp_path: Path) -> None:
    found: Run = lifecycle.run_task(
        lending.warehouse, lending.config, "application_score", results_folder=tmp_path / "results"
    )
    figures = found.about["figures"]
    assert all(one["passed"] for one in found.about["tests"])
    assert {one["part"] for one in figures["worth"]} >= {"windows", "contradictions", "network", "text"}
    assert all(one["sentence"] for one in figures["worth"])
    assert all(0 < figures["elsewhere"][side]["rate"] < 0.3 for side in ("refused", "others"))
    assert figures["use_of_credit"] is not None
    assert figures["sub_scores"]["names"] == ["whole", "need", "willingness", "ability"]
    whole = figures["questions"][0]["candidates"]["together"]["metrics"]["auc"]
    assert whole["value"] > 0.6
    assert "Refused elsewhere" in [one.title for one in page_of(found).sections]
