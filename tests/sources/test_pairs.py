"""The key of an account and the other side's account together is made by the load, or while reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tiny import HandMade, bank, payment

from bankmine.bank.hashing import pair_tokens
from bankmine.engine.session import Session
from bankmine.errors import ConfigurationError, WarehouseError
from bankmine.windows import events, snapshot, windows
from engine.small_warehouse import SmallWarehouse

__all__ = ["bank"]
PAYEE = "text AS counterparty_id"
MADE = "SELECT account_id, counterparty_id, pair_id FROM transaction ORDER BY seq"


def with_payees(bank: HandMade) -> HandMade:
    file = bank.mapping / "transaction.sql"
    file.write_text(file.read_text().replace("text AS description", PAYEE))
    bank.write("payments", [payment(n, "A1", text=payee) for n, payee in enumerate(("x", "y", "x", ""))])
    return bank


def test_the_load_makes_a_pair_of_account_and_counterparty(bank: HandMade) -> None:
    with_payees(bank).load()
    rows = bank.rows(MADE)
    pairs = [row["pair_id"] for row in rows]
    assert pairs[0] == pairs[2] != pairs[1]
    assert pairs[3] is None
    one = [np.array([rows[0][name]], np.int64) for name in ("account_id", "counterparty_id")]
    assert pairs[0] == pair_tokens(*one)[0] != pair_tokens(*reversed(one))[0]
    assert bank.warehouse.has_order("transaction", "pair_id")


def test_without_counterparties_there_are_no_pairs_and_no_projection(bank: HandMade) -> None:
    bank.load()
    assert {row["pair_id"] for row in bank.rows(MADE)} == {None}
    assert not bank.warehouse.has_order("transaction", "pair_id")


def test_a_mapping_that_gives_a_pair_is_refused(bank: HandMade) -> None:
    file = bank.mapping / "transaction.sql"
    file.write_text(file.read_text().replace("text AS description", "id AS pair_id"))
    with pytest.raises(ConfigurationError, match="makes of account_id and counterparty_id"):
        bank.load()


def paid(number: int, to: int, amount: int) -> dict[str, object]:
    return {
        "transaction_id": number, "customer_id": 7, "account_id": 5, "counterparty_id": to,
        "base_minor": amount, "event_time": "2024-03-01",
    }  # fmt: skip


def older(folder: Path) -> SmallWarehouse:
    """A bank loaded before pairs were declared: its files lack the column, it has no such projection."""
    small = SmallWarehouse(folder)
    small.load(transaction=[paid(n, n % 2 + 8, n) | {"pair_id": None} for n in range(1, 6)])
    for path in small.warehouse.paths("transaction"):
        pq.write_table(pq.read_table(path).drop_columns(["pair_id"]), path)
    return small


def test_files_older_than_pairs_are_read_as_if_they_had_them(tmp_path: Path) -> None:
    small = older(tmp_path)
    pair = int(pair_tokens(np.array([5]), np.array([9]))[0])
    features = windows(
        events("transaction", key="pair_id").measure("base_minor"), over=["1mo"], aggregate=["sum"]
    )

    def total() -> list[int]:
        found = snapshot(small.warehouse, features, np.array([pair]), np.array([small.at("2024-03-20")]))
        numbers: list[int] = found.column(0).to_pylist()
        return numbers

    assert total() == [9]
    small.load(transaction=[paid(9, 9, 100)])
    assert small.warehouse.has_order("transaction", "pair_id")
    assert total() == [109]


def test_sql_over_files_older_than_a_column_says_what_to_do(tmp_path: Path) -> None:
    small = older(tmp_path)
    with (
        Session(small.warehouse) as session,
        pytest.raises(WarehouseError, match="before its column pair_id"),
    ):
        session.arrow("SELECT count(*) FROM transaction")
