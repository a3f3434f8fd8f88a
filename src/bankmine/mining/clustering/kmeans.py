"""k-means (Lloyd 1982, k-means++ starts of Arthur and Vassilvitskii 2007), made repeatable.

Clusters are numbered by size, so that the same groups carry the same numbers whatever the start. Rows are
assigned with plain column sums: a row scored alone gets the same answer as in a batch, bit for bit, and the
fit is the same on any number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.mining.arithmetic import squared_distances
from bankmine.mining.clustering.clusterer import ROWS_PER_CLUSTER, PointClusterer
from bankmine.mining.clustering.lloyd import Lloyd, descend, k_means
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData
from bankmine.mining.files import array, numbers

__all__ = ["ROWS_PER_CLUSTER", "KMeans"]

ORDERINGS = 3


class KMeans(PointClusterer):
    """k-means on a matrix without missing values whose columns are on one scale.

    After `fit`: `centers_` of shape (clusters, columns), `sizes_` (rows of each cluster, largest first),
    `inertia_` (sum of squared distances), `labels_` of the training rows. Needs at least 20 rows for each
    cluster, and as many distinct rows as clusters. Where rows differ by less than arithmetic can tell, a
    centre may be left without rows; it is dropped.
    """

    words: ClassVar[str] = "k-means"
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
        self._require_clusters(values, self.n_clusters)
        found = _in_order(values, self._find(values))
        self._set_centres(found.centres)
        self.labels_: Ints = found.labels
        self.sizes_ = np.bincount(found.labels, minlength=len(found.centres)).astype(np.int64)
        self.inertia_ = float(found.inertia)
        return self

    def transform(self, X: Matrix) -> Floats:
        """Squared distances to the centres, shape (rows, clusters)."""
        return squared_distances(self._matrix(X), self.centers_)

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
        miner._set_centres(array(content["centers"]))
        miner.sizes_ = np.asarray(content["sizes"], dtype=np.int64)
        miner.inertia_ = float(content["inertia"])
        return miner

    def _find(self, values: Floats) -> Lloyd:
        draw = np.random.default_rng(self.random_state)
        return k_means(values, self.n_clusters, self.n_init, self.max_iter, draw)

    def _set_centres(self, centres: Floats) -> None:
        self.centers_ = self.points_ = np.ascontiguousarray(centres)
        self.owners_ = np.arange(len(centres), dtype=np.int64)
        self.reach_ = np.full(len(centres), np.inf)


def _in_order(values: Floats, found: Lloyd) -> Lloyd:
    """The same centres by falling size, equal sizes by centre; those without rows are dropped.

    Rows are assigned anew: one as near to two centres joins the lower number, as it will when it is
    predicted. That may change sizes, so the order is looked at once more.
    """
    for _ in range(ORDERINGS):
        sizes = np.bincount(found.labels, minlength=len(found.centres))
        keys = [found.centres[:, column] for column in reversed(range(found.centres.shape[1]))]
        order = np.lexsort([*keys, -sizes])
        order = order[sizes[order] > 0]
        if np.array_equal(order, np.arange(len(found.centres))):
            break
        found = descend(values, np.ascontiguousarray(found.centres[order]), 0)
    return found
