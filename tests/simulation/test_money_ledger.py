"""The ledger's identities: balances, both sides of transfers, closings, currencies, reversals."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulation.money_world import World, world

from bankmine.simulation.accounts import CREDIT_CARD
from bankmine.simulation.entries import CURRENCIES
from bankmine.simulation.frame import DAY, NEVER
from bankmine.simulation.ledger import AUTHORISED, BOOKED, DECLINED
from bankmine.simulation.reference import FX_UNIT, fx_rates


@pytest.fixture(scope="module")
def made() -> World:
    return world()


def _booked(made: World) -> np.ndarray:
    rows = made.ledger.rows
    return rows[made.ledger.status[rows] == BOOKED]


def test_every_balance_is_the_last_one_and_the_booking(made: World) -> None:
    money, rows = made.ledger.money, _booked(made)
    rows = rows[np.argsort(money.account[rows], kind="stable")]
    signed = np.where(money.out[rows], -money.cents[rows], money.cents[rows])
    account = money.account[rows]
    running = np.cumsum(signed)
    first = np.searchsorted(account, account)
    own = running - running[first] + signed[first]
    assert np.array_equal(made.acc.initial[account] + own, made.ledger.after[rows])


def test_month_ends_equal_the_last_balance_before_them(made: World) -> None:
    money, rows = made.ledger.money, _booked(made)
    for month, end in enumerate(made.frame.month_start[1:]):
        expected = made.acc.initial.copy()
        early = rows[money.second[rows] < end * DAY]
        expected[money.account[early]] = made.ledger.after[early]
        assert np.array_equal(expected, made.ledger.month_ends[:, month])


def test_transactions_are_numbered_in_the_order_of_time(made: World) -> None:
    second = made.ledger.money.second[made.ledger.rows]
    assert (np.diff(second) >= 0).all()
    number = np.asarray(made.tables["transactions"]["txn_no"])
    assert number[0] == 2**28
    assert (np.diff(number) == 1).all()


def test_nothing_happens_before_opening_or_from_closing_on(made: World) -> None:
    money, rows, acc = made.ledger.money, made.ledger.rows, made.acc
    day = money.second[rows] // DAY
    assert (day >= acc.opened[money.account[rows]]).all()
    assert (day < acc.closed[money.account[rows]]).all()
    assert (day < made.frame.days).all()


def test_closed_accounts_are_empty(made: World) -> None:
    closed = np.flatnonzero(made.acc.closed < made.frame.days)
    assert closed.size > 10
    assert (made.ledger.month_ends[closed, -1] == 0).all()


def test_no_payment_that_can_be_declined_goes_below_the_limit(made: World) -> None:
    money, rows = made.ledger.money, _booked(made)
    free = rows[money.flexible[rows] & money.out[rows]]
    assert (made.ledger.after[free] >= -made.acc.limit[money.account[free]]).all()


def test_payments_are_declined_and_refused_and_change_no_balance(made: World) -> None:
    money, rows, status = made.ledger.money, made.ledger.rows, made.ledger.status
    declined = rows[status[rows] == DECLINED]
    assert 0.003 < declined.size / rows.size < 0.05
    assert money.refused[declined].any()
    assert (~money.refused[declined]).any()
    table = made.tables["transactions"].to_pydict()
    assert all(
        (after is None) == (code != "B")
        for after, code in zip(table["balance_after"], table["status"], strict=True)
    )


def test_card_payments_of_the_last_days_are_authorised_only(made: World) -> None:
    money, rows, status = made.ledger.money, made.ledger.rows, made.ledger.status
    pending = rows[status[rows] == AUTHORISED]
    assert pending.size > 0
    assert (money.second[pending] >= (made.frame.days - 2) * DAY).all()


def test_both_sides_of_a_transfer_between_customers_agree(made: World) -> None:
    money, acc = made.ledger.money, made.acc
    rows = _booked(made)
    inner = rows[(money.counterparty[rows] > 0) & (money.bank[rows] == 0)]
    other = acc.place_of(money.counterparty[inner], made.who)
    assert (other >= 0).all()
    sides = list(zip(money.second[inner], money.account[inner], other, money.cents[inner], strict=True))
    given = sorted(one for one, out in zip(sides, money.out[inner], strict=True) if out)
    taken = sorted((s, b, a, c) for (s, a, b, c), out in zip(sides, money.out[inner], strict=True) if not out)
    assert given == taken
    assert len(given) > 500


def test_foreign_amounts_give_their_base_amount_at_the_days_rate(made: World) -> None:
    money, rows = made.ledger.money, made.ledger.rows
    abroad = rows[money.currency[rows] > 0]
    rate = fx_rates(made.frame)[money.currency[abroad], money.second[abroad] // DAY]
    expected = [
        round(int(a) * int(r) / FX_UNIT) for a, r in zip(made.ledger.amount[abroad], rate, strict=True)
    ]
    assert np.array_equal(np.maximum(expected, 1), money.cents[abroad])
    assert set(np.unique(money.currency[abroad])) == set(range(1, len(CURRENCIES)))


def test_a_reversal_gives_back_exactly_what_was_booked_before(made: World) -> None:
    money, rows = made.ledger.money, made.ledger.rows
    back = rows[made.ledger.undoes[rows] >= 0]
    first = made.ledger.undoes[back]
    assert back.size > 10
    assert (made.ledger.status[first] == BOOKED).all()
    assert np.array_equal(money.cents[back], money.cents[first])
    assert (money.second[back] > money.second[first]).all()
    assert (money.out[first] & ~money.out[back]).all()


def test_tags_find_their_transaction(made: World) -> None:
    numbers = made.ledger.numbers_of(np.array([7, 8, 9]))
    table = made.tables["transactions"]
    place = {number: row for row, number in enumerate(table["txn_no"].to_pylist())}
    assert table["base"][place[int(numbers[0])]].as_py() == 1_234
    assert table["status"][place[int(numbers[1])]].as_py() == "D"
    assert numbers[2] == 0


def test_cards_owe_and_are_paid(made: World) -> None:
    cards = np.flatnonzero((made.acc.family == CREDIT_CARD) & (made.acc.closed == NEVER))
    assert (made.ledger.month_ends[cards] <= 0).mean() > 0.9
    assert made.ledger.month_ends[cards].min() < 0


def test_the_same_seed_gives_the_same_transactions() -> None:
    first = world(60, 6).tables["transactions"]
    world.cache_clear()
    assert first.equals(world(60, 6).tables["transactions"])


def test_one_customer_and_one_month_are_enough() -> None:
    small = world(1, 1)
    assert small.tables["transactions"].num_rows == small.ledger.rows.size
