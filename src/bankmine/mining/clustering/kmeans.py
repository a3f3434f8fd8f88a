"""k-means (Lloyd 1982, k-means++ starts of Arthur and Vassilvitskii 2007), made repeatable.

scikit-learn does the fitting, on one thread, because several threads add floats in changing order. Clusters
are then numbered by size, so that the same groups carry the same numbers whatever the start. New rows are
assigned with plain column sums: a row scored alone gets the same answer as in a batch, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import one_thread, squared_distances
from bankmine.mining.contract import Estimator, Floats, Ints, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers

ROWS_PER_CLUSTER = 20


class KMeans(Estimator):
    """k-means on a matrix without missing values whose columns are on one scale.

    After `fit`: `centers_` of shape (clusters, columns), `sizes_` (rows of each cluster, largest first),
    `inertia_` (sum of squared distances), `labels_` of the training rows. Needs at least 20 rows for each
    cluster, and as many distinct rows as clusters.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=2 * ROWS_PER_CLUSTER)

    def __init__(
        self, n_clusters: int = 5, *, n_init: int = 10, max_iter: int = 300, random_state: int = 0
    ) -> None:
        self.n_clusters = n_clusters
        self.n_init = n_init
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Self:
        """Find the clusters of `X` (rows, columns). FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        self._require(values)
        self.centers_, self.inertia_ = self._lloyd(values)
        assigned = squared_distances(values, self.centers_).argmin(axis=1)
        order = self._order(assigned)
        self.centers_ = self.centers_[order]
        self.labels_: Ints = np.argsort(order)[assigned].astype(np.int64)
        self.sizes_ = np.bincount(self.labels_, minlength=self.n_clusters).astype(np.int64)
        return self

    def predict(self, X: Matrix) -> Ints:
        """The number of the nearest cluster for each row; a tie goes to the lower number."""
        return np.asarray(self.transform(X).argmin(axis=1), dtype=np.int64)

    def fit_predict(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Ints:
        """The cluster of each training row."""
        return self.fit(X, names=names).labels_

    def transform(self, X: Matrix) -> Floats:
        """Squared distances to the centres, shape (rows, clusters)."""
        return squared_distances(self._matrix(X), self.centers_)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """Which columns pull each row to its own cluster rather than to the next nearest.

        A column's contribution is `(x − c₂)² − (x − c₁)²`, with c₁ the nearest and c₂ the second nearest
        centre. Over all columns the contributions add up to the difference of the two squared distances;
        a negative one pulls towards the other cluster.
        """
        values = self._matrix(X)
        distances = squared_distances(values, self.centers_)
        near = np.argsort(distances, axis=1, kind="stable")[:, :2]
        own, other = self.centers_[near[:, 0]], self.centers_[near[:, 1]]
        pulls = (values - other) ** 2 - (values - own) ** 2
        return strongest(pulls, values, self.names_, top)

    def to_json(self) -> dict[str, Any]:
        """Parameters, centres and sizes as plain values."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "centers": numbers(self.centers_),
            "sizes": self.sizes_.tolist(),
            "inertia": self.inertia_,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels)."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.centers_ = array(content["centers"])
        miner.sizes_ = np.asarray(content["sizes"], dtype=np.int64)
        miner.inertia_ = float(content["inertia"])
        return miner

    def _require(self, values: Floats) -> None:
        if self.n_clusters < 2:
            raise UsageError(f"k-means was asked for {self.n_clusters} clusters", hint="Ask for 2 or more.")
        MinimumData(rows=self.n_clusters * ROWS_PER_CLUSTER).require(
            f"k-means with {self.n_clusters} clusters", len(values)
        )
        distinct = _distinct_rows(values, self.n_clusters)
        MinimumData(rows=self.n_clusters).require(
            f"k-means with {self.n_clusters} clusters (counting distinct rows)", distinct
        )

    def _lloyd(self, values: Floats) -> tuple[Floats, float]:
        from sklearn.cluster import KMeans as Lloyd

        lloyd = Lloyd(
            n_clusters=self.n_clusters,
            n_init=self.n_init,
            max_iter=self.max_iter,
            random_state=self.random_state,
            algorithm="lloyd",
        )
        with one_thread():
            lloyd.fit(values)
        return np.asarray(lloyd.cluster_centers_, dtype=np.float64), float(lloyd.inertia_)

    def _order(self, assigned: Ints) -> Ints:
        """Old cluster numbers by falling size, then by centre, so that numbering has one answer."""
        sizes = np.bincount(assigned, minlength=self.n_clusters)
        keys = [self.centers_[:, column] for column in reversed(range(self.centers_.shape[1]))]
        return np.lexsort([*keys, -sizes]).astype(np.int64)


def _distinct_rows(values: Floats, enough: int) -> int:
    """The number of distinct rows, counted only as far as needed."""
    size = enough * 4
    while True:
        distinct = len(np.unique(values[:size], axis=0))
        if distinct >= enough or size >= len(values):
            return distinct
        size *= 8
