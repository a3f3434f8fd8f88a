"""Clusters that overlap: a mixture of Gaussians, and each row's probability of each.

Expectation and maximisation (Dempster, Laird and Rubin 1977) by scikit-learn, from clusters of k-means: on
the columns as they are, and on columns made uncorrelated and of one spread, because k-means cuts long clouds
across and the mixture does not always find out of that. Where k-means cuts space at half the way between
centres, a component here has its own size, spread and direction, and a row between two is said to be so.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import one_thread
from bankmine.mining.clustering.clusterer import ROWS_PER_CLUSTER, Clusterer, by_size, means_of, sample_rows
from bankmine.mining.clustering.lloyd import BLOCK, in_blocks, k_means
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers

SHAPES = ("full", "diag")
LEAST_GAIN = 1e-4


class GaussianMixture(Clusterer):
    """A mixture of `n_clusters` Gaussians; a row belongs to the likeliest component.

    `covariance` is "full" (each component its own direction) or "diag" (axes only); `least_variance` is added
    to every variance: columns are expected to vary by about 1, and without a floor components narrow to one
    value of a column of zeros and ones. Above `sample` rows it is fitted on that
    many, drawn at random, and all are assigned. After `fit`: `means_`, `weights_`, `log_likelihood_` (mean of
    the rows), `bic_` (lower is better), `converged_`, `labels_`, `sizes_`. A component that is nowhere the
    likeliest is dropped, so there may be fewer clusters than asked for. Works on a matrix without missing
    values whose columns are on one scale; needs 20 rows for each cluster.
    """

    words: ClassVar[str] = "Gaussian mixture"
    minimum: ClassVar[MinimumData] = MinimumData(rows=2 * ROWS_PER_CLUSTER)

    def __init__(
        self,
        n_clusters: int = 5,
        *,
        covariance: Literal["full", "diag"] = "full",
        n_init: int = 3,
        max_iter: int = 200,
        least_variance: float = 0.2,
        sample: int = 10_000,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.covariance = covariance
        self.n_init = n_init
        self.max_iter = max_iter
        self.least_variance = least_variance
        self.sample = sample
        self.random_state = random_state

    def fit(self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None) -> Self:
        """Fit the mixture. FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        self._require(values)
        part = values[sample_rows(len(values), self.sample, self.random_state)]
        found = self._expectation_maximisation(part)
        self.converged_ = bool(found.converged_)
        self.bic_ = float(found.bic(part))
        self._set(found.weights_, found.means_, self._factors(found))
        density = self._density(values)
        self.log_likelihood_ = float(_log_sum(density).mean())
        order = by_size(values, density.argmax(axis=1), self.n_clusters)
        self._set(self.weights_[order], self.means_[order], self.factors_[order])
        self.labels_ = self._density(values).argmax(axis=1).astype(np.int64)
        self.sizes_ = np.bincount(self.labels_, minlength=len(order)).astype(np.int64)
        return self

    def predict(self, X: Matrix) -> Any:
        """The likeliest component of each row."""
        return self._density(self._matrix(X)).argmax(axis=1).astype(np.int64)

    def predict_proba(self, X: Matrix) -> Floats:
        """The probability of each component, shape (rows, clusters)."""
        density = self._density(self._matrix(X))
        return np.asarray(np.exp(density - _log_sum(density)[:, None]))

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """Which columns make each row likelier under its own component than under the next likeliest.

        With P a component's precision matrix and g the row's gap to its mean, a column adds
        `−g (P g) / 2` to the log density; a contribution is the difference of the two components'. They add
        up to the difference of log densities without what no column has a part in: weights and volumes.
        """
        values = self._matrix(X)
        if len(self.means_) < 2:
            return strongest(np.zeros_like(values), values, self.names_, top)
        near = np.argsort(-self._density(values), axis=1, kind="stable")
        return strongest(
            self._parts(values, near[:, 0]) - self._parts(values, near[:, 1]), values, self.names_, top
        )

    def to_json(self) -> dict[str, Any]:
        """Parameters, weights, means and factors of the precisions as plain values."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "weights": numbers(self.weights_),
            "means": numbers(self.means_),
            "factors": numbers(self.factors_),
            "sizes": self.sizes_.tolist(),
            "log_likelihood": self.log_likelihood_,
            "bic": self.bic_,
            "converged": self.converged_,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described (without the training labels)."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner._set(array(content["weights"]), array(content["means"]), array(content["factors"]))
        miner.sizes_ = np.asarray(content["sizes"], dtype=np.int64)
        miner.log_likelihood_ = float(content["log_likelihood"])
        miner.bic_ = float(content["bic"])
        miner.converged_ = bool(content["converged"])
        return miner

    def _require(self, values: Floats) -> None:
        self._require_clusters(values, self.n_clusters)
        if self.covariance not in SHAPES or not self.least_variance > 0 or self.n_init < 1:
            raise UsageError(
                f"A Gaussian mixture was asked for {self.covariance!r} covariances, {self.n_init} starts "
                f"and a least variance of {self.least_variance}",
                hint=f"Give {' or '.join(SHAPES)}, at least 1 start, and a least variance above 0.",
            )

    def _expectation_maximisation(self, values: Floats) -> Any:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture as Mixture

        best: Any = None
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for start in range(self.n_init):
                weights, means, precisions = self._start(values, start)
                found = Mixture(
                    self.n_clusters,
                    covariance_type=self.covariance,
                    weights_init=weights,
                    means_init=means,
                    precisions_init=precisions,
                    max_iter=self.max_iter,
                    tol=LEAST_GAIN,
                    reg_covar=self.least_variance,
                    random_state=self.random_state,
                ).fit(values)
                if best is None or found.lower_bound_ > best.lower_bound_:
                    best = found
        return best

    def _start(self, values: Floats, start: int) -> tuple[Floats, Floats, Floats]:
        """Weights, means and precisions of the clusters of one k-means; every second one on round data."""
        draw = np.random.default_rng([self.random_state, start])
        with_own = _rounded(values) if start % 2 else values
        labels = k_means(with_own, self.n_clusters, 1, 100, draw).labels
        sizes = np.maximum(np.bincount(labels, minlength=self.n_clusters), 1)
        means = means_of(values, labels, self.n_clusters)
        floor = self.least_variance * np.eye(values.shape[1])
        own = [values[labels == number] - means[number] for number in range(self.n_clusters)]
        spreads = [gap.T @ gap / max(len(gap), 1) + floor for gap in own]
        if self.covariance == "diag":
            return sizes / sizes.sum(), means, np.stack([1.0 / np.diag(one) for one in spreads])
        return sizes / sizes.sum(), means, np.stack([_inverse(one) for one in spreads])

    def _factors(self, found: Any) -> Floats:
        """Upper triangular factors U of the precisions, P = U U', shape (components, columns, columns)."""
        if self.covariance == "full":
            return np.asarray(found.precisions_cholesky_, dtype=np.float64)
        return np.stack([np.diag(one) for one in found.precisions_cholesky_])

    def _set(self, weights: Floats, means: Floats, factors: Floats) -> None:
        self.weights_, self.means_ = weights, np.ascontiguousarray(means)
        self.factors_ = np.ascontiguousarray(factors)
        diagonal = np.diagonal(self.factors_, axis1=1, axis2=2)
        columns = means.shape[1]
        self._constants = np.log(weights) + np.log(diagonal).sum(axis=1) - columns * np.log(2 * np.pi) / 2

    def _density(self, values: Floats) -> Floats:
        """Log of weight times density, shape (rows, components)."""
        from bankmine.mining.clustering.mixture_kernel import weighted_log_density

        density = np.empty((len(values), len(self.means_)))

        def work(begin: int) -> None:
            end = begin + BLOCK
            weighted_log_density(
                values[begin:end], self.means_, self.factors_, self._constants, density[begin:end]
            )

        list(in_blocks(work, len(values)))
        return density

    def _parts(self, values: Floats, component: Any) -> Floats:
        parts = np.empty_like(values)
        for number in range(len(self.means_)):
            own = component == number
            gap = values[own] - self.means_[number]
            precision = self.factors_[number] @ self.factors_[number].T
            parts[own] = -gap * (gap @ precision) / 2
        return parts


def _rounded(values: Floats) -> Floats:
    """The rows turned and stretched so that columns are uncorrelated with variance 1; flat directions go."""
    centred = values - values.mean(axis=0)
    variance, directions = np.linalg.eigh(centred.T @ centred / len(values))
    kept = variance > 1e-9 * max(float(variance.max()), 1e-300)
    return np.ascontiguousarray(centred @ directions[:, kept] / np.sqrt(variance[kept]))


def _inverse(spread: Floats) -> Floats:
    """The inverse of a covariance, exactly symmetric."""
    inverse = np.linalg.inv(spread)
    return np.asarray((inverse + inverse.T) / 2)


def _log_sum(density: Floats) -> Floats:
    """Log of the sum of exponentials over components."""
    top = density.max(axis=1)
    return np.asarray(top + np.log(np.exp(density - top[:, None]).sum(axis=1)))
