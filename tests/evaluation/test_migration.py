"""The migration matrix against counting by hand, and its checks on matrices made to fail them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.migration import migration


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_counts_and_shares_equal_counting_by_hand(pairs: list[tuple[int, int]]) -> None:
    found = migration([a for a, _ in pairs], [b for _, b in pairs], grades=4)
    for i in range(4):
        for j in range(4):
            assert found.counts[i][j] == pairs.count((i, j))
    assert found.same == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
    assert found.within_one == pytest.approx(sum(abs(a - b) <= 1 for a, b in pairs) / len(pairs))
    assert found.same + found.better + found.worse == pytest.approx(1)
    worse = [(a, b) for a, b in pairs if b > a]
    if worse:
        could = sum(max(3 - a, a) for a, _ in worse)
        assert found.bandwidth_worse == pytest.approx(sum(b - a for a, b in worse) / could)
    else:
        assert found.bandwidth_worse is None


def test_nobody_moving_is_dominant_and_has_no_bandwidth() -> None:
    found = migration(np.repeat([0, 1, 2], 50), np.repeat([0, 1, 2], 50), grades=3, defaulted=[0, 2, 9])
    assert found.dominant
    assert found.broken == 0
    assert found.same == 1
    assert found.bandwidth_worse is None
    assert found.bandwidth_better is None
    assert found.default_rates_rise


def test_a_row_that_mostly_leaps_is_named() -> None:
    before = np.repeat([0, 1], [100, 50])
    now = np.concatenate([np.repeat([0, 1, 2], [30, 5, 65]), np.full(50, 1)])
    found = migration(before, now, grades=3, defaulted=[9, 0, 0])
    assert found.not_dominant == (0,)
    assert found.broken == 1
    assert not found.default_rates_rise


def test_rows_of_few_subjects_are_not_judged() -> None:
    found = migration([0] * 5, [1] * 5, grades=2)
    assert found.dominant
    assert found.tested == 0


def test_nobody_graded_both_times_is_refused() -> None:
    with pytest.raises(FeasibilityError):
        migration([], [], grades=2)


def test_a_grade_out_of_range_is_refused() -> None:
    with pytest.raises(UsageError):
        migration([0, 2], [0, 1], grades=2)
