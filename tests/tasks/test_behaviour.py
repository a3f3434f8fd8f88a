"""Behaviour finds pay days, ways of spending and the path before a journey, and claims nothing of chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from behaviour_world import make_world

from bankmine.bank.civil import DAY
from bankmine.bank.warehouse import Warehouse
from bankmine.customers.conditions import WORDS, conditions
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.folder import BankFolder
from bankmine.lifecycle import page_of, run_task
from bankmine.lifecycle.run import Run
from bankmine.report.build import build_report
from bankmine.report.content import Report, Reproducibility
from bankmine.tasks.behaviour import rhythm
from bankmine.tasks.behaviour.cross_border import CrossBorder, home_and_abroad, homes
from bankmine.tasks.behaviour.steps import walks_at
from bankmine.tasks.behaviour.task import TASK
from bankmine.tasks.contract import Bank
from bankmine.tasks.population import check_cutoff
from bankmine.tasks.sql import micros


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return make_world(tmp_path_factory.mktemp("world") / "warehouse")


@pytest.fixture(scope="module")
def run(world: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_task(world, None, "behaviour", results_folder=tmp_path_factory.mktemp("results"))


def bank_of(warehouse: Warehouse, **settings: Any) -> Bank:
    return Bank(
        warehouse=warehouse,
        cutoff=check_cutoff(warehouse, TASK.needs, None),
        settings=settings,
        memory="512MB",
    )


def test_pay_days_and_ways_of_spending_are_those_planted(world: Warehouse) -> None:
    days = rhythm.read_days(bank_of(world), kind="person")
    found = rhythm.rhythm_of(days)
    assert found.pay_day.tolist() == [(5, 15, 25)[one % 3] for one in found.customers]
    names = np.array(rhythm.CLASSES)[found.kind]
    assert (names == np.where(found.customers % 2 == 1, rhythm.FRONT, rhythm.BACK)).all()
    assert found.income.tolist() == [200_000.0] * len(found.customers)
    forward = rhythm.pay_day_forward(days, seed=0)
    assert (forward["hit"], forward["baseline"]) == (1.0, pytest.approx(1 / 3, abs=0.01))
    assert rhythm.class_again(days, seed=0)["same"] == 1.0


def made_days(dom: list[list[int]], income: float = 100.0) -> rhythm.Days:
    """Income of one customer a row, one payment a month on the given day (0: none)."""
    table = np.array(dom)
    customer, month = np.nonzero(table)
    one = np.ones(len(customer))
    return rhythm.Days(
        customers=np.arange(len(table)), customer=customer, month=month, place=table[customer, month],
        dom=table[customer, month], income=income * one, spent=0.0 * one, months=table.shape[1],
    )  # fmt: skip


def test_a_pay_day_bears_weekends_and_month_ends_but_not_change() -> None:
    days = made_days(
        [[24, 23, 24, 25, 24, 22], [31, 30, 1, 31, 28, 30], [1, 9, 17, 25, 4, 13], [0] * 6, [9] + [0] * 5]
    )
    found = rhythm.rhythm_of(days)
    assert found.pay_day.tolist() == [24, 30, 0, 0, 0]
    assert found.regularity[0] == 1.0


def test_without_named_income_the_largest_sum_of_the_month_counts() -> None:
    amount, customer = np.array([5.0, 90.0, 90.0, 7.0]), np.array([0, 0, 0, 1])
    assert rhythm._largest(amount, customer, np.array([0, 0, 1, 0])).tolist() == [0.0, 90.0, 90.0, 7.0]


def test_the_label_is_a_payment_abroad_within_the_horizon(world: Warehouse) -> None:
    bank, question = bank_of(world), CrossBorder()
    assert home_and_abroad(world, bank.cutoff).abroad == ("AT",)
    plan = question.plan(bank)
    rows = question.population(bank, replace(plan, cutoffs=plan.cutoffs[:-1]))
    truth, known_at = question.label(bank, rows)
    from bankmine.engine.session import Session

    with Session(world) as session:
        abroad = session.arrow("SELECT customer_id, event_time FROM transaction WHERE country = 'AT'")
    who, when = abroad.column("customer_id").to_numpy(), micros(abroad.column("event_time"))
    cutoffs, customers = micros(rows.column("cutoff")), rows.column("customer_id").to_numpy()
    ends = question.rule(bank).ends(cutoffs, world.zone)
    for at in range(0, rows.num_rows, 97):
        own = when[who == customers[at]]
        assert truth[at] == ((own >= cutoffs[at]) & (own < ends[at])).any()
        quiet = world.zone.days_before(int(cutoffs[at]), 90)
        assert not ((own >= quiet) & (own < cutoffs[at])).any()
    assert (known_at == question.rule(bank).known_at(cutoffs, world.zone)).all()


def test_home_and_abroad_are_those_known_at_the_cutoff_looked_from(tmp_path: Path) -> None:
    warehouse = make_world(tmp_path / "warehouse", customers=60, moves="DE")
    bank, question = bank_of(warehouse), CrossBorder()
    cutoffs = question.plan(bank).cutoffs
    known = homes(bank, [cutoffs[0], cutoffs[-1]])
    assert known == {cutoffs[0]: "CZ", cutoffs[-1]: "DE"}
    assert "DE" in home_and_abroad(warehouse, bank.cutoff).home
    names = {one for one in question.catalogue(bank) if one.startswith("journey")}
    assert names
    assert all("DE" not in str(question.catalogue(bank)[one]) for one in names)
    rows = question.population(bank, replace(question.plan(bank), cutoffs=(cutoffs[-3], cutoffs[-1])))
    assert set(rows.column("customer_id").to_pylist())


def test_walks_hold_what_was_known_before_the_cutoff(world: Warehouse) -> None:
    bank = bank_of(world)
    cutoffs = [world.zone.months_before(bank.cutoff, month) for month in (3, 6)]
    walks = walks_at(bank, cutoffs, kind="person")
    assert len(walks.customer) == 2 * 480
    assert (walks.sequences.times < 0).all()
    assert (walks.sequences.times >= -61).all()
    read = world.read("digital_event", columns=["customer_id", "event_time"])
    who, when = read.column("customer_id").to_numpy(), micros(read.column("event_time"))
    sizes = np.diff(walks.sequences.offsets)
    for row in range(0, 960, 37):
        low = world.zone.days_before(int(walks.cutoff[row]), 60)
        inside = (who == walks.customer[row]) & (when >= low) & (when < walks.cutoff[row])
        assert sizes[row] == inside.sum()


def test_the_planted_path_holds_forward(run: Run) -> None:
    found = run.figures["paths"]["found"]
    held = {one["words"]: one for one in found if one["holds"] and one["outcome"] == "cross_border"}
    assert "rates → cards" in held
    assert held["rates → cards"]["low"] > 1.2
    assert "rates → cards ⇒ service abroad" in set(run.table("needs").column("path").to_pylist())


def test_what_only_the_baseline_answers_is_no_offer(run: Run) -> None:
    (question,) = run.figures["questions"]
    assert not question["beats_baseline"]
    assert run.figures["needs"] == {}
    assert set(run.scores.column("grade").to_pylist()) <= {"later", "none", "keep out"}


def test_paths_of_chance_do_not_hold(tmp_path: Path) -> None:
    warehouse = make_world(tmp_path / "warehouse", tells=False, seed=3)
    from bankmine.tasks.behaviour.task import _add_paths, _Seen

    seen = _Seen()
    _add_paths(bank_of(warehouse), TASK, {"Service abroad": CrossBorder()}, seen)
    assert sum(one.holds for one in seen.found) <= 1


def test_the_run_keeps_its_tables_and_its_page_is_whole(run: Run, tmp_path: Path) -> None:
    assert run.table("rhythm").num_rows == 480
    assert set(run.table("needs").column_names) >= {"customer_id", "cross_border", "need", "path"}
    assert run.table("paths").num_rows == len(run.figures["paths"]["found"])
    assert set(run.scores.column("question").to_pylist()) == {"cross_border"}
    page = page_of(run)
    assert [one.title for one in page.sections][:3] == [
        "The rhythm of the month",
        "Frequent paths",
        "Paths before a need",
    ]
    report = Report(bank="b", as_of=page.as_of, pages=[page], reproducibility=Reproducibility(command="x"))
    text = build_report(report, tmp_path / "report").read_text(encoding="utf-8")
    assert "rates → cards ⇒ service abroad" in text


def test_too_short_a_history_and_wrong_settings_are_refused(world: Warehouse, tmp_path: Path) -> None:
    early = world.zone.show(world.coverage("transaction")[0] + 120 * DAY)  # type: ignore[index]
    with pytest.raises(FeasibilityError, match="behaviour looks at 6 months"):
        run_task(world, None, "behaviour", cutoff=early, results_folder=tmp_path)
    with pytest.raises(ConfigurationError, match="families is 'loan'"):
        TASK.check_settings({"families": "loan"})
    with pytest.raises(ConfigurationError, match="has no setting 'moods'"):
        TASK.check_settings({"moods": 1})


@pytest.mark.slow
def test_needs_are_of_those_who_may_be_sold_to_and_flags_stand_beside_names(
    simulated: BankFolder, tmp_path: Path
) -> None:
    run = run_task(simulated.warehouse, None, "behaviour", results_folder=tmp_path)
    known = conditions(simulated.warehouse, int(run.about["cutoff_us"]))
    everybody, asked = (run.table(name).column("customer_id").to_pylist() for name in ("rhythm", "needs"))
    assert not known.may_sell(everybody).all()
    assert asked
    assert known.may_sell(asked).all()
    flags = dict(zip(everybody, run.table("rhythm").column("flags").to_pylist(), strict=True))
    for customer, own in zip(everybody, known.flags_of(everybody), strict=True):
        assert flags[customer] == ", ".join(WORDS.get(one, one) for one in own)
    assert "flags" in run.table("needs").column_names
