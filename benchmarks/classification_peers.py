"""Peers of the seven families: other implementations and other well-known members, each under one face.

Peers outside scikit-learn and LightGBM (imodels, wittgenstein, fuzzy-rough-learn) are no dependency; they
stand in `classification_peers.txt`, take part where they are installed, and the row says which are absent.
Left out after a look: gplearn, fylearn, which ranked german-credit no better than chance, and ex-fuzzy, which
wants an optimiser of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

Score = NDArray[np.float64]
Peer = Callable[[Any, Any, Any, int], Score]  # training matrix, label, test matrix, seed → scores
PACKAGES = {"frlearn": "fuzzy-rough-learn"}  # where a module is named otherwise than its package
FEW = 2_500  # rows that peers comparing every two rows, or evolving in Python, are given


def peers_of(family: str) -> dict[str, Peer]:
    """The peers of a family that are installed, by name."""
    found = {}
    for name, (package, make) in PEERS[family].items():
        if find_spec(package) is not None:
            found[name] = make
    return found


def absent() -> list[str]:
    """Packages of peers that are not installed."""
    packages = {package for peers in PEERS.values() for package, _ in peers.values()}
    return sorted(PACKAGES.get(one, one) for one in packages if find_spec(one) is None)


def say_absent() -> None:
    """One line that names the packages of peers that are not installed, and how to get them."""
    if absent():
        print(
            f"Without {', '.join(absent())}: fewer peers take part. How to install them stands in "
            "benchmarks/classification_peers.txt.",
            flush=True,
        )


def _estimator(module: str, name: str, *, most: int | None = None, seeded: bool = True, **how: Any) -> Peer:
    """A peer with scikit-learn's face."""

    def run(X: Any, y: Any, test: Any, seed: int) -> Score:
        if most is not None and len(X) > most:
            part = np.random.default_rng(seed).choice(len(X), most, replace=False)
            X, y = X[part], y[part]
        settings = {**how, **({"random_state": seed} if seeded else {})}
        model = getattr(import_module(module), name)(**settings)
        model.fit(X, y.astype(int))
        return _positive(model, test)

    return run


def _positive(model: Any, test: Any) -> Score:
    if hasattr(model, "predict_proba"):
        said = np.asarray(model.predict_proba(test), dtype=np.float64)
        return said[:, -1] if said.ndim == 2 else said
    return np.asarray(model.predict(test), dtype=np.float64)


def _binned_bayes(X: Any, y: Any, test: Any, seed: int) -> Score:
    """scikit-learn's CategoricalNB on ten quantile bins a column."""
    from sklearn.naive_bayes import CategoricalNB

    edges = [np.unique(np.quantile(column, np.linspace(0, 1, 11)[1:-1])) for column in X.T]
    coded, asked = (
        np.column_stack([np.searchsorted(e, column) for e, column in zip(edges, part.T, strict=True)])
        for part in (X, test)
    )
    most = [len(e) + 1 for e in edges]
    model = CategoricalNB(min_categories=most).fit(coded, y)
    return np.asarray(model.predict_proba(asked)[:, 1])


def _boosted_stump_tree(X: Any, y: Any, test: Any, seed: int) -> Score:
    """One LightGBM tree of 31 leaves."""
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=1, random_state=seed, verbose=-1, n_jobs=1)
    return np.asarray(model.fit(X, y).predict_proba(test)[:, 1])


def _fuzzy_rough(X: Any, y: Any, test: Any, seed: int) -> Score:
    """Fuzzy-rough nearest neighbours on at most 2,500 rows."""
    part = np.random.default_rng(seed).permutation(len(X))[:FEW]
    model = import_module("frlearn.classifiers").FRNN()(X[part], y[part].astype(int))
    said = np.asarray(model(test), dtype=np.float64)
    return said[:, 1] / np.maximum(said.sum(axis=1), 1e-12)


