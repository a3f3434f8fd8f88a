"""k-medoids: no swap improves it, mixed columns and holes are distances, a medoid is a real row."""

import json
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import blobs

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.gower import MixedColumns
from bankmine.mining.clustering.kmedoids import KMedoids
from bankmine.mining.clustering.medoid_kernel import faster_pam


def cost_of(distance: np.ndarray, medoids: list[int]) -> float:
    """The sum of distances to the nearest medoid, written out."""
    return float(sum(min(distance[row, medoid] for medoid in medoids) for row in range(len(distance))))


def pairwise(points: np.ndarray) -> np.ndarray:
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))


def customers(rows: int = 200) -> pa.Table:
    """Two kinds of customers told apart by words as much as by numbers, with holes."""
    draw = np.random.default_rng(0)
    kind = np.arange(rows) % 2
    income = np.where(kind, 5000.0, 1500.0) + draw.normal(size=rows) * 300
    income[::7] = np.nan
    job = np.where(kind, "manager", "student").astype(object)
    job[::11] = None
    return pa.table(
        {
            "income": pa.array(income, from_pandas=True),
            "job": pa.array(job, pa.string()),
            "owns": pa.array(kind == 1),
        },
    )


def test_kaufman_and_rousseeuws_ten_objects() -> None:
    """Finding Groups in Data (1990), chapter 2: objects 1 and 5 give a mean distance of 9.37, 4 and 8 2.30.

    Swaps go on to objects 3 and 8, 2.19, the best of all pairs.
    """
    points = np.array(
        [[1, 4], [5, 1], [5, 2], [5, 4], [10, 4], [25, 4], [25, 6], [25, 7], [25, 8], [29, 7]], dtype=float
    )
    distance, medoids = pairwise(points), np.array([0, 4])
    assert cost_of(distance, [0, 4]) / 10 == pytest.approx(9.37, abs=0.005)
    assert faster_pam(distance, np.ones(len(distance), dtype=bool), medoids, 100) > 0
    assert cost_of(distance, [3, 7]) / 10 == pytest.approx(2.30, abs=0.005)
    assert sorted(medoids + 1) == [3, 8]
    every = [cost_of(distance, list(pair)) for pair in combinations(range(10), 2)]
    assert cost_of(distance, medoids.tolist()) == pytest.approx(min(every))
    assert min(every) / 10 == pytest.approx(2.19, abs=0.005)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 25), st.integers(2, 5), st.booleans())
def test_no_single_swap_improves_what_faster_pam_found(seed: int, rows: int, count: int, grid: bool) -> None:
    """The twin tries every swap of a medoid with another row: PAM's own condition for an optimum."""
    draw = np.random.default_rng(seed)
    points = draw.integers(0, 4, (rows, 2)).astype(float) if grid else draw.normal(size=(rows, 3))
    distance, medoids = pairwise(points), np.sort(draw.choice(rows, count, replace=False))
    before = cost_of(distance, medoids.tolist())
    faster_pam(distance, np.ones(len(distance), dtype=bool), medoids, 10_000)
    found = cost_of(distance, medoids.tolist())
    assert len(set(medoids.tolist())) == count
    assert found <= before
    for place in range(count):
        for row in range(rows):
            swapped = [row if other == place else int(medoids[other]) for other in range(count)]
            assert cost_of(distance, swapped) >= found - 1e-9


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_gowers_distance_equals_its_definition(seed: int) -> None:
    """Gower (1971): the mean over columns known on both sides of gap over range, or of 0 and 1."""
    draw = np.random.default_rng(seed)
    numbers = np.where(draw.random((50, 2)) < 0.2, np.nan, draw.normal(size=(50, 2)) * [1, 1000])
    words = [None if one == 3 else "abc"[one] for one in draw.integers(0, 4, 50)]
    table = pa.table({"a": numbers[:, 0], "b": numbers[:, 1], "c": pa.array(words, pa.string())})
    frame = MixedColumns.learn(table, None, 0.0)
    miner = KMedoids(2, tails=0.0).fit(table)
    width = np.nanmax(numbers, axis=0) - np.nanmin(numbers, axis=0)
    distances = miner.transform(table)
    for row in range(50):
        for label, medoid in enumerate(miner.medoid_positions_):
            parts = list(np.abs(numbers[row] - numbers[medoid]) / width)
            same = words[row] is not None and words[medoid] is not None
            parts.append(float(words[row] != words[medoid]) if same else np.nan)
            known = [part for part in parts if not np.isnan(part)]
            assert distances[row, label] == pytest.approx(np.mean(known) if known else 1.0)
    assert frame.categorical.tolist() == [False, False, True]


