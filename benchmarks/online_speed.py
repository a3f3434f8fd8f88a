"""S5: one event through exact sliding windows per card and per merchant, event after event, in process.

(a) count and sum over 1 h, 24 h, 7 d and 30 d: 16 features; (b) also maximum and distinct: 32. bankmine takes
the stream with late and corrected events, in civil time, through `OnlineState.one`; the others take a stream
without them, which is where their answers are compared with bankmine's.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.online_events import BEGIN, ZONE, Stream, differing, features, payments
from benchmarks.online_peers import Deques, Redis, River
from benchmarks.rows import Row

COUNT, CARDS, MERCHANTS, DAYS = 120_000, 4_000, 800, 45
MEASURED, SLOW_MEASURED, ORACLE = 20_000, 4_000, 200
BARS = {"a": (5.0, 10.0), "b": (8.0, 15.0)}


def run() -> Row:
    """Both lists of features, every contender."""
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    stream = payments(COUNT, cards=CARDS, merchants=MERCHANTS, days=DAYS, skew=1.0)
    plain = payments(COUNT, cards=CARDS, merchants=MERCHANTS, days=DAYS, skew=1.0, plain=True)
    for part, wide in (("a", False), ("b", True)):
        ours[part] = _ours(stream, wide)
        theirs[part] = _peers(plain, wide)
        for name, figures in theirs[part].items():
            figures["times_bankmine"] = round(figures["median_us"] / ours[part]["median_us"], 1)
            if figures.pop("differs", 0):
                raise AssertionError(f"{name} ({part}) differs from bankmine on events in order")
    met = all(
        ours[part]["median_us"] <= median
        and ours[part]["p99_us"] <= p99
        and ours[part]["differing_values"] == 0
        for part, (median, p99) in BARS.items()
    )
    return Row(
        row="S5",
        bankmine={**ours, "events": COUNT, "cards": CARDS, "merchants": MERCHANTS},
        reference=theirs,
        bar="(a) median ≤ 5 µs, p99 ≤ 10 µs; (b) ≤ 8 µs, ≤ 15 µs; equal to the oracle",
        met=met,
        protocol="one call an event from Python, warm, garbage collection off; bankmine's stream has .5 %"
        " late and .1 % corrected events, the others' none; river rolls no maximum or distinct count",
        versions=("numba", "numpy", "river", "redis"),
    )  # fmt: skip


def measured(calls: list[Callable[[], Any]]) -> dict[str, float]:
    """Median and 99th percentile of calls one after the other, µs."""
    spent = np.empty(len(calls))
    gc.disable()
    for place, call in enumerate(calls):
        begin = time.perf_counter_ns()
        call()
        spent[place] = time.perf_counter_ns() - begin
    gc.enable()
    return {"median_us": round(float(np.median(spent)) / 1e3, 2),
            "p99_us": round(float(np.quantile(spent, 0.99)) / 1e3, 2)}  # fmt: skip


def _state(wide: bool) -> Any:
    from bankmine.windows.online import OnlineState

    return OnlineState.start(features(wide), zone=ZONE, covered_from=BEGIN, lateness="7d")


def _ours(stream: Stream, wide: bool) -> dict[str, Any]:
    declared = features(wide)
    state, first = _state(wide), len(stream) - MEASURED
    state.enter(stream.take(slice(0, first)).table())
    events = state._plan.fields.read(stream.take(slice(first, None)).table())
    answer = state.new_answer()
    split = [np.ascontiguousarray(events[i : i + 1]) for i in range(len(events))]
    figures = measured([lambda event=event: state.one(event, answer) for event in split])  # type: ignore[misc]
    whole = _state(wide).enter(stream.table()).to_pylist()
    asked = np.random.default_rng(2).choice(len(stream), ORACLE, replace=False)
    return {
        **figures, "features": len(declared), "late": state.late, "oracle_instants": ORACLE,
        "differing_values": differing(stream, asked, whole, declared),
    }  # fmt: skip


def _peers(stream: Stream, wide: bool) -> dict[str, Any]:
    found = {"python_deques": _peer(Deques(wide), stream, MEASURED, wide)}
    server = Redis(wide)
    try:
        found["redis_script"] = _peer(server, stream, SLOW_MEASURED, wide)
    finally:
        server.close()
    if not wide:
        found["river_rolling"] = _peer(River(), stream, SLOW_MEASURED, None)
    return found


def _peer(peer: Any, stream: Stream, count: int, wide: bool | None) -> dict[str, Any]:
    """Figures of one contender; how many of its last answers differ from bankmine's, where comparable."""
    columns = (stream.event_time, stream.card, stream.merchant, stream.amount)
    events = list(zip(*(column.tolist() for column in columns), strict=True))
    for event in events[:-count]:
        peer.one(*event)
    answers: list[Any] = []
    figures: dict[str, Any] = measured(
        [lambda event=event: answers.append(peer.one(*event)) for event in events[-count:]]  # type: ignore[misc]
    )
    if wide is None:
        return figures
    state = _state(wide)
    mine = state.enter(stream.table()).slice(len(stream) - count)
    order = _in_order(mine, wide)
    figures["differs"] = int((np.array(answers, np.int64) != order).sum())
    return figures


def _in_order(table: Any, wide: bool) -> Any:
    """bankmine's answers in the others' order: by key, by window, then by aggregate; no maximum is 0."""
    from benchmarks.online_events import WINDOWS

    aggregates = ("count", "sum", "max", "distinct") if wide else ("count", "sum")
    names = [f"{key}_{one}_{span}" for key in ("card", "merchant") for span in WINDOWS for one in aggregates]
    return np.stack([table[name].fill_null(0).to_numpy() for name in names], axis=1)
