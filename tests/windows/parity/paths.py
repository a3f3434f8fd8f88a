"""The paths that must agree: what the naive twin, the kernels and the online state say of the same rows.

The rows are every version of every event, each looked at from its position and with its own knowledge.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scenes import LATENESS, Scene
from worlds import COVERAGE

from bankmine.bank import catalogue
from bankmine.windows import naive, replay
from bankmine.windows.naive import Looked, naive_replay, naive_rows
from bankmine.windows.online import OnlineState
from bankmine.windows.snapshot import NO_SUBJECT, Asked, compute

engine = importlib.import_module("bankmine.windows.snapshot")
AT_INSTANT = np.iinfo(np.int64).min
Columns = dict[str, list[Any]]


def said_naively(scene: Scene, rows: Sequence[dict[str, Any]]) -> Columns:
    """What the naive twin says before each of these rows."""
    found: Columns = {}
    with _versions_read_once():
        for feature in scene.features:
            key = feature.source.key
            looked = [Looked(row[key], row["event_time"], row["known_at"], row["seq"]) for row in rows]
            found |= naive_rows(scene.bank, [feature], looked)
    return found


@contextmanager
def _versions_read_once() -> Iterator[None]:
    """Within, the naive twin remembers what was known when."""
    plain = naive.as_known
    remembered = cache(lambda bank_id, table, knowledge: plain(banks[bank_id], table, knowledge))
    banks: dict[int, Any] = {}

    def as_known(bank: Any, table: str, knowledge: int) -> Any:
        banks[id(bank)] = bank
        return remembered(id(bank), table, knowledge)

    naive.as_known = as_known
    try:
        yield
    finally:
        naive.as_known = plain


def said_by_snapshot(scene: Scene, rows: Sequence[dict[str, Any]], *, slide: bool) -> Columns:
    """What a snapshot says, every row read from bands or every row slid over."""
    keys = {feature.source.key for feature in scene.features}
    subjects = {
        key: np.array([NO_SUBJECT if row[key] is None else row[key] for row in rows], np.int64)
        for key in keys
    }
    times, known, seqs = (
        np.array([row[name] for row in rows], np.int64) for name in ("event_time", "known_at", "seq")
    )
    with sliding(slide):
        asked = Asked(subjects, times, known, seqs, scene.table)
        return dict(compute(scene.warehouse, scene.features, asked, threads=1).to_pydict())


@contextmanager
def sliding(slide: bool) -> Iterator[None]:
    """Within, every row of a snapshot is slid over, or every row read from bands."""
    before, engine.DENSE = engine.DENSE, 0 if slide else 10**9
    try:
        yield
    finally:
        engine.DENSE = before


def said_by_replay(scene: Scene) -> tuple[list[dict[str, Any]], Columns]:
    """The events a replay stands before, as the naive twin finds them, and what it says before each."""
    found = replay(scene.warehouse, scene.features, table=scene.table, threads=1)
    rows = naive_replay(scene.bank, scene.table)
    name = catalogue.table(scene.table).primary_key[0]
    assert found.column(name).to_pylist() == [row[name] for row in rows]
    return [dict(row) for row in rows], {one.name: found[one.name].to_pylist() for one in scene.features}


def said_online(scene: Scene, place: Path) -> Columns:
    """What the online state says of its stream, saved to a file and restored on the way."""
    state = OnlineState.start(
        scene.features, zone=scene.warehouse.zone, covered_from=COVERAGE[0], lateness=LATENESS, limit=1 << 24
    )
    calls = [list(call) for _, call in groupby(scene.stream, key=lambda row: row["known_at"])]
    restart = scene.restart % (len(calls) + 1)
    # Feedback is told ahead, of half of the scenes all of it before the first event.
    upto = len(calls) if scene.restart % 4 < 2 else restart + 1
    told = calls[min(upto, len(calls)) - 1][0]["known_at"]
    feedback = sorted(scene.warehouse.raw["feedback"], key=lambda row: row["known_at"])
    answers = _entered(state, scene, calls[:restart], [row for row in feedback if row["known_at"] <= told])
    state.save(place)
    state = OnlineState.restore(place, scene.features, limit=1 << 24)
    answers += _entered(state, scene, calls[restart:], [row for row in feedback if row["known_at"] > told])
    assert state.too_late == 0
    assert state.offset == len(scene.stream)
    return dict(pa.concat_tables(answers).to_pydict())


def _entered(state: OnlineState, scene: Scene, calls: Sequence[Any], feedback: Sequence[Any]) -> list[Any]:
    """The answers to some calls, given one by one or all at once."""
    state.enter_feedback(_as_table("feedback", feedback))
    given = calls if scene.restart % 2 else [[row for call in calls for row in call]]
    return [state.enter(_as_table(scene.table, rows, state.columns)) for rows in given if rows]


def _as_table(table: str, rows: Sequence[dict[str, Any]], columns: Sequence[str] | None = None) -> pa.Table:
    schema = catalogue.table(table).schema()
    names = schema.names if columns is None else columns
    return pa.table({name: pa.array([row[name] for row in rows], schema.field(name).type) for name in names})


def differences(path: str, found: Columns, expected: Columns) -> list[str]:
    """The values that are not the same, in type and in every bit."""
    return [
        f"{name}[{row}]: {path} {mine!r}, naive {theirs!r}"
        for name, column in expected.items()
        for row, (mine, theirs) in enumerate(zip(found[name], column, strict=True))
        if _bits(mine) != _bits(theirs)
    ]


def _bits(value: Any) -> Any:
    return struct.pack("<d", value) if isinstance(value, float) else value
