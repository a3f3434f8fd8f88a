"""CURE: merges as a slow twin does, follows shapes that a mean cannot, and assigns every row."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import blobs

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.mining.clustering.cure import CURE, merged
from bankmine.mining.clustering.kmeans import KMeans


def representatives(points: np.ndarray, count: int, shrink: float) -> np.ndarray:
    """Scattered points of one cluster, shrunk: the paper's words, one by one."""
    mean = points.mean(axis=0)
    chosen: list[np.ndarray] = []
    while len(chosen) < min(count, len(points)):
        against = np.array(chosen) if chosen else mean[None]
        far = np.sqrt(((points[:, None] - against[None]) ** 2).sum(axis=2)).min(axis=1)
        if chosen and far.max() == 0:
            break
        chosen.append(points[int(far.argmax())])
    return np.array([point + shrink * (mean - point) for point in chosen])


def slowly(points: np.ndarray, clusters: int, count: int, shrink: float) -> list[set[int]]:
    """Every distance of every pair anew after every merge."""
    groups = [{row} for row in range(len(points))]
    while len(groups) > clusters:
        shown = [representatives(points[sorted(group)], count, shrink) for group in groups]
        best = min(
            (
                (((one[:, None] - two[None]) ** 2).sum(axis=2).min(), i, j)
                for i, one in enumerate(shown)
                for j, two in enumerate(shown)
                if i < j
            )
        )
        _, i, j = best
        groups[i] |= groups[j]
        del groups[j]
    return groups


@settings(derandomize=True, max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(6, 20),
    st.integers(2, 4),
    st.integers(2, 5),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_merging_equals_the_slow_twin(seed: int, rows: int, clusters: int, count: int, shrink: float) -> None:
    """With one representative two rows alone together are as far from their mean as each other."""
    points = np.random.default_rng(seed).normal(size=(rows, 2))
    found = merged(points, np.arange(rows), clusters, count, shrink)
    groups = {frozenset(np.flatnonzero(found.labels == label).tolist()) for label in range(clusters)}
    assert groups == {frozenset(group) for group in slowly(points, clusters, count, shrink)}
    for label, shown in enumerate(found.representatives):
        twin = representatives(points[found.labels == label], count, shrink)
        assert np.allclose(np.sort(shown, axis=0), np.sort(twin, axis=0))


def papers_first_data_set(rows: int = 12_000) -> tuple[np.ndarray, np.ndarray]:
    """Like figure 8 of the paper: a big disc, two small ones, two ellipses joined by a chain of rows."""
    draw = np.random.default_rng(0)
    shapes = [
        ((0.0, 0.0), (6.0, 6.0), 0.70),
        ((10.0, 4.5), (1.6, 1.6), 0.08),
        ((10.0, -4.5), (1.6, 1.6), 0.08),
        ((-3.5, 11.0), (2.5, 0.8), 0.07),
        ((5.5, 11.0), (2.5, 0.8), 0.07),
    ]
    parts, truth = [], []
    for number, (centre, radius, share) in enumerate(shapes):
        size = int(share * rows)
        angle, far = draw.uniform(0, 2 * np.pi, size), np.sqrt(draw.random(size))
        disc = np.column_stack([far * np.cos(angle), far * np.sin(angle)])
        parts.append(disc * radius + centre)
        truth.append(np.full(size, number))
    chain = np.column_stack([np.linspace(-1.0, 3.0, 12), np.full(12, 11.0)])
    return np.concatenate([*parts, chain]), np.concatenate([*truth, np.full(12, -1)])


def test_the_papers_shapes_are_found_where_k_means_cuts_the_big_disc() -> None:
    """Section 5.1: with 10 representatives, shrinking by .3 and a sample of 2,500 CURE finds the five."""
    X, truth = papers_first_data_set()
    inside = truth >= 0
    miner = CURE(5, sample=2_500).fit(X)
    assert adjusted_rand_index(miner.labels_[inside], truth[inside]) > 0.97
    assert adjusted_rand_index(KMeans(5).fit(X).labels_[inside], truth[inside]) < 0.6


def test_a_long_shrinking_is_a_centroid_method_and_none_follows_a_bridge() -> None:
    """Section 5.3: shrinking by 1 leaves the mean alone."""
    X, _ = papers_first_data_set(4_000)
    assert len(CURE(5, shrink=1.0).fit(X).points_) <= 50
    shown = CURE(5, shrink=1.0).fit(X)
    for label in range(5):
        assert np.ptp(shown.points_[shown.owners_ == label], axis=0).max() < 1e-9


def test_far_rows_are_assigned_but_make_no_cluster_of_their_own() -> None:
    X = np.concatenate([blobs(400), [[60.0, 60.0], [-70.0, 10.0], [10.0, -80.0]]])
    miner = CURE(3).fit(X)
    assert miner.sizes_.min() >= 190
    assert (miner.labels_ >= 0).all()
    assert CURE(3, drop_outliers=False).fit(X).sizes_.min() < 10


def test_partitions_give_nearly_the_same_groups() -> None:
    labels = [CURE(3, partitions=parts).fit(blobs(600)).labels_ for parts in (1, 4)]
    assert adjusted_rand_index(*labels) > 0.97


def test_new_rows_json_and_the_same_seed() -> None:
    X = blobs(600)
    miner = CURE(3, sample=400).fit(X)
    text = json.dumps(miner.to_json(), allow_nan=False)
    again = CURE.from_json(json.loads(text))
    assert np.array_equal(again.predict(X), miner.labels_)
    assert json.dumps(CURE(3, sample=400).fit(X).to_json()) == text
    near = np.sort(
        [((X[:50, None] - miner.points_[miner.owners_ == k][None]) ** 2).sum(2).min(1) for k in range(3)], 0
    )
    assert np.allclose(miner.reasons(X[:50], top=2).contributions.sum(axis=1), near[1] - near[0])


def test_what_it_cannot_use_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="distinct rows"):
        CURE(3).fit(np.repeat([[0.0, 0.0], [1.0, 1.0]], 50, axis=0))
    with pytest.raises(UsageError, match="shrunk by 2"):
        CURE(3, shrink=2).fit(blobs())
    assert CURE(2).fit(np.repeat([[0.0], [1.0]], [60, 40], axis=0)).sizes_.tolist() == [60, 40]
