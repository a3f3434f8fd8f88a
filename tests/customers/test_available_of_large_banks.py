"""What a large bank's data allow is found in one bucket first, and is what all buckets together allow."""

from __future__ import annotations

import pytest

from bankmine.customers.available import judge
from bankmine.customers.catalogue import CATALOGUE
from bankmine.engine.session import Glimpse, Session
from customers.small_bank import build, rows_of_bank
from engine.small_warehouse import SmallWarehouse


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank())


@pytest.mark.parametrize("day", ["2022-03-01", "2023-03-31", "2024-04-01"])
def test_the_same_features_can_be_had(
    bank: SmallWarehouse, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    whole = judge(CATALOGUE, bank.warehouse, as_of=bank.at(day))
    monkeypatch.setattr("bankmine.engine.session.GLIMPSED", 0)
    first = judge(CATALOGUE, bank.warehouse, as_of=bank.at(day))
    assert first.names == whole.names
    assert dict(first.reasons) == dict(whole.reasons)


def test_a_glimpse_is_a_part_of_what_a_session_shows(
    bank: SmallWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bankmine.engine.session.GLIMPSED", 0)
    sql = "SELECT transaction_id, base_minor FROM customer_transaction"
    at = bank.at("2023-12-24")
    with Session(bank.warehouse, at) as session, Glimpse(bank.warehouse, at) as glimpse:
        every = {tuple(row.values()) for row in session.arrow(sql).to_pylist()}
        some = {tuple(row.values()) for row in glimpse.arrow(sql).to_pylist()}
    assert some
    assert some < every


def test_events_that_a_correction_may_move_to_another_customer_are_seen_whole(
    bank: SmallWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bankmine.engine.session.GLIMPSED", 0)
    with Glimpse(bank.warehouse) as glimpse:
        assert glimpse.is_part("transaction")
        assert not glimpse.is_part("contact")
        assert not glimpse.is_part("customer")
