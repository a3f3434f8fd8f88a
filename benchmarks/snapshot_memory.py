"""S4: the most memory a snapshot of the shipped list takes, at 10 and 50 million rows.

bankmine hands over the result part after part, so that its memory follows the largest bucket and not the
bank: up to 64 million rows a warehouse has 64 buckets, which grow; beyond, buckets double and memory is flat.
The bar is on the whole resident memory of the process, the pages of mapped files among it.
"""

from __future__ import annotations

import os

from benchmarks.contenders import measured_apart
from benchmarks.rows import Row

SIZES = tuple(int(size) for size in os.environ.get("BENCH_SIZES", "10000000,50000000").split(","))
BAR_GIB = 2.0


def run() -> Row:
    """Measures S4: one and twelve cutoffs of ours, one of the peers at the largest size."""
    ours = [measured_apart("bankmine", rows, cutoffs) for rows in SIZES for cutoffs in (1, 12)]
    theirs = [measured_apart(name, SIZES[-1]) for name in ("duckdb", "polars")]
    worst = max(one.get("rss_gib", float("inf")) for one in ours if one["cutoffs"] == 1)
    return Row(
        row="S4",
        bankmine={"peak_gib": worst, "sizes": ours},
        reference={one["contender"]: one for one in theirs},
        bar=f"≤ {BAR_GIB:g} GiB at {SIZES[-1]:,} rows",
        met=worst <= BAR_GIB,
        protocol="each contender in a process of its own, warm on 1,000,000 rows; VmHWM of the process; the "
        "result is handed over part after part and dropped",
        versions=("duckdb", "polars", "numba", "pyarrow"),
    )
