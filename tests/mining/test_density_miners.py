"""DBSCAN and OPTICS against scikit-learn and against each other; noise; new rows; the choice of the reach."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import blobs
from sklearn import cluster as sklearn_cluster
from sklearn.datasets import make_moons

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.mining.clustering.density import (
    DBSCAN,
    OPTICS,
    _rivals,
    core_distances,
    knee,
    reachability,
)

matrices = st.tuples(st.integers(0, 10_000), st.integers(50, 90), st.integers(1, 3)).map(
    lambda one: np.random.default_rng(one[0]).normal(size=one[1:])
)


def moons() -> np.ndarray:
    """Two half moons (no ball holds one), and twenty rows scattered far around."""
    X, _ = make_moons(600, noise=0.05, random_state=0)
    far = np.random.default_rng(0).uniform(-6, 6, (20, 2)) + np.array([12, 12])
    return np.concatenate([X, far])


@settings(derandomize=True, max_examples=40, deadline=None)
@given(matrices, st.floats(0.2, 1.5), st.integers(2, 8))
def test_dbscan_finds_scikit_learns_core_rows_clusters_and_noise(
    X: np.ndarray, eps: float, neighbours: int
) -> None:
    """A border row within reach of two clusters joins the nearer one here, the first found there."""
    theirs = sklearn_cluster.DBSCAN(eps=eps, min_samples=neighbours).fit(X)
    ours = DBSCAN(eps, min_samples=neighbours, least_share=0).fit(X)
    core = theirs.core_sample_indices_
    assert len(ours.points_) == len(core)
    assert adjusted_rand_index(ours.labels_[core], theirs.labels_[core]) == 1.0
    assert np.array_equal(ours.labels_ == -1, theirs.labels_ == -1)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(matrices, st.integers(2, 8))
def test_optics_orders_rows_as_scikit_learn_does(X: np.ndarray, neighbours: int) -> None:
    theirs = sklearn_cluster.OPTICS(min_samples=neighbours).fit(X)
    order, reach, before = reachability(X, core_distances(X, neighbours))
    assert np.array_equal(order, theirs.ordering_)
    assert np.allclose(np.sqrt(reach), theirs.reachability_)
    assert np.array_equal(before, theirs.predecessor_)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(matrices, st.floats(0.2, 1.5), st.integers(2, 8))
def test_cutting_the_reachability_plot_gives_dbscans_core_rows(
    X: np.ndarray, eps: float, neighbours: int
) -> None:
    """Ankerst et al. (1999), section 3.3: what follows a row of reachability above eps is another cluster."""
    cores = core_distances(X, neighbours)
    order, reach, _ = reachability(X, cores)
    cut = np.empty(len(X), dtype=np.int64)
    cut[order] = np.cumsum(reach[order] > eps * eps)
    miner = DBSCAN(eps, min_samples=neighbours, least_share=0).fit(X)
    core = cores <= eps * eps
    if core.any():
        assert adjusted_rand_index(cut[core], miner.labels_[core]) == 1.0


def test_half_moons_are_two_clusters_and_far_rows_are_noise() -> None:
    X = moons()
    for miner in (DBSCAN(), OPTICS(min_samples=20, least_share=0.2)):
        miner.fit(X)
        assert miner.sizes_.tolist() == pytest.approx([300, 300], abs=12)
        assert (miner.labels_[600:] == -1).all()
        assert miner.noise_share_ == pytest.approx(20 / 620, abs=0.04)


def test_optics_separates_what_no_one_reach_of_dbscan_can() -> None:
    """Two dense groups near each other and a wide one: a reach that fills the wide one joins the two."""
    draw = np.random.default_rng(2)
    dense = draw.normal(size=(200, 2)) * 0.15
    X = np.concatenate([dense, dense + np.array([1.6, 0]), draw.normal(size=(200, 2)) * 2 + 12])
    truth = np.repeat([0, 1, 2], 200)
    found = OPTICS(min_samples=15, least_share=0.1).fit(X)
    assert len(found.sizes_) == 3
    kept = found.labels_ >= 0
    assert adjusted_rand_index(found.labels_[kept], truth[kept]) > 0.98
    assert found.noise_share_ < 0.2


def test_a_new_row_joins_the_nearest_core_point_within_reach_or_is_noise() -> None:
    for miner in (DBSCAN().fit(blobs()), OPTICS().fit(blobs())):
        near = miner.predict(np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 9.0], [100.0, 100.0]]))
        assert len(set(near[:3].tolist())) == 3
        assert near[3] == -1
        assert np.array_equal(miner.labels_, miner.predict(blobs()))


def test_many_rows_are_sampled_and_all_are_assigned() -> None:
    X = blobs(4000)
    for miner in (DBSCAN(sample=800), OPTICS(sample=800)):
        miner.fit(X)
        assert len(miner.sizes_) == 3
        assert miner.noise_share_ < 0.15


def test_the_reason_for_noise_names_the_column_it_is_far_in() -> None:
    miner = DBSCAN().fit(blobs(), names=["spend", "visits"])
    (reason, *_) = miner.reasons(np.array([[0.0, 500.0]])).row(0)
    assert (reason.feature, reason.contribution < 0) == ("visits", True)


def test_the_knee_lies_where_the_sorted_distances_turn() -> None:
    curve = np.concatenate([np.linspace(1.0, 1.2, 900), np.linspace(1.2, 8.0, 100)])
    assert knee(np.random.default_rng(0).permutation(curve)) == pytest.approx(1.2, abs=0.05)
    assert knee(np.full(60, 2.0)) == 2.0
    assert knee(np.array([0.0] * 99 + [3.0])) == 3.0
    with pytest.raises(FeasibilityError, match="No reach"):
        knee(np.zeros(60))


def test_no_dense_region_is_no_cluster_and_every_row_noise() -> None:
    miner = DBSCAN(1e-6).fit(blobs())
    assert miner.sizes_.tolist() == []
    assert set(miner.predict(blobs())) == {-1}
    assert miner.reasons(blobs()).row(0) == []


@pytest.mark.parametrize("miner", [DBSCAN(), OPTICS()], ids=lambda m: type(m).__name__)
def test_json_gives_back_the_same_answers(miner: DBSCAN) -> None:
    X = moons()
    text = json.dumps(miner.fit(X).to_json(), allow_nan=False)
    again = type(miner).from_json(json.loads(text))
    assert np.array_equal(again.predict(X), miner.labels_)
    assert json.dumps(again.to_json(), allow_nan=False) == text


def test_what_they_cannot_use_is_refused() -> None:
    for kind in (DBSCAN, OPTICS):
        with pytest.raises(FeasibilityError, match="49 rows"):
            kind().fit(blobs()[:49])
        with pytest.raises(FeasibilityError, match="all equal"):
            kind().fit(np.ones((80, 2)))
        with pytest.raises(UsageError, match="500 neighbours"):
            kind(min_samples=500).fit(blobs())
    with pytest.raises(UsageError, match="eps = -1"):
        DBSCAN(-1).fit(blobs())
    with pytest.raises(UsageError, match="xi 2"):
        OPTICS(2).fit(blobs())


def test_of_nested_valleys_those_with_a_rival_are_clusters() -> None:
    assert _rivals([(0, 99), (0, 40), (5, 30), (50, 99), (55, 70), (75, 90)]) == [(0, 40), (55, 70), (75, 90)]
    assert _rivals([(0, 99), (10, 80), (20, 60)]) == [(0, 99)]
    assert _rivals([]) == []
