"""Reports, loans, sequences and what each row may see equal their slow twins, event by event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.civil import DAY
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.computed.matching import match
from bankmine.customers.computed.visible import visible
from bankmine.customers.matrix import matrix, report_of
from bankmine.customers.subjects import Subjects
from customers import slow_credit as slow
from customers.small_bank import build, credit_rows, rows_of_bank
from engine.small_warehouse import SmallWarehouse

TABLES = ("loan", "collateral", "loan_event", "bureau_report", "bureau_event", "consent")
CUTOFFS = (
    "2023-03-05", "2023-06-04T13:30", "2023-08-02", "2023-09-01T00:01", "2023-12-15", "2024-03-20T08:00",
    "2024-03-31",
)  # fmt: skip


def corrected(rows: list[dict[str, Any]], random: Random) -> list[dict[str, Any]]:
    """Later versions of some events: another amount, another time, another kind, or cancelled."""
    changed = []
    for row in rows:
        luck = random.random()
        known = f"202{random.choice('3344')}-0{random.randint(1, 3)}-1{random.randint(0, 9)}T12:00"
        if luck < 0.1:
            changed.append({**row, "amount_minor": 1_234, "known_at": known})
        elif luck < 0.2:
            changed.append({**row, "cancelled": True, "known_at": known})
        elif luck < 0.25:
            changed.append({**row, "event_time": "2023-08-02", "known_at": known})
    return changed


@pytest.fixture(scope="module", params=[3, 11])
def bank(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    random = Random(request.param)
    made = SmallWarehouse(tmp_path_factory.mktemp("bank"))
    first = {**{name: rows_of_bank()[0][name] for name in ("loan",)}, **credit_rows(random)}
    first = {name: rows for name, rows in first.items() if name in TABLES}
    ties = [{**row, "loan_event_id": row["loan_event_id"] + 5_000} for row in first["loan_event"][::5]]
    first["loan_event"] = [*first["loan_event"], *ties]
    made.load(coverage=("2022-10-01", "2024-04-01"), **first)
    later = {name: corrected(first[name], random) for name in ("loan_event", "bureau_event")}
    made.load(coverage=("2022-10-01", "2024-04-01"), **later)
    return made


def asked(bank: SmallWarehouse, kind: str, count: int) -> pa.Table:
    pairs = [(number, bank.at(cutoff)) for cutoff in CUTOFFS for number in range(1, count + 1)]
    return pa.table(
        {
            "subject_kind": [kind] * len(pairs), "subject_id": [one for one, _ in pairs],
            "customer_id": [one for one, _ in pairs], "cutoff": [cutoff for _, cutoff in pairs],
        }
    )  # fmt: skip


def pairs_of(rows: pa.Table) -> Iterator[tuple[int, int, int]]:
    ids, cutoffs = rows.column("subject_id").to_pylist(), rows.column("cutoff").to_pylist()
    yield from zip(range(rows.num_rows), ids, cutoffs, strict=True)


@pytest.mark.parametrize(("table", "key"), [("loan_event", "loan_id"), ("bureau_event", "customer_id")])
def test_a_row_sees_the_events_that_a_session_shows(table: str, key: str, bank: SmallWarehouse) -> None:
    rows = asked(bank, "customer", 3)
    ids, cutoffs = (rows.column(name).to_numpy() for name in ("subject_id", "cutoff"))
    knowledge = cutoffs + np.arange(len(cutoffs)) % 3 * 20 * DAY  # some rows know more than their cutoff
    subjects = Subjects("customer", ids, cutoffs, knowledge, {key: ids})
    seen = visible(bank.warehouse, table, ["kind", "amount_minor"], key, subjects)
    got = list(
        zip(seen.row.tolist(), seen.time.tolist(), seen.column("kind").to_pylist(),
            seen.whole("amount_minor", -1).tolist(), strict=True)
    )  # fmt: skip
    shown = []
    for row, number, cutoff in pairs_of(rows):
        for event in slow.events_of(bank.warehouse, table, key, number, cutoff, int(knowledge[row])):
            amount = -1 if event["amount_minor"] is None else event["amount_minor"]
            shown.append((row, slow.us(event["event_time"]), event["kind"], amount))
    assert got == shown
    assert len(shown) > 100


def test_reports_equal_their_slow_twin(bank: SmallWarehouse) -> None:
    rows = asked(bank, "customer", 6)
    can = CATALOGUE.available(bank.warehouse).names_for_credit("customer")
    names = [name for name in can if name.startswith("bureau_") and CATALOGUE[name].theme == "bureau"]
    table = matrix(bank.warehouse, rows, names)
    read = 0
    for row, customer, cutoff in pairs_of(rows):
        twin = slow.report_of(bank.warehouse, customer, cutoff)
        assert table.column("bureau_known")[row].as_py() == int(twin is not None)
        for name in names:
            if name in ("bureau_known", "bureau_consent"):
                continue
            value = table.column(name)[row].as_py()
            column = CATALOGUE[name].source.column  # type: ignore[union-attr]
            if twin is None:
                assert value is None
            elif column == "open_count":
                assert value == twin.get("open", value)
            elif column == "age" or column.rpartition("_")[0] in TWINNED:
                assert value == pytest.approx(twin.get(column))
                read += value is not None
    assert read > 500
    assert (
        report_of(table)
        .notes[0]
        .startswith("Items of bureau reports dated at or after their report, left out: ")
    )


TWINNED = {f"{kind}_{how}" for kind in slow.KINDS for how in ("count", "sum")} | {
    "unfollowed_count", "followed_share",
}  # fmt: skip


def test_loans_equal_their_slow_twin(bank: SmallWarehouse) -> None:
    rows = asked(bank, "loan", 3)
    plain = ("principal_left", "days_past_due", "unpaid", "due_next_days", "due_next_amount")
    late = [f"loan_days_late_{how}_{span}" for how in ("mean", "max") for span in ("3mo", "6mo")]
    table = matrix(bank.warehouse, rows, [*(f"loan_{name}" for name in plain), *late])
    coverage = bank.warehouse.coverage("loan_event")
    assert coverage is not None
    for row, loan, cutoff in pairs_of(rows):
        twin = slow.loan_of(bank.warehouse, loan, cutoff) or dict.fromkeys(plain) | {"late": []}
        for name in plain:
            assert table.column(f"loan_{name}")[row].as_py() == twin[name], (name, loan, cutoff)
        for span in ("3mo", "6mo"):
            start = bank.warehouse.zone.months_before(cutoff, slow.MONTHS[span])
            days = [days for due, days in twin["late"] if due >= start] if start >= coverage[0] else []
            mean, most = (
                table.column(f"loan_days_late_{how}_{span}")[row].as_py() for how in ("mean", "max")
            )
            assert most == (max(days) if days else None)
            assert mean == (pytest.approx(sum(days) / len(days)) if days else None)


def test_need_against_use_equals_its_slow_twin(tmp_path: Path) -> None:
    """On the whole small bank: payments late, corrected, cancelled, declined, of joint accounts."""
    bank = build(tmp_path, rows_of_bank())
    rows = asked(bank, "loan", 3)
    table = matrix(bank.warehouse, rows, ["loan_used_share", "loan_used_hours"])
    shares = []
    for row, loan, cutoff in pairs_of(rows):
        share, hours = slow.use_of(bank.warehouse, loan, loan, cutoff)
        assert table.column("loan_used_share")[row].as_py() == share
        assert table.column("loan_used_hours")[row].as_py() == (
            None if hours is None else pytest.approx(hours)
        )
        shares += [] if share is None else [share, hours]
    assert sum(one is not None for one in shares) > sum(one is None for one in shares) > 0


def test_sequences_hold_what_a_session_shows_in_its_order(bank: SmallWarehouse) -> None:
    rows = asked(bank, "loan", 3)
    column = matrix(bank.warehouse, rows, ["seq_loan"]).column("seq_loan")
    for row, loan, cutoff in pairs_of(rows):
        events = slow.events_of(bank.warehouse, "loan_event", "loan_id", loan, cutoff, cutoff)
        sequence = column[row].as_py()
        assert [(one["when"], one["kind"]) for one in sequence] == [
            (slow.us(event["event_time"]), event["kind"]) for event in events
        ]
        most = unpaid = early = overdue = 0
        for one, event in zip(sequence, events, strict=True):
            amount, left = event["amount_minor"], event["principal_after_minor"]
            kind, late = event["kind"], event["days_past_due"] or 0
            most = max(most, left or 0)
            unpaid = 0 if kind in ("restructured", "written_off") else max(
                0, unpaid + (kind == "due") * (amount or 0) - (kind == "paid") * (amount or 0)
            )  # fmt: skip
            early += kind == "prepaid"
            overdue += kind == "due" and late > 0
            named = event["due_next_on"] is not None and one["days_to_due"] is not None
            owed = (unpaid + (event["due_next_minor"] or 0) * named) / 100
            assert (one["total"], one["owed"]) == (most / 100, owed)
            assert (one["early"], one["overdue"]) == (early, overdue)
            assert one["amount"] == (None if amount is None else amount / 100)
            assert one["principal"] == (None if left is None else left / 100)
            days = (event["due_next_on"] - slow.day_of(bank.warehouse.zone, one["when"])).days
            assert one["days_to_due"] == (days if days >= 0 else None)


def test_the_sequence_of_a_report_holds_its_items(bank: SmallWarehouse) -> None:
    rows = asked(bank, "customer", 6)
    column = matrix(bank.warehouse, rows, ["seq_bureau"]).column("seq_bureau")
    for row, customer, cutoff in pairs_of(rows):
        twin = slow.report_of(bank.warehouse, customer, cutoff)
        sequence = column[row].as_py()
        if twin is None:
            assert sequence is None
            continue
        assert [one["when"] for one in sequence] == [slow.us(one["event_time"]) for one in twin["items"]]
        said = [
            ":".join(one[name] for name in ("kind", "institution_kind", "reason") if one[name])
            for one in twin["items"]
        ]
        assert [one["kind"] for one in sequence] == said


POINT = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 80), st.sampled_from("ail"))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(points=st.lists(POINT, max_size=40))
def test_loans_answer_enquiries_as_the_slow_twin_says(points: list[tuple[int, int, int, str]]) -> None:
    """Points are (row, institution, day, kind): an enquiry that asks, an item of no matter, a loan."""
    points = sorted(points, key=lambda point: (point[0], point[2]))
    row, institution, day = (np.array([point[place] for point in points], np.int64) for place in range(3))
    asks, issued = (np.array([point[3] == kind for point in points], np.bool_) for kind in "al")
    found = match(row, institution, day * DAY, asks, issued, np.full(len(points), 60 * DAY))
    for one in set(row.tolist()):
        mine = np.flatnonzero((row == one) & asks)
        loans = np.flatnonzero((row == one) & issued)
        enquiries = [(int(day[place]) * DAY, int(institution[place])) for place in mine]
        got = slow.answered(enquiries, [(int(day[p]) * DAY, int(institution[p])) for p in loans], 30 * DAY)
        assert found.followed[mine].tolist() == got
        over = [not yes and 60 - int(day[place]) > 30 for yes, place in zip(got, mine, strict=True)]
        assert found.unfollowed[mine].tolist() == over
    partners = np.flatnonzero(found.partner >= 0)
    assert (found.partner[found.partner[partners]] == partners).all()
    assert (asks[partners] != asks[found.partner[partners]]).all()


def test_as_many_enquiries_are_answered_as_can_be() -> None:
    """The second loan comes too late for the first enquiry; the oldest first answers both."""
    day = np.array([0, 20, 25, 45], np.int64) * DAY
    asks, issued = np.array([1, 1, 0, 0], np.bool_), np.array([0, 0, 1, 1], np.bool_)
    found = match(np.zeros(4, np.int64), np.zeros(4, np.int64), day, asks, issued, np.full(4, 99 * DAY))
    assert found.partner.tolist() == [2, 3, 0, 1]
