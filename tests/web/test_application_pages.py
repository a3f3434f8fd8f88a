"""Credit applications: queue, what-if that keeps nothing, decisions with reasons, overrides, undo."""

import re

import pytest
from guests import text_of
from sqlalchemy import func, select
from test_acts import undo

from bankmine.governance import Role, Scope
from bankmine.store.tables.audit import audit_event
from bankmine.store.tables.rulings import ruling

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]


@pytest.fixture
def officer(signed_in):
    return signed_in(Role.risk_officer, name="officer of credit")


@pytest.fixture
def application(officer) -> str:
    return re.findall(r'href="/applications/([0-9a-f]{16})', officer.get("/applications").text)[0]


def rows(store, table) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def policy_of(page: str) -> str:
    return re.search(r'id="policy".*?<strong>(.*?)</strong>', page, re.S)[1]


def test_the_queue_lists_scores_filters_and_leads_to_one(officer, application):
    page = officer.get("/applications")
    assert page.status_code == 200
    assert "/exports/application_score/applications" in page.text
    one = text_of(officer.get(f"/applications/{application}").text)
    assert "chance of going bad" in one
    assert "The policy says" in one
    chances = re.findall(r"chance of going bad ([\d.]+%)", one)
    assert len(set(chances[:2])) == 1  # as stated, the policy decides on the run's own chance


def test_a_what_if_changes_the_answer_and_keeps_nothing(officer, application, store):
    here = f"/applications/{application}"
    officer.get(here)
    before = rows(store, audit_event), rows(store, ruling)
    answer = officer.post(f"{here}/what-if", {"amount_minor": "9000000", "term_months": "12"})
    assert answer.status_code == 200
    then = text_of(answer.text.split('id="then"')[1].split("</section>")[0])
    assert "chance of going bad" in then
    assert (rows(store, audit_event), rows(store, ruling)) == before


def test_a_decision_is_kept_recorded_counted_and_taken_back(officer, application, events):
    here = f"/applications/{application}"
    answer = officer.post(
        f"{here}/rule", {"outcome": "ask_for_more", "reason": "documents_missing", "note": "pay slips"}
    )
    assert answer.status_code == 303
    assert "pay slips" in officer.get("/applications/decided").text
    event = events(act="application_ruled", limit=1)[0]
    assert event.object_id == application
    assert "pay slips" not in str(event.details)
    undo(officer, answer)
    assert "pay slips" not in officer.get("/applications/decided").text
    assert events(act="ruling_taken_back", limit=1)[0].object_id == application


def test_a_decided_application_leaves_the_queue(officer, application):
    assert application in officer.get("/applications").text
    answer = officer.post(
        f"/applications/{application}/rule", {"outcome": "ask_for_more", "reason": "another", "note": ""}
    )
    assert application not in officer.get("/applications").text
    assert application in officer.get("/applications?here=decided").text
    assert application in officer.get("/applications?here=any").text
    undo(officer, answer)
    assert application in officer.get("/applications").text


def test_points_lost_are_said_in_sentences(officer):
    found = re.findall(r'href="(/applications/[0-9a-f]{16})', officer.get("/applications").text)
    page = text_of(officer.get(found[0]).text)
    assert re.search(r"Points lost most .* \d+ points lost", page)
    assert "−" not in page.partition("Points lost most")[2].partition("The policy says")[0]


def test_against_the_policy_needs_a_note_and_is_marked(officer):
    found = re.findall(r'href="(/applications/[0-9a-f]{16})', officer.get("/applications").text)
    clear = ((one, policy_of(officer.get(one).text)) for one in found)  # nothing is against a referral
    here, says = next((one, says) for one, says in clear if says in {"approve", "decline"})
    other = "decline" if says == "approve" else "approve"
    bare = {"outcome": other, "reason": "known_for_long"}
    assert officer.post(f"{here}/rule", bare).status_code == 400
    answer = officer.post(f"{here}/rule", {**bare, "note": "Known for thirty years, never late."})
    assert "against the policy" in text_of(officer.get(here).text)
    assert "Against the policy: 100%" in text_of(officer.get("/applications/decided").text)
    undo(officer, answer)


@pytest.mark.parametrize(
    "wrong", [{"outcome": "maybe", "reason": "another"}, {"outcome": "approve", "reason": "mood"}]
)
def test_what_is_no_decision_is_refused(officer, application, wrong):
    assert officer.post(f"/applications/{application}/rule", wrong).status_code == 400


def test_only_who_decided_takes_it_back(officer, application, signed_in):
    answer = officer.post(
        f"/applications/{application}/rule", {"outcome": "ask_for_more", "reason": "another", "note": ""}
    )
    number = re.search(r"of=(\w+)", answer.headers["location"])[1]
    other = signed_in(Role.risk_officer, name="another officer")
    assert other.post(f"/rulings/{number}/take-back").status_code == 404
    undo(officer, answer)


def test_an_application_of_another_branch_is_unknown(officer, application, signed_in):
    far = signed_in(Role.risk_officer, name="far officer", scope=Scope(frozenset({"none"}), None))
    assert not re.findall(r'href="/applications/[0-9a-f]{16}', far.get("/applications").text)
    assert far.get(f"/applications/{application}").status_code == 404
    assert far.post(f"/applications/{application}/rule", {"outcome": "approve"}).status_code == 404


def test_who_reads_credit_may_ask_what_if_and_decides_nothing(signed_in, application):
    miner = signed_in(Role.data_miner)
    assert miner.post(f"/applications/{application}/what-if", {"term_months": "12"}).status_code == 200
    assert miner.post(f"/applications/{application}/rule", {"outcome": "approve"}).status_code == 403
