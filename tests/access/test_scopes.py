"""Whoever sees a part of the bank sees exactly that part: every list, count, search, export and customer."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from seen_by import Oracle, foreign_named, hexadecimal, person

from bankmine.access import Between, Has, ListSource, OneOf, Place, View
from bankmine.access.tables import MOST_ROWS
from bankmine.folder import BankFolder
from bankmine.governance import Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worked-bank")]

NAMES = ("first branch", "second branch", "both", "manager", "manager of another branch", "none")


def lists_of(view: View) -> list[ListSource]:
    """Every list of every task."""
    return [view.list(run.task, name) for run in view.runs() for name in run.lists]


def file_of(source: ListSource) -> Path:
    folder = source.run.folder
    return (
        folder / "scores.parquet" if source.name == "scores" else folder / "tables" / f"{source.name}.parquet"
    )


def plain(value: Any, kind: str) -> Any:
    """A value as SQL gives it, in the form in which a list shows it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind == "key":
        return hexadecimal(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return tuple(sorted(value)) if isinstance(value, list) else value


def expected(source: ListSource, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        tuple(plain(row[one.name], one.kind) for one in source.columns if one.name != "rank") for row in rows
    ]


def without_rank(source: ListSource, rows: Any) -> list[tuple[Any, ...]]:
    place = [one.name for one in source.columns]
    return [
        tuple(
            tuple(sorted(value)) if isinstance(value, tuple | list) else value
            for name, value in zip(place, row, strict=True)
            if name != "rank"
        )
        for row in rows
    ]


def differing(seen: list[Any], direct: list[Any]) -> list[Any]:
    """The first rows that are not alike, few enough to read."""
    return [pair for pair in zip(seen, direct, strict=True) if pair[0] != pair[1]][:3]


@pytest.mark.parametrize("name", NAMES)
def test_every_list_of_every_task_equals_a_direct_query(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], name: str
) -> None:
    scope = scopes[name]
    view, own = place.as_seen_by(person(scope)), oracle.own(scope)
    walked = 0
    for source in lists_of(view):
        direct = oracle.rows_of(file_of(source), scope)
        if direct is None:
            assert source.whole_bank, source.name
            direct = []
        assert source.total == source.count() == len(direct), (source.run.task, source.name)
        assert not differing(without_rank(source, source.table.export()), expected(source, direct))
        walked += 1
    assert walked > 20
    assert view.count() == len(own)


def test_the_branches_together_hold_every_row_that_belongs_to_somebody(place: Place, oracle: Oracle) -> None:
    views = [place.as_seen_by(person(Scope(branches=frozenset({one})))) for one in oracle.branches]
    everything = place.as_seen_by(person(Scope()))
    for source in lists_of(everything):
        parts = [view.list(source.run.task, source.name).total for view in views]
        owned = oracle.rows_of(file_of(source), Scope())
        assert sum(parts) == (0 if owned is None else len(owned))


@pytest.mark.parametrize("name", NAMES)
def test_no_page_export_or_reason_names_a_foreign_customer(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], name: str
) -> None:
    foreign = oracle.foreign(scopes[name])
    view = place.as_seen_by(person(scopes[name]))
    for source in lists_of(view):
        page = source.rows(size=MOST_ROWS, why=True)
        assert not list(foreign_named(page, foreign)), (source.run.task, source.name)
        assert not list(foreign_named(list(source.export()), foreign))
    assert not list(foreign_named(list(view.customers_export()), foreign))
    assert not list(foreign_named([view.tiles(run.task) for run in view.runs()], foreign))


