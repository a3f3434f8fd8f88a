"""The shapes that the simulated bank is compared with real data by."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.shapes.bookings import Bookings, bookings
from benchmarks.shapes.compare import compare, lines
from benchmarks.shapes.shapes import SHAPES, Curve, Shape, between, distance

DAY = 86_400
FIRST = int(np.datetime64("2024-01-01", "D").astype(int))


def made(seed: int = 1, *, accounts: int = 80, days: int = 91, scale: float = 1.0) -> Bookings:
    """Three months of card payments and a few salaries, a Poisson process of different speed by account."""
    draw = np.random.default_rng(seed)
    number = draw.poisson(draw.gamma(4.0, 15.0, accounts)) + 1
    account = np.repeat(np.arange(accounts), number)
    size = account.size
    return bookings(
        "made", account=account, second=FIRST * DAY + draw.integers(0, days * DAY, size),
        cents=np.rint(scale * 2_000 * np.exp(draw.normal(size=size))).astype(np.int64) + 1,
        kind=np.where(draw.random(size) < 0.1, "salary", "card"), shop=draw.integers(0, 900, size),
        balance=scale * draw.gamma(2.0, 50_000, size), begins=FIRST, ends=FIRST + days,
        cards=np.ones(size, dtype=np.bool_),
    )  # fmt: skip


def shape(name: str) -> Shape:
    return next(one for one in SHAPES if one.name.startswith(name))


def test_distance_is_the_largest_difference_of_the_distribution_functions() -> None:
    assert distance(Curve(np.array([1.0, 2.0, 3.0, 4.0])), Curve(np.array([3.0, 4.0, 5.0, 6.0]))) == 0.5
    assert distance(Curve(np.array([1.0, 2.0])), Curve(np.array([1.0, 2.0]))) == 0.0


def test_distance_equals_scipy() -> None:
    scipy = pytest.importorskip("scipy.stats")
    draw = np.random.default_rng(3)
    one, other = np.sort(draw.normal(size=300)), np.sort(draw.normal(0.4, 1.3, 500))
    assert distance(Curve(one), Curve(other)) == pytest.approx(scipy.ks_2samp(one, other).statistic)


@pytest.mark.parametrize("one", SHAPES, ids=lambda one: one.name)
def test_a_set_is_not_far_from_itself_in_another_currency(one: Shape) -> None:
    found = between(one, made(scale=1.0), made(scale=37.5))
    assert found is not None
    assert len(found) == len(one.parts) == len(one.axis)
    assert max(found) < 0.01


@pytest.mark.parametrize("one", SHAPES, ids=lambda one: one.name)
def test_another_draw_of_the_same_kind_is_near(one: Shape) -> None:
    found = between(one, made(1), made(2))
    assert found is not None
    assert max(found) < 0.12


def test_spread_is_not_standardised_away() -> None:
    these = made()
    wider = replace(these, cents=np.rint(these.cents**2 / 2_000).astype(np.int64) + 1)
    found = between(shape("amounts"), these, wider)
    assert found is not None
    assert found[0] > 0.15


def test_months_without_a_booking_count() -> None:
    these = made()
    silent = these.only((these.day < FIRST + 31) | (these.account % 2 == 0))
    found = between(shape("transactions"), these, silent)
    assert found is not None
    assert found[0] > 0.25


def test_the_last_day_of_a_month_is_the_last_place_of_its_profile() -> None:
    these = made()
    last = replace(these, second=np.full(these.second.size, (FIRST + 30) * DAY + 5))
    curves = shape("weekday").curves(last)
    assert curves is not None
    assert curves[1].y is not None
    assert curves[1].y[-2] == 0.0
    assert curves[1].y[-1] == 1.0
    assert curves[0].y is not None
    assert curves[0].y[1] == 0.0
    assert curves[0].y[2] == 1.0


def test_one_shop_for_all_is_concentrated() -> None:
    these = made()
    few = replace(these, shop=np.minimum(these.shop, 450))
    found = between(shape("merchant"), these, few)
    assert found is not None
    assert found[0] > 0.15


def test_bookings_every_other_day_have_runs_of_one_day() -> None:
    day = FIRST + np.arange(1, 90, 2)
    one = bookings(
        "made", account=np.zeros(day.size), second=day * DAY, cents=day, kind=np.full(day.size, "card"),
        begins=FIRST, ends=FIRST + 91,
    )  # fmt: skip
    curves = shape("activity").curves(one)
    assert curves is not None
    assert [curve.x.size for curve in curves] == [45, 44]
    assert all(curve.x.max() < 2.0 * curve.x.mean() + 0.2 for curve in curves)


def test_a_set_that_knows_days_only_is_met_on_days() -> None:
    these = made()
    dated = these.spread()
    assert (dated.second // DAY == np.sort(these.second // DAY)).mean() < 1.0  # ordered by account
    assert np.array_equal(np.bincount(dated.account), np.bincount(these.account))
    found = between(shape("inter-arrival"), these, dated)
    assert found is not None
    assert found[0] < 0.01


def test_a_shape_that_a_set_cannot_show_is_left_out() -> None:
    these = made()
    bare = replace(these, name="bare", balances=np.empty(0), shop=np.full(these.shop.size, -1))
    found = compare({"made": these, "bare": bare}, {"made": these, "bare": bare})
    balance = next(one for one in found if one.shape.name == "balance")
    assert set(balance.simulated) == {"made"}
    assert not balance.real
    assert balance.smallest == 0.0
    assert balance.met
    assert len(lines(found)) == 1 + len(SHAPES)
