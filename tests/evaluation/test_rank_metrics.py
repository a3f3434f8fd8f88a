"""Metrics against slow, obvious twins that count pairs, thresholds and orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation import metrics
from bankmine.evaluation.ranking import Ranking, auc_of, average_precision_of, kolmogorov_smirnov_of

samples = st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=25).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)
weighted = st.lists(
    st.tuples(st.booleans(), st.integers(-3, 3), st.integers(0, 3)), min_size=2, max_size=15
).filter(lambda rows: {label for label, _, weight in rows if weight} == {True, False})


def split(rows: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])


@given(samples)
def test_auc_is_the_share_of_pairs_ranked_right(rows: list[tuple[bool, int]]) -> None:
    y, score = split(rows)
    wins = [1.0 if p > n else 0.5 if p == n else 0.0 for p in score[y] for n in score[~y]]
    assert metrics.auc(y, score) == pytest.approx(np.mean(wins))
    assert metrics.gini(y, score) == pytest.approx(2 * np.mean(wins) - 1)


@given(samples)
def test_average_precision_equals_scikit_learns(rows: list[tuple[bool, int]]) -> None:
    y, score = split(rows)
    assert metrics.average_precision(y, score) == pytest.approx(average_precision_score(y, score))


@given(samples)
def test_kolmogorov_smirnov_is_the_largest_gap_over_all_thresholds(rows: list[tuple[bool, int]]) -> None:
    y, score = split(rows)
    gaps = [abs((score[y] >= t).mean() - (score[~y] >= t).mean()) for t in np.unique(score)]
    assert metrics.kolmogorov_smirnov(y, score) == pytest.approx(max(gaps))


@given(samples, st.permutations(range(25)))
def test_the_order_of_rows_changes_no_metric(rows: list[tuple[bool, int]], order: list[int]) -> None:
    y, score = split(rows)
    shuffled = [i for i in order if i < len(rows)]
    for name in ("auc", "average_precision", "kolmogorov_smirnov", "lift_at_10_percent"):
        assert metrics.compute(name, y[shuffled], score[shuffled]) == pytest.approx(
            metrics.compute(name, y, score)
        )


@given(weighted)
def test_a_weight_is_as_many_copies_of_the_row(rows: list[tuple[bool, int, int]]) -> None:
    y, score = split([row[:2] for row in rows])
    weight = np.array([row[2] for row in rows])
    copies_y, copies_score = np.repeat(y, weight), np.repeat(score, weight)
    ranking, plain = Ranking(y, score), Ranking(copies_y, copies_score)
    for function in (auc_of, average_precision_of, kolmogorov_smirnov_of):
        assert function(*ranking.totals(weight[ranking.order])) == pytest.approx(function(*plain.totals()))


@given(samples.filter(lambda rows: len(rows) <= 6), st.sampled_from([0.2, 0.5, 1.0]))
def test_lift_inside_a_tie_is_the_average_over_all_orders(rows: list[tuple[bool, int]], share: float) -> None:
    y, score = split(rows)
    place = share * len(y)
    whole, rest = int(place), place - int(place)
    found = []
    for order in permutations(range(len(y))):
        ranked = y[sorted(order, key=lambda i: -score[i])]
        found.append(ranked[:whole].sum() + (rest * ranked[whole] if rest > 0 else 0))
    assert metrics.lift_at(y, score, share) == pytest.approx(np.mean(found) / place / y.mean())
    assert metrics.precision_at(y, score, share) == pytest.approx(np.mean(found) / place)


def test_a_perfect_a_reversed_and_an_empty_ranking() -> None:
    y = np.array([0, 0, 1, 1])
    assert metrics.auc(y, [1, 2, 3, 4]) == 1
    assert metrics.auc(y, [4, 3, 2, 1]) == 0
    assert metrics.auc(y, [7, 7, 7, 7]) == 0.5
    assert metrics.average_precision(y, [7, 7, 7, 7]) == 0.5
    assert metrics.lift_at(y, [1, 2, 3, 4], 0.5) == 2


def test_brier_and_log_loss_by_hand() -> None:
    y, p = [1, 0, 1], [0.8, 0.4, 0.5]
    assert metrics.brier(y, p) == pytest.approx((0.04 + 0.16 + 0.25) / 3)
    assert metrics.log_loss(y, p) == pytest.approx(-(np.log(0.8) + np.log(0.6) + np.log(0.5)) / 3)
    assert metrics.log_loss([1], [0.0]) == pytest.approx(-np.log(1e-15))


def test_one_class_alone_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="3 rows with 3 positives"):
        metrics.auc([1, 1, 1], [0.1, 0.2, 0.3])
    assert metrics.brier([1, 1], [1.0, 1.0]) == 0


@pytest.mark.parametrize(
    ("y", "score"), [([0, 1], [0.1]), ([0, 1], [0.1, np.nan]), ([0, 2], [0.1, 0.2]), ([[0, 1]], [[0.1, 0.2]])]
)
def test_what_is_not_a_label_or_a_score_is_refused(y: list[int], score: list[float]) -> None:
    with pytest.raises(UsageError):
        metrics.auc(y, score)


def test_a_score_that_is_no_probability_is_refused_where_one_is_needed() -> None:
    with pytest.raises(UsageError, match=r"from -1 to 2"):
        metrics.brier([0, 1], [-1.0, 2.0])


def test_metrics_have_names_and_near_misses_are_refused() -> None:
    assert metrics.metric("lift_at_5_percent").larger_is_better
    assert not metrics.metric("log_loss").larger_is_better
    for name in ("lift_at_0_percent", "lift_at__percent", "accuracy", "lift_at_1.5_percent"):
        with pytest.raises(UsageError, match="Known metrics"):
            metrics.metric(name)