@pytest.mark.parametrize("name", NAMES)
def test_a_search_finds_own_customers_and_no_others(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], name: str
) -> None:
    view, own = place.as_seen_by(person(scopes[name])), oracle.own(scopes[name])
    for customer in sorted(own)[:20]:
        assert view.count(search=hexadecimal(customer)) == 1
        assert view.customers(search=hexadecimal(customer)[:12].upper()).total == sum(
            hexadecimal(one).startswith(hexadecimal(customer)[:12]) for one in own
        )
    for customer in sorted(oracle.foreign(scopes[name]))[:200]:
        assert view.count(search=hexadecimal(customer)) == 0
    for prefix in "0123456789abcdef":
        assert view.count(search=prefix) == sum(hexadecimal(one).startswith(prefix) for one in own)
    assert view.count(search="not a key") == 0
    for source in lists_of(view):
        for customer in sorted(oracle.foreign(scopes[name]))[:20]:
            assert source.count(search=hexadecimal(customer)) == 0


@pytest.mark.parametrize("name", NAMES)
def test_ranks_and_their_number_count_own_rows_alone(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], name: str
) -> None:
    view = place.as_seen_by(person(scopes[name]))
    for run in view.runs():
        source = view.list(run.task)
        direct = oracle.rows_of(file_of(source), scopes[name]) or []
        by_question: dict[str, list[tuple[int, int]]] = {}
        for row in direct:
            by_question.setdefault(row["question"], []).append((row["rank"], row["subject_id"]))
        order = {
            question: [hexadecimal(subject) for _, subject in sorted(rows)]
            for question, rows in by_question.items()
        }
        for question, subjects in order.items():
            rows = source.rows({"question": OneOf.of(question)}, size=MOST_ROWS)
            assert [row["rank"] for row in rows] == list(range(1, len(rows.rows) + 1))
            key = "customer_id" if run.task not in ("card_fraud",) else "subject_id"
            names = [one.name for one in rows.columns]
            subject = "subject_id" if "subject_id" in names else key
            assert [row[subject] for row in rows] == subjects[: len(rows.rows)]


@pytest.mark.parametrize("name", NAMES)
def test_live_counts_equal_a_direct_query(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], name: str
) -> None:
    view, own = place.as_seen_by(person(scopes[name])), oracle.own(scopes[name])
    kinds = dict(oracle.sql("SELECT customer_id, kind FROM belongs"))
    assert view.count({"kind": OneOf.of("company")}) == sum(kinds[one] == "company" for one in own)
    money = {
        row["customer_id"]: row
        for row in oracle.rows_of(file_of(view.list("value", "customers")), scopes[name]) or []
    }
    low, high = 50_000, 400_000
    assert view.count({"value_minor": Between(low, high)}) == sum(
        low <= row["lifetime_minor"] <= high for row in money.values()
    )
    grades: dict[str, int] = {}
    for row in money.values():
        grades[row["grade"]] = grades.get(row["grade"], 0) + 1
    assert view.counts("value_grade") == grades
    held = oracle.sql(
        f"""SELECT DISTINCT customer_id, family FROM (
          SELECT * FROM {oracle.files("holding")} WHERE valid_from <= make_timestamptz({oracle.cutoff})
            AND known_at <= make_timestamptz({oracle.cutoff})
          QUALIFY row_number() OVER (PARTITION BY customer_id, product_code, opened_on
                                     ORDER BY valid_from DESC, known_at DESC) = 1)
        JOIN {oracle.files("product")} USING (product_code) WHERE closed_on IS NULL"""
    )
    cards = {customer for customer, family in held if family == "card"} & own
    assert view.count({"families": Has.every(["card"])}) == len(cards)
    assert view.count({"families": Has(none_of=frozenset({"card"}))}) == len(own - cards)
    profit = sum(row["profit_minor"] for row in money.values())
    curve = view.value_curve()
    assert curve is None or (curve.total_minor, curve.count) == (profit, len(money))
    assert sum(one.customers for one in view.segments()) == len(
        oracle.rows_of(file_of(view.list("segmentation")), scopes[name]) or []
    )


