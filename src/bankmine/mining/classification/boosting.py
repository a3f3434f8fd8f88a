"""Gradient boosting of trees with LightGBM (Ke et al. 2017), fixed so that it can be repeated.

`deterministic` with row-wise histograms gives the same trees on one thread and on two. The fitted booster is
read back from its own text at once, so the model in memory and the model in the file are the same model.
Missing values are handled by the trees. Reasons are exact SHAP values (Lundberg et al. 2020) in log-odds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import logistic
from bankmine.mining.classification.classifier import Classifier, row_weights
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, labels, strongest


class Boosting(Classifier):
    """Binary log-loss boosting. With `validation`, training stops when its log loss has not fallen for
    `patience` rounds; without, exactly `n_estimators` trees are grown.

    `categorical` names columns that hold codes 0, 1, 2 … without order. Needs 200 rows, 20 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=200, each_class=20)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        n_estimators: int = 300,
        *,
        learning_rate: float = 0.05,
        num_leaves: int = 31,
        min_data_in_leaf: int = 20,
        feature_fraction: float = 0.8,
        bagging_fraction: float = 0.8,
        lambda_l2: float = 1.0,
        patience: int = 30,
        categorical: Sequence[str] = (),
        num_threads: int = 1,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_data_in_leaf = min_data_in_leaf
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction
        self.lambda_l2 = lambda_l2
        self.patience = patience
        self.categorical = categorical
        self.num_threads = num_threads
        self.random_state = random_state

    def fit(
        self,
        X: Matrix,
        y: Any,
        *,
        names: Iterable[str] | None = None,
        sample_weight: Any = None,
        validation: tuple[Matrix, Any] | None = None,
    ) -> Self:
        """Grow the trees; `validation` (matrix, label) should lie later in time than `X`."""
        import lightgbm

        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        train = self._dataset(lightgbm, values, truth, row_weights(sample_weight, len(values)))
        watch: dict[str, Any] = {}
        if validation is not None:
            held = self._matrix(validation[0])
            held_truth = labels(validation[1], len(held))
            MinimumData(rows=50, each_class=5).require("Early stopping", len(held), int(held_truth.sum()))
            watch["valid_sets"] = [train.create_valid(held, held_truth.astype(np.float64))]
            watch["callbacks"] = [lightgbm.early_stopping(self.patience, verbose=False)]
        booster = lightgbm.train(self._parameters(), train, self.n_estimators, **watch)
        rounds = booster.best_iteration if validation is not None else booster.current_iteration()
        self._read(_plain_text(booster.model_to_string(num_iteration=rounds)))
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive."""
        raw = self.booster_.predict(self._matrix(X), raw_score=True, num_threads=self.num_threads)
        return np.asarray(raw, dtype=np.float64)

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive."""
        return logistic(self.decision_function(X))

    def contributions(self, X: Matrix) -> Floats:
        """SHAP values, shape (rows, columns + 1); the last is the mean, a row adds up to its log-odds.

        Costs about a thousand times a prediction: ask for the rows that are shown.
        """
        result = self.booster_.predict(self._matrix(X), pred_contrib=True, num_threads=self.num_threads)
        return np.asarray(result, dtype=np.float64)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns with the largest SHAP values, in log-odds."""
        values = self._matrix(X)
        return strongest(self.contributions(values)[:, :-1], values, self.names_, top)

    def importance(self) -> list[tuple[str, float]]:
        """Each column's share of the total gain of all splits, by falling share."""
        gain = np.asarray(self.booster_.feature_importance("gain"), dtype=np.float64)
        share = gain / gain.sum() if gain.sum() > 0 else gain
        order = np.argsort(-share, kind="stable")
        return [(self.names_[i], float(share[i])) for i in order]

    @property
    def rounds_(self) -> int:
        """The number of trees kept."""
        return int(self.booster_.num_trees())

    def to_json(self) -> dict[str, Any]:
        """Parameters and LightGBM's text."""
        return {
            "parameters": {**self.get_params(), "categorical": list(self.categorical)},
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "booster": self.booster_text_,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner._read(content["booster"])
        return miner

    def _read(self, text: str) -> None:
        import lightgbm

        self.booster_text_ = text
        self.booster_ = lightgbm.Booster(model_str=text)

    def _dataset(self, lightgbm: Any, values: Floats, truth: Any, weights: Floats | None) -> Any:
        unknown = [name for name in self.categorical if name not in self.names_]
        if unknown:
            raise UsageError(
                f"The categorical column {unknown[0]!r} is not in the matrix",
                hint="Name columns of the matrix only.",
            )
        positions = [self.names_.index(name) for name in self.categorical]
        return lightgbm.Dataset(
            values,
            truth.astype(np.float64),
            weight=weights,
            categorical_feature=positions,
            params=self._parameters(),
            free_raw_data=False,
        )

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_data_in_leaf,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1 if self.bagging_fraction < 1 else 0,
            "lambda_l2": self.lambda_l2,
            "seed": self.random_state,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.num_threads,
            "verbosity": -1,
        }


def _plain_text(text: str) -> str:
    """LightGBM's text without the number of threads, which changes nothing in the model."""
    return re.sub(r"^\[num_threads: \d+\]$", "[num_threads: 0]", text, flags=re.MULTILINE)
