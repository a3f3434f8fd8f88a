"""Segments a bank defines by SQL: read, checked, asked, explained condition by condition."""

import re
from pathlib import Path

import pytest

from bankmine.customers.conditions import conditions
from bankmine.errors import ConfigurationError, UsageError
from bankmine.folder import BankFolder
from bankmine.tasks.contract import Bank
from bankmine.tasks.segmentation.rules import (
    Rule,
    conditions_of,
    fingerprint,
    members,
    read_rule,
    rules_of,
)

SHIPPED = {"cross_border", "golden", "small_firms", "wealthy", "young"}


def bank_of(folder: BankFolder) -> Bank:
    span = folder.warehouse.coverage("transaction")
    assert span is not None
    return Bank(warehouse=folder.warehouse, cutoff=span[1])


def own(folder: Path, name: str, text: str) -> Path:
    (folder / "segments").mkdir(exist_ok=True)
    file = folder / "segments" / f"{name}.sql"
    file.write_text(text, encoding="utf-8")
    return file


def test_five_rules_are_shipped_with_a_title_and_a_sentence() -> None:
    rules = rules_of(None)
    assert {rule.name for rule in rules} == SHIPPED
    assert all(rule.title and rule.sentence.endswith(".") and not rule.own for rule in rules)


def test_a_bank_adds_a_rule_and_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    own(
        tmp_path,
        "women",
        "-- Women\n-- All of them.\nSELECT customer_id FROM customer WHERE gender = 'female'",
    )
    own(tmp_path, "young", "-- Very young\nSELECT customer_id FROM customer WHERE birth_year > 2000")
    rules = {rule.name: rule for rule in rules_of(tmp_path)}
    assert set(rules) == SHIPPED | {"women"}
    assert rules["young"].title == "Very young"
    assert rules["women"].own


