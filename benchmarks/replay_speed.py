"""S6: one row before each event, per card, over 1 h, 24 h, 7 d and 30 d, against what a user would pick.

(a) count and sum, (b) also max and distinct. bankmine replays a warehouse with late and corrected events
(each row knows what was known with its event; days are civil); a replay is everything from the files to the
Arrow table. DuckDB's RANGE windows and Polars' rolling do (a) on a plain Parquet file of the first versions
in the order of time, in elapsed time, as if everything were known at once: the easier job. No two events of
the file happen at one instant, because RANGE counts peers. Equality is checked on a warehouse where nothing
is late or corrected, for the windows in hours.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.made_up_payments import write
from benchmarks.rows import Row, alternate, peak_mib

ROWS = int(os.environ.get("BENCH_REPLAY_ROWS", "2000000"))
PLACE = Path(os.environ.get("BENCH_FOLDER", "build/bench"))
OVER = ("1h", "24h", "7d", "30d")
INTERVALS = {"1h": "1 HOUR", "24h": "24 HOUR", "7d": "7 DAY", "30d": "30 DAY"}
PEER_COLUMNS = ("transaction_id", "card_id", "event_time", "base_minor")


def features(which: str) -> tuple[Any, ...]:
    """The features of (a) or (b); distinct is of the channel, which the order by card holds."""
    from bankmine.windows import events, windows

    spent = events("transaction", key="card_id").measure("base_minor").distinct("channel")
    aggregates = ["count", "sum"] if which == "a" else ["count", "sum", "max", "distinct"]
    return windows(spent, over=OVER, aggregate=aggregates, name="card")


def ours(warehouse: Any, which: str) -> Any:
    """The replay."""
    from bankmine.windows import replay

    return replay(warehouse, features(which), threads=2)


def duckdb_range(file: Path) -> Any:
    """Count and sum over RANGE windows that end before the row."""
    from bankmine.engine.duck import connect, literal

    frames = ", ".join(
        f"w{span} AS (PARTITION BY card_id ORDER BY event_time RANGE BETWEEN INTERVAL {length} PRECEDING"
        " AND INTERVAL 1 MICROSECOND PRECEDING)"
        for span, length in INTERVALS.items()
    )
    values = ", ".join(
        f"count(*) OVER w{span} AS count_{span}, sum(base_minor) OVER w{span} AS sum_{span}" for span in OVER
    )
    with connect(memory="6GB", threads=2) as connection:
        connection.execute("SET enable_progress_bar = false")
        return connection.execute(
            f"SELECT transaction_id, card_id, event_time, {values} FROM read_parquet({literal(str(file))}) "
            f"WINDOW {frames}"
        ).to_arrow_table()


def polars_rolling(file: Path) -> Any:
    """Count and sum over rolling windows closed on the left."""
    import polars as pl

    rows = pl.read_parquet(file).sort("card_id", "event_time").with_columns(pl.lit(1).alias("one"))
    made = [
        pl.col(column)
        .rolling_sum_by("event_time", span, closed="left")
        .over("card_id")
        .alias(f"{name}_{span}")
        for span in OVER
        for name, column in (("sum", "base_minor"), ("count", "one"))
    ]
    return rows.with_columns(made)


def peer_file(warehouse: Any, folder: Path) -> Path:
    """The first versions as one plain file, as a user of the peers would have them."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = folder / "peers.parquet"
    if not file.exists():
        rows = warehouse.read("transaction", [*PEER_COLUMNS, "known_at"]).sort_by("known_at")
        number = rows.column("transaction_id").to_numpy()
        _, first = np.unique(number, return_index=True)
        rows = rows.take(pa.array(first)).select(PEER_COLUMNS)
        rows = rows.take(pc.sort_indices(rows, sort_keys=[("event_time", "ascending")]))
        pq.write_table(rows, file, compression="zstd")
    return file


def run() -> Row:
    """Measures the row."""
    from bankmine.bank.warehouse import Warehouse

    folder = PLACE / f"payments-{ROWS}"
    write(folder, ROWS)
    warehouse = Warehouse.open(folder)
    file = peer_file(warehouse, folder)
    for which in ("a", "b"):
        ours(warehouse, which)
    seen = alternate(
        {
            "a": lambda: ours(warehouse, "a"), "b": lambda: ours(warehouse, "b"),
            "duckdb": lambda: duckdb_range(file), "polars": lambda: polars_rolling(file),
        },
        rounds=3,
    )  # fmt: skip
    speed = {name: round(ROWS / times["wall_s"] / 1e6, 2) for name, times in seen.items()}
    faster = {name: round(speed["a"] / speed[name], 1) for name in ("duckdb", "polars")}
    return Row(
        row="S6",
        bankmine={"a": seen["a"], "b": seen["b"], "a_million_events_s": speed["a"],
                  "b_million_events_s": speed["b"], "a_times_duckdb": faster["duckdb"],
                  "a_times_polars": faster["polars"], "events": ROWS, "peak_mib": peak_mib()},
        reference={"duckdb_range_a": seen["duckdb"], "polars_rolling_a": seen["polars"],
                   "duckdb_million_events_s": speed["duckdb"], "polars_million_events_s": speed["polars"],
                   "values_compared_equal": _compare()},
        bar="(a) ≥ 2 M events/s and ≥ 8 × DuckDB RANGE windows; (b) ≥ .7 M events/s",
        met=speed["a"] >= 2 and faster["duckdb"] >= 8 and speed["b"] >= 0.7,
        protocol="350 events a card; warm files and compiled code, process start not counted; from the files "
        "to the Arrow table; contenders alternated, medians; peers do (a) without knowledge time",
        versions=("duckdb", "polars", "numba", "pyarrow"),
    )  # fmt: skip


def _compare(rows: int = 100_000) -> int:
    """Counts values equal in bankmine, DuckDB and Polars where nothing is late; raises where they differ."""
    from bankmine.bank.warehouse import Warehouse

    folder = PLACE / f"payments-{rows}-punctual"
    write(folder, rows, punctual=True)
    warehouse = Warehouse.open(folder)
    mine = ours(warehouse, "a").sort_by("transaction_id")
    equal = 0
    for peer in (duckdb_range, polars_rolling):
        found = peer(peer_file(warehouse, folder))
        theirs = (found if hasattr(found, "sort_by") else found.to_arrow()).sort_by("transaction_id")
        for aggregate, own in (("count", "count"), ("sum", "base_minor_sum")):
            for span in ("1h", "24h"):
                a = mine.column(f"card_{aggregate}_{span}").to_numpy()
                b = theirs.column(f"{aggregate}_{span}").fill_null(0).to_numpy().astype(np.int64)
                if not np.array_equal(a, b):
                    raise AssertionError(f"card {own} over {span} differs from {peer.__name__}")
                equal += len(a)
    return equal
