"""Windows of hours are not offered over a table that has only dates, and the reason is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankmine.customers.catalogue import CATALOGUE
from engine.small_warehouse import SmallWarehouse


@pytest.mark.parametrize(("time", "offered"), [("2024-03-01", False), ("2024-03-01T10:15", True)])
def test_features_of_hours_need_events_with_a_time_of_day(tmp_path: Path, time: str, offered: bool) -> None:
    bank = SmallWarehouse(tmp_path)
    bank.load(
        transaction=[
            {"transaction_id": 1, "customer_id": 7, "card_id": 8, "event_time": time, "base_minor": 5}
        ]
    )
    reason = None if offered else "the events of transaction have only a date"
    available = CATALOGUE.available(bank.warehouse)
    for name in ("tx_card_count_1h", "tx_card_sum_24h"):
        assert (name in available.names) is offered
        assert available.reasons.get(name) == reason
    assert "tx_card_sum_7d" in available.names
