"""The kernels give the same bits as the naive twin, on worlds full of awkward events."""

from __future__ import annotations

import importlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from worlds import World, asked_rows, instants, worlds

from bankmine.windows import events, ratio, replay, snapshot, windows
from bankmine.windows.naive import Looked, naive_replay, naive_rows

engine = importlib.import_module("bankmine.windows.snapshot")
MONEY = ["sum", "mean", "variance", "std", "min", "max", "first", "last"]
TIMES = ["count", "recency", "days_since_first", "seconds_since_last", "gap_mean", "gap_std", "active_days"]
thorough = settings(
    max_examples=70,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

spent = events("transaction").where(direction="out").measure("base_minor").distinct("merchant_id")
moved = events("transaction").measure("base_minor")
few = events("transaction").measure("balance_after_minor").at_least(base_minor=3).below(base_minor=10**9)
BY = ["sum", "max", "share", "distinct", "active_days", "gap_std", "last"]
OF_CUSTOMERS = (
    *windows(spent, over=["24h", "1d", "1mo", "2mo", "45min", "all"], aggregate=[*MONEY, *TIMES, "distinct"]),
    *windows(
        moved.distinct("merchant_id"),
        over=["1mo", "30d"],
        aggregate=BY,
        by="category",
        levels=["food", "rent"],
    ),
    *windows(moved, over=["3mo"], aggregate=["trend"], by="category", levels=["food"]),
    *windows(events("transaction"), over=["2mo"], aggregate=["trend"]),
    *windows(few, over=["12mo"], aggregate=[*MONEY, "count"], name="bounded"),
    *windows(moved, over=["30d"], aggregate=["mean", "count"], delay="7d"),
    *windows(moved.valid("1mo"), over=["all", "1mo"], aggregate=["sum", "days_since_first"], name="valid"),
    *windows(events("transaction").measure("lat", scale=10), over=["2mo"], aggregate=MONEY, name="tenths"),
    *windows(moved.having("reversal_of"), over=["2mo"], aggregate=["count", "sum"]),
    *windows(moved.lacking("reversal_of", "merchant_id"), over=["2mo"], aggregate=["count", "sum"]),
)
OF_CUSTOMERS += (ratio(OF_CUSTOMERS[0], OF_CUSTOMERS[5]),)
applied = events("credit_application")
OF_OUTCOMES = (
    *windows(applied.measure("bad"), over=["1mo", "all"], aggregate=["mean", "count", "last"], name="bad"),
    *windows(applied.where(bad=True), over=["all"], aggregate=["count", "recency"]),
    *windows(applied.measure("amount_minor"), over=["2mo", "all"], aggregate=["sum", "share"], by="decision"),
    *windows(applied.where(decision="approved").measure("bad"), over=["all"], aggregate=["sum", "gap_mean"]),
)
risk = events("transaction", key="terminal_id").verdict("fraud")
OF_TERMINALS = (
    *windows(risk, over=["1d", "30d"], aggregate=["mean", "sum", "max", "count", "gap_std"], delay="7d"),
    *windows(risk, over=["all"], aggregate=["mean", "last", "std", "active_days"]),
)
paid = events("transaction", key="pair_id").valid("2mo").measure("base_minor").distinct("device_id")
OF_PAIRS = windows(
    paid, over=["1mo", "all"], aggregate=["count", "sum", "seconds_since_last", "distinct"], name="paid"
)
TABLE_OF = {"transaction": OF_CUSTOMERS, "credit_application": OF_OUTCOMES}


def bits(value: Any) -> Any:
    """What is compared: the value's type and its exact bits."""
    return struct.pack("<d", value) if isinstance(value, float) else value


def differences(found: Any, expected: dict[str, list[Any]]) -> list[str]:
    """The values that are not the same."""
    return [
        f"{name}[{row}]: kernel {mine!r}, naive {theirs!r}"
        for name, column in expected.items()
        for row, (mine, theirs) in enumerate(zip(found[name].to_pylist(), column, strict=True))
        if bits(mine) != bits(theirs)
    ]


@pytest.mark.parametrize(
    "features",
    [OF_CUSTOMERS, OF_OUTCOMES, OF_TERMINALS, OF_PAIRS],
    ids=["customers", "outcomes", "terminals", "pairs"],
)
@thorough
@given(
    data=st.data(), world=worlds(), positions=st.booleans(), slide=st.booleans(), as_of=st.none() | instants
)
def test_a_snapshot_equals_its_naive_twin(
    features: Any, data: st.DataObject, world: World, positions: bool, slide: bool, as_of: int | None
) -> None:
    asked = data.draw(asked_rows(world))
    keys = np.array([key for key, _, _ in asked])
    cutoffs = np.array([cutoff for _, cutoff, _ in asked])
    seqs = np.array([seq for _, _, seq in asked]) if positions else None
    if as_of is not None:
        as_of = max(as_of, int(cutoffs.max()))
    table = features[0].source.table
    with sliding(slide):
        found = snapshot(world.warehouse, features, keys, cutoffs, as_of=as_of, seqs=seqs, seq_table=table)
    rows = [
        Looked(key, cutoff, cutoff if as_of is None else as_of, seq if positions else None)
        for key, cutoff, seq in asked
    ]
    expected = naive_rows(world.bank, features, rows)
    filled = sum(value not in (None, 0) for column in expected.values() for value in column) / len(asked)
    event(f"filled features a row: {int(filled // 10) * 10}")
    assert not differences(found, expected)


@pytest.mark.parametrize(
    "features",
    [OF_CUSTOMERS, OF_OUTCOMES, OF_TERMINALS, OF_PAIRS],
    ids=["customers", "outcomes", "terminals", "pairs"],
)
@thorough
@given(world=worlds())
def test_a_replay_equals_its_naive_twin(features: Any, world: World) -> None:
    table, key = features[0].source.table, features[0].source.key
    with sliding(True):
        found = replay(world.warehouse, features)
    rows = naive_replay(world.bank, table)
    looked = [Looked(row[key], row["event_time"], row["known_at"], row["seq"]) for row in rows]
    assert [row[world_key(table)] for row in rows] == found[world_key(table)].to_pylist()
    assert not differences(found, naive_rows(world.bank, features, looked))


@contextmanager
def sliding(slide: bool) -> Iterator[None]:
    """Within, every row is answered by the sliding kernel, or every row by the bands."""
    before, engine.DENSE = engine.DENSE, 0 if slide else 10**9
    try:
        yield
    finally:
        engine.DENSE = before


def world_key(table: str) -> str:
    """The primary key of a table of the worlds."""
    return {"transaction": "transaction_id", "credit_application": "application_id"}[table]
