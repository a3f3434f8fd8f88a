"""AUC errors by rows and by customers: definitions over every pair, the size of the tests, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.area import area, area_fell, compare_areas
from bankmine.evaluation.intervals import paired_difference
from bankmine.evaluation.validation import delong


def obuchowski(label: np.ndarray, score: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """The 1997 paper's formulas, written out over every pair and every cluster."""
    kernel = lambda x, y: 1.0 if x > y else 0.5 if x == y else 0.0  # noqa: E731
    upper = {i: np.mean([kernel(score[i], score[j]) for j in np.flatnonzero(~label)])
             for i in np.flatnonzero(label)}  # fmt: skip
    lower = {j: np.mean([kernel(score[i], score[j]) for i in np.flatnonzero(label)])
             for j in np.flatnonzero(~label)}  # fmt: skip
    value, m, n = float(np.mean(list(upper.values()))), len(upper), len(lower)
    s10 = s01 = s11 = 0.0
    for one in np.unique(groups):
        rows = np.flatnonzero(groups == one)
        x = sum(upper[i] - value for i in rows if label[i])
        y = sum(lower[j] - value for j in rows if not label[j])
        s10, s01, s11 = s10 + x * x, s01 + y * y, s11 + x * y
    apart = [len(np.unique(groups[label])), len(np.unique(groups[~label])), len(np.unique(groups))]
    s10, s01, s11 = (s * k / (k - 1) for s, k in zip((s10, s01, s11), apart, strict=True))
    return value, (s10 / m / m + s01 / n / n + 2 * s11 / (m * n)) ** 0.5


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(12, 40), st.integers(3, 30))
def test_the_error_by_customers_is_the_published_formula(seed: int, rows: int, customers: int) -> None:
    draw = np.random.default_rng(seed)
    label, score = draw.random(rows) < 0.5, np.round(draw.normal(size=rows), 1)
    groups = draw.integers(0, customers, rows)
    if min(len(np.unique(groups[label])), len(np.unique(groups[~label]))) < 2:
        return
    value, error = obuchowski(label, score, groups)
    found = area(label, score, groups=groups)
    assert found.value == pytest.approx(value)
    assert found.standard_error == pytest.approx(error, abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_with_one_row_a_customer_it_is_delong() -> None:
    draw = np.random.default_rng(3)
    chance = draw.uniform(0, 0.6, 500)
    label, other = draw.random(500) < chance, chance + draw.normal(0, 0.2, 500)
    by_rows, old = compare_areas(label, chance, other), delong(label, chance, other)
    by_customers = compare_areas(label, chance, other, groups=np.arange(500), unit="customer")
    assert by_rows == by_customers
    assert by_rows.by == "row"
    assert (by_rows.difference, by_rows.standard_error) == pytest.approx(old[2:4])
    assert by_rows.p_value == pytest.approx(old.p_value)


def repeated(seed: int, customers: int = 150, times: int = 4) -> tuple[np.ndarray, ...]:
    """Customers seen several times whose label and two equally good scores stay nearly as they are."""
    draw = np.random.default_rng(seed)
    groups = np.repeat(np.arange(customers), times)
    bad = np.repeat(draw.random(customers) < 0.3, times)
    one, other = (bad + np.repeat(draw.normal(0, 1.2, customers), times) for _ in range(2))
    return bad, one + draw.normal(0, 0.1, len(bad)), other + draw.normal(0, 0.1, len(bad)), groups


def test_by_customers_rejects_one_in_twenty_where_nothing_differs_and_by_rows_far_more() -> None:
    found = [repeated(seed) for seed in range(400)]
    by_customers = np.mean([compare_areas(y, a, b, groups=g).p_value < 0.05 for y, a, b, g in found])
    by_rows = np.mean([delong(y, a, b).p_value < 0.05 for y, a, b, g in found])
    assert 0.03 <= by_customers <= 0.08
    assert by_rows > 0.2


def test_the_formula_agrees_with_a_bootstrap_by_customers() -> None:
    y, a, b, groups = repeated(1)
    drawn = paired_difference("auc", y, a, b, groups=groups, resamples=400)
    found = compare_areas(y, a, b, groups=groups, unit="customer")
    assert found.by == "customer"
    assert found.difference == pytest.approx(drawn.value)
    assert found.standard_error == pytest.approx(drawn.standard_error, rel=0.15)


def test_the_interval_holds_the_true_area_nineteen_times_in_twenty() -> None:
    from scipy.stats import norm

    held, true = [], norm.cdf(1 / 2**0.5)
    for seed in range(300):
        draw = np.random.default_rng(seed)
        label = np.arange(200) < 60
        held.append(area(label, label + draw.normal(size=200)).contains(true))
    assert 0.92 <= np.mean(held) <= 0.98


def test_a_fall_is_one_sided() -> None:
    assert area_fell(0.8, 0.75, 0.025).p_value == pytest.approx(0.02275, abs=1e-5)
    assert area_fell(0.75, 0.8, 0.025).p_value == pytest.approx(0.97725, abs=1e-5)


def test_all_ties_are_one_half_and_perfect_scores_have_no_spread() -> None:
    label = np.arange(20) < 8
    assert area(label, np.ones(20)).value == 0.5
    perfect = area(label, label * 1.0)
    assert (perfect.low, perfect.value, perfect.high) == (1, 1, 1)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="0 positives"):
        area(np.zeros(9), np.arange(9.0))
    with pytest.raises(FeasibilityError, match="1 positives and 8 negatives that are apart"):
        area(np.arange(9) < 1, np.arange(9.0))
    with pytest.raises(UsageError, match="1 scores are missing"):
        area([0, 1, 0, 1], [0.1, np.nan, 0.2, 0.3])
    with pytest.raises(UsageError, match="standard error 0"):
        area_fell(0.8, 0.7, 0.0)
