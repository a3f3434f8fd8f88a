"""k-means under a distance it learns: columns weigh by how narrow the clusters are in them.

Columns scaled to one spread count alike for plain k-means, whether they tell clusters apart or only make
noise. Here a column's weight is the inverse of its variance inside the clusters, with all weights multiplying
to one: the adaptive distance of Diday and Govaert (1977, "Classification automatique avec distances
adaptatives"), and the classification likelihood of normal clusters of one diagonal covariance (Celeux and
Govaert 1992, "A classification EM algorithm"). Clusters and weights are found in turn; both steps lower the
criterion, the sum of the logarithms of the variances inside the clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import squared_distances
from bankmine.mining.clustering.clusterer import Near, by_size, means_of, nearest
from bankmine.mining.clustering.kmeans import ORDERINGS, KMeans
from bankmine.mining.clustering.lloyd import Lloyd, descend, k_means
from bankmine.mining.contract import Floats, Ints, Matrix, Reasons, strongest
from bankmine.mining.files import array, numbers

LEAST_SHARE = 0.01
LEAST_GAIN = 1e-6
FARTHEST = 200.0
WAYS = 2


class Weighed(NamedTuple):
    """Labels of the rows, the weights of the columns learnt from them, and the criterion (low is good)."""

    labels: Ints
    weights: Floats
    criterion: float


class AdaptiveKMeans(KMeans):
    """k-means whose columns weigh by the clusters' own narrowness, on a matrix without missing values.

    After `fit`, beside what `KMeans` has: `weights_` of shape (columns,), by which squared differences are
    multiplied; their product is 1, a constant column weighs 1. A column in which the clusters keep less than
    1 % of its variance weighs as if they kept that: a single column cannot take all. `centers_` are in the
    units of the matrix, `inertia_` is the weighted sum of squares. `rounds` bounds how often weights are
    learnt. Which clusters come first decides which columns weigh, so not only the best of `n_init` starts of
    k-means goes its way, but 2·`n_init` single starts besides; the one that ends with the lowest criterion is
    taken, and tried against fresh starts under its weights. `criterion_` is that criterion.
    """

    words: ClassVar[str] = "adaptive k-means"

    def __init__(
        self,
        n_clusters: int = 5,
        *,
        n_init: int = 10,
        max_iter: int = 300,
        rounds: int = 10,
        random_state: int = 0,
    ) -> None:
        super().__init__(n_clusters, n_init=n_init, max_iter=max_iter, random_state=random_state)
        self.rounds = rounds

    def fit(
        self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None, begin: Ints | None = None
    ) -> Self:
        """Find clusters and weights of `X` (rows, columns). FeasibilityError below the minimum data.

        `begin`, labels 0 … n_clusters − 1 of the rows, are gone on from in place of starts by chance
        (`steadiest.py` chooses some); UsageError where they are not one a row or leave a cluster empty.
        """
        values = self._learn_matrix(X, names)
        self._require_clusters(values, self.n_clusters)
        if begin is None:
            found = self._in_turn(values)
        else:
            self._check_begin(begin, len(values))
            found = self._descended(values, weigh(values, np.asarray(begin, np.int64), self.n_clusters))
        self.weights_, self.criterion_ = found.weights, found.criterion
        self._set_centres(means_of(values, found.labels, self.n_clusters)[np.unique(found.labels)])
        self._number_by_size(values)
        return self

    def transform(self, X: Matrix) -> Floats:
        """Weighted squared distances to the centres, shape (rows, clusters)."""
        return squared_distances(self._scaled(self._matrix(X)), self.points_)

    def space(self, X: Matrix) -> Floats:
        """The rows where the miner's own distance is Euclid's: columns times the roots of their weights."""
        return self._scaled(self._matrix(X))

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """Which columns pull each row to its own cluster rather than to the next nearest.

        A column's contribution is its weight times `(x − q)² − (x − p)²`, with p the nearest centre and q
        the next; over all columns they add up to the difference of the two distances of `transform`.
        """
        values = self._matrix(X)
        scaled, places = self._scaled(values), self._near(values).places
        pulls = (scaled - self.points_[places[:, 1]]) ** 2 - (scaled - self.points_[places[:, 0]]) ** 2
        return strongest(pulls, values, self.names_, top)

    def to_json(self) -> dict[str, Any]:
        """Parameters, centres, weights and sizes as plain values."""
        return super().to_json() | {"weights": numbers(self.weights_)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels)."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.weights_ = array(content["weights"])
        miner._set_centres(array(content["centers"]))
        miner.sizes_ = np.asarray(content["sizes"], dtype=np.int64)
        miner.inertia_ = float(content["inertia"])
        return miner

    def _check_begin(self, begin: Ints, rows: int) -> None:
        labels = np.asarray(begin)
        if labels.shape != (rows,) or not np.array_equal(np.unique(labels), np.arange(self.n_clusters)):
            raise UsageError(
                f"The labels to begin with are {labels.shape} for {rows} rows and {self.n_clusters} clusters",
                hint=f"Give each row one of 0 … {self.n_clusters - 1}, and each of them to a row.",
            )

    def _in_turn(self, values: Floats) -> Weighed:
        """Clusters under the weights, weights from the clusters, until the criterion falls no more."""
        draw = np.random.default_rng(self.random_state)
        alike = weigh(values, self._fresh(values, draw).labels, self.n_clusters)
        best = min(
            (self._descended(values, one) for one in (alike, *self._singly(values, draw))),
            key=lambda one: one.criterion,
        )
        for _ in range(self.rounds - 1):
            again = self._descended(values, self._anew(values, best, draw))
            if not again.criterion < best.criterion - LEAST_GAIN:
                break
            best = again
        return best

    def _singly(self, values: Floats, draw: np.random.Generator) -> Iterator[Weighed]:
        """Clusters of single starts; one that is poor for k-means may lead to better weights."""
        for _ in range(WAYS * self.n_init if self.rounds > 1 else 0):
            found = k_means(values, self.n_clusters, 1, self.max_iter, draw)
            yield weigh(values, found.labels, self.n_clusters)

    def _descended(self, values: Floats, begin: Weighed) -> Weighed:
        """From clusters on, each round from those before, to the nearest low of the criterion."""
        best = begin
        for _ in range(self.rounds - 1):
            scaled = values * np.sqrt(best.weights)
            found = descend(scaled, means_of(scaled, best.labels, self.n_clusters), self.max_iter)
            again = weigh(values, found.labels, self.n_clusters)
            if not again.criterion < best.criterion - LEAST_GAIN:
                break
            best = again
        return best

    def _anew(self, values: Floats, known: Weighed, draw: np.random.Generator) -> Weighed:
        """Clusters of fresh starts under known weights."""
        found = self._fresh(values * np.sqrt(known.weights), draw)
        return weigh(values, found.labels, self.n_clusters)

    def _fresh(self, values: Floats, draw: np.random.Generator) -> Lloyd:
        return k_means(values, self.n_clusters, self.n_init, self.max_iter, draw)

    def _scaled(self, values: Floats) -> Floats:
        return np.ascontiguousarray(values * np.sqrt(self.weights_))

    def _near(self, values: Floats) -> Near:
        return nearest(self._scaled(values), self.points_, self.owners_)

    def _set_centres(self, centres: Floats) -> None:
        super()._set_centres(centres)
        self.points_ = self._scaled(self.centers_)

    def _number_by_size(self, values: Floats) -> None:
        """Clusters by falling size, those without rows dropped; labels are what `predict` says."""
        for _ in range(ORDERINGS):
            self.labels_ = self._assign(self._near(values))
            order = by_size(values, self.labels_, len(self.centers_))
            if np.array_equal(order, np.arange(len(self.centers_))):
                break
            self._set_centres(self.centers_[order])
        self.sizes_ = np.bincount(self.labels_, minlength=len(self.centers_)).astype(np.int64)
        gaps = self._scaled(values) - self.points_[self.labels_]
        self.inertia_ = float((gaps * gaps).sum())


def weigh(values: Floats, labels: Ints, clusters: int) -> Weighed:
    """The weights that make these clusters narrowest, of all that multiply to 1.

    `values` has shape (rows, columns). Minimising Σ wⱼ·Vⱼ under Π wⱼ = 1, with Vⱼ the variance inside the
    clusters, gives wⱼ in proportion to 1 / Vⱼ; the criterion is Σ ln Vⱼ over the columns that vary.
    """
    gaps = values - means_of(values, labels, clusters)[labels]
    whole = values.var(axis=0)
    inside = np.maximum((gaps * gaps).mean(axis=0), LEAST_SHARE * whole)
    varies = inside > np.finfo(np.float64).tiny
    logs = np.log(inside, out=np.zeros_like(inside), where=varies)
    middle = float(logs[varies].mean()) if varies.any() else 0.0
    weights = np.where(varies, np.exp(np.clip(middle - logs, -FARTHEST, FARTHEST)), 1.0)
    return Weighed(labels, weights, float(logs.sum()))
