"""The rules explorer lists, filters and draws a run's rules; a mark stays with its rule until taken back."""

import re

import pytest
from guests import text_of
from test_acts import undo

from bankmine.governance import Role, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
HERE = "/offers/rules"


@pytest.fixture
def seller(signed_in):
    return signed_in(Role.operator, name="reader of rules")


def rules(page: str) -> list[str]:
    return re.findall(r'name="rule" value="([^"]+)"', page)


def test_rules_are_listed_with_picture_table_and_download(seller):
    page = seller.get(HERE).text
    assert len(rules(page)) > 5
    assert 'href="/exports/cross_sell/rules' in page
    assert "file=" in page  # the picture's own rows


def test_a_filter_leaves_only_its_rules(seller):
    side = rules(seller.get(HERE).text)[0].split(" → ")[0]
    found = rules(seller.client.get(HERE, params={"owners_of": side}).text)
    assert found
    assert {one.split(" → ")[0] for one in found} == {side}


def test_a_mark_is_put_recorded_and_taken_back(seller, events):
    first = rules(seller.get(HERE).text)[0]
    answer = seller.post(f"{HERE}/marks", {"rule": first, "word": "misleading", "note": "wages, not wishes"})
    page = seller.get(HERE).text
    assert "wages, not wishes" in text_of(page)
    assert first not in rules(page)
    event = events(act="mark_put", limit=1)[0]
    assert event.details == {"word": "misleading"}
    undo(seller, answer)
    assert first in rules(seller.get(HERE).text)
    assert events(act="mark_taken_back", limit=1)[0].object_id == event.object_id


def test_a_word_that_is_none_is_refused(seller):
    assert seller.post(f"{HERE}/marks", {"rule": "A → B", "word": "lovely"}).status_code == 400


def test_whoever_sees_a_part_reads_no_rule_of_the_whole_bank(signed_in):
    one = signed_in(Role.operator, name="rules of a part", scope=Scope(frozenset({"B01"}), None))
    page = one.get(HERE).text
    assert not rules(page)
    assert "whole bank" in text_of(page)


def test_a_miner_reads_rules_and_marks_none(signed_in):
    miner = signed_in(Role.data_miner)
    assert not rules(miner.get(HERE).text)
    assert miner.post(f"{HERE}/marks", {"rule": "A → B", "word": "watch"}).status_code == 403
