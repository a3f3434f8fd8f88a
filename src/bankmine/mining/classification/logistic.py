"""Logistic regression with a ridge penalty on standardised columns.

`log odds = b₀ + Σ bⱼ (xⱼ − mⱼ) / sⱼ` with mⱼ, sⱼ the mean and standard deviation of training, fitted by
scikit-learn (L-BFGS, one thread). The terms of the sum are the reasons: they add up to the log-odds exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.mining.arithmetic import logistic, one_thread, weighted_sum
from bankmine.mining.classification.classifier import Classifier, row_weights
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers


class Coefficient(NamedTuple):
    """One column: change of the log-odds and factor of the odds for one standard deviation more."""

    feature: str
    coefficient: float
    odds_ratio: float
    mean: float
    deviation: float


class Logistic(Classifier):
    """`C` is the inverse strength of the ridge penalty. No missing values.

    A constant column gets the coefficient 0. Needs 50 rows and 10 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=50, each_class=10)

    def __init__(self, C: float = 1.0, *, max_iter: int = 1000, random_state: int = 0) -> None:
        self.C = C
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(
        self, X: Matrix, y: Any, *, names: Iterable[str] | None = None, sample_weight: Any = None
    ) -> Self:
        """Fit on `X` (rows, columns) and a 0/1 label. FeasibilityError below the minimum data."""
        from sklearn.linear_model import LogisticRegression

        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        self.means_ = values.mean(axis=0)
        deviation = values.std(axis=0)
        varies = deviation > 1e-12 * np.maximum(np.abs(self.means_), 1.0)
        self.deviations_ = np.where(varies, deviation, 1.0)
        scaled = np.where(varies, (values - self.means_) / self.deviations_, 0.0)
        regression = LogisticRegression(
            C=self.C, tol=1e-7, max_iter=self.max_iter, random_state=self.random_state
        )
        with one_thread():
            regression.fit(scaled, truth, sample_weight=row_weights(sample_weight, len(values)))
        self.coefficients_ = np.where(varies, regression.coef_[0], 0.0)
        self.intercept_ = float(regression.intercept_[0])
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive."""
        scaled = (self._matrix(X) - self.means_) / self.deviations_
        return weighted_sum(scaled, self.coefficients_, self.intercept_)

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive."""
        return logistic(self.decision_function(X))

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """Coefficient times standardised deviation of each column, in log-odds."""
        values = self._matrix(X)
        return strongest(self.contributions(values), values, self.names_, top)

    def contributions(self, X: Matrix) -> Floats:
        """All terms, shape (rows, columns); with the intercept they add up to the log-odds."""
        scaled = (self._matrix(X) - self.means_) / self.deviations_
        return np.asarray(scaled * self.coefficients_)

    def table(self) -> list[Coefficient]:
        """The coefficients by falling size."""
        rows = [
            Coefficient(name, float(b), float(np.exp(b)), float(m), float(s))
            for name, b, m, s in zip(
                self.names_, self.coefficients_, self.means_, self.deviations_, strict=True
            )
        ]
        return sorted(rows, key=lambda row: -abs(row.coefficient))

    def to_json(self) -> dict[str, Any]:
        """Parameters, means, deviations and coefficients."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "means": numbers(self.means_),
            "deviations": numbers(self.deviations_),
            "coefficients": numbers(self.coefficients_),
            "intercept": self.intercept_,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.means_ = array(content["means"])
        miner.deviations_ = array(content["deviations"])
        miner.coefficients_ = array(content["coefficients"])
        miner.intercept_ = float(content["intercept"])
        return miner
