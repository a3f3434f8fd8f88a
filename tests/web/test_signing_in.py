"""Signing in and out in a browser: one answer to every failure, safe cookies, no open redirect."""

import pytest
from guests import OWN, PASSWORD, text_of

from bankmine.governance import Role

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]


def test_whoever_is_not_signed_in_is_led_to_the_form_and_back(guest, signed_in):
    signed_in(Role.auditor, name="way back")
    one = guest()
    answer = one.client.get("/models?asof=2025-01-01", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fmodels%3Fasof%3D2025-01-01"
    answer = one.sign_in("way back", next="/models?asof=2025-01-01")
    assert answer.headers["location"] == "/models?asof=2025-01-01"


def test_the_session_cookie_is_secure(signed_in, guest):
    signed_in(Role.auditor, name="cookie")
    said = guest().sign_in("cookie").headers["set-cookie"].lower()
    assert said.startswith("__host-bankmine-session=")
    assert "secure" in said
    assert "httponly" in said
    assert "samesite=lax" in said


@pytest.mark.parametrize(
    "foreign", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(signed_in, guest, foreign):
    signed_in(Role.auditor, name="stays here")
    assert guest().sign_in("stays here", next=foreign).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(signed_in, guest):
    signed_in(Role.auditor, name="known here")
    wrong, unknown = (
        guest().sign_in("known here", "not the password"),
        guest().sign_in("nobody at all", PASSWORD),
    )
    assert wrong.status_code == unknown.status_code == 401
    alert = 'role="alert"'
    assert wrong.text.split(alert)[1].split("</p>")[0] == unknown.text.split(alert)[1].split("</p>")[0]


def test_a_form_without_its_token_or_with_another_visitors_is_refused(guest, signed_in):
    signed_in(Role.auditor, name="token test")
    one, other = guest(), guest()
    fields = {"name": "token test", "password": PASSWORD}
    assert one.post("/sign-in", fields, token="").status_code == 403
    assert one.post("/sign-in", fields, token=other.token()).status_code == 403


def test_a_form_from_another_site_is_refused_before_anything_is_read(signed_in):
    chief = signed_in(Role.auditor, name="reads chinese")
    fields = {"csrf": chief.token("/account"), "language": "zh"}
    for headers in ({}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert chief.client.post("/preferences/language", data=fields, headers=headers).status_code == 403
    assert chief.client.post("/preferences/language", data=fields, headers=OWN).status_code == 200


def test_after_signing_out_the_token_is_worth_nothing(signed_in):
    one = signed_in(Role.auditor, name="goes")
    kept = dict(one.client.cookies)
    one.post("/sign-out")
    one.client.cookies.update(kept)
    assert one.client.get("/", follow_redirects=False).headers["location"].startswith("/sign-in")


def test_each_sign_in_has_a_token_of_its_own(signed_in, guest):
    signed_in(Role.auditor, name="twice")
    one = guest()
    one.sign_in("twice")
    first = one.client.cookies["__Host-bankmine-session"]
    one.sign_in("twice")
    assert one.client.cookies["__Host-bankmine-session"] != first


def test_under_another_host_name_nothing_is_answered(guest):
    assert guest().get("/sign-in", host="evil.example").status_code == 400


def test_the_sign_in_page_speaks_the_browsers_language(guest):
    assert "登录" in text_of(guest().get("/sign-in", **{"accept-language": "zh-CN,zh;q=0.9"}).text)
    assert "Sign in" in text_of(guest().get("/sign-in", **{"accept-language": "de,en"}).text)
