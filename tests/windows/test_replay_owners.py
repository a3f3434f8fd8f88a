"""A replay has one row for each event, whoever was its primary owner first."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bankmine.windows import events, replay, windows
from bankmine.windows.naive import Bank, naive_replay
from engine.small_warehouse import SmallWarehouse

PER_CARD = windows(
    events("transaction", key="card_id").measure("base_minor"), over=["1mo"], aggregate=["sum"], name="s"
)


def paid(customer: int, known: str | None = None, *, day: str = "2024-03-01", **more: Any) -> dict[str, Any]:
    known_at = {} if known is None else {"known_at": known}
    row = {"transaction_id": 1, "account_id": 5, "card_id": 6, "event_time": day, "base_minor": 5}
    return row | {"customer_id": customer} | known_at | more


@pytest.fixture(params=range(2, 6))
def moved(request: pytest.FixtureRequest, tmp_path: Path) -> SmallWarehouse:
    """An event of one customer that becomes another's, with the first as co-owner, and moves to April."""
    first, then = request.param, 1
    bank = SmallWarehouse(tmp_path)
    bank.load(transaction=[paid(first)])
    later = "2024-04-02"
    bank.load(
        transaction=[
            paid(then, later, day="2024-04-01"),
            paid(first, later, day="2024-04-01", is_primary=False),
        ]
    )
    return bank


def test_an_event_whose_primary_owner_changed_has_one_row(moved: SmallWarehouse) -> None:
    rows = replay(moved.warehouse, PER_CARD)
    assert rows.column("known_at").cast("int64").to_pylist() == [moved.at("2024-03-01")]


def test_the_naive_twin_has_one_row_too(moved: SmallWarehouse) -> None:
    columns = moved.warehouse.read("transaction")
    times = {name: columns.column(name).cast("int64").to_pylist() for name in ("event_time", "known_at")}
    rows = [
        row | {name: values[place] for name, values in times.items()}
        for place, row in enumerate(columns.to_pylist())
    ]
    bank = Bank({"transaction": rows}, {}, ZoneInfo("Europe/Prague"))
    assert [row["known_at"] for row in naive_replay(bank, "transaction")] == [moved.at("2024-03-01")]


def test_the_first_version_decides_whether_an_event_lies_in_the_bounds(moved: SmallWarehouse) -> None:
    april, may = moved.at("2024-04-01"), moved.at("2024-05-01")
    assert replay(moved.warehouse, PER_CARD, since=april, until=may).num_rows == 0
    assert replay(moved.warehouse, PER_CARD, until=april).num_rows == 1
