"""No feature of applications, the bureau, loans or sequences knows what it could not have known."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from bankmine.bank.warehouse import Warehouse
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.matrix import matrix
from bankmine.engine.session import Session
from bankmine.evaluation import leaks
from bankmine.folder import BankFolder
from bankmine.lifecycle.cutdata import Cut, copies
from customers.honesty import differing, poisoned, truncated
from customers.small_bank import CUSTOMERS, Loads, build, rows_of_bank
from engine.small_warehouse import SmallWarehouse

THEMES = ("application", "bureau", "lending")
CUTOFFS = ("2023-06-04T13:30", "2024-01-01T09:00")
APPLICATIONS = """
SELECT 'application' AS subject_kind, application_id AS subject_id, customer_id, event_time AS cutoff
FROM credit_application WHERE event_time < '2025-06-01' ORDER BY event_time DESC, application_id LIMIT 60
"""
LOANS = """
SELECT 'loan' AS subject_kind, loan_id AS subject_id, customer_id,
    TIMESTAMPTZ '2025-03-10 13:20:00+00' AS cutoff
FROM loan WHERE granted_on < DATE '2025-03-01' ORDER BY granted_on DESC, loan_id LIMIT 60
"""


@pytest.fixture(scope="module")
def loads() -> Loads:
    return rows_of_bank()


@pytest.fixture(scope="module")
def bank(loads: Loads, tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), loads)


def names_of(warehouse: Warehouse, subject: str) -> tuple[str, ...]:
    allowed = CATALOGUE.available(warehouse).names_for_credit(subject)
    return tuple(name for name in allowed if CATALOGUE[name].theme in THEMES)


def loans_at(bank: SmallWarehouse, cutoff: str) -> pa.Table:
    return pa.table(
        {
            "subject_kind": ["loan"] * 3, "subject_id": [1, 2, 3], "customer_id": [1, 2, 3],
            "cutoff": [bank.at(cutoff)] * 3,
        }
    )  # fmt: skip


def customers_at(bank: SmallWarehouse, cutoff: str) -> pa.Table:
    count = len(CUSTOMERS)
    return pa.table(
        {
            "subject_kind": ["customer"] * count, "subject_id": CUSTOMERS, "customer_id": CUSTOMERS,
            "cutoff": [bank.at(cutoff)] * count,
        }
    )  # fmt: skip


def application(bank: SmallWarehouse, loads: Loads, place: int) -> tuple[pa.Table, datetime]:
    """One application of the small bank (by time), and the instant just after it."""
    own = sorted(loads[0]["credit_application"], key=lambda one: str(one["event_time"]))[place]
    row = pa.table(
        {
            "subject_kind": ["application"], "subject_id": [own["application_id"]],
            "customer_id": [own["customer_id"]],
            "cutoff": [bank.at(own["event_time"])],
        }
    )  # fmt: skip
    return row, datetime.fromisoformat(own["event_time"]) + timedelta(minutes=1)


def changing(bank: SmallWarehouse, rows: pa.Table, other: SmallWarehouse) -> list[str]:
    """The features that another bank gives otherwise."""
    names = names_of(bank.warehouse, rows.column("subject_kind")[0].as_py())
    return differing(matrix(bank.warehouse, rows, names), matrix(other.warehouse, rows, names), names)


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_loans_and_customers_know_nothing_later(
    cutoff: str, bank: SmallWarehouse, loads: Loads, tmp_path: Path
) -> None:
    moment = datetime.fromisoformat(cutoff)
    for folder, other in (("cut", truncated(loads, moment)), ("poison", poisoned(loads, moment))):
        changed = build(tmp_path / folder, other)
        assert changing(bank, loans_at(bank, cutoff), changed) == []
        assert changing(bank, customers_at(bank, cutoff), changed) == []


@pytest.mark.parametrize("place", [30, 60])
def test_applications_know_nothing_later(
    place: int, bank: SmallWarehouse, loads: Loads, tmp_path: Path
) -> None:
    row, after = application(bank, loads, place)
    for folder, other in (("cut", truncated(loads, after)), ("poison", poisoned(loads, after))):
        assert changing(bank, row, build(tmp_path / folder, other)) == []


@pytest.mark.parametrize("subject", ["application", "loan"])
def test_features_of_credit_stand_truncation_and_poison_on_a_simulated_bank(
    subject: str, lending: BankFolder, tmp_path: Path
) -> None:
    warehouse = lending.warehouse
    with Session(warehouse) as session:
        rows = session.arrow(APPLICATIONS if subject == "application" else LOANS)
    names = names_of(warehouse, subject)
    known = matrix(warehouse, rows, names).select(names)
    cut, poison = copies(warehouse, rows, _cut_after(rows), tmp_path)
    assert leaks.truncation(known, matrix(cut, rows, names).select(names)) == []
    assert leaks.future_poison(known, matrix(poison, rows, names).select(names)) == []
    shifted = leaks.truncation(known.slice(1), known.slice(0, known.num_rows - 1))
    assert {one.feature for one in shifted} > {
        "seq_loan",
        "seq_bureau",
        "bureau_unfollowed_enquiry_count_12mo",
    }


def _cut_after(rows: pa.Table) -> Cut:
    """Just after the last application; at the cutoff of loans."""
    cutoffs = rows.column("cutoff").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
    return Cut(max(cutoffs) + (rows.column("subject_kind")[0].as_py() == "application"))
