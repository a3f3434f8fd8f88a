"""Regression for amounts: how much will it be, with an interval that holds as often as it says.

Money is skewed, may be negative and spans orders of magnitude, so trees learn the inverse hyperbolic sine of
the amount in units of its median size (like a logarithm for large amounts, linear around zero). Three
boosted models give a lower, a middle and an upper quantile; the interval is then widened or narrowed by what
held-out rows show (conformalized quantile regression, Romano, Patterson and Candès 2019), so that it covers
the stated share of new rows like those of training, whatever the model got wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.contract import Estimator, Floats, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import plain_booster
from bankmine.mining.learner import check_parameters

HELD_OUT = 0.25


class Amounts(Estimator):
    """Median and interval of an amount; missing values of columns are allowed.

    `coverage` is the share of new rows whose amount should lie in the interval. Needs at least 100 rows, of
    which a quarter calibrates; `groups` keeps rows of one person on one side. The caller splits in time.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=100)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        n_estimators: int = 150,
        *,
        coverage: float = 0.9,
        learning_rate: float = 0.05,
        num_leaves: int = 15,
        min_data_in_leaf: int = 20,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.coverage = coverage
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_data_in_leaf = min_data_in_leaf
        self.random_state = random_state

    def fit(self, X: Matrix, y: Any, *, names: Iterable[str] | None = None, groups: Any = None) -> Self:
        """Learns amounts `y`, shape (rows,). FeasibilityError below 100 rows, UsageError for missing ones.

        `groups` has a label for each row: UsageError where not, FeasibilityError for fewer than two groups.
        """
        check_parameters(self)
        if not 0.5 <= self.coverage < 1:
            raise UsageError(f"the coverage is {self.coverage}", hint="Give a share from 0.5 to below 1.")
        values, amount = self._learn_matrix(X, names), np.asarray(y, dtype=np.float64)
        if amount.shape != (len(values),) or not np.isfinite(amount).all():
            raise UsageError(
                f"amounts of shape {amount.shape} were given for {len(values)} rows, or some are missing",
                hint="Give one finite amount for each row.",
            )
        self.minimum.require("regression for amounts", len(values))
        self.scale_ = float(np.median(np.abs(amount[amount != 0]))) if (amount != 0).any() else 1.0
        held = self._held_out(len(values), groups)
        bent = np.arcsinh(amount / self.scale_)
        tail = (1 - self.coverage) / 2
        self.texts_ = [self._grow(values[~held], bent[~held], at) for at in (tail, 0.5, 1 - tail)]
        self._read()
        low, _, high = self._quantiles(values[held])
        outside = np.sort(np.maximum(low - bent[held], bent[held] - high))
        place = int(np.ceil((len(outside) + 1) * self.coverage)) - 1
        self.widening_ = float(outside[min(place, len(outside) - 1)])
        return self

    def predict(self, X: Matrix) -> Floats:
        """The median amount of each row."""
        return np.asarray(np.sinh(self._quantiles(self._matrix(X))[1]) * self.scale_, dtype=np.float64)

    def interval(self, X: Matrix) -> tuple[Floats, Floats]:
        """The limits of each row's interval; never crossed."""
        low, middle, high = self._quantiles(self._matrix(X))
        low, high = np.minimum(low - self.widening_, middle), np.maximum(high + self.widening_, middle)
        return np.sinh(low) * self.scale_, np.sinh(high) * self.scale_

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns that move the middle most (SHAP values on the bent scale)."""
        values = self._matrix(X)
        parts = self.boosters_[1].predict(values, pred_contrib=True, num_threads=1)
        return strongest(np.asarray(parts, dtype=np.float64)[:, :-1], values, self.names_, top)

    def to_json(self) -> dict[str, Any]:
        """Parameters, scale, widening and LightGBM's texts."""
        return {
            "parameters": self.get_params(), "names": list(self.names_), "scale": self.scale_,
            "widening": self.widening_,
            "quantiles": {
                name: {"booster": text}
                for name, text in zip(("low", "middle", "high"), self.texts_, strict=True)
            },
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.scale_, miner.widening_ = float(content["scale"]), float(content["widening"])
        miner.texts_ = [content["quantiles"][name]["booster"] for name in ("low", "middle", "high")]
        miner._read()
        return miner

    def _held_out(self, rows: int, groups: Any) -> Any:
        """A quarter of the groups (or rows), drawn by the seed."""
        given = np.arange(rows) if groups is None else np.asarray(groups)
        if given.shape != (rows,):
            raise UsageError(
                f"groups of shape {given.shape} were given for {rows} rows",
                hint="Give one group for each row.",
            )
        label = np.unique(given, return_inverse=True)[1]
        count = int(label.max()) + 1
        if count < 2:
            raise FeasibilityError(
                "the rows are all of one group", hint="It takes two groups or more: one is kept to calibrate."
            )
        taken = np.random.default_rng(self.random_state).permutation(count)[: max(1, int(HELD_OUT * count))]
        return np.isin(label, taken)

    def _grow(self, values: Floats, bent: Floats, quantile: float) -> str:
        import lightgbm

        parameters = {
            "objective": "quantile", "alpha": quantile, "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves, "min_data_in_leaf": self.min_data_in_leaf,
            "seed": self.random_state, "deterministic": True, "force_row_wise": True, "num_threads": 1,
            "verbosity": -1,
        }  # fmt: skip
        booster = lightgbm.train(parameters, lightgbm.Dataset(values, bent), self.n_estimators)
        return plain_booster(booster.model_to_string())

    def _read(self) -> None:
        import lightgbm

        self.boosters_ = [lightgbm.Booster(model_str=text) for text in self.texts_]

    def _quantiles(self, values: Floats) -> list[Floats]:
        return [np.asarray(one.predict(values, num_threads=1), dtype=np.float64) for one in self.boosters_]
