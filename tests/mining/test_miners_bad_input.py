"""Every miner on input it cannot learn from: a stated minimum in one clear line, or a finite answer."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from samples import blobs, risky

from bankmine.errors import BankmineError, FeasibilityError, UsageError
from bankmine.mining.association.attributes import attribute_rules
from bankmine.mining.association.itemsets import frequent_itemsets
from bankmine.mining.association.sequences import frequent_sequences
from bankmine.mining.clustering.kmedoids import KMedoids
from bankmine.mining.contract import Floats
from bankmine.mining.files import MINERS
from bankmine.mining.form.model import FormModel

CLUSTERING = (
    "KMeans", "AdaptiveKMeans", "MiniBatchKMeans", "KMedoids", "DBSCAN", "OPTICS", "GaussianMixture", "CURE",
    "BIRCH",
)  # fmt: skip
CLASSIFIERS = (
    "SingleRule", "Logistic", "Boosting", "PerSegment", "DecisionTree", "NaiveBayes", "TreeAugmentedBayes",
    "NeuralNetwork", "GeneticRules", "RoughSets", "FuzzyRules",
)  # fmt: skip
SMALL: dict[str, dict[str, Any]] = {
    "SingleRule": {"column": "x0"}, "Boosting": {"n_estimators": 10}, "GeneticRules": {"generations": 5},
    "NeuralNetwork": {"networks": 1, "max_iter": 20}, "Amounts": {"n_estimators": 10},
    "PerSegment": {"miner": "Logistic"},
}  # fmt: skip
SURVIVAL = ("KaplanMeier", "Cox", "DiscreteHazard")
PURCHASES = ("BgNbd", "MbgNbd", "ParetoNbd", "BgBb", "GammaGamma")
LEARNERS = (
    *(name for name in CLUSTERING if name in MINERS),
    *CLASSIFIERS,
    "Cox",
    "DiscreteHazard",
    "Amounts",
)
ROWS = 900


def made(name: str) -> Any:
    return getattr(import_module(MINERS[name]), name)(**SMALL.get(name, {}))


def learn(miner: Any, X: Floats, y: Any) -> Any:
    """Fit whatever the miner takes; y is a label, an event or an amount."""
    rows = len(X)
    match type(miner).__name__:
        case "KaplanMeier":
            return miner.fit(np.arange(1.0, rows + 1), y)
        case "Cox":
            return miner.fit(X, np.arange(1.0, rows + 1), y)
        case "DiscreteHazard":
            return miner.fit(X, np.arange(rows) % 4, y)
        case "Platt" | "Isotonic":
            return miner.fit(X[:, 0], y)
        case name if name in CLUSTERING:
            return miner.fit(X)
        case _:
            return miner.fit(X, y)


def answers(miner: Any, X: Floats) -> Floats:
    for ask in ("log_hazard", "hazard", "probability", "predict"):
        if hasattr(type(miner), ask):
            return np.asarray(getattr(miner, ask)(X), dtype=np.float64)
    raise AssertionError(type(miner))


def learns_or_refuses(name: str, X: Floats, y: Any, error: type[BankmineError]) -> str:
    """The refusal, or nothing where the miner learnt and answers with finite numbers."""
    try:
        fitted = learn(made(name), X, y)
    except error as refused:
        return str(refused)
    assert np.isfinite(answers(fitted, X[:50])).all(), name
    return ""


@pytest.mark.parametrize("name", [*LEARNERS, "KaplanMeier", "Platt", "Isotonic"])
@pytest.mark.parametrize("rows", [0, 1, 5])
def test_too_few_rows_are_refused_with_the_number_seen_and_the_minimum(name: str, rows: int) -> None:
    if (name, rows) == ("KaplanMeier", 5):
        return  # two spells make a curve
    X, y = risky(ROWS)
    with pytest.raises(FeasibilityError, match=rf"\b{rows} rows.* needs at least \d+"):
        learn(made(name), X[:rows], y[:rows])


@pytest.mark.parametrize("name", PURCHASES)
def test_too_few_customers_are_refused_with_the_number_seen_and_the_minimum(name: str) -> None:
    X = np.tile([[2.0, 9.0]] if name == "GammaGamma" else [[1.0, 2.0, 3.0]], (10, 1))
    with pytest.raises(FeasibilityError, match=r"\b10\b.* needs at least \d+"):
        made(name).fit(X)


@pytest.mark.parametrize("name", [*CLASSIFIERS, "DiscreteHazard", "Platt", "Isotonic"])
@pytest.mark.parametrize("positive", [False, True])
def test_one_class_only_is_refused(name: str, positive: bool) -> None:
    X, _ = risky(ROWS)
    kind = "negative" if positive else "positive"
    with pytest.raises(FeasibilityError, match=rf"0 {kind} rows of {ROWS}.* needs at least \d+"):
        learn(made(name), X, np.full(ROWS, positive))


def test_survival_without_events_is_refused_or_a_flat_curve() -> None:
    X, _ = risky(ROWS)
    with pytest.raises(FeasibilityError, match=r"0 events.* needs at least 10"):
        learn(made("Cox"), X, np.zeros(ROWS))
    assert learn(made("KaplanMeier"), X, np.zeros(ROWS)).survival([1.0, ROWS]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("name", LEARNERS)
def test_constant_columns_say_nothing_and_break_nothing(name: str) -> None:
    X, y = (blobs(), None) if name in CLUSTERING else risky(ROWS)
    with_constant = np.column_stack([X, np.full(len(X), 7.0), np.zeros(len(X))])
    target = X[:, 0] if name == "Amounts" else y
    assert learns_or_refuses(name, with_constant, target, FeasibilityError) == ""


@pytest.mark.parametrize("name", LEARNERS)
def test_all_rows_alike_are_refused_in_one_line_or_answered(name: str) -> None:
    _, y = risky(ROWS)
    target = np.where(y, 10.0, 20.0) if name == "Amounts" else y
    said = learns_or_refuses(name, np.ones((ROWS, 3)), target, FeasibilityError)
    assert bool(said) == (name in CLUSTERING), said


@pytest.mark.parametrize("name", LEARNERS)
def test_many_duplicates_are_no_trouble(name: str) -> None:
    X, y = (blobs(40), None) if name in CLUSTERING else risky(ROWS // 3)
    target = X[:, 0] if name == "Amounts" else y
    repeated = None if target is None else np.tile(target, 3)
    assert learns_or_refuses(name, np.tile(X, (3, 1)), repeated, FeasibilityError) == ""


@pytest.mark.parametrize("name", LEARNERS)
def test_all_missing_is_refused_by_name_or_answered(name: str) -> None:
    _, y = risky(ROWS)
    target = np.where(y, 10.0, 20.0) if name == "Amounts" else y
    holes = np.full((ROWS, 3), np.nan)
    said = learns_or_refuses(name, holes, target, BankmineError)
    if not made(name).accepts_missing and name != "KMedoids":
        assert "'x0' holds missing or infinite values" in said


@pytest.mark.parametrize("name", [name for name in LEARNERS if name != "KMedoids"])
def test_a_row_that_is_all_missing_is_refused_or_answered_after_training(name: str) -> None:
    X, y = (blobs(), None) if name in CLUSTERING else risky(ROWS)
    fitted = learn(made(name), X, X[:, 0] if name == "Amounts" else y)
    hole = np.full((1, X.shape[1]), np.nan)
    if fitted.accepts_missing and name != "PerSegment":  # its miner decides, here the logistic one
        assert np.isfinite(answers(fitted, hole)).all()
    else:
        with pytest.raises(UsageError, match="holds missing"):
            answers(fitted, hole)


def test_categories_unseen_at_training_belong_to_some_cluster_and_form() -> None:
    table = pa.table({"city": ["Brno", "Praha"] * 60, "age": np.arange(120.0)})
    medoids = KMedoids(2).fit(table)
    new = pa.table({"city": ["Oslo"], "age": [50.0]})
    assert medoids.predict(new)[0] in (0, 1)
    form = FormModel.fit(table, {"buys": np.arange(120) % 3 == 0})
    assert np.isfinite(list(form.answer({"city": "Oslo", "age": 50.0}).probability.values())).all()


def test_categories_unseen_at_training_meet_no_rule() -> None:
    table = pa.table({"city": ["Brno"] * 60 + ["Praha"] * 60})
    found = attribute_rules(table, np.arange(120) < 50)
    assert len(found) == 1
    assert not found.meets(pa.table({"city": ["Oslo", None]})).any()


REFUSED: list[tuple[str, Callable[[], Any]]] = [
    ("there is no basket", lambda: frequent_itemsets([], support=0.1)),
    ("there is no sequence", lambda: frequent_sequences([], support=0.1)),
    ("0 of 50 rows are in the target", lambda: attribute_rules(_ages(50), np.zeros(50))),
    ("0 of 50 rows are out of the target", lambda: attribute_rules(_ages(50), np.ones(50))),
    ("2 of 4 rows are in the target", lambda: attribute_rules(_ages(4), [0, 1, 0, 1])),
]


def _ages(rows: int) -> pa.Table:
    return pa.table({"age": np.arange(float(rows))})


@pytest.mark.parametrize(("words", "ask"), REFUSED)
def test_association_states_its_minimum(words: str, ask: Callable[[], Any]) -> None:
    with pytest.raises(FeasibilityError, match=words):
        ask()


def test_association_of_constant_missing_and_repeated_columns() -> None:
    target = np.arange(60) < 20
    table = pa.table({"flat": np.ones(60), "gone": pa.nulls(60, pa.float64()), "same": ["x"] * 60})
    assert len(attribute_rules(table, target)) == 0
    assert frequent_itemsets([["a", "a", None]] * 5, count=5).table["count"].to_pylist() == [5]
    assert "5 missing items were left out" in frequent_itemsets([["a", None]] * 5, count=5).cuts[-1]


def test_a_million_items_in_one_basket_are_cut_and_reported() -> None:
    huge = pa.array([list(range(1_000_000)), [1, 2], [1, 2]])
    found = frequent_itemsets(huge, count=1, longest=2, most=2_000_000)
    assert found.by_length[1] <= 1_000
    assert (
        "1 baskets have more than 1,000 frequent items; their 999,000 rarest were left out" in found.cuts[0]
    )
    assert found.table["itemset"].to_pylist()[:2] == [[1], [2]]


def test_a_million_events_in_one_sequence_are_mined_within_the_limit() -> None:
    one = pa.array([list(np.arange(1_000_000) % 50), [1, 2], [1, 2]])
    found = frequent_sequences(one, count=2, longest=3, most=10_000)
    assert found.counts[((1,), (2,))] == 3
