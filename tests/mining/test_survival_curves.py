"""Kaplan–Meier and the log-rank test: the leukaemia trial of Freireich et al., slow twins, refusals."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.files import document, from_document
from bankmine.mining.survival.goodness import concordance, survival_calibration
from bankmine.mining.survival.kaplan_meier import KaplanMeier, log_rank

# Weeks in remission (Freireich et al. 1963): with 6-mercaptopurine, 0 where still in remission; with placebo.
DRUG = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSE = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

spells = st.lists(
    st.tuples(st.integers(0, 6), st.integers(1, 6), st.booleans()), min_size=2, max_size=25
).map(lambda rows: [(float(a), float(a + b), c) for a, b, c in rows])


def test_the_leukaemia_trial_gives_the_printed_curve_and_errors() -> None:
    """Kleinbaum and Klein, Survival Analysis (3rd ed.), table on p. 58 and Greenwood's errors."""
    curve = KaplanMeier().fit(DRUG, RELAPSE)
    assert curve.times_.tolist() == [6, 7, 10, 13, 16, 22, 23]
    printed = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert curve.survival_ == pytest.approx(printed, abs=5e-5)
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert curve.standard_error(curve.times_) == pytest.approx(errors, abs=5e-5)


def test_medians_of_the_trial_are_23_and_8_weeks() -> None:
    drug, placebo = KaplanMeier().fit(DRUG, RELAPSE), KaplanMeier().fit(PLACEBO, [1] * 21)
    assert (drug.quantile().value, placebo.quantile().value) == (23, 8)
    assert (placebo.quantile().low, placebo.quantile().high) == (4, 11)
    assert drug.quantile().high == np.inf


def test_the_log_rank_test_of_the_trial_is_16_79() -> None:
    """Kleinbaum and Klein, p. 69: 16.793 with 19.25 and 10.75 relapses expected for 9 and 21 seen."""
    both = log_rank([*DRUG, *PLACEBO], [*RELAPSE, *[1] * 21], ["drug"] * 21 + ["placebo"] * 21)
    assert both.statistic == pytest.approx(16.793, abs=5e-4)
    assert both.expected == pytest.approx({"drug": 19.25, "placebo": 10.75}, abs=5e-3)
    assert both.observed == {"drug": 9, "placebo": 21}
    assert both.p_value < 1e-4


@given(spells)
@settings(derandomize=True, max_examples=150, deadline=None)
def test_the_curve_equals_the_product_counted_by_hand(rows: list[tuple[float, float, bool]]) -> None:
    start, stop, event = (list(column) for column in zip(*rows, strict=True))
    curve = KaplanMeier().fit(stop, event, start=start)
    left = 1.0
    for time in sorted({b for _, b, e in rows if e}):
        risk = sum(a < time <= b for a, b, _ in rows)
        left *= 1 - sum(b == time and e for _, b, e in rows) / risk
        assert curve.survival(time) == pytest.approx(left, abs=1e-12)


@given(spells, st.lists(st.integers(0, 3), min_size=25, max_size=25))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_concordance_equals_the_count_of_all_pairs(
    rows: list[tuple[float, float, bool]], ranks: list[int]
) -> None:
    good = pairs = 0.0
    for i, (_, b, e) in enumerate(rows):
        for j, (a2, b2, e2) in enumerate(rows):
            if e and i != j and a2 < b and (b2 > b or (b2 == b and not e2)):
                pairs += 1
                good += 1.0 if ranks[i] > ranks[j] else 0.5 if ranks[i] == ranks[j] else 0.0
    start, stop, event = (list(column) for column in zip(*rows, strict=True))
    if not pairs:
        with pytest.raises(FeasibilityError, match="can be compared"):
            concordance(stop, event, ranks[: len(rows)], start=start)
        return
    found = concordance(stop, event, ranks[: len(rows)], start=start)
    assert found == pytest.approx(good / pairs, abs=1e-12)


def test_concordance_of_many_rows_equals_the_comparison_of_all_with_all() -> None:
    draw = np.random.default_rng(4)
    start = draw.integers(0, 40, 3000) * 0.5
    stop, event, ranks = start + draw.integers(1, 60, 3000), draw.random(3000) < 0.5, draw.normal(size=3000)
    ranks = np.where(draw.random(3000) < 0.5, ranks.round(1), ranks)
    time, mine = stop[event][:, None], ranks[event][:, None]
    pair = ((stop > time) | ((stop == time) & ~event)) & (start < time)
    slow = ((pair & (mine > ranks)).sum() + 0.5 * (pair & (mine == ranks)).sum()) / pair.sum()
    assert concordance(stop, event, ranks, start=start) == slow


