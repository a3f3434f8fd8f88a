"""The masked test tells where inference helps, and the two probits are what they say they are."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bankmine.decisions.credit_policy.inference.bivariate import _Likelihood, both_below, fit_bivariate
from bankmine.decisions.credit_policy.inference.masked import IGNORE, Decidedly, inferred, masked_test
from bankmine.decisions.credit_policy.inference.methods import METHODS, infer, logistic, with_constant
from bankmine.errors import FeasibilityError


def world(
    seed: int, *, bent: float = 0.0, knows: float = 0.0, officers: bool = False, rows: int = 5_000
) -> tuple[Decidedly, np.ndarray]:
    """Applications that were decided, and everybody's outcome."""
    draw = np.random.default_rng(seed)
    X, unseen = draw.normal(size=(rows, 2)), draw.normal(size=rows)
    ease = draw.normal(0, 1.2, rows)
    risk = -2.0 + (0.9 if not bent else -0.3) * X[:, 0] + bent * X[:, 0] ** 2 + 0.5 * X[:, 1] + knows * unseen
    bad = (draw.random(rows) < 1 / (1 + np.exp(-risk))).astype(float)
    liking = 0.4 - 0.9 * X[:, 0] - (1.2 * unseen - ease if officers else draw.normal(0, 0.7, rows))
    granted = liking > 0
    return Decidedly(X, granted, np.where(granted, bad, 0), np.arange(rows), ease if officers else None), bad


def refused_loss(data: Decidedly, bad: np.ndarray, use: str) -> float:
    out = ~data.granted
    chance = np.clip(inferred(data, use, data.X[out]), 1e-6, 1 - 1e-6)
    return float(-np.where(bad[out] > 0, np.log(chance), np.log1p(-chance)).mean())


def test_the_two_normals_are_those_of_scipy() -> None:
    draw = np.random.default_rng(0)
    h, k = draw.normal(0, 1.5, (2, 40))
    for rho in (-0.9, -0.3, 0.0, 0.5, 0.9):
        slow = [multivariate_normal.cdf([a, b], cov=[[1, rho], [rho, 1]]) for a, b in zip(h, k, strict=True)]
        np.testing.assert_allclose(both_below(h, k, np.full(40, rho)), slow, atol=2e-6)


def test_the_gradient_is_the_finite_difference() -> None:
    data, _ = world(1, knows=1.0, officers=True, rows=500)
    every = with_constant(data.X)
    model = _Likelihood(every, np.column_stack([every, data.ease]), data.granted, data.bad)
    at = np.random.default_rng(2).normal(0, 0.3, 8)
    slope = model.value(at)[1]
    for place in range(8):
        step = np.zeros(8)
        step[place] = 1e-6
        assert slope[place] == pytest.approx(
            (model.value(at + step)[0] - model.value(at - step)[0]) / 2e-6, rel=1e-4, abs=1e-4
        )


def test_the_regression_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    data, bad = world(3)
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(data.X, bad)
    mine = logistic(with_constant(data.X), bad)
    np.testing.assert_allclose(mine, [*theirs.intercept_, *theirs.coef_[0]], atol=1e-4)


def test_a_known_correlation_is_found() -> None:
    draw = np.random.default_rng(4)
    rows = 12_000
    X, ease = with_constant(draw.normal(size=(rows, 1))), draw.normal(size=rows)
    errors = draw.multivariate_normal([0, 0], [[1, -0.5], [-0.5, 1]], rows)
    granted = 0.2 - 0.5 * X[:, 1] + ease + errors[:, 0] > 0
    bad = (-0.8 + 0.7 * X[:, 1] + errors[:, 1] > 0).astype(float)
    found = fit_bivariate(X, np.column_stack([X, ease]), granted, bad)
    assert found.rho == pytest.approx(-0.5, abs=0.12)
    np.testing.assert_allclose(found.beta, [-0.8, 0.7], atol=0.12)
    assert found.p_value < 1e-4


def test_every_method_gives_finite_coefficients_and_weights_that_are_positive() -> None:
    data, _ = world(5)
    X, y, out = (
        with_constant(data.X[data.granted]),
        data.bad[data.granted],
        with_constant(data.X[~data.granted]),
    )
    for name, method in METHODS.items():
        learnt = method(X, y, out)
        assert (learnt.weight >= 0).all()
        assert np.isfinite(infer(name, X, y, out)).all()


def test_where_the_card_is_right_and_all_is_recorded_the_answer_is_do_not_use_it() -> None:
    data, _ = world(6)
    answer = masked_test(data)
    assert answer.use == IGNORE
    assert "Do not use" in answer.verdict
    assert "stays open" in answer.verdict


def test_where_risk_bends_among_the_refused_a_method_is_used_and_it_helps() -> None:
    data, bad = world(7, bent=0.8)
    answer = masked_test(data)
    assert answer.use != IGNORE
    assert refused_loss(data, bad, answer.use) < refused_loss(data, bad, IGNORE)


def test_officers_who_know_more_are_found_by_their_leniency_and_whims_are_not() -> None:
    data, bad = world(9, knows=1.5, officers=True)
    answer = masked_test(data)
    assert answer.use == "bivariate probit"
    assert answer.rho is not None
    assert answer.rho < -0.2
    assert refused_loss(data, bad, answer.use) < refused_loss(data, bad, IGNORE)
    whims, _ = world(8, officers=True)
    assert masked_test(whims).use == IGNORE


def test_the_same_question_gets_the_same_answer() -> None:
    data, _ = world(10, bent=0.6)
    assert masked_test(data, random_state=3) == masked_test(data, random_state=3)


def test_too_few_are_refused_with_the_numbers() -> None:
    data, _ = world(11, rows=300)
    with pytest.raises(FeasibilityError, match="granted applications"):
        masked_test(data)
    with pytest.raises(FeasibilityError, match="0 bad ones"):
        infer("fuzzy parcelling", np.ones((50, 1)), np.zeros(50), np.ones((9, 1)))
