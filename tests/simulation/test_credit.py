"""Credits obey arithmetic and the calendar, and what is written agrees with what happened."""

from __future__ import annotations

import numpy as np
import pytest
from credit_communities import Lent, lent

from bankmine.simulation.credit.applications import APPROVED
from bankmine.simulation.credit.requests import MORTGAGE
from bankmine.simulation.credit.schedule import (
    DISBURSED,
    DRAWN,
    DUE,
    EVENTS,
    PAID,
    PREPAID,
    RECOVERED,
    RESTRUCTURED,
    WRITTEN_OFF,
)  # fmt: skip
from bankmine.simulation.entries import CATEGORIES
from bankmine.simulation.frame import DAY, NEVER

INFECTIOUS = {"default__base": 3.0}


@pytest.fixture(scope="module")
def made() -> Lent:
    return lent(**INFECTIOUS)


def _before(made: Lent) -> tuple[np.ndarray, np.ndarray]:
    """Rows that follow a row of the same credit, and what was left before them."""
    happened = made.credit.credits_.course.happened
    same = np.flatnonzero(np.diff(happened.credit) == 0) + 1
    return same, happened.principal[same - 1]


def test_a_payment_is_interest_on_what_was_left_plus_what_it_lowers(made: Lent) -> None:
    happened, terms = made.credit.credits_.course.happened, made.credit.credits_.terms
    rows, left = _before(made)
    paid = happened.kind[rows] == PAID
    rows, left = rows[paid], left[paid]
    interest = np.rint(left * terms.rate[happened.credit[rows]] / 12)
    assert rows.size > 1_000
    np.testing.assert_array_equal(happened.amount[rows], interest + left - happened.principal[rows])


def test_only_money_changes_what_is_left(made: Lent) -> None:
    happened = made.credit.credits_.course.happened
    rows, left = _before(made)
    for kind in (DUE, RESTRUCTURED, RECOVERED):
        here = happened.kind[rows] == kind
        np.testing.assert_array_equal(happened.principal[rows[here]], left[here])
    for kind, sign in ((DRAWN, 1), (PREPAID, -1), (WRITTEN_OFF, -1)):
        here = happened.kind[rows] == kind
        assert here.any(), EVENTS[kind]
        np.testing.assert_array_equal(
            happened.principal[rows[here]], left[here] + sign * happened.amount[rows[here]]
        )
    first = happened.kind == DISBURSED
    np.testing.assert_array_equal(happened.principal[first], happened.amount[first])
    assert (happened.principal >= 0).all()


def test_a_loan_paid_to_its_end_ends_at_zero_with_an_instalment_no_larger_than_the_others() -> None:
    made = lent(customers=500, months=72)
    happened, terms = made.credit.credits_.course.happened, made.credit.credits_.terms
    last = np.flatnonzero((happened.kind == PAID) & (happened.principal == 0) & ~terms.line[happened.credit])
    assert last.size > 20
    usual = made.credit.forms.instalment[happened.credit[last]]
    plain = ~np.isin(happened.credit[last], happened.credit[happened.kind == RESTRUCTURED])
    assert (happened.amount[last] <= usual + 50)[plain].all()
    assert (happened.next_day[last] == NEVER).all()


