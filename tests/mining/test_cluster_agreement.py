"""Agreement of two clusterings against slow twins that count pairs and sets."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from bankmine.errors import UsageError
from bankmine.mining.clustering.agreement import adjusted_rand_index, best_jaccard

labellings = st.integers(2, 30).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n) for _ in range(2)])
)


@given(labellings)
def test_adjusted_rand_index_equals_scikit_learns(pair: tuple[list[int], list[int]]) -> None:
    first, second = (np.array(labels) for labels in pair)
    assert adjusted_rand_index(first, second) == pytest.approx(adjusted_rand_score(first, second), abs=1e-12)


def test_adjusted_rand_index_counted_by_hand_over_pairs() -> None:
    """Six rows, cut 3 + 3 and 2 + 2 + 2: two pairs together in both, 6 and 3 in each, 15 in all.

    (2 − 6·3/15) / ((6 + 3)/2 − 6·3/15) = .8 / 3.3.
    """
    first, second = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])
    together = [(first[i] == first[j]) and (second[i] == second[j]) for i, j in combinations(range(6), 2)]
    assert sum(together) == 2
    assert adjusted_rand_index(first, second) == pytest.approx(0.8 / 3.3)


@given(labellings)
def test_best_jaccard_equals_a_twin_over_sets(pair: tuple[list[int], list[int]]) -> None:
    first, second = pair
    found = best_jaccard(np.array(first), np.array(second))
    for label in range(max(first) + 1):
        own = {i for i, value in enumerate(first) if value == label}
        others = [{i for i, value in enumerate(second) if value == k} for k in set(second)]
        if not own:
            assert np.isnan(found[label])
            continue
        assert found[label] == pytest.approx(max(len(own & b) / len(own | b) for b in others))


def test_renumbering_changes_nothing() -> None:
    labels = np.array([0, 0, 1, 2, 2, 2])
    assert adjusted_rand_index(labels, 2 - labels) == 1.0
    assert best_jaccard(labels, 2 - labels).tolist() == [1, 1, 1]


def test_labellings_of_different_rows_are_refused() -> None:
    with pytest.raises(UsageError, match="same rows"):
        adjusted_rand_index(np.zeros(3, dtype=int), np.zeros(4, dtype=int))
