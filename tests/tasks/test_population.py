"""Cutoffs: the default, and what is said of one outside the data."""

from pathlib import Path

import numpy as np
import pytest
from made_up_bank import ZONE, payments, write

from bankmine.bank.civil import Zone
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import CutoffError, FeasibilityError
from bankmine.tasks.contract import Bank, Needs
from bankmine.tasks.population import check_cutoff, coverage, months_back

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
