"""What every clustering miner promises, whatever its algorithm."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from samples import blobs
from sklearn.base import clone

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.mining.clustering.clusterer import Clusterer
from bankmine.mining.clustering.comparison import COMPARED, build, compare, cost
from bankmine.mining.files import load, save

TRUTH = np.repeat([0, 1, 2], [120, 120, 60])
every_miner = pytest.mark.parametrize("name", COMPARED)
ASKS_FOR_A_NUMBER = [name for name in COMPARED if name not in ("DBSCAN", "OPTICS")]


@every_miner
def test_three_separate_groups_are_found_and_numbered_by_size(name: str) -> None:
    miner = build(name, 3).fit(blobs())
    inside = miner.labels_ >= 0
    assert adjusted_rand_index(miner.labels_[inside], TRUTH[inside]) > 0.98
    assert miner.noise_share_ < 0.15
    assert list(miner.sizes_) == sorted(miner.sizes_, reverse=True)
    assert miner.sizes_.sum() == inside.sum()


@every_miner
def test_labels_of_training_rows_are_what_predict_says_also_one_row_at_a_time(name: str) -> None:
    X = np.random.default_rng(2).normal(size=(400, 5)) + np.repeat([[0.0], [4.0]], 200, axis=0)
    miner = build(name, 2).fit(X)
    assert np.array_equal(miner.labels_, miner.predict(X))
    alone = [int(miner.predict(X[row : row + 1])[0]) for row in range(0, 400, 37)]
    assert alone == miner.labels_[::37].tolist()


@every_miner
def test_the_same_seed_gives_the_same_model_to_the_byte(name: str) -> None:
    X = np.random.default_rng(3).normal(size=(600, 4))
    first, second = (json.dumps(build(name, 4, random_state=7).fit(X).to_json()) for _ in range(2))
    assert first == second


@every_miner
def test_a_saved_miner_assigns_and_explains_new_rows_alike(name: str, tmp_path: Path) -> None:
    miner = build(name, 3).fit(blobs(), names=["spend", "visits"])
    save(miner, tmp_path)
    again = load(tmp_path)
    new = np.random.default_rng(5).uniform(-5, 14, (200, 2))
    assert np.array_equal(again.predict(new), miner.predict(new))
    assert again.names_ == ("spend", "visits")
    for row in range(0, 200, 20):
        assert again.reasons(new).row(row) == miner.reasons(new).row(row)


@every_miner
def test_every_row_has_reasons_among_the_columns(name: str) -> None:
    miner = build(name, 3).fit(blobs(), names=["spend", "visits"])
    reasons = miner.reasons(blobs(), top=2)
    assert len(reasons) == 300
    third = np.flatnonzero(TRUTH == 2)[5]
    assert reasons.row(int(third))[0].feature == "visits"


@every_miner
def test_constant_columns_and_repeated_rows_do_no_harm(name: str) -> None:
    plain = build(name, 3).fit(blobs(100))
    more = np.column_stack([np.repeat(blobs(100), 2, axis=0), np.full(500, 3.0)])
    twice = build(name, 3).fit(more)
    same = (plain.labels_ >= 0) & (twice.labels_[::2] >= 0)
    assert adjusted_rand_index(plain.labels_[same], twice.labels_[::2][same]) > 0.95


@every_miner
@pytest.mark.parametrize("seed", range(4))
def test_labels_are_what_predict_says_where_distances_tie(name: str, seed: int) -> None:
    """Whole numbers: many rows lie as far from one centre as from another."""
    X = np.random.default_rng(seed).integers(0, 5, (300, 2)).astype(float)
    X[::3] += 0.5
    miner = build(name, 4).fit(X)
    assert np.array_equal(miner.labels_, miner.predict(X))
    assert miner.sizes_.min(initial=1) > 0


@every_miner
def test_rows_that_differ_by_rounding_alone_do_no_harm(name: str) -> None:
    X = np.ones((200, 3)) + 1e-16 * np.random.default_rng(0).normal(size=(200, 3))
    miner = build(name, 3).fit(X)
    assert np.array_equal(miner.labels_, miner.predict(X))
    assert miner.sizes_.min() > 0


@every_miner
def test_one_column_is_enough(name: str) -> None:
    X = np.concatenate([np.random.default_rng(0).normal(size=100), np.linspace(9, 11, 80)])[:, None]
    miner = build(name, 2).fit(X)
    assert len(set(miner.labels_[100:])) == 1
    assert not set(miner.labels_[:100]) & set(miner.labels_[100:])


@every_miner
def test_equal_rows_no_column_and_too_few_rows_are_refused(name: str) -> None:
    with pytest.raises(FeasibilityError, match=r"equal|distinct"):
        build(name, 2).fit(np.ones((100, 2)))
    with pytest.raises(FeasibilityError, match="no column"):
        build(name, 2).fit(np.zeros((100, 0)))
    with pytest.raises(FeasibilityError, match=r"30 rows\. It needs at least"):
        build(name, 2).fit(blobs()[:30])


@every_miner
def test_numbers_too_large_for_squares_are_refused_and_those_below_are_not(name: str) -> None:
    with pytest.raises(UsageError, match=r"Column 'x0' holds numbers beyond ±1e\+100"):
        build(name, 3).fit(blobs() * 1e155)
    assert np.isfinite(build(name, 3).fit(blobs() * 1e98).reasons(blobs()[:9] * 1e98).contributions).all()


@pytest.mark.parametrize("name", [name for name in ASKS_FOR_A_NUMBER if name != "KMedoids"])
def test_rows_too_alike_for_squares_are_refused(name: str) -> None:
    with pytest.raises(FeasibilityError, match="squares vanish"):
        build(name, 3).fit(blobs() * 1e-200)


def test_fewer_clusters_than_asked_for_are_said() -> None:
    points = np.repeat(np.arange(5.0)[:, None] * [1.0, 0.3], 80, axis=0)
    found = build("GaussianMixture", 3).fit(points)
    assert found.fewer_than_asked_ == (len(found.sizes_) < 3)
    assert build("GaussianMixture", 3).fit(points * 1e-3).fewer_than_asked_
    assert not build("KMeans", 3).fit(points).fewer_than_asked_
    assert not build("DBSCAN", 3).fit(blobs()).fewer_than_asked_


@pytest.mark.parametrize("name", ASKS_FOR_A_NUMBER)
def test_more_clusters_than_distinct_rows_are_refused(name: str) -> None:
    with pytest.raises(FeasibilityError, match=r"4 clusters \(counting distinct rows\) was given 3 rows"):
        build(name, 4).fit(np.tile([[0.0], [1.0], [2.0]], (40, 1)))
    with pytest.raises(UsageError, match="1 clusters"):
        build(name, 1).fit(blobs())


@every_miner
def test_missing_values_are_refused_but_by_k_medoids(name: str) -> None:
    X = blobs()
    X[3, 1] = np.nan
    if name == "KMedoids":
        assert (build(name, 3).fit(X).labels_ >= 0).all()
        return
    with pytest.raises(UsageError, match="'visits' holds missing"):
        build(name, 3).fit(X, names=["spend", "visits"])


@every_miner
def test_scikit_learn_can_clone_it_and_it_says_when_it_is_not_fitted(name: str) -> None:
    miner = build(name, 3)
    assert clone(miner).get_params() == miner.get_params()
    with pytest.raises(UsageError, match="not fitted"):
        miner.predict(blobs())
    with pytest.raises(UsageError, match="fitted on 2 columns"):
        miner.fit(blobs()).predict(np.zeros((3, 5)))


@every_miner
def test_a_table_gives_the_same_labels_whatever_the_order_of_its_columns(name: str) -> None:
    X = blobs()
    table = pa.table({"a": X[:, 0], "b": X[:, 1]})
    miner = build(name, 3).fit(table)
    assert np.array_equal(miner.predict(table.select(["b", "a"])), miner.labels_)
    assert np.array_equal(build(name, 3).fit(X).labels_, miner.labels_)


def test_importing_the_miners_loads_no_heavy_library() -> None:
    modules = ["comparison", "matching", "density", "kmedoids", "mixture", "cure", "birch", "choice"]
    code = "import sys; " + "; ".join(f"import bankmine.mining.clustering.{name}" for name in modules)
    code += "; print(sorted({'sklearn', 'scipy', 'numba', 'pandas', 'lightgbm'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_comparison_lists_every_miner_with_its_figures() -> None:
    found = compare(blobs(), ["spend", "visits"], 3, resamples=4)
    assert [one.clusters for one in found] == [3] * len(COMPARED)
    assert all(one.usable and 0.0 < one.cost < 0.1 and one.silhouette > 0.65 for one in found)
    assert {one.miner for one in found if one.noise_share > 0} <= {"DBSCAN", "OPTICS"}
    json.dumps([one.to_json() for one in found], allow_nan=False)


def test_the_comparison_says_why_a_miner_is_not_usable() -> None:
    cloud = np.random.default_rng(1).normal(size=(300, 6))
    found = {one.miner: one for one in compare(cloud, [f"x{i}" for i in range(6)], 5, resamples=4)}
    assert not any(one.usable for one in found.values())
    assert "below" in found["k-means"].reason
    assert found["DBSCAN"].clusters < 2
    refused = compare(blobs()[:60], ["a", "b"], 5, resamples=2, miners=("KMeans", "DBSCAN"))
    assert refused[0].reason.startswith("k-means with 5 clusters was given 60 rows")
    assert refused[0].stability is None


def test_the_comparison_is_repeatable_but_for_the_seconds() -> None:
    runs = [
        [{**one.to_json(), "seconds": 0} for one in compare(blobs(), ["a", "b"], 3, resamples=2)]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_the_cost_of_a_clustering_is_the_share_of_squares_left() -> None:
    X, labels = np.array([[0.0], [2.0], [10.0], [12.0], [99.0]]), np.array([0, 0, 1, 1, -1])
    every = ((X - X.mean()) ** 2).mean()
    assert cost(X, labels) == pytest.approx(1.0 / every)
    assert cost(X, np.full(5, -1)) == 1.0


def test_the_base_has_no_algorithm() -> None:
    with pytest.raises(NotImplementedError):
        Clusterer().fit(blobs())
    with pytest.raises(NotImplementedError):
        Clusterer().predict(blobs())
