"""Registry and service: versions, flags, clicks, talk, surveys, and the truth about them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from marketing_communities import calm, community, scenario

from bankmine.simulation.frame import DAY
from bankmine.simulation.service.interactions import COMPLAINT, SURVEY
from bankmine.simulation.service.visits import CLOSE, PRODUCT, RATES


def tables() -> dict[str, pa.Table]:
    return calm().service.tables(calm().frame, calm().who)


def truth() -> dict[str, pa.Table]:
    return calm().service.truth(calm().frame, calm().who)


def micros(table: pa.Table, name: str) -> np.ndarray:
    return np.asarray(table.column(name).cast(pa.int64()).to_numpy(zero_copy_only=False))


KEYS = {
    "customers": ("customer", "valid_from"),
    "identities": ("customer", "valid_from"),
    "companies": ("customer",),
    "flags": ("customer", "flag", "valid_from"),
    "consents": ("customer", "purpose", "channel"),
    "prospects": ("prospect",),
    "digital": ("event_no",),
    "interactions": ("interaction",),
    "contacts": ("contact",),
}


@pytest.mark.parametrize("name", sorted(KEYS))
def test_primary_keys_are_unique_and_full(name: str) -> None:
    table = tables()[name].select(KEYS[name])
    assert table.num_rows > 0
    assert all(column.null_count == 0 for column in table.columns)
    assert table.group_by(list(KEYS[name])).aggregate([]).num_rows == table.num_rows


def test_the_bank_learns_of_a_move_after_it_happened_or_never() -> None:
    versions, made = calm().service.versions, calm()
    assert (versions.recorded >= versions.day).all()
    late = versions.recorded - versions.day
    assert (late[versions.day > made.who.joined[versions.person]] > 20).mean() > 0.3
    moves = made.life.events.of("move")
    assert versions.moved[np.append(np.diff(versions.person) != 0, True)].sum() < moves.person.size


def test_a_version_says_what_all_events_learnt_before_it_left() -> None:
    made = calm()
    versions, events = made.service.versions, made.life.events
    later = versions.day > made.who.joined[versions.person]
    for person, day, region in zip(
        versions.person[later][:80], versions.day[later][:80], versions.region[later][:80], strict=True
    ):
        moves = events.of("move")
        mine = (moves.person == person) & (moves.day <= day)
        assert region in {made.who.region[person], *moves.detail[mine]}


def test_a_complaint_is_open_as_a_flag_until_it_is_settled() -> None:
    flags = tables()["flags"].to_pylist()
    open_ = [row for row in flags if row["flag"] == "complaint_open"]
    assert len(open_) > 50
    assert all(row["valid_to"] is None or row["valid_to"] > row["valid_from"] for row in open_)
    last = {}
    for row in open_:
        before = last.get(row["customer"])
        assert before is None or (before is not True and before < row["valid_from"])
        last[row["customer"]] = row["valid_to"] or True


def test_nothing_is_clicked_or_said_before_joining_or_after_closing() -> None:
    made = calm()
    for rows in (made.service.visits, made.service.said):
        day = rows.second // DAY
        assert (day >= made.who.joined[rows.person]).all()
        assert (day < made.leave.closed[rows.person]).all()
        assert day.max() < made.frame.days


def test_a_session_has_one_customer_one_device_and_one_login() -> None:
    table = tables()["digital"]
    table = table.filter(pa.compute.is_valid(table["customer"]))
    by = table.group_by("session").aggregate([("customer", "count_distinct"), ("device", "count_distinct")])
    assert pa.compute.max(by["customer_count_distinct"]).as_py() == 1
    assert pa.compute.max(by["device_count_distinct"]).as_py() == 1
    logins = table.filter(pa.compute.equal(table["event"].cast(pa.string()), "login"))
    assert logins.num_rows == by.num_rows


def test_the_rate_of_clicks_leaves_room_for_bookings() -> None:
    made = community(customers=500, months=12, seed=5)
    rows = made.service.tables(made.frame, made.who)["digital"].num_rows
    assert 4.0 < rows / 500 / 12 < 7.0


def test_product_pages_are_seen_by_takers_and_by_lookers() -> None:
    made = calm()
    visits, wish = made.service.visits, made.held.wishes
    pages = visits.purpose == PRODUCT
    takers = {(int(p), int(w)) for p, w in zip(wish.person, wish.product, strict=True)}
    seen = [
        (int(p), int(w)) in takers for p, w in zip(visits.person[pages], visits.product[pages], strict=True)
    ]
    assert 0.03 < np.mean(seen) < 0.5


@pytest.mark.parametrize("purpose", [RATES, CLOSE])
def test_rates_and_closing_pages_are_seen_before_leaving_and_by_the_curious(purpose: int) -> None:
    made = community(customers=1000, months=24, seed=4)
    visits = made.service.visits
    person, day = (column[visits.purpose == purpose] for column in (visits.person, visits.second // DAY))
    decided = made.leave.decided[person]
    thinking = (day >= decided - 15) & (day < decided + 45)
    usual = person.size / made.who.count * 60 / made.frame.days * (made.leave.decided < made.frame.days).sum()
    assert thinking.sum() > 2 * usual
    assert (~thinking).sum() > thinking.sum()


def test_every_complaint_told_is_an_interaction_with_its_topic() -> None:
    made = calm()
    told, said = made.leave.incidents, made.service.said
    inside = told.complained & (told.day >= made.who.joined[told.person])
    inside &= (told.day < made.leave.closed[told.person]) & (told.day < made.frame.days)
    complaints = said.kind == COMPLAINT
    assert complaints.sum() == inside.sum()
    assert np.array_equal(
        np.bincount(said.topic[complaints], minlength=6), np.bincount(told.topic[inside], minlength=6)
    )


def test_a_call_that_follows_a_complaint_is_in_its_thread() -> None:
    said = calm().service.said
    follows = said.thread != said.number
    assert follows.any()
    place = np.searchsorted(said.number, said.thread[follows])
    assert (said.kind[place] == COMPLAINT).all()
    assert (said.second[place] < said.second[follows]).all()
    assert (said.person[place] == said.person[follows]).all()


def test_ratings_lie_on_their_scale_and_only_surveys_have_one() -> None:
    rows = tables()["interactions"].to_pylist()
    for row in rows:
        assert (row["rating"] is None) == (row["kind"] != "survey")
        if row["rating"] is not None:
            assert row["scale_min"] <= row["rating"] <= row["scale_max"]
    assert {row["scale_max"] for row in rows if row["rating"] is not None} == {5.0, 10.0}


def test_chances_of_dissatisfaction_are_right_on_average() -> None:
    made = community(customers=1000, months=24, seed=6, scene=scenario("satisfaction", surveys=0.5))
    table = made.service.truth(made.frame, made.who)["label_dissatisfaction"]
    said = made.service.said
    surveys = said.kind == SURVEY
    bad = np.where(said.ten[surveys] == 1, said.rating[surveys] <= 2.5, said.rating[surveys] <= 2)
    oracle = table["oracle"].to_numpy()
    assert bad.sum() == pytest.approx(oracle.sum(), abs=4 * np.sqrt(oracle.sum()))
    assert bad[oracle > np.quantile(oracle, 0.9)].mean() > 3 * bad[oracle < np.median(oracle)].mean()


def test_without_incidents_fewer_are_dissatisfied() -> None:
    quiet = community(scene=scenario("satisfaction", incidents=0.0, surveys=0.5))
    usual = community(scene=scenario("satisfaction", surveys=0.5))
    shares = [
        np.mean(made.service.truth(made.frame, made.who)["label_dissatisfaction"]["oracle"].to_numpy())
        for made in (quiet, usual)
    ]
    assert shares[0] < 0.75 * shares[1]


def test_truth_of_the_next_product_matches_openings_on_average() -> None:
    made = community(customers=1000, months=24, seed=8)
    table = made.service.truth(made.frame, made.who)["label_next_product"]
    cutoffs = micros(table, "cutoff")
    keep = cutoffs < np.unique(cutoffs)[-1]  # the last quarter is not over
    expected = table["oracle"].to_numpy()[keep].sum()
    first, last = int(made.frame.month_start[3]), int(made.frame.month_start[21])
    from bankmine.simulation.service.next_truth import taken_of

    taken = taken_of(made.held, made.credit.holdings)
    opened = ((taken.opened >= first) & (taken.opened < last)).sum()
    assert 0.75 < expected / opened < 1.3


def test_no_row_of_truth_holds_a_family_at_the_cutoff() -> None:
    made, table = calm(), truth()["label_next_product"]
    assert table["oracle"].to_numpy().min() >= 0
    assert table["oracle"].to_numpy().max() <= 1
    family = table["family"].cast(pa.string()).to_numpy(zero_copy_only=False)
    fund = table.filter(pa.array(family == "fund"))
    held = made.held
    from bankmine.simulation.catalogue import FAMILIES, FAMILY_OF

    mine = FAMILY_OF[held.product] == FAMILIES.index("fund")
    spans = list(zip(made.who.number[held.person[mine]], held.opened[mine], held.closed[mine], strict=True))
    days = micros(fund, "cutoff") // (DAY * 10**6) - 19_358
    rows = set(zip(fund["customer"].to_pylist(), days.tolist(), strict=True))
    for customer, opened, closed in spans:
        assert not any(c == customer and opened < d <= closed for c, d in rows)


def test_prospects_who_join_look_like_the_customers_they_become() -> None:
    made = calm()
    prospects = made.service.prospects
    assert prospects.joins.any()
    assert (~prospects.joins).any()
    joined = made.who.joined[prospects.like[prospects.joins]]
    assert (prospects.second[prospects.joins] // DAY < joined).all()


def test_a_bank_of_one_customer_and_one_month_is_served() -> None:
    made = community(customers=1, months=1)
    assert made.service.tables(made.frame, made.who)["customers"].num_rows <= 1
    assert made.service.truth(made.frame, made.who)["label_next_product"].num_rows == 0


TIMES = {"digital": "happened_at", "interactions": "happened_at", "contacts": "contacted_at"}


@pytest.mark.parametrize(("name", "at"), sorted(TIMES.items()))
def test_a_longer_bank_begins_with_the_same_rows(name: str, at: str) -> None:
    found = []
    for months in (12, 18):
        made = community(customers=200, months=months)
        table = made.service.tables(made.frame, made.who)[name]
        found.append(table.filter(pa.array(micros(table, at) < (19_358 + 270) * DAY * 10**6)))
    early = [column for column in found[0].column_names if column not in ("resolved_at", "revenue")]
    assert found[0].num_rows > 5
    assert found[0].select(early).to_pylist() == found[1].select(early).to_pylist()


def test_the_truth_about_texts_has_a_row_for_each_interaction_with_a_text() -> None:
    made, texts = calm(), truth()["texts"]
    told = tables()["interactions"]
    told = told.filter(pa.compute.is_valid(told["text"])).sort_by("interaction")
    texts = texts.sort_by("key")
    assert texts["key"].to_pylist() == told["interaction"].to_pylist()
    assert texts["kind"].to_pylist() == told["kind"].to_pylist()
    assert texts["language"].to_pylist() == told["language"].to_pylist()
    assert (np.abs(texts["sentiment"].to_numpy()) <= 1).all()
    assert set(texts["half"].to_pylist()) == {0, 1}
    assert texts["intent"].null_count == texts.num_rows
    assert texts["topic"].null_count == 0
    assert texts.num_rows < made.service.said.number.size