def test_mixed_columns_with_holes_give_the_two_kinds_and_their_portraits() -> None:
    table = customers()
    miner = KMedoids(2).fit(table)
    kind = np.arange(200) % 2
    assert max(np.mean(miner.labels_ == kind), np.mean(miner.labels_ != kind)) == 1.0
    for label, portrait in enumerate(miner.portraits_):
        row = int(miner.medoid_positions_[label])
        assert portrait == {name: table.column(name)[row].as_py() for name in table.column_names}
        assert miner.labels_[row] == label


def test_a_row_of_holes_is_no_portrait() -> None:
    """Gower's mean over known columns makes an almost empty row near to all; it must not stand for them."""
    portraits = KMedoids(2).fit(customers()).portraits_
    assert all(value is not None for portrait in portraits for value in portrait.values())


def test_a_category_never_seen_equals_no_other() -> None:
    table = customers()
    miner = KMedoids(2).fit(table)
    new = table.slice(0, 1).set_column(1, "job", pa.array(["astronaut"]))
    assert miner.transform(new).min() >= 1 / 3 - 1e-9
    assert miner.predict(new).shape == (1,)


def test_reasons_add_up_to_the_difference_of_distances() -> None:
    table = customers()
    for miner, data in ((KMedoids(3), table), (KMedoids(3, metric="euclidean"), blobs())):
        near = np.sort(miner.fit(data).transform(data), axis=1)[:, :2]
        near = near if miner.metric == "gower" else near**2
        reasons = miner.reasons(data, top=3)
        assert np.allclose(reasons.contributions.sum(axis=1), near[:, 1] - near[:, 0])


def test_one_outlier_does_not_make_all_others_alike() -> None:
    """The range lies between the 1st and the 99th percentile; `tails=0` is Gower's own."""
    X = np.concatenate([blobs()[:, :1], [[1e9]]])
    assert KMedoids(2).fit(X).sizes_.min() > 100
    assert KMedoids(2, tails=0.0).fit(X).cost_ < 1e-6


def test_many_rows_are_sampled_and_all_are_assigned() -> None:
    X = blobs(800)
    whole, sampled = (KMedoids(3, sample=size, metric="euclidean").fit(X) for size in (3_000, 400))
    assert np.mean(whole.labels_ == sampled.labels_) > 0.99
    assert sampled.cost_ < 1.02 * whole.cost_
    assert np.array_equal(sampled.labels_, sampled.predict(X))


def test_the_same_seed_gives_the_same_bytes_and_json_the_same_answers() -> None:
    table = customers(4000)
    first, second = (KMedoids(4, sample=1000).fit(table) for _ in range(2))
    text = json.dumps(first.to_json(), allow_nan=False)
    assert text == json.dumps(second.to_json(), allow_nan=False)
    again = KMedoids.from_json(json.loads(text))
    assert again.transform(table).tobytes() == first.transform(table).tobytes()
    assert again.portraits_ == first.portraits_


def test_what_it_cannot_use_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="distinct rows"):
        KMedoids(3).fit(pa.table({"a": ["x", "y"] * 50}))
    with pytest.raises(FeasibilityError, match="was given 30 rows"):
        KMedoids(2).fit(customers(30))
    with pytest.raises(UsageError, match="categories or missing"):
        KMedoids(2, metric="euclidean").fit(customers())
    with pytest.raises(UsageError, match="neither number nor category"):
        KMedoids(2).fit(pa.table({"when": pa.array([0] * 50, pa.timestamp("us"))}))
    with pytest.raises(UsageError, match="infinite"):
        KMedoids(2).fit(np.full((50, 1), np.inf))
    with pytest.raises(UsageError, match="manhattan"):
        KMedoids(2, metric="manhattan").fit(blobs())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="lacks the column 'job'"):
        KMedoids(2).fit(customers()).predict(customers().drop_columns(["job"]))


def test_a_column_of_nothing_but_nulls_is_read_as_holes() -> None:
    table = customers()
    empty = table.append_column("empty", pa.nulls(len(table)))
    miner = KMedoids(2).fit(empty)
    assert np.array_equal(miner.labels_, KMedoids(2).fit(table).labels_)
    assert np.array_equal(miner.predict(empty), miner.labels_)
    assert miner.portraits_[0]["empty"] is None
