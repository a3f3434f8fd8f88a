"""S12: one epoch of GRU and LSTM over 50,000 sequences of 200 events and 16 values, and one sequence served.

Contenders, each in a process of its own, one after another: bankmine's training as it stands (padding from
the compact form and compilation included), PyTorch's GRU and LSTM, Flax's. All take the same rows in batches
of 64, the same head and AdamW; a contender counts only if its loss on held rows is within 2 % of the best.
PyTorch and Flax are looked for in the Python that BENCH_PEERS names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.rows import Row
from benchmarks.sequence_peers import BATCH, DECAY, HIDDEN, RATE

ROWS = int(os.environ.get("BENCH_ROWS", "50000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "1"))
PEERS = os.environ.get("BENCH_PEERS") or sys.executable
STEPS, KINDS, NUMBERS, HELD = 200, 8, 8, 2_000
BAR = "one epoch ≤ 1 × the fastest of PyTorch's GRU and LSTM and Flax's, at equal loss; served p99 ≤ .5 ms"
CONTENDERS = ("bankmine-gru", "torch-gru", "flax-gru", "bankmine-lstm", "torch-lstm", "flax-lstm")


def encoded(rows: int, seed: int) -> tuple[Any, Any]:
    """Sequences in the compact form and labels that hang on the last values, on one for one kind only."""
    from bankmine.mining.sequence.encoding import Encoded

    draw = np.random.default_rng(seed)
    code = draw.integers(0, KINDS, rows * STEPS)
    values = draw.normal(size=(rows * STEPS, NUMBERS)).astype(np.float32)
    told = values[:, 0] + np.where(code == 3, values[:, 1], 0.0)
    odds = told.reshape(rows, STEPS) @ np.exp(-(STEPS - 1 - np.arange(STEPS)) / 8)
    truth = draw.random(rows) < 1 / (1 + np.exp(-2 * odds / odds.std()))
    return Encoded(np.arange(rows + 1) * STEPS, code, values, KINDS), truth.astype(np.float64)


def ours(kind: Any) -> dict[str, Any]:
    """One epoch of our training, its loss on the held rows, and one sequence served."""
    from bankmine.mining.sequence.classifier import run
    from bankmine.mining.sequence.graph import onnx_of
    from bankmine.mining.sequence.training import Settings, train
    from bankmine.mining.serving.session import session

    data, truth = encoded(ROWS, 1)
    held, held_truth = encoded(HELD, 2)
    settings = Settings(kind, HIDDEN, 1, BATCH, RATE, DECAY, 1, 0)
    wall, cpu = time.perf_counter(), time.process_time()
    found = train(data, truth, np.ones(ROWS), settings)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    served = session(onnx_of(found.weights))
    odds = run(served, held)
    loss = float(np.mean(np.logaddexp(0, odds) - held_truth * odds))
    return {
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "held_loss": round(loss, 4),
        **_serve(served, held),
    }


def _serve(served: Any, held: Any) -> dict[str, float]:
    """One sequence of 200 events at a time: padded, run, read; ms of wall time."""
    taken = []
    for row in range(1_500):
        begin = time.perf_counter()
        steps, lengths = held.padded(np.array([row]), STEPS)
        served.run(None, {"steps": steps, "lengths": lengths})
        taken.append(time.perf_counter() - begin)
    p50, p99 = np.quantile(taken[100:], [0.5, 0.99]) * 1e3
    return {"served_p50_ms": round(float(p50), 3), "served_p99_ms": round(float(p99), 3)}


def write(folder: Path) -> None:
    """The same data padded, time first, for the peers."""
    data, truth = encoded(ROWS, 1)
    held, held_truth = encoded(HELD, 2)
    steps = np.lib.format.open_memmap(folder / "steps.npy", "w+", np.float32, (STEPS, ROWS, KINDS + NUMBERS))
    for begin in range(0, ROWS, 1_000):
        rows = np.arange(begin, min(begin + 1_000, ROWS))
        steps[:, rows] = data.padded(rows, STEPS)[0]
    steps.flush()
    np.save(folder / "truth.npy", truth.astype(np.float32))
    np.save(folder / "held.npy", held.padded(np.arange(HELD), STEPS)[0])
    np.save(folder / "held_truth.npy", held_truth.astype(np.float32))


def measured(name: str, folder: Path) -> dict[str, Any]:
    """A contender in a process of its own; an `error` where it could not."""
    script = Path(__file__).with_name("sequence_peers.py")
    own = name.startswith("bankmine")
    words = [sys.executable, "-m", "benchmarks.sequence_speed", name] if own else [PEERS, str(script), name]
    done = subprocess.run(
        [*words, str(folder)], capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or [f"left with {done.returncode}"]
        return {"error": said[0][:200]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def run() -> Row:
    """All contenders in turn; the median of the rounds."""
    with tempfile.TemporaryDirectory() as place:
        write(Path(place))
        rounds = [{name: measured(name, Path(place)) for name in CONTENDERS} for _ in range(ROUNDS)]
    found = {name: _median([one[name] for one in rounds]) for name in CONTENDERS}
    own = {name: one for name, one in found.items() if name.startswith("bankmine")}
    peers = {name: one for name, one in found.items() if name not in own}
    best = min(one["held_loss"] for one in found.values() if "held_loss" in one)
    fair = [one["wall_s"] for one in peers.values() if one.get("held_loss", np.inf) <= 1.02 * best]
    met = bool(fair) and all(
        one.get("wall_s", np.inf) <= min(fair)
        and one["held_loss"] <= 1.02 * best
        and one["served_p99_ms"] <= 0.5
        for one in own.values()
    )
    return Row(
        row="S12",
        bankmine=own,
        reference=peers,
        bar=BAR,
        met=met,
        protocol=f"{ROWS:,} sequences × {STEPS} events × {KINDS + NUMBERS} values, hidden {HIDDEN}, "
        f"batches of {BATCH}, one epoch, {len(os.sched_getaffinity(0))} core(s), processes in turn, "
        f"{ROUNDS} round(s); served: 1,400 sequences one by one, one thread, padding included",
        versions=("jax", "equinox", "optax", "onnxruntime"),
    )


def _median(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    if any("error" in one for one in rounds):
        return next(one for one in rounds if "error" in one)
    numbers = [name for name, value in rounds[0].items() if not isinstance(value, str)]
    return {**rounds[0], **{name: median(one[name] for one in rounds) for name in numbers}}


if __name__ == "__main__":
    print(json.dumps(ours(sys.argv[1].split("-")[1])))
