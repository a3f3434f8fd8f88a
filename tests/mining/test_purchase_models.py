"""Purchase models: the papers' printed digits, slow obvious twins, checks of a fit, and refusals."""

import csv
import gzip
from datetime import date
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import beta as beta_function
from scipy.special import gammaln, hyp2f1

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.contract import Floats
from bankmine.mining.files import document, from_document
from bankmine.mining.value.beta_geometric import BgNbd, MbgNbd
from bankmine.mining.value.bg_bb import BgBb
from bankmine.mining.value.model import PurchaseModel
from bankmine.mining.value.pareto_nbd import ParetoNbd
from bankmine.mining.value.purchases import Purchases, Summary, summarise
from shared_data import shared

CONTINUOUS = (BgNbd, MbgNbd, ParetoNbd)
CALIBRATION_END = date(1997, 10, 1).toordinal()
# Donors of 1995: x gifts, the last at t of 6 opportunities, donors (Fader, Hardie and Shang 2010)
DONATIONS = np.array([
    (6, 6, 1203), (5, 6, 728), (4, 6, 512), (3, 6, 357), (2, 6, 234), (1, 6, 129), (5, 5, 335), (4, 5, 284),
    (3, 5, 225), (2, 5, 173), (1, 5, 119), (4, 4, 240), (3, 4, 181), (2, 4, 155), (1, 4, 78), (3, 3, 322),
    (2, 3, 255), (1, 3, 129), (2, 2, 613), (1, 2, 277), (1, 1, 1091), (0, 0, 3464),
])  # fmt: skip
THETAS = {
    BgNbd: np.array([0.24, 4.4, 0.79, 2.43]), MbgNbd: np.array([0.52, 6.2, 0.89, 1.6]),
    ParetoNbd: np.array([0.55, 10.6, 0.61, 11.7]), BgBb: np.array([1.2, 0.75, 0.66, 2.8]),
}  # fmt: skip


def cdnow() -> Summary:
    """The tenth of CDNOW that the papers use, as known after 39 weeks."""
    with gzip.open(shared("cdnow") / "cdnow_sample.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    days = [date.fromisoformat(f"{d[:4]}-{d[4:6]}-{d[6:]}").toordinal() for d in (r["date"] for r in rows)]
    who, spent = [int(r["sample_id"]) for r in rows], [float(r["value"]) for r in rows]
    return summarise(who, days, until=CALIBRATION_END, amount=spent)


def donations() -> tuple[Floats, Floats]:
    """Histories and how many donors have each."""
    return np.column_stack([DONATIONS[:, :2], np.full(len(DONATIONS), 6)]).astype(float), DONATIONS[:, 2]


def made_up(miner: type[PurchaseModel], rows: int, seed: int = 3) -> Floats:
    """Histories under the parameters in THETAS."""
    generator = np.random.default_rng(seed)
    age = np.full(rows, 8.0) if miner is BgBb else generator.uniform(20, 40, rows)
    return miner()._histories(THETAS[miner], age, generator)


@pytest.mark.shared_data
def test_bg_nbd_gives_the_papers_figures_on_cdnow() -> None:
    """Fader, Hardie and Lee 2005, table 2: .243, 4.414, .793, 2.426; −9582.4."""
    sample = cdnow()
    fitted = BgNbd().fit(sample.values).fitted_
    assert len(sample.customers) == 2357
    assert list(fitted.parameters.values()) == pytest.approx([0.2426, 4.4136, 0.7929, 2.4259], abs=5e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.43, abs=0.01)
    assert fitted.converged
    assert not fitted.warnings


@pytest.mark.shared_data
def test_bg_nbd_foresees_what_the_papers_worked_example_foresees() -> None:
    """Fader, Hardie and Lee's spreadsheet note: x 2, t 30.43, T 38.86 gives 1.226 purchases in 39 weeks."""
    model = BgNbd().fit(cdnow().values)
    assert model.expected_purchases(np.array([[2, 30.43, 38.86]]), 39)[0] == pytest.approx(1.226, abs=1e-3)


@pytest.mark.shared_data
def test_mbg_nbd_gives_the_published_figures_on_cdnow() -> None:
    """Batislam and others 2007 on CDNOW, as other implementations give it: .525, 6.183, .891, 1.614."""
    found = MbgNbd().fit(cdnow().values).parameters_
    assert list(found.values()) == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=5e-4)


