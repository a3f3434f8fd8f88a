"""Schedules that contradict themselves are found by each rule, as a slow reader of the events finds them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bankmine.folder import BankFolder
from bankmine.tasks.behaviour_score.schedules import (
    DISBURSED,
    DRAWN,
    DUE,
    KINDS,
    PAID,
    PREPAID,
    RECOVERED,
    RESTRUCTURED,
    WORDS,
    WRITTEN_OFF,
    Events,
    contradictions,
    first_seen,
    schedules_of,
)

Row = dict[str, Any]
LINES = (2, 4)
ROW = some.fixed_dictionaries(
    {
        "loan": some.integers(1, 4), "kind": some.integers(0, len(KINDS) - 1), "day": some.integers(0, 40),
        "amount": some.integers(-1, 3), "principal": some.one_of(some.none(), some.integers(-1, 4)),
        "next_day": some.one_of(some.none(), some.integers(0, 45)),
        "late": some.sampled_from([0, 0, 5, 31, None]),
    }
)  # fmt: skip


def events_of(rows: list[Row]) -> Events:
    ordered = sorted(rows, key=lambda row: (row["loan"], row["day"]))

    def whole(name: str) -> Any:
        return np.array([row[name] for row in ordered], dtype=np.int64)

    def number(name: str) -> Any:
        return np.array([np.nan if row[name] is None else row[name] for row in ordered], dtype=np.float64)

    return Events(
        loan=whole("loan"), kind=whole("kind"), day=whole("day"), time=whole("day"), known=whole("day") + 1,
        amount=whole("amount"), principal=number("principal"), next_day=number("next_day"),
        told=number("late"), line=np.array([row["loan"] in LINES for row in ordered], dtype=bool),
    )  # fmt: skip


def lent_after(state: dict[str, Any], kind: int, amount: int, left: float) -> float | None:
    """What is known to have been lent after an event; None where that is not known."""
    if kind == RESTRUCTURED:
        return None if np.isnan(left) else left
    if kind not in (DISBURSED, DRAWN):
        return state["lent"]  # type: ignore[no-any-return]
    if not state["begun"]:
        return float(amount) if left == amount > 0 else None
    return None if amount <= 0 or state["lent"] is None else state["lent"] + amount


def slow(events: Events) -> dict[str, list[bool]]:
    """One event after the other, with the state of its loan in hand."""
    found: dict[str, list[bool]] = {name: [] for name in WORDS}
    loan: int | None = None
    state: dict[str, Any] = {}
    for place in range(len(events)):
        if events.loan[place] != loan:
            loan, state = events.loan[place], {"owed": None, "left": None, "next": None, "lost": False}
            state |= {"told": None, "lent": None, "ended": None, "disbursed": 0, "begun": False}
            state["ahead"] = 1
        kind, amount = events.kind[place], events.amount[place]
        if kind == DUE and events.late[place] == 0:
            state["owed"] = amount  # as much may be paid ahead
        if state["owed"] is not None:
            state["owed"] += amount if kind == DUE else -amount if kind == PAID else 0
        found["paid_more"].append(kind == PAID and state["owed"] is not None and state["owed"] < 0)
        left, following = events.principal[place], events.next_day[place]
        found["negative"].append(left < 0)
        grown = state["left"] is not None and left > state["left"]
        found["grew"].append(grown and kind not in (DISBURSED, DRAWN, RESTRUCTURED))
        if kind in (RESTRUCTURED, DRAWN):
            state["next"] = None
        earlier = state["next"] is not None and following < state["next"]
        found["due_dates"].append(following < events.day[place] or earlier)
        found["after_loss"].append(state["lost"] and kind in (DUE, PAID))
        day, told, line = events.day[place], events.told[place], bool(events.line[place])
        found["faster"].append(state["told"] is not None and told > state["told"][0] + day - state["told"][1])
        found["below_zero"].append(amount < 0)
        state["lent"] = lent_after(state, kind, int(amount), float(left))
        found["above_lent"].append(state["lent"] is not None and left > state["lent"])
        over = state["ended"] is not None and day > state["ended"]
        ahead = over and kind == DUE and events.late[place] == 0 and state["ahead"] > 0
        state["ahead"] -= ahead
        found["after_end"].append(over and kind != RECOVERED and not ahead)
        if state["ended"] is None and not line and left == 0 and (state["left"] or 0) > 0:
            state["ended"] = day
        state["disbursed"] += kind == DISBURSED and not line
        found["twice"].append(kind == DISBURSED and state["disbursed"] > 1)
        found["lost_first"].append(kind == WRITTEN_OFF and not state["begun"])
        state["begun"] = True
        state["told"] = state["told"] if np.isnan(told) else (told, day)
        state["lost"] = state["lost"] or kind == WRITTEN_OFF
        state["left"] = state["left"] if np.isnan(left) else left
        state["next"] = state["next"] if np.isnan(following) else following
    return found


@settings(derandomize=True, max_examples=400, deadline=None)
@given(some.lists(ROW, max_size=25))
def test_each_rule_finds_what_a_slow_reader_finds(rows: list[Row]) -> None:
    events = events_of(rows)
    found, expected = contradictions(events), slow(events)
    assert set(found) == set(WORDS)
    for name, broken in found.items():
        assert broken.tolist() == [bool(one) for one in expected[name]], name
    loans, since = first_seen(events, found)
    broken_at = np.logical_or.reduce([np.zeros(len(events), bool), *found.values()])
    assert dict(zip(loans.tolist(), since.tolist(), strict=True)) == {
        int(loan): int((events.day[broken_at & (events.loan == loan)] + 1).min())
        for loan in np.unique(events.loan[broken_at])
    }


def test_a_loan_paid_as_agreed_contradicts_nothing() -> None:
    rows: list[Row] = [
        {"loan": 1, "kind": DISBURSED, "day": 0, "amount": 3, "principal": 3, "next_day": 10, "late": 0},
        {"loan": 1, "kind": DUE, "day": 10, "amount": 1, "principal": 3, "next_day": 20, "late": 0},
        {"loan": 1, "kind": DUE, "day": 20, "amount": 1, "principal": 3, "next_day": 30, "late": 10},
        {"loan": 1, "kind": PAID, "day": 21, "amount": 1, "principal": 2, "next_day": 30, "late": 1},
        {"loan": 1, "kind": PAID, "day": 22, "amount": 1, "principal": 1, "next_day": 30, "late": 0},
        {"loan": 1, "kind": DUE, "day": 30, "amount": 1, "principal": 1, "next_day": None, "late": 0},
        {"loan": 1, "kind": PAID, "day": 30, "amount": 1, "principal": 0, "next_day": None, "late": 0},
    ]
    assert not any(broken.any() for broken in contradictions(events_of(rows)).values())
    ahead, too_much = ({**rows[-1], "day": day} for day in (31, 32))
    found = contradictions(events_of([*rows, ahead, too_much]))["paid_more"]
    assert found.tolist() == [False] * 8 + [True]  # the next instalment may come before its day


USUAL: Row = {"loan": 1, "kind": DUE, "day": 0, "amount": 1, "principal": 3, "next_day": None, "late": 0}
LENT: Row = {**USUAL, "kind": DISBURSED, "amount": 3}


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([LENT, {**USUAL, "day": 10, "late": 11}], "faster"),
        ([LENT, {**USUAL, "day": 10, "amount": -1}], "below_zero"),
        ([LENT, {**USUAL, "kind": DRAWN, "day": 5, "amount": 1, "principal": 5}], "above_lent"),
        ([LENT, {**USUAL, "kind": PAID, "day": 5, "principal": 0},
          {**USUAL, "kind": PREPAID, "day": 9, "principal": 0}], "after_end"),
        ([LENT, {**LENT, "day": 3, "principal": 6}], "twice"),
        ([{**USUAL, "kind": WRITTEN_OFF, "principal": 0}], "lost_first"),
    ],
)  # fmt: skip
def test_a_single_contradiction_breaks_its_own_rule_alone(rows: list[Row], rule: str) -> None:
    found = contradictions(events_of(rows))
    assert {name for name, broken in found.items() if broken.any()} == {rule}
    assert found[rule].tolist() == [False] * (len(rows) - 1) + [True]


def test_a_line_may_be_drawn_again_and_interest_be_paid_on_the_last_day() -> None:
    paid: Row = {**USUAL, "kind": PAID, "day": 5, "principal": 0}
    again: Row = {**USUAL, "kind": DRAWN, "day": 9, "amount": 2, "principal": 2}
    line: list[Row] = [{**row, "loan": 2} for row in ({**LENT, "kind": DRAWN}, paid, again)]
    last: list[Row] = [
        LENT,
        paid,
        {**paid, "amount": 0},
        {**USUAL, "kind": RECOVERED, "day": 30, "principal": 0},
    ]
    for rows in (line, last):
        assert not any(broken.any() for broken in contradictions(events_of(rows)).values())


def test_the_last_instalment_may_be_paid_before_its_day_and_none_falls_due_after_it() -> None:
    """A real bank's clients pay some days ahead of each due day, the last one too."""
    rows: list[Row] = [{**LENT, "amount": 2, "principal": 2}]
    for left, day in ((1, 10), (0, 40)):
        rows.append({**USUAL, "kind": PAID, "day": day - 3, "principal": left})
        rows.append({**USUAL, "day": day, "principal": left})
    found = contradictions(events_of([*rows, {**USUAL, "day": 70, "principal": 0}]))
    assert found["after_end"].tolist() == [False] * len(rows) + [True]
    assert {name for name, broken in found.items() if broken.any()} == {"after_end"}
    late: Row = {**rows[-1], "late": 3}
    assert contradictions(events_of([*rows[:-1], late]))["after_end"].tolist()[-1]


def test_days_past_due_that_are_not_told_do_not_count_as_none() -> None:
    rows: list[Row] = [LENT, {**USUAL, "day": 10, "late": 5}, {**USUAL, "day": 20, "late": None},
            {**USUAL, "day": 30, "late": 25}]  # fmt: skip
    assert not contradictions(events_of(rows))["faster"].any()


@pytest.mark.slow
def test_loans_of_a_whole_simulated_bank_contradict_nothing(lending: BankFolder) -> None:
    end = lending.warehouse.coverage("loan_event")
    assert end is not None
    bank: Any = SimpleNamespace(
        warehouse=lending.warehouse, cutoff=end[1], memory="1GB", threads=1, note=lambda *_: None
    )
    events, found = schedules_of(bank)
    assert len(events) > 10_000
    assert {name: int(broken.sum()) for name, broken in found.items()} == dict.fromkeys(WORDS, 0)


def test_no_events_contradict_nothing() -> None:
    events = events_of([])
    assert all(len(broken) == 0 for broken in contradictions(events).values())
    assert len(first_seen(events, contradictions(events))[0]) == 0
