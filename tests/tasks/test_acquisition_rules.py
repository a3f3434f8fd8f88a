"""The rules of acquisition one by one: worth, prices, who is barred, groups, deciles, later customers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.catalogue import TABLES
from bankmine.bank.civil import DAY, Zone
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.customers.conditions import Conditions
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.tasks.acquisition.counterparties import JoinsLater, resolved, tied
from bankmine.tasks.acquisition.expected import FIRST, NEXT, NOT, Prices, expected_profit, prices, pursue
from bankmine.tasks.acquisition.groups import _communities, _employers, communities_of
from bankmine.tasks.acquisition.judge import by_decile
from bankmine.tasks.acquisition.likeness import civil_year
from bankmine.tasks.acquisition.lists import transfers_between, unreachable
from bankmine.tasks.acquisition.prospects import (
    FRESH_DAYS,
    NEVER,
    Forms,
    Joinings,
    ProspectJoins,
    share_joining,
)
from bankmine.tasks.acquisition.task import TASK, _verdict
from bankmine.tasks.acquisition.ties import catalogue, tie_features
from bankmine.tasks.acquisition.worth import most_valuable, worth
from bankmine.tasks.contract import Bank, Plan

ZONE = "Europe/Prague"
zone = Zone(ZONE)
SURE = np.full(4, NEVER)
START, END = zone.midnight(date(2020, 1, 1)), zone.midnight(date(2021, 4, 1))


def full(name: str, rows: int, **columns: Any) -> pa.Table:
    """A table in its schema; columns not given are empty."""
    made = {}
    for column in TABLES[name].all_columns:
        if column.name == "load_number":
            continue
        value = columns.get(column.name)
        array = pa.nulls(rows, column.arrow_type()) if value is None else pa.array(value)
        made[column.name] = array.cast(column.arrow_type())
    return pa.table(made)


def write(folder: Path, **tables: pa.Table) -> Warehouse:
    Warehouse.create(folder, time_zone=ZONE, currency="EUR", key_identity="test")
    with writing(folder) as writer:
        for name, content in tables.items():
            writer.append(name, content)
        loads = {
            name: TableLoad(rows=content.num_rows, read=content.num_rows, coverage=(START, END))
            for name, content in tables.items()
        }
        writer.commit(Load(1, "one", "made_up", "one", None, "2021-04-01T00:00:00+00:00", loads))
    return Warehouse.open(folder)


def transfers(rows: list[tuple[int, int, int, int, str]]) -> pa.Table:
    """Booked payments out: customer, counterparty (0: a purchase), day, minor units, category."""
    count = len(rows)
    at = [START + one[2] * DAY + DAY // 2 for one in rows]
    amount = [one[3] for one in rows]
    return full(
        "transaction", count, transaction_id=np.arange(1, count + 1), customer_id=[one[0] for one in rows],
        is_primary=[True] * count, amount_minor=amount, base_minor=amount, currency=["EUR"] * count,
        direction=["out"] * count, status=["booked"] * count, category=[one[4] for one in rows],
        counterparty_id=[one[1] or None for one in rows], event_time=at, known_at=at,
        seq=np.arange(count), cancelled=[False] * count,
    )  # fmt: skip


def counterparties(*rows: tuple[int, int | None, int]) -> pa.Table:
    """Versions: counterparty, the customer behind it, the day from which that is known."""
    at = [START + day * DAY for _, _, day in rows]
    return full(
        "counterparty", len(rows), counterparty_id=[one[0] for one in rows],
        resolved_customer_id=[one[1] for one in rows], bank=["other"] * len(rows), valid_from=at, known_at=at,
    )  # fmt: skip


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Customer 1 pays wages to 11 (becomes customer 5 on day 200), 12 (is customer 6), 13 (never)."""
    paid = [(1, other, month * 30 + 3, 100_000, "payroll") for other in (11, 12, 13) for month in range(15)]
    bought = [(customer, 0, 370 + customer, 1_000 * customer, "groceries") for customer in (1, 5, 6)]
    warehouse = write(
        tmp_path_factory.mktemp("bank") / "warehouse",
        transaction=transfers([*paid, *bought]),
        counterparty=counterparties((11, None, 0), (11, 5, 200), (12, 6, 0), (13, None, 0)),
    )
    return Bank(warehouse=warehouse, cutoff=END)


