"""One model a segment: each row is answered by its own cluster's model, and thin clusters by the whole."""

from pathlib import Path

import numpy as np
import pytest
from samples import risky

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.metrics import auc
from bankmine.mining.classification.boosting import Boosting
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.classification.per_segment import PerSegment
from bankmine.mining.files import load, save


def opposed(rows: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two groups far apart in three columns; the fourth raises the odds in one, lowers them in the other."""
    draw = np.random.default_rng(seed)
    group = draw.random(rows) < 0.5
    X = draw.normal(size=(rows, 4))
    X[:, :3] += np.where(group, 6.0, 0.0)[:, None]
    log_odds = np.where(group, 2.0, -2.0) * X[:, 3]
    return X, draw.random(rows) < 1 / (1 + np.exp(-log_odds))


def test_models_of_segments_see_what_one_model_for_all_cannot() -> None:
    X, y = opposed()
    half = len(X) // 2
    one = Logistic().fit(X[:half], y[:half])
    two = PerSegment(2, miner="Logistic").fit(X[:half], y[:half])
    assert auc(y[half:], one.decision_function(X[half:])) < 0.6
    assert auc(y[half:], two.decision_function(X[half:])) > 0.8


def test_each_row_is_answered_by_the_model_of_its_own_rows() -> None:
    X, y = opposed()
    miner = PerSegment(2, miner="Logistic").fit(X, y)
    inside = miner.segment(X) == 1
    alone = Logistic(random_state=0).fit(X[inside], y[inside])
    assert np.array_equal(miner.probability(X)[inside], alone.probability(X[inside]))
    assert miner.reasons(X[inside][:5]).row(3) == alone.reasons(X[inside][:5]).row(3)


def test_a_cluster_with_too_few_of_a_class_falls_back_to_the_whole() -> None:
    X, y = opposed()
    far = X[:, 0] > 3
    y = np.where(far & (np.cumsum(far) > 40), False, y)
    miner = PerSegment(2, miner="Logistic").fit(X, y)
    thin = [part for part in miner.segments_ if not part.own]
    assert len(thin) == 1
    assert thin[0].positives < 50
    rows = miner.segment(X) == thin[0].number
    whole = Logistic(random_state=0).fit(X, y)
    assert np.array_equal(miner.probability(X)[rows], whole.probability(X[rows]))


@pytest.mark.parametrize("member", ["Boosting", "Logistic"])
def test_a_saved_model_answers_the_same_to_the_bit(member: str, tmp_path: Path) -> None:
    X, y = opposed(2000)
    settings = {"n_estimators": 20} if member == "Boosting" else {"C": 0.5}
    miner = PerSegment(2, miner=member, settings=settings).fit(X, y, names=["a", "b", "c", "d"])
    save(miner, tmp_path)
    again = load(tmp_path)
    assert again.probability(X).tobytes() == miner.probability(X).tobytes()
    assert again.reasons(X[:9]).row(3) == miner.reasons(X[:9]).row(3)
    assert again.segments_ == miner.segments_
    assert again.importance() == miner.importance()


def test_missing_constant_and_empty_columns_pass_through_boosting() -> None:
    X, y = opposed(2000)
    X[::5, 3] = np.nan
    X = np.column_stack([X, np.full(len(X), 7.0), np.full(len(X), np.nan)])
    answer = PerSegment(2, settings={"n_estimators": 20}).fit(X, y).probability(X)
    assert np.isfinite(answer).all()
    with pytest.raises(UsageError, match="missing"):
        PerSegment(2, miner="Logistic").fit(X, y)


def test_rows_that_are_all_alike_are_one_segment() -> None:
    y = np.arange(600) % 3 == 0
    miner = PerSegment(3, settings={"n_estimators": 5}).fit(np.zeros((600, 2)), y)
    assert len(miner.segments_) == 1
    assert miner.probability(np.zeros((1, 2)))[0] == pytest.approx(1 / 3, abs=1e-6)


def test_too_little_data_and_unknown_miners_are_refused() -> None:
    X, y = risky(150)
    with pytest.raises(FeasibilityError, match="150 rows"):
        PerSegment().fit(X, y)
    with pytest.raises(UsageError, match="Boosting or Logistic"):
        PerSegment(miner="Prior").fit(*risky(1000))


def test_with_too_few_of_a_class_in_every_cluster_it_is_the_model_of_all() -> None:
    X, y = risky(1000)
    y = y & (np.cumsum(y) <= 45)
    settings = {"n_estimators": 10}
    miner = PerSegment(3, settings=settings).fit(X, y)
    assert not any(segment.own for segment in miner.segments_)
    assert np.array_equal(miner.probability(X), Boosting(**settings, random_state=0).fit(X, y).probability(X))


def test_importance_sums_to_one_and_names_the_column_that_matters() -> None:
    X, y = opposed()
    found = PerSegment(2, settings={"n_estimators": 30}).fit(X, y).importance()
    assert found[0][0] == "x3"
    assert sum(share for _, share in found) == pytest.approx(1)