def test_days_past_due_count_from_the_oldest_unpaid_instalment(made: Lent) -> None:
    happened = made.credit.credits_.course.happened
    for credit in np.unique(happened.credit[happened.past_due >= 90])[:25]:
        unpaid: list[int] = []
        for row in np.flatnonzero(happened.credit == credit):
            day, kind = int(happened.second[row] // DAY), happened.kind[row]
            if kind == DUE and happened.amount[row] > 0:
                unpaid.append(day)
            elif kind == PAID:
                unpaid.pop(0)
            elif kind in (RESTRUCTURED, PREPAID):
                unpaid.clear()
            expected = day - unpaid[0] if unpaid else 0
            assert happened.past_due[row] == expected


def test_what_is_said_to_fall_due_next_does_fall_due(made: Lent) -> None:
    happened = made.credit.credits_.course.happened
    rows, _ = _before(made)
    due = rows[(happened.kind[rows] == DUE) & (happened.next_day[rows - 1] < NEVER)]
    np.testing.assert_array_equal(happened.next_day[due - 1], happened.second[due] // DAY)
    np.testing.assert_array_equal(happened.next_amount[due - 1], happened.amount[due])


def test_written_off_is_what_is_180_days_past_due(made: Lent) -> None:
    happened = made.credit.credits_.course.happened
    lost = happened.kind == WRITTEN_OFF
    assert lost.any()
    assert (happened.past_due[lost] >= 180).all()
    late = np.flatnonzero((happened.kind == DUE) & (happened.past_due >= 180))
    assert (happened.kind[late + 1] == PAID).all(), "only who pays at last escapes"


def test_money_moves_as_the_events_say_and_a_mortgage_pays_the_seller(made: Lent) -> None:
    credit = made.credit
    happened, asked = credit.credits_.course.happened, credit.asked
    ours = credit.credits_.granted[happened.credit]
    paid = (happened.kind == PAID) & ours
    taken_over = happened.second // DAY == credit.credits_.terms.ends[happened.credit]
    paid |= (happened.kind == PREPAID) & ours & ~taken_over
    out = credit.entries.category == CATEGORIES.index("loan_payment")
    assert credit.entries.cents[out].sum() == happened.amount[paid].sum()
    lent_ = ours & np.isin(happened.kind, (DISBURSED, DRAWN)) & (asked.family[happened.credit] != MORTGAGE)
    into = credit.entries.category == CATEGORIES.index("loan_disbursed")
    assert credit.entries.cents[into].sum() == happened.amount[lent_].sum()


def test_no_money_moves_before_joining_or_on_or_after_closing(made: Lent) -> None:
    entries = made.credit.entries
    person = made.acc.owner[entries.account]
    day = entries.second // DAY
    payment = entries.category == CATEGORIES.index("loan_payment")
    assert (day[payment] < made.leave.closed[person[payment]]).all()
    assert ((day >= made.who.joined[person]) & (entries.second < made.frame.days * DAY)).all()


def test_tables_hold_nothing_after_the_period_and_reports_nothing_after_they_are_drawn(made: Lent) -> None:
    tables = made.credit.tables(made.frame, made.who)
    end = np.datetime64("2023-01-01") + made.frame.days
    dated = {
        "loan_events": "happened_at", "applications": "applied_at", "loans": "valid_from",
        "digital": "happened_at", "links": "valid_from", "collateral": "valued_on",
    }  # fmt: skip
    for name, column in dated.items():
        assert (tables[name][column].to_numpy() < end).all(), name
    events = tables["bureau_events"]
    assert (events["happened_on"].to_numpy() < events["drawn_at"].to_numpy()).all()
    keys = {"loan_events": "event_no", "applications": "application", "bureau_events": "event_no",
            "digital": "event_no", "cards": "card"}  # fmt: skip
    for name, key in keys.items():
        numbers = tables[name][key].to_numpy()
        assert np.unique(numbers).size == numbers.size, name


def test_an_outcome_is_null_until_it_is_known(made: Lent) -> None:
    table = made.credit.tables(made.frame, made.who)["applications"].to_pylist()
    granted = {row["application"] for row in table if row["decision"] == "approved"}
    known = [row for row in table if row["bad"] is not None]
    assert known
    assert all(row["application"] in granted and row["bad_known_at"] is not None for row in known)
    for row in known:
        months = (row["bad_known_at"] - row["decided_at"]).days
        assert months <= 365
        assert row["bad"] or months >= 364


def test_loan_versions_begin_running_and_change_each_time(made: Lent) -> None:
    versions = made.credit.tables(made.frame, made.who)["loans"]
    loan, status = versions["loan"].to_numpy(), np.array(versions["status"].to_pylist())
    same = loan[1:] == loan[:-1]
    first = np.append(True, ~same)
    assert (status[first] == "running").all()
    assert (status[1:][same] != status[:-1][same]).all()
    assert {"running_in_debt", "finished", "written_off"} <= set(status)


def test_two_reports_on_one_person_tell_the_same_story(made: Lent) -> None:
    rows = made.credit.tables(made.frame, made.who)["bureau_events"].to_pylist()
    story: dict[int, dict[int, set[tuple[object, ...]]]] = {}
    for row in rows:
        item = (row["happened_on"], row["kind"], row["institution"], row["reason"], row["amount"])
        story.setdefault(row["customer"], {}).setdefault(row["report"], set()).add(item)
    twice = [list(reports.values()) for reports in story.values() if len(reports) > 1]
    assert twice
    for earlier, later in (pair[:2] for pair in twice):
        since = max(min(item[0] for item in earlier), min(item[0] for item in later))
        assert {item for item in earlier if item[0] > since} <= later


def test_a_longer_world_begins_like_a_shorter_one() -> None:
    short, long_ = lent(customers=300, months=18), lent(customers=300, months=30)
    events = [one.credit.tables(one.frame, one.who) for one in (short, long_)]
    end = np.datetime64("2023-01-01") + short.frame.days
    for name, column in (("loan_events", "happened_at"), ("applications", "applied_at")):
        before, after = (one[name] for one in events)
        after = after.filter(after[column].to_numpy() < end)
        drop = ["bad", "bad_known_at", "decision", "decided_at"] if name == "applications" else []
        assert before.drop_columns(drop).equals(after.drop_columns(drop))


def test_a_world_of_one_customer_and_one_month_has_its_tables() -> None:
    made = lent(customers=1, months=1)
    tables = made.credit.tables(made.frame, made.who)
    truth = made.credit.truth(made.frame, made.who, made.life, made.leave)
    assert {"loans", "loan_events", "applications", "bureau_events", "links", "digital"} <= set(tables)
    assert "label_application_default" in truth


def test_holdings_are_the_granted_credits(made: Lent) -> None:
    credit = made.credit
    granted = (credit.forms.decision == APPROVED) & (credit.credits_.begins < made.frame.days * DAY)
    assert credit.holdings.person.size == granted.sum()
    assert (credit.holdings.opened < credit.holdings.closed).all()


def test_the_truth_about_texts_tells_the_language_and_intent_of_each_written_purpose(made: Lent) -> None:
    texts = made.credit.truth(made.frame, made.who, made.life, made.leave)["texts"]
    asked = made.credit.tables(made.frame, made.who)["applications"]
    assert texts["key"].to_pylist() == asked["application"].to_pylist()
    assert set(texts["kind"].to_pylist()) == {"purpose"}
    assert texts["intent"].null_count == 0
    assert texts["topic"].null_count == texts["sentiment"].null_count == texts.num_rows
    for purpose, language in zip(asked["purpose"].to_pylist(), texts["language"].to_pylist(), strict=True):
        assert any("\u4e00" <= one <= "\u9fff" for one in purpose) or language == "en"
