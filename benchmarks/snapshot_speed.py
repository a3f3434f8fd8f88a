"""S1 and S2: a snapshot of the shipped list of window features against the scan and against Polars.

bankmine computes the full semantics (knowledge time, corrections, civil months, coverage). The DuckDB scan
reads the same columns of the same files and keeps one number of each. Polars streams the same files and
computes the same windows, ignoring knowledge time and corrections: the easier job. Equality is checked on
a copy of the rows without late and corrected ones.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.made_up_transactions import write
from benchmarks.rows import Row, alternate, peak_mib
from benchmarks.window_list import CATEGORIES, CHANNELS, WINDOWS, features

ROWS = int(os.environ.get("BENCH_ROWS", "10000000"))
PLACE = Path(os.environ.get("BENCH_FOLDER", "build/bench"))
COLUMNS = (
    "customer_id", "transaction_id", "event_time", "known_at", "seq", "cancelled", "load_number",
    "base_minor", "direction", "status", "category", "channel",
)  # fmt: skip


def cutoffs(zone: Any, count: int) -> np.ndarray:
    """The last `count` month beginnings, ascending, µs."""
    last = zone.parse("2025-01-01")
    return np.array([zone.months_before(last, back) for back in range(count - 1, -1, -1)])


def scan(warehouse: Any) -> Any:
    """The bare scan: every column of every file is read and one number of each is kept."""
    from bankmine.engine.duck import connect

    paths = ", ".join(f"'{path}'" for path in warehouse.paths("transaction"))
    kept = ", ".join(f"max({column})" for column in COLUMNS)
    connection = connect(memory="4GB", threads=2)
    return connection.execute(f"SELECT {kept} FROM read_parquet([{paths}])").fetch_arrow_table()


def ours(warehouse: Any, when: np.ndarray, subjects: np.ndarray) -> Any:
    """The snapshot of every customer at every cutoff."""
    from bankmine.windows import snapshot

    keys = np.repeat(subjects, len(when))
    return snapshot(warehouse, features(), keys, np.tile(when, len(subjects)), threads=2)


def polars_snapshot(warehouse: Any, when: np.ndarray) -> Any:
    """The same windows as conditional aggregates, one pass over the files for each cutoff."""
    import polars as pl

    lazy = pl.scan_parquet(warehouse.paths("transaction"), hive_partitioning=False)
    wanted = [_expressions(warehouse.zone, int(cutoff)) for cutoff in when]
    frames = [lazy.group_by("customer_id").agg(expressions) for expressions in wanted]
    return [frame.collect(engine="streaming") for frame in frames]


def _expressions(zone: Any, cutoff: int) -> list[Any]:
    import polars as pl

    amount, time = pl.col("base_minor"), pl.col("event_time").cast(pl.Int64)
    booked = pl.col("status") == "booked"
    out, came = booked & (pl.col("direction") == "out"), booked & (pl.col("direction") == "in")
    every = pl.lit(True)
    made = []
    for span in WINDOWS:
        inside = (time < cutoff) & (time >= zone.months_before(cutoff, int(span.removesuffix("mo"))))
        for name, kind in (("all", every), ("out", out), ("in", came)):
            chosen = amount.filter(inside & kind)
            made += [
                chosen.len().alias(f"{name}_count_{span}"), chosen.sum().alias(f"{name}_sum_{span}"),
                chosen.mean().alias(f"{name}_mean_{span}"), chosen.min().alias(f"{name}_min_{span}"),
                chosen.max().alias(f"{name}_max_{span}"), chosen.std().alias(f"{name}_std_{span}"),
            ]  # fmt: skip
        for column, levels in (("category", CATEGORIES), ("channel", CHANNELS)):
            for level in levels:
                chosen = amount.filter(inside & out & (pl.col(column) == level))
                made += [
                    chosen.len().alias(f"{level}_count_{span}"),
                    chosen.sum().alias(f"{level}_sum_{span}"),
                ]
    return made


def run_row(name: str, count: int) -> Row:
    """Measures one row with `count` cutoffs."""
    from bankmine.bank.warehouse import Warehouse

    folder = PLACE / f"transactions-{ROWS}"
    write(folder, ROWS)
    warehouse = Warehouse.open(folder)
    when = cutoffs(warehouse.zone, count)
    subjects = np.unique(warehouse.read("transaction", ["customer_id"]).column(0).to_numpy())
    ours(warehouse, when[:1], subjects[:100])
    seen = alternate(
        {
            "scan": lambda: scan(warehouse),
            "bankmine": lambda: ours(warehouse, when, subjects),
            "polars": lambda: polars_snapshot(warehouse, when),
        },
        rounds=3 if count == 1 else 1,
    )
    checked = _compare(warehouse, when[-1:], subjects)
    ratio = round(seen["bankmine"]["wall_s"] / seen["scan"]["wall_s"], 2)
    faster = round(seen["polars"]["wall_s"] / seen["bankmine"]["wall_s"], 2)
    bars = (2.5, 2.0) if count == 1 else (3.5, 4.0)
    return Row(
        row=name,
        bankmine={**seen["bankmine"], "features": len(features()), "times_the_scan": ratio,
                  "times_faster_than_polars": faster, "rows": ROWS, "cutoffs": count, "peak_mib": peak_mib()},
        reference={"duckdb_scan": seen["scan"], "polars": seen["polars"], "values_compared_equal": checked},
        bar=f"≤ {bars[0]} × the scan; ≥ {bars[1]} × faster than Polars",
        met=ratio <= bars[0] and faster >= bars[1],
        protocol="warm files and compiled code, process start not counted; contenders alternated, medians",
        versions=("duckdb", "polars", "numba", "pyarrow"),
    )  # fmt: skip


def _compare(warehouse: Any, when: np.ndarray, subjects: np.ndarray) -> int:
    """Counts values equal in both for customers without late or corrected rows; raises where they differ."""
    import polars as pl

    raw = pl.from_arrow(
        warehouse.read("transaction", ["customer_id", "event_time", "known_at", "transaction_id"])
    )
    odd = raw.filter(pl.col("known_at") != pl.col("event_time"))["customer_id"].unique().to_numpy()
    plain = np.setdiff1d(subjects, odd)
    mine = ours(warehouse, when, plain)
    peer = polars_snapshot(warehouse, when)[0]
    peer = pl.DataFrame({"customer_id": plain}).join(
        peer, on="customer_id", how="left", maintain_order="left"
    )
    stems = {"all": "transaction", "out": "transaction_out_booked", "in": "transaction_in_booked"}
    measured = {"count": "count", "sum": "base_minor_sum", "max": "base_minor_max"}
    pairs = {
        f"{name}_{aggregate}_{span}": f"{stem}_{own}_{span}"
        for name, stem in stems.items()
        for aggregate, own in measured.items()
        for span in WINDOWS
    }
    equal = 0
    for theirs, own in pairs.items():
        a = mine.column(own).to_numpy(zero_copy_only=False).astype(float)
        b = peer[theirs].to_numpy().astype(float)
        if not np.array_equal(a, b, equal_nan=True):
            raise AssertionError(f"{own} differs from Polars")
        equal += len(a)
    return equal
