"""Clusters as dense regions of any shape, with noise between them: DBSCAN and OPTICS.

Ester, Kriegel, Sander and Xu (1996), "A density-based algorithm for discovering clusters in large spatial
databases with noise"; Ankerst, Breunig, Kriegel and Sander (1999), "OPTICS: ordering points to identify the
clustering structure". Neither says what becomes of a new row: here it joins the cluster of the nearest core
point if that lies within reach, and is noise otherwise. That is also how training rows are labelled, so a
border row between two clusters joins the nearer one and not the one found first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.clusterer import NOISE, PointClusterer, distinct_rows, sample_rows
from bankmine.mining.clustering.lloyd import in_blocks
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData
from bankmine.mining.files import numbers

LEAST_ROWS = 50
LEAST_NEIGHBOURS, ROWS_A_NEIGHBOUR = 10, 50
UPPER_TAIL = 0.99
SMALL_BLOCK = 512


class DensityClusterer(PointClusterer):
    """What DBSCAN and OPTICS share: the sample, the number of neighbours, core distances.

    Above `sample` rows the regions are sought in that many, drawn at random; all rows are then assigned.
    `min_samples` counts rows of the sample, the row itself among them; by default twice the columns (Sander
    et al. 1998), at most a fiftieth of the rows, at least 10.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=LEAST_ROWS)
    min_samples: int | None
    sample: int

    def fit(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Self:
        """Find the dense regions of `X`. FeasibilityError below the minimum data, or for equal rows."""
        values = self._learn_matrix(X, names)
        self._require(values)
        part = values[sample_rows(len(values), self.sample, self.random_state)]
        self.min_samples_ = self.min_samples or default_neighbours(*part.shape)
        points, owners, reach = self._regions(part, core_distances(part, self.min_samples_))
        self._settle(values, points, owners, reach)
        return self

    def to_json(self) -> dict[str, Any]:
        """Parameters, core points with their clusters and reach, as plain values."""
        return {**super().to_json(), "min_samples": self.min_samples_}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels)."""
        miner = super().from_json(content)
        miner.min_samples_ = int(content["min_samples"])
        return miner

    def _regions(self, values: Floats, cores: Floats) -> tuple[Floats, Ints, Floats]:
        """Core points, their clusters, and the squared reach of each."""
        raise NotImplementedError

    def _require(self, values: Floats) -> None:
        if not values.shape[1]:
            raise FeasibilityError(f"{self.words} was given no column", hint="It needs at least 1.")
        self.minimum.require(self.words, len(values))
        if distinct_rows(values, 2) < 2:
            raise FeasibilityError(
                f"{self.words} was given rows that are all equal", hint="It needs 2 kinds."
            )
        if self.sample < LEAST_ROWS or not 2 <= (self.min_samples or 2) <= min(len(values), self.sample):
            raise UsageError(
                f"{self.words} was asked for {self.min_samples} neighbours in a sample of {self.sample} rows",
                hint=f"Give a sample of at least {LEAST_ROWS} rows, and from 2 neighbours to all its rows.",
            )


class DBSCAN(DensityClusterer):
    """Regions in which rows have at least `min_samples` rows within the distance `eps`; the rest is noise.

    `eps=None` takes the knee of the sorted distances to the `min_samples`-th neighbour (`knee`). After `fit`:
    `eps_`, `min_samples_`, `points_` (core points), `labels_` with −1 for noise, `sizes_`. There may be one
    cluster or none. A region whose core points are fewer than `least_share` of the rows is noise; 0 is the
    paper's DBSCAN. Works on a matrix without missing values whose columns are on one scale.
    """

    words: ClassVar[str] = "DBSCAN"

    def __init__(
        self,
        eps: float | None = None,
        *,
        min_samples: int | None = None,
        least_share: float = 0.01,
        sample: int = 5_000,
        random_state: int = 0,
    ) -> None:
        self.eps = eps
        self.min_samples = min_samples
        self.least_share = least_share
        self.sample = sample
        self.random_state = random_state

    def to_json(self) -> dict[str, Any]:
        """As all density miners, and the reach used."""
        return {**super().to_json(), "eps": self.eps_}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels)."""
        miner = super().from_json(content)
        miner.eps_ = float(content["eps"])
        return miner

    def _require(self, values: Floats) -> None:
        super()._require(values)
        if (self.eps is not None and not self.eps > 0) or not 0 <= self.least_share < 1:
            raise UsageError(
                f"DBSCAN was given a reach of {self.eps} and a least share of {self.least_share}",
                hint="Give an eps above 0, or none, and a share in [0, 1).",
            )

    def _regions(self, values: Floats, cores: Floats) -> tuple[Floats, Ints, Floats]:
        from bankmine.mining.clustering.density_kernel import connected

        self.eps_ = float(self.eps) if self.eps is not None else knee(np.sqrt(cores))
        squared = self.eps_ * self.eps_
        points = np.ascontiguousarray(values[cores <= squared])
        first = connected(points, np.ascontiguousarray(points.T), squared)
        _, owners, sizes = np.unique(first, return_inverse=True, return_counts=True)
        kept = sizes[owners] >= self.least_share * len(values)
        return points[kept], owners[kept].astype(np.int64), np.full(int(kept.sum()), squared)


