"""One key with ten million events: snapshots and replay answer exactly, in bounded time and memory."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from memory_warehouse import zone_named

from bankmine.bank import catalogue
from bankmine.bank.civil import HOUR, SECOND
from bankmine.windows import events, replay, snapshot, windows

EVENTS = 10_000_000
START = 1_600_000_000 * SECOND
AMOUNT, GAP = 7, 3 * SECOND
HORIZON = START + EVENTS * GAP
MONEY = events("transaction").measure("base_minor")
FEATURES = (
    *windows(MONEY, over=["1h", "30d", "all"], aggregate=["count", "sum", "max", "mean", "gap_mean"]),
    *windows(MONEY.distinct("merchant_id"), over=["24h", "12mo"], aggregate=["distinct"]),
)


class OneKey:
    """A warehouse of one customer with an event every three seconds for a year."""

    zone = zone_named("UTC")

    def has(self, table: str) -> bool:
        return table == "transaction"

    def coverage(self, table: str) -> tuple[int, int]:
        return START, HORIZON + HOUR

    def buckets(self, table: str) -> int:
        return 1

    def read(self, table: str, columns: Sequence[str] | None = None, *, bucket: int | None = None) -> Any:
        declared = catalogue.table(table)
        names = list(columns or declared.schema().names)
        number = np.arange(EVENTS)
        time = START + number * GAP
        known: dict[str, Any] = {
            "transaction_id": number, "event_time": time, "known_at": time, "seq": np.zeros(EVENTS, np.int64),
            "base_minor": np.full(EVENTS, AMOUNT), "merchant_id": number % 1000,
        }  # fmt: skip
        made = {}
        for name in names:
            kind = declared.column(name).arrow_type()
            if name in ("cancelled", "is_primary"):
                made[name] = pa.repeat(pa.scalar(name == "is_primary"), EVENTS)
            else:
                made[name] = pa.array(known.get(name, np.ones(EVENTS, np.int64))).cast(kind)
        return pa.table(made)


def seen(over_us: int, cutoff: int) -> int:
    """Events in [cutoff − over, cutoff), all of them a GAP apart."""
    first = max(0, -(-(cutoff - over_us - START) // GAP))
    return min(EVENTS, -(-(cutoff - START) // GAP)) - first


def spent(started: float, what: str) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{what}: {process_time() - started:.1f} s CPU, process peak {peak:.1f} GB")
    assert process_time() - started < 180
    assert peak < 8


@pytest.mark.slow
def test_a_snapshot_of_a_key_with_ten_million_events_is_exact() -> None:
    cutoffs = np.linspace(START + 31 * 24 * HOUR, HORIZON, 12).astype(np.int64)
    started = process_time()
    found = snapshot(OneKey(), FEATURES, np.ones(12, np.int64), cutoffs)
    spent(started, "snapshot at 12 cutoffs")
    hours = [seen(HOUR, int(cutoff)) for cutoff in cutoffs]
    assert found.column("transaction_count_1h").to_pylist() == hours
    assert found.column("transaction_base_minor_sum_1h").to_pylist() == [AMOUNT * count for count in hours]
    whole = [seen(1 << 62, int(cutoff)) for cutoff in cutoffs]
    assert found.column("transaction_count_all").to_pylist() == whole
    assert whole[-1] == EVENTS
    assert found.column("transaction_gap_mean_all").to_pylist() == [GAP / (24 * HOUR)] * 12
    assert found.column("transaction_merchant_id_distinct_24h").to_pylist() == [1000] * 12


@pytest.mark.slow
def test_a_replay_of_a_key_with_ten_million_events_is_exact() -> None:
    started = process_time()
    found = replay(OneKey(), FEATURES[:3], since=HORIZON - 10 * HOUR)
    spent(started, "replay of the last ten hours")
    cutoffs = found.column("event_time").cast(pa.int64()).to_pylist()
    assert len(cutoffs) == 10 * HOUR // GAP
    counts = found.column("transaction_count_1h").to_pylist()
    assert counts == [seen(HOUR, cutoff) for cutoff in cutoffs]
    assert found.column("transaction_count_all").to_pylist() == [seen(1 << 62, cutoff) for cutoff in cutoffs]
