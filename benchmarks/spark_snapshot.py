"""SPK: the snapshot of the shipped list on Spark against the same on this machine, and what a cluster needs.

Both compute the same parts of the same warehouse and write the same files, which is checked byte for byte.
CPU seconds are those of the whole tree of processes (JVM, Python's workers). From them come the cost of a
transaction, of a row of the snapshot and of a task, and from those the table of sizes in docs/spark.md,
which `python -m benchmarks.spark_snapshot` prints from the figures of RESULTS.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.made_up_transactions import ROWS_A_CUSTOMER, write
from benchmarks.rows import RESULTS, Row
from benchmarks.snapshot_speed import cutoffs
from benchmarks.window_list import features

ROWS = int(os.environ.get("BENCH_ROWS", "10000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PLACE = Path(os.environ.get("BENCH_FOLDER", "build/bench"))
BAR = 1.25
TICKS = os.sysconf("SC_CLK_TCK")
# customers, transactions a customer
SIZES = ((1_000_000, 100), (1_000_000, 1_000), (10_000_000, 1_000), (100_000_000, 1_000))


def _processes() -> Iterator[tuple[int, int, float]]:
    """Every process: its number, its parent's, and its own CPU seconds."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            yield int(folder.name), int(fields[1]), sum(map(int, fields[11:13])) / TICKS


def tree_cpu() -> dict[int, float]:
    """CPU seconds of this process and of each that it started, however deep."""
    found = list(_processes())
    parents = {number: parent for number, parent, _ in found}

    def is_mine(number: int) -> bool:
        while number != os.getpid() and number in parents:
            number = parents[number]
        return number == os.getpid()

    return {number: cpu for number, _, cpu in found if is_mine(number)}