@pytest.mark.shared_data
def test_pareto_nbd_gives_the_papers_figures_on_cdnow() -> None:
    """Fader, Hardie and Lee 2005, table 2: .553, 10.578, .606, 11.669; −9595.0."""
    fitted = ParetoNbd().fit(cdnow().values).fitted_
    assert list(fitted.parameters.values()) == pytest.approx([0.5533, 10.5777, 0.6062, 11.6687], abs=1e-3)
    assert fitted.log_likelihood == pytest.approx(-9594.976, abs=0.01)


def test_bg_bb_gives_the_papers_figures_on_the_donations() -> None:
    """Fader, Hardie and Shang 2010, table 3: 1.204, .750, .657, 2.783; −33,225.6; 12,884.2 gifts expected."""
    values, donors = donations()
    model = BgBb().fit(values, sample_weight=donors)
    assert list(model.parameters_.values()) == pytest.approx([1.204, 0.750, 0.657, 2.783], abs=5e-4)
    assert model.fitted_.log_likelihood == pytest.approx(-33225.6, abs=0.05)
    expected = model.expected_purchases(values, 5)
    assert expected @ donors == pytest.approx(12884.2, abs=0.1)
    assert expected[[0, -1]] == pytest.approx([3.75, 0.07], abs=0.005)  # table 4


positive = st.floats(0.15, 6.0)
times = st.floats(1.0, 60.0)


@st.composite
def histories(draw: st.DrawFn) -> Floats:
    """One history in continuous time."""
    x, age = draw(st.integers(0, 12)), draw(times)
    return np.array([[x, draw(st.floats(0.01, 1.0)) * age if x else 0.0, age]])


def slow_beta_geometric(theta: Floats, x: float, recency: float, age: float, k: float) -> float:
    """The likelihood of one customer, integrated over its rate and its chance to leave."""
    r, alpha, a, b = theta

    def over_rate(until: float) -> float:
        def density(rate: float) -> float:
            power = (r + x - 1) * np.log(rate) - rate * (alpha + until)
            return float(np.exp(power + r * np.log(alpha) - gammaln(r)))

        middle = (r + x) / (alpha + until)
        ends = (0, middle), (middle, 8 * middle), (8 * middle, np.inf)
        return sum(float(integrate.quad(density, *end, limit=200)[0]) for end in ends)

    def over_leaving(power: float, left: int) -> float:
        def density(p: float) -> float:
            return float((1 - p) ** (b + power - 1) * p ** (a + left - 1) / beta_function(a, b))

        return sum(float(integrate.quad(density, *end, limit=200)[0]) for end in ((0, 0.5), (0.5, 1)))

    there = over_leaving(k, 0) * over_rate(age)
    return there + (over_leaving(k - 1, 1) * over_rate(recency) if k else 0.0)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(histories(), st.tuples(positive, st.floats(1.0, 20.0), st.floats(0.5, 4), st.floats(0.6, 4)),
       st.sampled_from([0, 1]))  # fmt: skip
def test_beta_geometric_likelihood_equals_its_integral(
    values: Floats, theta: tuple[float, ...], extra: int
) -> None:
    model = (BgNbd, MbgNbd)[extra]()
    value, _ = model._likelihood(np.array(theta), Purchases.of(values))
    x, recency, age = values[0]
    slow = slow_beta_geometric(np.array(theta), x, recency, age, x + extra)
    assert value == pytest.approx(np.log(slow), rel=1e-6, abs=1e-6)


