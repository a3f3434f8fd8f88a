"""Ids stay with their clusters from run to run; splits, merges and new clusters are told."""

import json
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import UsageError
from bankmine.mining.clustering.matching import Matching, match_clusters


def groups(**sizes: int) -> np.ndarray:
    """Labels from words: groups(a=3, b=2) is 0, 0, 0, 1, 1."""
    return np.repeat(np.arange(len(sizes)), list(sizes.values()))


def test_a_renumbered_clustering_keeps_every_id() -> None:
    before = groups(a=50, b=30, c=20)
    found = match_clusters(before, np.array([2, 0, 1])[before])
    assert [one.id for one in found.clusters] == [1, 2, 0]
    assert [one.overlap for one in found.clusters] == [1, 1, 1]
    assert (found.stayed, found.lost, found.splits, found.merges) == (1.0, (), (), ())
    assert found.ids_of(np.array([2, 0, -1])).tolist() == [0, 1, -1]


def test_ids_need_not_be_all_numbers_and_a_new_cluster_never_takes_a_used_one() -> None:
    before = np.array([7] * 40 + [3] * 40)
    after = np.array([0] * 40 + [1] * 20 + [2] * 20)
    found = match_clusters(before, after, next_id=12)
    assert [(one.id, one.previous) for one in found.clusters] == [(7, 7), (3, 3), (12, None)]
    assert found.next_id == 13


def test_a_split_names_its_parts_and_the_larger_keeps_the_id() -> None:
    found = match_clusters(groups(a=100, b=50), groups(first=60, second=40, b=50))
    (split,) = found.splits
    assert (split.id, [(part.id, part.rows, part.share) for part in split.into]) == (
        0,
        [(0, 60, 0.6), (2, 40, 0.4)],
    )
    assert found.merges == ()


def test_a_merge_names_its_sources_and_the_smaller_id_is_lost() -> None:
    found = match_clusters(groups(a=60, b=40, c=50), np.repeat([0, 0, 1], [60, 40, 50]))
    (merge,) = found.merges
    assert (merge.id, [(part.id, part.rows, part.share) for part in merge.out_of]) == (
        0,
        [(0, 60, 1.0), (1, 40, 1.0)],
    )
    assert found.lost == (1,)
    assert found.splits == ()


def test_a_pair_with_little_in_common_is_no_pair() -> None:
    draw = np.random.default_rng(0)
    found = match_clusters(draw.integers(0, 5, 500), draw.integers(0, 5, 500))
    assert all(one.previous is None for one in found.clusters)
    assert (found.lost, found.stayed) == ((0, 1, 2, 3, 4), 0.0)


def test_noise_belongs_to_no_cluster_but_thins_the_overlap() -> None:
    found = match_clusters(np.array([0] * 10 + [-1] * 5), np.array([0] * 6 + [-1] * 4 + [0] * 5))
    assert found.clusters[0].overlap == pytest.approx(6 / 15)
    assert found.flows == ((6,),)


def test_a_cluster_without_shared_rows_is_new() -> None:
    found = match_clusters(groups(a=10), groups(a=10), clusters=2)
    assert [one.id for one in found.clusters] == [0, 1]
    empty = np.zeros(0, dtype=np.int64)
    assert [one.id for one in match_clusters(empty, empty, clusters=2, next_id=5).clusters] == [5, 6]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(
            *[st.lists(st.integers(0, 4), min_size=n, max_size=n).map(np.array) for _ in range(2)]
        )
    )
)
def test_no_other_pairing_keeps_more_rows(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """The twin tries every way to pair five ids with five labels."""
    before, after = pair
    found = match_clusters(before, after, least_overlap=0.0)
    best = max(int(sum(np.array(way)[after] == before)) for way in permutations(range(5)))
    assert round(found.stayed * len(before)) == best
    assert sum(one.rows for one in found.clusters) == len(before)
    assert len({one.id for one in found.clusters}) == len(found.clusters)


def test_a_matching_is_strict_json() -> None:
    found: Matching = match_clusters(groups(a=60, b=40, c=50), groups(a=30, b=70, c=50))
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (np.zeros(3, dtype=int), np.zeros(4, dtype=int)),
        (np.zeros(3), np.zeros(3, dtype=int)),
        (np.full(3, -2), np.zeros(3, dtype=int)),
    ],
)
def test_labels_of_other_rows_or_of_no_kind_are_refused(before: np.ndarray, after: np.ndarray) -> None:
    with pytest.raises(UsageError, match="matched"):
        match_clusters(before, after)
    with pytest.raises(UsageError, match="1 clusters"):
        match_clusters(groups(a=2), groups(a=2)).ids_of(np.array([1]))
