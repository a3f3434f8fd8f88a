"""One customer whole: exactly what was known at the cutoff, with scores, moments, changes, peers."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from bankmine import pipeline
from bankmine.bank.keys import show_key
from bankmine.customers.peers import LEAST_PEERS, peers_of
from bankmine.customers.snapshot import default_cutoff
from bankmine.engine.session import Session
from bankmine.errors import UsageError
from bankmine.folder import BankFolder
from bankmine.overview.customer_360 import (
    Customer360,
    customer_360,
    runs_before,
    runs_by_then,
    scores_of,
)
from bankmine.overview.customer_page import customer_page

EARLIER = "2025-06-01"


@pytest.fixture(scope="module")
def bank(simulated: BankFolder, tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    """A copy of the simulated bank with one published task."""
    folder = tmp_path_factory.mktemp("customers") / "bank"
    shutil.copytree(simulated.folder, folder)
    bank = pipeline.open_bank(folder)
    pipeline.run_task(bank, "inactivity")
    return bank


@pytest.fixture(scope="module")
def who(bank: BankFolder) -> int:
    """The customer with the most interactions among those who are still there."""
    with Session(bank.warehouse) as session:
        return int(
            session.scalar(
                "SELECT customer_id FROM interaction JOIN customer USING (customer_id) "
                "WHERE closed_on IS NULL GROUP BY customer_id ORDER BY count(*) DESC, customer_id LIMIT 1"
            )
        )


@pytest.fixture(scope="module")
def seen(bank: BankFolder, who: int) -> Customer360:
    return customer_360(bank, who, default_cutoff(bank.warehouse))


def test_scores_come_with_rank_reasons_and_the_next_step(seen: Customer360) -> None:
    [score] = seen.scores
    assert score.title == "Inactivity"
    assert 1 <= score.rank <= score.of
    assert len(score.why) == 3
    assert score.action


def test_an_earlier_day_knows_no_later_run_and_no_later_moment(bank: BankFolder, who: int) -> None:
    at = bank.cutoff_us(EARLIER)
    assert at is not None
    earlier = customer_360(bank, who, at)
    assert earlier.scores == ()
    assert all(moment.day < date.fromisoformat(EARLIER) for moment in earlier.moments)
    assert all(month < date.fromisoformat(EARLIER) for month, _ in earlier.balances)
    assert "Scores: none of this customer" in "\n".join(earlier.lines())


def test_moments_are_told_in_order_and_complaints_among_them(
    seen: Customer360, bank: BankFolder, who: int
) -> None:
    days = [moment.day for moment in seen.moments]
    assert days == sorted(days)
    with Session(bank.warehouse) as session:
        voices = session.scalar("SELECT count(*) FROM interaction WHERE customer_id = $who", {"who": who})
    assert sum(moment.lane == "Voice" for moment in seen.moments) == voices


def test_the_balance_line_ends_with_the_last_balances(seen: Customer360, bank: BankFolder, who: int) -> None:
    with Session(bank.warehouse) as session:
        last = session.scalar(
            "WITH last AS (SELECT arg_max(balance_minor, event_time) AS b, "
            "date_trunc('month', timezone($zone, max(event_time))) AS m "
            "FROM customer_balance WHERE customer_id = $who GROUP BY account_id) "
            "SELECT sum(b) FROM last WHERE m = (SELECT max(m) FROM last)",
            {"who": who, "zone": bank.warehouse.manifest.time_zone},
        )
    assert seen.balances[-1][1] == last


def test_changes_compare_with_the_own_past_and_with_peers(seen: Customer360) -> None:
    by_name = {change.name: change for change in seen.changes}
    assert {"in_sum_1mo", "out_sum_1mo"} <= set(by_name)
    assert all(change.own is not None for change in seen.changes if change.now is not None)


def test_similar_customers_are_others_nearest_first(seen: Customer360, who: int) -> None:
    profile = [one for one in seen.alike if one.by == "profile"]
    assert len(profile) == 5
    assert who not in {one.customer_id for one in seen.alike}
    assert [one.distance for one in profile] == sorted(one.distance for one in profile)


def test_a_flag_is_shown_first(bank: BankFolder) -> None:
    cutoff = default_cutoff(bank.warehouse)
    with Session(bank.warehouse, cutoff, until=cutoff) as session:
        flagged = session.scalar("SELECT min(customer_id) FROM customer_flag WHERE flag = 'complaint_open'")
    found = customer_360(bank, int(flagged), cutoff)
    assert "open complaint" in found.conditions
    assert "open complaint" in found.lines()[1]
    page = customer_page(found, currency="SGD")
    assert page.statements[0].text.startswith("Flag:")


def test_the_page_is_written_whole(bank: BankFolder, seen: Customer360, tmp_path: Path) -> None:
    file = pipeline.customer_report(bank, seen, tmp_path / "page")
    text = file.read_text(encoding="utf-8")
    assert show_key(seen.profile.customer_id) in text
    for title in (
        "What the models say",
        "What changed",
        "What happened",
        "Against its peers",
        "Similar customers",
    ):
        assert title in text


def test_an_unknown_customer_is_refused_in_one_line(bank: BankFolder) -> None:
    with pytest.raises(UsageError, match="did not know that customer"):
        customer_360(bank, 12345, default_cutoff(bank.warehouse))


def test_a_person_is_compared_with_persons_who_are_there_and_a_company_with_companies(
    bank: BankFolder, seen: Customer360, who: int
) -> None:
    at = default_cutoff(bank.warehouse)
    with Session(bank.warehouse, at, until=at) as session:
        rows = session.arrow("SELECT kind, count(*) AS n FROM customer WHERE closed_on IS NULL GROUP BY kind")
        kinds = {one["kind"]: one["n"] for one in rows.to_pylist()}
        closed = set(
            session.arrow("SELECT customer_id FROM customer WHERE closed_on IS NOT NULL")
            .column(0)
            .to_pylist()
        )
        company = session.scalar("SELECT min(customer_id) FROM customer WHERE kind = 'company'")
        kind_of = dict(
            zip(*session.arrow("SELECT customer_id, kind FROM customer").to_pydict().values(), strict=True)
        )
    assert kind_of[who] == "person"
    assert seen.profile.peers.words == "persons who are customers still"
    assert max(standing.peers for standing in seen.profile.features) == kinds["person"]
    assert {kind_of[one.customer_id] for one in seen.alike} == {"person"}
    assert not closed & {one.customer_id for one in seen.alike}
    with Session(bank.warehouse, at, until=at) as session:
        peers = peers_of(session, int(company))
    if kinds["company"] > LEAST_PEERS:
        assert peers.ids is not None
        assert {kind_of[one] for one in peers.ids.tolist()} == {"company"}
    else:
        assert peers.ids is None
        assert "fewer than 20" in peers.words


def test_a_score_stands_beside_what_the_task_said_at_the_cutoff_before(
    bank: BankFolder, seen: Customer360, who: int, tmp_path: Path
) -> None:
    [score] = seen.scores
    assert score.before == ""
    at = default_cutoff(bank.warehouse)
    results = tmp_path / "results"
    shutil.copytree(bank.results_folder, results)
    [now] = runs_by_then(results, at)
    earlier = now.folder.with_name("0" * 12)
    shutil.copytree(now.folder, earlier)
    about = json.loads((earlier / "metrics.json").read_text(encoding="utf-8"))
    about |= {"cutoff": EARLIER, "cutoff_us": bank.cutoff_us(EARLIER)}
    (earlier / "metrics.json").write_text(json.dumps(about), encoding="utf-8")
    [again] = runs_by_then(results, at)
    before = runs_before(results, [again])["inactivity"]
    assert (again.run_id, before.cutoff) == (now.run_id, EARLIER)
    [line] = scores_of(again, who, before)
    chance = f"{score.probability:.1%}"
    assert line.before == f"{score.grade}, chance {chance}, rank {score.rank:,} of {score.of:,} on {EARLIER}"
    [stranger] = scores_of(again, who, None)
    assert stranger.before == ""
