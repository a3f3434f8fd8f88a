"""A neural network with one hidden layer, trained by back-propagation (Rumelhart, Hinton & Williams 1986).

scikit-learn trains it; the weights are kept as plain numbers and the answer is computed with sums in one
fixed order, so a row alone gets the same answer as in a batch. Its reasons are integrated gradients
(Sundararajan, Taly & Yan 2017), its rules those of a surrogate tree with its fidelity said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

import numpy as np

from bankmine.mining.arithmetic import logistic, one_thread, weighted_sum
from bankmine.mining.classification.classifier import Classifier
from bankmine.mining.classification.rules import Rule
from bankmine.mining.classification.sampling import capped
from bankmine.mining.classification.surrogate import Surrogate, surrogate
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers

MOST_ROWS = 60_000
PATH_STEPS = 32


class NeuralNetwork(Classifier):
    """`hidden` tanh units on standardised columns, a logistic output, ridge penalty `alpha`.

    `networks` of them start from different seeds and their log-odds are averaged, since one alone depends
    much on its start. Training stops when a held-out tenth no longer improves. Learns from at most 60,000
    random rows (`rows_used_` says how many). No missing values; needs 100 rows and 20 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=100, each_class=20)
    largest: ClassVar[float] = 1e30  # it learns in 32-bit floats

    def __init__(
        self,
        hidden: int = 12,
        *,
        alpha: float = 0.3,
        networks: int = 3,
        max_iter: int = 60,
        solver: Literal["adam", "lbfgs"] = "adam",
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.alpha = alpha
        self.networks = networks
        self.max_iter = max_iter
        self.solver = solver
        self.random_state = random_state

    def fit(self, X: Matrix, y: Any, *, names: Iterable[str] | None = None) -> Self:
        """Train, then fit the surrogate. FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        rows = capped(truth, MOST_ROWS, self.random_state)
        self.rows_used_ = len(rows)
        self._learn_scale(values)
        scaled = self._scaled(values[rows])
        self.layers_ = tuple(
            self._train(scaled, truth[rows], self.random_state + number) for number in range(self.networks)
        )
        self.surrogate_ = surrogate(self, values, random_state=self.random_state)
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive, the mean of the networks'."""
        return self._answer(self._scaled(self._matrix(X)))

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive."""
        return logistic(self.decision_function(X))

    def contributions(self, X: Matrix) -> Floats:
        """Integrated gradients from the mean row, shape (rows, columns), in log-odds.

        With the mean row's log-odds they add up to the row's, up to the error of 32 steps.
        """
        scaled = self._scaled(self._matrix(X))
        total = np.zeros(scaled.shape)
        for step in range(PATH_STEPS):
            total += self._gradient(scaled * ((step + 0.5) / PATH_STEPS))
        return np.asarray(scaled * total / PATH_STEPS)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns with the largest integrated gradients, in log-odds."""
        values = self._matrix(X)
        return strongest(self.contributions(values), values, self.names_, top)

    def rules(self) -> tuple[Rule, ...]:
        """The rules of the surrogate tree; `surrogate_.fidelity` says how far they speak for the network."""
        return self.surrogate_.rules

    def to_json(self) -> dict[str, Any]:
        """Parameters, scale, weights and the surrogate."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "rows_used": self.rows_used_,
            "means": numbers(self.means_),
            "deviations": numbers(self.deviations_),
            "layers": [[numbers(part) for part in layer] for layer in self.layers_],
            "surrogate": self.surrogate_.to_json(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.rows_used_ = int(content["rows_used"])
        miner.means_, miner.deviations_ = array(content["means"]), array(content["deviations"])
        layers = [tuple(array(part) for part in layer) for layer in content["layers"]]
        miner.layers_ = tuple((w, b, v, c) for w, b, v, c in layers)
        miner.surrogate_ = Surrogate.from_json(content["surrogate"])
        return miner

    layers_: tuple[tuple[Floats, Floats, Floats, Floats], ...]

    def _learn_scale(self, values: Floats) -> None:
        self.means_ = values.mean(axis=0)
        spread = values.std(axis=0)
        varies = spread > 1e-12 * np.maximum(np.abs(self.means_), 1.0)
        self.deviations_ = np.where(varies, spread, np.nan)

    def _scaled(self, values: Floats) -> Floats:
        return np.asarray(np.nan_to_num((values - self.means_) / self.deviations_))

    def _train(self, scaled: Floats, truth: Any, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Weights and biases of the hidden layer and of the output."""
        from warnings import catch_warnings, simplefilter

        from sklearn.neural_network import MLPClassifier

        stops = self.solver == "adam" and len(truth) >= 1000
        network = MLPClassifier(
            (self.hidden,), activation="tanh", solver=self.solver, alpha=self.alpha, random_state=seed,
            max_iter=self.max_iter, early_stopping=stops, n_iter_no_change=5,
            batch_size=min(256, max(32, len(truth) // 20)), learning_rate_init=0.003,
        )  # fmt: skip
        with one_thread(), catch_warnings():
            simplefilter("ignore")  # that it may not have converged: the held-out tenth decides
            network.fit(scaled, truth)
        (w, v), (b, c) = network.coefs_, network.intercepts_
        return tuple(np.asarray(part, dtype=np.float64) for part in (w, b, v[:, 0], c))  # type: ignore[return-value]

    def _answer(self, scaled: Floats) -> Floats:
        total = np.zeros(len(scaled))
        for w, b, v, c in self.layers_:
            answer = np.full(len(scaled), c[0])
            for unit in range(len(b)):
                answer += v[unit] * np.tanh(weighted_sum(scaled, w[:, unit], float(b[unit])))
            total += answer
        return total / len(self.layers_)

    def _gradient(self, scaled: Floats) -> Floats:
        """Slope of the log-odds in each standardised column, shape (rows, columns)."""
        total = np.zeros(scaled.shape)
        for w, b, v, _ in self.layers_:
            for unit in range(len(b)):
                slope = v[unit] * (1 - np.tanh(weighted_sum(scaled, w[:, unit], float(b[unit]))) ** 2)
                total += slope[:, None] * w[:, unit]
        return total / len(self.layers_)
