"""What counts as a default, when it ends, which loans a rating looks at; on loans of a few events each."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bankmine.tasks.contract import Bank
from bankmine.tasks.rating.exposure import loans_at
from bankmine.tasks.rating.losses import OPEN, PAID_AGAIN, WRITTEN_OFF, Defaults, conversion, defaults_at
from bankmine.tasks.rating.settings import Settings
from bankmine.tasks.rating.standing import Standing, standing
from engine.small_warehouse import SmallWarehouse

Row = dict[str, Any]
AT = "2025-01-01"


class Book:
    """Loans that a test writes event by event; each loan is its own customer's unless said."""

    def __init__(self, folder: Path) -> None:
        self.bank = SmallWarehouse(folder)
        self.loans: list[Row] = []
        self.events: list[Row] = []

    def loan(self, loan: int, *, customer: int | None = None, **given: Any) -> None:
        self.loans.append(
            {"loan_id": loan, "customer_id": customer or loan, "principal_minor": 1_000, "term_months": 24,
             "status": "running", "valid_from": "2022-01-01"} | given
        )  # fmt: skip

    def event(
        self, loan: int, when: str, kind: str, left: int | None, late: int | None, **given: Any
    ) -> None:
        self.events.append(
            {"loan_event_id": len(self.events), "loan_id": loan, "customer_id": loan, "kind": kind,
             "event_time": when, "principal_after_minor": left, "days_past_due": late} | given
        )  # fmt: skip

    def asked(self) -> Bank:
        ids = sorted({one["customer_id"] for one in self.loans})
        customers = [{"customer_id": one, "valid_from": "2022-01-01", "since": "2022-01-01"} for one in ids]
        warehouse = self.bank.load(loan=self.loans, loan_event=self.events, customer=customers)
        found: Any = SimpleNamespace(
            warehouse=warehouse, cutoff=self.bank.at(AT), memory="1GB", threads=1, seed=0,
            note=lambda *_: None,
        )  # fmt: skip
        return found  # type: ignore[no-any-return]

    def defaults(self) -> Defaults:
        bank = self.asked()
        return defaults_at(bank, bank.cutoff, Settings())

    def stands(self) -> Standing:
        bank = self.asked()
        return standing(bank, bank.cutoff, Settings())


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_a_loan_that_defaults_again_counts_again_unless_within_nine_months(book: Book) -> None:
    for loan, again in ((1, "2023-06-05"), (2, "2024-03-05")):
        book.loan(loan)
        book.event(loan, "2022-12-05", "due", 800, 92)
        book.event(loan, "2023-01-10", "paid", 700, 0)
        book.event(loan, again, "due", 650, 95)
    found = book.defaults()
    assert found.loan.tolist() == [1, 2, 2]
    assert found.state.tolist() == [OPEN, PAID_AGAIN, OPEN]
    assert found.owed.tolist() == [800, 800, 650]
    assert len(found.spells.customer) == 4


def test_a_restructuring_by_itself_ends_no_default_and_a_payment_after_it_does(book: Book) -> None:
    for loan in (1, 2):
        book.loan(loan)
        book.event(loan, "2024-06-05", "due", 800, 120)
        book.event(loan, "2024-06-07", "restructured", 800, 0)
        book.event(loan, "2024-07-05", "due", 800, 0, amount_minor=0)
    book.event(2, "2024-07-06", "paid", 780, 0)
    found = book.stands()
    assert found.defaults.state.tolist() == [OPEN, PAID_AGAIN]
    assert found.loans.in_default.tolist() == [True, False]
    assert found.out.tolist() == [1]


def test_days_and_principal_that_an_event_does_not_tell_are_those_told_last(book: Book) -> None:
    book.loan(1)
    book.event(1, "2024-05-05", "due", 800, 95)
    book.event(1, "2024-06-05", "due", None, None)
    book.event(1, "2024-06-09", "paid", None, None)
    book.loan(2, status="written_off")
    book.event(2, "2024-05-05", "due", 700, 60)
    book.event(2, "2024-06-05", "written_off", None, None, amount_minor=None)
    book.event(2, "2024-09-05", "recovered", 0, 0, amount_minor=100)
    found = book.defaults()
    assert found.state.tolist() == [OPEN, WRITTEN_OFF]
    assert found.owed.tolist() == [800, 700]
    assert found.written.tolist() == [0, 700]
    assert found.lost[1] == pytest.approx(700 - 100 / 1.05 ** (92 / 365))


def test_a_default_stays_known_where_the_loans_version_is_over(book: Book) -> None:
    book.loan(1, status="written_off", valid_to="2024-09-01")
    book.event(1, "2024-05-05", "due", 800, 95)
    book.event(1, "2024-08-05", "written_off", 0, 180, amount_minor=800)
    assert book.defaults().state.tolist() == [WRITTEN_OFF]


def test_the_limit_of_a_line_is_the_one_before_the_default_not_the_one_cut_by_it(book: Book) -> None:
    for loan in range(1, 13):
        book.loan(loan, term_months=None, principal_minor=1_000)
        book.loan(loan, term_months=None, principal_minor=600, valid_from="2024-02-01")
        book.event(loan, "2023-01-05", "drawn", 400, 0, amount_minor=400)
        book.event(loan, "2024-01-05", "due", 700, 92)
    bank = book.asked()
    found = defaults_at(bank, bank.cutoff, Settings())
    assert set(found.limit.tolist()) == {1_000}
    assert conversion(found, bank, Settings()).share == pytest.approx(300 / 600)
    assert set(loans_at(bank, bank.cutoff, Settings()).limit.tolist()) == {600}


def test_a_loan_whose_schedule_contradicts_itself_is_left_out_but_its_default_bars_credit(book: Book) -> None:
    for loan in (1, 2):
        book.loan(loan)
        book.event(loan, "2024-05-05", "due", 800, 95)
    book.event(2, "2024-06-05", "due", 900, 126)  # grew by itself
    found = book.stands()
    assert found.loans.loan.tolist() == [1]
    assert found.defaults.loan.tolist() == [1]
    assert found.out.tolist() == [1, 2]
    assert found.left_out() == {"loans": 1, "customers": 1, "owed_minor": 900.0}


def test_who_was_in_default_at_an_instant_is_told_as_known_then(book: Book) -> None:
    book.loan(1)
    book.event(1, "2024-05-05", "due", 800, 95, known_at="2024-05-08")
    book.event(1, "2024-06-09", "paid", 700, 0)
    spells, at = book.defaults().spells, book.bank.at
    when = np.array(
        [at(one) for one in ("2024-05-05", "2024-05-07", "2024-05-08", "2024-06-08", "2024-06-09")]
    )
    assert spells.hit(np.ones(5, np.int64), when).tolist() == [False, False, True, True, False]
    assert spells.begun(at("2024-05-01")).tolist() == [1]
    assert spells.begun(at("2024-06-01")).tolist() == []
