"""The next product against a slow twin in plain Python: who lacks a family, and who then opened it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bankmine.bank.civil import DAY
from bankmine.errors import ConfigurationError, FeasibilityError, UsageError
from bankmine.folder import BankFolder
from bankmine.tasks.contract import Bank, Scored
from bankmine.tasks.next_product import (
    ACTIONS,
    APPLIED_DAYS,
    COMMON,
    NextProduct,
    families_of,
    next_product_catalogue,
    wanted_families,
)
from bankmine.tasks.other_families import SHARE, OtherFamilies
from bankmine.tasks.population import check_cutoff
from bankmine.tasks.sql import micros

EPOCH = date(1970, 1, 1)


@pytest.fixture(scope="module")
def bank(simulated: BankFolder) -> Bank:
    question = NextProduct("fund")
    return Bank(warehouse=simulated.warehouse, cutoff=check_cutoff(simulated.warehouse, question.needs, None))


@pytest.fixture(scope="module")
def raw(bank: Bank) -> dict[str, Any]:
    read = bank.warehouse.read
    return {
        "product": {one["product_code"]: one["family"] for one in read("product", None).to_pylist()},
        "holding": read("holding", None).to_pylist(),
        "customer": read("customer", None).to_pylist(),
    }


def day_of(bank: Bank, at: int) -> date:
    return EPOCH + timedelta(days=int(bank.warehouse.zone.to_local(np.array([at]))[0] // DAY))


def holding_now(raw: dict[str, Any], bank: Bank, family: str, at: int) -> set[int]:
    """Who holds a product of the family at an instant, by the versions known then; slow and obvious."""
    day = day_of(bank, at)
    newest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in raw["holding"]:
        begins, known = (int(one[name].timestamp() * 1e6) for name in ("valid_from", "known_at"))
        if begins <= at and known <= at and raw["product"][one["product_code"]] == family:
            key = (one["customer_id"], one["product_code"])
            if key not in newest or newest[key]["valid_from"] <= one["valid_from"]:
                newest[key] = one
    return {
        one["customer_id"]
        for one in newest.values()
        if one["closed_on"] is None or one["closed_on"] >= day
        if one["valid_to"] is None or int(one["valid_to"].timestamp() * 1e6) > at
    }


def test_who_holds_the_family_is_not_asked(bank: Bank, raw: dict[str, Any]) -> None:
    question = NextProduct("fund")
    plan = question.plan(bank)
    rows = question.population(bank, plan)
    kind = {one["customer_id"]: one["kind"] for one in raw["customer"]}
    for at in (plan.cutoffs[0], plan.cutoffs[-1]):
        here = rows.filter(pa.array(micros(rows.column("cutoff")) == at))
        asked = set(here.column("customer_id").to_pylist())
        assert asked
        assert asked.isdisjoint(holding_now(raw, bank, "fund", at))
        assert {kind[one] for one in asked} == {"person"}


def test_who_has_just_applied_for_the_family_is_not_asked(bank: Bank, raw: dict[str, Any]) -> None:
    question = NextProduct("loan")
    plan = question.plan(bank)
    rows = question.population(bank, plan)
    cutoffs, customers = micros(rows.column("cutoff")), rows.column("customer_id").to_numpy()
    asked = set(zip(customers.tolist(), cutoffs.tolist(), strict=True))
    applications = [
        (one["customer_id"], int(one["event_time"].timestamp() * 1e6))
        for one in bank.warehouse.read("credit_application", None).to_pylist()
        if raw["product"][one["product_code"]] == "loan"
    ]
    days = bank.warehouse.zone.days_before
    young = {
        (customer, at)
        for at in plan.cutoffs
        for customer, when in applications
        if days(at, APPLIED_DAYS) <= when < at
    }
    old = {(customer, at) for at in plan.cutoffs for customer, when in applications if when < days(at, 40)}
    assert young
    assert asked.isdisjoint(young)
    assert asked & old


def test_the_label_is_that_one_is_opened_within_the_horizon(bank: Bank, raw: dict[str, Any]) -> None:
    question = NextProduct("card")
    plan = question.plan(bank)
    rows = question.population(bank, plan)
    rows = rows.filter(pa.array(micros(rows.column("cutoff")) < bank.cutoff))
    truth, known_at = question.label(bank, rows)
    opened: dict[int, list[date]] = {}
    for one in raw["holding"]:
        if raw["product"][one["product_code"]] == "card":
            opened.setdefault(one["customer_id"], []).append(one["opened_on"])
    cutoffs, customers = micros(rows.column("cutoff")), rows.column("customer_id").to_pylist()
    for place in range(0, rows.num_rows, 53):
        first = day_of(bank, int(cutoffs[place]))
        ends = first + timedelta(days=90)
        assert truth[place] == any(first <= day < ends for day in opened.get(customers[place], []))
    assert (known_at == question.rule(bank).known_at(cutoffs, bank.warehouse.zone)).all()
    assert 0 < truth.mean() < 0.2


def test_every_fold_keeps_the_embargo(bank: Bank) -> None:
    question = NextProduct("loan")
    plan, rule = question.plan(bank), question.rule(bank)
    months = np.array([one for one in plan.cutoffs if one != bank.cutoff])
    assert plan.test is not None
    for fold in (*plan.tuning, plan.test):
        training = months[rule.known_at(months, bank.warehouse.zone) <= fold.test_from]
        tested = months[(months >= fold.test_from) & (months < fold.test_until)]
        assert rule.known_at(training, bank.warehouse.zone).max() <= tested.min()
    assert all(fold.test_until <= plan.test.test_from for fold in plan.tuning)


def test_families_share_one_matrix_and_read_their_own_columns(bank: Bank) -> None:
    fund, loan = NextProduct("fund"), NextProduct("loan")
    assert fund.features(bank) == loan.features(bank)
    assert fund.catalogue(bank) is loan.catalogue(bank)
    own = set(fund.columns(fund.features(bank)))
    assert "fund_page_days_since_last_all" in own
    assert "loan_page_days_since_last_all" not in own
    assert {"savings_held_count", "age"} <= own
    assert not any(name in own for name in ("customer_gender", "customer_marital", "cutoff_month"))


def test_every_common_feature_is_declared(bank: Bank) -> None:
    assert set(COMMON) <= set(next_product_catalogue(bank.warehouse, bank.cutoff))


def test_current_accounts_are_no_next_product(bank: Bank) -> None:
    assert families_of(bank) == (
        "savings", "deposit", "card", "loan", "mortgage", "insurance", "fund",
    )  # fmt: skip


def test_an_unknown_family_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="no product family 'crypto'"):
        NextProduct("crypto")


def test_too_short_records_say_what_would_do(bank: Bank) -> None:
    zone = bank.warehouse.zone
    early = Bank(warehouse=bank.warehouse, cutoff=zone.months_before(bank.cutoff, 28))
    with pytest.raises(FeasibilityError, match=r"next_fund found .* monthly cutoffs"):
        NextProduct("fund").plan(early)


def test_grades_follow_the_chance_and_equal_chances_get_equal_grades(bank: Bank) -> None:
    chance = np.array([0.5, 0.5, *np.linspace(0.2, 0.01, 98)])
    decision = NextProduct("card").decide(bank, Scored(rows=None, probability=chance, ranking=chance))
    assert decision.grade[0] == decision.grade[1] == "first"
    assert [decision.grade.index(word) for word in ACTIONS] == sorted(
        decision.grade.index(word) for word in ACTIONS
    )
    assert decision.summary["expected"] == pytest.approx(chance.sum())


class Desk:
    """What the other families need of a study's work: the bank, and the matrix."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def matrix(self, rows: Any, names: Any, *, catalogue: Any) -> Any:
        from bankmine.customers.matrix import matrix

        return matrix(self.bank.warehouse, rows, names, catalogue=catalogue).select(list(names))


