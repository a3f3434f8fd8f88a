"""What all seven families promise alike: rules, files, bad input, a cap that is said, rows one by one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import risky

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.metrics import auc
from bankmine.mining.classification.bayes import NaiveBayes
from bankmine.mining.classification.families import FAMILIES as FAMILY_NAMES
from bankmine.mining.classification.families import attempt, family
from bankmine.mining.classification.fuzzy import FuzzyRules
from bankmine.mining.classification.genetic import GeneticRules
from bankmine.mining.classification.network import NeuralNetwork
from bankmine.mining.classification.rough_sets import RoughSets
from bankmine.mining.classification.tree import DecisionTree
from bankmine.mining.classification.tree_augmented import TreeAugmentedBayes
from bankmine.mining.files import load, save

FAMILIES = [
    DecisionTree(), NaiveBayes(), TreeAugmentedBayes(), NeuralNetwork(4, networks=1, max_iter=10),
    GeneticRules(1, generations=15, population=20), RoughSets(4), FuzzyRules(most_rules=20),
]  # fmt: skip
every_family = pytest.mark.parametrize("miner", FAMILIES, ids=lambda miner: type(miner).__name__)


@every_family
def test_a_family_ranks_new_rows_and_says_its_rules(miner: Any) -> None:
    X, y = risky(3000)
    miner.fit(X[:2000], y[:2000], names=["income", "age", "noise", "more noise"])
    assert auc(y[2000:], miner.decision_function(X[2000:])) > 0.72
    rules = miner.rules()
    assert rules
    for rule in rules:
        assert rule.text().startswith("IF ")
        assert 0 <= rule.support <= rule.confidence + 1e-9 <= 1 + 1e-6
    first = rules[0].conditions[0].feature
    assert first in ("income", "age")


@every_family
def test_a_saved_family_answers_the_same_to_the_bit(miner: Any, tmp_path: Path) -> None:
    X, y = risky(1500)
    miner.fit(X, y)
    save(miner, tmp_path)
    again = load(tmp_path)
    assert again.probability(X).tobytes() == miner.probability(X).tobytes()
    assert again.decision_function(X).tobytes() == miner.decision_function(X).tobytes()
    assert again.reasons(X[:9]).row(3) == miner.reasons(X[:9]).row(3)
    assert again.rules() == miner.rules()


@every_family
def test_a_row_alone_gets_the_bits_of_the_batch(miner: Any) -> None:
    X, y = risky(1500)
    whole = miner.fit(X, y).decision_function(X)
    for row in (0, 1, 777, 1499):
        assert miner.decision_function(X[row : row + 1])[0] == whole[row]


@every_family
def test_the_same_data_give_the_same_model(miner: Any) -> None:
    X, y = risky(900)
    first = miner.fit(X, y).to_json()
    assert miner.fit(X, y).to_json() == first


@every_family
def test_one_class_only_is_refused_with_the_numbers(miner: Any) -> None:
    X, _ = risky(600)
    with pytest.raises(FeasibilityError, match="0 positive rows of 600"):
        miner.fit(X, np.zeros(600))
    with pytest.raises(FeasibilityError, match="0 negative rows of 600"):
        miner.fit(X, np.ones(600))
    with pytest.raises(FeasibilityError, match="rows"):
        miner.fit(X[:30], np.arange(30) % 2)


@every_family
def test_constant_columns_change_nothing_and_all_constant_gives_the_base_rate(miner: Any) -> None:
    X, y = risky(1200)
    X = np.column_stack([X, np.full(1200, 3.0)])
    miner.fit(X, y)
    moved = X.copy()
    moved[:, 4] = 99.0
    assert np.array_equal(miner.decision_function(X), miner.decision_function(moved))
    nothing = np.ones((400, 2))
    label = np.arange(400) % 4 == 0
    assert miner.fit(nothing, label).probability(nothing) == pytest.approx(np.full(400, 0.25), abs=0.02)


@every_family
def test_missing_values_are_answered_or_refused_with_the_columns_name(miner: Any) -> None:
    X, y = risky(1200)
    X[::4, 0] = np.nan
    X = np.column_stack([X, np.full(1200, np.nan)])
    if not miner.accepts_missing:
        with pytest.raises(UsageError, match="'x0' holds missing"):
            miner.fit(X, y)
        return
    assert np.isfinite(miner.fit(X, y).probability(X)).all()
    blank = np.full((1, 5), np.nan)
    assert 0 < miner.probability(blank)[0] < 1
    X, y = risky(1200)
    assert 0 < miner.fit(X, y).probability(np.full((1, 4), np.nan))[0] < 1


@every_family
def test_a_level_unseen_at_training_is_answered(miner: Any) -> None:
    draw = np.random.default_rng(0)
    level = draw.integers(0, 3, 1500)
    X = np.column_stack([(level == one).astype(float) for one in range(3)] + [draw.normal(size=1500)])
    y = draw.random(1500) < np.array([0.1, 0.5, 0.8])[level]
    miner.fit(X, y, names=["job=clerk", "job=nurse", "job=smith", "age"])
    said = miner.probability(np.array([[0.0, 0.0, 0.0, 0.3]]))[0]
    assert 0.02 < said < 0.95


@every_family
def test_infinite_values_are_refused(miner: Any) -> None:
    X, y = risky(600)
    X[5, 1] = np.inf
    with pytest.raises(UsageError, match="infinite"):
        miner.fit(X, y)


@pytest.mark.parametrize(
    "module", ["genetic", "rough_sets", "fuzzy", "network"]
)  # fmt: skip
def test_more_rows_than_the_cap_are_sampled_and_said(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import import_module

    room = import_module(f"bankmine.mining.classification.{module}")
    monkeypatch.setattr(room, "MOST_ROWS", 700)
    miner: Any = next(one for one in FAMILIES if type(one).__module__ == room.__name__)
    X, y = risky(1500)
    assert abs(miner.fit(X, y).rows_used_ - 700) <= 1
    assert len(miner.probability(X)) == 1500


def test_importing_the_families_loads_no_heavy_library() -> None:
    import subprocess
    import sys

    names = ["tree", "bayes", "tree_augmented", "network", "genetic", "rough_sets", "fuzzy", "per_segment"]
    code = "import sys; " + "; ".join(f"import bankmine.mining.classification.{name}" for name in names)
    code += "; print(sorted({'sklearn', 'lightgbm', 'scipy', 'numba', 'pandas'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("name", list(FAMILY_NAMES))
def test_every_family_can_be_tried_by_its_name(name: str) -> None:
    X, y = risky(1200)
    tried = attempt(name, X, y, names=["a", "b", "c", "d"], quick=True)
    assert not tried.refusal
    assert tried.rules
    assert tried.conditions_a_rule >= 1
    assert (tried.surrogate is not None) == (name in ("neural network", "logistic", "boosting"))


def test_a_family_with_too_little_data_refuses_and_says_why() -> None:
    X, y = risky(20)
    assert "It needs at least" in attempt("genetic rules", X, y, names=["a", "b", "c", "d"]).refusal
    with pytest.raises(UsageError, match="no family"):
        family("support vectors")


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FAMILY_NAMES))
def test_fifty_thousand_rows_of_forty_columns_are_fitted_within_twenty_seconds(name: str) -> None:
    from time import process_time

    draw = np.random.default_rng(0)
    X = draw.normal(size=(50_000, 40)) + draw.normal(size=(50_000, 1))
    X[:, 20:30], X[:, 30:] = np.exp(X[:, 20:30]), X[:, 30:] > 1
    log_odds = X[:, 0] + X[:, 1] * X[:, 2] / 2 - np.log(X[:, 21]) / 2 + X[:, 31] - 2.5
    y = draw.random(50_000) < 1 / (1 + np.exp(-log_odds))
    start = process_time()
    family(name).make().fit(X, y, names=[f"x{place}" for place in range(40)])
    assert process_time() - start < 20
