"""Row S7: how fast a bank is simulated, and that its memory does not grow.

Banks of 1,000, 10,000 and 100,000 customers (BENCH_SIZES) over 36 months are simulated by the command line,
each in a process tree of its own; the peak is the sum of the resident memory of that tree, sampled. The rate
of the largest bank is the row's figure; a straight line through the sizes foretells 10 million.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from pathlib import Path
from typing import Any

from benchmarks.rows import Row

SIZES = tuple(int(size) for size in os.environ.get("BENCH_SIZES", "1000,10000,100000").split(","))
MONTHS, SEED = 36, 100
BAR_RATE, BAR_SMALL, BAR_GIB = 1_000_000, 5.0, 3.0


def run() -> Row:
    """Simulates each size and fits the line."""
    folder = Path(os.environ.get("BENCH_FOLDER") or tempfile.mkdtemp(prefix="bankmine-simulate-"))
    found = [_one(folder / f"bank-{size}", size) for size in SIZES]
    for one in found:
        print(one, flush=True)
    slope, start = _line([one["customers"] for one in found], [one["seconds"] for one in found])
    largest, smallest = found[-1], found[0]
    peak = max(one["peak_gib"] for one in found)
    return Row(
        row="S7",
        bankmine={
            "sizes": found,
            "transactions_a_second": largest["transactions_a_second"],
            "foretold_hours_10m": round((start + slope * 10_000_000) / 3600, 2),
        },
        reference={"none": "no other simulator of a whole bank is known to us"},
        bar=f"≥ {BAR_RATE:,} transactions/s on 2 cores; 1,000 customers under {BAR_SMALL:g} s; "
        f"memory under {BAR_GIB:g} GiB at any size",
        met=largest["transactions_a_second"] >= BAR_RATE
        and smallest["seconds"] < BAR_SMALL
        and peak < BAR_GIB,
        protocol=f"`bankmine simulate DIR --customers N --months {MONTHS} --seed {SEED}`, whole process, "
        "ceilings included",
        versions=("numpy", "pyarrow", "numba"),
    )


def _one(folder: Path, customers: int) -> dict[str, Any]:
    shutil.rmtree(folder, ignore_errors=True)
    words = [
        sys.executable, "-m", "bankmine", "simulate", str(folder), "--customers", str(customers),
        "--months", str(MONTHS), "--seed", str(SEED),
    ]  # fmt: skip
    began = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    code = process.wait()
    seconds = time.monotonic() - began
    watcher.join()
    if code:
        raise RuntimeError(f"simulate left with {code}")
    rows = tomllib.loads((folder / "simulated.toml").read_text(encoding="utf-8"))["rows"]
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    shutil.rmtree(folder)
    return {
        "customers": customers,
        "seconds": round(seconds, 2),
        "transactions": rows["transactions"],
        "rows": sum(rows.values()),
        "transactions_a_second": round(rows["transactions"] / seconds),
        "peak_gib": round(peak[0], 2),
        "gigabytes": round(size / 1e9, 2),
    }


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(_resident(number) for number in _tree(process.pid)) / 2**30)
        time.sleep(0.1)


def _tree(number: int) -> list[int]:
    """A process and all its children."""
    try:
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    except OSError:
        return []
    return [number, *(one for child in children for one in _tree(int(child)))]


def _resident(number: int) -> int:
    try:
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _line(x: list[int], y: list[float]) -> tuple[float, float]:
    """Slope and start of the straight line through the first and the last."""
    slope = (y[-1] - y[0]) / (x[-1] - x[0]) if len(x) > 1 else y[0] / x[0]
    return slope, y[0] - slope * x[0]
