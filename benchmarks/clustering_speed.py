"""S14: k-means of a million rows against scikit-learn's two and, where it is installed, faiss.

Two made-up matrices of 50 columns: twenty groups that overlap, and one round cloud, in which there is nothing
to find and Lloyd's algorithm takes longest. The sum of squares of every contender is computed alike,
from its centres over all rows. Beside it, time and memory of every clustering miner on 200,000 rows of 30
columns, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import Row, alternate, peak_mib, timed

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PEERS = os.environ.get("BENCH_PEERS", sys.executable)
COLUMNS, CLUSTERS, SEED = 50, 20, 14
EVERY_ROWS, EVERY_COLUMNS, EVERY_CLUSTERS = 200_000, 30, 8
FAISS = """
import json, sys, time
import faiss, numpy
values = numpy.load(sys.argv[1]).astype("float32")
began = time.perf_counter()
found = faiss.Kmeans(values.shape[1], int(sys.argv[2]), niter=25, seed=14, max_points_per_centroid=10**9)
found.train(values)
print(json.dumps([time.perf_counter() - began, found.centroids.tolist()]))
"""


def groups(rows: int, columns: int, clusters: int) -> np.ndarray:
    """Overlapping groups of unequal size: centres half as far apart as rows scatter in each column."""
    draw = np.random.default_rng(SEED)
    share = draw.dirichlet(np.full(clusters, 3.0))
    kind = draw.choice(clusters, rows, p=share)
    values = draw.normal(size=(rows, columns))
    values += 0.5 * draw.normal(size=(clusters, columns))[kind]
    return values


def cloud(rows: int, columns: int) -> np.ndarray:
    """One round cloud."""
    return np.random.default_rng(SEED).normal(size=(rows, columns))


def inertia(values: np.ndarray, centres: Any) -> float:
    """The sum of squared distances to the nearest centre, of all rows."""
    from bankmine.mining.clustering.lloyd import descend

    return descend(values, np.ascontiguousarray(centres, dtype=np.float64), 0).inertia


def run() -> Row:
    """Both matrices, then every miner."""
    seen = {"groups": _contest(groups(ROWS, COLUMNS, CLUSTERS)), "cloud": _contest(cloud(ROWS, COLUMNS))}
    ours = {name: one.pop("bankmine") for name, one in seen.items()}
    for name, one in ours.items():
        mini = min(seen[name][f"mini_batch_{threads}"]["wall_s"] for threads in (1, 2))
        best = min(other["inertia"] for other in seen[name].values() if "inertia" in other)
        one["times_mini_batch"] = round(one["wall_s"] / mini, 2)
        one["inertia_over_best"] = round(one["inertia"] / best, 5)
    return Row(
        row="S14",
        bankmine={**ours, "rows": ROWS, "every_miner": every_miner(), "peak_mib": peak_mib()},
        reference=seen,
        bar="≤ 1.2 × MiniBatchKMeans, inertia ≤ 1.001 × the best contender of the run, in both matrices",
        met=all(
            one["times_mini_batch"] <= 1.2 and one["inertia_over_best"] <= 1.001 for one in ours.values()
        ),
        protocol=f"{ROWS:,} × {COLUMNS}, k = {CLUSTERS}, wall seconds, medians of {ROUNDS} rounds in turn "
        "(Lloyd, faiss and mini-batch on all threads: one round); bankmine with its 10 starts, scikit-learn "
        "with its default (one); of the mini-batches the faster counts; every miner: 200,000 × 30, its "
        "defaults, k = 8, memory beyond the matrix",
        versions=("scikit-learn", "numba", "numpy"),
    )


def _contest(values: np.ndarray) -> dict[str, dict[str, Any]]:
    from sklearn.cluster import KMeans as Lloyd
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    from bankmine.mining.clustering.kmeans import KMeans

    centres: dict[str, Any] = {}

    def mini(threads: int) -> None:
        with threadpool_limits(threads):
            fitted = MiniBatchKMeans(CLUSTERS, random_state=SEED).fit(values)
        centres[f"mini_batch_{threads}"] = fitted.cluster_centers_

    def ours() -> None:
        centres["bankmine"] = KMeans(CLUSTERS, random_state=SEED).fit(values).centers_

    def lloyd() -> None:
        centres["lloyd"] = Lloyd(CLUSTERS, random_state=SEED).fit(values).cluster_centers_

    KMeans(CLUSTERS).fit(values[:1000])
    often: dict[str, Callable[[], Any]] = {"bankmine": ours, "mini_batch_1": lambda: mini(1)}
    once: dict[str, Callable[[], Any]] = {"mini_batch_2": lambda: mini(2), "lloyd": lloyd}
    seen: dict[str, dict[str, Any]] = {**alternate(often, ROUNDS), **alternate(once, 1)}
    for name, found in centres.items():
        seen[name]["inertia"] = round(inertia(values, found), 1)
    seen["faiss"] = _faiss(values)
    return seen


def _faiss(values: np.ndarray) -> dict[str, Any]:
    """faiss in the interpreter of peers; says so where it is not installed there."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "values.npy"
        np.save(path, values)
        done = subprocess.run(
            [PEERS, "-c", FAISS, str(path), str(CLUSTERS)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        return {"left_out": done.stderr.strip().splitlines()[-1][:80]}
    seconds, centres = json.loads(done.stdout.splitlines()[-1])
    return {"wall_s": round(seconds, 3), "inertia": round(inertia(values, centres), 1)}


def every_miner() -> dict[str, dict[str, Any]]:
    """Seconds of the fit with the labels of all rows, and memory beyond the matrix, MiB."""
    from bankmine.mining.clustering.comparison import COMPARED

    found = {}
    for name in COMPARED:
        words = [sys.executable, "-m", "benchmarks.clustering_speed", name]
        done = subprocess.run(
            words, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=True
        )
        found[name] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str) -> dict[str, Any]:
    """One miner in this process, warm: seconds, and the peak of memory over what it had before."""
    from bankmine.mining.clustering.comparison import build

    rows = min(EVERY_ROWS, ROWS)
    values = groups(rows, EVERY_COLUMNS, EVERY_CLUSTERS)
    build(name, 3).fit(values[:500])
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    before = _peak_mib()
    wall, cpu, miner = timed(lambda: build(name, EVERY_CLUSTERS).fit(values))
    return {
        "wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "more_mib": _peak_mib() - before,
        "clusters": len(miner.sizes_), "noise": round(miner.noise_share_, 3),
    }  # fmt: skip


def _peak_mib() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