def hypergeometric_pareto(theta: Floats, x: float, recency: float, age: float) -> float:
    """The log-likelihood with two hypergeometric functions (Fader and Hardie's note of 2005)."""
    r, alpha, s, beta = theta
    big, far = max(alpha, beta), abs(alpha - beta)
    second = s + 1 if alpha >= beta else r + x
    q = r + s + x
    terms = [hyp2f1(q, second, q + 1, far / (big + at)) / (big + at) ** q for at in (recency, age)]
    both = (alpha + age) ** -(r + x) * (beta + age) ** -s + s / q * (terms[0] - terms[1])
    return float(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(both))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(histories(), st.tuples(positive, st.floats(0.5, 30.0), positive, st.floats(0.5, 30.0)))
def test_pareto_likelihood_equals_its_hypergeometric_form(values: Floats, theta: tuple[float, ...]) -> None:
    value, _ = ParetoNbd()._likelihood(np.array(theta), Purchases.of(values))
    assert value == pytest.approx(hypergeometric_pareto(np.array(theta), *values[0]), rel=1e-8, abs=1e-8)


def test_pareto_likelihood_is_finite_where_hypergeometric_forms_overflow() -> None:
    values = np.array([[900.0, 50.0, 52.0], [0.0, 0.0, 3000.0], [3.0, 1e-6, 40.0]])
    for theta in (np.array([1e-3, 1e-4, 5.0, 1e4]), np.array([50.0, 1e3, 1e-3, 1e-4])):
        value, gradient = ParetoNbd()._likelihood(theta, Purchases.of(values))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(histories(), st.tuples(positive, st.floats(0.5, 30.0), positive, st.floats(0.5, 30.0)),
       st.sampled_from(CONTINUOUS))  # fmt: skip
def test_gradients_are_the_slopes_of_the_likelihoods(
    values: Floats, theta: tuple[float, ...], miner: type[PurchaseModel]
) -> None:
    check_gradient(miner(), np.array(theta), Purchases.of(values))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 6), st.integers(0, 6), st.tuples(positive, positive, positive, positive))
def test_the_gradient_of_bg_bb_is_the_slope(x: int, gap: int, theta: tuple[float, ...]) -> None:
    recency = x + min(gap, 3) if x else 0
    check_gradient(BgBb(), np.array(theta), Purchases.of(np.array([[x, recency, recency + gap + 1.0]])))


def check_gradient(model: PurchaseModel, theta: Floats, rows: Purchases) -> None:
    """The gradient against central differences."""
    _, gradient = model._likelihood(theta, rows)
    for place in range(len(theta)):
        step = np.zeros(len(theta))
        step[place] = 1e-5 * theta[place]
        ends = [model._likelihood(theta + sign * step, rows)[0] for sign in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * step[place])
        assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-5)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.tuples(positive, positive, positive, positive), st.integers(1, 9))
def test_bg_bb_gives_all_possible_histories_one_together(theta: tuple[float, ...], n: int) -> None:
    total = 0.0
    for last in range(n + 1):
        for x in range(1 if last else 0, last + 1):
            rows = Purchases.of(np.array([[x, last, n]], dtype=float))
            ways = comb(last - 1, x - 1) if last else 1
            total += ways * np.exp(BgBb()._likelihood(np.array(theta), rows)[0])
    assert total == pytest.approx(1.0, abs=1e-9)


def nodes_of_gamma(shape: float, rate: float) -> tuple[Floats, Floats]:
    """Values of a gamma variable and their chances, many."""
    from scipy.stats import gamma

    at = (np.arange(4000) + 0.5) / 4000
    return gamma.ppf(at, shape, scale=1 / rate), np.full(4000, 1 / 4000)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(histories(), st.floats(1.0, 52.0), st.sampled_from(CONTINUOUS))
