"""k-medoids: each cluster is told by one of its own rows, on mixed columns with holes.

FasterPAM of Schubert and Rousseeuw (2021), "Fast and eager k-medoids clustering", written anew from the
paper; for many rows the sampling of CLARA (Kaufman and Rousseeuw 1990, chapter 3): medoids are sought in
samples and judged on all rows. A medoid is a row that exists, so it can be shown as its cluster's portrait,
which no mean can; and it is not moved by outliers as means are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.clustering.clusterer import (
    ROWS_PER_CLUSTER,
    Clusterer,
    Near,
    by_size,
    sample_rows,
)
from bankmine.mining.clustering.gower import MixedColumns
from bankmine.mining.clustering.lloyd import BLOCK, in_blocks
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers
from bankmine.mining.learner import check_parameters

METRICS = ("gower", "euclidean")
JUDGED_ROWS = 100_000


class KMedoids(Clusterer):
    """k-medoids by Gower's distance (any columns, missing values) or the Euclidean one (numbers only).

    `X` is a matrix, or an Arrow table in which texts, dictionaries and booleans are categories. After `fit`:
    `medoid_positions_` (rows of the training data), `portraits_` (those rows as dictionaries, None for
    missing), `cost_` (mean distance to the nearest medoid), `sizes_`, `labels_`. Above `sample` rows, medoids
    are sought in `draws` samples of that many, each with the best medoids so far among its rows; below, from
    `draws` random starts. `tails` sets the range of numbers (see `MixedColumns`). A row with more holes
    than the median row becomes no medoid: it would be near to everything and show nothing. Needs at least 20
    rows for each cluster, and as many distinct rows as clusters. Holes can make different rows equal
    (distance 0); a medoid left without rows by that is dropped, so there may be fewer clusters than asked.
    """

    words: ClassVar[str] = "k-medoids"
    minimum: ClassVar[MinimumData] = MinimumData(rows=2 * ROWS_PER_CLUSTER)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        n_clusters: int = 5,
        *,
        metric: Literal["gower", "euclidean"] = "gower",
        sample: int = 3_000,
        draws: int = 5,
        tails: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.metric = metric
        self.sample = sample
        self.draws = draws
        self.tails = tails
        self.random_state = random_state

    def fit(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Self:
        """Find the medoids of `X`. FeasibilityError below the minimum data."""
        check_parameters(self)
        self._check()
        self.columns_ = MixedColumns.learn(X, tuple(names) if names is not None else None, self.tails)
        self.names_ = self.columns_.names
        values = self._encode(X)
        self._require_clusters(values, self.n_clusters)
        medoids = self._search(values)
        near = self._near(values, values[medoids])
        order = by_size(np.nan_to_num(values), near.places[:, 0], self.n_clusters)
        self.medoid_positions_: Ints = medoids[order]
        self.medoids_ = values[self.medoid_positions_]
        self.portraits_ = self.columns_.rows_as_shown(X, self.medoid_positions_.tolist())
        self.labels_ = self._near(values, self.medoids_).places[:, 0]
        self.sizes_ = np.bincount(self.labels_, minlength=len(order)).astype(np.int64)
        self.cost_ = float(near.distances[:, 0].mean())
        return self

    def predict(self, X: Matrix) -> Ints:
        """The cluster of the nearest medoid; a tie goes to the lower number."""
        return self._near(self._encode(X), self.medoids_).places[:, 0]

    def transform(self, X: Matrix) -> Floats:
        """Distances to the medoids, shape (rows, clusters)."""
        return self._distances(self._encode(X), self.medoids_)

    def pairwise(self, X: Matrix) -> Floats:
        """Distances of all rows to each other, shape (rows, rows): for samples."""
        values = self._encode(X)
        return self._distances(values, values)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """Which columns make each row more like its own medoid than like the next nearest.

        Contributions add up to the difference of the two Gower distances, or of the two squared Euclidean
        ones. The value shown of a category is the position of its level in `columns_.levels`.
        """
        values = self._encode(X)
        near = self._near(values, self.medoids_)
        own = self._parts(values, self.medoids_[near.places[:, 0]])
        other = self._parts(values, self.medoids_[near.places[:, 1]])
        return strongest(other - own, self.columns_.encode(X, scaled=False), self.names_, top)

    def to_json(self) -> dict[str, Any]:
        """Parameters, columns, medoids and their portraits as plain values."""
        return {
            "parameters": self.get_params(),
            "columns": self.columns_.to_json(),
            "medoids": numbers(self.medoids_),
            "medoid_positions": self.medoid_positions_.tolist(),
            "portraits": self.portraits_,
            "sizes": self.sizes_.tolist(),
            "cost": self.cost_,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels)."""
        miner = cls(**content["parameters"])
        miner.columns_ = MixedColumns.from_json(content["columns"])
        miner.names_ = miner.columns_.names
        miner.medoids_ = array(content["medoids"])
        miner.medoid_positions_ = np.asarray(content["medoid_positions"], dtype=np.int64)
        miner.portraits_ = content["portraits"]
        miner.sizes_ = np.asarray(content["sizes"], dtype=np.int64)
        miner.cost_ = float(content["cost"])
        return miner

    def _check(self) -> None:
        if self.metric not in METRICS:
            raise UsageError(
                f"k-medoids was asked for the distance {self.metric!r}",
                hint=f"It knows {' and '.join(METRICS)}.",
            )
        if self.draws < 1 or self.sample < 2 * ROWS_PER_CLUSTER or not 0 <= self.tails < 0.5:
            raise UsageError(
                f"k-medoids was asked for {self.draws} draws of {self.sample} rows, tails {self.tails}",
                hint=f"Give at least 1 draw of {2 * ROWS_PER_CLUSTER} rows, and tails in [0, 0.5).",
            )

    def _encode(self, X: Matrix) -> Floats:
        if not isinstance(X, pa.Table) and np.ndim(X) == 2 and np.shape(X)[1] != len(self.names_):
            raise UsageError(
                f"KMedoids was given a matrix of shape {np.shape(X)}",
                hint=f"It was fitted on {len(self.names_)} columns.",
            )
        plain_numbers = self.metric == "euclidean"
        values = self.columns_.encode(X, scaled=not plain_numbers)
        if plain_numbers and (self.columns_.categorical.any() or np.isnan(values).any()):
            raise UsageError(
                "k-medoids by the Euclidean distance was given categories or missing values",
                hint="Use metric='gower', or prepare the matrix first (bankmine.preparation).",
            )
        return values

    def _search(self, values: Floats) -> Ints:
        """Positions of the best medoids found, judged on (at most 100,000 of) all rows."""
        judged = values[sample_rows(len(values), JUDGED_ROWS, self.random_state)]
        best, least = np.empty(0, dtype=np.int64), np.inf
        holes = np.isnan(values).sum(axis=1)
        whole = holes <= np.median(holes)
        distance = self._distances(values, values) if len(values) <= self.sample else None
        for seed in np.random.SeedSequence(self.random_state).spawn(self.draws):
            draw = np.random.default_rng(seed)
            rows = self._draw(len(values), best, np.flatnonzero(whole), draw)
            own = self._distances(values[rows], values[rows]) if distance is None else distance
            found = rows[self._swap(own, whole[rows], draw)]
            cost = float(self._near(judged, values[found]).distances[:, 0].mean())
            if cost < least:
                best, least = found, cost
        return best

    def _draw(self, rows: int, best: Ints, whole: Ints, draw: np.random.Generator) -> Ints:
        """A sample of the rows with the best medoids so far, and with enough rows that may become one."""
        if rows <= self.sample:
            return np.arange(rows)
        taken = draw.choice(rows, self.sample, replace=False)
        sure = draw.choice(whole, self.n_clusters, replace=False)
        return np.unique(np.concatenate([best, sure, taken])).astype(np.int64)

    def _swap(self, distance: Floats, allowed: Any, draw: np.random.Generator) -> Ints:
        """FasterPAM from a random start on all of these rows."""
        from bankmine.mining.clustering.medoid_kernel import faster_pam

        start = draw.choice(np.flatnonzero(allowed), self.n_clusters, replace=False)
        medoids = np.sort(start).astype(np.int64)
        faster_pam(distance, allowed, medoids, 100 * len(distance))
        return medoids

    def _distances(self, values: Floats, points: Floats) -> Floats:
        from bankmine.mining.clustering import medoid_kernel

        kernel = (
            medoid_kernel.gower_distances if self.metric == "gower" else medoid_kernel.euclidean_distances
        )
        distances = np.empty((len(values), len(points)))
        own, categorical = np.ascontiguousarray(points), self.columns_.categorical

        def work(begin: int) -> None:
            end = begin + BLOCK
            kernel(values[begin:end], own, categorical, distances[begin:end])

        list(in_blocks(work, len(values)))
        return distances

    def _near(self, values: Floats, points: Floats) -> Near:
        distances = self._distances(values, points)
        places = np.argsort(distances, axis=1, kind="stable")[:, :2].astype(np.int64)
        return Near(places, np.take_along_axis(distances, places, axis=1))

    def _parts(self, values: Floats, points: Floats) -> Floats:
        """Each column's part in the distance of each row to its own point."""
        gaps: Floats = np.abs(values - points)
        if self.metric == "euclidean":
            return np.square(gaps)
        apart = np.where(self.columns_.categorical, (gaps > 0).astype(np.float64), np.minimum(gaps, 1.0))
        known = ~np.isnan(gaps)
        counted = np.maximum(known.sum(axis=1, keepdims=True), 1)
        return np.asarray(np.where(known, apart, 0.0) / counted)
