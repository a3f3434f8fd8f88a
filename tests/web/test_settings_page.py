"""Settings are read on a page, and rules of signing in changed there and taken back."""

import pytest
from guests import text_of
from test_acts import undo

from bankmine.governance import Role

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
HERE = "/administration/settings"


def test_a_change_is_made_recorded_and_undone(signed_in, store, events):
    one = signed_in(Role.administrator, name="sets things")
    answer = one.post(HERE, {"name": "sign_in.idle_minutes", "value": "45"})
    assert store.settings.idle_minutes == 45
    assert "sets things" in text_of(one.get(HERE).text)
    assert events(act="setting_changed", limit=1)[0].details == {"before": "file", "after": "45"}
    undo(one, answer)
    assert store.settings.idle_minutes == 30


def test_the_banks_name_is_changed_on_every_page_and_undone(signed_in, guest):
    one = signed_in(Role.administrator, name="names the bank")
    answer = one.post(HERE, {"name": "bank.name", "value": "Harbour <& Sons>"})
    assert "Harbour &lt;&amp; Sons&gt;" in guest().get("/sign-in").text
    undo(one, answer)
    assert "Harbour" not in guest().get("/sign-in").text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("sign_in.failures", "many", "请填整数"), ("sign_in.idle_minutes", "5000", "请勿超过 1,440"),
     ("bank.name", "x" * 81, "请填 1 至 80 个字符"), ("sign_in.failures", "0", "请填 1 或更大的值")],
)  # fmt: skip
def test_in_chinese_a_refusal_is_said_in_chinese(signed_in, name, value, said):
    one = signed_in(Role.administrator, name="改设置", language="zh")
    answer = one.post(HERE, {"name": name, "value": value})
    told = text_of(answer.text.split('role="alert"')[1].split("</p>")[0])
    assert f"设置 {name} 不可为" in told
    assert said in told


def test_what_cannot_stand_is_said(signed_in, store):
    one = signed_in(Role.administrator, name="sets things")
    answer = one.post(HERE, {"name": "sign_in.failures", "value": "0"})
    assert answer.status_code == 400
    assert "Give 1 or more" in text_of(answer.text)
    assert one.post(HERE, {"name": "bank.currency", "value": "x"}).status_code == 404


def test_an_auditor_reads_and_changes_nothing(signed_in):
    one = signed_in(Role.auditor, name="reads settings")
    page = one.get(HERE).text
    assert "sign_in.idle_minutes" in page
    assert 'name="value"' not in page
    assert one.post(HERE, {"name": "sign_in.failures", "value": "3"}).status_code == 403
    assert signed_in(Role.operator).client.get(HERE).status_code == 403
