"""Credit strategies are tried on past applications, kept, agreed to by another, and taken as a file."""

import re
from html import unescape
from pathlib import Path

import pytest
from guests import text_of
from test_acts import undo

from bankmine.decisions.credit_policy.reading import read_policy
from bankmine.governance import Role, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
HERE = "/portfolio/strategies"
INPUT = re.compile(r'<input (?:type="hidden" |id="\w+" )?name="(r\d+_\w+)"[^>]*?value="([^"]*)"')
SELECT = re.compile(r'<select id="\w+" name="(r\d+_outcome)".*?<option value="(\w+)" selected', re.DOTALL)


@pytest.fixture
def officer(signed_in):
    return signed_in(Role.risk_officer, name="tries strategies")


@pytest.fixture
def form(officer) -> dict[str, str]:
    """The form as the page shows the policy in force."""
    page = officer.get(HERE).text
    found = {name: unescape(value) for name, value in INPUT.findall(page)} | dict(SELECT.findall(page))
    assert found["r2_name"] == "too-risky"
    return found


def row_of(form: dict[str, str], name: str) -> str:
    return next(key.split("_")[0] for key, value in form.items() if key.endswith("_name") and value == name)


def test_the_policy_in_force_is_shown_as_it_is(officer, form):
    page = officer.get(HERE).text
    assert "This is the policy in force" in page
    assert "strategy tried" not in page
    answer = officer.post(f"{HERE}/try", form)
    assert "This is the policy in force" in answer.text


def test_a_stricter_cut_off_approves_fewer(officer, form):
    form[f"{row_of(form, 'too-risky')}_w_probability"] = "> 2%"
    page = officer.post(f"{HERE}/try", form).text
    present, tried = (
        float(re.search(rf'{name}</td><td class="num">([\d.]+)%', page)[1])
        for name in ("in force", "strategy tried")
    )
    assert tried < present
    assert "Against the policy in force" in page


def test_a_row_left_out_and_a_new_row_change_who_decides(officer, form):
    form[f"{row_of(form, 'by-hand')}_drop"] = "1"
    place = 1 + max(int(key[1:].split("_")[0]) for key in form)
    new = {"name": "nobody", "outcome": "decline", "before": "home", "w_probability": ">= 0%"}
    form |= {f"r{place - 1}_{key}": value for key, value in new.items()}
    page = officer.post(f"{HERE}/try", form)
    assert page.status_code == 200
    assert 'value="nobody"' in page.text
    assert 'value="by-hand"' not in page.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("w_probability", "quite high", "is no condition"), ("rate", "dear", "is no number"),
     ("low", "5", "a least and no most"), ("outcome", "perhaps", "outcome is")],
)  # fmt: skip
def test_what_cannot_be_meant_is_said_in_one_line(officer, form, field, value, said):
    front = row_of(form, "by-hand")
    page = officer.post(f"{HERE}/try", {**form, f"{front}_{field}": value})
    assert said in unescape(page.text)
    assert page.status_code == 200


def test_a_strategy_is_kept_recorded_and_deleted_again(officer, form, events):
    form[f"{row_of(form, 'too-risky')}_w_probability"] = "> 15%"
    answer = officer.post(HERE, {**form, "name": "Stricter", "note": "after the losses of spring"})
    page = officer.get(HERE).text
    assert "after the losses of spring" in text_of(page)
    event = events(act="proposal_kept", limit=1)[0]
    assert "losses" not in str(event)
    assert "there is a strategy" in unescape(officer.post(HERE, {**form, "name": "Stricter"}).text)
    undo(officer, answer)
    assert "Stricter" not in text_of(officer.get(HERE).text)
    assert events(act="proposal_deleted", limit=1)[0].object_id == event.object_id


def test_another_agrees_and_the_file_says_the_same(officer, signed_in, form, tmp_path: Path, events):
    form[f"{row_of(form, 'loan-dear')}_rate"] = "14.9"
    officer.post(HERE, {**form, "name": "Dearer", "note": ""})
    made = events(act="proposal_kept", limit=1)[0]
    here = f"{HERE}/{made.object_id}"
    assert officer.post(f"{here}/agree", {}).status_code == 403
    other = signed_in(Role.risk_officer, name="agrees to strategies")
    answer = other.post(f"{here}/agree", {})
    assert "agrees to strategies" in text_of(officer.get(HERE).text)
    assert officer.post(f"{here}/delete", {}).status_code == 400
    file = tmp_path / "strategy.toml"
    file.write_text(officer.get(f"/exports{here}").text, encoding="utf-8")
    policy = read_policy(file)
    assert policy.version == made.details["version"]
    assert [row.rate for row in policy.rows if row.name == "loan-dear"] == [0.149]
    undo(other, answer)
    undo_page = officer.post(f"{here}/delete", {})
    assert undo_page.status_code < 400


def test_a_kept_strategy_is_opened_again(officer, form, events):
    form[f"{row_of(form, 'too-risky')}_w_probability"] = "> 17%"
    officer.post(HERE, {**form, "name": "Seventeen"})
    made = events(act="proposal_kept", limit=1)[0].object_id
    assert "17%" in unescape(officer.get(f"{HERE}?strategy={made}").text)
    assert officer.client.get(f"{HERE}?strategy=none").status_code == 404
    officer.post(f"{HERE}/{made}/delete", {})


def test_whoever_sees_a_part_tries_nothing(signed_in, form):
    one = signed_in(Role.risk_officer, name="part of it", scope=Scope(frozenset({"B01"}), None))
    assert "whole bank" in text_of(one.get(HERE).text)
    assert one.post(f"{HERE}/try", form).status_code == 403
    assert one.post(HERE, {**form, "name": "x"}).status_code == 403


def test_a_fraud_analyst_tries_and_keeps_nothing(signed_in, form):
    analyst = signed_in(Role.fraud_analyst, name="tries only")
    assert analyst.post(f"{HERE}/try", form).status_code == 200
    assert analyst.post(HERE, {**form, "name": "x"}).status_code == 403