def test_counterparties_are_who_they_were_known_to_be_at_the_cutoff(bank: Bank) -> None:
    early, late = START + 150 * DAY, START + 300 * DAY
    strangers = tied(bank, [early, late], customers=lambda at: False)
    known = tied(bank, [early, late], customers=lambda at: True)
    by_cutoff = [
        rows.column("subject_id").to_pylist() for rows in (strangers.slice(0, 2), strangers.slice(2))
    ]
    assert by_cutoff == [[11, 13], [13]]
    assert known.column("subject_id").to_pylist() == [12, 11, 12]
    assert resolved(bank, known).tolist() == [6, 5, 6]


def test_a_counterparty_found_to_be_a_customer_within_the_horizon_is_a_success(bank: Bank) -> None:
    rows = tied(bank, [START + 150 * DAY], customers=lambda at: False)
    truth, known_at = JoinsLater().label(bank, rows)
    assert dict(zip(rows.column("subject_id").to_pylist(), truth.tolist(), strict=True)) == {
        11: True,
        13: False,
    }
    assert (known_at > START + 150 * DAY + 182 * DAY).all()


def test_ties_are_counted_under_the_counterparty_and_nobody_else(bank: Bank) -> None:
    from bankmine.customers.matrix import matrix

    rows = tied(bank, [END], customers=lambda at: at < 0)
    names = [name for name in tie_features(bank) if name.startswith("tie_payroll")]
    made = matrix(bank.warehouse, rows, names, catalogue=catalogue())
    assert made.column("subject_id").to_pylist() == [13]
    (count,) = made.column("tie_payroll_count_12mo").to_pylist()
    months = [START + (month * 30 + 3) * DAY + DAY // 2 for month in range(15)]
    assert count == sum(zone.months_before(END, 12) <= at < END for at in months)


def test_worth_is_the_stated_share_of_purchases_and_leaves_transfers_out(bank: Bank) -> None:
    value = worth(bank, since=START)
    profit = value.of(np.array([1, 5, 6, 99]), value.between(START, END))
    assert profit.tolist() == [0.004 * 1_000, 0.004 * 5_000, 0.004 * 6_000, 0.0]
    assert value.edges[-1] == END


def test_worth_counts_the_mean_balance_kept_by_month(tmp_path: Path) -> None:
    days = [START + day * DAY for day in range(0, 456)]
    rows = len(days)
    balances = full(
        "balance", rows, account_id=[7] * rows, customer_id=[1] * rows, is_primary=[True] * rows,
        balance_minor=[120_000] * rows, event_time=days, known_at=days, seq=np.arange(rows),
        cancelled=[False] * rows,
    )  # fmt: skip
    warehouse = write(tmp_path / "w", balance=balances, transaction=transfers([(1, 0, 1, 1, "fuel")]))
    value = worth(Bank(warehouse=warehouse, cutoff=END), since=START)
    year = value.between(zone.months_before(END, 12), END)
    assert year.tolist() == pytest.approx([0.012 * 120_000])


def test_expected_profit_follows_its_rule() -> None:
    price = Prices(years=3, onboarding_minor=500, approach_minor=100, channel="phone")
    found = expected_profit(np.array([0.5, 0.0]), np.array([1_000.0, 1_000.0]), price)
    assert found.tolist() == [0.5 * (3 * 1_000 - 500) - 100, -100]


def priced(folder: Path, **settings: Any) -> Prices:
    costs = full(
        "channel_cost", 2, channel=["phone", "post"], unit_cost_minor=[400, 100], valid_from=[START] * 2,
        known_at=[START] * 2,
    )  # fmt: skip
    return prices(Bank(warehouse=write(folder, channel_cost=costs), cutoff=END, settings=settings))


def test_the_contacts_set_are_those_priced_and_those_told(tmp_path: Path) -> None:
    price = priced(tmp_path / "w", channel="post", contacts=7)
    assert price.approach_minor == 700
    assert "(7 contacts by post" in price.sentence
    assert "(1 contact by phone" in priced(tmp_path / "v", contacts=1).sentence


def test_a_channel_without_a_price_is_refused_with_those_that_have_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'fone' has no price.*one of phone, post") as caught:
        priced(tmp_path / "w", channel="fone")
    assert "\n" not in str(caught.value)


KNOWN = Conditions({1: ("complaint_open",), 2: ("arrears",), 4: ("other",)}, frozenset({1, 2, 4}), ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("years", "x"), ("years", -3), ("years", 0), ("years", float("nan")), ("years", True),
        ("onboarding_minor", "x"), ("onboarding_minor", -1), ("capacity", 5), ("capacity", "a"),
        ("capacity", 0), ("join_share", 2), ("balance_margin", "x"), ("purchase_share", -0.1),
        ("channel", 3), ("contacts", True),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"tasks.acquisition.{name} is "):
        TASK.check_settings({name: value})


def test_settings_that_can_be_meant_are_taken() -> None:
    TASK.check_settings({"years": 2.5, "onboarding_minor": 0, "capacity": 1, "join_share": 0, "contacts": 1})


def test_nobody_is_approached_through_a_customer_to_whom_nothing_may_be_sold() -> None:
    found = unreachable(KNOWN, [1, 2, 3, 4])
    assert {name: who.tolist() for name, who in found.items()} == {
        "known through a customer: in arrears": [False, True, False, False],
        "known through a customer: open complaint": [True, False, False, False],
        "known through a customer: no consent to marketing": [False, False, True, False],
    }


def test_groups_count_through_members_who_may_be_sold_to_and_say_why_others_are_kept_out() -> None:
    links = pa.table({"from_id": [1, 2, 7], "to_id": [2, 4, 8]})
    nearest, profit = np.array([1, 4, 4, 7]), np.array([100.0, 5.0, 6.0, 50.0])
    (community,) = _communities(links, KNOWN, nearest, profit).table.to_pylist()
    assert community == {
        "community": 1, "members": 1, "heads": 2, "profit_minor": 11.0,
        "kept_out": "1 in arrears, 1 open complaint", "flags": "open complaint",
    }  # fmt: skip
    paid = pa.table(
        {
            "customer_id": [1, 4, 4], "counterparty_id": [11, 11, 12], "already": [False] * 3,
            "money_minor": [1.0, 1.0, 1.0],
        }
    )  # fmt: skip
    employers = _employers(paid, KNOWN, np.array([11, 12]), np.array([100.0, 0.0])).table.to_pylist()
    said = [
        (one["customer_id"], one["pursue"], one["profit_minor"], one["may"], one["flags"])
        for one in employers
    ]
    assert said == [(4, 1, 100.0, "yes", "other"), (1, 0, 0.0, "keep out", "open complaint")]


def test_the_verdict_opens_with_what_is_proved_only_in_part() -> None:
    figures: dict[str, Any] = {"tested": {"prospects": {"better": True}}, "lists": {"prospects": {}}}
    assert _verdict(figures).startswith("Use the list of prospects")
    loses = _verdict({**figures, "joining": {"use": "freshness rule", "better": False}})
    assert loses.startswith("Proved in part")
    assert "no model beats the freshness rule" in loses
    assumed = _verdict({**figures, "join_assumed": True, "join_share": 0.02})
    assert assumed.startswith("Proved in part")
    assert "assumed at 2.0%" in assumed


def test_whoever_is_barred_or_loses_money_stands_last_with_the_reason() -> None:
    profit = np.array([50.0, 900.0, -5.0, 400.0, 300.0, 200.0])
    found = pursue(profit, {"no consent": np.array([False, True, False, False, False, False])})
    assert found.grade == [NEXT, NOT, NOT, FIRST, NEXT, NEXT]
    assert found.reasons == [[], ["no consent"], ["loses money"], [], [], []]
    assert np.argsort(found.order, kind="stable").tolist()[:4] == [3, 4, 5, 0]


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=15))
def test_communities_equal_those_found_by_walking(pairs: list[tuple[int, int]]) -> None:
    links = pa.table(
        {
            "from_id": pa.array([a for a, _ in pairs], pa.int64()),
            "to_id": pa.array([b for _, b in pairs], pa.int64()),
        }
    )
    found = communities_of(links)
    near: dict[int, set[int]] = {}
    for a, b in pairs:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    for one in near:
        seen, ahead = {one}, [one]
        while ahead:
            for other in near[ahead.pop()] - seen:
                seen.add(other)
                ahead.append(other)
        assert found[one] == min(seen)
    assert set(found) == set(near)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(20, 400), st.integers(0, 1_000))
