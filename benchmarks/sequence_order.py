"""SEQ: does a sequence network use order? A signal planted in the order of two events alone, five seeds.

Each made-up row has the same items: one enquiry and one overdue less than a day apart among others. The label
says which came first, but for a tenth drawn at random; rows are cut into training, a slice to stop by, and a
test. Beside GRU and LSTM stands LightGBM on counts, sums and recency of the same items over the same cut.
The ceiling is the AUC of the planted order itself.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.rows import Row, timed

BAR = "each of five seeds: AUC falls by ≥ .03 when events are shuffled, top reason planted in ≥ 70 %"
SEEDS = range(1, 1 + int(os.environ.get("BENCH_ROUNDS", "5")))
ROWS = int(os.environ.get("BENCH_ROWS", "2000"))
NOISE = ("deposit", "payment", "visit", "withdrawal")
PLANTED = ("enquiry", "overdue")
EXPLAINED = 200


def made_up(rows: int, seed: int) -> tuple[Any, Any, Any]:
    """Sequences, labels, and whether the enquiry came first."""
    from bankmine.mining.sequence.events import DAY, sequences_of

    draw = np.random.default_rng(seed)
    first = draw.random(rows) < 0.5
    count = draw.integers(8, 20, rows)
    row = np.repeat(np.arange(rows), count)
    begin = np.cumsum(count) - count
    days = draw.uniform(2, 720, len(row))
    kind = draw.choice(np.array(NOISE), len(row)).astype("<U12")
    one, other = begin, begin + 1
    days[other] = days[one] - draw.uniform(0.05, 0.95, rows)
    kind[one], kind[other] = np.where(first, *PLANTED), np.where(first, *PLANTED[::-1])
    table = pa.table(
        {
            "row": row,
            "when": -(days * DAY).astype(np.int64),
            "kind": kind.tolist(),
            "amount": np.exp(draw.normal(5, 1, len(row))),
        }
    )
    label = np.where(draw.random(rows) < 0.1, draw.random(rows) < 0.5, first)
    return sequences_of(table, np.zeros(rows, dtype=np.int64), values=["amount"]), label, first


def network(cell: Any, seed: int) -> dict[str, float]:
    """AUC in order and shuffled, and how often the strongest reason is a planted event."""
    from sklearn.metrics import roc_auc_score

    from bankmine.mining.sequence.classifier import SequenceNetwork

    (train, y, _), (held, z, _), (test, truth, _) = _cut(seed)
    miner = SequenceNetwork(cell, hidden=16, epochs=15, random_state=seed)
    seconds, cpu, _ = timed(lambda: miner.fit(train, y, validation=(held, z)))
    found = roc_auc_score(truth, miner.probability(test))
    mixed = np.mean([roc_auc_score(truth, miner.probability(test.shuffled(one))) for one in range(5)])
    shown = test.take(slice(0, EXPLAINED))
    reasons = miner.reasons(shown, top=1)
    hits = [any(one.kind in PLANTED for one in reasons.row(row)) for row in range(len(shown))]
    return {
        "auc": round(float(found), 4), "shuffled": round(float(mixed), 4),
        "planted_named": round(float(np.mean(hits)), 3), "fit_s": round(seconds, 1), "cpu_s": round(cpu, 1),
    }  # fmt: skip


def windows(seed: int) -> dict[str, float]:
    """LightGBM on window columns of the same rows, and the ceiling."""
    from sklearn.metrics import roc_auc_score

    from bankmine.mining.classification.boosting import Boosting
    from bankmine.mining.sequence.window_columns import window_columns

    (train, y, _), (held, z, _), (test, truth, first) = _cut(seed)
    kinds = (*NOISE, *PLANTED)
    X, V, T = (window_columns(one, kinds)[0] for one in (train, held, test))
    names = window_columns(test, kinds)[1]
    miner = Boosting().fit(X, y, names=names, validation=(V, z))
    without = [place for place, name in enumerate(names) if not name.endswith("days_since")]
    sums = Boosting().fit(X[:, without], y, validation=(V[:, without], z))
    return {
        "counts_and_sums": round(float(roc_auc_score(truth, sums.probability(T[:, without]))), 4),
        "with_days_since_last": round(float(roc_auc_score(truth, miner.probability(T))), 4),
        "ceiling": round(float(roc_auc_score(truth, first)), 4),
    }


def _cut(seed: int) -> list[tuple[Any, Any, Any]]:
    X, y, first = made_up(2 * ROWS, seed)
    bounds = (slice(0, ROWS), slice(ROWS, ROWS + ROWS // 2), slice(ROWS + ROWS // 2, 2 * ROWS))
    return [(X.take(part), y[part], first[part]) for part in bounds]


def run() -> Row:
    """The row."""
    ours = {cell: {str(seed): network(cell, seed) for seed in SEEDS} for cell in ("gru", "lstm")}
    every = [one for cell in ours.values() for one in cell.values()]
    met = all(one["auc"] - one["shuffled"] >= 0.03 and one["planted_named"] >= 0.7 for one in every)
    return Row(
        row="SEQ",
        bankmine=ours,
        reference={f"LightGBM on windows, seed {seed}": windows(seed) for seed in SEEDS},
        bar=BAR,
        met=met and len(SEEDS) >= 5,
        protocol=f"{ROWS:,} rows to train, {ROWS // 2:,} to stop by, {ROWS // 2:,} tested; hidden 16, "
        f"at most 15 epochs; shuffled: the mean of five draws; reasons of {EXPLAINED} test rows",
        versions=("jax", "equinox", "optax", "onnxruntime", "lightgbm"),
    )


if __name__ == "__main__":
    print(run().line())
