"""Card fraud: the handbook's removal of compromised cards, the daily list, features of its own."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.civil import DAY, Zone
from bankmine.tasks.card_fraud import features
from bankmine.tasks.card_fraud.judge import on_list
from bankmine.tasks.card_fraud.protocol import not_blocked
from shared_data import shared

UTC = Zone("UTC")
DELAY = 7


def handbook(
    day: np.ndarray, customer: np.ndarray, fraud: np.ndarray, *, start: int, week: int
) -> np.ndarray:
    """`get_train_test_set` of the Fraud Detection Handbook, as it is printed there, on days and customers."""
    known = set(customer[(day >= start) & (day < start + week) & fraud])
    kept = np.zeros(len(day), dtype=bool)
    for number in range(week):
        known |= set(customer[(day == start + week + number - 1) & fraud])
        on = day == start + week + DELAY + number
        kept |= on & ~np.isin(customer, list(known))
    return kept


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_blocked_cards_are_those_of_the_handbook(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows, start, week = 400, 3, 7
    day, customer = draw.integers(0, 30, rows), draw.integers(0, 25, rows)
    fraud = draw.uniform(size=rows) < 0.08
    at = day * DAY + draw.integers(0, DAY, rows)
    since = (day >= start) & fraud
    mine = not_blocked(customer, at, compromised=customer[since], known_at=at[since] + DELAY * DAY, zone=UTC)
    test = (day >= start + week + DELAY) & (day < start + 2 * week + DELAY)
    assert np.array_equal(mine & test, handbook(day, customer, fraud, start=start, week=week))


def test_without_any_fraud_nobody_is_blocked() -> None:
    none = np.zeros(0, dtype=np.int64)
    kept = not_blocked(np.array([1, 2]), np.array([0, DAY]), compromised=none, known_at=none, zone=UTC)
    assert kept.tolist() == [True, True]


def test_the_daily_list_holds_the_cards_of_largest_score() -> None:
    ranking = np.array([0.1, 0.9, 0.2, 0.8, 0.3, 0.7])
    days, cards = np.array([1, 1, 1, 2, 2, 2]), np.array([7, 8, 7, 7, 8, 9])
    assert on_list(ranking, days, cards, 1).tolist() == [False, True, False, True, False, False]
    assert on_list(ranking, days, cards, 2).tolist() == [True, True, True, True, False, True]


def test_the_tasks_own_features_have_names_and_sentences_of_their_own() -> None:
    made = features.catalogue(10_000)
    own = features.own_features(10_000)
    assert len({one.name for one in own}) == len(own)
    assert all(one.sentence.endswith(".") and one.name in made for one in own)


def test_terminal_verdicts_end_a_week_before_the_transaction() -> None:
    for one in features.own_features(10_000):
        if "fraud" in one.name or "verdict" in one.name:
            assert str(one.source.feature.source.delay) == "7d", one.name


def test_the_words_follow_the_number_of_cards_checked() -> None:
    from bankmine.tasks.registry import TASKS

    task = TASKS["card_fraud"]
    goal = task.aim(SimpleNamespace(settings={"cards_checked_a_day": 25}))  # type: ignore[arg-type]
    assert "25 cards a day" in goal.success
    assert "25 cards a day" in goal.use
    assert "hundred" not in goal.success + goal.use + task.goal.success + task.goal.use


def test_the_terminals_known_frauds_alone_are_a_baseline_where_terminals_are_known() -> None:
    from bankmine.tasks.registry import TASKS

    bank = SimpleNamespace(settings={}, seed=0, warehouse=SimpleNamespace(currency="EUR"))
    task = TASKS["card_fraud"]
    named = {
        feature: [one.name for one in task.candidates(bank, (feature,)) if one.baseline]  # type: ignore[arg-type]
        for feature in ("tx_amount", "tx_terminal_fraud_share_7d")
    }
    assert named["tx_amount"] == ["prior", "amount rule"]
    assert named["tx_terminal_fraud_share_7d"] == ["prior", "amount rule", "terminal rule"]


@pytest.mark.shared_data
@pytest.mark.slow
def test_training_and_test_rows_are_those_of_the_handbook(tmp_path: Path) -> None:
    """67,240 and 58,264 transactions with 598 and 385 frauds: the counts the handbook prints."""
    from bankmine import pipeline
    from bankmine.lifecycle.material import label_rows
    from bankmine.tasks.contract import Bank
    from bankmine.tasks.population import check_cutoff
    from bankmine.tasks.registry import TASKS
    from bankmine.tasks.sql import micros

    made = pipeline.init(
        tmp_path / "bank", mapping="fraud_handbook", extracts=shared("fraud-handbook-simulated")
    )
    pipeline.load(made)
    folder, task = made.reopened(), TASKS["card_fraud"]
    chosen = folder.config.tasks["card_fraud"]
    at = check_cutoff(folder.warehouse, task.needs, task.default_cutoff(chosen, folder.warehouse.zone))
    assert folder.warehouse.zone.show(at) == "2018-08-22"
    bank = Bank(warehouse=folder.warehouse, cutoff=at, settings=chosen)
    plan = task.plan(bank)
    assert plan.test is not None
    rows = task.population(bank, plan)
    truth, known_at = label_rows(task, bank, rows)
    cutoffs = micros(rows.column("cutoff"))
    train = (cutoffs >= plan.test.train_from) & (known_at <= plan.test.test_from)
    test = (cutoffs >= plan.test.test_from) & (cutoffs < plan.test.test_until)
    test &= task.keep(bank, rows, truth, plan.test)
    assert (int(train.sum()), int(truth[train].sum())) == (67_240, 598)
    assert (int(test.sum()), int(truth[test].sum())) == (58_264, 385)