def measured(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall seconds, CPU seconds of the whole tree, and the result."""
    before, wall = tree_cpu(), perf_counter()
    result = work()
    seconds = perf_counter() - wall
    return seconds, sum(cpu - before.get(number, 0.0) for number, cpu in tree_cpu().items()), result


def run() -> Row:
    """Measures, checks that the files are equal, and derives the costs."""
    from bankmine.bank.warehouse import Warehouse

    folder = PLACE / f"transactions-{ROWS}"
    write(folder, ROWS)
    less = PLACE / f"transactions-{ROWS // 10}"
    write(less, ROWS // 10)
    warehouse, tenth = Warehouse.open(folder, keeps=False), Warehouse.open(less, keeps=False)
    with tempfile.TemporaryDirectory(dir=PLACE) as scratch:
        small = _contend(tenth, 1, Path(scratch))
        one = _contend(warehouse, 1, Path(scratch))
        twelve = _contend(warehouse, 12, Path(scratch))
    runs = (small, one, twelve)
    cost = {name: _costs(warehouse, runs, name) for name in ("spark", "local")}
    task = {name: _task_of(found, 1_000_000, ROWS_A_CUSTOMER) for name, found in cost.items()}
    ratio = round(task["spark"] / task["local"], 2)
    sizes = _bytes(warehouse, one, _peak_of_one_part(folder))
    return Row(
        row="SPK",
        bankmine={
            "rows": ROWS, "spark": _of(one, "spark"), "spark_12": _of(twelve, "spark"),
            "cost": cost["spark"] | sizes,
        },
        reference={
            "local": _of(one, "local"), "local_12": _of(twelve, "local"), "cost": cost["local"],
            "spark_over_local_at_1M_a_task": ratio,
        },
        bar=f"files byte-equal to one machine's; CPU ≤ {BAR} × one machine's at 1 M transactions a task",
        met=ratio <= BAR,
        protocol=f"{len(features())} features, 1 and 12 cutoffs, local[2], alternating, median of {ROUNDS}; "
        "CPU of the process tree; Parquet read each time (no kept columns); session already started; costs "
        "from 1 and 12 cutoffs and from a tenth of the rows in as many tasks",
        versions=("pyspark", "pyarrow", "numba"),
    )  # fmt: skip


def _of(found: dict[str, float], name: str) -> dict[str, float]:
    return {key.removeprefix(f"{name}_"): value for key, value in found.items() if key.startswith(name)}


def _contend(warehouse: Any, count: int, scratch: Path) -> dict[str, float]:
    """Medians of both, alternating; the first run of each is not counted."""
    from bankmine.bank.warehouse import Warehouse
    from bankmine.config import SparkSettings
    from bankmine.windows.parts import question, snapshot_files

    spread = Warehouse(warehouse.folder, warehouse.manifest)
    spread.keeps, spread.spark = False, SparkSettings("local[2]")
    asked = question(warehouse, features(), cutoffs(warehouse.zone, count))
    seen: dict[str, list[tuple[float, float]]] = {"local": [], "spark": []}
    for turn in range(ROUNDS + 1):
        files = {}
        for name, one in (("local", warehouse), ("spark", spread)):
            place = scratch / f"{warehouse.rows('transaction')}-{count}-{turn}-{name}"
            wall, cpu, files[name] = measured(lambda one=one, place=place: snapshot_files(one, asked, place))
            if turn:
                seen[name].append((wall, cpu))
        _check_equal(files["local"], files["spark"])
    medians = {
        f"{name}_{kind}_s": round(median(run[place] for run in runs), 2)
        for name, runs in seen.items()
        for place, kind in ((0, "wall"), (1, "cpu"))
    }
    return medians | {"bytes": sum(path.stat().st_size for path in files["local"])}


def _check_equal(here: list[Path], there: list[Path]) -> None:
    for one, other in zip(here, there, strict=True):
        if one.read_bytes() != other.read_bytes():
            raise AssertionError(f"{one} and {other} differ")


ONE_PART = """
import resource, sys
from pathlib import Path
from bankmine.bank.warehouse import Warehouse
from benchmarks.spark_snapshot import OneBucket
from benchmarks.snapshot_speed import cutoffs
from benchmarks.window_list import features
from bankmine.windows.parts import part_table, question
warehouse = OneBucket(Warehouse.open(Path(sys.argv[1]), keeps=False), int(sys.argv[2]))
asked = question(warehouse, features(), cutoffs(warehouse.zone, 1))
part_table(warehouse, asked, 0)
print(warehouse.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


class OneBucket:
    """The first buckets of a warehouse as if they were one, to see what a larger bucket needs."""

    def __init__(self, warehouse: Any, buckets: int) -> None:
        self._warehouse, self._buckets, self.rows = warehouse, buckets, 0
        self.zone, self.has, self.coverage = warehouse.zone, warehouse.has, warehouse.coverage

    def buckets(self, table: str) -> int:
        """One."""
        return 1

    def read(self, table: str, columns: Any = None, *, bucket: int | None = None) -> Any:
        """The rows of all of them."""
        import pyarrow as pa

        read = [self._warehouse.read(table, columns, bucket=one) for one in range(self._buckets)]
        joined = pa.concat_tables(read).unify_dictionaries()
        self.rows = joined.num_rows
        return joined


def _peak_of_one_part(folder: Path) -> dict[str, float]:
    """MiB of a task at two sizes of a bucket, and bytes for each row more."""
    found = {}
    for buckets in (2, 32):
        done = subprocess.run(
            [sys.executable, "-c", ONE_PART, str(folder), str(buckets)],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
        )  # fmt: skip
        rows, kib = map(int, done.stdout.split())
        found[rows] = kib * 1024
    (few, less), (many, more) = sorted(found.items())
    a_row = (more - less) / (many - few)
    return {"bytes_a_row": round(a_row), "base_mib": round((less - few * a_row) / 2**20)}


def _costs(warehouse: Any, runs: tuple[dict[str, float], ...], name: str) -> dict[str, float]:
    """µs of CPU a transaction and a row of the snapshot, and s a task.

    With a cost of a a transaction (R), b a customer and cutoff (C) and c a task (P): twelve cutoffs cost
    11·b·C more than one; a tenth of the rows in as many tasks costs (a·R + b·C) / 10 + c·P.
    """
    small, one, twelve = (found[f"{name}_cpu_s"] for found in runs)
    rows, parts = warehouse.rows("transaction"), warehouse.buckets("transaction")
    customers = rows / ROWS_A_CUSTOMER
    answers = (twelve - one) / (11 * customers)
    task = max(0.0, (small - one / 10) / (0.9 * parts))
    transactions = (one - answers * customers - task * parts) / rows
    if transactions <= 0 or answers <= 0:
        raise ValueError(f"{rows:,} transactions are too few to tell the costs apart; leave BENCH_ROWS out")
    return {
        "us_a_transaction": round(1e6 * transactions, 3),
        "us_a_snapshot_row": round(1e6 * answers, 2),
        "s_a_task": round(task, 3),
    }


def _task_of(cost: dict[str, float], rows: int, rows_a_customer: int) -> float:
    """CPU seconds of a task of so many transactions at one cutoff."""
    spent = rows * cost["us_a_transaction"] + rows / rows_a_customer * cost["us_a_snapshot_row"]
    return 1e-6 * spent + cost["s_a_task"]


def _bytes(warehouse: Any, one: dict[str, float], peak: dict[str, float]) -> dict[str, float]:
    """What is stored, read, written and held."""
    rows = warehouse.rows("transaction")
    return {
        "stored_bytes_a_transaction": round(sum(f.bytes for f in warehouse.files("transaction")) / rows, 1),
        "read_bytes_a_transaction": round(_read_bytes(warehouse) / rows, 1),
        "written_bytes_a_snapshot_row": round(one["bytes"] / (rows / ROWS_A_CUSTOMER)),
        "memory_bytes_a_transaction": peak["bytes_a_row"],
        "memory_base_mib": peak["base_mib"],
    }


def _read_bytes(warehouse: Any) -> int:
    """Compressed bytes of the columns that the list needs."""
    import pyarrow.parquet as pq

    from bankmine.bank.catalogue import table
    from bankmine.windows.plan import plan

    system = ["event_time", "seq", "known_at", "cancelled", "load_number", "customer_id"]
    needed = {*system, *table("transaction").version_key}
    needed |= {name for group in plan(features()) for name in group.columns}
    total = 0
    for path in warehouse.paths("transaction"):
        found = pq.ParquetFile(path).metadata
        for group in range(found.num_row_groups):
            columns = [found.row_group(group).column(place) for place in range(found.num_columns)]
            total += sum(one.total_compressed_size for one in columns if one.path_in_schema in needed)
    return total


def sizes(cost: dict[str, float]) -> list[str]:
    """The table of docs/spark.md: one cutoff, all features of the list, all customers."""
    from bankmine.bank.writer import buckets_for

    lines = [
        "| customers | transactions | stored | tasks | read | CPU minutes | for an hour: cores, reading "
        "| memory a task | written |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for customers, each in SIZES:
        rows = customers * each
        tasks, read = buckets_for(rows), rows * cost["read_bytes_a_transaction"]
        cpu = 1e-6 * (rows * cost["us_a_transaction"] + customers * cost["us_a_snapshot_row"])
        cpu += tasks * cost["s_a_task"]
        memory = cost["memory_base_mib"] / 1024 + rows / tasks * cost["memory_bytes_a_transaction"] / 2**30
        lines.append(
            f"| {_count(customers)} | {_count(rows)} | {_size(rows * cost['stored_bytes_a_transaction'])} "
            f"| {tasks:,} | {_size(read)} | {cpu / 60:,.1f} "
            f"| {ceil(cpu / 3600)}, {read / 3600 / 1e6:,.1f} MB/s | {memory:.1f} GiB "
            f"| {_size(customers * cost['written_bytes_a_snapshot_row'])} |"
        )
    return lines


def _count(number: int) -> str:
    return f"{number // 10**9:,} G" if number >= 10**9 else f"{number // 10**6:,} M"


def _size(count: float) -> str:
    return f"{count / 1e12:.1f} TB" if count >= 1e12 else f"{count / 1e9:.1f} GB"


def main() -> None:
    """Prints the table of sizes from the figures last measured."""
    text = RESULTS.read_text(encoding="utf-8")
    section = text[text.index("\n## SPK\n") :]
    line = next(line for line in section.splitlines() if line.startswith("- bankmine: "))
    figures = json.loads(line.removeprefix("- bankmine: ").strip("`"))
    print("\n".join(sizes(figures["cost"])))


if __name__ == "__main__":
    main()