def test_a_family_learns_from_the_others_rows_under_its_own_names(bank: Bank) -> None:
    others = OtherFamilies(Desk(bank))  # type: ignore[arg-type]
    fund, loan = NextProduct("fund", others), NextProduct("loan", others)
    columns = fund.columns(fund.features(bank))
    training = np.array(fund.plan(bank).cutoffs[:-4])
    more = others.more("fund", columns, training)
    assert more.features.column_names == list(columns)
    rows = others._rows_of("loan")
    inside = rows.cutoffs <= training.max()
    assert inside.sum() == len(more.truth) < len(rows.cutoffs)  # nothing after the training months
    again = loan.label(bank, rows.rows)[0]
    assert more.truth.tolist() == again[inside].tolist()
    assert (more.weight >= SHARE - 1e-12).all()
    made = Desk(bank).matrix(rows.rows.take(np.flatnonzero(inside)), loan.features(bank),
                             catalogue=loan.catalogue(bank))  # fmt: skip
    name = "{}_page_days_since_last_all"
    assert more.features.column(name.format("fund")).equals(made.column(name.format("loan")))
    assert more.features.column("age").equals(made.column("age"))


def test_the_model_of_one_family_alone_has_no_other_rows(bank: Bank) -> None:
    alone = NextProduct("fund").candidates(bank, NextProduct("fund").features(bank))
    assert [one.name for one in alone if one.more] == []
    others = OtherFamilies(Desk(bank))  # type: ignore[arg-type]
    fund, _ = NextProduct("fund", others), NextProduct("loan", others)
    assert [one.name for one in fund.candidates(bank, fund.features(bank)) if one.more] == ["together"]


def test_a_misspelt_family_is_named_with_the_closest() -> None:
    sold = ("savings", "card", "fund")
    assert wanted_families(["fund", "savings"], sold) == ("savings", "fund")
    assert wanted_families("card", sold) == ("card",)
    with pytest.raises(ConfigurationError, match="'savngs'") as caught:
        wanted_families(["card", "savngs"], sold)
    assert "Did you mean savings?" in caught.value.hint
    for wrong in ([], 3, ["fund", 4]):
        with pytest.raises(ConfigurationError, match="families is"):
            wanted_families(wrong, sold)