def test_the_interval_stays_inside_and_holds_the_truth_as_often_as_it_says() -> None:
    draw, inside = np.random.default_rng(0), 0
    for _ in range(300):
        life, watch = draw.exponential(1, 120), draw.exponential(2, 120)
        curve = KaplanMeier().fit(np.minimum(life, watch), life <= watch)
        low, high = curve.interval(0.7)
        assert 0 <= low <= high <= 1
        inside += bool(low <= np.exp(-0.7) <= high)
    assert 0.92 <= inside / 300 <= 0.98


def test_late_starts_are_not_counted_before_they_start() -> None:
    curve = KaplanMeier().fit([2, 5, 6], [1, 1, 0], start=[0, 3, 0])
    assert curve.at_risk_.tolist() == [2, 2]
    assert curve.survival([1.9, 2, 5]).tolist() == [1, 0.5, 0.25]


def test_nothing_is_said_after_the_last_time_watched() -> None:
    curve = KaplanMeier().fit([3, 4], [1, 0])
    assert np.isnan(curve.survival(4.5))
    assert curve.survival(4.0) == 0.5
    assert np.isnan(curve.survival(np.nan))
    assert np.isnan(curve.standard_error([4.5, np.nan])).all()
    assert np.isnan(curve.interval(4.5)).all()
    assert np.isnan(curve.mean_until(4.5))
    assert KaplanMeier().fit([3, 4], [1, 1]).mean_until(9) == 3.5  # nobody is left: nothing to be guessed
    for limit in (-5, np.nan):
        with pytest.raises(UsageError, match="limit"):
            curve.mean_until(limit)


def test_the_mean_up_to_a_limit_is_the_area_under_the_curve() -> None:
    curve = KaplanMeier().fit([1, 2, 4], [1, 1, 1])
    assert curve.mean_until(3) == pytest.approx(1 + 2 / 3 + 1 / 3)


def test_a_curve_reads_back_from_json_the_same() -> None:
    curve = KaplanMeier().fit(DRUG, RELAPSE)
    again = from_document(json.loads(json.dumps(document(curve))))
    assert again.survival([7, 20, 35]).tobytes() == curve.survival([7, 20, 35]).tobytes()
    assert again.interval(20) == curve.interval(20)


def test_calibration_sets_each_groups_prediction_beside_its_curve() -> None:
    draw = np.random.default_rng(1)
    rate = draw.uniform(0.2, 2, 4000)
    life = draw.exponential(1 / rate)
    found = survival_calibration(np.minimum(life, 2), life < 2, np.exp(-rate), at=1.0, groups=4)
    assert [one.rows for one in found] == [1000] * 4
    assert all(one.low <= one.predicted <= one.high for one in found)


def test_spells_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(UsageError, match="1 of 2 spells do not last"):
        KaplanMeier().fit([3, 2], [1, 0], start=[0, 2])
    with pytest.raises(FeasibilityError, match="was given 1 rows"):
        KaplanMeier().fit([3], [1])
    with pytest.raises(UsageError, match="Give two or more"):
        log_rank([1, 2], [1, 1], ["a", "a"])
    for group in (["a", None, "b"], [1.0, np.nan, 2.0]):
        with pytest.raises(UsageError, match="1 of 3 rows have no group"):
            log_rank([1, 2, 3], [1, 1, 1], group)


def test_a_curve_not_fitted_says_so() -> None:
    for ask in (lambda: KaplanMeier().survival(1), KaplanMeier().quantile, KaplanMeier().to_json):
        with pytest.raises(UsageError, match="not fitted"):
            ask()


def test_curves_and_test_equal_lifelines() -> None:
    lifelines = pytest.importorskip("lifelines")
    statistics = pytest.importorskip("lifelines.statistics")
    draw = np.random.default_rng(2)
    stop, event, group = draw.integers(1, 30, 300), draw.random(300) < 0.6, draw.integers(0, 3, 300)
    theirs = lifelines.KaplanMeierFitter().fit(stop, event)
    ours = KaplanMeier().fit(stop, event)
    assert ours.survival(ours.times_) == pytest.approx(theirs.predict(ours.times_).to_numpy(), abs=1e-12)
    test = statistics.multivariate_logrank_test(stop, group, event)
    assert log_rank(stop, event, group).statistic == pytest.approx(test.test_statistic, rel=1e-9)
