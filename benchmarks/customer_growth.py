"""GRO: time and memory of each customer task, and how they grow with the number of customers.

Each task runs in a process of its own on simulated banks of growing size (24 months, budget quick), so its
peak memory is its own. A question learns from a budget of rows and looks back at a budget of customers, so
what grows is reading the bank and the scored rows. A task that takes more than 40 minutes of CPU is stopped
and counts as not answered.

    GROWTH_BANKS     a folder of banks made before (`make_banks`), 5000/bank, 20000/bank, …: all there are
    GROWTH_RESULTS   a file to which each measurement is added; what it holds already is not measured again
    GROWTH_TASKS     the tasks to measure now; of others only what the file holds is told
    BENCH_SIZES      other sizes: a reduced run, printed and not recorded
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bankmine import pipeline
from benchmarks.rows import Row, is_reduced

SIZES, MONTHS, SEED = (5_000, 20_000, 200_000), 24, 312
TASKS = ("segmentation", "churn", "value", "cross_sell", "acquisition", "behaviour", "classification")
MOST_GIGABYTES, MOST_CPU_SECONDS = 8, 2_400
BUDGET = "quick"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "speed.md"
BEGIN, END = "<!-- tasks -->", "<!-- tasks end -->"
BAR = f"every task answers; CPU grows no faster than the customers; peak memory at most {MOST_GIGABYTES} GB"
WORK = """
import json, resource, sys, time
from pathlib import Path
began = time.monotonic()
most = int(sys.argv[5])
resource.setrlimit(resource.RLIMIT_CPU, (most, most + 10))
from bankmine import pipeline
from bankmine.errors import BankmineError
from bankmine.lifecycle import run_task
bank = pipeline.open_bank(sys.argv[1], budget=sys.argv[3])
try:
    run = run_task(bank.warehouse, bank.config, sys.argv[2], results_folder=Path(sys.argv[4]))
    said = {"questions": len(run.about["figures"].get("questions", ())), "scored": run.scores.num_rows}
except BankmineError as error:
    said = {"refused": str(error)[:200]}
