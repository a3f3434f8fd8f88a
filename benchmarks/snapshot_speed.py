"""S1 and S2: a snapshot of the shipped list of window features against the scan, Polars and DuckDB.

bankmine computes the full semantics (knowledge time, corrections, civil months, coverage) from the Parquet
files; no kept columns are used. As in writing a snapshot, the result is handed over part after part. The
DuckDB scan reads the same columns of the same files and keeps one number of each. The peers stream the same
files and compute the same list, ignoring knowledge time and corrections: the easier job; their result too is
handed over cutoff after cutoff. Equality is checked on the customers without late and corrected rows.
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.made_up_transactions import ROWS_A_CUSTOMER, place_of, write
from benchmarks.rows import Row, alternate, peak_mib
from benchmarks.window_list import features

ROWS = int(os.environ.get("BENCH_ROWS", "10000000"))
PLACE = Path(os.environ.get("BENCH_FOLDER", "build/bench"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
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
    return connection.execute(f"SELECT {kept} FROM read_parquet([{paths}])").to_arrow_table()


def ours(warehouse: Any, when: np.ndarray) -> Any:
    """The snapshot of every customer at every cutoff, part after part."""
    from bankmine.windows.parts import question, snapshot_tables

    return snapshot_tables(warehouse, question(warehouse, features(), when), threads=2)


def whole(warehouse: Any, when: np.ndarray) -> Any:
    """The same as one table in memory."""
    import pyarrow as pa

    return pa.concat_tables(ours(warehouse, when))


def consumed(tables: Any) -> None:
    """Takes what is handed over and drops it."""
    deque(tables, maxlen=0)


def run_row(name: str, count: int) -> Row:
    """Measures one row with `count` cutoffs."""
    from bankmine.bank.warehouse import Warehouse

    folder = place_of(PLACE, ROWS)
    write(folder, ROWS)
    warehouse = Warehouse.open(folder, keeps=False)
    when = cutoffs(warehouse.zone, count)
    contenders = {
        "scan": lambda: scan(warehouse),
        "bankmine": lambda: consumed(ours(warehouse, when)),
        "in_memory": lambda: whole(warehouse, when),
    }
    consumed(ours(warehouse, when[:1]))
    seen = alternate(contenders, rounds=ROUNDS)
    peers_seen = alternate(
        {
            "polars": lambda: consumed(peers.polars_snapshot(warehouse, features(), when)),
            "duckdb": lambda: consumed(peers.duckdb_snapshot(warehouse, features(), when)),
        },
        rounds=3 if count == 1 else 1,
    )
    checked = _compare(warehouse, when[-1:])
    own = seen.pop("bankmine")
    ratio = round(own["wall_s"] / seen["scan"]["wall_s"], 2)
    faster = {peer: round(one["wall_s"] / own["wall_s"], 1) for peer, one in peers_seen.items()}
    bars = (2.5, 2.0) if count == 1 else (3.5, 4.0)
    return Row(
        row=name,
        bankmine={
            **own, "features": len(features()), "times_the_scan": ratio,
            "times_faster_than_polars": faster["polars"], "times_faster_than_duckdb": faster["duckdb"],
            "all_in_memory": seen["in_memory"], "rows": ROWS, "customers": ROWS // ROWS_A_CUSTOMER,
            "cutoffs": count, "peak_mib": peak_mib(),
        },
        reference={"duckdb_scan": seen["scan"], **peers_seen, "values_compared_equal": checked},
        bar=f"≤ {bars[0]} × the scan; ≥ {bars[1]} × faster than Polars",
        met=ratio <= bars[0] and faster["polars"] >= bars[1],
        protocol="warm files and compiled code, process start not counted; contenders alternated, medians; "
        "read from Parquet, without kept columns",
        versions=("duckdb", "polars", "numba", "pyarrow"),
    )  # fmt: skip


def _compare(warehouse: Any, when: np.ndarray) -> int:
    """Counts the values equal to both peers' for customers without late or corrected rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    mine = whole(warehouse, when)
    plain = mine.filter(pc.is_in(mine.column("customer_id"), pa.array(peers.unmended(warehouse))))
    found = (peers.polars_snapshot, peers.duckdb_snapshot)
    return sum(
        peers.equal_values(plain, next(iter(peer(warehouse, features(), when))), features()) for peer in found
    )
