"""Long histories: rings that grow, keep a hash, let old entries go and shrink; answers at random instants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from memory_warehouse import full_row
from streams import FOREVER, ZONE, as_table, bits
from worlds import PRAGUE

from bankmine.bank.civil import DAY, HOUR
from bankmine.windows import events, windows
from bankmine.windows.naive import Bank, Looked, naive_value
from bankmine.windows.online import OnlineState

BEGIN = ZONE.parse("2024-03-01")
ALL = [
    "count", "sum", "std", "min", "max", "first", "last", "distinct", "active_days", "gap_std", "recency",
]  # fmt: skip
moved = events("transaction").measure("base_minor").distinct("merchant_id")
FEATURES = (
    *windows(moved, over=["1h", "24h", "7d"], aggregate=ALL, name="all"),
    *windows(moved.where(direction="out"), over=["3d"], aggregate=ALL, delay="1d", name="out"),
    *windows(
        moved, over=["2d"], aggregate=["distinct", "max", "share"], by="category", levels=["food"], name="by"
    ),
)


def history(seed: int, count: int, days: int) -> list[Mapping[str, Any]]:
    """Events of three customers: bursts, ties, one in twelve late, one in fifteen corrected or cancelled."""
    draw = np.random.default_rng(seed)
    rows: list[Mapping[str, Any]] = []
    bursts = draw.integers(0, days * 24, count) * HOUR
    for number in range(count):
        at = BEGIN + int(bursts[number] + draw.integers(0, 600) * 1_000_000)
        late = int(draw.integers(0, 2 * DAY)) if draw.random() < 0.08 else int(draw.integers(0, 3))
        row = full_row("transaction", {
            "transaction_id": number, "customer_id": int(draw.choice([1, 1, 1, 2, 3])), "account_id": 1,
            "event_time": at, "known_at": at + late, "seq": int(draw.integers(0, 5)),
            "base_minor": int(draw.integers(0, 1000)), "direction": str(draw.choice(["in", "out"])),
            "category": str(draw.choice(["food", "fun"])), "merchant_id": int(draw.integers(0, 60)),
        })  # fmt: skip
        rows.append(row)
        if draw.random() < 0.07:
            changed = {"known_at": row["known_at"] + int(draw.integers(0, DAY)), "load_number": 2}
            rows.append(row | changed | {"base_minor": 7, "cancelled": bool(draw.random() < 0.5)})
    return sorted(rows, key=lambda row: row["known_at"])


def close_to(rows: list[Mapping[str, Any]], row: Mapping[str, Any]) -> Bank:
    """What the naive twin needs for one row: its customer's events of the last two weeks."""
    near = [
        other
        for other in rows
        if other["customer_id"] == row["customer_id"]
        and row["event_time"] - 12 * DAY <= other["event_time"] <= row["event_time"]
        and other["known_at"] <= row["known_at"]
    ]
    return Bank({"transaction": near}, {"transaction": (BEGIN, FOREVER)}, ZoneInfo(PRAGUE))


@pytest.mark.parametrize("seed", range(3))
def test_answers_at_random_instants_of_a_long_history(seed: int) -> None:
    rows = history(seed, 2500, 40)
    state = OnlineState.start(FEATURES, zone=ZONE, covered_from=BEGIN, lateness="3d", limit=1 << 26)
    found = state.enter(as_table("transaction", rows)).to_pylist()
    draw = np.random.default_rng(seed)
    for at in draw.choice(len(rows), 30, replace=False).tolist():
        row = rows[at]
        bank = close_to(rows, row)
        looked = Looked(row["customer_id"], row["event_time"], row["known_at"], row["seq"])
        for feature in FEATURES:
            assert bits(found[at][feature.name]) == bits(naive_value(bank, feature, looked)), feature.name
    assert state.late > 100
    assert state.events < 0.6 * len(rows)


def moved_on(row: Mapping[str, Any], weeks: int) -> Mapping[str, Any]:
    """The same event some weeks later, as an event of its own."""
    by = weeks * 7 * DAY
    return row | {
        "event_time": row["event_time"] + by, "known_at": row["known_at"] + by,
        "transaction_id": 10_000 * weeks + int(row["transaction_id"]),
    }  # fmt: skip


def test_memory_is_bounded_by_the_events_windows_can_ask_for() -> None:
    state = OnlineState.start(FEATURES, zone=ZONE, covered_from=BEGIN, lateness="1d", limit=1 << 26)
    sizes, kept = [], []
    for week in range(12):
        rows = [moved_on(row, week) for row in history(1, 1500, 7)]
        rows = [row for row in rows if row["known_at"] >= state.known_until]
        state.enter(as_table("transaction", rows))
        sizes.append(state.resident_bytes)
        kept.append(state.events)
    assert max(kept[4:]) < 2.5 * 1500
    assert max(sizes[4:]) == sizes[-1] <= 1.1 * sizes[4]


def test_a_key_goes_when_its_last_event_does() -> None:
    features = windows(events("transaction"), over=["24h"], aggregate=["count"])
    state = OnlineState.start(features, zone=ZONE, covered_from=BEGIN, lateness="1h", limit=1 << 26)
    rows = [
        full_row("transaction", {
            "transaction_id": number, "customer_id": number, "event_time": BEGIN + DAY + number * HOUR,
        })
        for number in range(500)
    ]  # fmt: skip
    state.enter(as_table("transaction", rows))
    assert state.keys["customer_id"] == state.events <= 27
