"""The views of a session obey the rule of time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bankmine.engine.session import Session
from bankmine.errors import UsageError
from engine.small_warehouse import SmallWarehouse

PAYMENT: dict[str, Any] = {
    "transaction_id": 1,
    "customer_id": 7,
    "event_time": "2024-01-05",
    "base_minor": 500,
}


@pytest.fixture
def bank(tmp_path: Path) -> SmallWarehouse:
    return SmallWarehouse(tmp_path)


def amounts(bank: SmallWarehouse, known: str | None = None, until: str | None = None) -> list[int]:
    as_of = bank.at(known) if known else None
    cut = bank.at(until) if until else None
    with Session(bank.warehouse, as_of, until=cut) as session:
        return session.arrow("SELECT base_minor FROM transaction ORDER BY 1").column(0).to_pylist()


def test_a_correction_counts_from_when_it_is_known(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    bank.load(transaction=[{**PAYMENT, "base_minor": 700, "known_at": "2024-02-01"}])
    assert amounts(bank, "2024-01-31") == [500]
    assert amounts(bank, "2024-02-01") == [700]
    assert amounts(bank) == [700]


def test_of_two_versions_known_at_once_the_later_load_counts(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    bank.load(transaction=[{**PAYMENT, "base_minor": 700}])
    assert amounts(bank) == [700]


def test_a_cancelled_event_disappears_from_when_that_is_known(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    bank.load(transaction=[{**PAYMENT, "cancelled": True, "known_at": "2024-02-01"}])
    assert amounts(bank, "2024-01-31") == [500]
    assert amounts(bank, "2024-02-01") == []


def test_a_cancelled_event_may_come_back(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    bank.load(transaction=[{**PAYMENT, "cancelled": True, "known_at": "2024-02-01"}])
    bank.load(transaction=[{**PAYMENT, "base_minor": 9, "known_at": "2024-03-01"}])
    assert amounts(bank, "2024-02-15") == []
    assert amounts(bank, "2024-03-01") == [9]


def test_a_late_event_is_invisible_until_it_is_known(bank: SmallWarehouse) -> None:
    bank.load(transaction=[{**PAYMENT, "known_at": "2024-01-20"}])
    assert amounts(bank, "2024-01-19") == []
    assert amounts(bank, "2024-01-20") == [500]


def test_an_event_at_the_cut_is_out(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    assert amounts(bank, until="2024-01-05") == []
    assert amounts(bank, until="2024-01-05T00:01") == [500]


def test_a_correction_may_move_an_event_past_the_cut(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    bank.load(transaction=[{**PAYMENT, "event_time": "2024-01-09", "known_at": "2024-01-10"}])
    assert amounts(bank, "2024-01-08", "2024-01-08") == [500]
    assert amounts(bank, "2024-01-10", "2024-01-08") == []


def test_a_joint_account_counts_once_for_the_bank_and_for_each_owner(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT, {**PAYMENT, "customer_id": 8, "is_primary": False}])
    with Session(bank.warehouse) as session:
        assert session.scalar("SELECT sum(base_minor) FROM transaction") == 500
        assert session.scalar("SELECT count(*) FROM customer_transaction") == 2


def test_a_correction_reaches_every_owner(bank: SmallWarehouse) -> None:
    other = {**PAYMENT, "customer_id": 8, "is_primary": False}
    later = {"base_minor": 700, "known_at": "2024-02-01"}
    bank.load(transaction=[PAYMENT, other])
    bank.load(transaction=[{**PAYMENT, **later}, {**other, **later}])
    with Session(bank.warehouse, bank.at("2024-02-01")) as session:
        found = session.arrow("SELECT customer_id, base_minor FROM customer_transaction ORDER BY 1")
    assert found.to_pylist() == [{"customer_id": 7, "base_minor": 700}, {"customer_id": 8, "base_minor": 700}]


def test_an_outcome_is_null_until_it_is_known(bank: SmallWarehouse) -> None:
    bank.load(
        contact=[
            {
                "contact_id": 1, "customer_id": 7, "event_time": "2024-01-05", "response": "yes",
                "responded_at": "2024-01-09", "revenue_minor": 100,
            }
        ]
    )  # fmt: skip
    query = "SELECT response, responded_at, revenue_minor FROM contact"
    with Session(bank.warehouse, bank.at("2024-01-08")) as session:
        assert session.arrow(query).to_pylist() == [
            {"response": None, "responded_at": None, "revenue_minor": None}
        ]
    with Session(bank.warehouse, bank.at("2024-01-09")) as session:
        assert session.arrow(query).to_pylist()[0]["response"] == "yes"


def test_an_instant_in_an_event_is_null_while_it_lies_ahead(bank: SmallWarehouse) -> None:
    complaint = {"interaction_id": 1, "customer_id": 7, "kind": "complaint", "event_time": "2024-01-05"}
    bank.load(interaction=[{**complaint, "resolved_at": "2024-01-20"}])
    with Session(bank.warehouse, bank.at("2024-01-19")) as session:
        assert session.scalar("SELECT resolved_at FROM interaction") is None
    with Session(bank.warehouse, bank.at("2024-01-20")) as session:
        assert session.scalar("SELECT resolved_at FROM interaction") is not None


def regions(bank: SmallWarehouse, known: str, until: str | None = None) -> list[str]:
    with Session(bank.warehouse, bank.at(known), until=bank.at(until) if until else None) as session:
        return session.arrow("SELECT region_id FROM customer ORDER BY 1").column(0).to_pylist()


def test_a_cutoff_reads_the_version_valid_and_known_then(bank: SmallWarehouse) -> None:
    north = {"customer_id": 7, "valid_from": "2023-01-01", "region_id": "north"}
    south = {**north, "valid_from": "2024-01-01", "region_id": "south", "known_at": "2024-01-10"}
    bank.load(customer=[north, south])
    assert regions(bank, "2024-01-05", "2024-01-05") == ["north"]  # valid, not known
    assert regions(bank, "2024-01-10", "2024-01-10") == ["south"]
    assert regions(bank, "2024-01-10", "2023-06-01") == ["north"]  # known, not valid
    assert regions(bank, "2024-01-10", "2022-12-31") == []
    assert regions(bank, "2024-01-10") == ["north", "south"]


def test_a_version_is_half_open(bank: SmallWarehouse) -> None:
    bank.load(
        customer=[{"customer_id": 7, "region_id": "x", "valid_from": "2023-01-01", "valid_to": "2024-01-01"}]
    )
    assert regions(bank, "2024-06-01", "2023-01-01") == ["x"]
    assert regions(bank, "2024-06-01", "2023-12-31") == ["x"]
    assert regions(bank, "2024-06-01", "2024-01-01") == []


def test_a_version_that_ended_does_not_bring_back_the_one_before(bank: SmallWarehouse) -> None:
    first = {"customer_id": 7, "region_id": "a", "valid_from": "2023-01-01"}
    second = {"customer_id": 7, "region_id": "b", "valid_from": "2023-06-01", "valid_to": "2023-07-01"}
    bank.load(customer=[first, second])
    assert regions(bank, "2024-01-01", "2023-08-01") == []


def test_a_corrected_version_counts_from_when_it_is_known(bank: SmallWarehouse) -> None:
    first = {"customer_id": 7, "region_id": "a", "valid_from": "2023-01-01"}
    bank.load(customer=[first])
    bank.load(customer=[{**first, "region_id": "b", "known_at": "2023-05-01"}])
    assert regions(bank, "2023-04-30", "2023-04-30") == ["a"]
    assert regions(bank, "2023-05-01", "2023-05-01") == ["b"]


def test_dates_after_the_cutoff_read_as_null(bank: SmallWarehouse) -> None:
    bank.load(
        account=[
            {
                "account_id": 1, "opened_on": "2023-01-01", "closed_on": "2024-03-10",
                "valid_from": "2023-01-02", "valid_to": "2025-01-01",
            }
        ]
    )  # fmt: skip
    query = "SELECT opened_on, closed_on, valid_to FROM account"

    def seen(text: str) -> dict[str, Any]:
        cutoff = bank.at(text)
        with Session(bank.warehouse, cutoff, until=cutoff) as session:
            return session.arrow(query).to_pylist()[0]

    assert seen("2024-03-09")["closed_on"] is None
    assert seen("2024-03-10")["closed_on"] is None  # the day has only begun
    assert seen("2024-03-10T23:59")["closed_on"] is None
    assert seen("2024-03-11")["closed_on"] == date(2024, 3, 10)
    assert seen("2024-03-11")["opened_on"] == date(2023, 1, 1)
    assert seen("2024-03-11")["valid_to"] is None


def test_dates_are_judged_in_the_banks_zone(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path, zone="Asia/Shanghai")
    bank.load(account=[{"account_id": 1, "closed_on": "2024-03-10"}])
    cutoff = bank.at("2024-03-11")  # still 10 March in UTC
    with Session(bank.warehouse, cutoff, until=cutoff) as session:
        assert session.scalar("SELECT closed_on FROM account") == date(2024, 3, 10)


def test_a_reference_row_is_the_last_known(bank: SmallWarehouse) -> None:
    north = {"region_id": "n", "period_from": "2023-01-01", "name": "North"}
    bank.load(region=[{**north, "known_at": "2023-02-01"}])
    bank.load(region=[{**north, "name": "Far north", "known_at": "2024-02-01"}])
    with Session(bank.warehouse, bank.at("2024-01-31")) as session:
        assert session.scalar("SELECT name FROM region") == "North"
    with Session(bank.warehouse, bank.at("2024-02-01")) as session:
        assert session.arrow("SELECT name FROM region").column(0).to_pylist() == ["Far north"]
    with Session(bank.warehouse, bank.at("2023-01-31")) as session:
        assert session.arrow("SELECT name FROM region").num_rows == 0


def test_the_raw_versions_are_there_to_be_looked_at(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    bank.load(transaction=[{**PAYMENT, "base_minor": 700, "known_at": "2024-02-01"}])
    with Session(bank.warehouse, bank.at("2024-01-10")) as session:
        assert session.scalar("SELECT count(*) FROM transaction_versions") == 2
        assert session.scalar("SELECT count(*) FROM transaction") == 1


def test_a_table_without_rows_is_named(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    with Session(bank.warehouse) as session:
        for query in ("SELECT * FROM loan", "SELECT * FROM loan_versions"):
            with pytest.raises(UsageError, match="no rows in the table loan"):
                session.arrow(query)
            with pytest.raises(UsageError, match="no rows in the table loan"):
                session.view("mine", query)


def test_a_name_that_is_no_bank_table_stays_the_engines_own_error(bank: SmallWarehouse) -> None:
    import duckdb

    bank.load(transaction=[PAYMENT])
    with Session(bank.warehouse) as session, pytest.raises(duckdb.CatalogException):
        session.arrow("SELECT * FROM nothing")


def test_statements_are_kept_and_parameters_bound(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    query = "SELECT count(*) FROM transaction WHERE direction = $direction"
    with Session(bank.warehouse) as session:
        assert session.scalar(query, {"direction": "out' OR 1=1 --"}) == 0
        assert session.scalar(query, {"direction": "out"}) == 1
        assert session.statements == [query, query]


def test_a_registered_table_and_a_view_can_be_read(bank: SmallWarehouse) -> None:
    import pyarrow as pa

    bank.load(transaction=[PAYMENT])
    with Session(bank.warehouse) as session:
        session.register("wanted", pa.table({"customer_id": [7, 8]}))
        session.view(
            "paid", "SELECT customer_id, base_minor FROM transaction JOIN wanted USING (customer_id)"
        )
        assert session.scalar("SELECT sum(base_minor) FROM paid") == 500
        assert len(session.statements) == 2


def test_instants_come_back_in_utc(bank: SmallWarehouse) -> None:
    bank.load(transaction=[{**PAYMENT, "event_time": "2024-07-01"}])
    with Session(bank.warehouse) as session:
        moment = session.scalar("SELECT event_time FROM transaction")
    assert moment.isoformat() == "2024-06-30T22:00:00+00:00"


def test_nothing_is_written_into_the_warehouse(bank: SmallWarehouse) -> None:
    bank.load(transaction=[PAYMENT])
    before = sorted(path.name for path in bank.folder.rglob("*"))
    assert amounts(bank) == [500]
    assert sorted(path.name for path in bank.folder.rglob("*")) == before
