"""CURE: clusters of any shape and size, each told by some scattered rows drawn in towards its middle.

Guha, Rastogi and Shim (1998), "CURE: an efficient clustering algorithm for large databases", written from the
paper: hierarchical merging by the distance of the nearest representatives, on a random sample cut into
partitions, with outliers dropped while clusters are small; then every row joins the cluster of its nearest
representative. One mean cannot follow a long cluster, and single links run across bridges; ten
representatives, shrunk, do neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.clustering.clusterer import ROWS_PER_CLUSTER, PointClusterer
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData

REDUCTION = 3
THIN_SHARE = 0.01
THIN_TIMES = 4
LEAST_IN_PARTITION = 200


class Merged(NamedTuple):
    """Labels of the rows (−1: dropped), and each cluster's representatives."""

    labels: Ints
    representatives: list[Floats]


class CURE(PointClusterer):
    """CURE on a matrix without missing values whose columns are on one scale.

    `representatives` a cluster are shrunk by the share `shrink` of their way to the mean (the paper: 10, and
    .2 to .7). Above `sample` rows it merges a random sample of that many; `partitions` of the sample are
    first merged apart, to a third of their rows. With `drop_outliers`, rows still alone then, and clusters of
    less than 1 % of the sample shortly before the end, are left out of the merging; they are assigned all the
    same. After `fit`: `points_` (representatives), `labels_`, `sizes_`. Needs 20 rows for each cluster.
    """

    words: ClassVar[str] = "CURE"
    minimum: ClassVar[MinimumData] = MinimumData(rows=2 * ROWS_PER_CLUSTER)

    def __init__(
        self,
        n_clusters: int = 5,
        *,
        representatives: int = 10,
        shrink: float = 0.3,
        sample: int = 2_500,
        partitions: int = 2,
        drop_outliers: bool = True,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.representatives = representatives
        self.shrink = shrink
        self.sample = sample
        self.partitions = partitions
        self.drop_outliers = drop_outliers
        self.random_state = random_state

    def fit(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Self:
        """Merge, and assign all rows. FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        self._require(values)
        draw = np.random.default_rng(self.random_state)
        taken = draw.permutation(len(values))[: self.sample]
        found = self._merge(np.ascontiguousarray(values[taken]))
        points = np.concatenate(found.representatives)
        owners = np.repeat(np.arange(len(found.representatives)), [len(one) for one in found.representatives])
        self._settle(values, points, owners)
        return self

    def _require(self, values: Floats) -> None:
        self._require_clusters(values, self.n_clusters)
        room = self.sample >= self.n_clusters * ROWS_PER_CLUSTER
        if not (room and 0 <= self.shrink <= 1 and self.representatives >= 1 and self.partitions >= 1):
            raise UsageError(
                f"CURE was asked for a sample of {self.sample} rows in {self.partitions} partitions, "
                f"{self.representatives} representatives shrunk by {self.shrink}",
                hint=f"Give {ROWS_PER_CLUSTER} rows for each cluster, at least 1 partition and "
                "representative, and a shrinking from 0 to 1.",
            )

    def _merge(self, sample: Floats) -> Merged:
        """Partitions first, then what they have become, together."""
        labels = self._partly(sample)
        groups = int(labels.max()) + 1
        least = max(2, int(THIN_SHARE * len(sample))) if self.drop_outliers else 0
        return merged(
            sample,
            labels,
            self.n_clusters,
            self.representatives,
            self.shrink,
            thin_at=min(THIN_TIMES * self.n_clusters, groups) if self.drop_outliers else 0,
            least_rows=least,
        )

    def _partly(self, sample: Floats) -> Ints:
        """Labels after each partition was merged to a third of its rows; −1 for rows still alone then."""
        parts = max(1, min(self.partitions, len(sample) // LEAST_IN_PARTITION))
        labels = np.full(len(sample), -1, dtype=np.int64)
        begin = 0
        for rows in np.array_split(np.arange(len(sample)), parts):
            wanted = max(self.n_clusters, len(rows) // REDUCTION)
            alone = np.arange(len(rows), dtype=np.int64)
            own = merged(sample[rows], alone, wanted, self.representatives, self.shrink).labels
            if self.drop_outliers:
                own = _without_single(own, self.n_clusters)
            labels[rows] = np.where(own >= 0, own + begin, -1)
            begin += int(own.max()) + 1
        return labels


def merged(
    values: Floats,
    labels: Ints,
    clusters: int,
    representatives: int,
    shrink: float,
    *,
    thin_at: int = 0,
    least_rows: int = 0,
) -> Merged:
    """The merging loop from the clusters given to `clusters`; see `cure_kernel.merge`."""
    from bankmine.mining.clustering.cure_kernel import merge

    groups = int(labels.max()) + 1
    own = labels.copy()
    points = np.zeros((groups, representatives, values.shape[1]))
    counts = np.zeros(groups, dtype=np.int64)
    merge(np.ascontiguousarray(values), own, clusters, thin_at, least_rows, shrink, points, counts)
    return Merged(own, [points[place, :count] for place, count in enumerate(counts.tolist()) if count])


def _without_single(labels: Ints, least: int) -> Ints:
    """Labels with clusters of one row set to −1, unless that leaves fewer than `least` clusters."""
    sizes = np.bincount(labels)
    kept: Any = sizes > 1
    if int(kept.sum()) < least:
        return labels
    new = np.full(len(sizes), -1, dtype=np.int64)
    new[kept] = np.arange(int(kept.sum()))
    return new[labels]