def test_deciles_share_out_every_row_once(rows: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth, score = draw.random(rows) < 0.3, draw.random(rows)
    found = by_decile(truth, score, np.arange(rows), seed=0)
    assert sum(one["rows"] for one in found) == rows
    assert len(found) == min(10, rows // 20)
    assert sum(one["true"] for one in found) == truth.sum()
    first = np.argsort(-score, kind="stable")[: found[0]["rows"]]
    assert found[0]["precision"] == pytest.approx(truth[first].mean())


def test_the_most_valuable_fifth_brings_something() -> None:
    assert most_valuable(np.zeros(10)).sum() == 0
    assert most_valuable(np.arange(10.0)).tolist() == [False] * 8 + [True] * 2


def forms_of(left: Any, joined: Any, known: Any, joined_known: Any, until: Any) -> Forms:
    """Forms of prospects 1, 2, …; `joined` is 0 where nobody did."""
    place = np.flatnonzero(joined)
    told = Joinings(place, joined[place], place + 70, joined_known[place], until[place])
    return Forms(np.arange(1, len(left) + 1), left, known, told)


def test_a_prospect_is_looked_at_while_the_form_is_fresh_and_it_has_not_joined(bank: Bank) -> None:
    at = START + 100 * DAY
    left = at - np.array([10, 10, FRESH_DAYS + 2, 10]) * DAY
    joined = np.array([0, at + 5 * DAY, 0, at - DAY])
    known = forms_of(left, joined, left, joined, SURE)
    task = ProspectJoins(known)
    rows = task.population(bank, Plan(score=(at, at + 1), sentence="", cutoffs=(at,)))
    assert rows.column("subject_id").to_pylist() == [1, 2]
    assert task.label(bank, rows)[0].tolist() == [False, True]
    assert share_joining(known, at + 200 * DAY) == 0.5


def test_forms_and_joiners_count_from_the_day_they_were_known(bank: Bank) -> None:
    at = START + 100 * DAY
    left = np.full(5, at - 10 * DAY)
    known = np.array([at, at + DAY, at, at, at])  # the second form is entered a day late
    joined = np.array([0, 0, at - DAY, at + 5 * DAY, at + 5 * DAY])
    joined_known = np.array([0, 0, at + DAY, at + 97 * DAY, at + 98 * DAY])
    sure = np.full(5, NEVER)
    task = ProspectJoins(forms_of(left, joined, known, joined_known, sure))
    rows = task.population(bank, Plan(score=(at, at + 1), sentence="", cutoffs=(at,)))
    assert rows.column("subject_id").to_pylist() == [1, 3, 4, 5]
    truth, known_at = task.label(bank, rows)
    assert truth.tolist() == [False, False, True, False]
    assert known_at.tolist() == [zone.days_before(at, -97)] * 4


def test_a_joining_holds_until_another_form_or_customer_casts_doubt_on_it(bank: Bank) -> None:
    at = START + 100 * DAY
    left, joined = np.full(3, at - 10 * DAY), np.full(3, at - DAY)
    until = np.array([NEVER, at, at + 1])
    known = forms_of(left, joined, left, joined, until)
    assert known.open_at(at).tolist() == [False, True, False]
    late = forms_of(left, np.full(3, at + DAY), left, joined, np.array([NEVER, at + 2 * DAY, NEVER]))
    task = ProspectJoins(late)
    rows = task.population(bank, Plan(score=(at, at + 1), sentence="", cutoffs=(at,)))
    assert task.label(bank, rows)[0].tolist() == [True, False, True]


def joined_pairs(forms: list[tuple[int, int]], customers: list[tuple[int, int]], known: int) -> list[Any]:
    """What the rule says of forms and customers all alike, each (id, day it became known)."""
    import duckdb

    from bankmine.tasks.acquisition.prospects import FOLDER
    from bankmine.tasks.sql import statement

    like = "1980 AS birth_year, 'f' AS gender, 1 AS region_id, 'clerk' AS occupation, 'master' AS education"
    like += ", 'single' AS marital, 1 AS load_number, TIMESTAMPTZ '2020-01-01 00:00:00+00' AS valid_from"
    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    for name, key, rows in (
        ("prospect_versions", "prospect_id", forms), ("customer_versions", "customer_id", customers),
    ):  # fmt: skip
        base.execute(f"CREATE TABLE {name} ({key} BIGINT, known_at TIMESTAMPTZ)")
        for number, day in rows:
            base.execute(f"INSERT INTO {name} VALUES ({number}, make_timestamptz({day * DAY}))")
        base.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT *, 'person' AS kind, "
            f"DATE '2020-02-01' AS since, {like} FROM {name}"
        )
    given = {"known": known * DAY, "zone": "UTC"}
    found = base.execute(statement(FOLDER, "joined"), given).fetchall()
    return [(p, c, k // DAY, None if u is None else u // DAY) for p, c, _, k, u in found]


def test_a_form_that_comes_later_takes_nothing_from_what_was_known_before() -> None:
    assert joined_pairs([(1, 5)], [(70, 9)], 30) == [(1, 70, 9, None)]
    assert joined_pairs([(1, 5), (2, 20)], [(70, 9)], 15) == [(1, 70, 9, None)]
    assert joined_pairs([(1, 5), (2, 20)], [(70, 9)], 30) == [(1, 70, 9, 20)]
    assert joined_pairs([(1, 5)], [(70, 9), (71, 12)], 30) == [(1, 70, 9, 12)]


def test_the_payments_between_a_counterparty_and_its_nearest_customer_are_counted(bank: Bank) -> None:
    ids, through = np.array([11, 12, 13]), np.array([1, 1, 9])
    year = sum(START + (month * 30 + 3) * DAY >= zone.months_before(END, 12) for month in range(15))
    assert transfers_between(bank, ids, through).tolist() == [year, year, 0]


Version = tuple[int, int, int, int]  # id, day it is valid from, day it became known, year of birth


def pairs_of_versions(forms: list[Version], customers: list[Version], known: int) -> list[Any]:
    """What the rule says of versions that agree but for the year of birth; loads are numbered as given."""
    import duckdb

    from bankmine.tasks.acquisition.prospects import FOLDER
    from bankmine.tasks.sql import statement

    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    for name, key, rows in (
        ("prospect_versions", "prospect_id", forms), ("customer_versions", "customer_id", customers),
    ):  # fmt: skip
        base.execute(
            f"CREATE TABLE {name} ({key} BIGINT, valid_from TIMESTAMPTZ, known_at TIMESTAMPTZ, "
            "birth_year INT, load_number INT, kind TEXT DEFAULT 'person', since DATE DEFAULT '1970-02-01', "
            "gender TEXT DEFAULT 'f', region_id INT DEFAULT 1, occupation TEXT DEFAULT 'clerk', "
            "education TEXT DEFAULT 'master', marital TEXT DEFAULT 'single')"
        )
        for load, (number, start, day, year) in enumerate(rows):
            base.execute(
                f"INSERT INTO {name} ({key}, valid_from, known_at, birth_year, load_number) VALUES "
                f"({number}, make_timestamptz({start * DAY}), make_timestamptz({day * DAY}), {year}, {load})"
            )
    found = base.execute(statement(FOLDER, "joined"), {"known": known * DAY, "zone": "UTC"}).fetchall()
    return [(p, c, k // DAY, None if u is None else u // DAY) for p, c, _, k, u in found]


def pairs_known_at(forms: list[Version], customers: list[Version], at: int) -> set[tuple[int, int]]:
    """The slow, obvious twin: the rule asked of what was known on one day and nothing else."""

    def first(rows: list[Version]) -> dict[int, int]:
        then = [(one, load) for load, one in enumerate(rows) if one[2] <= at]
        then.sort(key=lambda pair: (-pair[0][1], pair[0][2], pair[1]))
        return {one[0]: one[3] for one, _ in then}

    left, came = first(forms), first(customers)
    pairs = {(p, c) for p, year in left.items() for c, other in came.items() if year == other}
    return {
        (p, c) for p, c in pairs if sum(a == p for a, _ in pairs) == 1 and sum(b == c for _, b in pairs) == 1
    }


def versions(first_id: int) -> st.SearchStrategy[list[Version]]:
    """Up to six versions of up to three forms or customers."""
    number, year = st.integers(first_id, first_id + 2), st.integers(1980, 1981)
    return st.lists(st.tuples(number, st.integers(0, 2), st.integers(3, 12), year), max_size=6)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(versions(1), versions(70))
def test_a_pair_is_known_on_a_day_exactly_if_the_rule_asked_that_day_finds_it(
    forms: list[Version], customers: list[Version]
) -> None:
    found = pairs_of_versions(forms, customers, 20)
    for at in range(2, 15):
        held = [(p, c) for p, c, known, until in found if known <= at and (until is None or at < until)]
        assert len(held) == len(set(held))
        assert set(held) == pairs_known_at(forms, customers, at)


def test_a_correction_of_the_fields_that_agree_ends_a_pair_and_not_before_it_is_known() -> None:
    form, came = (1, 0, 5, 1980), (70, 0, 9, 1980)
    assert pairs_of_versions([form], [came, (70, 0, 25, 1981)], 30) == [(1, 70, 9, 25)]
    assert pairs_of_versions([form], [came, (70, 0, 25, 1981)], 20) == [(1, 70, 9, None)]
    late = pairs_of_versions([form], [came, (70, 0, 25, 1980)], 30)
    assert late == [(1, 70, 9, 25), (1, 70, 25, None)]


def test_forms_alike_from_the_start_lead_to_nobody() -> None:
    assert joined_pairs([(1, 5), (2, 6)], [(70, 9)], 30) == []


@pytest.mark.parametrize("year", range(1988, 2032))
@pytest.mark.parametrize("name", ["Europe/Prague", "Asia/Singapore", "America/New_York"])
def test_the_year_of_an_age_is_the_civil_year_on_both_sides_of_new_year(year: int, name: str) -> None:
    there = Zone(name)
    midnight = there.midnight(date(year, 1, 1))
    assert [civil_year(there, at) for at in (midnight - 1, midnight)] == [year - 1, year]


def test_a_customer_known_later_than_the_label_is_no_success(tmp_path: Path) -> None:
    at = START + 150 * DAY
    ends = JoinsLater().label_rule.known_at(np.array([at]), zone)[0]  # type: ignore[union-attr]
    table = counterparties((11, None, 0), (12, None, 0), (11, 5, 200), (12, 6, 200))
    known = pa.array([START, START, int(ends), int(ends) + 1]).cast(table.column("known_at").type)
    table = table.set_column(table.column_names.index("known_at"), "known_at", known)
    paid = [(1, other, month * 30 + 3, 1_000, "payroll") for other in (11, 12) for month in range(5)]
    warehouse = write(tmp_path / "w", transaction=transfers(paid), counterparty=table)
    made = Bank(warehouse=warehouse, cutoff=END)
    rows = tied(made, [at], customers=lambda at: False)
    assert rows.column("subject_id").to_pylist() == [11, 12]
    truth, known_at = JoinsLater().label(made, rows)
    assert truth.tolist() == [True, False]
    assert known_at.tolist() == [ends, ends]


def test_a_bank_without_prospects_and_counterparties_is_told_which_tables_it_lacks(tmp_path: Path) -> None:
    warehouse = write(tmp_path / "w", transaction=transfers([(1, 0, 1, 1, "fuel")]))

    class Desk:
        bank = Bank(warehouse=warehouse, cutoff=END)

    with pytest.raises(FeasibilityError, match="tables prospect and counterparty"):
        TASK.study(Desk())  # type: ignore[arg-type]


def test_a_bank_with_too_little_of_everything_is_told_so_and_gets_no_list(tmp_path: Path) -> None:
    from bankmine import lifecycle
    from bankmine.lifecycle.pages import page_of

    people = full(
        "customer", 3, customer_id=[1, 2, 3], kind=["person"] * 3, birth_year=[1970, 1980, 1990],
        valid_from=[START] * 3, known_at=[START] * 3,
    )  # fmt: skip
    paid = [(1, 11, month * 30 + 3, 100_000, "payroll") for month in range(15)]
    warehouse = write(
        tmp_path / "warehouse", transaction=transfers(paid), customer=people,
        counterparty=counterparties((11, None, 0)),
    )  # fmt: skip
    run = lifecycle.run_task(warehouse, None, "acquisition", results_folder=tmp_path / "results")
    assert run.about["use"] == "do not use"
    assert run.scores.num_rows == 0
    assert "3 persons are customers" in run.metrics["form_refused"]
    assert [one["name"] for one in run.metrics["refused"]] == ["golden_ties"]
    assert page_of(run).sentence
