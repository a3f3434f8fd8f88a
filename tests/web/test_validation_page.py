"""A run is validated as a job started on its page; its findings are read there and taken as a document."""

import time

import pytest
from guests import text_of

from bankmine.governance import Role, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
HERE = "/models/inactivity/validation"


@pytest.fixture
def miner(signed_in):
    return signed_in(Role.data_miner, name="validates")


def wait(miner) -> str:
    """The page once no job waits."""
    for _ in range(240):
        page = miner.get(HERE).text
        if "under way" not in page:
            return page
        time.sleep(0.5)
    raise AssertionError("the validation did not end")


def test_a_validation_is_started_watched_read_and_taken(miner, events):
    started = miner.post("/tasks", {"task": "inactivity", "kind": "validate"})
    assert started.status_code == 303
    assert events(act="job_started", limit=1)[0].details["kind"] == "validate"
    page = wait(miner)
    said = text_of(page)
    assert "Discriminatory power" in said
    assert "Fairness" in said
    assert "Validate again" in said
    assert "Validation: Inactivity" in text_of(miner.get("/tasks").text)
    address = page.partition("/exports/models/")[2].partition('"')[0].replace("&amp;", "&")
    document = miner.get(f"/exports/models/{address}")
    assert document.content[:2] == b"PK"
    assert events(act="validation_taken", limit=1)[0].object_id == "inactivity"


def test_what_validation_found_is_said_in_chinese(miner, signed_in):
    if "not validated yet" in miner.get(HERE).text:
        miner.post("/tasks", {"task": "inactivity", "kind": "validate"})
        wait(miner)
    reader = signed_in(Role.data_miner, name="验证者", language="zh")
    page = reader.get(HERE).text
    assert "区分能力" in page
    assert 'class="prose" lang="en"' not in page


def test_a_validation_that_is_not_there_is_not_found(miner):
    assert miner.client.get("/exports/models/inactivity/validation?question=../x").status_code == 404
    assert miner.client.get("/models/none/validation").status_code == 404


def test_whoever_sees_a_part_reads_no_validation(signed_in):
    one = signed_in(Role.data_miner, name="validates a part", scope=Scope(frozenset({"B01"}), None))
    page = text_of(one.get(HERE).text)
    assert "Validate" not in page
    assert one.client.get("/exports/models/inactivity/validation?question=score").status_code == 403
    assert one.post("/tasks", {"task": "inactivity", "kind": "validate"}).status_code == 403


def test_an_auditor_reads_and_starts_nothing(signed_in):
    auditor = signed_in(Role.auditor, name="reads validation")
    assert 'value="validate"' not in auditor.get(HERE).text
    assert auditor.post("/tasks", {"task": "inactivity", "kind": "validate"}).status_code == 403
