"""The stability index, its band of chance, and what it does with missing and unseen values."""

import numpy as np
import pytest

from bankmine.errors import FeasibilityError
from bankmine.evaluation.stability import population_stability


def test_index_of_two_levels_by_hand() -> None:
    found = population_stability(["a"] * 80 + ["b"] * 20, ["a"] * 50 + ["b"] * 50)
    assert found.value == pytest.approx((0.5 - 0.8) * np.log(0.5 / 0.8) + (0.5 - 0.2) * np.log(0.5 / 0.2))
    assert found.verdict == "large shift"
    assert found.shifted


def test_without_a_shift_one_in_twenty_passes_the_band() -> None:
    draw = np.random.default_rng(0)
    passed = []
    for _ in range(400):
        found = population_stability(draw.normal(size=500), draw.normal(size=300))
        passed.append(found.value > found.chance)
    assert 0.02 <= np.mean(passed) <= 0.09


def test_small_samples_pass_the_customary_limit_by_chance_only() -> None:
    draw = np.random.default_rng(0)
    found = population_stability(draw.normal(size=60), draw.normal(size=60))
    assert found.chance > 0.1
    assert not found.shifted


def test_a_moved_distribution_is_seen() -> None:
    draw = np.random.default_rng(1)
    found = population_stability(draw.normal(size=5000), draw.normal(size=5000) + 1)
    assert found.verdict == "large shift"
    assert found.value == pytest.approx(1.0, abs=0.25)  # symmetric divergence of N(0,1) and N(1,1) is 1


def test_missing_values_are_a_bin_of_their_own() -> None:
    whole = np.arange(1000.0)
    holes = np.where(whole % 2 == 0, np.nan, whole)
    found = population_stability(whole, holes)
    assert found.bins[-1].label == "missing"
    assert (found.bins[-1].expected, found.bins[-1].actual) == (0, 0.5)
    assert found.shifted
    assert population_stability(np.full(10, np.nan), np.full(10, np.nan)).value == 0


def test_an_unseen_level_and_missing_texts_count() -> None:
    found = population_stability(["a", "b", None] * 100, ["a", "c", None] * 100)
    assert [one.label for one in found.bins] == ["a", "b", "c", "missing"]
    assert np.isfinite(found.value)
    assert found.shifted


def test_a_column_of_few_values_is_binned_by_value() -> None:
    found = population_stability([0, 0, 0, 1] * 50, [0, 1, 1, 1] * 50)
    assert [(one.expected, one.actual) for one in found.bins] == [(0.75, 0.25), (0.25, 0.75)]


def test_values_outside_the_expected_range_fall_into_the_outer_bins() -> None:
    found = population_stability(np.arange(100.0), np.arange(100.0) + 1000)
    assert found.bins[-1].actual == 1.0


def test_an_empty_side_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="between 0 and 3 rows"):
        population_stability([], [1.0, 2.0, 3.0])
