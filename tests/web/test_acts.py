"""What people do on the pages changes state, ends in the audit, and can be undone."""

import re
from collections import OrderedDict

import pytest
from guests import PASSWORD, Guest, some_customer, text_of

from bankmine.governance import Role, Scope, people

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
PEOPLE = "/administration/people"


def undo(guest: Guest, answer):
    """Follows the redirect after an act and sends the undo that the page offers."""
    page = guest.get(answer.headers["location"]).text
    form = re.search(r'<div class="done".*?<form method="post" action="([^"]+)">(.*?)</form>', page, re.S)
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[2]):
        fields.setdefault(name, []).append(value)
    token = fields.pop("csrf")[0]
    return guest.post(form[1], fields, token=token)


@pytest.fixture
def account(store):
    def now(name: str):
        with store.read() as connection:
            return people.named(connection, name)

    return now


def test_a_person_is_added_signs_in_and_the_undo_disables(chief, guest, account, events):
    fields = {"name": "added here", "password": PASSWORD, "roles": ["operator"], "branches": "B01, B02"}
    answer = chief.post(PEOPLE, fields)
    assert account("added here").scope == Scope(frozenset({"B01", "B02"}), None)
    assert events(act="person_added", limit=1)[0].object_id == account("added here").person_id
    assert guest().sign_in("added here").status_code == 303
    undo(chief, answer)
    assert account("added here").disabled
    assert guest().sign_in("added here").status_code == 401


def test_a_password_given_by_somebody_else_leads_to_ones_own_first(chief, guest, account):
    chief.post(PEOPLE, {"name": "new here", "password": PASSWORD, "roles": ["operator"]})
    newcomer = guest()
    newcomer.sign_in("new here")
    assert newcomer.client.get("/customers", follow_redirects=False).headers["location"] == "/account"
    part = newcomer.client.get("/customers", headers={"hx-request": "true"}, follow_redirects=False)
    assert part.headers["hx-redirect"] == "/account"
    assert "set one of your own" in newcomer.get("/account").text
    own = "nine loud amber kettles"
    newcomer.post("/account/password", {"old": PASSWORD, "password": own})
    newcomer.sign_in("new here", own)
    assert newcomer.get("/customers").url.path == "/customers"


def test_who_asks_faster_than_anybody_reads_is_told_to_wait(guest, app, monkeypatch):
    monkeypatch.setattr(app.state.site.pace, "burst", 3.0)
    monkeypatch.setattr(app.state.site.pace, "per_second", 0.001)
    monkeypatch.setattr(app.state.site.pace, "_left", OrderedDict())
    one = guest()
    assert [one.get("/sign-in").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_signing_out_clears_what_the_browser_kept(signed_in):
    answer = signed_in(Role.auditor, name="to leave").post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache"'


def test_disabling_ends_sessions_and_can_be_undone(chief, signed_in, account, events):
    one = signed_in(Role.auditor, name="to disable")
    person = account("to disable").person_id
    answer = chief.post(f"{PEOPLE}/{person}/disable")
    assert one.client.get("/", follow_redirects=False).headers["location"].startswith("/sign-in")
    assert [event.act for event in events(object_id=person, limit=2)] == ["sessions_ended", "person_disabled"]
    undo(chief, answer)
    assert not account("to disable").disabled


def test_changed_roles_and_scope_are_undone_to_what_they_were(chief, signed_in, account):
    signed_in(Role.operator, Role.auditor, name="to change", scope=Scope(frozenset({"B03"}), None))
    person = account("to change").person_id
    roles = chief.post(f"{PEOPLE}/{person}/roles", {"roles": ["data_miner"]})
    assert account("to change").roles == (Role.data_miner,)
    undo(chief, roles)
    assert set(account("to change").roles) == {Role.operator, Role.auditor}
    scope = chief.post(f"{PEOPLE}/{person}/scope", {"branches": "", "managers": "M001"})
    assert account("to change").scope == Scope(None, frozenset({"M001"}))
    undo(chief, scope)
    assert account("to change").scope == Scope(frozenset({"B03"}), None)


def test_an_address_made_elsewhere_cannot_offer_an_undo(chief, signed_in, account):
    signed_in(Role.auditor, name="not undone")
    person = account("not undone").person_id
    page = chief.get(f"{PEOPLE}/{person}?done=person-enabled&of={person}&seal={'0' * 32}").text
    assert 'class="done"' not in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "weak", "password": "short", "roles": ["operator"]}, "password"),
        ({"name": "no role", "password": PASSWORD}, "no role"),
        ({"name": "chief", "password": PASSWORD, "roles": ["operator"]}, "taken"),
        ({"name": "x", "password": PASSWORD, "roles": ["king"]}, "no role &#39;king&#39;"),
        ({"name": "y", "password": PASSWORD, "roles": ["operator"], "branches": "B01 ' OR 1"}, "no number"),
    ],
)
def test_what_does_not_fit_comes_back_with_what_to_do(chief, fields, said):
    answer = chief.post(PEOPLE, fields)
    assert answer.status_code == 400
    alert = answer.text.split('role="alert"')[1].split("</p>")[0]
    assert said in alert
    assert PASSWORD not in answer.text


