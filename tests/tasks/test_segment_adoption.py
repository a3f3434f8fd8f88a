"""Suggestions are tested on what followed: the lift, its interval; what finds a rule never judges it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.tasks.segmentation.adoption import (
    PRIOR,
    Look,
    circles,
    judged,
    lift,
    suggest,
    usual_share,
)

ROWS = 3_000


def masks(first: int, adopted: int, others: int, others_adopted: int) -> tuple[np.ndarray, ...]:
    inside = np.arange(first + others) < first
    took = np.zeros(first + others, np.bool_)
    took[:adopted] = True
    took[first : first + others_adopted] = True
    return inside, ~inside, took


def test_the_lift_of_the_physicians_health_study() -> None:
    """Heart attacks under placebo and aspirin; Agresti (2002), Categorical Data Analysis, section 3.1.3."""
    found = lift(*masks(11_034, 189, 11_037, 104))
    assert found.value == pytest.approx(1.82, abs=0.005)
    assert (found.low, found.high) == (pytest.approx(1.43, abs=0.005), pytest.approx(2.30, abs=0.01))
    assert found.p < 1e-6


def test_an_empty_cell_gives_a_finite_and_wide_interval() -> None:
    found = lift(*masks(40, 0, 400, 12))
    assert 0 < found.low < found.value < 1 < found.high < np.inf
    assert lift(*masks(0, 0, 400, 12)).p == 1.0


@settings(derandomize=True, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=60))
def test_how_usual_something_is_among_like_customers_is_a_count(rows: list[tuple[int, bool]]) -> None:
    circle, holds = np.array([one for one, _ in rows]), np.array([held for _, held in rows])
    found = usual_share(circle, holds)
    for row, (own, _) in enumerate(rows):
        like = [held for other, held in rows if other == own]
        assert found[row] == pytest.approx((sum(like) + PRIOR * holds.mean()) / (len(like) + PRIOR))


def made_look(seed: int) -> tuple[Look, dict[str, frozenset[int]]]:
    """Segment 1 takes up funds five times as often; nobody else's family depends on anything."""
    draw = np.random.default_rng(seed)
    segment = draw.integers(0, 4, ROWS)
    customers = np.arange(ROWS) * 7
    families = ("card", "fund", "loan")
    holds = {name: draw.uniform(size=ROWS) < 0.2 for name in families}
    chance = {name: np.full(ROWS, 0.04) for name in families}
    chance["fund"] = np.where(segment == 1, 0.15, 0.03)
    opened = {
        name: frozenset(customers[(draw.uniform(size=ROWS) < chance[name]) & ~holds[name]].tolist())
        for name in families
    }
    usual = {name: draw.uniform(size=ROWS) for name in families}
    look = Look(
        customers=customers, segment=segment, may_sell=draw.uniform(size=ROWS) < 0.9, usual=usual, holds=holds
    )
    return look, opened


def test_what_suits_a_segment_stands_and_the_rest_does_not() -> None:
    found = judged([made_look(0), made_look(1)], ["card", "fund", "loan"], 4)
    stood = [(one.segment, one.family) for one in found if one.stands]
    assert stood == [(1, "fund")]
    assert found[0].test.low > 2


def test_of_suggestions_without_any_truth_hardly_one_stands() -> None:
    stood = 0
    for seed in range(20):
        one, two = made_look(2 * seed), made_look(2 * seed + 1)
        stood += sum(each.stands for each in judged([one, two], ["card", "loan"], 4))
    assert stood <= 4  # of 160 pairs


def test_whoever_holds_it_or_may_not_be_asked_is_never_suggested_anything() -> None:
    look, _ = made_look(3)
    for rule in ("like", "segment"):
        chosen = suggest(look, "fund", 1, rule)
        assert chosen.any()
        assert not (chosen & look.holds["fund"]).any()
        assert not (chosen & ~look.may_sell).any()
        assert set(look.segment[chosen].tolist()) == {1}


def test_the_like_rule_means_a_part_of_the_segment_rule() -> None:
    look, _ = made_look(3)
    like, every = suggest(look, "fund", 1, "like"), suggest(look, "fund", 1, "segment")
    assert 0 < like.sum() < every.sum()
    assert not (like & ~every).any()


def test_the_look_that_finds_a_rule_does_not_judge_it() -> None:
    first, (second, opened) = made_look(0), made_look(1)
    none = {name: frozenset(list(who)[:0]) for name, who in opened.items()}
    found = judged([first, (second, none)], ["fund"], 4)
    assert found
    assert not any(one.stands for one in found)


def test_with_one_look_every_rule_is_tested() -> None:
    found = judged([made_look(1)], ["card", "fund", "loan"], 4)
    assert len(found) == 12
    assert all(one.found is None and one.rule == "like" for one in found)


def test_too_few_to_suggest_are_not_tested() -> None:
    look, opened = made_look(1)
    few = replace(look, may_sell=np.arange(ROWS) < 60)
    assert judged([(few, opened)], ["fund"], 4) == []


def test_circles_hold_customers_alike() -> None:
    draw = np.random.default_rng(0)
    values = np.vstack([draw.normal(place, 0.05, (200, 3)) for place in (0.0, 1.0, 2.0)])
    found = circles(values, 0)
    blob = np.repeat([0, 1, 2], 200)
    assert all(len(set(blob[found == one].tolist())) == 1 for one in set(found.tolist()))
