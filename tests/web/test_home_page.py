"""Home says what waits for this person and what came since their last visit."""

import os
import re
import time

import pytest
from guests import text_of

from bankmine.governance import Role, people
from bankmine.governance.person import load
from bankmine.store.tables.agreeing import finding_care
from bankmine.work import care

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]


def test_at_the_first_visit_nothing_is_new(signed_in):
    assert "New since you were here last" not in signed_in(Role.data_miner, name="first time").get("/").text


def test_a_run_that_came_since_the_last_visit_is_said_with_its_verdict(signed_in, guest, app):
    signed_in(Role.data_miner, name="comes again")
    run = app.state.site.place.state().published["churn"]
    file = run.folder / "metrics.json"
    before = file.stat()
    try:
        os.utime(file, (time.time() + 5, time.time() + 5))
        again = signed_in(Role.data_miner, name="comes again")
        said = text_of(again.get("/").text.split('id="changed"')[1].split("</section>")[0])
    finally:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "Churn" in said


def test_a_finding_one_looks_after_waits_and_is_red_when_late(signed_in, store):
    keeper = signed_in(Role.database_administrator, name="keeper at home")
    number = re.search(r'class="panel finding [^"]*" id="(\w+)"', keeper.get("/data/findings").text)[1]
    with store.begin() as connection:
        me = load(connection, people.named(connection, "keeper at home").person_id)
        care.put(connection, me, number, state="open", owner_id=me.person_id, due="2020-01-01")
    page = keeper.get("/").text
    with store.begin() as connection:
        connection.execute(finding_care.delete())
    assert "/data/findings?show=mine" in page
    assert 'class="metric bad"' in page
