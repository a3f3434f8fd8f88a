"""ONL: a state of a million keys through ten million events: memory in use, and answers against the oracle.

Count, sum, maximum and distinct over 24 h, 7 d and 30 d per card, 7 days of lateness, 60 days of payments
with .5 % late and .1 % corrected events, entered as Arrow tables of 200,000 rows. 1,000 answers at random
instants are compared with the naive twin, value by value.
"""

from __future__ import annotations

import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.online_events import BEGIN, ZONE, Stream, differing, payments
from benchmarks.rows import Row

EVENTS = int(os.environ.get("BENCH_ONLINE_EVENTS", "10000000"))
KEYS, DAYS, STEP, INSTANTS = EVENTS // 10, 60, min(200_000, EVENTS // 20), 1_000


def features() -> Any:
    """Twelve features per card."""
    from bankmine.windows import events, windows

    source = events("transaction", key="card_id").measure("base_minor").distinct("merchant_id")
    return windows(
        source, over=["24h", "7d", "30d"], aggregate=["count", "sum", "max", "distinct"], name="card"
    )


def run() -> Row:
    """Enters the stream, prints what it took."""
    from bankmine.windows.online import OnlineState

    stream = payments(EVENTS, cards=KEYS, merchants=100_000, days=DAYS)
    asked = np.sort(np.random.default_rng(3).choice(len(stream), INSTANTS, replace=False))
    before = _resident()
    state = OnlineState.start(features(), zone=ZONE, covered_from=BEGIN, lateness="7d")
    found, sizes, spent = _enter(state, stream, asked)
    resident = _resident() - before
    wrong = differing(stream, asked, found, features())
    saved = _save_and_restore(state)
    return Row(
        row="ONL",
        bankmine={
            "events": len(stream), "keys": state.keys["card_id"], "events_kept": state.events,
            "state_mib": state.resident_bytes >> 20, "process_grew_mib": resident >> 20,
            "state_mib_by_tenths": sizes, "bytes_a_kept_event": round(state.resident_bytes / state.events),
            "cpu_us_an_event": round(1e6 * spent / len(stream), 2), "late": state.late, **saved,
            "oracle_instants": INSTANTS, "differing_values": wrong,
        },
        reference={"naive": "equal in every value" if wrong == 0 else "differs"},
        bar="equal to the oracle at 1,000 instants; memory bounded by the live events",
        met=wrong == 0 and sizes[-1] <= 1.1 * sizes[7],
        protocol="one process, one thread; the state's memory after each tenth of the stream",
        versions=("numba", "numpy", "pyarrow"),
    )  # fmt: skip


def _enter(state: Any, stream: Stream, asked: Any) -> tuple[dict[int, Any], list[int], float]:
    """The answers asked for, the state's MiB after each tenth, CPU seconds."""
    found: dict[int, Any] = {}
    sizes: list[int] = []
    spent = 0.0
    edges = _edges(stream)
    for low, high in pairwise(edges):
        rows = stream.take(slice(low, high)).table()
        begin = time.process_time()
        answers = state.enter(rows)
        spent += time.process_time() - begin
        mine = asked[(asked >= low) & (asked < high)]
        found |= dict(zip(mine.tolist(), answers.take(mine - low).to_pylist(), strict=True))
        if high * 10 // len(stream) > low * 10 // len(stream):
            sizes.append(state.resident_bytes >> 20)
    return found, sizes, spent


def _edges(stream: Stream) -> list[int]:
    """Where calls begin: never inside one microsecond of knowledge."""
    edges = [0]
    while edges[-1] < len(stream):
        high = min(len(stream), edges[-1] + STEP)
        while high < len(stream) and stream.known_at[high] == stream.known_at[high - 1]:
            high += 1
        edges.append(high)
    return edges


def _save_and_restore(state: Any) -> dict[str, float]:
    """Seconds to save and to restore the state, and the size of its file."""
    from bankmine.windows.online import OnlineState

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state"
        begin = time.perf_counter()
        state.save(path)
        saved = time.perf_counter()
        again = OnlineState.restore(path, state.features)
        done = time.perf_counter()
        assert again.offset == state.offset
        return {"save_s": round(saved - begin, 2), "restore_s": round(done - saved, 2),
                "file_mib": path.stat().st_size >> 20}  # fmt: skip


def _resident() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
