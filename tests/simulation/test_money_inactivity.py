"""Inactivity: long silences that end and such that do not, and the chance of them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulation.money_world import World, world

from bankmine.simulation.entries import CATEGORIES, CHANNELS
from bankmine.simulation.spending_use import (
    OCCASIONAL,
    PERIODIC,
    Rests,
    bills_here_of,
    light_of,
    rests_of,
    silence,
    use_of,
)


@pytest.fixture(scope="module")
def made() -> World:
    return world(1000, 24)


def _rests(made: World) -> Rests:
    return rests_of(made.frame, made.who, made.life, made.leave)


def test_only_occasional_users_let_the_account_rest(made: World) -> None:
    resting = (_rests(made).slept >= 0).any(axis=1)
    assert resting.any()
    assert (use_of(made.frame, made.who)[resting] == OCCASIONAL).all()
    assert not (light_of(made.frame, made.who) & bills_here_of(made.frame, made.who)).any()


def test_whose_wage_comes_here_rests_in_other_months_than_the_others(made: World) -> None:
    rests = _rests(made)
    season = np.arange(made.frame.months) % 12
    begins, waged = rests.slept == 0, rests.waged == 1
    spring = np.isin(season, (1, 2))[None, :]
    early_summer = np.isin(season, (4, 5))[None, :]
    assert (begins & waged & spring).sum() > (begins & waged & early_summer).sum()
    assert (begins & ~waged & spring).sum() < (begins & ~waged & early_summer).sum()


def test_periodic_users_have_little_but_their_debit(made: World) -> None:
    money, rows = made.ledger.money, made.ledger.rows
    owner = made.acc.owner[money.account[rows]]
    periodic = use_of(made.frame, made.who)[owner] == PERIODIC
    named = [CATEGORIES.index(name) for name in ("telecom", "leisure", "insurance")]
    debit = np.isin(money.category[rows], named) & (money.channel[rows] == CHANNELS.index("debit"))
    people = int((use_of(made.frame, made.who) == PERIODIC).sum())
    assert (periodic & debit).sum() > 4 * people
    assert (periodic & money.out[rows]).sum() / people / 24 < 4


def test_the_chance_of_silence_is_how_often_a_chain_is_silent() -> None:
    draw = np.random.default_rng(5)
    slept = np.array([[-1] * 12, [0] * 12, [2] * 12])
    rests = Rests(np.full((3, 12), 0.3), np.zeros((3, 12), dtype=np.int64), slept)
    certain = np.zeros((3, 12, 3))
    assert silence(rests, certain + 1.0, certain + 1.0) == pytest.approx(np.ones((3, 12)))
    found = silence(rests, certain, certain + 1.0)
    assert found[0, 4] == pytest.approx(0.3, abs=0.01)  # who begins now hardly comes back within the quarter
    assert found[1, 4] > found[2, 4] > 0
    assert (silence(rests, certain, certain + draw.random()) < found).all()