@pytest.mark.parametrize("name", NAMES)
def test_tiles_are_figures_over_own_rows(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], name: str
) -> None:
    view = place.as_seen_by(person(scopes[name]))
    for run in view.runs():
        rows = oracle.rows_of(file_of(view.list(run.task)), scopes[name]) or []
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in rows:
            groups.setdefault((row["question"], row["grade"]), []).append(row)
        tiles = {(one.question, one.grade): one for one in view.tiles(run.task)}
        assert {key: len(some) for key, some in groups.items()} == {
            key: one.rows for key, one in tiles.items()
        }
        for key, some in groups.items():
            values = [row["value"] for row in some if row["value"] is not None]
            assert tiles[key].value == (pytest.approx(sum(values)) if values else None)


@pytest.mark.parametrize("name", ["first branch", "second branch", "manager"])
def test_a_customer_whole_names_no_foreign_customer_and_a_foreign_one_is_unknown(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], name: str
) -> None:
    foreign = oracle.foreign(scopes[name])
    view = place.as_seen_by(person(scopes[name]))
    risky = {row[0] for row in view.list("churn").table.export()} and view.list("churn").rows(size=2)
    for row in risky:
        whole, glance = view.customer(row["customer_id"]), view.glance(row["customer_id"])
        assert whole is not None
        assert glance is not None
        assert not list(foreign_named(whole, foreign))
        assert not list(foreign_named(glance, foreign))
        assert max(one.peers for one in whole.profile.features) <= len(oracle.own(scopes[name]))
        for score in whole.scores:
            source = view.list(score.task)
            of = source.count({"question": OneOf.of(*questions(source, score.question))})
            assert (score.of, 1 <= score.rank <= of) == (of, True)
        said = {(one.task, one.question, one.rank, one.of) for one in whole.scores}
        assert said <= {(one.task, one.question, one.rank, one.of) for one in glance.scores}
    for customer in sorted(foreign)[:50]:
        for given in (customer, hexadecimal(customer)):
            assert view.customer(given) is None
            assert view.glance(given) is None
            assert view.identity(given) is None
            assert not view.knows(given)
    assert view.customer("0" * 16) is None
    assert view.customer("nonsense") is None


def questions(source: ListSource, title: str) -> list[str]:
    named = {one["title"]: one["name"] for one in source.run.about["figures"].get("questions", [])}
    return [named.get(title, title)]


def test_whoever_sees_a_part_reads_no_figure_of_the_whole(place: Place, scopes: dict[str, Scope]) -> None:
    part, everything = place.as_seen_by(person(scopes["both"])), place.as_seen_by(person(Scope()))
    for run in part.runs():
        assert (run.verdict, run.about, run.card) == (None, None, None)
        assert not run.summary
        assert not run.features
        assert not run.sql
    for run in everything.runs():
        assert run.verdict
        assert run.card
        assert run.about is not None


def test_who_looks_after_a_customer_today_sees_it_at_every_date(
    place: Place, oracle: Oracle, worked: BankFolder
) -> None:
    day = date(2025, 1, 1)
    at = worked.warehouse.zone.midnight(day)
    moved = oracle.sql(
        f"""SELECT c.customer_id, c.branch_id, b.branch FROM {oracle.files("customer")} c
        JOIN belongs b USING (customer_id) WHERE valid_from <= make_timestamptz({at})
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY valid_from DESC) = 1
          AND branch_id <> branch LIMIT 5"""
    )
    for customer, before, today in moved:
        old = place.as_seen_by(person(Scope(branches=frozenset({before}))), day)
        new = place.as_seen_by(person(Scope(branches=frozenset({today}))), day)
        assert not old.knows(customer)
        assert new.knows(customer)
        assert new.glance(customer).row["branch_id"] == before  # type: ignore[union-attr]
    earlier = place.as_seen_by(person(Scope()), day)
    assert 0 < earlier.count() < place.as_seen_by(person(Scope())).count()
    assert not earlier.runs()
