"""BIRCH: the tree scikit-learn builds, Ward's merges with weights, and memory that is capped."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import blobs
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import Birch

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.mining.clustering.birch import BIRCH, sub_clusters
from bankmine.mining.clustering.birch_kernel import merge_by_variance
from bankmine.mining.clustering.comparison import cost


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(20, 300), st.sampled_from([0.1, 0.3, 0.8]), st.integers(3, 12))
def test_sub_clusters_are_those_of_scikit_learns_tree(
    seed: int, rows: int, threshold: float, branching: int
) -> None:
    X = np.random.default_rng(seed).normal(size=(rows, 3))
    theirs = Birch(threshold=threshold, branching_factor=branching, n_clusters=None).fit(X)
    found, reached = sub_clusters(X, np.arange(rows), threshold, branching, 1_000)
    ours, other = found.means, theirs.subcluster_centers_
    assert reached == pytest.approx(threshold)
    assert found.rows.sum() == rows
    assert np.allclose(ours[np.lexsort(ours.T)], other[np.lexsort(other.T)])


def test_the_features_of_a_sub_cluster_are_its_rows_mean_and_spread() -> None:
    X = np.random.default_rng(1).normal(size=(300, 2)) + 1e7
    found, _ = sub_clusters(X, np.arange(300), 1e3, 5, 50)
    assert (len(found.rows), found.rows[0]) == (1, 300)
    assert np.allclose(found.means[0], X.mean(axis=0), rtol=0, atol=1e-6)
    assert found.spreads[0] == pytest.approx(((X - X.mean(axis=0)) ** 2).sum(), rel=1e-6)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 40), st.integers(2, 4))
def test_merging_single_rows_is_wards_method(seed: int, rows: int, clusters: int) -> None:
    X = np.random.default_rng(seed).normal(size=(rows, 2))
    theirs = fcluster(linkage(X, "ward"), clusters, "maxclust")
    assert adjusted_rand_index(merge_by_variance(np.ones(rows), X, clusters), theirs - 1) == 1.0


def test_a_sub_cluster_counts_with_its_rows() -> None:
    """Merging rows that were counted twice equals merging the rows twice over."""
    X = np.random.default_rng(3).normal(size=(40, 2))
    weights = np.random.default_rng(4).integers(1, 5, 40)
    often = merge_by_variance(np.ones(int(weights.sum())), np.repeat(X, weights, axis=0), 4)
    once = merge_by_variance(weights.astype(float), X, 4)
    assert adjusted_rand_index(often, np.repeat(once, weights)) == 1.0


def test_sub_clusters_are_capped_and_no_row_is_lost() -> None:
    X = np.random.default_rng(5).normal(size=(20_000, 4))
    found, reached = sub_clusters(X, np.arange(len(X)), 0.0, 20, 300)
    assert 60 < len(found.rows) <= 300
    assert found.rows.sum() == 20_000
    assert reached > 0
    assert found.rows @ found.means == pytest.approx(X.sum(axis=0), abs=1e-6)


def test_separate_groups_are_found_whatever_the_order_of_rows() -> None:
    X = blobs(2_000)
    shuffled = np.random.default_rng(1).permutation(len(X))
    truth = np.repeat([0, 1, 2], [2_000, 2_000, 1_000])
    for rows in (np.arange(len(X)), shuffled):
        miner = BIRCH(3, sub_clusters=200).fit(X[rows])
        assert adjusted_rand_index(miner.labels_, truth[rows]) > 0.99
        assert miner.sizes_.tolist() == pytest.approx([2_000, 2_000, 1_000], abs=5)


def test_sharing_out_all_rows_once_more_lowers_the_sum_of_squares() -> None:
    X = np.random.default_rng(8).normal(size=(3_000, 5))
    left = [cost(X, BIRCH(4, refinements=times).fit(X).labels_) for times in (0, 1, 3)]
    assert left[0] > left[1] > left[2]


def test_json_gives_back_the_same_answers_and_the_same_seed_the_same_bytes() -> None:
    X = blobs(500)
    miner = BIRCH(3, sub_clusters=100).fit(X)
    text = json.dumps(miner.to_json(), allow_nan=False)
    again = BIRCH.from_json(json.loads(text))
    assert np.array_equal(again.predict(X), miner.labels_)
    assert again.threshold_ == miner.threshold_
    assert json.dumps(BIRCH(3, sub_clusters=100).fit(X).to_json()) == text


def test_what_it_cannot_use_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="distinct rows"):
        BIRCH(2).fit(np.ones((100, 3)))
    with pytest.raises(FeasibilityError, match="sub-clusters of threshold 1000"):
        BIRCH(3, threshold=1000.0).fit(blobs())
    with pytest.raises(UsageError, match="1 branches"):
        BIRCH(2, branching=1).fit(blobs())
    assert BIRCH(2).fit(np.repeat([[0.0], [1.0]], [60, 40], axis=0)).sizes_.tolist() == [60, 40]
