"""The statistics behind the detectors, against slow and obvious twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.understanding.detectors.order import _longest_ascending
from bankmine.understanding.statistics import (
    best_block,
    kolmogorov_smirnov,
    largest_sum,
    population_stability_index,
    stability_band,
    total_variation,
)

WEIGHTS = st.lists(st.integers(-5, 5), min_size=1, max_size=12)


@given(WEIGHTS)
def test_largest_sum_equals_trying_every_interval(weights: list[int]) -> None:
    values = np.array(weights, float)
    start, stop = largest_sum(values)
    best = max(values[i:j].sum() for i in range(len(values)) for j in range(i + 1, len(values) + 1))
    assert start < stop
    assert values[start:stop].sum() == best


@given(st.lists(st.integers(0, 6), min_size=1, max_size=9))
def test_longest_ascending_keeps_as_many_as_any_ascending_choice(values: list[int]) -> None:
    keep = _longest_ascending(np.array(values, np.int64))
    kept = np.array(values)[keep]
    longest = max(
        bin(choice).count("1")
        for choice in range(1 << len(values))
        if all(np.diff([v for i, v in enumerate(values) if choice >> i & 1]) >= 0)
    )
    assert np.all(np.diff(kept) >= 0)
    assert len(kept) == longest


@given(st.integers(5, 40), st.integers(3, 30), st.integers(0, 2**31))
@settings(max_examples=40)
def test_a_planted_block_is_found_to_the_day(start: int, length: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.full(80, 200)
    share = np.full(80, 0.02)
    share[start : start + length] = 0.9
    block = best_block(rng.binomial(rows, share), rows)
    assert block is not None
    assert (block.start, block.stop) == (start, min(start + length, 80))
    assert block.stands_out()


@pytest.mark.parametrize("seed", range(20))
def test_chance_alone_makes_no_block_stand_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.poisson(100, 300)
    block = best_block(rng.binomial(rows, 0.1), rows)
    assert block is None or not block.stands_out()


def test_a_monthly_course_is_its_own_rival() -> None:
    rows = np.full(300, 100)
    share = np.where(np.arange(300) % 30 == 0, 0.9, 0.05)
    block = best_block(np.round(rows * share).astype(np.int64), rows)
    assert block is not None
    assert not block.stands_out()


def test_distances_are_zero_for_equal_and_one_for_disjoint_distributions() -> None:
    p, q = np.array([2.0, 2.0, 0.0]), np.array([0.0, 0.0, 5.0])
    for distance in (total_variation, kolmogorov_smirnov):
        assert distance(p, 3 * p) == 0
        assert distance(p, q) == 1


def test_stability_index_stays_in_its_band_when_nothing_drifts() -> None:
    rng = np.random.default_rng(1)
    shares = np.full(10, 0.1)
    above = sum(
        population_stability_index(rng.multinomial(2000, shares) * 1.0, rng.multinomial(3000, shares) * 1.0)
        > stability_band(2000, 3000, 10)
        for _ in range(400)
    )
    assert above / 400 < 0.08
