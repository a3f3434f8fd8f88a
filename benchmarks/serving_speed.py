"""S13: one row through a boosted model in the service path, beside a bare onnxruntime call of the same model.

A calibrated LightGBM of 300 trees on 60 made-up columns, a tenth missing. Bare: `session.run` on a row of
the model's own shape. Service: `ServedBoosting.one`, the row checked, answered, calibrated. The two and
LightGBM's own call take turns, and turns in going first. Equality is checked on rows that hold each
threshold, the doubles beside it and its 32-bit neighbours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rows import Row

CALLS = int(os.environ.get("BENCH_ROWS", "20000"))
COLUMNS, TRAINING = 60, 20_000
BAR = "≤ 2 × the bare onnxruntime call, log-odds equal to 1e-6 at the edges of every threshold"


def fitted() -> tuple[Any, Any]:
    """Rows, and boosting calibrated on rows of its own."""
    from bankmine.mining.classification.boosting import Boosting
    from bankmine.mining.classification.calibration import Calibrated

    draw = np.random.default_rng(4)
    X = draw.normal(size=(TRAINING, COLUMNS))
    odds = X[:, :10] @ draw.normal(size=10) + X[:, 10] * X[:, 11] - 2
    y = draw.random(TRAINING) < 1 / (1 + np.exp(-odds))
    X[draw.random(X.shape) < 0.1] = np.nan
    half = TRAINING // 2
    return X, Calibrated(Boosting(300).fit(X[:half], y[:half])).fit(X[half:], y[half:])


def edges(X: Any, booster_text: str) -> Any:
    """Six rows a split: its threshold, the doubles beside it, and the 32-bit floats at and beside it."""
    from bankmine.mining.serving.trees import trees_of

    blocks = []
    for number, tree in enumerate(trees_of(booster_text)):
        for value, column in zip(tree.threshold, tree.feature, strict=True):
            if abs(value) > 1e30:  # missing against not missing
                continue
            single = np.float32(value)
            block = X[(number + np.arange(6)) % len(X)].copy()
            block[:3, column] = value, np.nextafter(value, np.inf), np.nextafter(value, -np.inf)
            block[3:, column] = [single, *(np.nextafter(single, np.float32(to)) for to in (np.inf, -np.inf))]
            blocks.append(block)
    return np.concatenate(blocks)


def alternated(calls: dict[str, Callable[[Any], Any]], X: Any) -> dict[str, dict[str, float]]:
    """Quantiles of each call's µs, one after another, each first as often as the others."""
    taken: dict[str, list[int]] = {name: [] for name in calls}
    names = list(calls)
    for number in range(CALLS):
        first = number % len(names)
        for turn, name in enumerate([*names[first:], *names[:first]]):
            row = X[(3 * number + turn) % len(X)]  # a row of its own: no way through the trees is warm
            begin = time.perf_counter_ns()
            calls[name](row)
            taken[name].append(time.perf_counter_ns() - begin)
    cuts = (0.5, 0.99)
    return {
        name: {f"p{cut:.0%}".rstrip("%"): round(float(np.quantile(times, cut)) / 1e3, 1) for cut in cuts}
        for name, times in taken.items()
    }


def run() -> Row:
    """The row."""
    from bankmine.mining.serving.boosted import ServedBoosting

    X, miner = fitted()
    served, boosting = ServedBoosting.of(miner), miner.classifier
    checked = edges(X, boosting.booster_text_)
    apart = float(np.abs(served.log_odds(checked) - boosting.decision_function(checked)).max())
    shown = X[:2_000]
    path = float(np.abs([served.one(row) for row in shown] - miner.probability(shown)).max())
    bare, native = served._session, boosting.booster_
    times = alternated(
        {
            "service": served.one,
            "bare": lambda row: bare.run(None, {"rows": row[None]}),
            "LightGBM": lambda row: native.predict(row[None], num_threads=1),
        },
        X,
    )
    ratio = round(times["service"]["p50"] / times["bare"]["p50"], 2)
    return Row(
        row="S13",
        bankmine={
            "us": times["service"], "times_bare": ratio, "edge_rows": len(checked),
            "largest_difference_log_odds": apart, "largest_difference_probability": path,
            "calibrator": type(miner.calibrator_).__name__,
        },
        reference={"bare onnxruntime, us": times["bare"], "LightGBM's own, us": times["LightGBM"]},
        bar=BAR,
        met=ratio <= 2 and apart <= 1e-6 and path <= 1e-6,
        protocol=f"300 trees of 31 leaves, {COLUMNS} columns in doubles, {CALLS:,} rows one by one, "
        "contenders take turns, one thread",
        versions=("onnxruntime", "onnx", "lightgbm"),
    )  # fmt: skip


if __name__ == "__main__":
    print(run().line())
