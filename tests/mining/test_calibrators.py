"""Calibration: Platt against a general optimiser, the choice by cross-fitted log loss, ranks untouched."""

import json

import numpy as np
import pytest
from samples import risky
from scipy.optimize import minimize

from bankmine.errors import FeasibilityError
from bankmine.mining.arithmetic import logistic
from bankmine.mining.classification.calibration import (
    Calibrated,
    Isotonic,
    Platt,
    Uncalibrated,
    choose_calibrator,
)
from bankmine.mining.classification.logistic import Logistic


def scored(rows: int, stretch: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """True log-odds z and labels drawn from them; the score claims `stretch · z`."""
    draw = np.random.default_rng(seed)
    z = draw.normal(size=rows) * 1.5 - 1
    return z * stretch, draw.random(rows) < 1 / (1 + np.exp(-z))


def test_platt_equals_a_general_optimiser_on_his_targets() -> None:
    score, y = scored(400, 3.0)
    positives, negatives = y.sum(), (~y).sum()
    target = np.where(y, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(ab: np.ndarray) -> float:
        z = ab[0] * score + ab[1]
        return float((target * z + np.logaddexp(0, -z)).sum())

    twin = minimize(loss, [0.0, 0.0], tol=1e-12)
    expected = 1 / (1 + np.exp(twin.x[0] * score + twin.x[1]))
    assert np.allclose(Platt().fit(score, y).probability(score), expected, atol=1e-5)


def test_platt_stays_inside_on_separable_scores() -> None:
    score = np.arange(40.0)
    p = Platt().fit(score, score >= 20).probability(score)
    assert 0 < p.min() < 0.1
    assert 0.9 < p.max() < 1


def test_an_overconfident_score_is_drawn_back() -> None:
    score, y = scored(5000, 3.0)
    chosen, losses = choose_calibrator(score, y)
    assert isinstance(chosen, Platt)
    assert losses["Platt"] < losses["Uncalibrated"] - 0.05
    assert np.corrcoef(chosen.probability(score), logistic(score / 3))[0, 1] > 0.999


def test_a_bent_score_is_given_steps() -> None:
    draw = np.random.default_rng(1)
    z = draw.uniform(-2, 2, 20_000)
    y = draw.random(20_000) < np.where(z > 0, 0.6, 0.05)
    chosen, _ = choose_calibrator(z, y)
    assert isinstance(chosen, Isotonic)
    assert chosen.probability(np.array([-1.0, 1.0])) == pytest.approx([0.05, 0.6], abs=0.02)


def test_a_calibrated_score_is_left_as_it_is() -> None:
    chosen, losses = choose_calibrator(*scored(400, 1.0, seed=3))
    assert isinstance(chosen, Uncalibrated | Platt)
    assert "Isotonic" not in losses


def test_isotonic_never_says_never() -> None:
    score = np.concatenate([np.zeros(500), np.ones(500)])
    y = score.astype(bool)
    p = Isotonic().fit(score, y).probability(np.array([-5.0, 5.0]))
    assert p.tolist() == [1 / 1002, 1 - 1 / 1002]


def test_isotonic_says_no_more_than_the_rows_of_its_end_steps_support() -> None:
    score = np.repeat([0.0, 1.0, 2.0], [900, 80, 20])
    y = np.concatenate([np.zeros(900), np.arange(80) % 2, np.ones(20)]).astype(bool)
    p = Isotonic().fit(score, y).probability(np.array([-9.0, 0.0, 1.0, 2.0, 9.0]))
    assert p == pytest.approx([0.5 / 901, 0.5 / 901, 0.5, 20.5 / 21, 20.5 / 21])


def test_one_lucky_row_on_top_neither_says_always_nor_pulls_the_step_below_down() -> None:
    score = np.repeat([0.0, 1.0, 2.0], [900, 100, 1])
    y = np.concatenate([np.arange(900) % 9 == 0, np.arange(100) % 10 > 0, [True]])
    p = Isotonic().fit(score, y).probability(np.array([1.0, 2.0]))
    assert p == pytest.approx([91.5 / 102, 91.5 / 102])  # 1.5 / 2 would be the bound of the top row alone


def test_a_sure_end_step_comes_true_as_often_as_said() -> None:
    said, came = [], []
    for seed in range(40):
        draw = np.random.default_rng(seed)
        score = draw.normal(size=2_000)
        chance = np.clip(0.1 + 0.3 * score, 0.01, 0.9)
        model = Isotonic().fit(score, draw.random(2_000) < chance)
        top = score > 2.6
        said += model.probability(score[top]).tolist()
        came += chance[top].tolist()
    assert np.mean(said) < np.mean(came) + 0.05


def test_steps_saved_with_one_bound_for_both_ends_are_still_read() -> None:
    saved = {"steps": {"values": [0.0, 1.0], "heights": [0.0, 1.0]}, "bound": 0.01}
    assert Isotonic.from_json(saved).probability(np.array([0.0, 1.0])).tolist() == [0.01, 0.99]


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(FeasibilityError, match="Platt calibration was given 10 rows"):
        Platt().fit(np.arange(10.0), np.arange(10) > 4)
    with pytest.raises(FeasibilityError, match="Isotonic calibration"):
        Isotonic().fit(np.arange(100.0), np.arange(100) > 50)


def test_calibration_changes_probabilities_but_neither_ranks_nor_reasons() -> None:
    X, y = risky(6000)
    model = Logistic().fit(X[:3000], y[:3000])
    lower = y[3000:] & (np.random.default_rng(0).random(3000) < 0.4)
    both = Calibrated(model).fit(X[3000:], lower)
    assert both.probability(X[3000:]).mean() == pytest.approx(lower.mean(), abs=0.005)
    assert np.array_equal(both.decision_function(X), model.decision_function(X))
    assert both.reasons(X[:5]).row(0) == model.reasons(X[:5]).row(0)
    assert (np.diff(both.probability(X)[np.argsort(model.decision_function(X))]) >= -1e-12).all()


@pytest.mark.parametrize("kind", [Platt, Isotonic, Uncalibrated])
def test_json_gives_back_the_same_probabilities_to_the_bit(kind: type[Platt]) -> None:
    score, y = scored(1000, 2.0)
    made = kind().fit(score, y)
    again = kind.from_json(json.loads(json.dumps(made.to_json())))
    assert again.probability(score).tobytes() == made.probability(score).tobytes()


def test_a_calibrator_learnt_on_folds_can_be_put_behind_a_model() -> None:
    X, y = risky(3000)
    model = Logistic().fit(X, y)
    learnt = Platt().fit(model.decision_function(X), y)
    both = Calibrated.of(model, learnt, {"Platt": 0.3})
    assert np.allclose(both.probability(X), learnt.probability(model.decision_function(X)))
    assert Calibrated.from_json(json.loads(json.dumps(both.to_json()))).losses_ == {"Platt": 0.3}
