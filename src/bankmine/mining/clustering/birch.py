"""BIRCH: one pass over the rows into a tree of small clusters, then the small clusters are merged.

Zhang, Ramakrishnan and Livny (1996), "BIRCH: an efficient data clustering method for very large databases",
written from the paper with the features of BETULA (Lang and Schubert 2022). The number of sub-clusters is
capped, as the paper caps its memory: where the cap is passed, the threshold rises and the tree is built again
from its own sub-clusters. So memory does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.clustering.clusterer import ROWS_PER_CLUSTER, PointClusterer, means_of
from bankmine.mining.clustering.lloyd import descend
from bankmine.mining.contract import Floats, Matrix, MinimumData

ROWS_AT_ONCE = 65_536


class SubClusters(NamedTuple):
    """Rows of each sub-cluster, means (sub-clusters, columns), and sums of squared gaps to the mean."""

    rows: Floats
    means: Floats
    spreads: Floats


class BIRCH(PointClusterer):
    """BIRCH on a matrix without missing values whose columns are on one scale.

    A sub-cluster's root mean squared gap to its mean stays below `threshold`, which rises where more than
    `sub_clusters` are needed (`threshold_` says how far). They are merged by Ward's rule, each counted with
    its rows, to `n_clusters`. Then `refinements` times all rows are shared out among the clusters' means and
    the means taken anew (the paper's phase 4); with 0 a row belongs to the cluster of its nearest
    sub-cluster. Rows enter the tree in an order drawn by `random_state`, since the tree depends on it and
    files are sorted. After `fit`: `points_` (means of clusters, or of sub-clusters), `threshold_`, `labels_`,
    `sizes_`. Needs 20 rows for each cluster.
    """

    words: ClassVar[str] = "BIRCH"
    minimum: ClassVar[MinimumData] = MinimumData(rows=2 * ROWS_PER_CLUSTER)

    def __init__(
        self,
        n_clusters: int = 5,
        *,
        threshold: float = 0.0,
        branching: int = 50,
        sub_clusters: int = 1_000,
        refinements: int = 1,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.threshold = threshold
        self.branching = branching
        self.sub_clusters = sub_clusters
        self.refinements = refinements
        self.random_state = random_state

    def fit(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Self:
        """Build the tree, merge, assign all rows. FeasibilityError below the minimum data.

        FeasibilityError too where the threshold leaves fewer sub-clusters than clusters asked for.
        """
        from bankmine.mining.clustering.birch_kernel import merge_by_variance

        values = self._learn_matrix(X, names)
        self._require(values)
        order = np.random.default_rng(self.random_state).permutation(len(values))
        found, self.threshold_ = sub_clusters(
            values, order, self.threshold, self.branching, self.sub_clusters
        )
        MinimumData(rows=self.n_clusters).require(
            f"BIRCH with {self.n_clusters} clusters (counting sub-clusters of threshold "
            f"{self.threshold_:g})", len(found.rows),
        )  # fmt: skip
        owners = merge_by_variance(found.rows, found.means, self.n_clusters)
        self._settle(values, found.means, owners)
        if self.refinements:
            means = means_of(values, self.labels_, len(self.sizes_))
            centres = descend(values, means, self.refinements).centres
            self._settle(values, centres, np.arange(len(centres)))
        return self

    def to_json(self) -> dict[str, Any]:
        """Parameters, sub-clusters and the threshold reached, as plain values."""
        return {**super().to_json(), "threshold": self.threshold_}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels)."""
        miner = super().from_json(content)
        miner.threshold_ = float(content["threshold"])
        return miner

    def _require(self, values: Floats) -> None:
        self._require_clusters(values, self.n_clusters)
        if (
            self.threshold < 0
            or self.branching < 3
            or self.sub_clusters < 2 * self.n_clusters
            or self.refinements < 0
        ):
            raise UsageError(
                f"BIRCH was asked for a threshold of {self.threshold}, {self.branching} branches and "
                f"{self.sub_clusters} sub-clusters, {self.refinements} refinements",
                hint="Give a threshold and refinements from 0 on, 3 branches or more, and 2 sub-clusters for "
                "each cluster.",
            )


def sub_clusters(
    values: Floats, order: Any, threshold: float, branching: int, most: int
) -> tuple[SubClusters, float]:
    """The sub-clusters of the rows taken in `order`, at most `most`, and the threshold that took."""
    tree = SubClusters(np.zeros(0), np.zeros((0, values.shape[1])), np.zeros(0))
    limit, begin = threshold * threshold, 0
    while begin < len(values):
        part = values[order[begin : begin + ROWS_AT_ONCE]]
        waiting = SubClusters(
            np.concatenate([tree.rows, np.ones(len(part))]),
            np.concatenate([tree.means, part]),
            np.concatenate([tree.spreads, np.zeros(len(part))]),
        )
        tree, limit = _condensed(waiting, limit, branching, most)
        begin += len(part)
    return tree, float(np.sqrt(limit))


def _condensed(waiting: SubClusters, limit: float, branching: int, most: int) -> tuple[SubClusters, float]:
    """Inserts all features into one tree; where it is full, the limit rises and it starts from itself."""
    from bankmine.mining.clustering.birch_kernel import grow

    width = waiting.means.shape[1]
    while True:
        found = SubClusters(np.zeros(most + 1), np.zeros((most + 1, width)), np.zeros(most + 1))
        done = grow(waiting.means, waiting.rows, waiting.spreads, limit, branching, most, *found)
        count = int((found.rows > 0).sum())
        tree = SubClusters(found.rows[:count], found.means[:count], found.spreads[:count])
        if done == len(waiting.rows) and count <= most:
            return tree, limit
        limit = max(_next_limit(tree), 1.1 * limit)
        waiting = SubClusters(
            *(np.concatenate([own, rest[done:]]) for own, rest in zip(tree, waiting, strict=True))
        )


def _next_limit(tree: SubClusters) -> float:
    """The limit at which about half of the sub-clusters could join their nearest one."""
    from bankmine.mining.clustering.clusterer import nearest

    near = nearest(tree.means, tree.means, np.arange(len(tree.means)))
    other, gap = near.places[:, 1], near.distances[:, 1]
    total = tree.rows + tree.rows[other]
    together = tree.spreads + tree.spreads[other] + gap * tree.rows * tree.rows[other] / total
    return float(np.median(together / total))
