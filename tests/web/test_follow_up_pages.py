"""Lists are worked: a step is noted, recorded, taken back; nobody is contacted who may not be."""

import re

import pytest
from guests import text_of
from test_acts import undo

from bankmine.governance import Role, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
DESKS = [
    ("/churn", Role.operator, "no_action"),
    ("/offers", Role.operator, "declined"),
    ("/warnings", Role.risk_officer, "watched"),
    ("/fraud", Role.fraud_analyst, "cleared"),
    ("/fraud/rings", Role.fraud_analyst, "confirmed"),
]


def rows(page: str) -> list[str]:
    return re.findall(r'name="row" value="([^"]+)"', page)


@pytest.mark.parametrize(("path", "role", "state"), DESKS)
def test_a_step_is_noted_recorded_and_taken_back(signed_in, events, path, role, state):
    one = signed_in(role, name=f"works {path}")
    first = rows(one.get(path).text)
    assert first
    form = {"row": first[0], "state": state, "due": "2020-01-01", "note": "spoke at noon"}
    answer = one.post(f"{path}/steps", form)
    assert "spoke at noon" in text_of(one.get(path).text)
    event = events(act="contact_noted", limit=1)[0]
    assert (event.object_id, event.details["state"]) == (first[0], state)
    assert first[0] not in rows(one.client.get(path, params={"show": "untouched"}).text)
    undo(one, answer)
    assert "spoke at noon" not in text_of(one.get(path).text)
    assert events(act="contact_taken_back", limit=1)[0].object_id == first[0]


def test_who_gave_no_consent_is_not_contacted_and_the_page_says_why(signed_in):
    one = signed_in(Role.operator, name="asks consent")
    page = one.client.get("/churn", params={"grade": "service only"}).text
    barred = rows(page)
    assert barred
    answer = one.post("/churn/steps", {"row": barred[0], "state": "reached"})
    assert answer.status_code == 400
    assert "may not be contacted" in text_of(answer.text)


def test_rows_of_another_branch_cannot_be_worked(signed_in):
    every = rows(signed_in(Role.risk_officer, name="sees all").get("/warnings").text)
    one = signed_in(Role.risk_officer, name="sees none", scope=Scope(frozenset({"nowhere"}), None))
    assert not rows(one.get("/warnings").text)
    assert one.post("/warnings/steps", {"row": every[0], "state": "cured"}).status_code == 404


def test_whoever_only_reads_notes_no_step(signed_in):
    miner = signed_in(Role.data_miner)
    assert not rows(miner.get("/churn").text)
    assert miner.post("/churn/steps", {"row": "a", "state": "reached"}).status_code == 403


def test_a_state_of_another_list_is_refused(signed_in):
    one = signed_in(Role.risk_officer, name="wrong state")
    first = rows(one.get("/warnings").text)[0]
    assert one.post("/warnings/steps", {"row": first, "state": "accepted"}).status_code == 400


def test_steps_before_stay_to_be_read_and_stand_again_after_an_undo(signed_in):
    one = signed_in(Role.risk_officer, name="takes two steps")
    last = rows(one.get("/warnings").text)[-1]
    one.post("/warnings/steps", {"row": last, "state": "step_taken", "note": "called at nine"})
    answer = one.post("/warnings/steps", {"row": last, "state": "cured", "note": "paid at ten"})
    page = one.get("/warnings").text
    said = text_of(page)
    assert "Steps before" in said
    assert said.index("paid at ten") < said.index("called at nine")
    undo(one, answer)
    said = text_of(one.get("/warnings").text)
    assert "paid at ten" not in said
    assert "called at nine" in said


def test_a_filter_shows_own_open_rows_and_overdue_ones_alone(signed_in):
    one = signed_in(Role.fraud_analyst, name="filters own")
    first = rows(one.get("/fraud").text)[1]
    one.post("/fraud/steps", {"row": first, "state": "opened", "due": "2020-01-01"})
    for show in ("mine", "overdue"):
        assert rows(one.client.get("/fraud", params={"show": show}).text) == [first]
