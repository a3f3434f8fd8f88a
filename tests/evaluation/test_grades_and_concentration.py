"""Calibration by grade and concentration: by hand, against others, and their size when true."""

import numpy as np
import pytest

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.concentration import concentration
from bankmine.evaluation.grading import by_grade, holm, independent_rows, spiegelhalter
from bankmine.evaluation.stability import population_stability
from bankmine.evaluation.validation import hosmer_lemeshow


def portfolio(seed: int, rows: int = 2_000, shift: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Chances around 5 %, and what came true when they are `shift` times as high as said."""
    draw = np.random.default_rng(seed)
    chance = draw.beta(2, 38, rows)
    return draw.random(rows) < np.minimum(chance * shift, 1), chance


def test_grades_are_those_of_the_fixed_scale_and_hold_every_row() -> None:
    label, chance = portfolio(0)
    found = by_grade(label, np.append(chance[:-1], 1.0))
    assert sum(one.rows for one in found) == 2_000
    assert all(one.low <= one.mean_probability < one.high for one in found[:-1])
    assert (found[-1].low, found[-1].high, found[-1].mean_probability) == (0.5, 1.0, 1.0)


def test_a_grade_by_the_prior_of_jeffreys() -> None:
    from scipy.stats import beta

    label = np.arange(400) < 12
    (one,) = by_grade(label, np.full(400, 0.022))
    assert one.too_low == pytest.approx(beta(12.5, 388.5).cdf(0.022))
    assert one.too_high == pytest.approx(1 - one.too_low)
    assert (one.observed_low, one.observed_high) == pytest.approx(beta(12.5, 388.5).interval(0.95))
    assert one.adjusted == one.too_low


def test_holm_as_in_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    with pytest.raises(UsageError, match="p-value"):
        holm([0.5, np.nan])


def test_true_chances_are_rejected_one_time_in_twenty() -> None:
    said = [portfolio(seed) for seed in range(400)]
    one_grade = [by_grade(y, np.full(2_000, 0.05), scale=(0.0, 1.0))[0].too_low < 0.05 for y, _ in said]
    any_grade = [min(one.adjusted for one in by_grade(y, p)) < 0.05 for y, p in said]
    whole = [spiegelhalter(y, p).p_value < 0.05 for y, p in said]
    groups = [hosmer_lemeshow(y, p).p_value < 0.05 for y, p in said]
    assert 0.025 <= np.mean(one_grade) <= 0.08
    assert np.mean(any_grade) <= 0.08
    assert 0.03 <= np.mean(whole) <= 0.08
    assert 0.03 <= np.mean(groups) <= 0.09


def test_chances_half_as_high_as_the_truth_are_found() -> None:
    label, chance = portfolio(1, shift=2.0)
    assert min(one.adjusted for one in by_grade(label, chance)) < 0.001
    assert spiegelhalter(label, chance).p_value < 0.001


def test_independent_rows_of_repeated_customers_reject_one_time_in_twenty() -> None:
    """Customers seen six times with one outcome: all rows reject far too often, independent ones do not."""
    all_rows, apart = [], []
    for seed in range(200):
        label, chance = portfolio(seed, 500)
        y, p, who = np.repeat(label, 6), np.repeat(chance, 6), np.repeat(np.arange(500), 6)
        kept = independent_rows(who, random_state=seed)
        assert np.array_equal(who[kept], np.arange(500))
        all_rows.append(spiegelhalter(y, p).p_value < 0.05)
        apart.append(spiegelhalter(y[kept], p[kept]).p_value < 0.05)
    assert np.mean(all_rows) > 0.3
    assert np.mean(apart) < 0.1


def test_those_who_leave_are_not_over_counted_for_having_fewer_rows() -> None:
    draw = np.random.default_rng(0)
    leaves = draw.random(20_000) < 0.2
    who = np.repeat(np.arange(20_000), np.where(leaves, 1, 4))
    true = leaves[who].mean()
    kept = independent_rows(who)
    assert len(np.unique(who[kept])) == len(kept)
    assert leaves[who[kept]].mean() == pytest.approx(true, abs=0.01)
    assert np.array_equal(independent_rows(np.arange(9)), np.arange(9))
    with pytest.raises(FeasibilityError, match="from none"):
        independent_rows([])


@pytest.mark.parametrize("rows", [(300, 300), (4_000, 250)])
def test_the_band_of_the_stability_index_is_passed_one_time_in_twenty(rows: tuple[int, int]) -> None:
    draw = np.random.default_rng(5)
    beyond = []
    for _ in range(400):
        found = population_stability(draw.normal(size=rows[0]), draw.normal(size=rows[1]))
        beyond.append(found.value > found.chance)
    assert 0.02 <= np.mean(beyond) <= 0.09


def test_concentration_by_hand() -> None:
    even, one = concentration([5, 5, 5, 5]), concentration([20, 0, 0, 0])
    assert even[:3] == pytest.approx((0.25, 0.0, 0.25))
    assert one[:3] == pytest.approx((1.0, 1.0, 1.0))
    shares = np.array([0.5, 0.3, 0.2])
    variation = (3 * ((shares - 1 / 3) ** 2).sum()) ** 0.5
    found = concentration([50, 30, 20], [40, 30, 30])
    before = (3 * ((np.array([0.4, 0.3, 0.3]) - 1 / 3) ** 2).sum()) ** 0.5
    z = 2**0.5 * (variation - before) / (variation**2 * (0.5 + variation**2)) ** 0.5
    from statistics import NormalDist

    assert found.herfindahl == pytest.approx((shares**2).sum())
    assert found.p_value == pytest.approx(1 - NormalDist().cdf(z))
    assert concentration([1, 1], [2, 1]).p_value == 1


def test_what_cannot_be_graded_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="19 rows"):
        by_grade(np.zeros(19), np.zeros(19))
    with pytest.raises(FeasibilityError, match="19 rows"):
        spiegelhalter(np.zeros(19), np.zeros(19))
    with pytest.raises(UsageError, match="scale"):
        by_grade(np.zeros(30), np.zeros(30), scale=(0.0, 0.5))
    with pytest.raises(UsageError, match="missing"):
        spiegelhalter(np.zeros(30), np.full(30, np.nan))
    with pytest.raises(UsageError, match="1 grades"):
        concentration([4])
    with pytest.raises(UsageError, match="2 grades now, 3"):
        concentration([4, 2], [1, 2, 3])
