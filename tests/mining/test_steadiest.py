"""Of several optima of adaptive k-means, the one that resamples find again."""

import numpy as np
import pytest
from test_adaptive_kmeans import told_by_few

from bankmine.errors import UsageError
from bankmine.mining.clustering.adaptive import AdaptiveKMeans
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.mining.clustering.stability import judged, resampled_labels, stability
from bankmine.mining.clustering.steadiest import STARTS, in_order, steadiest


def test_the_answer_does_not_hang_on_the_order_of_the_rows() -> None:
    X, _ = told_by_few(rows=500)
    mixed = np.random.default_rng(1).permutation(len(X))
    one, other = (steadiest(rows, 4, resamples=4) for rows in (X, X[mixed]))
    assert np.array_equal(one.miner.predict(X), other.miner.predict(X))
    assert one.stability == other.stability


def test_the_optimum_taken_agrees_with_the_choosing_resamples_at_least_as_well_as_the_lowest() -> None:
    """Groups that hardly part: several optima are nearly as low."""
    X = np.random.default_rng(3).normal(size=(400, 5)) * [1.0, 1.0, 1.0, 2.0, 2.0]
    found = steadiest(X, 5, resamples=6)
    assert found.optima > 1
    rows = in_order(X)
    few = AdaptiveKMeans(5, n_init=STARTS, random_state=0)
    choosing = resampled_labels(rows, few, resamples=12, random_state=0)[:6]
    lowest = min(
        (AdaptiveKMeans(5, n_init=STARTS, random_state=one).fit(rows) for one in range(10)),
        key=lambda fitted: fitted.criterion_,
    )

    def agreement(labels: np.ndarray) -> float:
        return float(np.mean([adjusted_rand_index(labels, one) for one in choosing]))

    assert agreement(found.miner.labels_) >= agreement(lowest.labels_)


def test_other_resamples_judge_than_choose() -> None:
    X, _ = told_by_few(rows=500)
    found, rows = steadiest(X, 4, resamples=5), in_order(X)
    few = AdaptiveKMeans(4, n_init=STARTS, random_state=0)
    again = resampled_labels(rows, few, resamples=10, random_state=0)
    assert found.stability == judged(found.miner.labels_, again[5:])
    assert found.stability.resamples == 5


def test_the_gate_is_the_verdict_on_the_labels_of_resamples() -> None:
    X, _ = told_by_few(rows=400)
    miner = AdaptiveKMeans(3, n_init=2, random_state=4)
    labels = AdaptiveKMeans(3, n_init=2, random_state=4).fit(X).predict(X)
    assert stability(X, miner, resamples=3) == judged(labels, resampled_labels(X, miner, resamples=3))


def test_a_fit_goes_on_from_given_labels_to_the_low_next_to_them() -> None:
    X, group = told_by_few(rows=600)
    fitted = AdaptiveKMeans(4).fit(X, begin=group)
    assert adjusted_rand_index(group, fitted.labels_) > 0.7
    again = AdaptiveKMeans(4).fit(X, begin=fitted.labels_)
    assert np.array_equal(again.labels_, fitted.labels_)


@pytest.mark.parametrize("begin", [np.zeros(600, int), np.arange(600) % 5, np.arange(599) % 4, np.array([])])
def test_labels_to_begin_with_that_do_not_fit_are_refused(begin: np.ndarray) -> None:
    X, _ = told_by_few(rows=600)
    with pytest.raises(UsageError, match="labels to begin with"):
        AdaptiveKMeans(4).fit(X, begin=begin)


def test_one_resample_is_refused() -> None:
    with pytest.raises(UsageError, match="1 resamples"):
        steadiest(told_by_few(rows=400)[0], 4, resamples=1)
