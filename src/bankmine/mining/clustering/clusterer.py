"""What all clustering miners share: refusals, numbering by size, assigning new rows to points, reasons.

Every miner but the Gaussian mixture ends as a list of points, each belonging to a cluster: centres, medoids,
sub-clusters, representatives or core points. A row belongs to the cluster of its nearest point, and where
points have a reach, to none (−1, noise) when the nearest lies farther. So also miners that have no rule for
new rows of their own (DBSCAN, OPTICS, CURE) assign them, and all explain themselves alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.lloyd import BLOCK, in_blocks
from bankmine.mining.contract import Estimator, Floats, Ints, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers

NOISE = -1
ROWS_PER_CLUSTER = 20


class Near(NamedTuple):
    """For each row: places of the nearest point and of the nearest of another cluster, squared distances.

    Both of shape (rows, 2); a place is −1 where there is no such point.
    """

    places: Ints
    distances: Floats


class Clusterer(Estimator):
    """Base of the clustering miners.

    After `fit`: `labels_` of the training rows, 0 for the largest cluster, −1 for noise; `sizes_`, rows of
    each cluster. `labels_` is what `predict` says of the training rows.
    """

    words: ClassVar[str] = ""
    random_state: int
    labels_: Ints
    sizes_: Ints

    def fit(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Self:
        """Find the clusters of `X`. FeasibilityError below the minimum data."""
        raise NotImplementedError

    def predict(self, X: Matrix) -> Ints:
        """The cluster of each row, −1 for noise."""
        raise NotImplementedError

    def fit_predict(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Ints:
        """The cluster of each training row."""
        return self.fit(X, names=names).labels_

    @property
    def noise_share_(self) -> float:
        """Share of the training rows that belong to no cluster."""
        return 1.0 - float(self.sizes_.sum()) / max(len(self.labels_), 1)

    @property
    def fewer_than_asked_(self) -> bool:
        """Whether fewer clusters were found than `n_clusters` asks for; False where none is asked for."""
        return len(self.sizes_) < int(getattr(self, "n_clusters", 0))

    def _require_clusters(self, values: Floats, clusters: int) -> None:
        """FeasibilityError when there are too few rows, or distinct rows, for so many clusters."""
        if clusters < 2:
            raise UsageError(f"{self.words} was asked for {clusters} clusters", hint="Ask for 2 or more.")
        if not values.shape[1]:
            raise FeasibilityError(f"{self.words} was given no column", hint="It needs at least 1.")
        MinimumData(rows=clusters * ROWS_PER_CLUSTER).require(
            f"{self.words} with {clusters} clusters", len(values)
        )
        MinimumData(rows=clusters).require(
            f"{self.words} with {clusters} clusters (counting distinct rows)",
            distinct_rows(values, clusters),
        )
        if not _can_be_told(values[:1000]) and not _can_be_told(values):
            raise FeasibilityError(
                f"{self.words} was given rows that differ by so little that squares vanish",
                hint="Give columns in a smaller unit, or prepare the matrix first (bankmine.preparation).",
            )


class PointClusterer(Clusterer):
    """A clusterer that ends as points: `points_` (points, columns) and `owners_`, the cluster of each.

    `reach_` holds the largest squared distance at which a point takes a row, infinite where it takes all.
    """

    points_: Floats
    owners_: Ints
    reach_: Floats

    def predict(self, X: Matrix) -> Ints:
        """The cluster of the nearest point; a tie goes to the earlier point; −1 beyond its reach."""
        return self._assign(self._near(self._matrix(X)))

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """Which columns pull each row to its own cluster rather than to the next nearest.

        A column's contribution is `(x − q)² − (x − p)²`, with p the nearest point and q the nearest point of
        another cluster. Over all columns the contributions add up to the difference of the two squared
        distances; a negative one pulls towards the other cluster. For a row of noise it is `−(x − p)²`: the
        columns in which it lies farthest from the nearest cluster.
        """
        values = self._matrix(X)
        if not len(self.points_):
            return strongest(np.zeros_like(values), values, self.names_, top)
        near = self._near(values)
        own = (values - self.points_[near.places[:, 0]]) ** 2
        other = (values - self.points_[near.places[:, 1]]) ** 2
        inside = (self._assign(near) != NOISE)[:, None]
        there = (near.places[:, 1] >= 0)[:, None]
        pulls = np.where(inside & there, other - own, -own)
        return strongest(pulls, values, self.names_, top)

    def to_json(self) -> dict[str, Any]:
        """Parameters, points and sizes as plain values."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "points": numbers(self.points_),
            "owners": self.owners_.tolist(),
            "reach": [None if np.isinf(one) else one for one in self.reach_.tolist()],
            "sizes": self.sizes_.tolist(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels)."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.points_ = array(content["points"]).reshape(-1, len(miner.names_))
        miner.owners_ = np.asarray(content["owners"], dtype=np.int64)
        reach = array(content["reach"])
        miner.reach_ = np.where(np.isnan(reach), np.inf, reach)
        miner.sizes_ = np.asarray(content["sizes"], dtype=np.int64)
        return miner

    def _near(self, values: Floats) -> Near:
        return nearest(values, self.points_, self.owners_)

    def _assign(self, near: Near) -> Ints:
        if not len(self.points_):
            return np.full(len(near.places), NOISE, dtype=np.int64)
        first = near.places[:, 0]
        within = near.distances[:, 0] <= self.reach_[first]
        return np.where(within, self.owners_[first], NOISE).astype(np.int64)

    def _settle(self, values: Floats, points: Floats, owners: Ints, reach: Floats | None = None) -> None:
        """Assign all rows to the points, and number the clusters by falling size.

        A cluster that gets no row is dropped with its points. Equal sizes are ordered by the clusters' means.
        """
        self.points_, self.owners_ = np.ascontiguousarray(points), np.asarray(owners, dtype=np.int64)
        self.reach_ = np.full(len(points), np.inf) if reach is None else reach
        labels = self._assign(self._near(values))
        order = by_size(values, labels, int(self.owners_.max(initial=NOISE)) + 1)
        new = np.full(int(self.owners_.max(initial=NOISE)) + 1, NOISE, dtype=np.int64)
        new[order] = np.arange(len(order))
        kept = new[self.owners_] >= 0
        self.points_, self.reach_ = self.points_[kept], self.reach_[kept]
        self.owners_ = new[self.owners_[kept]]
        self.labels_ = np.append(new, NOISE)[labels]
        self.sizes_ = np.bincount(self.labels_[self.labels_ >= 0], minlength=len(order)).astype(np.int64)


