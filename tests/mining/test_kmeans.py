"""k-means: the same groups every time, the same answer for a row alone and in a batch."""

import json

import numpy as np
import pytest
from samples import blobs
from threadpoolctl import threadpool_limits

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.kmeans import KMeans


def test_separate_groups_are_found_and_numbered_by_size() -> None:
    miner = KMeans(3).fit(blobs())
    assert miner.sizes_.tolist() == [120, 120, 60]
    assert np.allclose(miner.centers_[2], [0, 9], atol=0.5)
    assert len(np.unique(miner.labels_[:120])) == 1


def test_macqueens_two_groups_on_a_line() -> None:
    """One column, two groups whose best cut is known: means 1 and 11, squares 20·(1+0+1)·2 = 80."""
    X = np.repeat([0.0, 1.0, 2.0, 10.0, 11.0, 12.0], 20)[:, None]
    miner = KMeans(2).fit(X)
    assert sorted(miner.centers_[:, 0]) == pytest.approx([1.0, 11.0])
    assert miner.inertia_ == pytest.approx(80.0)


def test_training_labels_are_what_predict_says() -> None:
    miner = KMeans(3).fit(blobs())
    assert np.array_equal(miner.labels_, miner.predict(blobs()))


def test_one_thread_and_two_give_equal_centres_to_the_bit() -> None:
    X = np.random.default_rng(3).normal(size=(5000, 6))
    fitted = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            fitted.append(KMeans(6).fit(X).centers_.tobytes())
    assert fitted[0] == fitted[1]


def test_another_random_state_finds_the_same_clear_groups_under_the_same_numbers() -> None:
    labels = [KMeans(3, random_state=seed).fit(blobs()).labels_ for seed in (0, 1, 2)]
    assert np.array_equal(labels[0], labels[1])
    assert np.array_equal(labels[0], labels[2])


def test_a_row_alone_has_the_same_distances_as_in_a_batch() -> None:
    X = np.random.default_rng(4).normal(size=(9000, 13))
    miner = KMeans(5, n_init=1).fit(X)
    whole = miner.transform(X)
    for row in (0, 4095, 4096, 8999):
        assert np.array_equal(miner.transform(X[row : row + 1])[0], whole[row])


def test_reasons_add_up_to_the_difference_of_squared_distances() -> None:
    X = np.random.default_rng(5).normal(size=(500, 4))
    miner = KMeans(4).fit(X)
    near = np.sort(miner.transform(X), axis=1)
    reasons = miner.reasons(X, top=4)
    assert np.allclose(reasons.contributions.sum(axis=1), near[:, 1] - near[:, 0])


def test_the_reason_names_the_column_that_separates() -> None:
    X = blobs()
    miner = KMeans(3).fit(X, names=["spend", "visits"])
    assert {miner.reasons(X).row(i)[0].feature for i in range(240, 300)} == {"visits"}


def test_json_gives_back_the_same_answers_to_the_bit() -> None:
    miner = KMeans(3).fit(blobs())
    again = KMeans.from_json(json.loads(json.dumps(miner.to_json())))
    assert again.transform(blobs()).tobytes() == miner.transform(blobs()).tobytes()
    assert again.to_json() == miner.to_json()


def test_too_few_rows_for_the_number_of_clusters_are_refused() -> None:
    with pytest.raises(FeasibilityError, match="k-means with 5 clusters was given 99 rows"):
        KMeans(5).fit(np.random.default_rng(0).normal(size=(99, 2)))


def test_too_few_distinct_rows_are_refused() -> None:
    with pytest.raises(FeasibilityError, match="distinct rows"):
        KMeans(3).fit(np.repeat([[0.0, 0.0], [1.0, 1.0]], 50, axis=0))


def test_one_cluster_is_not_a_clustering() -> None:
    with pytest.raises(UsageError, match="1 clusters"):
        KMeans(1).fit(blobs())
