"""Applications and loans as subjects of a matrix: own rows, what is missing, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.explain import explain
from bankmine.customers.feature import Feature, Own
from bankmine.customers.matrix import matrix, report_of
from bankmine.errors import UsageError
from engine.small_warehouse import SmallWarehouse

CONSENT = {"purpose": "bureau", "channel": "any", "given_at": "2023-01-01", "valid_from": "2023-01-01"}


def item(number: int, when: str, kind: str, *, report: int = 1, **more: Any) -> dict[str, Any]:
    drawn = {1: "2023-06-01T10:00", 2: "2023-09-01T10:00"}[report]
    return {
        "bureau_event_id": number, "customer_id": 1, "report_id": report, "kind": kind, "event_time": when,
        "known_at": drawn, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    made = SmallWarehouse(tmp_path_factory.mktemp("bank"))
    form = {"customer_id": 1, "product_code": "CRD", "amount_minor": 500_000, "stated_income_minor": 250_000}
    decided = {"decision": "declined", "decided_at": "2023-06-03", "bad": True, "bad_known_at": "2024-01-01"}
    lent = {
        "customer_id": 1,
        "granted_on": "2023-02-01",
        "principal_minor": 100_000,
        "valid_from": "2023-02-02",
    }
    ran = {"loan_id": 7, "customer_id": 1, "kind": "due", "amount_minor": 10_000}
    ran |= {"principal_after_minor": 90_000}
    made.load(
        customer=[{"customer_id": 1, "valid_from": "2023-01-01"}],
        credit_application=[
            {"application_id": 1, "event_time": "2023-06-01T10:00", "known_at": "2023-06-01T12:00", **form,
             **decided},
            {"application_id": 2, "event_time": "2023-09-01T10:00", "session_id": 9, **form},
        ],
        bureau_report=[
            {"report_id": 1, "customer_id": 1, "event_time": "2023-06-01T10:00"},
            {"report_id": 2, "customer_id": 1, "event_time": "2023-09-01T10:00"},
        ],
        bureau_event=[
            item(1, "2023-05-10", "enquiry", institution_id=5),
            item(2, "2023-05-20", "loan_issued", institution_id=5, facility_id=8),
            item(3, "2023-06-20", "overdue"),  # dated after its report
            item(11, "2023-05-10", "enquiry", report=2, institution_id=5),
            item(12, "2023-05-20", "loan_issued", report=2, institution_id=5, facility_id=8),
            item(13, "2023-08-20", "enquiry", report=2, institution_id=6),
            item(14, "2023-08-25", "repaid", report=2, facility_id=8),
        ],
        consent=[{"customer_id": 1, **CONSENT, "withdrawn_at": "2023-10-01"}],
        loan=[{"loan_id": 7, "account_id": 3, **lent, "term_months": 10, "status": "running",
               "valid_from": "2023-02-02"}],
        loan_event=[
            {"loan_event_id": 1, **ran, "event_time": "2023-05-01", "due_next_on": "2023-06-01"},
            {"loan_event_id": 2, **ran, "event_time": "2023-06-01", "due_next_on": "2023-05-01",
             "days_past_due": 31},
        ],
    )  # fmt: skip
    return made


def rows(bank: SmallWarehouse, kind: str, number: int, *cutoffs: str) -> pa.Table:
    count = len(cutoffs)
    return pa.table(
        {
            "subject_kind": [kind] * count, "subject_id": [number] * count, "customer_id": [1] * count,
            "cutoff": [bank.at(cutoff) for cutoff in cutoffs],
        }
    )  # fmt: skip


def values(bank: SmallWarehouse, asked: pa.Table, *names: str) -> list[Any]:
    table = matrix(bank.warehouse, asked, names)
    return [table.column(name)[0].as_py() for name in names]


def test_an_application_has_its_own_row_and_what_follows_from_it(bank: SmallWarehouse) -> None:
    names = ("app_amount", "app_product", "app_has_session", "app_amount_to_income", "app_earlier_count_3mo")
    first = values(bank, rows(bank, "application", 1, "2023-06-01T10:00"), *names)
    second = values(bank, rows(bank, "application", 2, "2023-09-01T10:00"), *names)
    assert first == [500_000, "CRD", 0, 2.0, 0]
    assert second == [500_000, "CRD", 1, 2.0, 1]


def test_an_outcome_of_the_own_row_is_missing_until_it_is_known(bank: SmallWarehouse) -> None:
    bad = Feature(
        name="bad", theme="x", unit="flags", sentence="", source=Own("bad", "credit_application"),
        subject="application",
    )  # fmt: skip
    catalogue = Catalogue([*CATALOGUE.values(), bad])
    asked = rows(bank, "application", 1, "2023-06-01T10:00")
    assert matrix(bank.warehouse, asked, ["bad"], catalogue=catalogue).column("bad").to_pylist() == [None]


def test_an_application_reads_the_report_drawn_for_it_and_no_item_twice(bank: SmallWarehouse) -> None:
    names = ("bureau_enquiry_count_6mo", "bureau_followed_share_6mo", "bureau_open_enquiry_count",
             "bureau_facilities_open_count", "bureau_overdue_count_6mo", "bureau_age")  # fmt: skip
    first, second = (
        rows(bank, "application", 1, "2023-06-01T10:00"),
        rows(bank, "application", 2, "2023-09-01T10:00"),
    )
    assert values(bank, first, *names) == [1, 1.0, 0, 1, 0, 0]
    assert values(bank, second, *names) == [2, 1.0, 1, 0, 0, 0]


def test_an_item_dated_after_its_report_is_left_out_and_counted(bank: SmallWarehouse) -> None:
    table = matrix(bank.warehouse, rows(bank, "loan", 7, "2023-07-15"), ["bureau_overdue_count_3mo"])
    assert table.column("bureau_overdue_count_3mo").to_pylist() == [0]
    assert report_of(table).notes == ("Items of bureau reports dated at or after their report, left out: 1.",)


def test_without_consent_or_report_the_bureau_is_missing_never_zero(bank: SmallWarehouse) -> None:
    asked = rows(bank, "loan", 7, "2023-05-31", "2023-09-30", "2023-10-02")
    names = ["bureau_consent", "bureau_known", "bureau_enquiry_count_12mo", "seq_bureau"]
    table = matrix(bank.warehouse, asked, names)
    consent, known, count, sequence = (table.column(name).to_pylist() for name in names)
    assert (consent, known) == ([1, 1, 0], [0, 1, 0])
    assert count == [None, 2, None]
    assert [one if one is None else len(one) for one in sequence] == [None, 4, None]


def test_the_report_drawn_for_an_application_may_be_read_by_the_consent_it_names(tmp_path: Path) -> None:
    form = {"customer_id": 1, "product_code": "CRD", "amount_minor": 500_000}
    bank = SmallWarehouse(tmp_path)
    bank.load(
        customer=[{"customer_id": 1, "valid_from": "2023-01-01"}],
        credit_application=[
            {"application_id": 1, "event_time": "2023-06-01T10:00", **form},
            {"application_id": 2, "event_time": "2023-09-01T10:00", **form},
        ],
        bureau_report=[
            {"report_id": 1, "customer_id": 1, "event_time": "2023-06-01T10:00", "consent_id": "c1"},
            {"report_id": 2, "customer_id": 1, "event_time": "2023-09-01T10:00"},  # rests on nothing
        ],
        bureau_event=[item(1, "2023-05-10", "enquiry", institution_id=5)],
    )
    names = ("bureau_known", "bureau_enquiry_count_6mo")
    assert values(bank, rows(bank, "application", 1, "2023-06-01T10:00"), *names) == [1, 1]
    assert values(bank, rows(bank, "application", 2, "2023-09-01T10:00"), *names) == [None, None]
    later = rows(bank, "loan", 7, "2023-06-02")  # the consent was for that application
    assert values(bank, later, *names) == [None, None]


def test_a_loan_stands_where_its_events_and_the_days_since_put_it(bank: SmallWarehouse) -> None:
    names = ("loan_days_past_due", "loan_unpaid", "loan_principal_left", "loan_left_share", "loan_term_share",
             "loan_days_late_max_3mo")  # fmt: skip
    before = values(bank, rows(bank, "loan", 7, "2023-05-21"), *names)
    after = values(bank, rows(bank, "loan", 7, "2023-06-11"), *names)
    assert before == [20, 10_000, 90_000, 0.9, pytest.approx(109 / 304.36875), 20]
    assert after == [41, 20_000, 90_000, 0.9, pytest.approx(130 / 304.36875), 41]


def test_a_next_due_day_before_its_event_is_left_out_and_said(bank: SmallWarehouse) -> None:
    asked = rows(bank, "loan", 7, "2023-05-21", "2023-06-11")
    table = matrix(bank.warehouse, asked, ["loan_due_next_days"])
    assert table.column("loan_due_next_days").to_pylist() == [11, None]
    assert report_of(table).notes == ("Next due days of loans before their last event, left out: 1.",)


def test_a_loan_not_known_yet_has_no_own_row(bank: SmallWarehouse) -> None:
    asked = rows(bank, "loan", 7, "2023-01-20", "2023-03-01")
    table = matrix(bank.warehouse, asked, ["loan_amount", "loan_age", "seq_loan"])
    assert table.column("loan_amount").to_pylist() == [None, 100_000]
    assert table.column("loan_age").to_pylist() == [None, 28]
    assert table.column("seq_loan").to_pylist() == [[], []]


def test_features_of_one_kind_are_refused_for_another(bank: SmallWarehouse) -> None:
    with pytest.raises(
        UsageError, match="app_amount is a feature of an application, the rows are of the kind loan"
    ):
        matrix(bank.warehouse, rows(bank, "loan", 7, "2023-06-11"), ["app_amount"])
    with pytest.raises(UsageError, match="1 of the 1 applications asked are not in this bank"):
        matrix(bank.warehouse, rows(bank, "application", 5, "2023-06-11"), ["app_amount"])


def test_no_rows_give_no_rows(bank: SmallWarehouse) -> None:
    names = ["app_amount", "bureau_known", "bureau_followed_share_3mo", "seq_bureau", "loans_unpaid_sum"]
    none = rows(bank, "application", 1, "2023-06-11").slice(0, 0)
    assert matrix(bank.warehouse, none, names).num_rows == 0


def test_what_is_for_credit_alone_is_in_no_snapshot(bank: SmallWarehouse) -> None:
    available = CATALOGUE.available(bank.warehouse)
    usual = available.names_of("customer")
    assert not [name for name in usual if CATALOGUE[name].credit_only]
    assert {"bureau_known", "loans_unpaid_sum", "app_amount"} <= set(
        available.names_for_credit("application")
    )
    assert "loan_amount" not in available.names_for_credit("application")


@pytest.mark.parametrize("name", ["app_amount", "bureau_enquiry_count_6mo", "loan_days_past_due", "seq_loan"])
def test_each_kind_is_explained_with_an_example(name: str, bank: SmallWarehouse, tmp_path: Path) -> None:
    said = "\n".join(explain(name, bank.warehouse, cutoff=bank.at("2023-09-02")).lines())
    assert f"Example: {CATALOGUE[name].subject}" in said
    assert f"{name} = " in said
    assert max(map(len, said.splitlines())) <= 110
