"""Application fraud: the list, the rings, what bad input does, an honest run beside the planted truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine import lifecycle
from bankmine.bank.civil import DAY, Zone
from bankmine.bank.keys import show_key
from bankmine.bank.warehouse import Warehouse
from bankmine.config import QUICK
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.feature import Kind
from bankmine.customers.matrix import matrix
from bankmine.engine.session import Session
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.folder import BankFolder
from bankmine.lifecycle.pages import page_of
from bankmine.lifecycle.run import Run
from bankmine.report.content import Drawing
from bankmine.report.render import render_block
from bankmine.tasks.application_fraud.evidence import (
    GROUPS,
    columns_of,
    group_of,
    left_out,
    readable,
    tables_lacking,
)
from bankmine.tasks.application_fraud.listing import Capacity, blocks, gain_of, on_list
from bankmine.tasks.application_fraud.question import FalseApplication
from bankmine.tasks.application_fraud.rings import rings
from bankmine.tasks.application_fraud.task import TASK
from bankmine.tasks.contract import Bank
from engine.small_warehouse import SmallWarehouse

PRAGUE = Zone("Europe/Prague")
FIVE = {"amount_minor": 5}
START = PRAGUE.parse("2024-01-01")


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=40), st.integers(1, 4),
    st.integers(1, 5),
)  # fmt: skip
@settings(max_examples=60, deadline=None, derandomize=True)
def test_of_each_block_of_days_the_riskiest_are_on_the_list(
    rows: list[tuple[int, int]], cases: int, days: int
) -> None:
    capacity = Capacity(cases=cases, days=days, cost_minor=1, loss=0.5, a_day=cases / days)
    cutoffs = np.array([START + day * DAY + place for place, (day, _) in enumerate(rows)], dtype=np.int64)
    score = np.array([chance for _, chance in rows], dtype=np.float64)
    chosen = on_list(score, cutoffs, PRAGUE, capacity)
    block = PRAGUE.day_of(cutoffs) // days
    for row in range(len(rows)):
        ahead = [
            other
            for other in range(len(rows))
            if block[other] == block[row] and (-score[other], other) < (-score[row], row)
        ]
        assert chosen[row] == (len(ahead) < cases)


def test_less_than_one_case_a_day_is_one_in_several_days() -> None:
    rows = pa.table({"cutoff": pa.array([START, START + 100 * DAY], pa.timestamp("us", tz="UTC"))})
    bank: Any = SimpleNamespace(settings={"cases_a_day": 0.3}, warehouse=SimpleNamespace(currency="EUR"))
    made = Capacity.of(bank, rows)
    assert (made.cases, made.days, made.words) == (2, 7, "2 applications every 7 days")
    assert (made.cost_minor, made.loss) == (6_000, 0.8)
    bank.settings = {"cases_a_day": 5}
    assert Capacity.of(bank, rows).words == "5 applications a day"


@given(st.floats(0.003, 400))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_cases_of_a_block_of_days_come_near_to_what_can_be_checked_a_day(a_day: float) -> None:
    cases, days = blocks(a_day)
    assert abs(cases / days - a_day) <= 0.08 * a_day
    assert days <= max(7, 1 / a_day + 1)


def test_half_days_are_whole_cases_in_whole_days() -> None:
    rates = (0.5, 0.6, 0.7, 1.5, 2.5, 4.9, 30.0)
    assert [blocks(rate) for rate in rates] == [(1, 2), (3, 5), (2, 3), (3, 2), (5, 2), (5, 1), (30, 1)]


def test_a_check_saves_only_what_would_have_been_granted() -> None:
    capacity = Capacity(cases=1, days=1, cost_minor=10, loss=0.5, a_day=1)
    decision = pa.array(["approved", "declined", "approved"])
    gain = gain_of(np.array([True, True, False]), np.array([100, 100, 100]), decision, capacity)
    assert gain.tolist() == [50.0, 0.0, 0.0]


def test_each_column_is_read_by_one_group_and_protected_ones_by_none() -> None:
    assert group_of("text_work") == "contradictions"
    assert group_of("net_ring_size") == "network"
    kinds = {name: feature.kind for name, feature in CATALOGUE.items()}
    for name, kind in kinds.items():  # net flows of money are no network, whatever their names begin with
        assert (group_of(name) == "network") == (kind == Kind.NETWORK and name != "net_cut_short"), name
    for name in ("age", "customer_gender", "customer_marital", "app_ip_country", "text_purpose"):
        assert group_of(name) == ""
    assert left_out(["app_amount", "velocity_phone_7d", "net_burst", "text_work"]) == [
        "No evidence of traces (how the form was filled in: time a field, pastes, edits, device, country, "
        "hour): left out."
    ]


@pytest.mark.parametrize(
    "given_",
    [
        {"loss_given_fraud": 1.5},
        {"loss_given_fraud": float("nan")},
        {"check_cost": 0},
        {"check_cost": float("inf")},
        {"cases_a_day": "many"},
        {"cases_a_day": float("nan")},
        {"cases_a_day": float("inf")},
    ],
)
def test_settings_that_make_no_sense_are_refused(given_: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(given_))):
        TASK.check_settings(given_)


def small(folder: Path, frauds: int) -> SmallWarehouse:
    """Two years with an application a day, of which the first are false."""
    made = SmallWarehouse(folder)
    when = [PRAGUE.show(START + number * DAY) for number in range(700)]
    made.load(
        coverage=("2024-01-01", "2025-12-01"),
        credit_application=[
            {"application_id": number, "customer_id": number, "event_time": at, "amount_minor": 5}
            for number, at in enumerate(when, 1)
        ],
        feedback=[
            {"subject_kind": "application", "subject_id": number, "event_time": when[number],
             "label": "fraud", "verdict": "confirmed" if number <= frauds else "refuted"}
            for number in range(1, 20)
        ],
    )  # fmt: skip
    return made


@pytest.mark.parametrize("frauds", [0, 1])
def test_without_frauds_or_with_one_it_stops_and_says_how_many(tmp_path: Path, frauds: int) -> None:
    made = small(tmp_path, frauds)
    bank = Bank(warehouse=made.warehouse, cutoff=made.at("2025-12-01"), budget=QUICK)
    question = FalseApplication()
    with pytest.raises(
        FeasibilityError, match=f"application_fraud found {frauds} confirmed frauds among"
    ) as error:
        question.population(bank, question.plan(bank))
    assert "at least 15" in str(error.value)


def test_a_verdict_counts_when_its_time_is_over_whatever_it_is(tmp_path: Path) -> None:
    made = small(tmp_path, 19)
    bank = Bank(warehouse=made.warehouse, cutoff=made.at("2025-12-01"), budget=QUICK)
    question = FalseApplication()
    rows = question.population(bank, question.plan(bank))
    truth, known = question.label(bank, rows)
    assert truth.sum() == 19
    cutoffs = rows.column("cutoff").cast(pa.int64()).to_numpy()
    assert (PRAGUE.day_of(known) - PRAGUE.day_of(cutoffs) == 1).all()  # all came on the day itself


def lacking(lending: BankFolder, *tables: str) -> Warehouse:
    manifest = lending.warehouse.manifest
    kept = {name: state for name, state in manifest.tables.items() if name not in tables}
    return Warehouse(lending.warehouse.folder, replace(manifest, tables=kept))


@pytest.mark.parametrize(
    ("tables", "group"),
    [(("digital_event",), "traces"), (("party_link", "loan_event", "transaction"), None)],
)
def test_what_the_bank_lacks_is_left_out(
    lending: BankFolder, tables: tuple[str, ...], group: str | None
) -> None:
    warehouse = lacking(lending, *tables)
    end = warehouse.coverage("credit_application")
    assert end is not None
    names = readable(Bank(warehouse=warehouse, cutoff=end[1], budget=QUICK))
    given_ = {one for one in GROUPS if columns_of(names, one)}
    assert "network" in given_  # what applications give is a network already
    traces = [
        name
        for name in columns_of(names, "traces")
        if name not in ("form_hour", "form_session_applications") and not name.startswith("form_country_off")
    ]
    assert bool(traces) == (group != "traces")


def test_without_links_steps_of_forms_or_texts_nothing_breaks_and_the_page_says_so(tmp_path: Path) -> None:
    made = small(tmp_path, 19)
    bank = Bank(warehouse=made.warehouse, cutoff=made.at("2025-12-01"), budget=QUICK)
    question = FalseApplication()
    names = readable(bank)
    rows = question.applications(bank, [(made.at("2024-01-01"), made.at("2024-02-01"))])
    found = matrix(
        made.warehouse, rows.select(["subject_kind", "subject_id", "customer_id", "cutoff"]), names
    )
    assert found.num_rows == rows.num_rows == 31
    assert not any(name.startswith(("text_", "form_country", "form_field")) for name in names)
    assert question.parts(names)
    said = " ".join([*left_out(names), *tables_lacking(made.warehouse, names)])
    for words in ("no party_link: households", "no digital_event: how forms", "No purposes of applications"):
        assert words in said
    asked = pa.table({
        "customer_id": rows.column("customer_id"), "value_minor": rows.column("value_minor"),
        "cutoff": rows.column("cutoff").cast(pa.int64()), "confirmed": [False] * 31, "chance": [0.5] * 31,
    })  # fmt: skip
    assert rings(made.warehouse, made.at("2024-01-01"), bank.cutoff, asked) == []


def test_the_network_does_without_what_the_bank_lacks(lending: BankFolder) -> None:
    warehouse = lacking(lending, "party_link", "digital_event", "loan_event", "transaction", "customer",
                        "bureau_report", "bureau_event", "customer_identity", "counterparty")  # fmt: skip
    end = warehouse.coverage("credit_application")
    assert end is not None
    bank = Bank(warehouse=warehouse, cutoff=end[1], budget=QUICK)
    rows = FalseApplication().applications(bank, [(end[1] - 30 * DAY, end[1])])
    names = readable(bank)
    found = matrix(warehouse, rows.select(["subject_kind", "subject_id", "customer_id", "cutoff"]), names)
    assert found.num_rows == rows.num_rows > 0
    assert {group_of(name) for name in names} - {""} == set(GROUPS)


def test_a_bank_without_verdicts_is_refused_by_name(lending: BankFolder, tmp_path: Path) -> None:
    with pytest.raises(FeasibilityError, match="feedback"):
        lifecycle.run_task(
            lacking(lending, "feedback"), lending.config, "application_fraud", results_folder=tmp_path
        )


def test_rings_are_those_of_several_households_within_weeks(tmp_path: Path) -> None:
    made = SmallWarehouse(tmp_path)
    forms = [
        (1, 1, "2024-03-01", 7), (2, 2, "2024-03-20", 7), (3, 3, "2024-04-05", 7), (4, 4, "2024-03-02", 8),
        (5, 5, "2024-03-03", 8), (6, 6, "2024-03-04", 8), (7, 7, "2024-01-01", 9), (8, 8, "2024-06-01", 9),
        (9, 9, "2024-11-01", 9),
    ]  # fmt: skip
    family = [(4, 5), (5, 6)]
    made.load(
        credit_application=[
            {"application_id": number, "customer_id": who, "event_time": at, "phone": phone, **FIVE}
            for number, who, at, phone in forms
        ],
        party_link=[
            {"from_id": one, "to_id": other, "kind": "household", "valid_from": "2020-01-01"}
            for one, other in family
        ],
    )  # fmt: skip
    asked = pa.table(
        {
            "customer_id": [who for _, who, _, _ in forms], "value_minor": [5] * len(forms),
            "cutoff": [made.at(at) for _, _, at, _ in forms],
            "confirmed": [who == 2 for _, who, _, _ in forms],
            "chance": [float("nan") if who == 1 else 0.5 for _, who, _, _ in forms],
        }
    )  # fmt: skip
    [found] = rings(made.warehouse, made.at("2024-01-01"), made.at("2024-12-01"), asked)
    assert (found.members, found.households, found.shared) == ((1, 2, 3), 3, ("phone",))
    assert (found.applications, found.amount_minor, found.confirmed, found.chance) == (3, 15, 1, 0.5)
    assert round(found.days) == 35
    assert [found.growth.members(days) for days in (30, 90)] == [0, 0]
    assert not found.growth.grows


def test_a_ring_that_grows_stands_first_and_says_who_joined_when(tmp_path: Path) -> None:
    made = SmallWarehouse(tmp_path)
    forms = [
        (1, 1, "2024-04-01", 7), (2, 2, "2024-04-02", 7), (3, 3, "2024-04-03", 7), (4, 4, "2024-04-04", 7),
        (5, 11, "2024-09-20", 8), (6, 12, "2024-10-10", 8), (7, 13, "2024-11-20", 8),
        (8, 11, "2024-11-21", 8), (9, 14, "2024-11-30", 8), (10, 15, "2024-11-25", 9),
    ]  # fmt: skip
    made.load(
        credit_application=[
            {"application_id": number, "customer_id": who, "event_time": at, "phone": phone, **FIVE}
            for number, who, at, phone in forms
        ]
    )
    asked = pa.table(
        {
            "customer_id": [who for _, who, _, _ in forms], "value_minor": [5] * len(forms),
            "cutoff": [made.at(at) for _, _, at, _ in forms], "confirmed": [False] * len(forms),
            "chance": [0.9 if who < 10 else 0.1 for _, who, _, _ in forms],
        }
    )  # fmt: skip
    first, second = rings(made.warehouse, made.at("2024-01-01"), made.at("2024-12-01"), asked)
    everybody = {*first.members, *first.growth.newcomers}
    assert everybody == {11, 12, 13, 14}
    assert [first.growth.members(days) for days in (30, 90)] == [2, 4]
    assert [first.growth.links(days) for days in (30, 90)] == [2, 4]
    days, joined = first.growth.curve()
    assert (joined[0], joined[-1]) == (0, 4)
    assert joined == sorted(joined)
    assert days[-1] == made.at("2024-12-01")
    assert (second.members, second.growth.grows) == ((1, 2, 3, 4), False)


@pytest.fixture(scope="module")
def run(lending: BankFolder, tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = replace(lending.config, budget=QUICK)
    place = tmp_path_factory.mktemp("fraud")
    made: Run = lifecycle.run_task(lending.warehouse, config, "application_fraud", results_folder=place)
    return made


def test_a_run_ranks_is_honest_and_lists_cases(run: Run) -> None:
    figures = run.about["figures"]
    [main] = figures["questions"]
    assert main["candidates"][main["use"]]["metrics"]["auc"]["value"] > 0.6
    assert main["candidates"]["bank rule"]["baseline"]
    assert {one["name"] for one in run.about["tests"]} >= {"truncation", "future poison"}
    assert all(one["passed"] for one in run.about["tests"])
    assert [one["part"] for one in figures["worth"]] == list(GROUPS)
    lists = figures["list"]["lists"]
    assert {main["use"], "prior"} <= set(lists)
    delays = figures["delays"]
    assert delays["verdicts"] > 30
    assert 30 < delays["median"] <= delays["most"] == delays["assumed"]
    assert delays["later"] <= 0.1
    assert "count as honest" not in run.about["verdict"]
    grades = set(run.scores.column("grade").to_pylist())
    assert grades <= {"check", "ask", "pass"}
    assert "check" in grades


def test_rings_count_all_applications_and_verdicts_of_their_period(lending: BankFolder, run: Run) -> None:
    table = run.table("rings")
    with Session(lending.warehouse) as session:
        forms = session.arrow(
            "SELECT a.customer_id, epoch_us(a.event_time) AS at, bool_or(f.subject_id IS NOT NULL) AS bad "
            "FROM credit_application AS a LEFT JOIN feedback AS f ON f.subject_id = a.application_id "
            "AND f.subject_kind = 'application' AND f.label = 'fraud' AND f.verdict = 'confirmed' "
            "GROUP BY ALL ORDER BY ALL"
        ).to_pylist()
    assert table.num_rows
    for ring in table.to_pylist():
        members = set(ring["members"].split(", "))
        first, last = (int(ring[name].timestamp() * 1e6) for name in ("first", "last"))
        mine = [
            one for one in forms if show_key(one["customer_id"]) in members and first <= one["at"] <= last
        ]
        assert (ring["grows"] == "grows") == (ring["members_90"] > 0)
        assert ring["members_30"] <= ring["links_30"]
        assert (ring["applications"], ring["confirmed"]) == (len(mine), sum(one["bad"] for one in mine))


def test_the_page_draws_rings_and_says_what_each_kind_adds(run: Run) -> None:
    page = page_of(run)
    drawings = [block for section in page.sections for block in section.blocks if isinstance(block, Drawing)]
    assert drawings
    html, _ = render_block(drawings[0])
    assert "<svg" in html
    assert "<script" not in html
    assert any("AUC" in one.text for one in page.statements)


def test_most_planted_rings_are_listed(lending: BankFolder) -> None:
    truth = f"'{lending.folder.parent / 'extracts' / 'truth' / 'applications'}/*.parquet'"
    planted: dict[int, set[int]] = {}
    for ring, customer in duckdb.sql(f"SELECT ring, customer FROM {truth} WHERE ring IS NOT NULL").fetchall():
        planted.setdefault(ring, set()).add(lending.keyring.token("customer", customer))
    with Session(lending.warehouse) as session:
        asked = session.arrow(
            "SELECT customer_id, amount_minor AS value_minor, epoch_us(event_time) AS cutoff, "
            "false AS confirmed, CAST('nan' AS DOUBLE) AS chance FROM credit_application"
        )
    period = lending.warehouse.coverage("credit_application")
    assert period is not None
    listed = [set(one.members) for one in rings(lending.warehouse, period[0], period[1], asked)]
    large = [members for members in planted.values() if len(members) >= 3]
    found = sum(any(2 * len(members & one) >= len(members) for one in listed) for members in large)
    assert len(large) >= 3
    assert 2 * found >= len(large)
