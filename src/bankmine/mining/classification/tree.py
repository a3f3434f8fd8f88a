"""A decision tree: CART (Breiman, Friedman, Olshen & Stone 1984), small enough to read.

scikit-learn grows it, on Gini impurity or on entropy (Quinlan 1986), each split sending missing values where
they serve best. The tree is kept as plain arrays, so a model file is readable and answers without
scikit-learn. A leaf's probability is drawn towards the base rate (m-estimate, Cestnik 1990), for pure small
leaves are luck.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.arithmetic import log_odds
from bankmine.mining.classification.classifier import Classifier, row_weights
from bankmine.mining.classification.rules import Condition, Rule, counted, strongest_first
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import numbers

LEAF = -1


class DecisionTree(Classifier):
    """At most `max_leaves` leaves of at least `min_leaf` rows each (the larger of it and .2 % of the rows).

    `smoothing` is m of the m-estimate: a leaf counts as if it held m more rows at the base rate. Reasons are
    what each split on the row's path changed in the log-odds (Saabas 2014); with the base rate's they add up
    to the row's own. Takes missing values; needs 50 rows and 10 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=50, each_class=10)
    accepts_missing: ClassVar[bool] = True
    largest: ClassVar[float] = 1e30  # it splits on 32-bit floats

    def __init__(
        self,
        max_leaves: int = 32,
        *,
        min_leaf: int = 20,
        criterion: Literal["gini", "entropy"] = "gini",
        smoothing: float = 10.0,
        random_state: int = 0,
    ) -> None:
        self.max_leaves = max_leaves
        self.min_leaf = min_leaf
        self.criterion = criterion
        self.smoothing = smoothing
        self.random_state = random_state

    def fit(
        self, X: Matrix, y: Any, *, names: Iterable[str] | None = None, sample_weight: Any = None
    ) -> Self:
        """Grow the tree, best split first. FeasibilityError below the minimum data."""
        from sklearn.tree import DecisionTreeClassifier

        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        grower = DecisionTreeClassifier(
            criterion=self.criterion,
            max_leaf_nodes=max(2, self.max_leaves),
            min_samples_leaf=max(self.min_leaf, int(np.ceil(0.002 * len(values)))),
            random_state=self.random_state,
        )
        weights = row_weights(sample_weight, len(values))
        if weights is not None:
            self.base_rate_ = float(np.average(truth, weights=weights))
        # trees split on 32-bit floats: give them what new rows will be compared as
        grower.fit(values.astype(np.float32), truth, sample_weight=weights)
        self.gaps_ = np.asarray(np.isnan(values).any(axis=0), dtype=np.bool_)
        self._keep(grower.tree_)
        self._count(values, truth, np.ones(len(values)) if weights is None else weights)
        return self

    def leaf(self, X: Matrix) -> Ints:
        """The node at which each row ends, shape (rows,)."""
        return self._walk(self._matrix(X))[0]

    def probability(self, X: Matrix) -> Floats:
        """The smoothed share of positives in the row's leaf."""
        return np.asarray(self.share_[self.leaf(X)])

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive."""
        return log_odds(self.probability(X))

    def contributions(self, X: Matrix) -> Floats:
        """What the splits on each column changed in the log-odds, shape (rows, columns)."""
        return self._walk(self._matrix(X))[1]

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns whose splits moved the row most, in log-odds."""
        values = self._matrix(X)
        return strongest(self._walk(values)[1], values, self.names_, top)

    def importance(self) -> list[tuple[str, float]]:
        """Each column's share of the fall of impurity, by falling share."""
        share = self.gain_ / self.gain_.sum() if self.gain_.sum() > 0 else self.gain_
        return [(self.names_[i], float(share[i])) for i in np.argsort(-share, kind="stable")]

    def rules(self) -> tuple[Rule, ...]:
        """One rule a leaf; it says positive where the leaf's share lies above the base rate. Where missing
        values go is said for columns that had some in training.

        `weight` is the leaf's log-odds less those of the base rate.
        """
        total, rate = float(self.rows_[0]), self.base_rate_
        found = []
        for node, conditions in self._paths():
            positive = bool(self.share_[node] >= rate)
            hits = self.hits_[node] if positive else self.rows_[node] - self.hits_[node]
            found.append(
                counted(
                    conditions, positive=positive, rows=self.rows_[node], hits=hits, total=total,
                    share=rate if positive else 1 - rate,
                    weight=float(log_odds(self.share_[node : node + 1])[0] - log_odds(np.array([rate]))[0]),
                )
            )  # fmt: skip
        return strongest_first(found)

    def to_json(self) -> dict[str, Any]:
        """Parameters and the nodes."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "nodes": {
                "feature": self.feature_.tolist(),
                "threshold": numbers(self.threshold_),
                "left": self.left_.tolist(),
                "right": self.right_.tolist(),
                "missing_left": self.missing_left_.tolist(),
                "rows": numbers(self.rows_),
                "hits": numbers(self.hits_),
                "share": numbers(self.share_),
            },
            "gain": numbers(self.gain_),
            "gaps": self.gaps_.tolist(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        nodes = content["nodes"]
        for name in ("feature", "left", "right"):
            setattr(miner, f"{name}_", np.asarray(nodes[name], dtype=np.int64))
        for name in ("threshold", "rows", "hits", "share"):
            setattr(miner, f"{name}_", np.asarray(nodes[name], dtype=np.float64))
        miner.missing_left_ = np.asarray(nodes["missing_left"], dtype=np.bool_)
        miner.gain_ = np.asarray(content["gain"], dtype=np.float64)
        miner.gaps_ = np.asarray(content["gaps"], dtype=np.bool_)
        return miner

    feature_: Ints
    left_: Ints
    right_: Ints
    threshold_: Floats
    rows_: Floats
    hits_: Floats
    share_: Floats
    gaps_: NDArray[np.bool_]

    def _keep(self, tree: Any) -> None:
        """scikit-learn's arrays as our own; a leaf has the feature −1."""
        self.feature_ = np.where(tree.children_left < 0, LEAF, tree.feature).astype(np.int64)
        self.left_ = np.asarray(tree.children_left, dtype=np.int64)
        self.right_ = np.asarray(tree.children_right, dtype=np.int64)
        inner = self.feature_ >= 0
        self.threshold_ = np.where(inner, tree.threshold, 0.0)
        self.missing_left_ = inner & np.asarray(tree.missing_go_to_left, dtype=np.bool_)
        self.gain_ = np.asarray(tree.compute_feature_importances(normalize=False), dtype=np.float64)

    def _count(self, values: Floats, truth: Any, weights: Floats) -> None:
        """Rows and positives of every node by their weights, and its smoothed share."""
        nodes = len(self.feature_)
        self.rows_, self.hits_ = np.zeros(nodes), np.zeros(nodes)
        at = np.zeros(len(values), dtype=np.int64)
        while True:
            seen = np.unique(at)
            self.rows_[seen] = np.bincount(at, weights=weights, minlength=nodes)[seen]
            self.hits_[seen] = np.bincount(at, weights=weights * truth, minlength=nodes)[seen]
            inner = self.feature_[at] >= 0
            if not inner.any():
                break
            at[inner] = self._step(values, at, np.flatnonzero(inner))
        self.share_ = (self.hits_ + self.smoothing * self.base_rate_) / (self.rows_ + self.smoothing)

    def _walk(self, values: Floats) -> tuple[Ints, Floats]:
        """The leaf of each row, and what the way there changed in the log-odds, by column."""
        odds = log_odds(self.share_)
        at = np.zeros(len(values), dtype=np.int64)
        parts = np.zeros((len(values), len(self.names_)))
        rows = np.arange(len(values))
        while True:
            rows = rows[self.feature_[at[rows]] >= 0]
            if not len(rows):
                return at, parts
            before = at[rows]
            after = self._step(values, at, rows)
            parts[rows, self.feature_[before]] += odds[after] - odds[before]
            at[rows] = after

    def _step(self, values: Floats, at: Ints, rows: Ints) -> Ints:
        node = at[rows]
        x = values[rows, self.feature_[node]].astype(np.float32)
        left = np.where(np.isnan(x), self.missing_left_[node], x <= self.threshold_[node])
        return np.asarray(np.where(left, self.left_[node], self.right_[node]), dtype=np.int64)

    def _paths(self) -> list[tuple[int, tuple[Condition, ...]]]:
        """Every leaf with the conditions on its path, one for each column."""
        found: list[tuple[int, tuple[Condition, ...]]] = []
        waiting: list[tuple[int, dict[int, Condition]]] = [(0, {})]
        while waiting:
            node, path = waiting.pop()
            column = int(self.feature_[node])
            if column < 0:
                found.append((node, tuple(path.values())))
                continue
            name, cut = self.names_[column], float(self.threshold_[node])
            old = path.get(column, Condition(name, missing=bool(self.gaps_[column])))
            stays_left = bool(self.missing_left_[node])
            low = Condition(name, old.low, min(old.high, cut), old.missing and stays_left)
            high = Condition(name, max(old.low, cut), old.high, old.missing and not stays_left)
            waiting.append((int(self.right_[node]), {**path, column: high}))
            waiting.append((int(self.left_[node]), {**path, column: low}))
        return sorted(found, key=lambda one: one[0])
