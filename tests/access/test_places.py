"""Rights, masks, the audit, many threads, and a bank that changes while it is read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from seen_by import Oracle, hexadecimal, person

from bankmine import pipeline
from bankmine.access import OneOf, Place
from bankmine.access.customer import MASK, MASKED
from bankmine.access.permitted import READ
from bankmine.bank.manifest import write_atomically
from bankmine.errors import BankmineError, CutoffError, Forbidden, NotFound, UsageError
from bankmine.folder import BankFolder
from bankmine.governance import Permission, Scope, audit
from bankmine.store import Store
from bankmine.tasks.registry import TASKS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worked-bank")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store.open(tmp_path / "operations.db")
    one.migrate()
    yield one
    one.close()


def test_every_task_names_its_permission() -> None:
    assert set(READ) == set(TASKS)


def test_a_list_needs_its_tasks_permission_and_an_export_one_more(place: Place) -> None:
    view = place.as_seen_by(person(Scope(), {Permission.CUSTOMERS_READ, Permission.CHURN_READ}))
    assert view.list("churn").total
    with pytest.raises(Forbidden, match="value:read"):
        view.list("value")
    with pytest.raises(Forbidden, match="value:read"):
        view.run("value")
    with pytest.raises(Forbidden, match="lists:export"):
        view.list("churn").export()
    with pytest.raises(Forbidden, match="lists:export"):
        view.customers_export()
    assert {run.task for run in view.runs()} <= {"churn", "inactivity"}
    nobody = place.as_seen_by(person(Scope(), ()))
    for ask in (nobody.count, nobody.customers, lambda: nobody.glance(1), lambda: nobody.customer(1)):
        with pytest.raises(Forbidden, match="customers:read"):
            ask()
    assert not nobody.runs()


def test_what_a_person_may_not_read_is_no_column_no_filter_and_no_score(place: Place) -> None:
    view = place.as_seen_by(person(Scope(), {Permission.CUSTOMERS_READ, Permission.CHURN_READ}))
    everything = place.as_seen_by(person(Scope()))
    names = {one.name for one in view.customers(size=1).columns}
    assert "churn_grade" in names
    assert not names & {"segment", "value_minor", "profit_minor", "value_grade"}
    for refused in (
        lambda: view.count({"value_grade": OneOf.of("rest")}),
        lambda: view.counts("segment"),
        lambda: view.customers(sort=("value_minor", True)),
    ):
        with pytest.raises(UsageError, match="no column"):
            refused()
    for row in everything.list("churn").rows(size=3):
        whole, glance = view.customer(row["customer_id"]), view.glance(row["customer_id"])
        assert whole is not None
        assert glance is not None
        assert {one.task for one in whole.scores} | {one.task for one in glance.scores} <= {
            "churn",
            "inactivity",
        }
        titles = {run.title for run in view.runs()}
        assert {one.task for one in whole.kept} <= titles


def test_names_are_masked_and_each_unmasking_stands_in_the_audit(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], store: Store
) -> None:
    scope = scopes["first branch"]
    view = place.as_seen_by(person(scope))
    customer = sorted(oracle.own(scope))[0]
    masked = view.identity(customer)
    assert masked is not None
    assert set(masked.columns) == set(MASKED)
    assert set(masked.columns.values()) <= {MASK, None}
    with store.begin() as connection:
        name = view.unmask(connection, customer, "name", "complaint")
        view.record_look(connection, customer, "profile")
    assert name
    assert MASK not in name
    with store.read() as connection:
        look, event = audit.events(connection)
    assert (event.act, event.object_id) == ("customer:unmask", hexadecimal(customer))
    assert dict(event.details) == {"column": "name", "reason": "complaint"}
    assert (look.act, dict(look.details)["as_of"]) == ("customer:look", view.day.isoformat())
    assert name not in json.dumps([str(event), str(look)])


def test_unmasking_is_refused_without_right_reason_column_or_customer(
    place: Place, oracle: Oracle, scopes: dict[str, Scope], store: Store
) -> None:
    scope = scopes["first branch"]
    own, foreign = sorted(oracle.own(scope))[0], sorted(oracle.foreign(scope))[0]
    view = place.as_seen_by(person(scope))
    weak = place.as_seen_by(person(scope, {Permission.CUSTOMERS_READ}))
    with store.begin() as connection:
        with pytest.raises(Forbidden, match="customers:unmask"):
            weak.unmask(connection, own, "name", "complaint")
        for customer in (foreign, 1, "nonsense"):
            with pytest.raises(NotFound, match="no such customer"):
                view.unmask(connection, customer, "name", "complaint")
            with pytest.raises(NotFound, match="no such customer"):
                view.record_look(connection, customer, "profile")
        with pytest.raises(UsageError, match="no masked column"):
            view.unmask(connection, own, "customer_id", "complaint")
        with pytest.raises(UsageError, match="no reason"):
            view.unmask(connection, own, "name", "I was curious")
        assert audit.count(connection) == 0


def test_an_act_that_fails_leaves_no_unmasking_behind_and_no_look(
    place: Place, oracle: Oracle, store: Store
) -> None:
    view = place.as_seen_by(person(Scope()))
    customer = sorted(oracle.customers)[0]

    def fails_after_looking() -> None:
        with store.begin() as connection:
            view.unmask(connection, customer, "phone", "fraud_case")
            view.unmask(connection, customer, "phone", "no reason")

    with pytest.raises(UsageError, match="no reason"):
        fails_after_looking()
    with store.read() as connection:
        assert audit.count(connection) == 0


def test_many_threads_see_what_each_sees_alone(
    worked: BankFolder, place: Place, scopes: dict[str, Scope]
) -> None:
    def seen(of: Place, scope: Scope) -> list[object]:
        view = of.as_seen_by(person(scope))
        lists = [view.list(run.task, name) for run in view.runs() for name in run.lists]
        return [
            view.count(),
            view.customers(size=20).rows,
            [(one.total, one.rows(size=5).rows) for one in lists],
        ]

    alone = {name: seen(place, scope) for name, scope in scopes.items()}
    fresh = Place(worked)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda name: (name, seen(fresh, scopes[name])), [*scopes] * 4))
    for name, found in together:
        assert found == alone[name]


def test_a_newly_published_run_and_a_withdrawn_one_are_seen_without_a_restart(
    worked: BankFolder, tmp_path: Path
) -> None:
    shutil.copytree(worked.folder, tmp_path / "bank")
    bank = pipeline.open_bank(tmp_path / "bank")
    file = bank.results_folder / "current.json"
    before = json.loads(file.read_text(encoding="utf-8"))
    churn = before.pop("churn")
    shutil.move(bank.results_folder / "churn", tmp_path / "churn")
    write_atomically(file, json.dumps(before))
    place = Place(bank)
    everyone = person(Scope())
    assert "churn" not in {run.task for run in place.as_seen_by(everyone).runs()}
    assert not place.as_seen_by(everyone).counts("churn_grade")
    with pytest.raises(NotFound, match="no run of churn"):
        place.as_seen_by(everyone).list("churn")
    shutil.move(tmp_path / "churn", bank.results_folder / "churn")
    write_atomically(file, json.dumps(before | {"churn": churn}))
    assert place.as_seen_by(everyone).list("churn").total
    assert place.as_seen_by(everyone).counts("churn_grade")


def test_wrong_questions_are_refused_in_one_line(place: Place) -> None:
    view = place.as_seen_by(person(Scope()))
    for ask in (
        lambda: view.customers(page=0),
        lambda: view.customers(size=10_000),
        lambda: view.customers({"shoe_size": OneOf.of("9")}),
        lambda: view.customers({"since": OneOf.of("yesterday")}),
        lambda: view.list("churn", "../../keys"),
        lambda: view.list("churn").rows(sort=("_row", False)),
        lambda: view.list("astrology"),
        lambda: place.as_seen_by(person(Scope()), date(1700, 1, 1)),
    ):
        with pytest.raises(BankmineError) as refused:
            ask()
        assert "\n" not in str(refused.value)


def test_a_date_that_the_data_do_not_cover_is_refused_in_one_line(place: Place) -> None:
    first, last = place.state().covered
    day = timedelta(days=1)
    assert first < place.as_seen_by(person(Scope())).day <= last
    for inside in (first, last):
        assert place.as_seen_by(person(Scope()), inside).day == inside
    for outside in (first - day, last + day, date(1, 1, 1), date(9999, 12, 31)):
        with pytest.raises(CutoffError) as refused:
            place.as_seen_by(person(Scope()), outside)
        assert str(outside) in str(refused.value)
        assert "\n" not in str(refused.value)


def test_pages_put_together_are_the_export(place: Place) -> None:
    view = place.as_seen_by(person(Scope()))
    source = view.list("churn")
    filters, order = {"question": OneOf.of("closure")}, ("value", True)
    pages = range(1, source.count(filters) // 100 + 2)
    together = [row for page in pages for row in source.rows(filters, order, page, 100).rows]
    assert together == list(source.export(filters, order))
    assert source.rows(filters, order, 10_000, 100).rows == ()


def test_what_the_first_visitor_would_wait_for_is_made_before(worked: BankFolder) -> None:
    place = Place(worked)
    assert place.warm()
    assert not place.warm()
    kept = place.state().directory(place.state().cutoff)
    assert place.as_seen_by(person(Scope())).own_customers() is kept