def nearest(values: Floats, points: Floats, owners: Ints) -> Near:
    """The nearest point of each row, and the nearest of another owner; see `Near`."""
    from bankmine.mining.clustering.nearest_kernel import two_nearest

    places = np.full((len(values), 2), -1, dtype=np.int64)
    distances = np.full((len(values), 2), np.inf)
    if not len(points):
        return Near(places, distances)
    transposed = np.ascontiguousarray(points.T)

    def work(begin: int) -> None:
        end = begin + BLOCK
        two_nearest(values[begin:end], transposed, owners, places[begin:end], distances[begin:end])

    list(in_blocks(work, len(values)))
    return Near(places, distances)


def by_size(values: Floats, labels: Ints, clusters: int) -> Ints:
    """Clusters that have rows, by falling size, equal sizes by their rows' mean, column after column."""
    inside = labels >= 0
    sizes = np.bincount(labels[inside], minlength=clusters)
    means = means_of(values, labels, clusters)
    keys = [means[:, column] for column in reversed(range(means.shape[1]))]
    order = np.lexsort([*keys, -sizes]).astype(np.int64)
    return order[sizes[order] > 0]


def means_of(values: Floats, labels: Ints, clusters: int) -> Floats:
    """Mean of each cluster's rows, shape (clusters, columns); zero where a cluster has none."""
    inside = labels >= 0
    own = labels[inside]
    sizes = np.maximum(np.bincount(own, minlength=clusters), 1)
    sums = [np.bincount(own, weights=column[inside], minlength=clusters) for column in values.T]
    return np.column_stack(sums) / sizes[:, None] if sums else np.zeros((clusters, 0))


def distinct_rows(values: Floats, enough: int) -> int:
    """The number of distinct rows, counted only as far as needed; missing values equal each other."""
    size = enough * 4
    while True:
        distinct = len(np.unique(np.nan_to_num(values[:size], nan=np.inf), axis=0))
        if distinct >= enough or size >= len(values):
            return distinct
        size *= 8


def _can_be_told(values: Floats) -> bool:
    """Whether some column varies by enough for its square to be a normal number."""
    with np.errstate(invalid="ignore"):  # a column that is all missing
        spread = np.fmax.reduce(values, axis=0) - np.fmin.reduce(values, axis=0)
        return bool((spread**2 >= np.finfo(np.float64).tiny).any())


def sample_rows(rows: int, most: int, random_state: int) -> Ints:
    """Positions of at most `most` rows drawn without replacement, ascending."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(random_state).choice(rows, most, replace=False)).astype(np.int64)
