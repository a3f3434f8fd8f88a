"""Every miner refuses parameters that cannot be meant, and says "not fitted", in one clear line."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from samples import risky

from bankmine.errors import UsageError
from bankmine.mining.association.attributes import attribute_rules
from bankmine.mining.association.bins import entropy_edges, share_edges
from bankmine.mining.association.itemsets import frequent_itemsets
from bankmine.mining.association.rules import rules
from bankmine.mining.association.sequences import frequent_paths, frequent_sequences
from bankmine.mining.classification.baselines import Prior
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.contract import Estimator
from bankmine.mining.files import MINERS, load, save
from bankmine.mining.learner import NotFittedError

NEEDED: dict[str, dict[str, Any]] = {
    "SingleRule": {"column": "x0"},
    "CountRule": {"columns": ["x0"]},
    "Calibrated": {"classifier": Prior()},
}
# these refuse in words of their own, in tests of their own
OTHERS = {"FormModel", "Scorecard", "TextLinear", "SortedTermNetwork"}
NAN = float("nan")
WRONG: dict[str, tuple[Any, ...]] = {
    "int": (2.5, 2.0, "3", -1, NAN, True),
    "float": ("0.1", -0.5, NAN, True),
    "bool": ("yes", 1),
    "Literal": ("nonsense", 3),
}


def kind_of(name: str) -> Any:
    return getattr(import_module(MINERS[name]), name)


def cases() -> Iterator[tuple[str, str, Any]]:
    """(miner, parameter, wrong value) for every parameter that is a number, a yes or no, or one of a few."""
    for name in MINERS:
        if name in OTHERS:
            continue
        for parameter, shape in inspect.signature(kind_of(name)).parameters.items():
            declared = str(shape.annotation).removesuffix(" | None").split("[")[0]
            for value in WRONG.get(declared, ()):
                yield name, parameter, value
            if declared in WRONG and "None" not in str(shape.annotation):
                yield name, parameter, None


def fit(miner: Any) -> None:
    X, y = risky(200)
    match type(miner).__name__:
        case "Cox":
            miner.fit(X, np.arange(1.0, 201.0), y)
        case "DiscreteHazard":
            miner.fit(X, np.zeros(200, np.int64), y)
        case "Amounts":
            miner.fit(X, X[:, 0])
        case _:
            miner.fit(X, y)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in cases()}))
def test_a_parameter_that_cannot_be_meant_is_refused_by_its_name(name: str) -> None:
    for _, parameter, value in (case for case in cases() if case[0] == name):
        miner = kind_of(name)(**{**NEEDED.get(name, {}), parameter: value})
        with pytest.raises(UsageError) as refused:
            fit(miner)
        assert parameter in str(refused.value), (parameter, value, str(refused.value))
        assert "\n" not in str(refused.value)


ASKED = ("predict", "probability", "reasons", "transform", "table", "to_json", "interval", "survival")


@pytest.mark.parametrize("name", sorted(set(MINERS) - {*OTHERS, "Uncalibrated"}))
def test_every_miner_says_that_it_is_not_fitted(name: str) -> None:
    miner = kind_of(name)(**NEEDED.get(name, {}))
    X = np.array([[1.0, 10.0]] if name == "GammaGamma" else [[1.0, 1.0, 2.0]])
    given = {"X": X, "score": X[:, 0], "times": X[:, 0], "periods": 2}
    asked = [ask for ask in ASKED if hasattr(type(miner), ask)]
    assert asked
    for ask in asked:
        shape = inspect.signature(getattr(miner, ask)).parameters.values()
        with pytest.raises(UsageError, match="is not fitted") as refused:
            getattr(miner, ask)(*(given[one.name] for one in shape if one.default is one.empty))
        assert "\n" not in str(refused.value)


def test_an_unfitted_miner_still_answers_hasattr_and_copies() -> None:
    miner = KMeans(3)
    assert not hasattr(miner, "points_")
    assert not hasattr(miner, "anything")
    with pytest.raises(AttributeError, match="no attribute 'anything'"):
        _ = miner.anything  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(miner)).get_params() == miner.get_params()


def test_a_loaded_model_says_what_it_does_not_keep(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(200, 2))
    save(KMeans(np.int64(3)).fit(X), tmp_path)
    loaded = load(tmp_path)
    assert loaded.get_params()["n_clusters"] == 3
    with pytest.raises(NotFittedError, match=r"this KMeans has no labels_\. Fit it first"):
        _ = loaded.labels_


def test_a_miner_half_fitted_is_not_taken_for_a_fitted_one() -> None:
    class Broken(Estimator):
        def fit(self, X: Any) -> None:
            self._learn_matrix(X, None)

    broken = Broken()
    broken.fit(np.zeros((2, 1)))
    with pytest.raises(NotFittedError, match="no means_"):
        _ = broken.means_  # type: ignore[attr-defined]


BASKETS = [["a", "b"], ["a"], ["a", "b"]]
TABLE = pa.table({"age": np.arange(40.0)})
TARGET = np.arange(40) % 2 == 0


@pytest.mark.parametrize("value", [2.5, "2", NAN, 0, -1, True])
@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("bins", lambda value: attribute_rules(TABLE, TARGET, bins=value)),
        ("longest", lambda value: attribute_rules(TABLE, TARGET, longest=value)),
        ("most", lambda value: attribute_rules(TABLE, TARGET, most=value)),
        ("bins", lambda value: share_edges(np.arange(9.0), value)),
        ("most", lambda value: entropy_edges(np.arange(40.0), TARGET, value)),
        ("longest", lambda value: frequent_itemsets(BASKETS, count=1, longest=value)),
        ("most", lambda value: frequent_itemsets(BASKETS, count=1, most=value)),
        ("longest_basket", lambda value: frequent_itemsets(BASKETS, count=1, longest_basket=value)),
        ("count", lambda value: frequent_itemsets(BASKETS, count=value)),
        ("longest", lambda value: frequent_sequences(BASKETS, count=1, longest=value)),
        ("most", lambda value: frequent_sequences(BASKETS, count=1, most=value)),
        ("longest", lambda value: frequent_paths(BASKETS, count=1, longest=value)),
        ("shortest", lambda value: rules(frequent_itemsets(BASKETS, count=1), shortest=value)),
        (
            "longest_consequent",
            lambda value: rules(frequent_itemsets(BASKETS, count=1), longest_consequent=value),
        ),
        ("top", lambda value: rules(frequent_itemsets(BASKETS, count=1)).suggest(BASKETS, top=value)),
    ],
)  # fmt: skip
def test_association_refuses_numbers_that_are_not_whole(name: str, ask: Any, value: Any) -> None:
    with pytest.raises(UsageError, match=name):
        ask(value)


@pytest.mark.parametrize("value", ["0.5", NAN, -0.5, 1.5])
@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("level", lambda value: attribute_rules(TABLE, TARGET, level=value)),
        ("support", lambda value: attribute_rules(TABLE, TARGET, support=value)),
        ("support", lambda value: frequent_itemsets(BASKETS, support=value)),
        ("support", lambda value: frequent_sequences(BASKETS, support=value)),
        ("confidence", lambda value: rules(frequent_itemsets(BASKETS, count=1), confidence=value)),
        ("significant", lambda value: rules(frequent_itemsets(BASKETS, count=1), significant=value)),
    ],
)
def test_association_refuses_shares_that_are_none(name: str, ask: Any, value: Any) -> None:
    with pytest.raises(UsageError, match=name):
        ask(value)


def test_a_share_above_one_and_labels_of_text_are_refused() -> None:
    from bankmine.mining.classification.fuzzy import FuzzyRules
    from bankmine.mining.classification.tree import DecisionTree

    X = np.random.default_rng(0).random((200, 2))
    with pytest.raises(UsageError, match="least_support = 2"):
        FuzzyRules(least_support=2).fit(X, np.arange(200) % 2)
    with pytest.raises(UsageError, match="label is not made of numbers"):
        DecisionTree().fit(X, np.array(["yes", "no"] * 100))
