"""The bin editor fits the card anew while bins change; a card is kept, agreed to by another and taken."""

import json
import re
from html import unescape

import pytest
from guests import text_of
from test_acts import undo

from bankmine.governance import Role, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
HERE = "/scorecards/edit"


@pytest.fixture
def officer(signed_in):
    return signed_in(Role.risk_officer, name="edits bins")


@pytest.fixture
def form(officer) -> dict[str, str]:
    """The form as the page shows the published card."""
    page = officer.get(HERE).text
    names = re.findall(r'name="(c\d+_name)" value="([^"]*)"', page)
    cuts = re.findall(r'name="(c\d+_cuts)" value="([^"]*)"', page)
    assert len(names) == len(cuts) > 1
    return {key: unescape(value) for key, value in [*names, *cuts]}


def out(form: dict[str, str], place: int = 0) -> dict[str, str]:
    return {**form, f"c{place}_out": "1"}


def changed(officer, form: dict[str, str]) -> dict[str, str]:
    """The form with the first column left out that the card can do without."""
    for place in range(sum(key.endswith("_name") for key in form)):
        asked = out(form, place)
        if "This column is left out" in officer.post(f"{HERE}/try", asked).text:
            return asked
    raise AssertionError("no column can be left out")


def test_the_published_card_is_shown_and_unchanged_it_stays(officer, form):
    assert "This is the published card" in officer.get(HERE).text
    page = officer.post(f"{HERE}/try", form).text
    assert "This is the published card" in page
    assert "Changed card" not in page


def test_a_column_left_out_shows_what_that_does(officer, form):
    page = text_of(officer.post(f"{HERE}/try", changed(officer, form)).text)
    assert "This column is left out" in page
    assert re.search(r"Ranking \(AUC\).{0,40} 0\.\d+ → 0\.\d+", page)


def test_a_bin_is_split_and_merged_by_buttons(officer, form):
    for place, cut in ((place, form[f"c{place}_cuts"]) for place in range(len(form) // 2)):
        cuts = [float(one) for one in cut.split(",")]
        new = cuts[0] * 1.5 if cuts[0] > 1 else cuts[0] / 2
        page = officer.post(f"{HERE}/try", {**form, "do": f"split-{place}", f"c{place}_at": f"{new:g}"}).text
        found = re.search(rf'name="c\d+_cuts" value="([^"]*{new:g}[^"]*)"', page)
        if found:
            merged = {**form, f"c{place}_cuts": found[1]}
            at = [float(one) for one in found[1].split(",")].index(float(f"{new:g}"))
            back = officer.post(f"{HERE}/try", {**merged, "do": f"merge-{place}-{at}"}).text
            assert "This is the published card" in back
            return
    pytest.skip("no column of this card bears another cut")


@pytest.mark.parametrize(
    ("cuts", "said"), [("low", "are no cuts"), ("5, 5", "do not rise"), ("9, 2", "do not rise")]
)
def test_cuts_that_cannot_stand_are_said_in_one_line(officer, form, cuts, said):
    page = officer.post(f"{HERE}/try", {**form, "c0_cuts": cuts})
    assert page.status_code == 200
    assert said in unescape(page.text)


def test_a_card_is_kept_recorded_and_deleted_again(officer, form, events):
    asked = changed(officer, form)
    answer = officer.post(HERE, {**asked, "name": "Shorter", "note": "one question fewer"})
    assert "one question fewer" in text_of(officer.get(HERE).text)
    event = events(act="proposal_kept", limit=1)[0]
    assert event.object_kind == "card"
    assert "fewer" not in str(event)
    undo(officer, answer)
    assert "Shorter" not in text_of(officer.get(HERE).text)
    assert events(act="proposal_deleted", limit=1)[0].object_id == event.object_id


def test_nothing_changed_is_nothing_to_keep(officer, form):
    assert "nothing of the card was changed" in officer.post(HERE, {**form, "name": "Same"}).text


def test_another_agrees_and_the_files_say_the_same_card(officer, signed_in, form, events):
    officer.post(HERE, {**changed(officer, form), "name": "For all", "note": "agreed in the board"})
    made = events(act="proposal_kept", limit=1)[0].object_id
    here = f"/scorecards/drafts/{made}"
    assert officer.post(f"{here}/agree", {}).status_code == 403
    other = signed_in(Role.data_miner, name="agrees to cards")
    answer = other.post(f"{here}/agree", {})
    assert "agrees to cards" in text_of(officer.get(HERE).text)
    content = json.loads(officer.get(f"/exports{here}?as=json").text)
    assert content["history"][-1]["author"] == "edits bins"
    assert content["history"][-1]["reason"] == "agreed in the board"
    assert officer.get(f"/exports{here}?as=sql").text.startswith("SELECT")
    assert "def score" in officer.get(f"/exports{here}?as=py").text
    assert officer.client.get(f"/exports{here}?as=exe").status_code == 400
    undo(other, answer)
    assert officer.post(f"{here}/delete", {}).status_code < 400


def test_whoever_sees_a_part_edits_nothing(signed_in, form):
    one = signed_in(Role.risk_officer, name="edits a part", scope=Scope(frozenset({"B01"}), None))
    assert "whole bank" in text_of(one.get(HERE).text)
    assert one.post(f"{HERE}/try", form).status_code == 403
    assert one.post(HERE, {**form, "name": "x"}).status_code == 403


def test_a_fraud_analyst_tries_and_keeps_nothing(signed_in, form):
    analyst = signed_in(Role.fraud_analyst, name="tries bins")
    assert analyst.post(f"{HERE}/try", form).status_code == 200
    assert analyst.post(HERE, {**form, "name": "x"}).status_code == 403
