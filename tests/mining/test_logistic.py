"""Logistic regression: a published example, additive reasons, one answer for a row."""

import numpy as np
import pytest
from samples import risky
from threadpoolctl import threadpool_limits

from bankmine.mining.classification.logistic import Logistic

HOURS = "0.50 0.75 1.00 1.25 1.50 1.75 1.75 2.00 2.25 2.50 2.75 3.00 3.25 3.50 4.00 4.25 4.50 4.75 5.00 5.50"
PASSED = "0 0 0 0 0 0 1 0 1 0 1 0 1 0 1 1 1 1 1 1"


def test_hours_of_study_give_the_published_coefficients() -> None:
    """The textbook example of 20 students (Wikipedia, "Logistic regression"): −4.0777 and 1.5046 an hour.

    Each student is written three times to pass the minimum; the maximum of the likelihood stays.
    """
    x = np.tile(np.array(HOURS.split(), dtype=float), 3)[:, None]
    y = np.tile(np.array(PASSED.split(), dtype=int), 3)
    miner = Logistic(C=1e9, max_iter=10_000).fit(x, y)
    slope = miner.coefficients_[0] / miner.deviations_[0]
    assert slope == pytest.approx(1.5046, abs=2e-4)
    assert miner.intercept_ - slope * miner.means_[0] == pytest.approx(-4.0777, abs=5e-4)
    assert miner.probability(np.array([[2.0]]))[0] == pytest.approx(0.25570, abs=1e-4)


def test_reasons_and_intercept_add_up_to_the_log_odds() -> None:
    X, y = risky()
    miner = Logistic().fit(X, y)
    assert np.allclose(miner.contributions(X).sum(axis=1) + miner.intercept_, miner.decision_function(X))


def test_the_strongest_reason_is_coefficient_times_standardised_deviation() -> None:
    X, y = risky()
    miner = Logistic().fit(X, y)
    (first,) = miner.reasons(X[:1], top=1).row(0)
    parts = (X[0] - X.mean(axis=0)) / X.std(axis=0) * miner.coefficients_
    assert abs(first.contribution) == pytest.approx(np.abs(parts).max())


def test_a_row_alone_gets_the_same_bits_as_in_a_batch() -> None:
    X, y = risky(9000)
    miner = Logistic().fit(X, y)
    whole = miner.probability(X)
    for row in (0, 4095, 4096, 8999):
        assert miner.probability(X[row : row + 1])[0] == whole[row]


def test_one_thread_and_two_give_equal_coefficients_to_the_bit() -> None:
    X, y = risky(5000)
    fitted = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            fitted.append(Logistic().fit(X, y).coefficients_.tobytes())
    assert fitted[0] == fitted[1]


def test_a_change_of_unit_changes_no_probability() -> None:
    X, y = risky()
    other = X * [100, 1, 1, 1] + [5, 0, 0, 0]
    assert np.allclose(Logistic().fit(X, y).probability(X), Logistic().fit(other, y).probability(other))


def test_a_constant_column_has_no_coefficient_even_when_it_moves_later() -> None:
    X, y = risky()
    X[:, 3] = 0.1
    miner = Logistic().fit(X, y)
    moved = X.copy()
    moved[:, 3] = 1e9
    assert np.array_equal(miner.probability(X), miner.probability(moved))


def test_weights_count_like_repeated_rows() -> None:
    X, y = risky(600)
    weights = np.where(np.arange(600) < 200, 2.0, 1.0)
    repeated = np.concatenate([np.arange(600), np.arange(200)])
    plain = Logistic(C=1e6).fit(X[repeated], y[repeated]).probability(X)
    assert np.allclose(Logistic(C=1e6).fit(X, y, sample_weight=weights).probability(X), plain, atol=1e-4)


def test_the_table_of_coefficients_starts_with_the_largest() -> None:
    X, y = risky()
    table = Logistic().fit(X, y, names=["income", "age", "noise", "more noise"]).table()
    assert [row.feature for row in table[:2]] == ["income", "age"]
    assert table[0].odds_ratio == pytest.approx(np.exp(table[0].coefficient))
