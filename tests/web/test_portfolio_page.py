"""The portfolio counts own loans as the run counts the bank's; quarters are marked and unmarked."""

import re

import numpy as np
import pytest
from guests import text_of
from test_acts import undo

from bankmine.access.portfolio import portfolio
from bankmine.governance import Permission, Person, Role, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]


@pytest.fixture
def seen(app):
    """The portfolio as somebody of a scope sees it."""

    def of(scope: Scope = Scope()):  # noqa: B008
        person = Person("x", "x", tuple(Role), frozenset(Permission), scope)
        return portfolio(app.state.site.place.as_seen_by(person))

    return of


def test_over_the_whole_bank_it_is_what_the_run_says(seen, app):
    run = app.state.site.place.state().published["behaviour_score"]
    said, own = run.about["figures"]["vintages"]["loans"], seen().vintages["loans"]
    assert own["quarters"] == said["quarters"]
    # the run leaves out loans whose schedule contradicts itself: never more of them, and hardly fewer
    assert all(mine >= its for mine, its in zip(own["loans"], said["loans"], strict=True))
    assert sum(own["loans"]) <= 1.05 * sum(said["loans"])


def test_branches_add_up_to_the_bank_and_equal_a_direct_query(seen, app):
    import duckdb

    place = app.state.site.place
    everything = place.as_seen_by(Person("x", "x", tuple(Role), frozenset(Permission), Scope()))
    branches = list(everything.counts("branch_id"))
    parts = [seen(Scope(frozenset({one}), None)) for one in branches[:2]]
    rest = seen(Scope(frozenset(branches[2:]), None))
    whole = seen()
    assert sum(one.loans for one in (*parts, rest)) == whole.loans
    counts = [np.array(one.rolls["counts"]) for one in (*parts, rest)]
    assert (sum(counts) == np.array(whole.rolls["counts"])).all()
    folder = place.state().bank.warehouse_folder
    sql = f"""
        WITH newest AS (
               SELECT customer_id, arg_max(branch_id, valid_from) AS branch
               FROM read_parquet('{folder}/customer/**/*.parquet', hive_partitioning=false) GROUP BY 1),
             owned AS (SELECT loan_id, arg_max(customer_id, known_at) AS customer_id
                       FROM read_parquet('{folder}/loan/**/*.parquet', hive_partitioning=false) GROUP BY 1)
        SELECT count(*) FROM owned JOIN newest USING (customer_id) WHERE branch = ?
    """
    for branch, part in zip(branches[:2], parts, strict=True):
        assert duckdb.execute(sql, [branch]).fetchone()[0] == part.loans


def test_the_page_shows_pictures_with_tables_and_grades(signed_in):
    page = signed_in(Role.risk_officer, name="of the portfolio").get("/portfolio")
    assert page.status_code == 200
    for name in ("vintages-loans", "roll-rates", "grades"):
        assert f'data-name="{name}"' in page.text
    assert "Expected loss" in text_of(page.text)


def test_a_quarter_is_marked_recorded_and_unmarked(signed_in, events):
    officer = signed_in(Role.risk_officer, name="of the portfolio")
    quarter = re.search(r'name="quarter" value="([^"]+)"', officer.get("/portfolio").text)[1]
    answer = officer.post("/portfolio/marks", {"quarter": quarter, "word": "watch", "note": "new channel"})
    assert "new channel" in officer.get("/portfolio").text
    event = events(act="mark_put", limit=1)[0]
    undo(officer, answer)
    assert "new channel" not in officer.get("/portfolio").text
    assert events(act="mark_taken_back", limit=1)[0].object_id == event.object_id
