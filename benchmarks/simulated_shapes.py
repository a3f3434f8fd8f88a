"""R1: eight shapes of a simulated bank's bookings beside Berka, ANZ and the card set.

A bank of 3,000 customers and 24 months, `calm`, seed 1. Each shape is compared with every real set that can
show it; the bar is on the smallest of these distances. The distances of the real sets from each other stand
beside: nobody can be nearer to all of them than they are to one another.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.rows import SHARED_DATA, Row, peak_mib, timed

CUSTOMERS, MONTHS, SEED = 3_000, 24, 1
COMMAND = "python -m benchmarks R1"


def run() -> Row:
    """Simulates, measures, prints the table and where the pictures are."""
    from bankmine.simulation.simulate import simulate
    from benchmarks.shapes.compare import BAR, compare, lines
    from benchmarks.shapes.made_up import simulated_sets
    from benchmarks.shapes.picture import write_report
    from benchmarks.shapes.readers import REAL, real_sets

    real = real_sets()
    missing = [name for name in REAL if name not in real]
    if missing:
        raise SystemExit(f"R1 compares with data that are not in {SHARED_DATA}: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as place:
        extracts = Path(place) / "extracts"
        seconds, _, _ = timed(
            lambda: simulate(extracts, customers=CUSTOMERS, months=MONTHS, seed=SEED, scenario="calm")
        )
        simulated = simulated_sets(extracts)
    found = compare(real, simulated)
    print("\n".join(lines(found)), flush=True)
    folder = Path(os.environ.get("BENCH_FOLDER") or tempfile.mkdtemp(prefix="shapes-"))
    print(f"pictures: {write_report(folder / 'shapes', found, real, simulated, COMMAND)}", flush=True)
    return Row(
        row="R1",
        bankmine={
            **{one.shape.name: _figures(one.simulated) for one in found},
            "smallest": {one.shape.name: round(one.smallest, 3) for one in found},
            "simulate_s": round(seconds, 1),
            "peak_mib": peak_mib(),
        },
        reference={
            one.shape.name: {f"{a}–{b}": round(max(parts), 3) for (a, b), parts in one.real.items()}
            for one in found
        },
        bar=f"each of eight shapes: Kolmogorov–Smirnov distance to the nearest real set ≤ {BAR}",
        met=all(one.met for one in found),
        protocol=f"{CUSTOMERS:,} customers × {MONTHS} months, calm, seed {SEED}; slices and standards as in "
        "benchmarks/shapes; real sets present: " + ", ".join(real),
        versions=("duckdb", "numpy", "pyarrow"),
    )


def _figures(parts: dict[str, list[float]]) -> dict[str, Any]:
    return {name: round(max(values), 3) for name, values in parts.items()}
