"""The rows of a small world as a stream: as they become known, in calls and with restarts."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from worlds import PRAGUE, World

from bankmine.bank import catalogue
from bankmine.bank.civil import Zone
from bankmine.windows.declaration import Feature
from bankmine.windows.naive import Bank, Looked, naive_rows
from bankmine.windows.online import OnlineState

ZONE = Zone(PRAGUE)
FOREVER = 2**62


def as_table(table: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of a bank table as Arrow."""
    return pa.Table.from_pylist(list(rows), schema=catalogue.table(table).schema())


def stream_of(world: World, table: str) -> list[Mapping[str, Any]]:
    """The rows of a table in the order in which they become known."""
    return sorted(world.bank.rows[table], key=lambda row: row["known_at"])


def in_calls(rows: list[Mapping[str, Any]], cuts: Sequence[int]) -> list[list[Mapping[str, Any]]]:
    """The rows cut into calls, never inside one microsecond of knowledge."""
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row["known_at"])]
    edges = [0, *sorted({cut % (len(groups) + 1) for cut in cuts}), len(groups)]
    calls = [[row for group in groups[low:high] for row in group] for low, high in pairwise(edges)]
    return [call for call in calls if call]


def endless(world: World) -> Bank:
    """The world as an online state sees it: covered from the same instant, without an end."""
    coverage = {
        name: None if period is None else (period[0], FOREVER) for name, period in world.bank.coverage.items()
    }
    return Bank(world.bank.rows, coverage, ZoneInfo(PRAGUE))


def expected(
    world: World, features: Sequence[Feature], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What the naive twin says of the position of each row, with the row's own knowledge."""
    bank = endless(world)
    found: list[dict[str, Any]] = [{} for _ in rows]
    for key in {feature.source.key for feature in features}:
        own = [feature for feature in features if feature.source.key == key]
        looked = [Looked(row[key], row["event_time"], row["known_at"], row["seq"]) for row in rows]
        for name, column in naive_rows(bank, own, looked).items():
            for place, value in enumerate(column):
                found[place][name] = value
    return found


def answers(
    state: OnlineState,
    table: str,
    calls: Sequence[Sequence[Mapping[str, Any]]],
    restart: Path | None = None,
    before: int = -1,
) -> tuple[OnlineState, list[dict[str, Any]]]:
    """The state's answers to the rows of some calls; before one of them it is saved and restored."""
    found: list[dict[str, Any]] = []
    for number, call in enumerate(calls):
        if restart is not None and number == before:
            state.save(restart)
            state = OnlineState.restore(restart, state.features, limit=1 << 26)
        found += state.enter(as_table(table, call)).to_pylist()
    return state, found


def bits(value: Any) -> Any:
    """What is compared: the value's type and its exact bits."""
    return struct.pack("<d", value) if isinstance(value, float) else value


def differences(found: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> list[str]:
    """The values that are not the same."""
    return [
        f"{name}[{row}]: online {found[row][name]!r}, naive {value!r}"
        for row, values in enumerate(wanted)
        for name, value in values.items()
        if bits(found[row][name]) != bits(value)
    ]
