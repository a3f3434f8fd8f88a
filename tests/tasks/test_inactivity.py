"""Inactivity against a slow twin in plain Python: who is looked at, and who fell silent."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from made_up_bank import END, START, ZONE, full, make_bank, payments, write

from bankmine.bank.civil import DAY, Zone
from bankmine.bank.warehouse import Warehouse
from bankmine.tasks.contract import Bank
from bankmine.tasks.inactivity.judge import _in_top, in_words, newest_month
from bankmine.tasks.inactivity.task import GRADES, TASK, _places
from bankmine.tasks.sql import micros

PRAGUE = Zone(ZONE)
FROM, UNTIL = PRAGUE.midnight(START), PRAGUE.midnight(END)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    warehouse = make_bank(tmp_path_factory.mktemp("bank") / "warehouse", customers=300)
    return Bank(warehouse=warehouse, cutoff=UNTIL)


def test_everybody_who_paid_in_the_year_before_is_looked_at(bank: Bank) -> None:
    rows = TASK.population(bank, TASK.plan(bank))
    raw = bank.warehouse.read("transaction", ["customer_id", "event_time", "base_minor"])
    who, when = raw.column("customer_id").to_numpy(), micros(raw.column("event_time"))
    amount = raw.column("base_minor").to_numpy()
    for at in TASK.plan(bank).cutoffs:
        since = PRAGUE.months_before(at, 12)
        inside = (when >= since) & (when < at)
        expected = {int(one): int(amount[inside & (who == one)].sum()) for one in np.unique(who[inside])}
        here = rows.filter(pa.array(micros(rows.column("cutoff")) == at))
        got = dict(
            zip(here.column("customer_id").to_pylist(), here.column("value_minor").to_pylist(), strict=True)
        )
        assert got == expected


def test_the_label_is_that_nothing_was_paid_until_the_horizon(bank: Bank) -> None:
    plan = TASK.plan(bank)
    rows = TASK.population(bank, plan)
    rule = TASK.rule(bank)
    ripe = rule.mature(micros(rows.column("cutoff")), zone=PRAGUE, as_of=UNTIL, covered_until=UNTIL)
    rows = rows.filter(pa.array(ripe))
    truth, known_at = TASK.label(bank, rows)
    raw = bank.warehouse.read("transaction", ["customer_id", "event_time"])
    who, when = raw.column("customer_id").to_numpy(), micros(raw.column("event_time"))
    cutoffs, ends = micros(rows.column("cutoff")), rule.ends(micros(rows.column("cutoff")), PRAGUE)
    customers = rows.column("customer_id").to_pylist()
    for place in range(0, rows.num_rows, 7):
        own = when[who == customers[place]]
        assert truth[place] == (not ((own >= cutoffs[place]) & (own < ends[place])).any())
    assert (known_at == rule.known_at(cutoffs, PRAGUE)).all()
    assert 0 < truth.mean() < 1


def test_the_parts_of_the_plan_keep_the_embargo(bank: Bank) -> None:
    plan = TASK.plan(bank)
    rule = TASK.rule(bank)
    months = np.array([one for one in plan.cutoffs if one != bank.cutoff])
    assert plan.test is not None
    for fold in (*plan.tuning, plan.test):
        training = months[rule.known_at(months, PRAGUE) <= fold.test_from]
        tested = months[(months >= fold.test_from) & (months < fold.test_until)]
        assert len(training)
        assert len(tested)
        assert rule.known_at(training, PRAGUE).max() <= tested.min()
    assert all(fold.test_until <= plan.test.test_from for fold in plan.tuning)


def small(folder: Path, *, known_later: bool) -> Warehouse:
    """One customer whose only payment before the cutoff is cancelled, on time or later."""
    at = PRAGUE.parse("2021-01-15")
    cancelled_at = PRAGUE.parse("2021-03-01" if known_later else "2021-01-20")
    table = payments(np.array([1, 2]), np.array([at, at]), np.array([500, 700]))
    withdrawn = payments(
        np.array([1]), np.array([at]), np.array([500]), np.array([cancelled_at]), cancelled=[True]
    )
    both = pa.concat_tables([table, withdrawn])
    people = full(
        "customer",
        {"customer_id": [1, 2], "kind": ["person"] * 2, "valid_from": [FROM] * 2, "known_at": [FROM] * 2},
        2,
    )
    return write(folder, {"transaction": both, "customer": people}, start=FROM, end=UNTIL)


@pytest.mark.parametrize(("known_later", "expected"), [(False, [2]), (True, [1, 2])])
def test_the_population_is_as_known_at_its_cutoff(
    tmp_path: Path, known_later: bool, expected: list[int]
) -> None:
    from bankmine.tasks.contract import Plan

    at = PRAGUE.parse("2021-02-01")
    bank = Bank(warehouse=small(tmp_path / "warehouse", known_later=known_later), cutoff=UNTIL)
    rows = TASK.population(bank, Plan(score=(at, at + 1), cutoffs=(at,), sentence=""))
    assert rows.column("customer_id").to_pylist() == expected


def test_a_late_payment_still_breaks_the_silence(tmp_path: Path) -> None:
    paid, learnt = PRAGUE.parse("2021-01-20"), PRAGUE.parse("2021-03-20")
    table = payments(np.array([1]), np.array([paid]), np.array([5]), np.array([learnt]))
    bank = Bank(
        warehouse=write(tmp_path / "warehouse", {"transaction": table}, start=FROM, end=UNTIL),
        cutoff=UNTIL,
        settings={"horizon_days": 30},
    )
    from bankmine.tasks.population import customer_rows

    rows = customer_rows(pa.table({"customer_id": [1], "value_minor": [0]}), PRAGUE.parse("2021-01-01"))
    assert TASK.label(bank, rows)[0].tolist() == [False]
    earlier = Bank(warehouse=bank.warehouse, cutoff=learnt - DAY, settings=bank.settings)
    assert TASK.label(earlier, rows)[0].tolist() == [True]


def test_the_top_of_the_list_is_taken_month_by_month() -> None:
    order = np.array([5.0, 4, 3, 2, 1, 10, 9, 8, 7, 6])
    months = np.array([1] * 5 + [2] * 5)
    assert np.flatnonzero(_in_top(order, months)).tolist() == [0, 5]


def test_grade_and_rank_agree() -> None:
    at_risk = np.array([0.0, 90, 80, 70, 60, 50, 40, 30, 20, 10])
    words = [GRADES[place][1] for place in _places(at_risk)]
    assert words == ["rest"] + ["first"] * 2 + ["next"] * 3 + ["watch"] * 3 + ["rest"]
    by_rank = _places(at_risk)[np.argsort(-at_risk)]
    assert (np.diff(by_rank) >= 0).all()
    assert len(set(_places(np.full(7, 3.0)))) == 1


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(1, 9, "finds more than"), (-5, 9, "is not distinguishable from"), (-9, -1, "rank by spend")],
)
def test_what_the_list_is_worth_in_money_is_said_plainly(low: int, high: int, says: str) -> None:
    money = {
        "more_than_spend_minor": 100.0 * (low + high) / 2,
        "more_than_spend_low": 100.0 * low,
        "more_than_spend_high": 100.0 * high,
    }
    assert says in in_words(money, "EUR")


def test_the_newest_month_says_what_was_predicted_and_what_came_true() -> None:
    month = {
        "cutoff": "2021-01-01", "mean_probability": 0.63, "base_rate": 0.7, "auc": 0.74, "auc_low": 0.72,
        "auc_high": 0.76,
    }  # fmt: skip
    said = newest_month([month])
    assert "63% were predicted, 70% came true, and the AUC was 0.740" in said
    assert newest_month([]) == ""
