"""Baselines, gain and money, groups: the verdicts a reader acts on."""

import numpy as np
import pytest

from bankmine.errors import UsageError
from bankmine.evaluation.baselines import compare
from bankmine.evaluation.fairness import fairness
from bankmine.evaluation.gain import gain_curve, money_curve


def scored(rows: int = 3000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=rows)
    p = 1 / (1 + np.exp(1.5 - 1.5 * x))
    return draw.random(rows) < p, p, x + draw.normal(size=rows)


def test_a_better_model_is_recommended() -> None:
    y, p, rule = scored()
    found = compare("auc", y, p, {"prior": np.zeros(3000), "recency rule": rule})
    assert found.beats
    assert found.best_baseline == "recency rule"
    assert found.text.startswith("Use the model: AUC 0.")


def test_a_model_no_better_than_a_rule_means_use_the_baseline() -> None:
    y, _, rule = scored()
    other = rule + np.random.default_rng(1).normal(size=3000) * 0.01
    found = compare("auc", y, other, {"prior": np.zeros(3000), "recency rule": rule})
    assert not found.beats
    assert found.text.startswith("Use the baseline recency rule")


def test_a_model_worse_than_the_prior_in_log_loss_is_caught() -> None:
    y, p, _ = scored()
    prior = np.full(3000, y.mean())
    assert compare("log_loss", y, p, {"prior": prior}).beats
    assert not compare("log_loss", y, p**4, {"prior": prior}).beats


def test_beating_one_baseline_of_two_is_not_enough() -> None:
    y, p, rule = scored()
    found = compare("auc", y, rule, {"prior": np.zeros(3000), "truth": p})
    assert not found.beats
    assert "baseline truth" in found.text


def test_a_model_alone_cannot_be_judged() -> None:
    y, p, _ = scored()
    with pytest.raises(UsageError, match="no baseline"):
        compare("auc", y, p, {})


def test_the_gain_curve_ends_at_everything_and_stays_below_perfect() -> None:
    y, p, _ = scored()
    curve = gain_curve(y, p)
    assert (curve.share[0], curve.captured[0], curve.captured[-1]) == (0, 0, 1)
    assert (curve.captured <= curve.perfect + 1e-9).all()
    assert curve.lift[10] == pytest.approx(y[np.argsort(-p)[:300]].mean() / y.mean())


def test_a_constant_score_gains_nothing() -> None:
    curve = gain_curve([0, 1, 0, 1], [0.5] * 4, points=5)
    assert curve.captured.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curve.lift.tolist() == [1, 1, 1, 1, 1]


def test_money_is_largest_where_probability_pays_its_cost() -> None:
    y, p, _ = scored(200_000)
    curve = money_curve(y, p, value_of_positive=10.0, cost=2.0, points=201)
    assert (curve.share[0], curve.share[-1], len(curve.share)) == (0, 1, 201)
    assert curve.best_threshold == pytest.approx(0.2, abs=0.03)
    assert curve.best_money == pytest.approx((10 * y - 2)[p >= curve.best_threshold].sum())
    assert money_curve(y, p, value_of_positive=10, cost=2, among=100).best_money == pytest.approx(
        money_curve(y, p, value_of_positive=10, cost=2).best_money / 2000
    )


def test_an_action_that_never_pays_is_taken_on_nobody() -> None:
    curve = money_curve([0, 1, 0], [0.1, 0.9, 0.2], value_of_positive=1, cost=5)
    assert (curve.best, curve.best_money, curve.best_share) == (0, 0, 0)


def test_rows_of_equal_score_are_acted_on_together() -> None:
    curve = money_curve([1, 0, 0, 0], [0.5] * 4, value_of_positive=3, cost=1)
    assert curve.share.tolist() == [0, 1]
    assert curve.money.tolist() == [0, -1]


def test_a_group_selected_half_as_often_is_shown() -> None:
    y, p, _ = scored(4000)
    group = np.where(np.arange(4000) % 2 == 0, "f", "m")
    lower = np.where(group == "f", p * 0.5, p)
    found = fairness(y, lower, group, threshold=0.3)
    assert found.four_fifths is False
    assert found.least_ratio is not None
    assert found.least_ratio < 0.8
    women = next(one for one in found.groups if one.name == "f")
    assert women.selected == pytest.approx((lower[group == "f"] >= 0.3).mean())
    assert women.auc is not None
    assert fairness(y, p, group, threshold=0.3).four_fifths


def test_a_small_group_is_listed_but_not_judged() -> None:
    y, p, _ = scored(400)
    group = np.where(np.arange(400) < 5, "few", "many")
    found = fairness(y, p, group, threshold=0.5)
    few = next(one for one in found.groups if one.name == "few")
    assert (few.rows, few.selection_ratio, few.auc) == (5, None, None)
    assert found.least_ratio is None


def test_where_a_high_chance_is_bad_the_favoured_group_is_the_one_with_low_chances() -> None:
    p = np.concatenate([np.full(200, 0.1), np.full(150, 0.9), np.full(50, 0.1)])
    group = np.repeat(["low", "high"], 200)
    found = fairness(np.arange(400) % 2 == 0, p, group, threshold=0.5, below=True)
    rates = {one.name: one.selected for one in found.groups}
    assert rates == {"low": 1.0, "high": 0.25}
    assert found.least_ratio == 0.25


def test_a_low_ratio_that_chance_gives_is_told_from_one_it_does_not() -> None:
    """Section 4 D of the Uniform Guidelines: small numbers may miss four fifths by chance alone."""
    draw = np.random.default_rng(5)
    group = np.repeat([f"g{one}" for one in range(20)], 100)
    seen = [
        fairness(np.arange(2_000) % 2 == 0, draw.uniform(size=2_000), group, threshold=0.9, resamples=20)
        for _ in range(40)
    ]
    assert not any(one.four_fifths for one in seen)
    assert sum(one.least_p < 0.05 for one in seen if one.least_p is not None) <= 5
    p = np.where((group == "g3") & (np.arange(2_000) % 10 > 0), 0.0, draw.uniform(size=2_000))
    found = fairness(np.arange(2_000) % 2 == 0, p, group, threshold=0.8, resamples=20)
    assert found.least_p is not None
    assert found.least_p < 0.001


def test_the_chance_of_so_few_is_that_of_the_hypergeometric_law() -> None:
    """None of 5 chosen is of the one of two groups of 100: 100·99·98·97·96 / (200·199·198·197·196), twice."""
    p = np.r_[np.zeros(100), np.repeat([1.0, 0.0], [5, 95])]
    found = fairness(np.arange(200) % 2 == 0, p, np.repeat(["a", "b"], 100), threshold=0.5, resamples=20)
    one_sided = np.prod((100 - np.arange(5)) / (200 - np.arange(5)))
    assert found.least_p == pytest.approx(2 * one_sided)
