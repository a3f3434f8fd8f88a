"""Spending: what customers do, and that every planted cause has its effect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.simulation.money_world import CALM, World, world

from bankmine.simulation.entries import BANKS, CATEGORIES, CHANNELS, COUNTRIES
from bankmine.simulation.frame import DAY, NEVER
from bankmine.simulation.inactivity_truth import inactivity_truth
from bankmine.simulation.leaving import GRADUAL, SILENT
from bankmine.simulation.ledger import DECLINED
from bankmine.simulation.merchants import BOUGHT, FIRST_MACHINE, merchants, shared_tables
from bankmine.simulation.people import LIVES
from bankmine.simulation.scenario import Activity, Attrition, Regime
from bankmine.simulation.spending_habits import habits_of

CATEGORY = {name: place for place, name in enumerate(CATEGORIES)}


@pytest.fixture(scope="module")
def made() -> World:
    return world()


def _purchases(made: World) -> np.ndarray:
    money = made.ledger.money
    return made.ledger.rows[(money.merchant[made.ledger.rows] >= 0) & money.out[made.ledger.rows]]


def test_kernel_and_merchants_agree_on_the_places_of_categories() -> None:
    from bankmine.simulation import spending_kernel as kernel

    named = [BOUGHT[place] for place in (kernel.ELECTRONICS, kernel.HOUSEHOLD, kernel.CHILDREN)]
    assert named == ["electronics", "household", "children"]


def test_customers_differ_widely_in_activity(made: World) -> None:
    money, rows = made.ledger.money, made.ledger.rows
    stays = (made.who.joined < 0) & (made.leave.decided == NEVER) & ~made.who.company
    a_month = np.bincount(made.acc.owner[money.account[rows]], minlength=made.who.count)[stays] / 24
    low, middle, high = np.quantile(a_month, [0.05, 0.5, 0.97])
    assert low < 5
    assert 9 < middle < 20
    assert high > 30


def test_ways_of_life_buy_differently(made: World) -> None:
    money, rows = made.ledger.money, _purchases(made)
    life = made.who.life[money.person[rows]]

    def share(of: str, what: np.ndarray) -> float:
        return float(what[life == LIVES.index(of)].mean())

    groceries = money.category[rows] == CATEGORY["groceries"]
    online = money.channel[rows] == CHANNELS.index("online")
    neighbour = money.country[rows] == COUNTRIES.index("MY")
    hour = money.second[rows] % DAY // 3600
    assert share("pensioner", groceries) > 1.5 * share("young_professional", groceries)
    assert share("student", online) > 2 * share("pensioner", online)
    assert share("cross_border", neighbour) > 0.2 > 0.08 > share("family", neighbour)
    assert share("pensioner", hour >= 20) < 0.5 * share("student", hour >= 20)


def test_wages_come_on_business_days_and_stop_when_the_salary_is_moved(made: World) -> None:
    money, rows = made.ledger.money, made.ledger.rows
    wage = rows[(money.category[rows] == CATEGORY["salary"])]
    day, person = money.second[wage] // DAY, made.acc.owner[money.account[wage]]
    early = day - made.frame.month_start[made.frame.month_of[day]] < 3
    assert (made.frame.business[day] | early).all()
    assert (day < made.leave.salary_moved[person]).all()


def test_leavers_run_their_balance_down_to_a_competitor(made: World) -> None:
    money, rows, leave = made.ledger.money, made.ledger.rows, made.leave
    rivals = rows[money.out[rows] & (money.bank[rows] >= len(BANKS) - 2)]
    carried = np.bincount(made.acc.owner[money.account[rivals]], money.cents[rivals], made.who.count)
    shows = (
        np.isin(leave.way, (GRADUAL, SILENT)) & (leave.rundown_until < made.frame.days) & ~made.who.company
    )
    assert shows.sum() > 5
    assert np.median(carried[shows]) > 5 * np.median(carried[leave.way == 0])


def test_without_signs_nobody_runs_the_balance_down() -> None:
    quiet = world(300, 24, replace(CALM, attrition=Attrition(signs=0.0)))
    assert not np.isin(quiet.leave.way, (GRADUAL, SILENT)).any()


def test_silent_leavers_hardly_pay_any_more() -> None:
    many = world(1000, 24, replace(CALM, attrition=Attrition(base=3.0)))
    money, rows, leave = many.ledger.money, _purchases(many), many.leave
    person, day = money.person[rows], money.second[rows] // DAY
    silent = (leave.way == SILENT) & (leave.rundown_until < many.frame.days - 30) & (many.who.joined < 0)
    after = (day >= leave.rundown_until[person] + 5) & silent[person]
    before = (day < leave.rundown_from[person]) & silent[person]
    days_after = (many.frame.days - leave.rundown_until[silent] - 5).sum()
    assert after.sum() / days_after < 0.1 * before.sum() / leave.rundown_from[silent].sum()


def test_the_rhythm_can_be_turned_off() -> None:
    flat = world(300, 24, replace(CALM, activity=Activity(rhythm=0.0)))

    def by_weekday(one: World) -> np.ndarray:
        rows = _purchases(one)
        count = np.bincount(one.frame.weekday[one.ledger.money.second[rows] // DAY], minlength=7)
        return np.asarray(count / count.sum())

    assert np.ptp(by_weekday(flat)) < 0.02 < 0.04 < np.ptp(by_weekday(world()))


def test_a_changed_regime_spends_less() -> None:
    poor = world(300, 24, replace(CALM, regime=Regime(at=0.5, spending=0.6)))

    def late(one: World) -> float:
        rows = _purchases(one)
        return float(one.ledger.money.cents[rows[one.ledger.money.second[rows] > 13 * 31 * DAY]].sum())

    assert late(poor) < 0.75 * late(world())


def test_a_longer_world_begins_like_a_shorter_one() -> None:
    short, long = world(200, 12), world(200, 20)

    def early(one: World) -> set[tuple[int, ...]]:
        money = one.money
        rows = np.flatnonzero((money.second < 11 * 30 * DAY) & (money.tag < 0) & (money.merchant >= 0))
        cards = np.append(one.acc.card_number, 0)[money.card]
        columns = (one.acc.number[money.account], money.second, money.cents, money.merchant, cards)
        return set(zip(*(column[rows].tolist() for column in columns), strict=True))

    assert len(early(short) ^ early(long)) < 0.002 * len(early(short))


def test_terminals_belong_to_their_merchant_and_cash_comes_from_machines(made: World) -> None:
    shops = merchants(made.frame.seed)
    money, rows = made.ledger.money, _purchases(made)
    assert np.array_equal(money.terminal[rows] // 10, shops.number[money.merchant[rows]])
    cash = made.ledger.rows[money.category[made.ledger.rows] == CATEGORY["cash"]]
    assert (money.terminal[cash] >= FIRST_MACHINE).all()
    known = set(shared_tables(made.frame)["terminals"]["terminal"].to_pylist())
    assert set(np.unique(money.terminal[made.ledger.rows])) - {0} <= known


def test_accounts_have_an_owner_and_cards_follow_each_other(made: World) -> None:
    tables = made.acc.tables(made.frame, made.who)
    owners = tables["parties"].filter(np.asarray(tables["parties"]["role"].to_pylist()) == "owner")
    assert sorted(owners["account"].to_pylist()) == sorted(tables["accounts"]["account"].to_pylist())
    numbers = tables["cards"]["card"].to_pylist()
    assert len(numbers) == len(set(numbers))
    rows, money = _purchases(made), made.ledger.money
    paid = rows[money.card[rows] >= 0]
    day, card = money.second[paid] // DAY, money.card[paid]
    assert (day >= made.acc.card_issued[card]).all()
    assert (money.account[paid] == made.acc.card_account[card]).all()


def test_standing_orders_are_paid_as_ordered(made: World) -> None:
    orders = made.acc.tables(made.frame, made.who)["orders"].to_pylist()
    money, rows = made.ledger.money, made.ledger.rows
    paid = rows[(money.channel[rows] == CHANNELS.index("order")) & money.out[rows]]
    known = {(one["account"], one["counterparty"], one["amount"]) for one in orders}
    numbers = made.acc.number[money.account[paid]]
    seen = zip(numbers.tolist(), money.counterparty[paid].tolist(), money.cents[paid].tolist(), strict=True)
    assert set(seen) <= known


def test_the_chance_of_silence_is_what_comes_true() -> None:
    big = world(1000, 24)
    table = inactivity_truth(big.frame, big.who, big.life, big.leave, big.acc, big.ledger)["label_inactivity"]
    money, rows = big.ledger.money, big.ledger.rows
    paid = rows[money.out[rows] & (big.ledger.status[rows] != DECLINED)]
    counts = np.zeros((big.who.count, big.frame.days + 1), dtype=np.int64)
    account, day = money.account[paid], money.second[paid] // DAY
    shared = big.acc.co_owner[account] >= 0
    np.add.at(counts, (big.acc.owner[account], day + 1), 1)
    np.add.at(counts, (big.acc.co_owner[account[shared]], day[shared] + 1), 1)
    running = np.cumsum(counts, axis=1)
    start = np.asarray(table["cutoff"]).astype("datetime64[D]") - np.datetime64("2023-01-01")
    at, person = start.astype(np.int64), np.asarray(table["subject"]) - big.who.number[0]
    whole = at + 90 <= big.frame.days
    at, person, chance = at[whole], person[whole], np.asarray(table["oracle"])[whole]
    silent = running[person, at + 90] == running[person, at]
    assert 0.01 < silent.mean() < 0.08
    assert abs(chance.mean() - silent.mean()) < 0.006
    for low, high in ((0.0, 0.05), (0.05, 0.3), (0.3, 1.01)):
        inside = (chance >= low) & (chance < high)
        assert abs(chance[inside].mean() - silent[inside].mean()) < 0.15


def test_out_of_reach_nobody_pays(made: World) -> None:
    habits = habits_of(made.frame, made.who, made.life, made.leave)
    money, rows = made.ledger.money, _purchases(made)
    there = habits.presence[money.person[rows], money.second[rows] // DAY]
    assert (there >= 0).all()
    assert (there > 0).any()


def test_nobody_buys_at_once_for_more_than_two_and_a_half_months_income(made: World) -> None:
    money, rows = made.ledger.money, _purchases(made)
    person = money.person[rows]
    private = ~made.who.company[person]
    months = money.cents[rows][private] / made.who.income[person][private]
    assert 1.0 < months.max() < 2.51
    assert (months > 1).mean() < 0.002
