"""What applicants wrote and how they wrote it, as known at each application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bankmine.bank.keys import Keyring
from bankmine.bank.warehouse import Warehouse
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.matrix import matrix, report_of
from bankmine.engine.session import Session
from bankmine.evaluation import leaks
from bankmine.folder import BankFolder
from bankmine.lifecycle.cutdata import Cut, copies
from engine.small_warehouse import SmallWarehouse

Row = dict[str, Any]
CONTEXT = "credit_application.purpose_text"
STORY = "my mother needs an operation next month and insurance pays only half of the bill"


class Written(SmallWarehouse):
    """A small warehouse whose purposes are encrypted with the keys beside it."""

    def __init__(self, folder: Path) -> None:
        self.keys = Keyring.create(folder / "keys")
        self.folder = folder / "warehouse"
        self.warehouse = Warehouse.create(
            self.folder, time_zone="Europe/Prague", currency="CZK", key_identity=self.keys.identity
        )

    def form(self, number: int, who: int, when: str, text: str | None = None, **more: Any) -> Row:
        sealed = self.keys.encrypt([text], [who], CONTEXT)[0]
        row = {"application_id": number, "customer_id": who, "event_time": when, "purpose_text": sealed}
        return {**row, "amount_minor": 500_000, **more}


def ask(made: SmallWarehouse, rows: list[tuple[int, int, str]], names: list[str]) -> list[list[Any]]:
    table = pa.table(
        {
            "subject_kind": ["application"] * len(rows), "subject_id": [one for one, _, _ in rows],
            "customer_id": [who for _, who, _ in rows],
            "cutoff": pa.array([made.at(at) for _, _, at in rows], pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip
    return [list(row.values()) for row in matrix(made.warehouse, table, names).select(names).to_pylist()]


@pytest.fixture
def bank(tmp_path: Path) -> Written:
    return Written(tmp_path)


def test_a_text_is_decrypted_masked_and_compared_with_form_and_record(bank: Written) -> None:
    bank.load(
        credit_application=[
            bank.form(1, 1, "2024-02-01", "I earn 12k a month, call 9123 4567", stated_income_minor=400_000),
            bank.form(2, 2, "2024-02-02", "i am my own boss", stated_income_minor=400_000),
            bank.form(3, 3, "2024-02-03"),
        ],
        customer=[
            {"customer_id": 2, "occupation": "clerk", "valid_from": "2023-01-01"},
            {"customer_id": 2, "occupation": "self-employed", "valid_from": "2024-02-02",
             "known_at": "2024-02-05"},
        ],
    )  # fmt: skip
    rows = [(1, 1, "2024-02-01"), (2, 2, "2024-02-02"), (3, 3, "2024-02-03")]
    names = ["text_purpose", "text_income_form", "text_work", "text_contradictions"]
    first, second, third = ask(bank, rows, names)
    assert "<phone>" in first[0]
    assert "9123" not in first[0]
    assert first[1:] == [1, None, 1]
    assert second[1:] == [None, 1, 1]  # self-employed only as the bank learns three days later
    assert third == [None] * 4


def test_near_copies_are_counted_by_other_customers_strictly_before(bank: Written) -> None:
    bank.load(
        credit_application=[
            bank.form(1, 1, "2024-02-01", STORY), bank.form(2, 2, "2024-02-02", f"{STORY} really"),
            bank.form(3, 1, "2024-02-03", STORY), bank.form(4, 3, "2024-02-04", STORY, known_at="2024-02-20"),
            bank.form(5, 4, "2024-02-10", STORY),
        ]
    )  # fmt: skip
    rows = [(1, 1, "2024-02-01"), (2, 2, "2024-02-02"), (3, 1, "2024-02-03"), (5, 4, "2024-02-10")]
    assert ask(bank, rows, ["text_copies_before"]) == [[0], [1], [1], [2]]


def test_without_the_banks_keys_texts_are_missing_and_that_is_said(bank: Written, tmp_path: Path) -> None:
    bank.load(credit_application=[bank.form(1, 1, "2024-02-01", STORY)])
    (tmp_path / "keys" / "pseudonym.key").unlink()
    rows = pa.table({"subject_kind": ["application"], "subject_id": [1], "customer_id": [1],
                     "cutoff": [bank.at("2024-02-01")]})  # fmt: skip
    found = matrix(Warehouse.open(bank.folder), rows, ["text_purpose", "text_contradictions"])
    assert found.column("text_purpose").to_pylist() == [None]
    assert report_of(found).features["text_purpose"]["unreached_share"] == 1.0
    assert any("keys" in note for note in report_of(found).notes)


def test_an_erased_person_and_a_spoilt_text_are_missing_and_hide_no_other(bank: Written) -> None:
    bank.load(
        credit_application=[
            bank.form(1, 1, "2024-02-01", STORY), bank.form(2, 2, "2024-02-02", STORY),
            {**bank.form(3, 3, "2024-02-03", STORY), "purpose_text": b"0123456789abcdef0123456789abcdef"},
        ]
    )  # fmt: skip
    bank.keys.destroy(2)
    rows = [(1, 1, "2024-02-01"), (2, 2, "2024-02-02"), (3, 3, "2024-02-03")]
    assert ask(bank, rows, ["text_purpose"]) == [[STORY], [None], [None]]


def test_traces_are_those_of_the_own_session_before_the_cutoff(bank: Written) -> None:
    def event(number: int, what: str, when: str, took: int, **more: Any) -> Row:
        row = {"digital_event_id": number, "customer_id": 1, "session_id": 5, "event": what, "page": "p"}
        return {**row, "event_time": when, "duration_ms": took, "device_id": 8, "ip_country": "CZ", **more}

    bank.load(
        credit_application=[
            bank.form(1, 1, "2024-02-01T10:05", session_id=5, device_id=8, ip_country="SK"),
            bank.form(2, 2, "2024-02-01T10:05"),
        ],
        digital_event=[
            event(1, "login", "2024-01-01", 1, session_id=4),
            event(2, "page_viewed", "2024-02-01T10:00", 4000),
            event(3, "field_typed", "2024-02-01T10:01", 3000),
            event(4, "field_pasted", "2024-02-01T10:02", 500),
            event(5, "field_edited", "2024-02-01T10:03", 5000),
            event(6, "form_sent", "2024-02-01T10:04", 900), event(7, "field_typed", "2024-02-01T10:06", 9000),
        ],
    )  # fmt: skip
    names = ["form_fields", "form_pasted_share", "form_seconds_a_field", "form_seconds_a_page",
             "form_seconds_to_form_sent", "form_device_new", "form_country_away", "form_hour"]  # fmt: skip
    rows = [(1, 1, "2024-02-01T10:05"), (2, 2, "2024-02-01T10:05")]
    seen, branch = ask(bank, rows, names)
    assert seen == [3, pytest.approx(1 / 3), 4.0, 4.0, 240.0, 0.0, 1.0, 10]
    assert branch == [None] * 7 + [10]


def test_a_session_of_which_nothing_is_known_leaves_no_traces(bank: Written) -> None:
    other = {"digital_event_id": 1, "session_id": 6, "event": "field_typed", "page": "p", "duration_ms": 900}
    bank.load(
        credit_application=[bank.form(1, 1, "2024-02-01", session_id=5)],
        digital_event=[{**other, "customer_id": 1, "event_time": "2024-01-01"}],
    )
    names = ["form_fields", "form_pasted_share", "form_seconds_a_field"]
    assert ask(bank, [(1, 1, "2024-02-01")], names) == [[None] * 3]


def test_the_country_is_compared_with_the_banks_own_and_with_the_record(bank: Written) -> None:
    def person(who: int, phone: str | None, address: str | None, **more: Any) -> Row:
        sealed = {
            name: bank.keys.encrypt([text], [who], f"customer_identity.{name}")[0]
            for name, text in (("phone", phone), ("address", address))
        }
        return {"customer_id": who, "valid_from": "2023-01-01", **sealed, **more}

    when = "2024-02-01"
    bank.load(
        credit_application=[
            bank.form(number, number, when, ip_country=country)
            for number, country in enumerate(("CZ", "SK", "DE", "DE", "DE", None, "DE"), 1)
        ],
        customer_identity=[
            person(1, "+421 2 555", None), person(2, "00421255", "Lipa 1, Brno"),
            person(3, "722 111 222", None),
            person(4, "+420 722", "Am Ring 1, Berlin, Germany"), person(5, None, "Lipa 1, Brno"),
            person(6, "+420 722", None), person(7, "+420 722", None),
            person(7, "+49 30 1", None, valid_from="2024-01-01", known_at="2024-03-01"),
        ],
    )  # fmt: skip
    rows = [(number, number, when) for number in range(1, 8)]
    found = ask(bank, rows, ["form_country_off_home", "form_country_off_record"])
    assert found == [[0, 1], [1, 0], [1, 1], [1, 0], [1, None], [None, None], [1, 1]]
    (bank.folder.parent / "keys" / "pseudonym.key").unlink()
    made = matrix(Warehouse.open(bank.folder), pa.table({
        "subject_kind": ["application"], "subject_id": [1], "customer_id": [1], "cutoff": [bank.at(when)],
    }), ["form_country_off_home", "form_country_off_record"])  # fmt: skip
    assert [made.column(name).to_pylist() for name in made.column_names[-2:]] == [[0], [None]]


def test_velocity_counts_applications_by_others_within_the_days(bank: Written) -> None:
    bank.load(
        credit_application=[
            bank.form(1, 1, "2024-02-01", phone=7), bank.form(2, 2, "2024-02-05", phone=7),
            bank.form(3, 3, "2024-02-05", phone=7, known_at="2024-02-20"),
            bank.form(4, 9, "2024-02-06", phone=7),
            bank.form(5, 9, "2024-02-07", phone=7), bank.form(6, 5, "2024-02-07"),
        ]
    )  # fmt: skip
    names = ["velocity_phone_1d", "velocity_phone_7d", "velocity_phone_30d"]
    assert ask(bank, [(5, 9, "2024-02-07"), (6, 5, "2024-02-07")], names) == [[0, 2, 2], [None] * 3]


def test_they_stand_truncation_and_poison_on_a_whole_bank(lending: BankFolder, tmp_path: Path) -> None:
    warehouse = lending.warehouse
    with Session(warehouse) as session:
        rows = session.arrow(
            "SELECT 'application' AS subject_kind, application_id AS subject_id, customer_id, "
            "event_time AS cutoff FROM credit_application WHERE event_time < '2025-06-01' "
            "ORDER BY event_time DESC, application_id LIMIT 50"
        )
    can = CATALOGUE.available(warehouse).names_for_credit("application")
    names = [name for name in can if CATALOGUE[name].theme in ("form", "network", "text")]
    assert len(names) > 60
    everyone = {need.table for name in names for need in CATALOGUE.needs(name) if need.everyone}
    at = max(one.value // 1000 for one in rows.column("cutoff").combine_chunks().cast(pa.timestamp("ns"))) + 1
    known = matrix(warehouse, rows, names).select(names)
    cut, poisoned = copies(warehouse, rows, Cut(at), tmp_path, everyone=everyone)
    assert leaks.truncation(known, matrix(cut, rows, names).select(names)) == []
    assert leaks.future_poison(known, matrix(poisoned, rows, names).select(names)) == []
