"""Over long histories the bands and the sliding kernel give the same bits."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from memory_warehouse import MemoryWarehouse

from bankmine.bank.civil import DAY, HOUR
from bankmine.windows import events, snapshot, windows
from bankmine.windows.aggregates import AGGREGATES

engine = importlib.import_module("bankmine.windows.snapshot")
START = 1_700_000_000_000_000
money = events("transaction").measure("base_minor").distinct("merchant_id")
PLAIN = [name for name, one in AGGREGATES.items() if one.needs != "by" and name != "trend"]
FEATURES = (
    *windows(money, over=["7h", "3d", "1mo", "12mo"], aggregate=PLAIN),
    *windows(money, over=["3mo"], aggregate=["trend"]),
    *windows(
        money, over=["3d", "1mo"], aggregate=["share", "max", "distinct"], by="category", levels=["a", "b"]
    ),
)  # fmt: skip


def history(seed: int, late: float, corrected: float) -> list[dict[str, Any]]:
    """Three customers' events over four months, some known late, some corrected or cancelled later."""
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(360):
        at = START + int(draw.integers(0, 120 * 24)) * HOUR
        known = at + (int(draw.integers(1, 40 * 24)) * HOUR if draw.random() < late else 0)
        row = {
            "transaction_id": number, "customer_id": number % 3, "event_time": at, "known_at": known,
            "seq": int(draw.integers(0, 3)), "base_minor": int(draw.integers(0, 10**9)),
            "merchant_id": int(draw.integers(0, 9)), "category": str(draw.choice(["a", "b", "c"])),
        }  # fmt: skip
        rows.append(row)
        if draw.random() < corrected:
            again = {"known_at": known + int(draw.integers(0, 30 * 24)) * HOUR, "load_number": 2}
            rows.append(row | again | {"base_minor": 7, "cancelled": bool(draw.random() < 0.3)})
    return rows


@pytest.mark.parametrize(("late", "corrected"), [(0.0, 0.0), (0.02, 0.1), (0.3, 0.1)])
@pytest.mark.parametrize("seed", range(3))
def test_the_bands_equal_the_sliding_kernel(
    seed: int, late: float, corrected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    covered = (START - 400 * DAY, START + 400 * DAY)
    warehouse = MemoryWarehouse(
        {"transaction": history(seed, late, corrected)}, coverage=covered, zone="Europe/Prague"
    )
    cutoffs = np.random.default_rng(seed).integers(START, START + 150 * DAY, 120)
    keys = np.arange(120) % 3
    found = []
    for dense in (0, 10**9):
        monkeypatch.setattr(engine, "DENSE", dense)
        found.append(snapshot(warehouse, FEATURES, keys, cutoffs))
    assert found[0].equals(found[1])
    assert len(np.unique(found[0].column("transaction_base_minor_sum_12mo"))) > 50
