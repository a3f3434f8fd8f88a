"""The level of chances: one number on all log-odds, so that as many are foretold as lately came true."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.mining.classification.calibration import Platt, Uncalibrated
from bankmine.mining.classification.level import SPREAD, Shifted, level_shift
from bankmine.mining.files import document, from_document


def rows(seed: int, shift: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Chances as they were learnt, and outcomes that come by log-odds `shift` higher."""
    draw = np.random.default_rng(seed)
    odds = draw.normal(-3.5, 1.0, count)
    return logistic(odds), draw.random(count) < logistic(odds + shift)


@settings(derandomize=True, max_examples=20, deadline=None)
@given(seed=st.integers(0, 1_000), shift=st.floats(-0.8, 0.8))
def test_a_level_that_rose_or_fell_is_found_again(seed: int, shift: float) -> None:
    said, truth = rows(seed, shift)
    found = level_shift(said, truth)
    assert found == pytest.approx(shift, abs=0.2)
    assert logistic(log_odds(said) + found).mean() == pytest.approx(truth.mean(), rel=0.02)


@settings(derandomize=True, max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000))
def test_no_other_shift_is_likelier(seed: int) -> None:
    """The obvious twin: a fine grid of shifts under the same prior."""
    said, truth = rows(seed, 0.4, count=300)

    def likely(shift: float) -> float:
        p = logistic(log_odds(said) + shift)
        return float(np.log(np.where(truth, p, 1 - p)).sum()) - shift**2 / (2 * SPREAD**2)

    grid = np.linspace(-3, 3, 1_201)
    best = grid[np.argmax([likely(one) for one in grid])]
    assert level_shift(said, truth) == pytest.approx(best, abs=0.006)


def test_rows_that_stand_for_many_count_as_many() -> None:
    said, truth = rows(3, 0.3, count=500)
    weight = np.where(truth, 1.0, 3.0)
    many = np.repeat(np.arange(500), weight.astype(int))
    assert level_shift(said, truth, weight) == pytest.approx(level_shift(said[many], truth[many]))


def test_without_any_rows_nothing_moves_and_ranks_stay() -> None:
    assert level_shift(np.empty(0), np.empty(0, dtype=bool)) == 0.0
    score = np.linspace(-5, 2, 50)
    made = Shifted(Uncalibrated()).fit(score, np.arange(50) >= 20)
    assert np.array_equal(np.argsort(made.probability(score)), np.arange(50))
    assert (made.probability(score) > logistic(score)).all()


def test_a_kept_level_answers_as_before() -> None:
    said, truth = rows(1, 0.5, count=2_000)
    made = Shifted(Platt().fit(log_odds(said), truth)).fit(log_odds(said)[:900], truth[:900])
    assert made.shift_ != 0
    back = from_document(json.loads(json.dumps(document(made))))
    assert np.array_equal(back.probability(log_odds(said)), made.probability(log_odds(said)))