def test_expected_purchases_are_the_mean_over_the_customers_possible_rates(
    values: Floats, ahead: float, miner: type[PurchaseModel]
) -> None:
    from scipy.stats import beta as beta_law

    theta, (x, recency, age) = THETAS[miner], values.T
    rate, chance = nodes_of_gamma(theta[0] + x[0], theta[1] + age[0])
    if miner is ParetoNbd:
        leaving, _ = nodes_of_gamma(theta[2], theta[3] + age[0])
        mean = (rate @ chance) * np.mean(-np.expm1(-leaving * ahead) / leaving)
    else:
        k = x[0] + miner.extra  # type: ignore[attr-defined]
        at = (np.arange(800) + 0.5) / 800
        leaving = np.maximum(beta_law.ppf(at, theta[2], theta[3] + k), 1e-14)
        mean = np.mean(-np.expm1(-np.outer(rate[::5], leaving) * ahead) / leaving)
    alive = miner()._alive(theta, x, recency, age)[0]
    found = miner()._expected(theta, x, recency, age, ahead)[0]
    assert found == pytest.approx(alive * mean, rel=0.02)


@pytest.mark.parametrize("miner", [*CONTINUOUS, BgBb], ids=lambda m: m.__name__)
def test_simulated_futures_have_the_expected_mean_and_limits_around_it(miner: type[PurchaseModel]) -> None:
    values = made_up(miner, 3000)
    model = miner().fit(values)
    ahead = 5.0 if miner is BgBb else 26.0
    drawn = model.simulate_ahead(values, ahead, draws=60, random_state=1)
    assert drawn.mean() == pytest.approx(model.expected_purchases(values, ahead).mean(), rel=0.05)
    seen = model.forecast(values, ahead, random_state=1)
    assert (seen.low <= seen.high).all()
    assert np.mean((seen.low <= drawn[0]) & (drawn[0] <= seen.high)) > 0.9


@pytest.mark.parametrize("miner", [*CONTINUOUS, BgBb], ids=lambda m: m.__name__)
def test_a_model_finds_the_parameters_that_made_the_data_up(miner: type[PurchaseModel]) -> None:
    model = miner().fit(made_up(miner, 20_000))
    low, high = np.array(list(model.fitted_.intervals(0.999).values())).T
    assert ((low <= THETAS[miner]) & (THETAS[miner] <= high)).all()
    assert model.fitted_.converged
    assert model.fitted_.agreeing >= 2


@pytest.mark.parametrize("miner", [*CONTINUOUS, BgBb], ids=lambda m: m.__name__)
def test_a_saved_model_answers_the_same_to_the_last_bit(miner: type[PurchaseModel]) -> None:
    values = made_up(miner, 500)
    model = miner().fit(values)
    again = from_document(document(model))
    assert document(again) == document(model)
    assert np.array_equal(again.expected_purchases(values, 4), model.expected_purchases(values, 4))
    assert np.array_equal(again.simulate_ahead(values, 4, draws=3), model.simulate_ahead(values, 4, draws=3))


@pytest.mark.parametrize("miner", [*CONTINUOUS, BgBb], ids=lambda m: m.__name__)
def test_reasons_add_up_to_the_difference_from_the_average_history(miner: type[PurchaseModel]) -> None:
    values = made_up(miner, 400)
    model = miner().fit(values)
    parts = model._shapley(values, 3.0)
    average = model._with_average(values[:1], (), 3.0)[0]
    assert parts.sum(axis=1) == pytest.approx(model.expected_purchases(values, 3.0) - average, abs=1e-9)
    assert model.reasons(values).columns.shape == (400, 3)


def test_a_bootstrap_interval_holds_about_what_the_hessians_holds() -> None:
    model = BgNbd().fit(made_up(BgNbd, 3000))
    quick, slow = model.fitted_.intervals(), model.bootstrap(made_up(BgNbd, 3000), replicates=30)
    for name in model.parameter_names:
        assert max(quick[name][0], slow[name][0]) < min(quick[name][1], slow[name][1])