used = resource.getrusage(resource.RUSAGE_SELF)
cpu, wall = round(used.ru_utime + used.ru_stime, 1), round(time.monotonic() - began, 1)
print(json.dumps({"cpu_s": cpu, "wall_s": wall, "peak_mb": used.ru_maxrss // 1024, **said}))
"""


def run() -> Row:
    """The row."""
    sizes, found = _sizes(), _earlier()
    wanted = [one for one in os.environ.get("GROWTH_TASKS", ",".join(TASKS)).split(",") if one]
    for customers in sizes:
        with tempfile.TemporaryDirectory() as folder:
            for task in wanted:
                mine = found.setdefault(task, {})
                if str(customers) not in mine:
                    bank = _bank(Path(folder), customers)
                    mine[str(customers)] = _measured(bank, task, Path(folder) / "results")
                    _say(task, customers, mine[str(customers)])
    found = {task: {str(one): found.get(task, {}).get(str(one), {}) for one in sizes} for task in TASKS}
    if not is_reduced():
        write_page(found, sizes)
    return Row(
        row="GRO",
        bankmine=found,
        reference={},
        bar=BAR,
        met=all(_grows_slowly(one, sizes) for one in found.values()),
        protocol=_protocol(sizes),
    )


def make_banks(folder: Path, sizes: tuple[int, ...] = SIZES) -> None:
    """Simulates and loads the banks this row measures; the extracts' data are removed once loaded."""
    for customers in sizes:
        _made(folder / str(customers), customers)
        shutil.rmtree(folder / str(customers) / "extracts" / "data", ignore_errors=True)


def _sizes() -> list[int]:
    """The sizes asked for; else those of the banks made before, else all."""
    asked = [int(one) for one in os.environ.get("BENCH_SIZES", "").split(",") if one]
    given = os.environ.get("GROWTH_BANKS")
    made = (
        sorted(int(one.parents[1].name) for one in Path(given).glob("*/bank/bankmine.toml"))
        if given
        else list(SIZES)
    )
    return asked or made


def _earlier() -> dict[str, dict[str, Any]]:
    """What earlier, interrupted goes of this row measured: one line a task and size."""
    found: dict[str, dict[str, Any]] = {}
    file = os.environ.get("GROWTH_RESULTS")
    if file and Path(file).exists():
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            for task, one in json.loads(line).items():
                found.setdefault(task, {}).update(one)
    return found


def _say(task: str, customers: int, measured: dict[str, Any]) -> None:
    """Prints a measurement, and keeps it for a go that follows."""
    line = json.dumps({task: {str(customers): measured}})
    print(line, flush=True)
    if file := os.environ.get("GROWTH_RESULTS"):
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(line + "\n")


def _bank(folder: Path, customers: int) -> Path:
    """The bank's folder: made before, or made now."""
    given = os.environ.get("GROWTH_BANKS")
    if given:
        return Path(given) / str(customers) / "bank"
    made = folder / "bank"
    return made if made.exists() else _made(folder, customers)


def _made(folder: Path, customers: int) -> Path:
    pipeline.simulate(folder / "extracts", customers=customers, months=MONTHS, seed=SEED)
    bank = pipeline.init(folder / "bank", mapping="simulated", extracts=folder / "extracts")
    pipeline.load(bank)
    return folder / "bank"


def _measured(bank: Path, task: str, results: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(bank), task, BUDGET, str(results), str(MOST_CPU_SECONDS)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == -signal.SIGXCPU:
        return {"stopped": f"not finished after {MOST_CPU_SECONDS} CPU seconds"}
    if done.returncode:
        raise RuntimeError(f"{task} on {bank} broke down: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _protocol(sizes: list[int]) -> str:
    many = ", ".join(f"{one:,}" for one in sizes)
    banks = f"simulated banks of {many} customers × {MONTHS} months, seed {SEED}"
    return f"{banks}; budget {BUDGET}; a process a task, two threads, beside other work: judge CPU seconds"


def write_page(found: dict[str, dict[str, Any]], sizes: list[int], page: Path = PAGE) -> None:
    """Replaces the table of the page: a row a task and size."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    lines = "\n".join(table_lines(found, sizes))
    page.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def table_lines(found: dict[str, dict[str, Any]], sizes: list[int]) -> list[str]:
    """The table as Markdown: CPU seconds and peak memory by task and customers, and how often more of both
    the largest size took than the one before, beside how often more customers it has."""
    heads = [f"{one:,}: CPU s | GiB" for one in sizes]
    times = f" | ×{sizes[-1] / sizes[-2]:g}: CPU | memory" if len(sizes) > 1 else ""
    lines = [f"| task | {' | '.join(heads)}{times} |"]
    lines.append(f"|---|{'--:|' * (2 * len(sizes) + 2 * (len(sizes) > 1))}")
    for task, one in found.items():
        cells = [cell for size in sizes for cell in _cells(one[str(size)])]
        if len(sizes) > 1:
            last, before = one[str(sizes[-1])], one[str(sizes[-2])]
            cells += [_ratio(last, before, name) for name in ("cpu_s", "peak_mb")]
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return lines


def _cells(seen: dict[str, Any]) -> tuple[str, str]:
    """CPU seconds and GiB of one measurement, or why there are none."""
    if "cpu_s" in seen and "refused" not in seen:
        return f"{seen['cpu_s']:.0f}", f"{seen['peak_mb'] / 1024:.2f}"
    return ("stopped" if "stopped" in seen else "refused" if "refused" in seen else "not measured"), "–"


def _ratio(last: dict[str, Any], before: dict[str, Any], name: str) -> str:
    if name not in last or name not in before:
        return "–"
    return f"×{last[name] / before[name]:.1f}"


def _grows_slowly(one: dict[str, Any], sizes: list[int]) -> bool:
    """Whether every size was answered, CPU grew no faster than customers and memory stayed below the
    limit."""
    if any("cpu_s" not in one[str(size)] or "refused" in one[str(size)] for size in sizes):
        return False
    first, last = one[str(sizes[0])], one[str(sizes[-1])]
    slow = last["cpu_s"] / first["cpu_s"] <= sizes[-1] / sizes[0]
    return bool(slow and last["peak_mb"] <= MOST_GIGABYTES * 1024)
