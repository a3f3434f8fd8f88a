"""On the page of a person: all their sessions are ended at once; a mistyped branch or manager is refused."""

import re

import pytest
from guests import PASSWORD, text_of

from bankmine.governance import Role, Scope, people, sessions

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
PEOPLE = "/administration/people"


@pytest.fixture
def account(store):
    def now(name: str):
        with store.read() as connection:
            return people.named(connection, name)

    return now


def open_for(one) -> bool:
    return one.client.get("/account", follow_redirects=False).status_code == 200


def test_all_sessions_of_one_person_end_and_nobody_elses(signed_in, account, events, store):
    here, there = (signed_in(Role.operator, name="lost a laptop") for _ in range(2))
    other, chief = signed_in(Role.operator, name="lost nothing"), signed_in(Role.administrator)
    person = account("lost a laptop").person_id
    assert "2 sessions are open" in text_of(chief.get(f"{PEOPLE}/{person}").text)
    answer = chief.post(f"{PEOPLE}/{person}/sessions/end")
    page = text_of(chief.get(answer.headers["location"]).text)
    assert "All sessions of the person were ended" in page
    assert "No session is open" in page
    assert [open_for(one) for one in (here, there, other, chief)] == [False, False, True, True]
    event = events(act="sessions_ended", limit=1)[0]
    assert (event.object_id, event.details) == (person, {"sessions": 2, "why": "administrator"})
    with store.read() as connection:
        assert not sessions.listed(connection, store, person)


def test_an_auditor_sees_how_many_and_ends_none(signed_in, account):
    signed_in(Role.operator, name="looked at")
    auditor, path = signed_in(Role.auditor), f"{PEOPLE}/{account('looked at').person_id}"
    page = auditor.get(path).text
    assert "One session is open" in text_of(page)
    assert "sessions/end" not in page
    assert auditor.post(f"{path}/sessions/end").status_code == 403


def test_nobody_of_that_id_is_not_found(signed_in):
    assert signed_in(Role.administrator).post(f"{PEOPLE}/nobody/sessions/end").status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"branches": "NOPE"}, "no branch 'NOPE'"), ({"managers": "NOPE"}, "no manager 'NOPE'")],
)
def test_whom_the_bank_does_not_know_is_refused_with_the_nearest(signed_in, account, events, fields, said):
    chief = signed_in(Role.administrator)
    signed_in(Role.auditor, name="keeps a scope", scope=Scope(frozenset({"B01"}), None))
    person = account("keeps a scope").person_id
    added = {"name": "never added", "password": PASSWORD, "roles": ["operator"], **fields}
    for path, sent in ((PEOPLE, added), (f"{PEOPLE}/{person}/scope", {"branches": "", **fields})):
        answer = chief.post(path, sent)
        assert answer.status_code == 400
        told = text_of(answer.text.split('role="alert"')[1].split("</p>")[0])
        assert said in told
        assert re.search(r"Nearest are \w+, \w+", told)
    assert account("keeps a scope").scope == Scope(frozenset({"B01"}), None)
    assert "never added" not in chief.get(PEOPLE).text.split("<tbody>")[1]
    assert not events(act="scope_changed", object_id=person, limit=1)


def test_in_chinese_it_is_said_in_chinese(signed_in):
    chief = signed_in(Role.administrator, name="读中文", language="zh")
    answer = chief.post(PEOPLE, {"name": "x", "password": PASSWORD, "roles": ["operator"], "branches": "NO"})
    told = text_of(answer.text.split('role="alert"')[1].split("</p>")[0])
    assert "本行无网点" in told
    assert "相近者" in told


def test_whoever_sees_a_part_is_told_why_there_is_no_start(signed_in):
    part = signed_in(Role.data_miner, name="mines a part", scope=Scope(frozenset({"B01"}), None))
    page = part.get("/tasks").text
    assert "starts none" in text_of(page)
    assert 'name="budget"' not in page
    refused = part.post("/tasks", {"task": "churn", "budget": "quick"})
    assert refused.status_code == 403
    assert "a run is of the whole bank" in text_of(refused.text)
    assert 'name="budget"' in signed_in(Role.data_miner, name="mines it all").get("/tasks").text
