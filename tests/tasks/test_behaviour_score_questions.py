"""Who is looked at by the behaviour score, what the truth is, and what a contradiction takes out, by hand."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bankmine.config import QUICK
from bankmine.engine.session import Session
from bankmine.errors import ConfigurationError, FeasibilityError, UsageError
from bankmine.folder import BankFolder
from bankmine.tasks.asking import asked_label
from bankmine.tasks.behaviour_score import question, schedules
from bankmine.tasks.behaviour_score.grades import ACTIONS, FROM, GRADES, grade_of, graded
from bankmine.tasks.behaviour_score.overdraft import OverdraftTurns
from bankmine.tasks.behaviour_score.question import LoanDefaults, believed, civil
from bankmine.tasks.behaviour_score.task import TASK
from bankmine.tasks.contract import Bank, Scored
from bankmine.tasks.definitions import DEFINITIONS, OVERDRAFT
from bankmine.tasks.sql import instants, micros, statement
from engine.small_warehouse import SmallWarehouse

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def bank(lending: BankFolder) -> Bank:
    warehouse = lending.warehouse
    covered = warehouse.coverage("loan_event")
    assert covered is not None
    return Bank(warehouse=warehouse, cutoff=covered[1], budget=QUICK)


@pytest.fixture(scope="module")
def rows(bank: Bank) -> Any:
    question = LoanDefaults()
    return question.population(bank, question.plan(bank))


def test_training_is_a_year_before_the_test(bank: Bank) -> None:
    plan, zone = LoanDefaults().plan(bank), bank.warehouse.zone
    assert plan.test is not None
    months = np.array(plan.cutoffs[:-1])
    known = DEFINITIONS["loan_default"].rule.known_at(months, zone)
    train = months[known <= plan.test.test_from]
    test = months[(months >= plan.test.test_from) & (months < plan.test.test_until)]
    assert len(train)
    assert len(test)
    assert known[np.isin(months, train)].max() <= test.min()


def test_loans_that_run_and_are_not_in_default_are_looked_at(bank: Bank, rows: Any) -> None:
    events, _ = schedules.schedules_of(bank)
    cutoffs, loans = micros(rows.column("cutoff")), rows.column("subject_id").to_numpy()
    day = bank.warehouse.zone.day_of(cutoffs)
    for place in range(0, rows.num_rows, 97):
        own = (events.loan == loans[place]) & (events.time < cutoffs[place])
        if not own.any():
            continue
        last = np.flatnonzero(own)[-1]
        late = int(events.late[last])
        if late or (events.kind[last] == schedules.DUE and events.amount[last]):
            late += int(day[place] - events.day[last])
        assert late < 90
        assert schedules.WRITTEN_OFF not in events.kind[own]
        assert rows.column("value_minor")[place].as_py() == events.principal[last]


def test_the_label_is_90_days_past_due_within_the_year(bank: Bank, rows: Any) -> None:
    rule = DEFINITIONS["loan_default"].rule
    cutoffs = micros(rows.column("cutoff"))
    ripe = np.flatnonzero(rule.known_at(cutoffs, bank.warehouse.zone) <= bank.cutoff)
    kept = rows.take(ripe)
    truth, _ = LoanDefaults().label(bank, kept)
    events, _ = schedules.schedules_of(bank)
    ends = rule.ends(cutoffs[ripe], bank.warehouse.zone)
    bad = events.late >= 90
    loans = kept.column("subject_id").to_numpy()
    for place in [*range(0, len(ripe), 101), *np.flatnonzero(truth)[:40]]:
        inside = (events.time >= cutoffs[ripe][place]) & (events.time < ends[place])
        assert truth[place] == (bad & inside & (events.loan == loans[place])).any()
    assert 0 < truth.mean() < 0.3


def test_persons_and_companies_share_out_the_loans(bank: Bank, rows: Any) -> None:
    counted = 0
    for kind in ("person", "company"):
        question = LoanDefaults(customer_kind=kind)
        assert question.name == f"loan_default_{kind}"
        counted += question.population(bank, question.plan(bank)).num_rows
    assert counted == rows.num_rows


def test_overdrafts_that_are_malignant_already_are_not_asked(bank: Bank) -> None:
    question = OverdraftTurns()
    found = question.population(bank, question.plan(bank))
    assert found.num_rows
    for place in range(0, found.num_rows, 23):
        below, beyond = runs_at(bank, found, place)
        assert below < 90 * DAY
        assert beyond < 30 * DAY


def test_the_overdraft_label_is_what_a_slow_reader_finds(bank: Bank) -> None:
    question = OverdraftTurns()
    found = question.population(bank, question.plan(bank))
    cutoffs = micros(found.column("cutoff"))
    ripe = np.flatnonzero(OVERDRAFT.rule.known_at(cutoffs, bank.warehouse.zone) <= bank.cutoff)
    kept = found.take(ripe)
    truth, _ = question.label(bank, kept)
    ends = OVERDRAFT.rule.ends(cutoffs[ripe], bank.warehouse.zone)
    for place in [*range(0, len(ripe), 29), *np.flatnonzero(truth)[:10]]:
        assert truth[place] == turns(bank, kept, int(place), int(cutoffs[ripe][place]), int(ends[place]))
    assert 0 < truth.mean() < 1


def booked(bank: Bank, account: int) -> list[tuple[int, int]]:
    """(instant, balance) of the account's bookings in order."""
    names = ["account_id", "event_time", "seq", "is_primary", "status", "balance_after_minor"]
    if "table" not in _READ:
        _READ["table"] = bank.warehouse.read("transaction", names).to_pandas()
    table = _READ["table"]
    own = table[(table.account_id == account) & table.is_primary & (table.status == "booked")]
    own = own[own.balance_after_minor.notna()].sort_values(["event_time", "seq"])
    return [
        (int(t.value // 1000), int(b)) for t, b in zip(own.event_time, own.balance_after_minor, strict=True)
    ]


_READ: dict[str, Any] = {}


def limit_of(bank: Bank, account: int) -> int:
    accounts = bank.warehouse.read("account", ["account_id", "overdraft_limit_minor"]).to_pylist()
    return max(
        (one["overdraft_limit_minor"] or 0 for one in accounts if one["account_id"] == account), default=0
    )


def stretches(points: list[tuple[int, int]], below: int, end: int) -> list[tuple[int, int]]:
    """(begin, end) of the runs of balances under `below`; an open run lasts to `end`."""
    found, begun = [], None
    for instant, balance in points:
        if balance < below and begun is None:
            begun = instant
        elif balance >= below and begun is not None:
            found.append((begun, instant))
            begun = None
    return found if begun is None else [*found, (begun, end)]


def turns(bank: Bank, rows: Any, place: int, cutoff: int, end: int) -> bool:
    account = rows.column("subject_id")[place].as_py()
    points = booked(bank, account)
    for below, days in ((0, 90), (-limit_of(bank, account), 30)):
        for begun, over in stretches(points, below, 2**62):
            turned = begun + days * DAY
            if cutoff <= turned < end and over >= turned:
                return True
    return False


def runs_at(bank: Bank, rows: Any, place: int) -> tuple[int, int]:
    """How long the account has been overdrawn, and beyond its limit, at the cutoff of a row; µs."""
    account, at = rows.column("subject_id")[place].as_py(), int(micros(rows.column("cutoff"))[place])
    points = [one for one in booked(bank, account) if one[0] < at]
    found = []
    for below in (0, -limit_of(bank, account)):
        last = stretches(points, below, at)[-1:]
        found.append(at - last[0][0] if last and last[0][1] == at else 0)
    return found[0], found[1]


def test_a_loan_is_left_out_from_its_first_contradiction_on(
    bank: Bank, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, broken = schedules.schedules_of(bank)
    asked_loans = rows.column("subject_id").to_numpy()
    numbers, counts = np.unique(events.loan[np.isin(events.loan, asked_loans)], return_counts=True)
    loan = int(numbers[np.argmax(counts)])
    mine = np.flatnonzero(events.loan == loan)
    negative = np.zeros(len(events), np.bool_)
    negative[mine[len(mine) // 2]] = True
    monkeypatch.setattr(
        "bankmine.tasks.behaviour_score.question.schedules_of",
        lambda bank: (events, {**broken, "negative": negative}),
    )
    since = int(max(events.time[negative][0], events.known[negative][0]))
    kept = believed(bank, rows)
    left = micros(kept.column("cutoff"))[kept.column("subject_id").to_numpy() == loan]
    asked = micros(rows.column("cutoff"))[rows.column("subject_id").to_numpy() == loan]
    assert left.tolist() == [at for at in asked.tolist() if at < since]
    assert kept.num_rows == rows.num_rows - len(asked) + len(left)


def test_grades_follow_the_chance_and_value_the_money(bank: Bank, rows: Any) -> None:
    some = rows.slice(rows.num_rows - 4)
    chance = np.array([0.5, FROM[1], FROM[2], 0.001])
    scored = Scored(rows=some, probability=chance, ranking=chance)
    decision = graded(replace(bank, settings={"loss_share": 0.2}), scored)
    assert list(decision.grade) == list(GRADES) == list(ACTIONS)
    owed = some.column("value_minor").to_numpy()
    assert decision.value.tolist() == np.round(chance * owed * 0.2).tolist()
    assert [grade_of(float(one)) for one in chance] == list(decision.grade)


@pytest.mark.parametrize(
    "given",
    [{"loss_share": 0}, {"loss_share": 1.2}, {"loss_share": True}, {"customer_kind": "dog"}, {"no": 1}],
)
def test_settings_that_mean_nothing_are_refused(given: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        TASK.check_settings(given)


def test_an_unknown_kind_of_customer_is_refused() -> None:
    with pytest.raises(UsageError, match="customer_kind"):
        LoanDefaults(customer_kind="dog")


def test_a_short_history_is_refused_with_the_days_it_needs(bank: Bank) -> None:
    zone = bank.warehouse.zone
    covered = bank.warehouse.coverage("loan_event")
    assert covered is not None
    early = replace(bank, cutoff=zone.days_before(covered[0], -500))
    with pytest.raises(FeasibilityError, match="cutoffs with a known label") as error:
        LoanDefaults().plan(early)
    assert "days" in (error.value.hint or "")


def test_a_loan_written_off_early_has_defaulted_too(tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path)
    one = {"customer_id": 1, "amount_minor": 100, "principal_after_minor": 1_000, "kind": "due"}
    small.load(
        loan_event=[
            {"loan_event_id": 1, "loan_id": 1, "event_time": "2024-02-01", "days_past_due": 60, **one,
             "kind": "written_off"},
            {"loan_event_id": 2, "loan_id": 2, "event_time": "2024-02-01", "days_past_due": 90, **one},
            {"loan_event_id": 3, "loan_id": 3, "event_time": "2024-02-01", "days_past_due": 89, **one},
            {"loan_event_id": 4, "loan_id": 4, "event_time": "2025-02-01", "days_past_due": 120, **one},
        ]
    )  # fmt: skip
    asked = pa.table(
        {
            "row_number": [0, 1, 2, 3], "subject_id": [1, 2, 3, 4],
            "cutoff": instants(np.full(4, small.at("2024-01-01"))),
            "label_end": instants(np.full(4, small.at("2025-01-01"))),
        }
    )  # fmt: skip
    bank = Bank(warehouse=small.warehouse, cutoff=small.at("2025-06-01"))
    assert asked_label(bank, asked, DEFINITIONS["loan_default"].sql).tolist() == [True, True, False, False]


def test_what_an_event_does_not_tell_was_told_last(tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path)
    told = {"customer_id": 1, "kind": "due", "amount_minor": 100}
    silent = {**told, "event_time": "2024-03-01"}
    small.load(
        loan_event=[
            {"loan_event_id": 1, "loan_id": 1, "event_time": "2024-02-01", "days_past_due": 95,
             "principal_after_minor": 5_000, **told},
            {"loan_event_id": 2, "loan_id": 1, **silent},
            {"loan_event_id": 3, "loan_id": 2, **silent},
            {"loan_event_id": 4, "loan_id": 3, "event_time": "2024-02-01", "days_past_due": 0,
             "principal_after_minor": 0, **told, "kind": "paid"},
        ]
    )  # fmt: skip
    cutoff = small.at("2024-03-11")
    bank = Bank(warehouse=small.warehouse, cutoff=cutoff)
    with Session(small.warehouse, cutoff, until=cutoff) as session:
        found = session.arrow(statement(question.FOLDER, "stands"), civil(bank, cutoff)).to_pylist()
    assert [(one["past_due"], one["left_minor"]) for one in found] == [(95 + 39, 5_000), (10, None), (0, 0)]


def test_a_network_that_is_not_tried_is_said_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def bank(settings: int) -> Any:
        return SimpleNamespace(budget=SimpleNamespace(settings=settings))

    monkeypatch.setattr(question, "_deep", lambda: True)
    assert question.no_sequence(bank(1)) == "the budget is quick"
    assert question.no_sequence(bank(3)) == ""
    monkeypatch.setattr(question, "_deep", lambda: False)
    assert "not installed" in question.no_sequence(bank(3))
