"""Boosting: repeatable on any number of threads, exact from its text, additive reasons."""

import numpy as np
import pytest
from samples import risky

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.classification.boosting import Boosting


def test_one_thread_and_two_grow_the_same_trees() -> None:
    X, y = risky(8000)
    texts = [Boosting(60, num_threads=threads).fit(X, y).booster_text_ for threads in (1, 2)]
    assert texts[0] == texts[1]


def test_the_random_state_decides_the_trees() -> None:
    X, y = risky(2000)
    texts = [Boosting(20, random_state=seed).fit(X, y).booster_text_ for seed in (0, 0, 1)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_a_row_alone_gets_the_same_bits_as_in_a_batch() -> None:
    X, y = risky(3000)
    miner = Boosting(50, num_threads=2).fit(X, y)
    whole = miner.probability(X)
    assert [miner.probability(X[i : i + 1])[0] for i in (0, 17, 2999)] == [whole[0], whole[17], whole[2999]]


def test_shap_values_add_up_to_the_log_odds() -> None:
    X, y = risky(1000)
    miner = Boosting(40).fit(X, y)
    assert np.allclose(miner.contributions(X).sum(axis=1), miner.decision_function(X))


def test_the_strongest_reasons_are_the_columns_that_matter() -> None:
    X, y = risky()
    miner = Boosting(80).fit(X, y)
    assert [name for name, _ in miner.importance()[:2]] == ["x0", "x1"]
    reasons = miner.reasons(X[:200], top=1)
    strongest = [reasons.row(i)[0].feature for i in range(200)]
    assert np.mean([name in ("x0", "x1") for name in strongest]) > 0.9


def test_a_later_part_stops_the_growth() -> None:
    X, y = risky(4000)
    miner = Boosting(2000, patience=10).fit(X[:2000], y[:2000], validation=(X[2000:], y[2000:]))
    assert 5 < miner.rounds_ < 500
    assert Boosting(37).fit(X, y).rounds_ == 37


def test_a_later_part_without_positives_is_refused() -> None:
    X, y = risky(1000)
    with pytest.raises(FeasibilityError, match="Early stopping was given 0 positive rows"):
        Boosting().fit(X, y, validation=(X, np.zeros(1000)))


def test_unordered_codes_are_split_as_sets() -> None:
    """Odd codes are positive: no threshold on the code's size says so, a set of codes does."""
    draw = np.random.default_rng(0)
    code = draw.integers(0, 8, 4000)
    X, y = np.column_stack([code, draw.normal(size=4000)]), code % 2
    small = {"num_leaves": 2, "feature_fraction": 1.0, "learning_rate": 0.3}
    sets = Boosting(10, categorical=["code"], **small).fit(X, y, names=["code", "noise"])
    sizes = Boosting(10, **small).fit(X, y, names=["code", "noise"])
    assert ((sets.probability(X) > 0.5) == y).all()
    assert ((sizes.probability(X) > 0.5) == y).mean() < 0.9


def test_an_unknown_categorical_column_is_refused() -> None:
    with pytest.raises(UsageError, match="'colour' is not in the matrix"):
        Boosting(5, categorical=["colour"]).fit(*risky(500))
