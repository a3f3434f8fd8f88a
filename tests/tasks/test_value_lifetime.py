"""The forecast: growth that is really there is learned, sums are what a loop gives, limits hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import ConfigurationError
from bankmine.lifecycle.reasons import reason_words
from bankmine.tasks.contract import Floats
from bankmine.tasks.flags import flagged_grades
from bankmine.tasks.value.by_accounts import ACTIONS, SOLD_TO, exact
from bankmine.tasks.value.concentration import curve, moves, top_of
from bankmine.tasks.value.expected import (
    DAMPED,
    UNTAUGHT,
    Shift,
    expected_later,
    expected_year,
    late,
    learn,
    lost,
    size_of,
    spread,
    troubled,
)
from bankmine.tasks.value.forward import bias, items_off, judged, rank_correlation
from bankmine.tasks.value.ledger import COMPONENTS, Ledger
from bankmine.tasks.value.lifetime import Survival, carried_forward, chance_of_top, grades, value
from bankmine.tasks.value.said import verdict
from bankmine.tasks.value.task import TASK


def made_up(rows: int, *, seed: int = 1) -> Ledger:
    """Customers with deposits that grew by a tenth in nine months at a margin of 2 %, some with loans."""
    generator = np.random.default_rng(seed)
    now = generator.lognormal(13.0, 1.0, rows)
    volumes = np.zeros((rows, 4, 2))
    volumes[:, :, 0] = now[:, None] / np.array([1.0, 1.03, 1.06, 1.1])
    volumes[:, :, 1] = np.where(generator.random(rows) < 0.3, now, 0.0)[:, None]
    amounts = np.zeros((rows, 4, len(COMPONENTS)))
    amounts[:, :, 0] = volumes[:, :, 0] * 0.02 / 4
    amounts[:, :, 1] = volumes[:, :, 1] * 0.04 / 4
    amounts[:, :, 3] = -50
    amounts[:, :, 5] = -volumes[:, :, 1] * 0.01 / 4
    return Ledger(0, np.arange(rows), np.rint(amounts).astype(np.int64), volumes)


def a_year_later(before: Ledger, growth: float = 1.2) -> Ledger:
    """The same customers with deposits that grew."""
    volumes = before.volumes.copy()
    volumes[:, :, 0] = before.volumes[:, :1, 0] * growth
    amounts = before.amounts.copy()
    amounts[:, :, 0] = np.rint(volumes[:, :, 0] * 0.02 / 4).astype(np.int64)
    return Ledger(1, before.customers, amounts, volumes)


def test_growth_that_was_there_is_foreseen() -> None:
    before = made_up(400)
    after = a_year_later(before)
    growth = learn(before, after, np.ones(400, dtype=np.bool_))
    foreseen = expected_year(after, growth)
    deposits = after.volumes[:, 0, 0] * 0.02
    assert growth.levels[0] == pytest.approx(1 + DAMPED * 0.2, rel=1e-3)
    assert foreseen[:, 0] == pytest.approx(deposits * growth.levels[0], rel=0.01)


def test_one_giant_teaches_no_growth() -> None:
    before = made_up(400)
    after = a_year_later(before)
    after.volumes[5, :, 0] *= 1_000
    after.amounts[5, :, 0] *= 1_000
    growth = learn(before, after, np.ones(400, dtype=np.bool_))
    assert growth.levels[0] == pytest.approx(1 + DAMPED * 0.2, rel=1e-2)
    assert growth.left_out >= 1


def test_what_rates_did_is_told_apart_from_growth() -> None:
    before = made_up(400)
    after = a_year_later(before)
    after.amounts[:, :, 0] //= 2  # the margin of 2 % fell by a point
    half = Shift(*(np.tile([-0.01, 0.0], (400, 1)) for _ in range(3)))
    growth = learn(before, after, np.ones(400, dtype=np.bool_), half)
    assert growth.levels[0] == pytest.approx(1 + DAMPED * 0.2, rel=1e-2)
    expected = expected_year(after, growth, Shift.none(400))
    later = expected_later(expected, after, growth, half)
    change = -0.01 * after.volumes[:, 0, 0] * growth.levels[0]
    assert later[:, 0] - expected[:, 0] == pytest.approx(change)


def test_products_held_for_the_first_time_raise_the_level() -> None:
    before, after = made_up(400), made_up(400)
    none = np.flatnonzero(before.volumes[:, 0, 1] == 0)[:100]
    after.amounts[none, :, 1] = int(before.amounts[:, :, 1].sum() / 400)
    assert learn(before, after, np.ones(400, dtype=np.bool_)).levels[1] > 1.15


def test_without_a_finished_year_everything_is_taken_to_stay() -> None:
    ledger = made_up(50)
    nobody = np.zeros(50, dtype=np.bool_)
    assert learn(ledger, ledger, nobody) is UNTAUGHT
    foreseen = expected_year(ledger, UNTAUGHT)
    assert foreseen[:, 0] == pytest.approx(ledger.volumes[:, 0, 0] * 0.02, rel=0.01)
    assert foreseen[:, 3] == pytest.approx(-200.0)
    assert foreseen[:, 5] == pytest.approx(4.0 * ledger.amounts[:, 0, 5])


def test_losses_of_late_loans_move_on_their_own() -> None:
    before = made_up(600)
    before.amounts[:60, :, 5] = np.rint(-before.volumes[:60, :, 1] * 0.5 / 4)
    after = made_up(600)
    after.amounts[:60, :, 5] = np.rint(-before.volumes[:60, :, 1] * 0.25 / 4)
    growth = learn(before, after, np.ones(600, dtype=np.bool_))
    some = before.volumes[:60, 0, 1] > 0
    assert late(before)[:60][some].all()
    assert not late(before)[60:].any()
    # Four quarters are followed for a year: of their four, none, one, two and three are at the old loss.
    assert growth.late == pytest.approx((0.5 + 0.625 + 0.75 + 0.875) / 4, rel=0.01)
    assert growth.good == pytest.approx(0.01, rel=0.01)


def test_a_loan_written_off_earlier_in_the_year_is_remembered() -> None:
    ledger = made_up(100)
    assert not troubled(ledger).any()
    ledger.volumes[7, :, 1] = [0.0, 0.0, 50_000.0, 60_000.0]
    ledger.amounts[7, :, 5] = [0, 0, -11_000, -9_000]
    assert not late(ledger)[7]
    assert np.flatnonzero(lost(ledger)).tolist() == [7]
    assert troubled(ledger)[7]


def slow_value(expected: Floats, chances: Floats, shrink: float, rate: float) -> float:
    """Lifetime value of one customer, month by month."""
    total, before = 0.0, 1.0
    for month, chance in enumerate(chances):
        year = month // 12
        profit = sum(
            part * (shrink**year if name in ("lending", "credit loss") else 1.0)
            for name, part in zip(COMPONENTS, expected, strict=True)
        )
        total += profit / 12 * (before + chance) / 2 / (1 + rate) ** ((month + 0.5) / 12)
        before = chance
    return total


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(-1e4, 1e4), min_size=6, max_size=6), st.floats(0.9, 1.0), st.integers(1, 40),
    st.floats(0.0, 0.5),
)  # fmt: skip
def test_lifetime_value_is_the_sum_over_months(
    parts: list[float], monthly: float, months: int, rate: float
) -> None:
    chances = monthly ** np.arange(1, months + 1)
    growth = learn(made_up(100), a_year_later(made_up(100)), np.ones(100, dtype=np.bool_))
    found = value(
        np.array([parts]), Survival(chances[None, :], ""), growth, None, np.zeros(1, dtype=np.bool_),
        discount_rate=rate, top_share=0.2, seed=0,
    )  # fmt: skip
    slow = slow_value(np.array(parts), chances, growth.kept, rate)
    assert found.lifetime[0] == pytest.approx(slow, rel=1e-9, abs=1e-6)
    assert np.isnan(found.low[0])


def test_limits_hold_their_share_of_new_customers() -> None:
    generator = np.random.default_rng(5)
    expected = np.zeros((4000, 6))
    expected[:, 0] = generator.lognormal(8, 1.5, 4000)
    actual = expected[:, 0] * generator.lognormal(0.0, 0.5, 4000)
    nobody = np.zeros(2000, dtype=np.bool_)
    size = size_of(expected)
    off = spread(expected[:2000], expected[:2000, 0], actual[:2000], nobody)
    assert off is not None
    low, high = (expected[2000:, 0] + off.quantile(size[2000:], nobody, share) for share in (0.1, 0.9))
    inside = (low <= actual[2000:]) & (actual[2000:] <= high)
    assert inside.mean() == pytest.approx(0.8, abs=0.03)
    for part in np.array_split(np.argsort(size[2000:]), 4):
        assert inside[part].mean() == pytest.approx(0.8, abs=0.06)
    assert spread(expected[:50], expected[:50, 0], actual[:50], nobody[:50]) is None


def test_who_is_surely_top_and_who_may_be() -> None:
    expected = np.zeros((200, 6))
    expected[:, 0] = np.concatenate([np.full(20, 1e6), np.full(60, 2e4), np.full(120, 1e4)])
    generator = np.random.default_rng(1)
    actual = expected[:, 0] * generator.uniform(0.5, 1.5, 200)
    nobody = np.zeros(200, dtype=np.bool_)
    off = spread(expected, expected[:, 0], actual, nobody)
    assert off is not None
    top = chance_of_top(expected[:, 0], size_of(expected), nobody, off, np.ones(200), top_share=0.2, seed=3)
    assert top.sum() == pytest.approx(40)
    names = grades(top, expected[:, 0], top_share=0.2)
    assert set(names[:20]) == {"surely top"}
    assert set(names[20:80]) <= {"maybe top", "rest"}
    assert "maybe top" in names[20:80]
    unknown = grades(np.full(200, np.nan), expected[:, 0], top_share=0.2)
    assert unknown.count("maybe top") == 40


def test_a_chance_wears_off_as_landmarks_show() -> None:
    generator = np.random.default_rng(2)
    chance = generator.uniform(0.01, 0.6, 6000)
    monthly = 1 - (1 - chance) ** (1 / 3)
    month = np.full(6000, -1)
    for at in range(12):
        hazard = monthly if at < 3 else np.full(6000, 0.02)
        gone = (month < 0) & (generator.random(6000) < hazard)
        month[gone] = at
    left = month >= 0
    found = carried_forward(
        (chance, np.where(left, month, 12), left), np.array([0.02, 0.5]), 0.06, 24, seed=0
    )
    assert "6,000 customers" in found.words
    own = 1 - found.chances[:, 2]
    assert own[1] == pytest.approx(0.5, abs=0.12)
    late_hazard = 1 - found.chances[:, 11] / found.chances[:, 10]
    assert late_hazard[1] < 0.08
    plain = carried_forward(None, np.array([0.02, 0.5]), 0.06, 24, seed=0)
    assert 1 - plain.chances[1, 2] == pytest.approx(0.5, abs=1e-9)
    assert (np.diff(plain.chances, axis=1) <= 0).all()


def test_the_curve_of_concentration_and_the_moves_into_and_out_of_the_top() -> None:
    profit = np.array([100.0, 50.0, 0.0, -50.0])
    assert curve(profit).at(0.5) == pytest.approx(1.5)
    assert top_of(np.array([1.0, 3.0, 3.0, 0.0]), 0.25).tolist() == [False, True, False, False]
    earned = {1: 10.0, 2: 90.0, 3: 0.0, 4: 5.0, 5: 80.0}
    found = moves(
        (np.array([1, 2, 4, 5]), np.array([10.0, 90.0, 5.0, 80.0])),
        (np.array([1, 2, 3, 4]), np.array([95.0, 5.0, 99.0, 0.0])),
        lambda who: np.array([earned[one] for one in who.tolist()]),
        share=0.5,
    )
    by_name = {one["move"]: (one["customers"], one["change_minor"]) for one in found}
    assert by_name == {
        "stayed": (0, 0.0), "entered": (1, 85.0), "fell out": (1, -85.0), "left the bank": (1, -99.0),
        "new to the bank and top": (1, 80.0),
    }  # fmt: skip


def test_a_perfect_forecast_has_no_bias_and_the_better_forecast_less_error() -> None:
    generator = np.random.default_rng(3)
    actual = generator.lognormal(5, 1, 500)
    close, far = actual * generator.uniform(0.9, 1.1, 500), generator.permutation(actual)
    assert bias(actual, actual) == 0.0
    assert rank_correlation(actual, actual * 7) == pytest.approx(1.0)
    none = np.full(500, np.nan)
    found = judged(actual, {"model": close, "rule": far}, low=none, high=none, level=0.8, seed=0)
    assert found["less_error_minor"]["low"] > 0
    assert "coverage" not in found
    assert found["model"]["rank_correlation"]["low"] > found["rule"]["rank_correlation"]["high"]


def test_the_items_sum_to_the_bias() -> None:
    generator = np.random.default_rng(3)
    actual = generator.normal(100.0, 30.0, (50, len(COMPONENTS)))
    told = {"model": actual * 1.1, "rule": generator.normal(90.0, 30.0, (50, len(COMPONENTS)))}
    found = items_off(told, actual)
    for name, parts in told.items():
        assert sum(one[name] for one in found) == pytest.approx(bias(parts.sum(axis=1), actual.sum(axis=1)))
    assert sum(one["share"] for one in found) == pytest.approx(1.0)


def test_the_verdict_prefers_the_rule_where_the_model_errs_more() -> None:
    def tested(off: float, low: float, high: float, *, wide: float = 0.3) -> dict[str, object]:
        side = {
            "bias": {"value": off, "low": off - 0.13, "high": off + wide},
            "rank_correlation": {"value": 0.7},
        }
        return {"basis": "accounts", "back_test": {"model": side, "rule": {"bias": {"value": 0.05}},
                              "less_error_minor": {"low": low, "high": high}}}  # fmt: skip

    assert verdict(tested(0.02, 1.0, 2.0))[0] == "study"
    said = verdict(tested(0.083, 1.0, 2.0))[1]
    assert "+8.3% (−4.7% to +38.3%): the interval reaches beyond 10%" in said
    assert "beyond" not in verdict(tested(0.05, 1.0, 2.0, wide=0.02))[1]
    assert verdict(tested(0.02, -2.0, -1.0))[0] == "last year's profit repeated"
    assert verdict(tested(0.02, -1.0, 1.0))[0] == "last year's profit repeated"
    assert verdict(tested(0.30, 1.0, 2.0))[0] == "last year's profit repeated"
    assert "could not be checked" in verdict({"basis": "accounts", "back_test": None})[1]


def test_amounts_are_shown_in_full() -> None:
    assert exact(-8_290_104, 2) == "−82,901.04"
    assert exact(716_000_005, 2) == "7,160,000.05"
    assert exact(1_234, 0) == "1,234"


def test_settings_that_cannot_be_meant_are_refused() -> None:
    for wrong in ({"discount_rate": 3}, {"top_share": 0}, {"basis": "guess"}, {"horizon_months": 0},
                  {"customer_kind": "pet"}, {"no_such": 1}):  # fmt: skip
        with pytest.raises(ConfigurationError):
            TASK.check_settings(wrong)
    TASK.check_settings({"discount_rate": 0.08, "basis": "accounts", "horizon_months": 60})


def test_who_may_not_be_sold_to_is_counted_and_dealt_with_otherwise() -> None:
    given = ["surely top", "surely top", "maybe top", "rest"]
    flags = [["arrears"], [], ["no_consent"], ["arrears"]]
    found = flagged_grades(given, flags, sold_to=SOLD_TO)
    assert found == ["surely top, flagged", "surely top", "maybe top, flagged", "rest"]
    assert all(one in ACTIONS for one in found)
    assert "No sale" in ACTIONS["surely top, flagged"]


def test_reasons_of_money_raise_the_value_and_not_a_chance() -> None:
    reason = {"feature": "expected fees", "value": 3.0, "contribution": 3.0, "sentence_key": "value"}
    for labelled in (True, False):
        assert reason_words(reason, {}, "EUR", labelled=labelled).endswith("; raises the value")
    reason |= {"contribution": -3.0, "sentence_key": ""}
    assert reason_words(reason, {}, "EUR", labelled=True).endswith("; lowers the chance")
