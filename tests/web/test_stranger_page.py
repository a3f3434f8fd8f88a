"""The stranger's form answers anew with each field and writes nothing; a lead can be kept and taken back."""

import re

import pytest
from guests import text_of
from sqlalchemy import func, select
from test_acts import undo

from bankmine.governance import Role, Scope
from bankmine.store.tables.audit import audit_event
from bankmine.store.tables.leads import lead

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
FORM = "/offers/stranger"


@pytest.fixture
def seller(signed_in):
    return signed_in(Role.operator, name="seller")


def rows(store, table) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def answer(html: str) -> str:
    return text_of(html.split('id="answer"')[1].split("</section>")[0])


def test_the_empty_form_is_answered_and_says_what_to_ask(seller):
    said = answer(seller.get(FORM).text)
    assert "Ask next" in said
    assert "%" in said


def test_each_field_changes_the_answer_and_nothing_is_written(seller, store):
    events = rows(store, audit_event)
    empty = answer(seller.get(FORM).text)
    told = seller.post(FORM, {"task": "acquisition", "field_age": "46", "field_income_band": "8000-15000"})
    assert told.status_code == 200
    assert answer(told.text) != empty
    assert "8000-15000" in answer(told.text)
    assert rows(store, audit_event) == events
    assert rows(store, lead) == 0


def test_what_cannot_stand_in_a_field_comes_back_in_one_line(seller):
    told = seller.post(FORM, {"task": "cross_sell", "field_age": "250"})
    assert told.status_code == 200
    assert "cannot stand in the field age" in answer(told.text)


def test_what_came_of_the_talk_is_kept_recorded_and_taken_back(seller, store, events):
    kept = seller.post(f"{FORM}/leads", {"task": "cross_sell", "field_age": "34", "outcome": "interested"})
    assert kept.status_code == 303
    page = seller.get(FORM).text
    assert "interested" in text_of(page.split('id="leads-title"')[1])
    recorded = events(act="lead_recorded", limit=1)[0]
    assert "34" not in str(recorded.details)
    undo(seller, kept)
    assert events(act="lead_withdrawn", limit=1)[0].object_id == recorded.object_id
    assert 'id="leads-title"' not in seller.get(FORM).text


def test_a_lead_is_seen_by_whoever_kept_it_and_by_who_sees_the_bank(signed_in, seller):
    scope = Scope(frozenset({"B01"}), None)
    one, other = (signed_in(Role.operator, name=f"seller {n}", scope=scope) for n in (1, 2))
    kept = one.post(f"{FORM}/leads", {"task": "cross_sell", "outcome": "later"})
    number = re.search(r"of=(\w+)", kept.headers["location"])[1]
    assert "leads-title" in one.get(FORM).text
    assert "leads-title" not in other.get(FORM).text
    assert other.post(f"{FORM}/leads/{number}/withdraw").status_code == 404
    assert seller.post(f"{FORM}/leads/{number}/withdraw").status_code == 303


def test_an_outcome_that_is_none_is_refused(seller, store):
    assert seller.post(f"{FORM}/leads", {"task": "cross_sell", "outcome": "bought"}).status_code == 400


def test_a_miner_may_try_the_form_and_keep_nothing(signed_in):
    miner = signed_in(Role.data_miner)
    assert 'id="keep"' not in miner.get(FORM).text
    assert miner.post(f"{FORM}/leads", {"outcome": "later"}).status_code == 403
