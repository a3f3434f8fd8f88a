"""Signing in through an issuer, on the real pages: whatever is wrong is a 4xx and recorded, never a fault."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from bankmine.governance import Role, oidc, people
from bankmine.governance.issuer import SECRET_FILE
from issuers import FOREIGN, answering

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]


@pytest.fixture
def issuer(app, store, monkeypatch):
    """An issuer that the bank's settings name, and Bea's account linked to its subject."""
    with answering() as one:
        site = app.state.site
        monkeypatch.setattr(site.bank, "config", replace(site.bank.config, oidc=one.settings))
        with store.begin() as connection:
            if "bea" not in {person.name for person in people.listed(connection)}:
                people.add(connection, None, name="bea", roles=[Role.operator])
            oidc.link(connection, None, people.named(connection, "bea").person_id, one.address, "s-1")
        (store.keys / SECRET_FILE).write_text("shared\n")
        yield one


def begin(one, issuer, wanted: str = "/customers"):
    """Off to the issuer, which remembers what the browser was sent with."""
    answer = one.client.get("/sign-in/elsewhere", params={"next": wanted}, follow_redirects=False)
    assert answer.status_code == 303
    issuer.asked = {
        name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()
    }
    return answer


def back(one, issuer, **query):
    """And back, with a good code and the right state unless said otherwise."""
    usual = {"code": "good", "state": issuer.asked["state"]}
    return one.client.get("/sign-in/back", params={**usual, **query}, follow_redirects=False)


def test_without_an_issuer_there_is_no_button_and_no_way(guest):
    assert "/sign-in/elsewhere" not in guest().get("/sign-in").text
    assert guest().get("/sign-in/elsewhere").status_code == 404
    assert guest().get("/sign-in/back").status_code == 404


def test_a_linked_person_signs_in_and_arrives_where_they_wanted_to_go(guest, issuer, events):
    one = guest()
    assert "/sign-in/elsewhere" in one.get("/sign-in").text
    sent = begin(one, issuer)
    note = sent.headers["set-cookie"]
    assert note.startswith("__Host-bankmine-issuer=")
    assert "HttpOnly" in note
    answer = back(one, issuer)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/customers"
    assert one.get("/customers").url.path == "/customers"
    assert events(act="signed_in", limit=1)[0].details["how"] == "oidc"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"aud": "somebody else"}, "audience"),
        ({"nonce": "another"}, "nonce"),
        ({"exp": 1}, "expiry"),
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"sub": "nobody linked"}, "not_linked"),
    ],
)
def test_a_claim_that_does_not_fit_signs_nobody_in(guest, issuer, events, change, why):
    issuer.change = lambda claims: claims.update(change)
    one = guest()
    begin(one, issuer)
    assert back(one, issuer).status_code == 401
    assert events(act="sign_in_refused", limit=1)[0].details["why"] == why
    assert one.client.get("/customers", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "RS256", "kid": "1"}])
def test_another_algorithm_or_key_signs_nobody_in(guest, issuer, events, header):
    def forged(claims):
        if header["alg"] == "none":
            return "eyJhbGciOiJub25lIn0.e30."
        from joserfc.jwk import OctKey

        key = OctKey.import_key("x" * 32) if header["alg"] == "HS256" else FOREIGN
        return jwt.encode(header, claims, key)

    issuer.sign = forged
    one = guest()
    begin(one, issuer)
    assert back(one, issuer).status_code == 401
    assert events(act="sign_in_refused", limit=1)[0].details["why"] == "signature"


def test_a_wrong_state_another_browser_and_a_second_time_are_refused(guest, issuer):
    one, other = guest(), guest()
    begin(one, issuer)
    assert back(one, issuer, state="another").status_code == 401
    begin(one, issuer)
    assert back(other, issuer).status_code == 401
    assert back(one, issuer).status_code == 303
    assert back(one, issuer).status_code == 401  # the note was used up


@pytest.mark.parametrize("query", [{}, {"error": "access_denied"}, {"code": "bad"}, {"state": ""}])
def test_odd_ways_back_are_refused(guest, issuer, query):
    one = guest()
    begin(one, issuer)
    if not query:
        assert one.client.get("/sign-in/back").status_code == 401
    else:
        assert back(one, issuer, **query).status_code == 401


def test_an_issuer_that_does_not_answer_is_said_and_no_fault(guest, issuer, app, monkeypatch):
    site = app.state.site
    gone = replace(issuer.settings, issuer="http://127.0.0.1:1")
    monkeypatch.setattr(site.bank, "config", replace(site.bank.config, oidc=gone))
    answer = guest().get("/sign-in/elsewhere")
    assert answer.status_code == 401
    assert "does not answer" in answer.text


def test_the_way_back_leads_to_our_own_pages_alone(guest, issuer):
    one = guest()
    begin(one, issuer, wanted="https://elsewhere.example/")
    assert back(one, issuer).headers["location"] == "/"
