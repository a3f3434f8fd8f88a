"""What every miner promises: minimum data, no missing values unseen, names, scikit-learn's protocol."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from samples import blobs, risky

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.classification.baselines import Prior, SingleRule
from bankmine.mining.classification.boosting import Boosting
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.classification.network import NeuralNetwork
from bankmine.mining.classification.tree import DecisionTree
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.contract import strongest

CLASSIFIERS = [Prior(), SingleRule("x0"), Logistic(), Boosting(20)]


def test_importing_the_room_loads_no_heavy_library() -> None:
    heavy = "{'sklearn', 'lightgbm', 'scipy', 'numba', 'pandas'}"
    modules = [
        "files",
        "clustering.kmeans",
        "clustering.choice",
        "classification.logistic",
        "classification.boosting",
        "classification.baselines",
        "classification.calibration",
    ]
    code = "import sys; " + "; ".join(f"import bankmine.mining.{name}" for name in modules)
    code += f"; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("miner", CLASSIFIERS, ids=lambda m: type(m).__name__)
def test_classifiers_give_probabilities_in_scikit_learns_shape(miner: Prior) -> None:
    X, y = risky(1000)
    both = miner.fit(X, y).predict_proba(X)
    assert both.shape == (1000, 2)
    assert np.allclose(both.sum(axis=1), 1)
    assert ((both >= 0) & (both <= 1)).all()
    assert set(np.unique(miner.predict(X))) <= {0, 1}


@pytest.mark.parametrize("miner", [*CLASSIFIERS, KMeans(3)], ids=lambda m: type(m).__name__)
def test_scikit_learn_can_clone_a_miner(miner: Prior) -> None:
    from sklearn.base import clone

    assert clone(miner).get_params() == miner.get_params()


def test_scikit_learn_can_cross_validate_a_miner() -> None:
    from sklearn.model_selection import cross_val_score

    X, y = risky(600)
    assert cross_val_score(Logistic(), X, y, scoring="roc_auc", cv=3).mean() > 0.75


@pytest.mark.parametrize(
    "miner", [Logistic(), Boosting(20), SingleRule("x0")], ids=lambda m: type(m).__name__
)
def test_too_few_rows_are_refused_before_fitting(miner: Logistic) -> None:
    X, y = risky(40)
    with pytest.raises(FeasibilityError, match=r"40 rows\. It needs at least"):
        miner.fit(X, y)


@pytest.mark.parametrize(
    "miner", [Logistic(), Boosting(20), SingleRule("x0")], ids=lambda m: type(m).__name__
)
def test_too_few_positives_are_refused(miner: Logistic) -> None:
    X, _ = risky(1000)
    with pytest.raises(FeasibilityError, match="3 positive rows of 1000"):
        miner.fit(X, np.arange(1000) < 3)


def test_a_missing_value_is_refused_with_the_columns_name() -> None:
    X, y = risky(200)
    X[7, 2] = np.nan
    with pytest.raises(UsageError, match="'c' holds missing"):
        Logistic().fit(X, y, names=["a", "b", "c", "d"])
    with pytest.raises(UsageError, match="missing or infinite"):
        KMeans(2).fit(X)


@pytest.mark.parametrize("miner", CLASSIFIERS, ids=lambda m: type(m).__name__)
def test_no_column_and_numbers_too_large_are_refused(miner: Prior) -> None:
    X, y = risky(400)
    with pytest.raises(FeasibilityError, match="was given no column"):
        miner.fit(X[:, :0], y)
    fitted = miner.fit(X, y)
    X[3, 1] = -1e200
    for ask in (lambda: miner.fit(X, y), lambda: fitted.predict(X)):
        with pytest.raises(UsageError, match=r"'x1' holds numbers beyond ±1e\+100 \(1 in all"):
            ask()


@pytest.mark.parametrize("miner", [DecisionTree(), NeuralNetwork(2)], ids=lambda m: type(m).__name__)
def test_miners_of_32_bit_floats_refuse_what_those_cannot_hold(miner: DecisionTree) -> None:
    X, y = risky(400)
    with pytest.raises(UsageError, match=r"beyond ±1e\+30"):
        miner.fit(X * 1e39, y)


def test_boosting_takes_missing_values_but_no_infinite_ones() -> None:
    X, y = risky(400)
    X[::5, 0] = np.nan
    assert np.isfinite(Boosting(10).fit(X, y).probability(X)).all()
    X[0, 1] = np.inf
    with pytest.raises(UsageError, match="infinite"):
        Boosting(10).fit(X, y)


def test_an_arrow_table_gives_the_same_model_whatever_the_order_of_its_columns() -> None:
    X, y = risky(500)
    names = ["a", "b", "c", "d"]
    table = pa.table({name: X[:, i] for i, name in enumerate(names)})
    fitted = Logistic().fit(table, pa.array(y))
    assert np.array_equal(fitted.probability(X), fitted.probability(table.select(["d", "b", "c", "a"])))
    with pytest.raises(UsageError, match="lacks the column 'b'"):
        fitted.probability(table.drop_columns(["b"]))


def test_text_in_a_matrix_is_refused() -> None:
    with pytest.raises(UsageError, match="not a number"):
        KMeans(2).fit(pa.table({"city": ["Praha"] * 100}))


def test_a_miner_not_fitted_says_so() -> None:
    with pytest.raises(UsageError, match="not fitted"):
        Logistic().probability(np.zeros((1, 2)))


def test_a_matrix_of_another_width_is_refused() -> None:
    with pytest.raises(UsageError, match="fitted on 2 columns"):
        KMeans(3).fit(blobs()).predict(np.zeros((5, 3)))


@pytest.mark.parametrize("label", [np.full(200, 2), np.zeros(199), np.full(200, np.nan)])
def test_a_label_that_is_not_0_or_1_is_refused(label: np.ndarray) -> None:
    with pytest.raises(UsageError, match="label"):
        Logistic().fit(risky(200)[0], label)


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(UsageError, match="no parameter 'depth'"):
        Boosting().set_params(depth=3)


def test_strongest_reasons_come_first_and_nothing_is_no_reason() -> None:
    contributions = np.array([[0.1, -0.5, 0.0], [0.0, 0.0, 0.0]])
    values = np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
    reasons = strongest(contributions, values, ["a", "b", "c"], top=3)
    assert [(r.feature, r.contribution) for r in reasons.row(0)] == [("b", -0.5), ("a", 0.1)]
    assert reasons.row(1) == []
    assert reasons.to_arrow().to_pylist() == [
        [
            {"feature": "b", "value": None, "contribution": -0.5},
            {"feature": "a", "value": 1.0, "contribution": 0.1},
        ],
        [],
    ]


def test_equal_contributions_are_given_in_the_order_of_columns() -> None:
    reasons = strongest(np.array([[1.0, -1.0, 1.0]]), np.zeros((1, 3)), ["a", "b", "c"], top=2)
    assert [r.feature for r in reasons.row(0)] == ["a", "b"]
