"""Adaptive k-means: columns that only make noise lose their weight, and the criterion never rises."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import blobs

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.adaptive import AdaptiveKMeans, weigh
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.clustering.stability import stability
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import document, from_document


def told_by_few(rows: int = 1200, noise: int = 14, seed: int = 0) -> tuple[Floats, Ints]:
    """Four groups told apart by two columns among many that say nothing; every column has spread 1."""
    draw = np.random.default_rng(seed)
    group = draw.integers(0, 4, rows)
    middles = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])[group]
    X = np.column_stack([middles + draw.normal(0, 0.55, (rows, 2)), draw.normal(size=(rows, noise))])
    return (X - X.mean(axis=0)) / X.std(axis=0), group.astype(np.int64)


def test_groups_that_noise_hides_from_k_means_are_found() -> None:
    X, group = told_by_few()
    plain, adaptive = KMeans(4).fit(X), AdaptiveKMeans(4).fit(X)
    assert adjusted_rand_index(group, plain.labels_) < 0.6
    assert adjusted_rand_index(group, adaptive.labels_) > 0.8
    assert adaptive.weights_[:2].min() > 2 * adaptive.weights_[2:].max()


def test_the_weights_multiply_to_one_and_are_inverse_to_the_variances_inside_the_clusters() -> None:
    X, _ = told_by_few()
    miner = AdaptiveKMeans(4).fit(X)
    gaps = X - np.array([X[miner.labels_ == one].mean(axis=0) for one in range(4)])[miner.labels_]
    assert np.prod(miner.weights_) == pytest.approx(1.0)
    assert np.ptp(miner.weights_ * (gaps**2).mean(axis=0)) < 0.02


@settings(derandomize=True, max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_other_weights_of_the_same_product_make_the_clusters_narrower(seed: int) -> None:
    """The obvious twin: many random weights of product 1 against those in closed form."""
    draw = np.random.default_rng(seed)
    X, labels = draw.normal(size=(60, 3)) * [1, 2, 5], draw.integers(0, 3, 60).astype(np.int64)
    means = np.array([X[labels == one].mean(axis=0) for one in range(3)])
    inside = ((X - means[labels]) ** 2).mean(axis=0)
    best = float(weigh(X, labels, 3).weights @ inside)
    for _ in range(200):
        logs = draw.normal(size=3)
        assert np.exp(logs - logs.mean()) @ inside >= best - 1e-12


def test_more_rounds_from_one_beginning_never_raise_the_criterion() -> None:
    X, _ = told_by_few(rows=400)
    begin = weigh(X, KMeans(4).fit(X).labels_, 4)
    seen = [AdaptiveKMeans(4, rounds=rounds)._descended(X, begin).criterion for rounds in (1, 2, 5, 10)]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(seen))


def test_the_unit_of_a_column_does_not_change_round_groups_that_are_far_apart() -> None:
    X = blobs()
    other = X * [1.0, 1.5]
    assert np.array_equal(AdaptiveKMeans(3).fit(X).labels_, AdaptiveKMeans(3).fit(other).labels_)


def test_labels_sizes_and_centres_are_what_predict_says() -> None:
    miner = AdaptiveKMeans(3).fit(blobs())
    assert np.array_equal(miner.labels_, miner.predict(blobs()))
    assert miner.sizes_.tolist() == [120, 120, 60]
    assert np.array_equal(miner.labels_, miner.transform(blobs()).argmin(axis=1))


def test_reasons_add_up_to_the_difference_of_weighted_distances() -> None:
    X, _ = told_by_few(rows=500)
    miner = AdaptiveKMeans(4).fit(X)
    near = np.sort(miner.transform(X), axis=1)
    found = miner.reasons(X, top=X.shape[1])
    for row in (0, 17, 499):
        added = sum(one.contribution for one in found.row(row))
        assert added == pytest.approx(near[row, 1] - near[row, 0])


def test_a_row_alone_gets_the_answer_of_the_batch_and_equal_inputs_equal_bytes() -> None:
    X, _ = told_by_few()
    miner = AdaptiveKMeans(4, random_state=3).fit(X)
    assert np.array_equal(miner.transform(X[7:8])[0], miner.transform(X)[7])
    again = AdaptiveKMeans(4, random_state=3).fit(X)
    assert json.dumps(document(again)) == json.dumps(document(miner))


def test_a_kept_miner_answers_as_before() -> None:
    X, _ = told_by_few()
    miner = AdaptiveKMeans(4).fit(X)
    back = from_document(json.loads(json.dumps(document(miner))))
    assert isinstance(back, AdaptiveKMeans)
    assert np.array_equal(back.predict(X), miner.labels_)
    assert np.array_equal(back.transform(X), miner.transform(X))


def test_a_constant_column_and_one_that_is_a_group_itself_take_no_part_or_not_all() -> None:
    X, group = told_by_few()
    own = (group == 1) / np.std(group == 1)
    miner = AdaptiveKMeans(4).fit(np.column_stack([X, np.full(len(X), 3.0), own]))
    assert np.isfinite(miner.weights_).all()
    assert miner.weights_[-2] == 1.0
    assert miner.weights_[-1] / miner.weights_[5] == pytest.approx(100, rel=0.05)


def test_the_gate_learns_the_weights_anew_on_every_resample() -> None:
    draw = np.random.default_rng(1)
    X = np.column_stack([blobs() / blobs().std(axis=0), draw.normal(size=(300, 3))])
    noise = draw.normal(size=(300, 5))
    assert stability(X, AdaptiveKMeans(3, n_init=3), resamples=8).stable
    assert not stability(noise, AdaptiveKMeans(3, n_init=3), resamples=8).stable


def test_what_cannot_be_meant_or_done_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match="rounds = 0"):
        AdaptiveKMeans(3, rounds=0).fit(blobs())
    with pytest.raises(FeasibilityError, match="adaptive k-means with 3 clusters"):
        AdaptiveKMeans(3).fit(blobs()[:40])