def test_a_session_is_ended(chief, signed_in, store):
    from bankmine.governance import sessions

    one = signed_in(Role.auditor, name="session to end")
    with store.read() as connection:
        found = next(s for s in sessions.listed(connection, store) if s.name == "session to end")
    chief.post(f"/administration/sessions/{found.session_id}/end")
    assert one.client.get("/", follow_redirects=False).status_code == 303


def test_the_audit_is_read_and_verified(chief, events):
    page = chief.post("/administration/audit/verify").text
    assert "The chain is whole" in text_of(page)
    assert events(act="audit:verify", limit=1)[0].details["faults"] == 0


def test_looking_at_a_customer_is_recorded(chief, events):
    customer = next(some_customer(chief))
    assert chief.get(f"/customers/{customer}").status_code == 200
    newest = events(act="customer:look", limit=1)[0]
    assert newest.object_id == customer


def test_a_personal_value_is_shown_for_a_reason_that_the_audit_keeps(chief, events):
    customer = next(some_customer(chief))
    page = chief.get(f"/customers/{customer}").text
    assert "•••" in page
    asked = {"column": "name", "reason": "complaint"}
    shown = chief.post(f"/customers/{customer}/unmask", asked).text
    value = text_of(re.search(r'<dd class="shown"[^>]*>(.*?)</dd>', shown)[1]).strip()
    assert value
    assert value != "•••"
    newest = events(act="customer:unmask", limit=1)[0]
    assert (newest.object_id, newest.details) == (customer, asked)
    assert value not in str(newest)


def test_without_a_reason_nothing_is_unmasked(chief):
    customer = next(some_customer(chief))
    answer = chief.post(f"/customers/{customer}/unmask", {"column": "name", "reason": "curious"})
    assert answer.status_code == 400


def test_an_export_holds_all_rows_and_is_recorded(chief, events):
    lines = chief.get("/exports/segmentation/members").text.splitlines()
    newest = events(act="list_exported", limit=1)[0]
    assert newest.object_id == "segmentation/members"
    assert newest.details["rows"] == len(lines) - 1 > 100


def test_a_job_is_started_seen_and_cancelled(chief, events, monkeypatch):
    from bankmine.work import jobs

    monkeypatch.setattr(jobs, "tend", lambda store, bank: [])
    answer = chief.post("/tasks", {"task": "inactivity", "budget": "quick"})
    assert events(act="job_started", limit=1)[0].details["task"] == "inactivity"
    assert "waits" in text_of(chief.get("/tasks").text)
    undo(chief, answer)
    assert events(act="job_cancelled", limit=1)


def test_the_own_password_needs_the_old_one(signed_in, guest):
    one, new = signed_in(Role.auditor, name="new password"), "six small brown owls"
    assert one.post("/account/password", {"old": "wrong", "password": new}).status_code == 400
    assert one.post("/account/password", {"old": PASSWORD, "password": new}).status_code == 303
    assert guest().sign_in("new password", new).status_code == 303


def test_a_second_factor_is_turned_on_and_then_asked_for(signed_in, guest):
    import pyotp

    one = signed_in(Role.auditor, name="two factors")
    secret = re.search(r'name="secret" value="(\w+)"', one.get("/account").text)[1]
    fitting = {"secret": secret, "code": pyotp.TOTP(secret).now()}
    right = {**fitting, "old": PASSWORD}
    assert one.post("/account/second-factor", {**right, "code": "000000"}).status_code == 400
    assert one.post("/account/second-factor", fitting).status_code == 400
    assert one.post("/account/second-factor", right).status_code == 303
    assert guest().sign_in("two factors").status_code == 401


def test_recovery_codes_are_shown_once_and_open_one_sign_in_each(signed_in, guest, monkeypatch):
    import pyotp

    from bankmine.governance import second_factor

    one = signed_in(Role.auditor, name="loses phones")
    secret = re.search(r'name="secret" value="(\w+)"', one.get("/account").text)[1]
    one.post("/account/second-factor", {"secret": secret, "code": pyotp.TOTP(secret).now(), "old": PASSWORD})
    later = second_factor.now_us() + 60_000_000
    monkeypatch.setattr(second_factor, "now_us", lambda: later)
    assert one.post("/account/recovery", {"old": PASSWORD}).status_code == 400
    shown = one.post(
        "/account/recovery", {"old": PASSWORD, "present_code": pyotp.TOTP(secret).at(later // 1_000_000)}
    ).text
    codes = re.findall(r">((?:[a-z2-7]{4}-){3}[a-z2-7]{4})<", shown)
    assert len(codes) == 10
    assert not [code for code in codes if code in one.get("/account").text]
    assert guest().sign_in("loses phones", code=codes[0]).status_code == 303
    assert guest().sign_in("loses phones", code=codes[0]).status_code == 401
