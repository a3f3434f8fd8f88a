"""Intervals: as wide as theory says, wider where rows hang together, and fast."""

from time import process_time

import numpy as np
import pytest

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.intervals import _POISSON, interval, mean_interval, paired_difference
from bankmine.evaluation.metrics import METRICS


def scored(rows: int, seed: int = 0, share: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    y = draw.random(rows) < share
    return y, draw.normal(size=rows) + y


def delong_error(y: np.ndarray, score: np.ndarray) -> float:
    """Standard error of the AUC by DeLong, DeLong and Clarke-Pearson (1988), over all pairs."""
    wins = (score[y][:, None] > score[~y]) + 0.5 * (score[y][:, None] == score[~y])
    by_positive, by_negative = wins.mean(axis=1), wins.mean(axis=0)
    return float(np.sqrt(by_positive.var(ddof=1) / y.sum() + by_negative.var(ddof=1) / (~y).sum()))


def hanley_mcneil_error(area: float, positives: int, negatives: int) -> float:
    """Hanley and McNeil (1982), equation 1, with their approximations Q₁ and Q₂."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)) / (
        positives * negatives
    )
    return float(np.sqrt(variance))


def test_standard_error_of_the_auc_agrees_with_delong() -> None:
    y, score = scored(1500)
    found = interval("auc", y, score, resamples=2000)
    assert found.standard_error == pytest.approx(delong_error(y, score), rel=0.06)


def test_standard_error_of_the_auc_agrees_with_hanley_and_mcneil_on_their_exponential_scores() -> None:
    """Their formula is exact where both classes' scores are exponential; on normal scores it is 15 % off."""
    draw = np.random.default_rng(0)
    y = np.arange(3000) % 2 == 0
    score = draw.exponential(size=3000) * np.where(y, 3.0, 1.0)
    found = interval("auc", y, score, resamples=2000)
    assert found.standard_error == pytest.approx(
        hanley_mcneil_error(found.value, int(y.sum()), int((~y).sum())), rel=0.06
    )


def test_standard_error_of_a_paired_difference_agrees_with_delongs_covariance() -> None:
    y, score = scored(800)
    other = score + np.random.default_rng(1).normal(size=800) * 0.5
    wins = [(s[y][:, None] > s[~y]).astype(float) for s in (score, other)]
    gap = wins[0] - wins[1]
    twin = np.sqrt(gap.mean(axis=1).var(ddof=1) / y.sum() + gap.mean(axis=0).var(ddof=1) / (~y).sum())
    assert paired_difference("auc", y, score, other, resamples=2000).standard_error == pytest.approx(
        twin, rel=0.06
    )


def test_ninety_five_of_a_hundred_intervals_hold_the_truth() -> None:
    truth = 0.7602499  # Φ(1/√2): normal scores one standard deviation apart
    held = [interval("auc", *scored(400, seed), resamples=200).contains(truth) for seed in range(200)]
    assert 0.90 <= np.mean(held) <= 0.99


def test_the_mean_has_the_standard_error_of_the_textbook() -> None:
    values = np.random.default_rng(0).exponential(size=2000)
    found = mean_interval(values, resamples=2000)
    assert found.standard_error == pytest.approx(values.std() / np.sqrt(2000), rel=0.06)


def test_rows_of_one_customer_are_not_independent() -> None:
    """Ten copies of each row: the interval by row is √10 too narrow, by customer it is right."""
    y, score = scored(300)
    copies = customer = np.random.default_rng(1).permutation(np.repeat(np.arange(300), 10))
    single = interval("auc", y, score, resamples=800).standard_error
    by_row = interval("auc", y[copies], score[copies], resamples=800).standard_error
    by_customer = interval("auc", y[copies], score[copies], groups=customer, resamples=800)
    assert by_row == pytest.approx(single / np.sqrt(10), rel=0.15)
    assert by_customer.standard_error == pytest.approx(single, rel=0.15)
    assert by_customer.by == "group"


def test_a_pair_of_equal_scores_differs_by_exactly_nothing() -> None:
    y, score = scored(500)
    found = paired_difference("average_precision", y, score, score * 2)
    assert (found.value, found.low, found.high) == (0, 0, 0)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_every_metric_has_an_interval_around_its_value(name: str) -> None:
    y, score = scored(2000)
    p = 1 / (1 + np.exp(-score))
    for found in (interval(name, y, p), interval(name, y, p, groups=np.arange(2000) // 4)):
        assert found.low < found.value < found.high
    assert interval(name, y, p, random_state=1) == interval(name, y, p, random_state=1)


def test_stratified_resamples_keep_the_number_of_positives() -> None:
    """Brier of a constant depends on the share of positives alone: fixed when stratified."""
    y, _ = scored(1000)
    constant = np.full(1000, 0.5)
    constant_loss = interval("brier", y, np.where(y, 0.3, 0.3))
    assert constant_loss.high - constant_loss.low == pytest.approx(0, abs=1e-12)
    free = interval("brier", y, np.where(y, 0.3, 0.3), stratified=False)
    assert free.high - free.low > 0.005
    assert interval("brier", y, constant).value == 0.25


def test_the_table_of_poisson_weights_has_mean_and_variance_one() -> None:
    assert _POISSON.mean() == pytest.approx(1, abs=1e-4)
    assert _POISSON.astype(float).var() == pytest.approx(1, abs=1e-3)


def test_too_few_groups_of_one_class_are_refused() -> None:
    y = np.arange(100) == 3
    with pytest.raises(FeasibilityError, match="undefined in"):
        interval("auc", y, np.arange(100.0), groups=np.arange(100))
    with pytest.raises(FeasibilityError, match="1 groups"):
        interval("auc", y, np.arange(100.0), groups=np.zeros(100))


@pytest.mark.parametrize("bad", [{"resamples": 5}, {"level": 1.0}])
def test_impossible_requests_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        interval("auc", *scored(100), **bad)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_million_rows_and_two_hundred_resamples_take_seconds() -> None:
    y, score = scored(1_000_000)
    start = process_time()
    interval("auc", y, score, resamples=200)
    assert process_time() - start < 15
