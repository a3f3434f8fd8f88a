"""A customer's network is drawn, listed, filtered and marked; notes stand on the customer's page."""

import re

import pytest
from guests import text_of
from test_acts import undo

from bankmine.governance import Role, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]


@pytest.fixture
def officer(signed_in):
    return signed_in(Role.risk_officer, name="reads networks")


@pytest.fixture
def linked(officer) -> str:
    """A customer to whom somebody is linked."""
    for page in range(1, 9):
        listed = officer.get(f"/customers?page={page}").text
        for customer in dict.fromkeys(re.findall(r"/customers/([0-9a-f]{16})", listed)):
            if links(officer.get(f"/customers/{customer}/network").text):
                return customer
    raise AssertionError("nobody of the first pages is linked to anybody")


def links(page: str) -> list[str]:
    return re.findall(r'name="link" value="([^"]+ – [^"]+)"', page)


def test_the_network_is_drawn_listed_and_exported(officer, linked, events):
    page = officer.get(f"/customers/{linked}/network").text
    assert "file=" in page  # the picture's own rows
    assert linked in text_of(page)
    assert events(act="customer:look", limit=1)[0].details["what"] == "network"
    rows = officer.get(f"/exports/customers/{linked}/network").text.strip().splitlines()
    assert len(rows) == 1 + len(links(page))
    assert events(act="list_exported", limit=1)[0].object_id == f"network/{linked}"


def test_a_filter_leaves_only_its_links(officer, linked):
    every = links(officer.get(f"/customers/{linked}/network").text)
    word = every[0].split(" · ")[1]
    asked = officer.client.get(f"/customers/{linked}/network", params={"link": word})
    found = links(asked.text)
    assert found == [one for one in every if one.endswith(f" · {word}")]


def test_a_link_is_marked_recorded_and_unmarked(officer, linked, events):
    here = f"/customers/{linked}"
    first = links(officer.get(f"{here}/network").text)[0]
    asked = {"link": first, "word": "suspicious", "note": "same phone in three branches"}
    answer = officer.post(f"{here}/links", asked)
    page = officer.get(f"{here}/network").text
    assert "same phone in three branches" in text_of(page)
    assert first not in links(page)
    assert events(act="mark_put", limit=1)[0].details == {"word": "suspicious"}
    undo(officer, answer)
    assert first in links(officer.get(f"{here}/network").text)
    assert events(act="mark_taken_back", limit=1)


def test_a_link_is_marked_for_both_its_ends(officer, linked):
    here = f"/customers/{linked}"
    first = links(officer.get(f"{here}/network?steps=1").text)[0]
    other = next(one for one in re.findall(r"[0-9a-f]{16}", first) if one != linked)
    officer.post(f"{here}/links", {"link": first, "word": "harmless", "note": "twins"})
    assert "twins" in text_of(officer.get(f"/customers/{other}/network").text)


@pytest.mark.parametrize(
    ("link", "word", "status"),
    [("0000000000000000 – 0000000000000001 · same phone", "harmless", 404), ("", "harmless", 404)],
)
def test_a_link_that_is_not_there_is_not_marked(officer, linked, link, word, status):
    answer = officer.post(f"/customers/{linked}/links", {"link": link, "word": word})
    assert answer.status_code == status


def test_a_note_is_kept_recorded_and_taken_back(officer, linked, events):
    here = f"/customers/{linked}"
    answer = officer.post(f"{here}/notes", {"word": "careful", "note": "<b>hard of hearing</b>"})
    page = officer.get(here)
    assert "<b>hard of hearing</b>" in text_of(page.text)
    assert "<b>hard of hearing" not in page.text
    event = events(act="mark_put", limit=1)[0]
    assert event.details == {"word": "careful"}
    assert "hearing" not in str(event)
    undo(officer, answer)
    assert "hard of hearing" not in text_of(officer.get(here).text)


def test_an_empty_note_is_refused(officer, linked):
    assert officer.post(f"/customers/{linked}/notes", {"word": "note", "note": " "}).status_code == 400


def test_other_branches_see_neither_network_nor_notes(signed_in, officer, linked):
    officer.post(f"/customers/{linked}/notes", {"word": "note", "note": "kept for the branch"})
    stranger = signed_in(Role.risk_officer, name="elsewhere", scope=Scope(frozenset({"no such"}), None))
    for address in ("", "/network"):
        assert stranger.client.get(f"/customers/{linked}{address}").status_code == 404
    assert stranger.post(f"/customers/{linked}/notes", {"word": "note", "note": "x"}).status_code == 404
    assert stranger.post(f"/customers/{linked}/links", {"link": "x", "word": "harmless"}).status_code == 404


def test_a_miner_reads_networks_and_notes_nothing(signed_in, linked):
    miner = signed_in(Role.data_miner, name="reads alone")
    assert miner.client.get(f"/customers/{linked}/network").status_code == 200
    assert miner.post(f"/customers/{linked}/notes", {"word": "note", "note": "x"}).status_code == 403
