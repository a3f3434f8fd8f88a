"""Gaussian mixture: clusters of their own size and direction, probabilities, the same answers saved."""

import json

import numpy as np
import pytest
from samples import blobs
from scipy.stats import multivariate_normal

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.clustering.mixture import GaussianMixture


def crossed(rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Two long thin clouds side by side, which k-means cuts across."""
    draw = np.random.default_rng(0)
    long = draw.normal(size=(2 * rows, 2)) * [5.0, 0.4]
    truth = np.repeat([0, 1], rows)
    return long + np.outer(truth, [0.0, 3.0]), truth


def test_long_clouds_are_found_where_k_means_cuts_them_across() -> None:
    X, truth = crossed()
    assert adjusted_rand_index(GaussianMixture(2, least_variance=0.01).fit(X).labels_, truth) > 0.98
    assert adjusted_rand_index(KMeans(2).fit(X).labels_, truth) < 0.2


def test_density_and_probabilities_equal_the_normal_laws() -> None:
    X, _ = crossed()
    for covariance in ("full", "diag"):
        miner = GaussianMixture(2, covariance=covariance).fit(X)
        laws = [
            multivariate_normal(mean, np.linalg.inv(factor @ factor.T))
            for mean, factor in zip(miner.means_, miner.factors_, strict=True)
        ]
        weighted = np.column_stack(
            [weight * law.pdf(X) for weight, law in zip(miner.weights_, laws, strict=True)]
        )
        assert np.allclose(miner.predict_proba(X), weighted / weighted.sum(axis=1, keepdims=True))
        assert miner.log_likelihood_ == pytest.approx(np.log(weighted.sum(axis=1)).mean())


def test_reasons_add_up_to_the_difference_of_log_densities_without_constants() -> None:
    miner = GaussianMixture(3).fit(blobs())
    density = miner._density(blobs()) - miner._constants
    near = np.argsort(-miner._density(blobs()), axis=1)
    every = np.arange(len(density))
    gap = density[every, near[:, 0]] - density[every, near[:, 1]]
    assert np.allclose(miner.reasons(blobs(), top=2).contributions.sum(axis=1), gap)


def test_a_row_alone_is_answered_as_in_a_batch_and_json_gives_back_the_same() -> None:
    X = np.random.default_rng(4).normal(size=(500, 7))
    miner = GaussianMixture(3).fit(X)
    text = json.dumps(miner.to_json(), allow_nan=False)
    again = GaussianMixture.from_json(json.loads(text))
    assert again.predict_proba(X[7:8]).tobytes() == miner.predict_proba(X)[7:8].tobytes()
    assert np.array_equal(miner.labels_, again.predict(X))
    assert json.dumps(GaussianMixture(3).fit(X).to_json()) == text


def test_many_rows_are_sampled_and_numbered_by_size() -> None:
    miner = GaussianMixture(3, sample=400).fit(blobs(2000))
    assert miner.sizes_.tolist() == pytest.approx([2000, 2000, 1000], abs=30)
    assert miner.converged_


def test_a_constant_column_does_no_harm_and_equal_rows_are_refused() -> None:
    X = np.column_stack([blobs(), np.ones(300)])
    assert adjusted_rand_index(GaussianMixture(3).fit(X).labels_, KMeans(3).fit(blobs()).labels_) > 0.99
    with pytest.raises(FeasibilityError, match="distinct rows"):
        GaussianMixture(2).fit(np.ones((100, 2)))
    with pytest.raises(UsageError, match="'round'"):
        GaussianMixture(2, covariance="round").fit(blobs())  # type: ignore[arg-type]
