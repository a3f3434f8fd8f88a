"""Where rates go: a delay that is there is found and one that is not is not used; balances weigh products."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.tasks.contract import Floats
from bankmine.tasks.value.ledger import MONTHS
from bankmine.tasks.value.outlook import (
    CUSTOMER,
    TREASURY,
    Outlook,
    PassThrough,
    Rates,
    came,
    followed,
    outlook,
    pass_through,
    shifted,
)
from bankmine.tasks.value.said import rates_words


def history(months: int, delay: int, share: float, *, seed: int = 1) -> Rates:
    """Two products whose customer rates follow a wandering market, and one that pays nothing."""
    generator = np.random.default_rng(seed)
    market = 0.03 + np.cumsum(generator.normal(0, 0.0015, months + delay))
    monthly = np.full((3, months, 2), np.nan)
    for product in range(3):
        monthly[product, :, TREASURY] = market[delay:] + 0.001 * product
    for product in range(2):
        monthly[product, :, CUSTOMER] = share * market[:months] - 0.005 * product
    return Rates(("a", "b", "c"), monthly)


@pytest.mark.parametrize("delay", [1, 3, 6, 9])
@pytest.mark.parametrize("share", [0.4, 1.0])
def test_a_delay_that_is_there_is_found(delay: int, share: float) -> None:
    found = pass_through(history(48, delay, share))
    assert found.delay == delay
    assert found.share == pytest.approx([share, share, 0.0], abs=1e-9)
    assert found.error < found.standing


def test_what_has_happened_to_the_market_still_reaches_customers() -> None:
    rates = history(48, 6, 1.0)
    found = outlook(rates)
    market = rates.monthly[0, :, TREASURY]
    to_come = np.concatenate([market[-6:], np.repeat(market[-1], 6)])
    assert found.ahead[0, CUSTOMER] == pytest.approx(to_come.mean())
    assert found.later[0, CUSTOMER] == pytest.approx(market[-1])
    assert found.ahead[:, TREASURY] == pytest.approx(rates.monthly[:, -1, TREASURY])
    assert np.isnan(found.ahead[2, CUSTOMER])


def test_rates_nobody_can_foresee_stand_still() -> None:
    generator = np.random.default_rng(5)
    monthly = 0.03 + np.cumsum(generator.normal(0, 0.0015, (4, 48, 2)), axis=1)
    found = outlook(Rates(tuple("abcd"), monthly))
    assert found.rule.delay is None
    assert found.ahead == pytest.approx(monthly[:, -1])


def test_a_short_history_teaches_nothing() -> None:
    found = pass_through(history(20, 3, 1.0))
    assert found.delay is None
    assert np.isnan(found.error)
    assert "too short" in rates_words({"delay": None, "change": 0.0, "error": None, "standing": None})


def test_a_move_the_settings_give_reaches_customers_late() -> None:
    rates = history(48, 6, 1.0)
    still, moved = outlook(rates), outlook(rates, change=-0.012)
    steps = -0.012 * np.arange(1, MONTHS + 1) / MONTHS
    assert moved.ahead[0, TREASURY] - still.ahead[0, TREASURY] == pytest.approx(steps.mean())
    assert moved.ahead[0, CUSTOMER] - still.ahead[0, CUSTOMER] == pytest.approx(steps[:6].sum() / MONTHS)
    assert moved.later[0, TREASURY] - still.later[0, TREASURY] == pytest.approx(-0.012)


def test_nothing_known_later_changes_the_outlook() -> None:
    rates = history(60, 6, 1.0)
    early = Rates(rates.products, rates.monthly[:, :40].copy())
    said = outlook(early).ahead
    rates.monthly[:, 40:] = 9.0
    assert np.array_equal(outlook(early).ahead, said, equal_nan=True)


def slow_followed(
    own: float, market: list[float], ahead: list[float], delay: int, share: float
) -> list[float]:
    every, today = [*market, *ahead], len(market) - 1
    return [
        own + share * (every[today + step - delay] - every[today - delay])
        for step in range(1, len(ahead) + 1)
    ]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(0, 0.1), min_size=13, max_size=20),
    st.lists(st.floats(0, 0.1), min_size=1, max_size=24),
    st.integers(0, 12), st.floats(0, 1.5),
)  # fmt: skip
def test_following_is_a_loop_over_months(
    market: list[float], ahead: list[float], delay: int, share: float
) -> None:
    monthly = np.stack([np.full((1, len(market)), 0.01), np.array([market])], axis=2)
    found = followed(monthly, np.array([ahead]), delay, np.array([share]))
    assert found[0] == pytest.approx(slow_followed(0.01, market, ahead, delay, share))


def given_outlook(ahead: Floats) -> Outlook:
    now = np.array([[0.01, 0.03], [np.nan, 0.03]])
    rule = PassThrough(None, np.zeros(2), float("nan"), float("nan"))
    return Outlook(("a", "b"), now, now, ahead, ahead, rule)


def test_a_customers_margin_moves_with_the_products_it_holds() -> None:
    balances = pa.table(
        {
            "customer_id": [1, 1, 2, 2, 9], "product_code": ["a", "b", "b", None, "a"],
            "component": ["deposits", "deposits", "lending", "lending", "deposits"],
            "kind": ["in credit", "in credit", "lent", "lent", "in credit"],
            "size": [300.0, 100.0, 50.0, 50.0, 1.0],
        }
    )  # fmt: skip
    # a pays one point more; the treasury pays half a point more for both
    found = shifted(balances, np.array([1, 2, 3]), given_outlook(np.array([[0.02, 0.035], [np.nan, 0.035]])))
    assert found.quarter[0] == pytest.approx([(300 * -0.005 + 100 * 0.005) / 400, 0.0])
    assert found.quarter[1] == pytest.approx([0.0, -0.005])
    assert found.quarter[2].tolist() == [0.0, 0.0]
    assert np.array_equal(found.quarter, found.year)
    assert not found.later.any()


def test_a_product_without_any_known_move_moves_like_the_others_and_does_not_stand_still() -> None:
    """c has prices, but none of its moves is known: like the mean of a and b, as a product without a name."""
    now = np.array([[0.01, 0.03], [0.02, 0.03], [np.nan, np.nan]])
    ahead = np.array([[0.02, 0.03], [0.05, 0.03], [np.nan, np.nan]])
    rule = PassThrough(None, np.zeros(3), float("nan"), float("nan"))
    balances = pa.table(
        {
            "customer_id": [1, 2, 3], "product_code": ["c", "not sold", "a"],
            "component": ["deposits"] * 3, "kind": ["in credit"] * 3, "size": [100.0] * 3,
        }
    )  # fmt: skip
    found = shifted(balances, np.array([1, 2, 3]), Outlook(("a", "b", "c"), now, now, ahead, ahead, rule))
    assert found.quarter[:, 0] == pytest.approx([-0.02, -0.02, -0.01])


def test_the_rates_that_came_replace_those_expected() -> None:
    real = Rates(("a",), np.full((1, 12, 2), 0.05))
    found = came(given_outlook(np.array([[0.02, 0.035], [np.nan, 0.035]])), real)
    assert found.ahead[0].tolist() == pytest.approx([0.05, 0.05])
    assert found.ahead[1, TREASURY] == pytest.approx(0.035)