def test_the_expectation_is_smooth_where_its_formula_is_not() -> None:
    values = np.array([[2.0, 10.0, 20.0], [0.0, 0.0, 20.0]])
    for miner, place in ((BgNbd, 2), (MbgNbd, 2), (ParetoNbd, 2), (BgBb, 2)):
        found = []
        for at in (1 - 1e-4, 1.0, 1 + 1e-4):
            theta = THETAS[miner].copy()
            theta[place] = at
            found.append(miner()._expected(theta, values[:, 0], values[:, 1], values[:, 2], 10.0))
        assert found[1] == pytest.approx((found[0] + found[2]) / 2, rel=1e-6)


def test_a_customer_silent_for_long_after_many_purchases_has_probably_left() -> None:
    model = BgNbd().fit(made_up(BgNbd, 2000))
    alive = model.probability_alive(np.array([[10, 30, 31], [10, 5, 31], [0, 0, 31]]))
    assert alive[0] > 0.8
    assert alive[1] < 0.1
    assert alive[2] == 1.0


@pytest.mark.parametrize("miner", [BgNbd, MbgNbd, ParetoNbd])
@pytest.mark.parametrize("unit", [7 * 86_400.0, 7 / 36_525.0])
def test_the_unit_of_time_changes_nothing_but_the_parameters_that_are_times(
    miner: type[PurchaseModel], unit: float
) -> None:
    values = made_up(miner, 1_500)
    other = values * [1, unit, unit]
    first, second = miner().fit(values), miner().fit(other)
    for name, value in first.parameters_.items():
        factor = unit if name in miner.times else 1.0
        assert second.parameters_[name] == pytest.approx(value * factor, rel=1e-5)
    assert second.fitted_.warnings == first.fitted_.warnings
    assert second.fitted_.log_likelihood == pytest.approx(second.log_likelihood(other), abs=1e-6)
    assert second.expected_purchases(other, 10 * unit) == pytest.approx(
        first.expected_purchases(values, 10), rel=1e-4
    )


def test_data_that_do_not_determine_a_parameter_are_called_so() -> None:
    generator = np.random.default_rng(1)
    age = np.full(400, 30.0)
    x = generator.poisson(0.2 * age).astype(float)  # nobody leaves and all are alike
    last = np.where(x > 0, age * generator.beta(np.maximum(x, 1), 1.0), 0.0)
    fitted = BgNbd().fit(np.column_stack([x, last, age])).fitted_
    assert any("boundary" in one or "flat" in one for one in fitted.warnings)


def test_equal_histories_are_merged_and_give_the_same_fit() -> None:
    values = made_up(BgNbd, 800)
    values[:, 1:] = np.ceil(values[:, 1:])
    merged, counts = np.unique(values, axis=0, return_counts=True)
    whole, short = BgNbd().fit(values), BgNbd().fit(merged, sample_weight=counts)
    assert whole.fitted_.log_likelihood == pytest.approx(short.fitted_.log_likelihood, abs=1e-9)


def test_too_few_customers_or_repeaters_are_refused() -> None:
    with pytest.raises(FeasibilityError, match="needs at least 50"):
        BgNbd().fit(made_up(BgNbd, 30))
    never = np.column_stack([np.zeros(100), np.zeros(100), np.full(100, 20.0)])
    with pytest.raises(FeasibilityError, match="0 customers with a repeat purchase"):
        ParetoNbd().fit(never)


@pytest.mark.parametrize(
    "row", [[-1, 0, 5], [1, 6, 5], [0, 2, 5], [1.5, 2, 5], [1, 2, np.nan], [0, 0, 0]], ids=str
)
def test_histories_that_cannot_be_meant_are_refused(row: list[float]) -> None:
    with pytest.raises(UsageError, match="cannot be meant"):
        BgNbd().fit(np.array([row] * 100))


