"""The baselines every model has to beat: everybody alike, one column alone, a few counts added up.

`Prior` gives every row the share of positives in training. `SingleRule` ranks by one column (say, days since
the last purchase) and turns it into a probability that only rises, or only falls, with the column: isotonic
regression (Ayer et al. 1955).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import log_odds
from bankmine.mining.classification.classifier import Classifier
from bankmine.mining.classification.monotone import Steps, pool_adjacent_violators
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, strongest


class Prior(Classifier):
    """The same probability for every row: the share of positives in training. It has no reasons."""

    minimum: ClassVar[MinimumData] = MinimumData(rows=1)
    accepts_missing: ClassVar[bool] = True

    def fit(
        self, X: Matrix, y: Any, *, names: Iterable[str] | None = None, sample_weight: Any = None
    ) -> Self:
        """Learn the (weighted) share of positives of `y`."""
        truth = self._learn_labels(y, len(self._learn_matrix(X, names)))
        if sample_weight is not None:
            self.base_rate_ = float(np.average(truth, weights=sample_weight))
        return self

    def probability(self, X: Matrix) -> Floats:
        """The base rate, for each row."""
        return np.full(len(self._matrix(X)), self.base_rate_)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """No row has a reason: all are alike."""
        values = self._matrix(X)
        return strongest(np.zeros_like(values), values, self.names_, 0)

    def to_json(self) -> dict[str, Any]:
        """Names and base rate."""
        return {"names": list(self.names_), "base_rate": self.base_rate_}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls()
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        return miner


class SingleRule(Classifier):
    """Ranks by one column; its probability is monotone in it.

    `direction` "rising" says that larger values are more probable to be positive; None learns the direction
    in training. A row whose column is missing gets the share of positives among the missing rows of
    training (the base rate when there were fewer than 20) and is ranked by that probability.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=50, each_class=5)
    accepts_missing: ClassVar[bool] = True
    missing_rows_needed: ClassVar[int] = 20

    def __init__(self, column: str, *, direction: Literal["rising", "falling"] | None = None) -> None:
        self.column = column
        self.direction = direction

    def fit(self, X: Matrix, y: Any, *, names: Iterable[str] | None = None) -> Self:
        """Learn direction and steps. UsageError when the column is not among `names`."""
        values = self._learn_matrix(X, names)
        self._check_columns()
        truth = self._learn_labels(y, len(values))
        column = self._read(values)
        known = ~np.isnan(column)
        few = int((~known).sum()) < self.missing_rows_needed
        self.missing_rate_ = self.base_rate_ if few else float(truth[~known].mean())
        self.sign_ = self._learn_sign(column[known], truth[known])
        self.steps_ = pool_adjacent_violators(self.sign_ * column[known], truth[known].astype(np.float64))
        return self

    def probability(self, X: Matrix) -> Floats:
        """The monotone probability of the column's value."""
        column = self._column(X)
        result = self.steps_.interpolate(self.sign_ * column)
        return np.where(np.isnan(column), self.missing_rate_, result)

    def decision_function(self, X: Matrix) -> Floats:
        """The column itself, turned so that higher is more probable.

        A missing row stands where the rule's probability passes that of the missing rows.
        """
        column = self.sign_ * self._column(X)
        return np.where(np.isnan(column), self.steps_.where(self.missing_rate_), column)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The one column, with the log-odds it moved the row away from the base rate."""
        values = self._matrix(X)
        contributions = np.zeros_like(values)
        moved = log_odds(self.probability(values)) - log_odds(np.array([self.base_rate_]))
        contributions[:, self._first()] = moved
        return strongest(contributions, values, self.names_, min(top, 1))

    def to_json(self) -> dict[str, Any]:
        """Parameters, direction and steps."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "missing_rate": self.missing_rate_,
            "sign": self.sign_,
            "steps": self.steps_.to_json(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.missing_rate_ = float(content["missing_rate"])
        miner.sign_ = float(content["sign"])
        miner.steps_ = Steps.from_json(content["steps"])
        return miner

    def _column(self, X: Matrix) -> Floats:
        return self._read(self._matrix(X))

    def _check_columns(self) -> None:
        if self.column not in self.names_:
            raise UsageError(
                f"The rule's column {self.column!r} is not in the matrix",
                hint=f"The matrix has {', '.join(self.names_[:10])} …",
            )

    def _first(self) -> int:
        """The place of the column that stands for the rule among the reasons."""
        return self.names_.index(self.column)

    def _read(self, values: Floats) -> Floats:
        """What the rule ranks by, one number a row."""
        return values[:, self.names_.index(self.column)]

    def _learn_sign(self, column: Floats, truth: Any) -> float:
        if self.direction is not None:
            return 1.0 if self.direction == "rising" else -1.0
        _, rank = np.unique(column, return_inverse=True)
        middle = np.cumsum(np.bincount(rank)) - (np.bincount(rank) - 1) / 2
        return 1.0 if middle[rank][truth].mean() >= middle[rank][~truth].mean() else -1.0


class CountRule(SingleRule):
    """Ranks by the sum of a few counts, the more the more probable; the rule a clerk applies with a pencil.

    Columns that are not in the matrix count nothing (preparation drops those that never differ), as does a
    missing value; a row where all are missing is treated as `SingleRule` does. The first column that is there
    stands for the rule among the reasons.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = columns
        self.direction: Literal["rising", "falling"] | None = "rising"

    def to_json(self) -> dict[str, Any]:
        """Parameters, direction and steps."""
        return {**super().to_json(), "parameters": {"columns": list(self.columns)}}

    def _check_columns(self) -> None:
        """None is needed."""

    def _places(self) -> list[int]:
        return [self.names_.index(one) for one in self.columns if one in self.names_]

    def _first(self) -> int:
        return next(iter(self._places()), 0)

    def _read(self, values: Floats) -> Floats:
        counts = values[:, self._places()]
        empty = np.isnan(counts).all(axis=1) & (counts.shape[1] > 0)
        return np.where(empty, np.nan, np.nansum(counts, axis=1))
