"""Grades of a master scale: monotone, large enough, the likeliest there are, the same every time."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation import master_scale as scales
from bankmine.evaluation.master_scale import Limits, MasterScale, jeffreys_interval, master_scale, shift

PRECISE = settings(derandomize=True, max_examples=60, deadline=None)
Sample = tuple[Any, Any]


@st.composite
def samples(draw: Any, most_values: int = 400) -> Sample:
    """Outcomes and chances, sometimes with many ties, sometimes with chances that tell nothing."""
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows, values = draw(st.integers(30, 1_500)), draw(st.integers(2, most_values))
    chance = generator.choice(generator.beta(0.5, 6, values), rows)
    truth = np.where(draw(st.booleans()), chance, chance.mean()) > generator.random(rows)
    return truth, chance


@PRECISE
@given(samples(), st.integers(1, 8), st.floats(0, 0.2), st.sampled_from(["optimal", "geometric"]))
def test_grades_always_rise_and_hold_what_was_asked(
    sample: Sample, least_bads: int, least_share: float, method: Any
) -> None:
    asked = Limits(most_grades=7, least_share=least_share, least_bads=least_bads, least_ratio=1.2)
    try:
        scale = master_scale(*sample, method=method, limits=asked)
    except FeasibilityError:
        return
    assert 2 <= len(scale.grades) <= 7
    p = np.array([one.probability for one in scale.grades])
    assert (p[1:] >= p[:-1] * 1.2).all()
    assert all(one.bads >= least_bads and one.rows >= least_share * scale.rows for one in scale.grades)
    assert sum(one.rows for one in scale.grades) == len(sample[0])
    assert scale.limits[0] == 0
    assert scale.limits[-1] == 1
    assert (np.diff(scale.limits) > 0).all()


@PRECISE
@given(samples(), st.randoms(use_true_random=False))
def test_the_same_data_in_any_order_give_the_same_scale(sample: Sample, shuffle: Any) -> None:
    truth, chance = sample
    order = list(range(len(truth)))
    shuffle.shuffle(order)
    for method in ("optimal", "geometric"):
        assert _grades(truth, chance, method) == _grades(truth[order], chance[order], method)


@settings(derandomize=True, max_examples=80, deadline=None)
@given(samples(most_values=8), st.integers(1, 4), st.sampled_from([1.05, 1.5, 2.5]), st.integers(2, 5))
def test_the_search_finds_what_trying_every_scale_finds(
    sample: Sample, least_bads: int, ratio: float, most: int
) -> None:
    truth, chance = sample
    asked = Limits(most_grades=most, least_share=0.05, least_bads=least_bads, least_ratio=ratio)
    best = _by_trying(truth, chance, asked)
    try:
        found = _likelihood(truth, chance, master_scale(truth, chance, limits=asked).limits)
    except FeasibilityError:
        assert best is None
        return
    assert best is not None
    assert found == pytest.approx(best, abs=1e-7)


def test_the_search_is_never_less_likely_than_the_geometric_scale() -> None:
    generator = np.random.default_rng(3)
    chance = generator.beta(0.4, 9, 5_000)
    truth = generator.random(5_000) < chance
    exact, laid = (master_scale(truth, chance, method=one) for one in ("optimal", "geometric"))
    assert _likelihood(truth, chance, exact.limits) >= _likelihood(truth, chance, laid.limits) - 0.5
    assert len(exact.grades) > 4


def test_a_grade_has_the_mean_and_the_interval_of_jeffreys_posterior() -> None:
    from scipy.stats import beta

    truth, chance = np.repeat([0, 1, 0, 1], [190, 10, 60, 40]), np.repeat([0.05, 0.4], [200, 100])
    first, second = master_scale(truth, chance).grades
    assert (first.rows, first.bads, second.rows, second.bads) == (200, 10, 100, 40)
    assert first.probability == pytest.approx(beta(10.5, 190.5).mean())
    assert (second.observed_low, second.observed_high) == pytest.approx(beta(40.5, 60.5).interval(0.95))
    assert jeffreys_interval(0, 50)[0] == pytest.approx(beta(0.5, 50.5).ppf(0.025))


def test_chances_are_graded_by_intervals_closed_below_and_the_last_one_above() -> None:
    truth, chance = np.repeat([0, 1, 0, 1], [190, 10, 60, 40]), np.repeat([0.05, 0.4], [200, 100])
    scale = master_scale(truth, chance)
    assert scale.limits == (0.0, 0.4, 1.0)
    assert scale.places([0.0, 0.399, 0.4, 1.0]).tolist() == [0, 0, 1, 1]
    assert MasterScale.from_json(scale.to_json()) == scale


def test_too_few_bads_are_refused_with_the_numbers() -> None:
    truth = np.repeat([0, 1], [500, 9])
    with pytest.raises(FeasibilityError, match="509 rows with 9 bads"):
        master_scale(truth, np.linspace(0, 0.3, 509))


def test_chances_that_tell_nothing_are_refused() -> None:
    truth = np.tile(np.repeat([0, 1], [9, 1]), 60)
    with pytest.raises(FeasibilityError, match="no two grades"):
        master_scale(truth, np.full(600, 0.1))


def test_limits_that_cannot_be_meant_are_refused() -> None:
    for wrong in ({"most_grades": 1}, {"least_share": 0.7}, {"least_bads": 0}, {"least_ratio": 1.0}):
        with pytest.raises(UsageError):
            Limits(**wrong)
    with pytest.raises(UsageError, match="no method"):
        master_scale(*_two(), method="best")  # type: ignore[arg-type]


@PRECISE
@given(st.integers(0, 10**6), st.floats(0.001, 0.9))
def test_a_shift_of_the_log_odds_reaches_the_mean_and_keeps_the_order(seed: int, mean: float) -> None:
    chance = np.random.default_rng(seed).beta(0.5, 5, 50)
    odds = scales.log_odds(chance)
    made = scales.moved(odds, shift(chance, mean))
    assert made.mean() == pytest.approx(mean, abs=1e-9)
    assert (np.argsort(made, kind="stable") == np.argsort(odds, kind="stable")).all()


def _two() -> Sample:
    return np.repeat([0, 1, 0, 1], [190, 10, 60, 40]), np.repeat([0.05, 0.4], [200, 100])


def _grades(truth: Any, chance: Any, method: Any) -> Any:
    try:
        return master_scale(truth, chance, method=method).grades
    except FeasibilityError as error:
        return error.what


def _by_trying(truth: Any, chance: Any, asked: Limits) -> float | None:
    """The likelihood of the best of all scales with cuts at any chance seen; None where none is allowed."""
    values, found = np.unique(chance)[1:], []
    for many in range(1, asked.most_grades):
        for cuts in combinations(values.tolist(), many):
            limits = (0.0, *cuts, 1.0)
            grades = scales.scale_of(truth, chance, limits).grades
            p = [one.probability for one in grades]
            large = all(
                one.bads >= asked.least_bads and one.rows >= max(1, asked.least_share * len(truth))
                for one in grades
            )
            if large and all(b >= a * asked.least_ratio for a, b in pairwise(p)):
                found.append(_likelihood(truth, chance, limits))
    return max(found, default=None)


def _likelihood(truth: Any, chance: Any, limits: Any) -> float:
    p = scales.scale_of(truth, chance, limits).probabilities(chance)
    return float(np.where(truth, np.log(p), np.log1p(-p)).sum())