def _ripper(X: Any, y: Any, test: Any, seed: int) -> Score:
    """RIPPER on at most 2,500 rows; numbers in ten bins."""
    import pandas as pd

    part = np.random.default_rng(seed).permutation(len(X))[:FEW]
    names = [f"x{place}" for place in range(X.shape[1])]
    model = import_module("wittgenstein").RIPPER(random_state=seed)
    model.fit(pd.DataFrame(X[part], columns=names), y[part].astype(int), pos_class=1)
    said = np.asarray(model.predict_proba(pd.DataFrame(test, columns=names)), dtype=np.float64)
    return said[:, 1]


def _crisp_pairs(X: Any, y: Any, test: Any, seed: int) -> Score:
    """What fuzzy rules make soft, left hard: logistic regression on thirds of every column (scikit-learn)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer

    bins = KBinsDiscretizer(3, strategy="quantile", quantile_method="averaged_inverted_cdf")
    model = make_pipeline(bins, LogisticRegression(C=0.1, max_iter=1000)).fit(X, y)
    return _positive(model, test)


SKLEARN = "sklearn"
PEERS: dict[str, dict[str, tuple[str, Peer]]] = {
    "decision tree": {
        "CART (scikit-learn)": (
            SKLEARN, _estimator("sklearn.tree", "DecisionTreeClassifier", max_leaf_nodes=32,
                                min_samples_leaf=20),
        ),
        "entropy tree (scikit-learn)": (
            SKLEARN, _estimator("sklearn.tree", "DecisionTreeClassifier", criterion="entropy", max_depth=5),
        ),
        "one tree (LightGBM)": ("lightgbm", _boosted_stump_tree),
        "FIGS (imodels)": ("imodels", _estimator("imodels", "FIGSClassifier", seeded=False, max_rules=12)),
        "greedy rule list (imodels)": (
            "imodels", _estimator("imodels", "GreedyRuleListClassifier", seeded=False),
        ),
    },
    "naive Bayes": {
        "Gaussian (scikit-learn)": (SKLEARN, _estimator("sklearn.naive_bayes", "GaussianNB", seeded=False)),
        "ten quantile bins (scikit-learn)": (SKLEARN, _binned_bayes),
        "Bernoulli (scikit-learn)": (
            SKLEARN, _estimator("sklearn.naive_bayes", "BernoulliNB", seeded=False),
        ),
    },
    "neural network": {
        "100 relu units (scikit-learn)": (
            SKLEARN, _estimator("sklearn.neural_network", "MLPClassifier", early_stopping=True),
        ),
        "two layers (scikit-learn)": (
            SKLEARN, _estimator("sklearn.neural_network", "MLPClassifier", hidden_layer_sizes=(32, 16),
                                alpha=1.0, max_iter=100),
        ),
        "20 logistic units (scikit-learn)": (
            SKLEARN, _estimator("sklearn.neural_network", "MLPClassifier", hidden_layer_sizes=(20,),
                                activation="logistic", alpha=0.1, max_iter=100),
        ),
    },
    "genetic rules": {
        "RIPPER (wittgenstein)": ("wittgenstein", _ripper),
        "skope rules (imodels)": (
            "imodels", _estimator("imodels", "SkopeRulesClassifier", max_depth=3, n_estimators=30),
        ),
    },
    "rough sets": {
        "fuzzy-rough neighbours (fuzzy-rough-learn)": ("frlearn", _fuzzy_rough),
        "RIPPER (wittgenstein)": ("wittgenstein", _ripper),
        "skope rules (imodels)": (
            "imodels", _estimator("imodels", "SkopeRulesClassifier", max_depth=3, n_estimators=30),
        ),
    },
    "fuzzy rules": {
        "thirds of every column (scikit-learn)": (SKLEARN, _crisp_pairs),
        "fuzzy-rough neighbours (fuzzy-rough-learn)": ("frlearn", _fuzzy_rough),
    },
}  # fmt: skip
PEERS["Bayes network"] = PEERS["naive Bayes"]
