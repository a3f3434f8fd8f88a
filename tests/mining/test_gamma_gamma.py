"""Gamma-Gamma: the note's figures, a density that is one, gradients, the test of independence, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from test_purchase_models import cdnow

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.contract import Floats
from bankmine.mining.files import document, from_document
from bankmine.mining.value.gamma_gamma import GammaGamma, _likelihood, independence

positive = st.floats(0.5, 8.0)


def spending(rows: int, *, more_if_often: float = 0.0, seed: int = 2) -> Floats:
    """Customers whose means vary, and depend on how often they buy where that is asked for."""
    generator = np.random.default_rng(seed)
    x = 1 + generator.poisson(2.0, rows)
    rate = generator.gamma(4.0, 1 / 15.0, rows) / np.exp(more_if_often * x)
    return np.column_stack([x, generator.gamma(6.0 * x) / rate / x])


@pytest.mark.shared_data
def test_the_notes_figures_on_the_946_repeat_buyers_of_cdnow() -> None:
    """Fader and Hardie 2013: p 6.25, q 3.74, γ 15.44; expected amounts of the first ten customers."""
    sample = cdnow()
    bought = sample.values[:, 0] > 0
    assert bought.sum() == 946
    values = np.column_stack([sample.values[:, 0], sample.mean_amount])
    model = GammaGamma().fit(values[bought])
    assert list(model.parameters_.values()) == pytest.approx([6.25, 3.74, 15.44], abs=1e-2)
    expected = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert model.expected_amount(values[:10]) == pytest.approx(expected, abs=0.01)
    assert model.independence_.pearson == pytest.approx(0.11, abs=0.005)  # the note's .11
    assert model.fitted_.log_likelihood == pytest.approx(model.log_likelihood(values[bought]), abs=1e-6)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(1, 8), st.tuples(positive, positive, positive))
def test_the_likelihood_is_a_density(x: int, theta: tuple[float, ...]) -> None:
    def density(logarithm: float) -> float:
        row = np.array([x], dtype=float), np.exp(np.array([logarithm])), np.ones(1)
        return float(np.exp(_likelihood(np.array(theta), *row)[0] + logarithm))

    total = sum(
        integrate.quad(density, *ends, limit=200)[0] for ends in ((-60, -5), (-5, 0), (0, 5), (5, 60))
    )
    assert total == pytest.approx(1.0, abs=1e-6)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(1, 30), st.floats(0.1, 50), st.tuples(positive, positive, positive))
def test_the_gradient_is_the_slope(x: int, mean: float, theta: tuple[float, ...]) -> None:
    row, at = (np.array([float(x)]), np.array([mean]), np.ones(1)), np.array(theta)
    gradient = _likelihood(at, *row)[1]
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-5
        slope = (_likelihood(at + step, *row)[0] - _likelihood(at - step, *row)[0]) / 2e-5
        assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-5)


def test_the_model_finds_the_parameters_that_made_the_data_up() -> None:
    low, high = np.array(list(GammaGamma().fit(spending(8000)).fitted_.intervals(0.999).values())).T
    assert ((low <= [6, 4, 15]) & (high >= [6, 4, 15])).all()


def test_the_unit_of_money_changes_nothing_but_v() -> None:
    values = spending(500)
    cents = values * np.array([1.0, 100.0])
    one, other = GammaGamma().fit(values), GammaGamma().fit(cents)
    assert other.parameters_["v"] == pytest.approx(100 * one.parameters_["v"], rel=1e-6)
    assert other.expected_amount(cents) == pytest.approx(100 * one.expected_amount(values), rel=1e-6)


def test_independence_is_tested_and_said() -> None:
    free, bound = GammaGamma().fit(spending(2000)), GammaGamma().fit(spending(2000, more_if_often=0.3))
    assert free.independence_.holds
    assert not bound.independence_.holds
    assert "biased" in str(bound.independence_)
    assert independence([1, 1, 1], [3.0, 4.0, 5.0]).spearman == 0.0


def test_simulated_sums_have_the_expected_mean() -> None:
    values = spending(300)
    model = GammaGamma().fit(values)
    totals = model.simulate_totals(values, np.full((400, 300), 3))
    assert totals.mean() == pytest.approx(3 * model.expected_amount(values).mean(), rel=0.03)
    assert (model.simulate_totals(values, np.zeros((2, 300))) == 0).all()


def test_a_saved_model_answers_the_same_and_reasons_add_up() -> None:
    values = spending(200)
    model = GammaGamma().fit(values)
    again = from_document(document(model))
    assert document(again) == document(model)
    assert np.array_equal(again.expected_amount(values), model.expected_amount(values))
    reasons = model.reasons(values)
    average = model.expected_amount(model.mean_[None, :])[0]
    assert reasons.contributions.sum(axis=1) == pytest.approx(model.expected_amount(values) - average)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="needs at least 50"):
        GammaGamma().fit(spending(20))
    with pytest.raises(UsageError, match="share 1 mean amounts"):
        GammaGamma().fit(np.column_stack([np.ones(100), np.full(100, 9.0)]))
    with pytest.raises(UsageError, match="no purchase"):
        GammaGamma().fit(np.zeros((100, 2)))
    with pytest.raises(UsageError, match="cannot be meant"):
        GammaGamma().fit(np.column_stack([np.ones(100), np.full(100, -9.0)]))


def test_where_the_population_has_no_mean_the_fit_says_so_and_gives_none() -> None:
    draw = np.random.default_rng(5)
    x = draw.integers(1, 6, 3_000).astype(float)
    rate = draw.gamma(0.7, 1 / 10.0, 3_000)
    model = GammaGamma().fit(np.column_stack([x, draw.gamma(4.0 * x, 1 / rate) / x]))
    assert model.parameters_["q"] < 1
    assert any("no mean amount" in one for one in model.fitted_.warnings)
    expected = model.expected_amount([[0, 0], [3, 40.0]])
    assert np.isnan(expected[0])
    assert np.isfinite(expected[1])
    assert not any("no mean amount" in one for one in GammaGamma().fit(spending(500)).fitted_.warnings)


def test_weights_of_spending_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(UsageError, match="weights have shape"):
        GammaGamma().fit(spending(100), sample_weight=[float("nan")] * 100)
