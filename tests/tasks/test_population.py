"""Cutoffs: the default, and what is said of one outside the data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_bank import ZONE, payments, write

from bankmine.bank.civil import Zone
from bankmine.bank.warehouse import Warehouse
from bankmine.config import QUICK
from bankmine.errors import CutoffError, FeasibilityError
from bankmine.tasks.contract import Bank, Needs
from bankmine.tasks.population import check_cutoff, coverage, drawn_customers, months_back, rows_at
from engine.small_warehouse import SmallWarehouse

PRAGUE = Zone(ZONE)
NEEDS = Needs(tables=("transaction",))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    start, end = PRAGUE.parse("2020-01-31"), PRAGUE.parse("2020-08-31")
    table = payments(np.array([1]), np.array([start]), np.array([5]))
    return write(tmp_path / "warehouse", {"transaction": table}, start=start, end=end)


def test_the_default_cutoff_is_the_end_of_the_coverage(warehouse: Warehouse) -> None:
    assert check_cutoff(warehouse, NEEDS, None) == PRAGUE.parse("2020-08-31")


def test_a_civil_date_is_its_midnight(warehouse: Warehouse) -> None:
    assert check_cutoff(warehouse, NEEDS, "2020-05-01") == PRAGUE.parse("2020-05-01")


@pytest.mark.parametrize("cutoff", ["2020-01-31", "2020-01-01", "2020-09-01", "yesterday"])
def test_other_cutoffs_are_refused_with_what_is_allowed(warehouse: Warehouse, cutoff: str) -> None:
    with pytest.raises(CutoffError, match="after 2020-01-31 and up to 2020-08-31"):
        check_cutoff(warehouse, NEEDS, cutoff)


def test_a_table_the_bank_lacks_is_named(warehouse: Warehouse) -> None:
    with pytest.raises(FeasibilityError, match="table feedback"):
        coverage(warehouse, Needs(tables=("transaction", "feedback")))


def test_monthly_cutoffs_clamp_at_the_ends_of_months(warehouse: Warehouse) -> None:
    bank = Bank(warehouse=warehouse, cutoff=PRAGUE.parse("2020-08-31"))
    found = months_back(bank, from_month=1, earliest=PRAGUE.parse("2020-02-29"))
    assert [PRAGUE.show(one) for one in found] == [
        "2020-02-29", "2020-03-31", "2020-04-30", "2020-05-31", "2020-06-30", "2020-07-31",
    ]  # fmt: skip


PAID = (
    "SELECT customer_id, sum(base_minor) AS value_minor FROM customer_transaction "
    "WHERE event_time >= make_timestamptz($since) GROUP BY customer_id"
)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """400 customers who each paid twice; the budget lets a question look back at about 100."""
    bank = SmallWarehouse(tmp_path_factory.mktemp("many"))
    bank.load(
        customer=[{"customer_id": one, "since": "2023-01-01"} for one in range(1, 401)],
        transaction=[
            {"transaction_id": 1000 * month + one, "customer_id": one, "event_time": f"2024-0{month}-05",
             "base_minor": one}
            for one in range(1, 401) for month in (1, 2)
        ],
    )  # fmt: skip
    return Bank(warehouse=bank.warehouse, cutoff=bank.at("2024-03-01"), budget=replace(QUICK, customers=100))


def looked_at(bank: Bank, *, drawn: bool) -> dict[int, dict[int, int]]:
    cutoffs = [bank.cutoff - days * 86_400_000_000 for days in (29, 10, 0)]
    rows = rows_at(bank, cutoffs, PAID, lambda at: {"since": 0}, note="population", drawn=drawn)
    found: dict[int, dict[int, int]] = {}
    for row in rows.to_pylist():
        found.setdefault(int(row["cutoff"].timestamp()), {})[row["customer_id"]] = row["value_minor"]
    assert list(found) == sorted(found)
    return found


def test_the_past_is_looked_at_of_drawn_customers_and_the_cutoff_of_all(many: Bank) -> None:
    *before, now = looked_at(many, drawn=True).values()
    said = many.statements["population"]
    *all_before, all_now = looked_at(many, drawn=False).values()
    mine = drawn_customers(many)
    assert mine is not None
    assert 60 < len(mine) < 140
    assert f"of {len(mine)} customers drawn" in said
    assert now == all_now
    for some, every in zip(before, all_before, strict=True):
        assert some == {one: every[one] for one in mine.tolist()}


def test_a_larger_draw_holds_the_smaller_one(many: Bank) -> None:
    more = drawn_customers(replace(many, budget=replace(QUICK, customers=200)))
    fewer = drawn_customers(many)
    assert more is not None
    assert fewer is not None
    assert set(fewer.tolist()) < set(more.tolist())


def test_a_bank_within_the_budget_is_looked_at_whole(many: Bank) -> None:
    whole = replace(many, budget=replace(QUICK, customers=400))
    assert drawn_customers(whole) is None
    assert looked_at(whole, drawn=True) == looked_at(whole, drawn=False)
