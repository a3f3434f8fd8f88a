"""The scorecard's page shows every bin with points and bad rate; proposals are kept and taken back."""

import re

import pytest
from guests import text_of
from test_acts import undo

from bankmine.governance import Role, Scope
from bankmine.web.pages.scorecards import information_value

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]


@pytest.fixture
def officer(signed_in):
    return signed_in(Role.risk_officer, name="of the card")


def test_every_bin_has_its_points_and_the_strongest_column_comes_first(officer):
    page = officer.get("/scorecards").text
    values = [float(one) for one in re.findall(r"information value ([\d.]+)", text_of(page))]
    assert len(values) >= 3
    assert values == sorted(values, reverse=True)
    assert len(re.findall(r'name="bin" value="', page)) >= 2 * len(values)


def test_the_information_value_is_that_of_the_textbook():
    bins = [{"applications": 100, "bad_rate": 0.1}, {"applications": 100, "bad_rate": 0.4}]
    # good 90 and 60 of 150, bad 10 and 40 of 50
    assert information_value(bins) == pytest.approx((0.6 - 0.2) * 1.0986 + (0.4 - 0.8) * -0.6931, abs=1e-3)
    assert information_value([{"applications": 10, "bad_rate": 0.0}]) == 0


def test_a_proposal_is_kept_recorded_and_taken_back(officer, events):
    first = re.search(r'name="bin" value="([^"]+)"', officer.get("/scorecards").text)[1]
    answer = officer.post("/scorecards/marks", {"bin": first, "word": "merge_with_next", "note": "too few"})
    assert "too few" in officer.get("/scorecards").text
    event = events(act="mark_put", limit=1)[0]
    assert event.object_kind == "bin"
    undo(officer, answer)
    assert "too few" not in officer.get("/scorecards").text


def test_whoever_sees_a_part_reads_no_card_of_the_whole_bank(officer, signed_in):
    far = signed_in(Role.risk_officer, name="far card", scope=Scope(frozenset({"B01"}), None))
    page = far.get("/scorecards").text
    assert 'name="bin"' not in page
    assert "whole bank" in text_of(page)
