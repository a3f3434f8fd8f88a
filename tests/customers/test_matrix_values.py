"""Features have the values a person works out by hand, in the order the rows were asked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.civil import HOUR, Zone
from bankmine.customers.civil import part_of
from bankmine.customers.matrix import matrix, report_of
from bankmine.customers.subjects import read_subjects
from bankmine.engine.session import Session
from bankmine.errors import CutoffError, FeasibilityError, UsageError
from bankmine.windows import replay
from customers.small_bank import CUSTOMERS, build, rows_of_bank
from engine.small_warehouse import SmallWarehouse


def payment(number: int, when: str, amount: int, **more: Any) -> dict[str, Any]:
    return {"transaction_id": number, "customer_id": 1, "event_time": when, "base_minor": amount, **more}


def asked(bank: SmallWarehouse, *cutoffs: str, customer: int = 1, kind: str = "customer") -> pa.Table:
    return pa.table(
        {
            "subject_kind": [kind] * len(cutoffs), "subject_id": [customer] * len(cutoffs),
            "customer_id": [customer] * len(cutoffs),
            "cutoff": pa.array([bank.at(cutoff) for cutoff in cutoffs], pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip


def values(bank: SmallWarehouse, names: list[str], cutoff: str = "2024-04-01", **more: Any) -> list[Any]:
    table = matrix(bank.warehouse, asked(bank, cutoff, **more), names)
    return [table.column(name)[0].as_py() for name in names]


@pytest.fixture
def bank(tmp_path: Path) -> SmallWarehouse:
    return SmallWarehouse(tmp_path)


def test_money_in_and_out(bank: SmallWarehouse) -> None:
    bank.load(
        transaction=[
            payment(1, "2023-11-10", 4000, direction="in"), payment(2, "2023-12-05", 1000),
            payment(3, "2024-02-10", 6000, direction="in", category="salary"),
            payment(4, "2024-03-05", 3000), payment(5, "2024-03-06", 9999, status="declined"),
        ]
    )  # fmt: skip
    names = [
        "in_sum_3mo", "in_sum_6mo", "out_sum_3mo", "out_sum_6mo", "net_sum_6mo", "saved_share_3mo",
        "out_change_3mo", "income_share_12mo", "declined_count_3mo", "transactions_count_6mo",
    ]  # fmt: skip
    assert values(bank, names) == [6000, 10000, 3000, 4000, 6000.0, 0.5, 0.5, 0.6, 1, 4]


def test_weekend_and_night_are_of_the_banks_zone(bank: SmallWarehouse) -> None:
    bank.load(
        transaction=[
            payment(1, "2024-03-08T23:30", 1),  # Friday, late
            payment(2, "2024-03-09T00:10", 1),  # Saturday, at night, still Friday in UTC
            payment(3, "2024-03-10T12:00", 1),  # Sunday
            payment(4, "2024-03-11T06:59", 1), payment(5, "2024-03-11T07:00", 1),
        ]
    )  # fmt: skip
    names = ["weekend_count_3mo", "night_count_3mo", "weekend_share_3mo"]
    assert values(bank, names) == [2, 2, 0.4]


def test_a_correction_out_of_the_weekend_leaves_it(bank: SmallWarehouse) -> None:
    bank.load(transaction=[payment(1, "2024-03-09", 5)])
    bank.load(transaction=[payment(1, "2024-03-11", 5, known_at="2024-03-20")])
    names = ["weekend_count_3mo", "out_count_3mo"]
    assert values(bank, names, "2024-03-20") == [0, 1]
    assert values(bank, names, "2024-03-19") == [1, 1]


def test_concentration_is_one_where_one_category_takes_all(bank: SmallWarehouse) -> None:
    rows = [payment(number, "2024-03-01", 100, category=what) for number, what in enumerate("aab")]
    bank.load(transaction=rows)
    one = [payment(9, "2024-03-01", 100, category="household", customer_id=2)]
    bank.load(transaction=one)
    names = ["category_share_household_6mo", "category_share_other_6mo", "category_concentration_6mo"]
    assert values(bank, names) == [0.0, 1.0, 1.0]
    assert values(bank, names, customer=2) == [1.0, 0.0, 1.0]


def test_a_window_that_leaves_the_coverage_is_missing_and_said(bank: SmallWarehouse) -> None:
    bank.load(transaction=[payment(1, "2024-03-05", 3000)], coverage=("2024-01-01", "2024-04-01"))
    table = matrix(
        bank.warehouse, asked(bank, "2024-04-01"), ["out_sum_3mo", "out_sum_6mo", "out_change_3mo"]
    )
    assert table.column("out_sum_3mo").to_pylist() == [3000]
    assert table.column("out_sum_6mo").to_pylist() == [None]
    said = report_of(table).features
    assert [said[name]["unreached_share"] for name in said] == [1.0, 0.0, 1.0]  # change, 3mo, 6mo sorted
    assert said["out_sum_6mo"]["missing_share"] == 1.0


def test_no_rows_is_zero_and_not_yet_known_is_missing(bank: SmallWarehouse) -> None:
    order = {
        "order_id": 1,
        "account_id": 1,
        "customer_id": 2,
        "amount_minor": 700,
        "valid_from": "2024-02-01",
    }
    bank.load(standing_order=[order])
    names = ["standing_orders_count", "standing_orders_sum"]
    assert values(bank, names) == [0, 0]
    assert values(bank, names, customer=2) == [1, 700]
    assert values(bank, names, "2024-01-31", customer=2) == [None, None]


def test_a_loan_of_unknown_status_is_not_called_finished(bank: SmallWarehouse) -> None:
    loan = {"loan_id": 1, "customer_id": 1, "granted_on": "2023-05-01", "principal_minor": 100,
            "valid_from": "2023-05-01"}  # fmt: skip
    bank.load(loan=[loan, {**loan, "status": "running", "valid_from": "2024-02-01"}])
    names = ["loans_granted_count", "loans_running_count", "loan_principal_sum", "loan_days_since_last"]
    assert values(bank, names, "2024-01-01") == [1, None, None, 245]
    assert values(bank, names, "2024-03-01") == [1, 1, 100, 305]
    assert values(bank, names, "2024-03-01", customer=2) == [0, 0, 0, None]


def test_a_day_counts_once_it_is_over(bank: SmallWarehouse) -> None:
    account = {"account_id": 5, "opened_on": "2023-01-01", "closed_on": "2024-03-10"}
    bank.load(account=[account], account_party=[{"account_id": 5, "customer_id": 1}])
    names = ["accounts_open_count", "accounts_closed_count", "account_age"]
    assert values(bank, names, "2024-03-10") == [1, 0, 434]
    assert values(bank, names, "2024-03-11") == [0, 1, 435]


def test_a_card_that_changed_hands_is_the_new_holders(bank: SmallWarehouse) -> None:
    card = {"card_id": 5, "customer_id": 1, "valid_from": "2023-01-01"}
    bank.load(card=[card, {**card, "customer_id": 2, "valid_from": "2024-02-01", "known_at": "2024-02-10"}])
    seen = {
        cutoff: [values(bank, ["cards_count"], cutoff, customer=one)[0] for one in (1, 2)]
        for cutoff in ("2024-01-31", "2024-02-09", "2024-02-10")
    }
    assert seen == {"2024-01-31": [1, 0], "2024-02-09": [1, 0], "2024-02-10": [0, 1]}


def test_an_account_shared_in_two_roles_is_one_account(bank: SmallWarehouse) -> None:
    roles = [
        {"account_id": 5, "customer_id": 1, "role": role} for role in ("owner", "co-owner", "authorised")
    ]
    only_authorised = {"account_id": 6, "customer_id": 1, "role": "authorised"}
    bank.load(account=[{"account_id": 5}, {"account_id": 6}], account_party=[*roles, only_authorised])
    assert values(bank, ["accounts_open_count"]) == [1]


def test_region_figures_are_of_the_last_period_begun(bank: SmallWarehouse) -> None:
    periods = [
        {"region_id": "n", "period_from": start, "unemployment": rate}
        for start, rate in (("2023-01-01", 0.04), ("2024-01-01", 0.05), ("2025-01-01", 0.9))
    ]
    bank.load(region=periods, customer=[{"customer_id": 1, "region_id": "n", "birth_year": 1980}])
    names = ["region_unemployment", "age", "customer_region_id"]
    assert values(bank, names, "2023-12-31") == [0.04, 43, "n"]
    assert values(bank, names, "2024-01-01") == [0.05, 44, "n"]
    assert values(bank, names, "2022-06-01") == [None, 42, "n"]


def test_rows_come_back_in_the_order_asked_with_units(bank: SmallWarehouse) -> None:
    bank.load(transaction=[payment(1, "2024-01-05", 5), payment(2, "2024-02-05", 7)])
    rows = asked(bank, "2024-03-01", "2024-01-10", "2024-03-01", "2024-02-06")
    table = matrix(bank.warehouse, rows, ["out_sum_1mo", "out_sum_12mo"])
    assert table.column("out_sum_12mo").to_pylist() == [12, 5, 12, 12]
    assert table.column_names == [*rows.column_names, "out_sum_1mo", "out_sum_12mo"]
    assert table.schema.field("out_sum_1mo").metadata[b"unit"] == b"minor units"
    said = report_of(table).features["out_sum_1mo"]
    assert said["lineage"] == [
        "out_sum_1mo = sum(base_minor) of transaction by customer_id where status authorised or booked, "
        "direction out in the 1 month before the cutoff"
    ]


def test_no_rows_asked_gives_no_rows(bank: SmallWarehouse) -> None:
    bank.load(transaction=[payment(1, "2024-01-05", 5)], customer=[{"customer_id": 1, "birth_year": 1980}])
    table = matrix(bank.warehouse, asked(bank), ["out_sum_1mo", "age", "out_change_3mo", "cutoff_month"])
    assert table.num_rows == 0


def test_other_subjects_take_the_features_of_their_customer(bank: SmallWarehouse) -> None:
    bank.load(transaction=[payment(1, "2024-03-05", 5)])
    rows = asked(bank, "2024-04-01", kind="loan")
    assert matrix(bank.warehouse, rows, ["out_sum_1mo"]).column("out_sum_1mo").to_pylist() == [5]


def test_a_subject_without_customer_misses_the_customers_features(bank: SmallWarehouse) -> None:
    bank.load(transaction=[payment(1, "2024-03-05", 5)], customer=[{"customer_id": 1, "birth_year": 1980}])
    rows = asked(bank, "2024-04-01", kind="prospect").set_column(
        2, "customer_id", pa.array([None], pa.int64())
    )
    table = matrix(bank.warehouse, rows, ["out_sum_1mo", "age"])
    assert [table.column(name)[0].as_py() for name in ("out_sum_1mo", "age")] == [None, None]


def test_what_cannot_be_asked_is_refused_with_the_reason(bank: SmallWarehouse) -> None:
    bank.load(transaction=[payment(1, "2024-03-05", 5)])
    rows = asked(bank, "2024-04-01")
    with pytest.raises(FeasibilityError, match="loans_running_count needs the table loan"):
        matrix(bank.warehouse, rows, ["loans_running_count"])
    with pytest.raises(UsageError, match="no feature 'out_sum_2mo'"):
        matrix(bank.warehouse, rows, ["out_sum_2mo"])
    with pytest.raises(UsageError, match="tx_amount is a feature of a transaction"):
        matrix(bank.warehouse, rows, ["tx_amount"])
    with pytest.raises(UsageError, match="lack the column cutoff"):
        matrix(bank.warehouse, rows.drop(["cutoff"]), ["out_sum_1mo"])
    with pytest.raises(UsageError, match="already have a column out_sum_1mo"):
        matrix(bank.warehouse, rows.append_column("out_sum_1mo", pa.array([1])), ["out_sum_1mo"])
    with pytest.raises(CutoffError, match="as_of lies before a cutoff"):
        matrix(bank.warehouse, rows, ["out_sum_1mo"], as_of=bank.at("2024-03-01"))
    mixed = pa.concat_tables([rows, asked(bank, "2024-04-01", kind="loan")])
    with pytest.raises(UsageError, match="kinds customer, loan"):
        matrix(bank.warehouse, mixed, ["out_sum_1mo"])
    with pytest.raises(UsageError, match="1 of the 1 transactions asked are not in this bank"):
        matrix(bank.warehouse, asked(bank, "2024-04-01", customer=99, kind="transaction"), ["tx_amount"])
    with pytest.raises(UsageError, match="not a matrix"):
        report_of(rows)


def test_a_transaction_sees_what_went_before_it(bank: SmallWarehouse) -> None:
    first = payment(1, "2024-03-01T10:00", 100, card_id=7, terminal_id=3)
    second = payment(2, "2024-03-01T10:30", 300, card_id=7, terminal_id=4)
    third = payment(3, "2024-03-01T10:30", 900, card_id=8, terminal_id=3)  # same instant, later position
    bank.load(transaction=[first, second, third])
    rows = pa.table(
        {
            "subject_kind": ["transaction"] * 3, "subject_id": [3, 1, 2], "customer_id": [1, 1, 1],
            "cutoff": [bank.at(one["event_time"]) for one in (third, first, second)], "seq": [3, 1, 2],
        }
    )  # fmt: skip
    names = ["tx_amount", "tx_customer_count_1h", "tx_customer_mean_7d", "tx_card_count_24h",
             "tx_terminal_sum_7d", "tx_amount_to_customer_mean_30d", "tx_hour", "tx_weekday",
             "tx_customer_seconds_since_last_all"]  # fmt: skip
    table = matrix(bank.warehouse, rows, names)
    got = [[table.column(name)[row].as_py() for name in names] for row in range(3)]
    assert got == [
        [900, 2, 200.0, 0, 100, 4.5, 10, 4, 0.0],
        [100, 0, None, 0, 0, None, 10, 4, None],
        [300, 1, 100.0, 1, 0, 3.0, 10, 4, 1800.0],
    ]


def test_a_terminals_fraud_counts_once_its_verdict_is_known(bank: SmallWarehouse) -> None:
    fraud = payment(1, "2024-03-01T10:00", 100, terminal_id=3)
    soon = payment(2, "2024-03-05T10:00", 100, terminal_id=3)
    after = payment(3, "2024-03-09T10:00", 100, terminal_id=3)
    bank.load(
        transaction=[fraud, soon, after],
        feedback=[{"subject_id": 1, "event_time": "2024-03-01T10:00", "known_at": "2024-03-08T10:00"}],
    )
    rows = pa.table(
        {
            "subject_kind": ["transaction"] * 2, "subject_id": [2, 3], "customer_id": [1, 1],
            "cutoff": [bank.at(one["event_time"]) for one in (soon, after)], "seq": [2, 3],
        }
    )  # fmt: skip
    names = ["tx_terminal_fraud_count_7d", "tx_terminal_fraud_share_7d", "tx_terminal_delayed_count_7d"]
    table = matrix(bank.warehouse, rows, names)
    assert [table.column(name).to_pylist() for name in names] == [[0, 1], [None, 1.0], [0, 1]]


def test_transactions_are_those_of_replay(tmp_path: Path) -> None:
    """Keys, positions, knowledge times and values equal those of `windows.replay`."""
    from bankmine.customers.catalogue import CATALOGUE

    bank = build(tmp_path, rows_of_bank())
    names = ["tx_customer_sum_7d", "tx_terminal_count_30d", "tx_terminal_fraud_share_30d", "tx_card_mean_30d"]
    features = [CATALOGUE[name].source.feature for name in names]  # type: ignore[union-attr]
    since = bank.at("2023-11-01")
    before = replay(bank.warehouse, features, since=since)
    with Session(bank.warehouse) as session:
        owner = session.arrow(
            "SELECT DISTINCT transaction_id, customer_id FROM transaction_versions WHERE is_primary"
        )
    customer = dict(zip(owner.column(0).to_pylist(), owner.column(1).to_pylist(), strict=True))
    subjects = before.column("transaction_id").to_pylist()
    rows = pa.table(
        {
            "subject_kind": ["transaction"] * len(subjects), "subject_id": subjects,
            "customer_id": [customer[one] for one in subjects], "cutoff": before.column("event_time"),
            "seq": before.column("seq"),
        }
    )  # fmt: skip
    after = matrix(bank.warehouse, rows, names)
    for name in names:
        assert after.column(name).to_pylist() == before.column(name).to_pylist(), name
    known = read_subjects(bank.warehouse, rows, [], None).knowledge.tolist()
    assert known == before.column("known_at").cast(pa.int64()).to_pylist()


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    from bankmine.customers.catalogue import CATALOGUE

    bank = build(tmp_path, rows_of_bank())
    names = CATALOGUE.available(bank.warehouse).names_of("customer")
    rows = pa.concat_tables([asked(bank, "2023-12-15", customer=one) for one in CUSTOMERS])
    one, four = (matrix(bank.warehouse, rows, names, threads=threads) for threads in (1, 4))
    assert one.equals(four)


def test_a_matrix_of_many_cutoffs_equals_one_for_each(tmp_path: Path) -> None:
    from bankmine.customers.catalogue import CATALOGUE

    bank = build(tmp_path, rows_of_bank())
    names = CATALOGUE.available(bank.warehouse).names_of("customer")
    cutoffs = ["2023-11-25", "2023-12-15", "2024-02-29T17:00"]
    together = pa.concat_tables([asked(bank, *cutoffs, customer=one) for one in CUSTOMERS])
    many = matrix(bank.warehouse, together, names)
    for row in range(0, many.num_rows, 4):
        alone = matrix(bank.warehouse, together.slice(row, 1), names)
        assert alone.to_pylist() == many.slice(row, 1).to_pylist()


@settings(max_examples=60, deadline=None)
@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2100, 1, 1)))
def test_civil_parts_equal_those_of_datetime(moment: datetime) -> None:
    zone = Zone("UTC")
    instant = np.array([zone.parse(moment.isoformat(timespec="microseconds"))], np.int64)
    got = {part: int(part_of(zone, instant, part)[0]) for part in ("hour", "weekday", "month", "is_night")}
    assert got == {
        "hour": moment.hour, "weekday": moment.weekday(), "month": moment.month, "is_night": moment.hour < 7,
    }  # fmt: skip


def test_the_hour_follows_summer_time() -> None:
    zone = Zone("Europe/Prague")
    before = zone.parse("2024-03-31T01:30")
    assert part_of(zone, np.array([before, before + HOUR], np.int64), "hour").tolist() == [1, 3]