def test_bg_bb_takes_whole_opportunities_only() -> None:
    with pytest.raises(UsageError, match="whole numbers"):
        BgBb().fit(np.array([[1, 2.5, 6]] * 100))
    with pytest.raises(UsageError, match="not fitted"):
        BgBb().probability_alive(np.array([[1, 2, 6]]))


def test_purchases_of_one_day_are_one_purchase() -> None:
    found = summarise(["a", "a", "a", "b", "a", "c"], [0, 3, 3, 5, 9, 20], until=11,
                      amount=[5.0, 1.0, 2.0, 7.0, 9.0, 1.0], unit_days=1.0)  # fmt: skip
    assert found.customers.tolist() == ["a", "b"]
    assert found.values.tolist() == [[2, 9, 10], [0, 0, 5]]
    assert found.mean_amount.tolist() == [6.0, 0.0]
    assert found.first_amount.tolist() == [5.0, 7.0]


@pytest.mark.parametrize("ahead", [0.5, -3, float("nan"), float("inf")])
def test_a_time_ahead_that_cannot_be_meant_is_refused_by_simulations_too(ahead: float) -> None:
    values, weight = donations()
    model = BgBb().fit(values, sample_weight=weight)
    for ask in (model.simulate_ahead, model.forecast):
        with pytest.raises(UsageError, match="were asked"):
            ask(values, ahead)


def test_no_draws_and_levels_of_95_are_refused() -> None:
    values = made_up(BgNbd, 300)
    model = BgNbd().fit(values)
    with pytest.raises(UsageError, match="0 draws"):
        model.simulate_ahead(values, 3, draws=0)
    with pytest.raises(UsageError, match="-3 units"):
        model.simulate_ahead(values, -3)
    with pytest.raises(UsageError, match="level is 95"):
        model.forecast(values, 3, level=95)
    with pytest.raises(UsageError, match="level is 95"):
        model.bootstrap(values, level=95)


@pytest.mark.parametrize("weight", [[float("nan")] * 100, [1.0] * 99, [-1.0] * 100, [0.0] * 100])
def test_weights_that_cannot_be_meant_are_refused(weight: list[float]) -> None:
    values = made_up(BgNbd, 100)
    with pytest.raises(UsageError, match="weights have shape"):
        BgNbd().fit(values, sample_weight=weight)


def test_purchases_that_cannot_be_meant_are_not_summed_up() -> None:
    who = ["a", "a", "b"]
    for day in ([1.9, 3.0, 4.0], [1.0, float("nan"), 4.0], [1.0, float("inf"), 2.0]):
        with pytest.raises(UsageError, match="1 of 3 days"):
            summarise(who, day, until=9)
    with pytest.raises(UsageError, match="days were given as"):
        summarise(who, ["1", "2", "3"], until=9)
    with pytest.raises(UsageError, match="1 of 3 amounts"):
        summarise(who, [1, 2, 3], until=9, amount=[1.0, float("nan"), 2.0])
    with pytest.raises(UsageError, match="unit is 0 days"):
        summarise(who, [1, 2, 3], until=9, unit_days=0)
    with pytest.raises(UsageError, match=r"\(2,\) days"):
        summarise(who, [1, 2], until=9)
    assert (
        summarise(who, [1.0, 3.0, 4.0], until=9).values.tolist()
        == summarise(who, [1, 3, 4], until=9).values.tolist()
    )
    assert len(summarise([], np.array([], np.int64), until=9).values) == 0


def test_negative_amounts_are_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match="1 of 2 amounts are negative"):
        summarise(["a", "b"], [1, 2], until=9, amount=[-1.0, 2.0])


def test_customers_none_of_whom_came_again_are_refused_with_the_numbers() -> None:
    with pytest.raises(FeasibilityError, match="0 customers with a repeat purchase of 100"):
        BgNbd().fit([[0, 0, 10]] * 100)
