"""What forbids selling or contact: flags, ended relations, arrears, missing consent, as known then."""

from __future__ import annotations

import pytest

from bankmine.customers.conditions import NO_CONTACT, Conditions, conditions
from bankmine.customers.snapshot import default_cutoff
from bankmine.engine.session import Session
from bankmine.folder import BankFolder


@pytest.fixture(scope="module")
def cutoff(simulated: BankFolder) -> int:
    return default_cutoff(simulated.warehouse)


@pytest.fixture(scope="module")
def found(simulated: BankFolder, cutoff: int) -> Conditions:
    return conditions(simulated.warehouse, cutoff)


def test_every_flag_in_force_is_a_condition(simulated: BankFolder, cutoff: int, found: Conditions) -> None:
    with Session(simulated.warehouse, cutoff, until=cutoff) as session:
        flags = session.arrow("SELECT customer_id, flag FROM customer_flag").to_pylist()
    assert flags
    assert all(one["flag"] in found.of(one["customer_id"]) for one in flags)


def test_whoever_is_late_with_a_loan_is_in_arrears(
    simulated: BankFolder, cutoff: int, found: Conditions
) -> None:
    with Session(simulated.warehouse, cutoff, until=cutoff) as session:
        rows = session.arrow(
            "SELECT customer_id, loan_id, kind, days_past_due FROM loan_event ORDER BY event_time, seq"
        ).to_pylist()
    newest: dict[tuple[int, int], int] = {}
    lost: set[tuple[int, int]] = set()
    for row in rows:
        key = (row["customer_id"], row["loan_id"])
        if row["days_past_due"] is not None:
            newest[key] = row["days_past_due"]
        if row["kind"] == "written_off":
            lost.add(key)
        elif row["kind"] == "recovered":
            lost.discard(key)
    late = {customer for (customer, _), days in newest.items() if days >= 30} | {one for one, _ in lost}
    assert late
    assert {one for one in found.flags if "arrears" in found.of(one)} == late
    assert not found.may_sell(sorted(late)).any()


def test_whoever_gave_no_consent_or_left_is_sold_nothing(
    simulated: BankFolder, cutoff: int, found: Conditions
) -> None:
    with Session(simulated.warehouse, cutoff, until=cutoff) as session:
        left = session.arrow("SELECT customer_id FROM customer WHERE closed_on IS NOT NULL")
        every = session.arrow("SELECT customer_id FROM customer").column(0).to_pylist()
    gone = left.column(0).to_pylist()
    assert not found.may_sell(gone).any()
    assert not NO_CONTACT.isdisjoint(found.of(gone[0]))
    assert found.consenting is not None
    silent = [one for one in every if one not in found.consenting]
    assert silent
    assert all("no_consent" in found.of(one) for one in silent)
    assert not found.may_sell(silent).any()


def test_a_flag_raised_later_is_not_known_before(simulated: BankFolder, cutoff: int) -> None:
    earlier = simulated.warehouse.zone.months_before(cutoff, 12)
    before, now = conditions(simulated.warehouse, earlier), conditions(simulated.warehouse, cutoff)
    with Session(simulated.warehouse, earlier, until=earlier) as session:
        known = {row["customer_id"] for row in session.arrow("SELECT customer_id FROM customer").to_pylist()}
    assert set(before.flags) <= known
    assert before.flags != now.flags


def test_a_subject_that_is_no_customer_has_no_conditions(found: Conditions) -> None:
    assert found.of(None) == ()
    assert found.may_sell([None]).tolist() == [True]
