"""GRO: time and memory of each customer task, and how they grow with the number of customers.

Each task runs in a process of its own on simulated banks of growing size (24 months, budget usual), so its
peak memory is its own. A question learns from a budget of rows, so what grows is reading the bank, labels and
the scored rows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bankmine import pipeline
from benchmarks.rows import Row

SIZES, MONTHS, SEED = (5_000, 20_000), 24, 312
TASKS = ("segmentation", "churn", "value", "cross_sell", "acquisition", "behaviour", "classification")
BAR = "time and memory of each task, growing no faster than the customers"
WORK = """
import json, resource, sys
from bankmine import pipeline
from bankmine.errors import BankmineError
bank = pipeline.open_bank(sys.argv[1])
try:
    run = pipeline.run_task(bank, sys.argv[2])
    said = {"questions": len(run.metrics.get("questions", ()))}
except BankmineError as error:
    said = {"refused": str(error)[:200]}
used = resource.getrusage(resource.RUSAGE_SELF)
cpu = round(used.ru_utime + used.ru_stime, 1)
print(json.dumps({"cpu_s": cpu, "peak_mb": used.ru_maxrss // 1024, **said}))
"""


def run() -> Row:
    """The row."""
    sizes = [int(one) for one in os.environ.get("BENCH_SIZES", "").split(",") if one] or list(SIZES)
    found: dict[str, dict[str, Any]] = {task: {} for task in TASKS}
    for customers in sizes:
        with tempfile.TemporaryDirectory() as folder:
            bank = _bank(Path(folder), customers)
            for task in TASKS:
                found[task][str(customers)] = _measured(bank, task)
                print(json.dumps({task: found[task]}), flush=True)
    return Row(
        row="GRO",
        bankmine=found,
        reference={},
        bar=BAR,
        met=all(_no_faster(one, sizes) for one in found.values()),
        protocol=f"simulated banks of {', '.join(f'{one:,}' for one in sizes)} customers × {MONTHS} months",
    )


def _bank(folder: Path, customers: int) -> Path:
    pipeline.simulate(folder / "extracts", customers=customers, months=MONTHS, seed=SEED)
    bank = pipeline.init(folder / "bank", mapping="simulated", extracts=folder / "extracts")
    pipeline.load(bank)
    return folder / "bank"


def _measured(bank: Path, task: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(bank), task], capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _no_faster(one: dict[str, Any], sizes: list[int]) -> bool:
    first, last = one[str(sizes[0])], one[str(sizes[-1])]
    if "refused" in first or "refused" in last:
        return False
    return bool(last["cpu_s"] / first["cpu_s"] <= sizes[-1] / sizes[0])
