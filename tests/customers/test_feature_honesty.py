"""No feature of the catalogue knows what it could not have known (DESIGN sections 5 and 9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bankmine.bank.warehouse import Warehouse
from bankmine.customers import matrix as matrix_module  # the function; its module is patched below
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.matrix import matrix, report_of
from bankmine.engine.session import Session
from customers.honesty import differing, poisoned, truncated
from customers.small_bank import CUSTOMERS, Loads, build, changed, rows_of_bank
from engine.small_warehouse import SmallWarehouse

CUTOFFS = ("2023-11-25", "2023-12-15", "2024-01-01T13:30", "2024-03-31")


@pytest.fixture(scope="module")
def loads() -> Loads:
    return rows_of_bank()


@pytest.fixture(scope="module")
def bank(loads: Loads, tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), loads)


@pytest.fixture(scope="module")
def names(bank: SmallWarehouse) -> tuple[str, ...]:
    return CATALOGUE.available(bank.warehouse).names_of("customer")


def customers_at(bank: SmallWarehouse, *cutoffs: str) -> pa.Table:
    pairs = [(customer, bank.at(cutoff)) for cutoff in cutoffs for customer in CUSTOMERS]
    people = [customer for customer, _ in pairs]
    return pa.table(
        {
            "subject_kind": ["customer"] * len(pairs), "subject_id": people, "customer_id": people,
            "cutoff": [cutoff for _, cutoff in pairs],
        }
    )  # fmt: skip


def test_the_small_bank_speaks_of_every_feature(bank: SmallWarehouse, names: tuple[str, ...]) -> None:
    apart = ("text", "form")  # their bank is made in tests of their own
    absent = {one for one in CATALOGUE.available(bank.warehouse).reasons if CATALOGUE[one].theme not in apart}
    assert all("_share_" in name for name in absent), absent  # only levels that never occur
    table = matrix(bank.warehouse, customers_at(bank, *CUTOFFS), names)
    empty = [name for name in names if table.column(name).null_count == table.num_rows]
    assert empty == []


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_features_equal_those_of_data_cut_off_at_the_cutoff(
    cutoff: str, bank: SmallWarehouse, loads: Loads, names: tuple[str, ...], tmp_path: Path
) -> None:
    short = build(tmp_path, truncated(loads, datetime.fromisoformat(cutoff)))
    rows = customers_at(bank, cutoff)
    assert differing(matrix(bank.warehouse, rows, names), matrix(short.warehouse, rows, names), names) == []


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_absurd_values_after_the_cutoff_change_nothing(
    cutoff: str, bank: SmallWarehouse, loads: Loads, names: tuple[str, ...], tmp_path: Path
) -> None:
    spoilt = build(tmp_path, poisoned(loads, datetime.fromisoformat(cutoff)))
    rows = customers_at(bank, cutoff)
    assert differing(matrix(bank.warehouse, rows, names), matrix(spoilt.warehouse, rows, names), names) == []


def test_the_poison_reaches_features_that_look_too_far(
    bank: SmallWarehouse,
    loads: Loads,
    names: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same check turns red, for every theme, when rows know a day more than they may."""
    cutoff = "2023-12-15"
    spoilt = build(tmp_path, poisoned(loads, datetime.fromisoformat(cutoff)))
    rows = customers_at(bank, cutoff)
    honest = matrix(bank.warehouse, rows, names)
    look_ahead(monkeypatch)
    leaking = differing(honest, matrix(spoilt.warehouse, rows, names), names)
    themes = {CATALOGUE[name].theme for name in leaking}
    assert themes == {CATALOGUE[name].theme for name in names}


def look_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    module = sys.modules[matrix_module.__module__]
    honest = module.read_subjects

    def careless(*arguments: Any) -> Any:
        subjects = honest(*arguments)
        return replace(subjects, knowledge=subjects.knowledge + 86_400_000_000)

    monkeypatch.setattr(module, "read_subjects", careless)


def some_transactions(warehouse: Warehouse, count: int) -> pa.Table:
    """Transactions of which some were known late and some were corrected."""
    with Session(warehouse) as session:
        return session.arrow(
            "SELECT 'transaction' AS subject_kind, transaction_id AS subject_id, customer_id, "
            "min(event_time) AS cutoff, min(seq) AS seq, count(*) AS versions, "
            "min(known_at) > min(event_time) AS late FROM transaction_versions WHERE is_primary "
            "AND event_time > '2023-11-20' AND card_id IS NOT NULL AND terminal_id IS NOT NULL "
            f"GROUP BY ALL ORDER BY versions DESC, late DESC, subject_id LIMIT {count}"
        ).drop(["versions", "late"])


def first_known(loads: Loads, number: int) -> dict[str, Any]:
    return next(row for row in loads[0]["transaction"] if row["transaction_id"] == number)


@pytest.mark.parametrize("place", range(6))
def test_a_transaction_knows_only_what_was_known_when_it_was(
    place: int, bank: SmallWarehouse, loads: Loads, tmp_path: Path
) -> None:
    row = some_transactions(bank.warehouse, 60).slice(place * 7, 1)
    own = first_known(loads, row.column("subject_id")[0].as_py())
    moment, known = (datetime.fromisoformat(own[name]) for name in ("event_time", "known_at"))

    def past(name: str, other: dict[str, Any]) -> dict[str, Any] | None:
        from customers.honesty import happened
        from customers.honesty import known as known_of

        if known_of(other) > known:
            return None
        if name == "transaction":
            mine = other["transaction_id"] == own["transaction_id"]
            return other if mine or happened(other) < moment else None
        return other if name == "feedback" or happened(other) <= moment else None

    short = build(tmp_path, changed(loads, past))
    names = CATALOGUE.available(bank.warehouse).names_for_credit("transaction")
    whole, cut = (matrix(one.warehouse, row, names) for one in (bank, short))
    assert differing(whole, cut, names) == []


@pytest.mark.parametrize("place", range(4))
def test_absurd_values_after_a_transaction_change_nothing(
    place: int, bank: SmallWarehouse, loads: Loads, tmp_path: Path
) -> None:
    on_time = [row for row in loads[0]["transaction"] if row["known_at"] == row["event_time"] > "2023-11-20"]
    own = on_time[place * 11]
    spoilt = poisoned(loads, datetime.fromisoformat(own["event_time"]))
    mine = [row for row in spoilt[0]["transaction"] if row["transaction_id"] != own["transaction_id"]]
    spoilt[0]["transaction"] = [*mine, own]
    poison = build(tmp_path, spoilt)
    row = pa.table(
        {
            "subject_kind": ["transaction"], "subject_id": [own["transaction_id"]],
            "customer_id": [own["customer_id"]], "cutoff": [bank.at(own["event_time"])],
            "seq": [own["transaction_id"]],
        }
    )  # fmt: skip
    names = CATALOGUE.available(bank.warehouse).names_for_credit("transaction")
    assert differing(matrix(bank.warehouse, row, names), matrix(poison.warehouse, row, names), names) == []


def test_as_of_reads_what_was_corrected_since(bank: SmallWarehouse, loads: Loads) -> None:
    rows = customers_at(bank, "2023-12-15")
    then = matrix(bank.warehouse, rows, ["out_sum_12mo", "customer_region_id"])
    since = matrix(bank.warehouse, rows, ["out_sum_12mo", "customer_region_id"], as_of=bank.at("2024-04-01"))
    assert differing(then, since, ("out_sum_12mo",)) == ["out_sum_12mo"]
    assert report_of(then).features["out_sum_12mo"]["unreached_share"] == 0.0