class OPTICS(DensityClusterer):
    """Regions of differing density: valleys of the reachability plot, whose walls fall and rise by `xi`.

    Walls of .2 are seen again on other draws of the rows; those of .05, often used, are mostly chance.

    A valley counts from `least_share` of the rows on. Where one holds two or more others, those are the
    clusters; one inside another without a rival is only its deeper part, and the wider one is the cluster. A
    cluster's reach is the largest reachability inside it. After `fit`: `order_`, `reachability_` (in that
    order, infinite where a row is not reached from any before), `points_`, `labels_`, `sizes_`.
    """

    words: ClassVar[str] = "OPTICS"

    def __init__(
        self,
        xi: float = 0.2,
        *,
        min_samples: int | None = None,
        least_share: float = 0.05,
        sample: int = 5_000,
        random_state: int = 0,
    ) -> None:
        self.xi = xi
        self.min_samples = min_samples
        self.least_share = least_share
        self.sample = sample
        self.random_state = random_state

    def to_json(self) -> dict[str, Any]:
        """As all density miners, and the reachability plot."""
        reached = np.where(np.isinf(self.reachability_), np.nan, self.reachability_)
        return {**super().to_json(), "reachability": numbers(reached)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels and the order)."""
        miner = super().from_json(content)
        reached = np.asarray(content["reachability"], dtype=np.float64)
        miner.reachability_ = np.where(np.isnan(reached), np.inf, reached)
        return miner

    def _require(self, values: Floats) -> None:
        super()._require(values)
        if not (0 < self.xi < 1 and 0 < self.least_share < 1):
            raise UsageError(
                f"OPTICS was given xi {self.xi} and a least share of {self.least_share}",
                hint="Give both between 0 and 1.",
            )

    def _regions(self, values: Floats, cores: Floats) -> tuple[Floats, Ints, Floats]:
        order, reach, before = reachability(values, cores)
        self.order_, self.reachability_ = order, np.sqrt(reach[order])
        labels = self._valleys(order, np.sqrt(reach), before)
        limit = _reach_of_clusters(labels, order, reach)
        inside = (labels >= 0) & (cores <= np.append(limit, -1.0)[labels])
        return values[inside], labels[inside], limit[labels[inside]]

    def _valleys(self, order: Ints, reached: Floats, before: Ints) -> Ints:
        from sklearn.cluster import cluster_optics_xi

        with np.errstate(divide="ignore", invalid="ignore"):  # equal rows are reached at distance 0
            _, valleys = cluster_optics_xi(
                reachability=reached,
                predecessor=before,
                ordering=order,
                min_samples=self.min_samples_,
                min_cluster_size=max(2, int(self.least_share * len(order))),
                xi=self.xi,
            )
        labels = np.full(len(order), NOISE, dtype=np.int64)
        for cluster, (first, last) in enumerate(_rivals(sorted({(int(a), int(b)) for a, b in valleys}))):
            labels[order[first : last + 1]] = cluster
        return labels


def default_neighbours(rows: int, columns: int) -> int:
    """Twice the columns, at most a fiftieth of the rows, at least 10."""
    return max(LEAST_NEIGHBOURS, min(2 * columns, rows // ROWS_A_NEIGHBOUR))


def core_distances(values: Floats, neighbours: int) -> Floats:
    """Squared distance of each row to its `neighbours`-th nearest, the row itself being the first."""
    from bankmine.mining.clustering import density_kernel

    cores, transposed = np.empty(len(values)), np.ascontiguousarray(values.T)

    def work(begin: int) -> None:
        end = begin + SMALL_BLOCK
        density_kernel.core_distances(values[begin:end], transposed, neighbours, cores[begin:end])

    list(in_blocks(work, len(values), SMALL_BLOCK))
    return cores


def reachability(values: Floats, cores: Floats, reach: float = np.inf) -> tuple[Ints, Floats, Ints]:
    """The order of the rows, each row's squared reachability, and the row it was reached from (−1: none)."""
    from bankmine.mining.clustering.density_kernel import order_by_reachability

    rows = len(values)
    order, before, reached = np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows)
    order_by_reachability(values, np.ascontiguousarray(values.T), cores, reach, order, reached, before)
    return order, reached, before


def knee(distances: Floats) -> float:
    """The distance at which the sorted `distances` turn upwards: where they lie farthest below their chord.

    Ester et al. (1996), section 4.2, look for the first valley of this curve by eye; the rule is Kneedle's
    (Satopaa et al. 2011). The chord ends at the 99th percentile, so that a few far rows do not decide. The
    answer is above 0: FeasibilityError when all distances are 0.
    """
    curve = np.sort(distances)
    curve = curve[: max(2, int(np.ceil(UPPER_TAIL * len(curve))))]
    height = curve[-1] - curve[0]
    if height > 0:
        below = np.linspace(0.0, 1.0, len(curve)) - (curve - curve[0]) / height
        found = float(curve[int(below.argmax())])
        if found > 0:
            return found
    positive = distances[distances > 0]
    if not len(positive):
        raise FeasibilityError(
            "No reach can be chosen: every row has as many equal rows as neighbours were asked for",
            hint="Give eps, or more neighbours.",
        )
    return float(positive.min()) if height > 0 or curve[-1] == 0 else float(curve[-1])


def _rivals(valleys: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of nested intervals (both ends inclusive) the widest that hold no two others side by side."""
    inside = [
        one
        for one in valleys
        if not any(other != one and other[0] <= one[0] and one[1] <= other[1] for other in valleys)
    ]
    found = []
    for top in inside:
        below = _rivals([one for one in valleys if one != top and top[0] <= one[0] and one[1] <= top[1]])
        found += below if len(below) >= 2 else [top]
    return found


def _reach_of_clusters(labels: Ints, order: Ints, reach: Floats) -> Floats:
    """The largest squared reachability inside each cluster; its first row is reached from outside."""
    limit = np.zeros(int(labels.max(initial=-1)) + 1)
    for cluster in range(len(limit)):
        members = order[labels[order] == cluster][1:]
        limit[cluster] = reach[members].max(initial=0.0)
    return limit
