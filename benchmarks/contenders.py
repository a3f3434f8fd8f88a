"""One contender on one size in a process of its own: time, and the most memory it held.

`python -m benchmarks.contenders NAME ROWS CUTOFFS` prints a JSON line. Every contender first does the work on
a million rows, so that code is compiled, imported and warm; then it does it once, result by result, each
dropped before the next is made. All read the Parquet files; "kept" is bankmine's next snapshot, which reads
the columns that the one before left unpacked beside them. `rss_gib` is the process's peak as the kernel
counts it, file pages that are mapped among it; `own_gib` the peak without them, sampled.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import peers
from benchmarks.made_up_transactions import write
from benchmarks.rows import timed
from benchmarks.window_list import features

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLACE = Path("build/bench")
WARM_ROWS = 1_000_000
ENGLISH = {
    "bankmine": "bankmine", "kept": "bankmine, next", "duckdb": "DuckDB", "polars": "Polars",
    "pandas": "pandas", "spark": "PySpark",
}  # fmt: skip


def bankmine(warehouse: Any, cutoffs: NDArray[Any]) -> Iterator[Any]:
    """Ours: part after part of the keys, on two threads."""
    from bankmine.windows.parts import question, snapshot_tables

    return snapshot_tables(warehouse, question(warehouse, features(), cutoffs), threads=2)


CONTENDERS: dict[str, Callable[[Any, NDArray[Any]], Iterator[Any]]] = {
    "bankmine": bankmine,
    "kept": bankmine,
    "duckdb": lambda warehouse, cutoffs: peers.duckdb_snapshot(warehouse, features(), cutoffs),
    "polars": lambda warehouse, cutoffs: peers.polars_snapshot(warehouse, features(), cutoffs),
    "pandas": lambda warehouse, cutoffs: peers.pandas_snapshot(warehouse, features(), cutoffs),
    "spark": lambda warehouse, cutoffs: peers.spark_snapshot(warehouse, features(), cutoffs),
}


def opened(rows: int, *, keeps: bool = False) -> Any:
    """The made-up warehouse of that many rows; made where it is not there."""
    from bankmine.bank.warehouse import Warehouse

    folder = PLACE / f"transactions-{rows}"
    write(folder, rows)
    return Warehouse.open(folder, keeps=keeps)


def month_beginnings(zone: Any, count: int) -> NDArray[Any]:
    """The last `count` beginnings of months, ascending, µs."""
    import numpy as np

    last = zone.parse("2025-01-01")
    return np.array([zone.months_before(last, back) for back in range(count - 1, -1, -1)])


def measure(name: str, rows: int, cutoffs: int) -> dict[str, Any]:
    """Wall and CPU seconds, rows of the result, and the peaks of memory, of this process."""
    work = CONTENDERS[name]
    _drain(work(opened(WARM_ROWS), month_beginnings(opened(WARM_ROWS).zone, cutoffs)))
    warehouse = opened(rows, keeps=name == "kept")
    if name == "kept":
        _drain(work(warehouse, month_beginnings(warehouse.zone, cutoffs)))
    with _Sampler() as sampler:
        wall, cpu, made = timed(lambda: _drain(work(warehouse, month_beginnings(warehouse.zone, cutoffs))))
    return {
        "contender": name, "rows": rows, "cutoffs": cutoffs, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2),
        "rss_gib": round(_status("VmHWM") / 2**20, 2), "own_gib": round(sampler.peak / 2**20, 2),
        "rows_made": made,
    }  # fmt: skip


def measured_apart(name: str, rows: int, cutoffs: int = 1) -> dict[str, Any]:
    """`measure` in a new process; an `error` where it could not."""
    opened(rows)
    words = [sys.executable, "-m", "benchmarks.contenders", name, str(rows), str(cutoffs)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or [f"left with {done.returncode}"]
        return {"contender": name, "rows": rows, "cutoffs": cutoffs, "error": said[0][:200]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _drain(tables: Iterator[Any]) -> int:
    return sum(int(table.num_rows) for table in tables)


class _Sampler:
    """Samples the memory that is the process's own (no mapped files), KiB, twenty times a second."""

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            self.peak = max(self.peak, _status("RssAnon"))
            time.sleep(0.05)


def _status(name: str) -> int:
    """A figure of this process in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
