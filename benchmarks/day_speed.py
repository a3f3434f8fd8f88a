"""S3: one more day of events enters a warehouse: what loading it costs, and the next snapshot.

The day holds as many events as the days before it, .5 % more that happened up to ten days earlier and became
known only now, and corrections of .1 % as many earlier events. The full load and the day's go the same way
(append, commit, every file synced). The next snapshot reads the columns kept by the one before it and
settles anew only the customers of the day; it must equal the snapshot of a warehouse built from scratch from
the same two loads, read from Parquet.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.made_up_transactions import FROM, UNTIL, rows_of
from benchmarks.rows import Row, alternate, timed
from benchmarks.snapshot_speed import ROWS, consumed, ours, scan

PLACE = Path(os.environ.get("BENCH_FOLDER", "build/bench")) / f"day-{ROWS}"
NEXT = "2025-01-02"
DAY, DAYS = 86_400_000_000, 1096
LATE, CORRECTED = 0.005, 0.001
SEED = 7


def day_of(full: Any, zone: Any) -> Any:
    """The rows of one more day: like earlier ones of the same customers, some late, some corrections."""
    import pyarrow as pa

    draw = np.random.default_rng(SEED + 1)
    count = full.num_rows // DAYS
    late, corrected = max(1, int(count * LATE)), max(1, int(count * CORRECTED))
    picked = draw.choice(full.num_rows, count + late + corrected, replace=False)
    rows = full.take(pa.array(picked))
    start, end = zone.parse(UNTIL), zone.parse(NEXT)
    when = rows.column("event_time").cast(pa.int64()).to_numpy().copy()
    number = rows.column("transaction_id").to_numpy().copy()
    amount = rows.column("base_minor").to_numpy().copy()
    fresh, lates, again = np.split(np.arange(len(picked)), [count, count + late])
    when[fresh] = np.sort(draw.integers(start, end, count))
    when[lates] = draw.integers(start - 10 * DAY, start, late)
    number[: count + late] = int(full.num_rows) + np.arange(count + late)
    amount[again] += 100
    known = when.copy()
    known[count:] = draw.integers(start, end, late + corrected)
    instant = pa.timestamp("us", tz="UTC")
    changed = {
        "event_time": pa.array(when).cast(instant), "known_at": pa.array(known).cast(instant),
        "transaction_id": pa.array(number), "seq": pa.array(number), "base_minor": pa.array(amount),
    }  # fmt: skip
    for name, column in changed.items():
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def load(folder: Path, rows: Any, covered: tuple[int, int]) -> Any:
    """Appends and commits rows, which speak for the period `covered`, as the next load."""
    from bankmine.bank.manifest import Load, TableLoad
    from bankmine.bank.writer import writing

    with writing(folder) as writer:
        number = writer.load_number
        writer.append("transaction", rows)
        done = TableLoad(rows=rows.num_rows, read=rows.num_rows, coverage=covered)
        return writer.commit(
            Load(
                number=number, load_id=f"load-{number}", mapping="made-up", content_hash=f"load-{number}",
                extract_date=None, loaded_at="2025-01-02T00:00:00+00:00", tables={"transaction": done},
            )
        )  # fmt: skip


def built(folder: Path, full: Any, covered: tuple[int, int]) -> tuple[float, float]:
    """Wall and CPU seconds of the full load into a new warehouse."""
    from bankmine.bank.warehouse import Warehouse

    shutil.rmtree(folder, ignore_errors=True)
    Warehouse.create(folder, time_zone="Europe/Prague", currency="EUR", key_identity="made-up")
    wall, cpu, _ = timed(lambda: load(folder, full, covered))
    return wall, cpu


def copy_of(folder: Path, name: str) -> Path:
    """A copy of the warehouse that shares its immutable files."""
    copy = folder.with_name(name)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, copy_function=os.link)
    shutil.copy2(folder / "manifest.json", copy / "manifest.new")
    (copy / "manifest.new").replace(copy / "manifest.json")
    return copy


def cutoffs(zone: Any, count: int) -> np.ndarray:
    """The day after the new one, and the same day of the months before it, ascending."""
    last = zone.parse(NEXT)
    return np.array([zone.months_before(last, back) for back in range(count - 1, -1, -1)])


def run() -> Row:
    """Measures the row and checks that the next snapshot equals a rebuild's."""
    from bankmine.bank.civil import Zone
    from bankmine.bank.warehouse import Warehouse

    zone = Zone("Europe/Prague")
    full = rows_of(ROWS, SEED, zone)
    day = day_of(full, zone)
    one, twelve = cutoffs(zone, 1), cutoffs(zone, 12)
    before, today = (zone.parse(FROM), zone.parse(UNTIL)), (zone.parse(UNTIL), zone.parse(NEXT))
    loads = [built(PLACE / name, full, before) for name in ("rebuild", "kept")]
    load(PLACE / "rebuild", day, today)
    del full
    first, _, _ = timed(lambda: consumed(ours(Warehouse.open(PLACE / "kept"), one)))
    days = []
    for number in range(3):
        copy = copy_of(PLACE / "kept", f"kept-{number}")
        days.append(timed(lambda copy=copy: load(copy, day, today))[:2])
    after = Warehouse.open(copy)
    rebuilt = Warehouse.open(PLACE / "rebuild", keeps=False)
    for when in (one, twelve):
        pairs = zip(ours(after, when), ours(rebuilt, when), strict=True)
        if not all(mine.equals(theirs) for mine, theirs in pairs):
            raise AssertionError("the next snapshot differs from a rebuild's")
    seen = alternate(
        {
            "scan": lambda: scan(after),
            "next_1": lambda: consumed(ours(after, one)),
            "next_12": lambda: consumed(ours(after, twelve)),
            "reading": lambda: read_all(after),
        },
        rounds=5,
    )
    shutil.rmtree(PLACE)
    full_cpu, day_cpu = median(cpu for _, cpu in loads), median(cpu for _, cpu in days)
    full_wall, day_wall = median(wall for wall, _ in loads), median(wall for wall, _ in days)
    share = round(100 * day_wall / full_wall, 2)
    ratios = {name: round(seen[name]["wall_s"] / seen["scan"]["wall_s"], 2) for name in ("next_1", "next_12")}
    return Row(
        row="S3",
        bankmine={"day_load": {"wall_s": round(day_wall, 3), "cpu_s": round(day_cpu, 3)},
                  "full_load": {"wall_s": round(full_wall, 3), "cpu_s": round(full_cpu, 3)},
                  "day_percent_of_full": share, **{name: seen[name] for name in seen if name != "scan"},
                  "times_the_scan": ratios, "first_snapshot_wall_s": round(first, 3),
                  "rows": ROWS, "day_rows": day.num_rows, "equal_to_rebuild": True},
        reference={"duckdb_scan": seen["scan"]},
        bar="(a) ≤ 2 % of the full load; (b) ≤ .5 × the scan for one cutoff, ≤ 1 × for twelve; "
        "equal to a rebuild",
        met=share <= 2 and ratios["next_1"] <= 0.5 and ratios["next_12"] <= 1,
        protocol="loads: medians of 2 full and 3 day loads, synced; snapshots: warm files and compiled code, "
        "contenders alternated, medians of 5",
        versions=("duckdb", "numba", "pyarrow"),
    )  # fmt: skip


def read_all(warehouse: Any) -> int:
    """Reads all buckets as the snapshot does, without computing anything; the rows."""
    from bankmine.windows.plan import plan
    from bankmine.windows.reading.reader import read_parts
    from benchmarks.window_list import features

    (group,) = plan(features())
    return sum(
        len(piece)
        for bucket in range(warehouse.buckets(group.table))
        for piece in read_parts(warehouse, group.table, key=group.key, columns=group.columns, bucket=bucket)
    )
