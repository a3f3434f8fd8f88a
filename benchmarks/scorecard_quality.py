"""What T5 and T6 share: the same folds for our card and for the references, in one run.

Our card takes every column, as optbinning's does, so that binning and regression are compared and not the
choice of columns; the card with columns chosen by stability is measured beside it. References run in the
interpreter of peers (BENCH_PEERS) on the same rows of the same folds.
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

from benchmarks.classification_data import folds

PEERS = os.environ.get("BENCH_PEERS", sys.executable)
EVERY = {"select": "all", "least_information": 0.0, "most_correlated": 1.0}
ROOT = Path(__file__).resolve().parents[1]


def drawn(truth: Any, seeds: int, repeats: int) -> Any:
    """Training rows of every fold as 0/1, shape (seeds × repeats × 2, rows)."""
    found = []
    for seed in range(seeds):
        for repeat in range(repeats):
            for train, _ in folds(truth, 2, seed=100 * seed + repeat):
                found.append(np.isin(np.arange(len(truth)), train))
    return np.array(found, dtype=np.int8)


def references(frame: Any, truth: Any, wanted: Any, peers: tuple[str, ...]) -> tuple[dict[str, Any], Any]:
    """Scores of the peers on the test rows of every fold, NaN on training rows, and their versions."""
    categorical = [name for name in frame.columns if frame[name].dtype == object]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        frame.assign(bad=truth).to_parquet(folder / "frame.parquet")
        np.save(folder / "folds.npy", wanted)
        text = json.dumps({"categorical": categorical, "peers": peers})
        (folder / "wanted.json").write_text(text, encoding="utf-8")
        versions = run_peers("quality", folder)
        with np.load(folder / "said.npz") as said:
            return {name: said[name] for name in peers}, versions


def run_peers(what: str, folder: Path) -> dict[str, str]:
    """Run the references in their interpreter; their versions. Leaves with its last line where it cannot."""
    done = subprocess.run(
        [PEERS, "-m", "benchmarks.scorecard_peers", what, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SystemExit(f"the references cannot run in {PEERS}: {last} (set BENCH_PEERS)")
    found: dict[str, str] = json.loads((folder / "versions.json").read_text(encoding="utf-8"))
    return found


def scores(wanted: Any, rank: Callable[[Any, Any], Any]) -> Any:
    """What `rank(training positions, test positions)` says of the test rows of every fold."""
    said = np.full(wanted.shape, np.nan)
    for number, train in enumerate(wanted == 1):
        said[number, ~train] = rank(np.flatnonzero(train), np.flatnonzero(~train))
    return said


def our_card(frame: Any, truth: Any, **settings: Any) -> Callable[[Any, Any], Any]:
    """Ranks by our card, whole points as printed."""
    import pyarrow as pa

    from bankmine.mining.scorecard.scorecard import Scorecard

    table = pa.Table.from_pandas(frame, preserve_index=False)

    def rank(train: Any, test: Any) -> Any:
        card = Scorecard(**settings).fit(table.take(pa.array(train)), truth[train])
        return -card.score(table.take(pa.array(test)))

    return rank


def areas(truth: Any, wanted: Any, said: Any, seeds: int) -> Any:
    """The mean AUC of each seed, shape (seeds,)."""
    from bankmine.evaluation.metrics import auc

    found = [auc(truth[train == 0], one[train == 0]) for train, one in zip(wanted, said, strict=True)]
    return np.array(found).reshape(seeds, -1).mean(axis=1)


def with_interval(values: Any) -> list[float]:
    """Mean and 95 % interval over seeds."""
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return [round(float(one), 4) for one in (values.mean(), values.mean() - half, values.mean() + half)]
