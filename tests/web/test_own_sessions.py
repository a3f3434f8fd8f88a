"""One's own sessions: seen on the account page; all others are ended from there, nobody else's."""

import pytest
from guests import text_of

from bankmine.governance import Role

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]


def open_for(one) -> bool:
    return one.client.get("/account", follow_redirects=False).status_code == 200


def test_all_others_of_ones_own_end_and_the_audit_says_how_many(signed_in, events):
    here, there = (signed_in(Role.operator, name="of two devices") for _ in range(2))
    stranger = signed_in(Role.operator, name="of one device")
    assert "End all others" in text_of(here.get("/account").text)
    answer = here.post("/account/sessions/end")
    assert answer.status_code == 303
    assert "other sessions were ended" in text_of(here.get(answer.headers["location"]).text)
    assert not open_for(there)
    assert open_for(here)
    assert open_for(stranger)
    event = events(act="sessions_ended", limit=1)[0]
    assert event.details == {"sessions": 1, "why": "own"}
    assert "End all others" not in text_of(here.get("/account").text)


def test_with_no_other_session_nothing_is_recorded(signed_in, events):
    one = signed_in(Role.auditor, name="of a single session")
    before = len(events(act="sessions_ended", limit=100))
    assert one.post("/account/sessions/end").status_code == 303
    assert len(events(act="sessions_ended", limit=100)) == before


def test_the_key_of_a_second_factor_has_a_picture_without_style(signed_in):
    page = signed_in(Role.auditor, name="of a picture").get("/account").text
    assert '<svg width="' in page
    assert "style=" not in page