def test_a_changed_rule_is_another_fingerprint(tmp_path: Path) -> None:
    assert fingerprint(tmp_path) == fingerprint(None) == ""
    own(tmp_path, "old", "SELECT customer_id FROM customer WHERE birth_year < 1950")
    first = fingerprint(tmp_path)
    own(tmp_path, "old", "SELECT customer_id FROM customer WHERE birth_year < 1940")
    assert first != fingerprint(tmp_path) != ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT customer_id FROM customer; DROP TABLE customer", "2 statements"),
        ("DELETE FROM customer", "no SELECT"),
        ("SELECT customer_id FROM customer WHERE (", "no SQL"),
        ("SELECT kind FROM customer", "does not give customer_id"),
        ("SELECT customer_id, kind FROM customer", "and that alone"),
        ("SELECT customer_id FROM custommer", "'custommer', which is no bank table"),
        ("SELECT customer_id FROM read_csv('/etc/passwd')", "no bank table"),
        ("SELECT customer_id FROM customer WHERE since < $day", r"asks for \$day"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as error:
        read_rule(own(tmp_path, "mine", text), own=True)
    assert "mine.sql" in str(error.value)
    assert "\n" not in error.value.what


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no name of a segment"):
        read_rule(own(tmp_path, "My Segment", "SELECT customer_id FROM customer"), own=True)


@pytest.mark.slow
def test_a_column_that_is_not_there_is_named(tmp_path: Path, simulated: BankFolder) -> None:
    rule = read_rule(own(tmp_path, "mine", "SELECT customer_id FROM customer WHERE wealth > 1"), own=True)
    with pytest.raises(ConfigurationError, match=r"mine cannot be asked.*wealth") as error:
        members(bank_of(simulated), [rule])
    assert "segments/mine.sql" in str(error.value.hint)


@pytest.mark.slow
def test_a_rule_over_a_table_the_bank_lacks_is_refused_and_said(
    tmp_path: Path, simulated: BankFolder
) -> None:
    rule = read_rule(own(tmp_path, "mine", "SELECT customer_id FROM contact"), own=True)
    bank = bank_of(simulated)
    without = Bank(warehouse=_Without(bank.warehouse, "contact"), cutoff=bank.cutoff)  # type: ignore[arg-type]
    (found,) = members(without, [rule])
    assert found.refused == "the bank has no rows in contact"
    with pytest.raises(UsageError, match="no rows in contact"):
        conditions_of(without, rule, 1)


class _Without:
    """A warehouse that lacks a table."""

    def __init__(self, warehouse: object, table: str) -> None:
        self._warehouse, self._table = warehouse, table

    def __getattr__(self, name: str) -> object:
        return getattr(self._warehouse, name)

    def has(self, table: str) -> bool:
        return table != self._table and self._warehouse.has(table)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_whoever_meets_all_conditions_of_a_rule_is_in_it_and_nobody_else(simulated: BankFolder) -> None:
    bank = bank_of(simulated)
    every = bank.warehouse.read("customer", ["customer_id"]).column(0).unique().to_pylist()
    for found in members(bank, rules_of(None)):
        assert 0 < len(found.customers) < len(every)
        for customer in [*sorted(found.customers)[:4], *sorted(set(every) - found.customers)[:4]]:
            seen = conditions_of(bank, found.rule, customer)
            assert all(one.holds for one in seen) is (customer in found.customers)


@pytest.mark.slow
def test_a_condition_shows_the_values_it_looks_at(simulated: BankFolder) -> None:
    bank = bank_of(simulated)
    young = next(rule for rule in rules_of(None) if rule.name == "young")
    (found,) = members(bank, [young])
    kind, born, closed = conditions_of(bank, young, min(found.customers))
    assert kind.sql == "kind = 'person'"
    assert kind.values == {"kind": "person"}
    assert 1998 <= born.values["birth_year"] <= 2010
    assert closed.values == {"closed_on": None}


@pytest.mark.slow
def test_a_rule_without_conditions_of_its_own_is_in_or_out(tmp_path: Path, simulated: BankFolder) -> None:
    bank = bank_of(simulated)
    sql = "SELECT customer_id FROM customer_transaction GROUP BY customer_id HAVING count(*) > 100"
    rule: Rule = read_rule(own(tmp_path, "busy", sql), own=True)
    (found,) = members(bank, [rule])
    (inside,) = conditions_of(bank, rule, min(found.customers))
    assert inside.holds
    (outside,) = conditions_of(bank, rule, 1)
    assert not outside.holds


@pytest.mark.slow
def test_a_condition_says_the_value_of_its_threshold_in_words(simulated: BankFolder) -> None:
    bank = bank_of(simulated)
    rules = {rule.name: rule for rule in rules_of(None)}
    found = {one.rule.name: one.customers for one in members(bank, list(rules.values()))}
    golden = conditions_of(bank, rules["golden"], min(found["young"] - found["golden"]))
    assert re.fullmatch(r"moved is at least [\d,]+\.\d\d", golden[0].words)
    assert re.fullmatch(r"moved: [\d,]+\.\d\d", golden[0].seen)
    assert [one.words for one in golden[1:]] == [
        "products is at least 3", "not in arrears", "closed on is empty"
    ]  # fmt: skip
    young = conditions_of(bank, rules["young"], min(found["young"]))
    assert re.fullmatch(r"20\d\d minus birth year is at most 28", young[1].words)


@pytest.mark.slow
def test_nobody_in_arrears_by_flag_or_loan_is_golden(simulated: BankFolder, tmp_path: Path) -> None:
    bank = bank_of(simulated)
    known = conditions(bank.warehouse, bank.cutoff)
    late = {customer for customer, flags in known.flags.items() if "arrears" in flags}
    golden = next(rule for rule in rules_of(None) if rule.name == "golden")
    sql = golden.sql.replace("AND NOT in_arrears", "")
    anyway, kept = members(bank, [read_rule(own(tmp_path, "anyway", sql), own=True), golden])
    assert anyway.customers & late
    assert kept.customers == anyway.customers - late
