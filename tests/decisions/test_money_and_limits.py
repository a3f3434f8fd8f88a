"""Prices cover what they say, cut-offs earn what brute force finds, shadow prices are finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.decisions.credit_policy.cutoffs import best_cut_off, best_point, frontier
from bankmine.decisions.credit_policy.limits import Limits, assign_in_bands, assign_limits
from bankmine.decisions.credit_policy.money import (
    Terms,
    balance_years,
    break_even,
    good_and_bad,
    instalment,
    price_for_risk,
    read_terms,
)  # fmt: skip
from bankmine.decisions.credit_policy.strategy import Applied, simulate
from bankmine.errors import ConfigurationError, FeasibilityError, UsageError

FREE = Terms(funding=0.04, cost=0, loss_given_default=0.5, capital=0, hurdle=0, fixed_minor=0)


def test_a_riskless_credit_costs_what_its_funding_costs() -> None:
    found = price_for_risk(np.zeros(3), np.array([1, 24, 360]), 1e6, FREE)
    np.testing.assert_allclose(found, 0.04, atol=1e-9)


def test_a_credit_of_one_month_costs_funding_and_expected_loss_exactly() -> None:
    year = 0.12  # (1 − h)(1 + r/12) + h L' = 1 + f/12, solved by hand
    h = 1 - (1 - year) ** (1 / 12)
    by_hand = 12 * ((1 + 0.04 / 12 - h * 0.5) / (1 - h) - 1)
    assert price_for_risk(year, 1, 1e6, FREE) == pytest.approx(by_hand, abs=1e-12)


def test_the_price_rises_with_risk_and_is_missing_where_nothing_covers_it() -> None:
    prices = price_for_risk(np.linspace(0, 0.9, 30), 36, 500_000, Terms())
    assert np.all(np.diff(prices) > 0)
    assert np.isnan(price_for_risk([0.9999, np.nan], 36, [10_000, 10_000], Terms())).all()


def test_interest_of_an_annuity_is_rate_times_balance_years() -> None:
    pay, balance, years = float(instalment(0.09, 48)), 1.0, 0.0
    for _ in range(48):
        years += balance / 12
        balance = balance * (1 + 0.09 / 12) - pay
    assert balance == pytest.approx(0, abs=1e-12)
    assert float(balance_years(0.09, 48)) == pytest.approx(years)
    assert float(balance_years(0.0, 12)) == pytest.approx(13 / 24)


def test_a_card_without_a_term_and_a_price_not_set_use_the_stated_ones() -> None:
    good, bad = good_and_bad([100_000.0], [np.nan], [np.nan], Terms())
    same, _ = good_and_bad([100_000.0], [24.0], [0.10], Terms())
    assert good == pytest.approx(same)
    assert bad[0] == pytest.approx(-55_000)
    assert break_even(np.array([-5.0]), np.array([-10.0]))[0] == 0


@pytest.mark.parametrize("text", ["funding = 2", "fee = 0.1", "cost = 'high'", "cost = "])
def test_terms_that_make_no_sense_are_refused(text: str, tmp_path) -> None:
    (tmp_path / "terms.toml").write_text(text)
    with pytest.raises(ConfigurationError):
        read_terms(tmp_path / "terms.toml")


def applicants(seed: int, rows: int = 400) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(seed)
    chance = np.round(draw.beta(1, 6, rows), 2)  # ties
    return chance, draw.random(rows) < chance, draw.uniform(50, 150, rows), -draw.uniform(300, 900, rows)


@given(st.integers(0, 10_000))
@settings(max_examples=25, derandomize=True, deadline=None)
def test_the_best_cut_off_is_the_one_brute_force_finds(seed: int) -> None:
    chance, bad, good_minor, bad_minor = applicants(seed)
    profit = np.where(bad, bad_minor, good_minor)
    brute = {at: profit[chance <= at].sum() for at in (-1.0, *np.unique(chance))}
    best = best_point(frontier(chance, bad, good_minor, bad_minor, most=30))
    assert best.profit_minor == pytest.approx(max(brute.values()))
    assert brute[best.at] == pytest.approx(max(brute.values()))


def test_a_calibrated_score_is_cut_near_its_break_even_and_the_gain_is_out_of_sample() -> None:
    chance, bad, _, _ = applicants(1, 40_000)
    good_minor, bad_minor = np.full(40_000, 100.0), np.full(40_000, -500.0)
    found = best_cut_off(chance, bad, good_minor, bad_minor, np.arange(40_000))
    assert found.break_even == pytest.approx(1 / 6)
    assert abs(found.at - 1 / 6) < 0.03
    assert found.gain.low > 0
    noise = np.random.default_rng(0).permutation(chance)
    cut = best_cut_off(noise, bad, good_minor, bad_minor, np.arange(40_000))
    assert cut.judged.value < found.judged.value
    with pytest.raises(FeasibilityError):
        best_cut_off(chance, np.zeros(40_000), good_minor, bad_minor, np.arange(40_000))


@given(st.integers(0, 10_000))
@settings(max_examples=20, derandomize=True, deadline=None)
def test_shadow_prices_are_the_finite_differences(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows = 300
    risk = draw.beta(1, 15, rows)
    margin = np.column_stack([0.1 - 0.4 * risk, 0.07 - 0.4 * risk])
    loss = np.column_stack([0.45 * risk, 0.6 * risk])
    most = draw.uniform(1e5, 2e6, (rows, 2))
    capital = np.full((rows, 2), 0.08)
    all_loss, all_capital = float((loss * most).sum()), float((capital * most).sum())
    budgets = {
        "loss_budget": all_loss * draw.uniform(0.1, 0.6),
        "capital_budget": all_capital * draw.uniform(0.2, 0.7),
    }
    plan = assign_limits(margin, loss, capital, most, **budgets)
    for one in plan.budgets:
        assert one.used <= one.amount * (1 + 1e-9)
        step = one.amount * 1e-6
        ends = [
            assign_limits(
                margin, loss, capital, most, **{**budgets, f"{one.name}_budget": one.amount + way}
            ).profit
            for way in (-step, step)
        ]
        difference = (ends[1] - ends[0]) / (2 * step)
        assert one.shadow_price == pytest.approx(difference, rel=0.01, abs=1e-6)
    assert np.all(plan.limit <= most.sum(axis=1) + 1e-6)


def test_limits_that_cannot_be_are_refused() -> None:
    with pytest.raises(FeasibilityError, match="loss budget"):
        assign_limits([0.1], [0.2], [0.1], [100.0], least=[50.0], loss_budget=5, capital_budget=100)
    with pytest.raises(UsageError, match="tranche"):
        assign_limits([[0.1, 0.2]], [[0, 0]], [[0, 0]], [[1.0, 1.0]], loss_budget=5, capital_budget=100)
    with pytest.raises(UsageError, match="missing"):
        assign_limits([np.nan], [0.2], [0.1], [100.0], loss_budget=5, capital_budget=100)


def made_up_applied(seed: int = 0, rows: int = 3_000, unknown: float = 0.0) -> tuple[Applied, np.ndarray]:
    draw = np.random.default_rng(seed)
    chance = draw.beta(1, 8, rows)
    bad = (draw.random(rows) < chance).astype(float)
    hidden = draw.random(rows) < unknown
    return Applied(
        customers=draw.integers(0, rows // 2, rows), bad=np.where(hidden, np.nan, bad),
        good_minor=np.full(rows, 100.0), bad_minor=np.full(rows, -500.0),
        inferred={"score": chance, "twice the score": np.minimum(2 * chance, 1)} if unknown else {},
    ), chance  # fmt: skip


def test_the_swap_set_adds_up_to_both_books_and_their_difference() -> None:
    applied, chance = made_up_applied()
    champion, challenger = chance < 0.25, np.roll(chance, 0) * 1.3 < 0.2
    found = simulate(applied, champion, challenger)
    both, came, went, neither = found.swap
    assert both.applicants + came.applicants == found.challenger.group.applicants == challenger.sum()
    assert both.applicants + went.applicants == found.champion.group.applicants == champion.sum()
    assert sum(one.applicants for one in found.swap) == 3_000
    assert both.bads + went.bads == int(applied.bad[champion].sum())
    assert found.gain_minor.value == pytest.approx(came.profit_minor.value - went.profit_minor.value)
    assert found.gain_minor.low > 0
    assert "earns more" in found.verdict
    assert found.champion.approved.value == pytest.approx(champion.mean())
    assert neither.known == neither.applicants


def test_equal_policies_are_never_shown_to_differ() -> None:
    applied, chance = made_up_applied()
    found = simulate(applied, chance < 0.2, chance < 0.2)
    assert (found.gain_minor.low, found.gain_minor.high) == (0, 0)
    assert "not shown" in found.verdict


def test_unknown_outcomes_widen_the_interval_over_every_inference() -> None:
    applied, chance = made_up_applied(unknown=0.5)
    found = simulate(applied, chance < 0.1, chance < 0.3)
    came = found.swap[1]
    assert came.known < came.applicants
    alone = simulate(
        Applied(customers=applied.customers, bad=applied.bad, good_minor=applied.good_minor,
                bad_minor=applied.bad_minor, inferred={"score": applied.inferred["score"]}),
        chance < 0.1, chance < 0.3,
    )  # fmt: skip
    assert came.bad_rate.high > alone.swap[1].bad_rate.high
    assert came.bad_rate.low == alone.swap[1].bad_rate.low
    assert any("inferred by" in line for line in found.lines())
    with pytest.raises(UsageError, match="no known outcome"):
        Applied(customers=applied.customers, bad=applied.bad, good_minor=applied.good_minor,
                bad_minor=applied.bad_minor)  # fmt: skip


@given(st.integers(0, 10_000))
@settings(max_examples=25, derandomize=True, deadline=None)
def test_a_limit_is_none_or_within_its_band_and_the_budgets_hold(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, 40))
    loss = np.sort(draw.uniform(0.001, 0.2, (count, 3)), axis=1)
    margin, capital = 0.08 - loss, np.full((count, 3), 0.06)
    most = np.repeat(draw.uniform(0, 400, (count, 1)), 3, axis=1)
    smallest = draw.choice([0.0, 200.0, 700.0, 1_100.0], count)
    found = assign_in_bands(margin, loss, capital, most, smallest, loss_budget=40.0, capital_budget=90.0)
    given_one = found.limit > 0
    assert (found.limit[given_one] >= smallest[given_one] * (1 - 1e-9)).all()
    assert (found.limit <= most.sum(axis=1) + 1e-6).all()
    assert all(one.used <= one.amount * (1 + 1e-9) for one in found.budgets)
    assert (most.sum(axis=1) < smallest).sum() <= found.below <= (~given_one).sum()
    free = assign_limits(margin, loss, capital, most, loss_budget=40.0, capital_budget=90.0)
    assert found.profit <= free.profit * (1 + 1e-9)


def test_a_plan_says_who_is_below_the_band_or_unknown() -> None:
    lines = list(Limits(np.array([0.0, 5.0]), 1.0, (), below=1, unknown=2).lines())
    assert "a year, before the fixed cost of each credit" in lines[0]
    assert lines[1].startswith("1 get none")
    assert lines[2].startswith("2 are left out")
