"""One epoch of torch or Flax over sequences that lie in a folder; run in the Python that has them.

`python sequence_peers.py NAME FOLDER` (torch-gru, torch-lstm, flax-gru, flax-lstm) prints one JSON line: wall
and CPU seconds of the epoch, first compilation included, and the loss on held rows. All contenders take the
same rows in batches of one size, the same head on the last state and the mean of all, AdamW at one rate.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN, BATCH, RATE, DECAY = 64, 64, 0.005, 0.001


def order(rows: int) -> Any:
    """The rows of each batch, shape (batches, batch)."""
    return np.random.default_rng(3).permutation(rows)[: rows // BATCH * BATCH].reshape(-1, BATCH)


def torch_epoch(kind: str, steps: Any, truth: Any, held: Any, held_truth: Any) -> dict[str, Any]:
    """PyTorch's own GRU or LSTM."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    net = getattr(torch.nn, kind.upper())(steps.shape[2], HIDDEN)
    head = torch.nn.Linear(2 * HIDDEN, 1)
    weights = [*net.parameters(), *head.parameters()]
    plan = order(len(truth))
    optimiser = torch.optim.AdamW(weights, RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, len(plan), 0.05 * RATE)
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits

    def odds(given: Any) -> Any:
        states, _ = net(torch.from_numpy(np.ascontiguousarray(given)))
        return head(torch.cat([states[-1], states.mean(0)], 1))[:, 0]

    def epoch() -> None:
        for rows in plan:
            optimiser.zero_grad()
            loss_of(odds(steps[:, rows]), torch.from_numpy(truth[rows])).backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            schedule.step()

    found = _timed(epoch)
    with torch.no_grad():
        loss = float(loss_of(odds(held), torch.from_numpy(held_truth)))
    return {**found, "held_loss": round(loss, 4), "version": torch.__version__}


def flax_epoch(kind: str, steps: Any, truth: Any, held: Any, held_truth: Any) -> dict[str, Any]:
    """Flax's RNN over its GRU or optimised LSTM cell."""
    import flax
    import jax
    import jax.numpy as jnp
    import optax
    from flax import linen

    class Net(linen.Module):
        @linen.compact
        def __call__(self, given: Any) -> Any:
            cell = linen.GRUCell(HIDDEN) if kind == "gru" else linen.OptimizedLSTMCell(HIDDEN)
            states = linen.RNN(cell, time_major=True)(given)
            read = jnp.concatenate([states[-1], states.mean(0)], -1)
            return linen.Dense(1)(read)[:, 0]

    net, plan = Net(), order(len(truth))
    held_weights: dict[str, Any] = {}

    def loss_of(weights: Any, given: Any, wanted: Any) -> Any:
        odds = net.apply(weights, given)
        return jnp.mean(jax.nn.softplus(odds) - wanted * odds)

    def epoch() -> None:
        weights = net.init(jax.random.PRNGKey(0), steps[:, :BATCH])
        schedule = optax.cosine_decay_schedule(RATE, len(plan), 0.05)
        adam = optax.adamw(schedule, weight_decay=DECAY)
        optimiser = optax.chain(optax.clip_by_global_norm(1.0), adam)

        @jax.jit
        def update(weights: Any, state: Any, given: Any, wanted: Any) -> Any:
            slope = jax.grad(loss_of)(weights, given, wanted)
            change, state = optimiser.update(slope, state, weights)
            return optax.apply_updates(weights, change), state

        state = optimiser.init(weights)
        for rows in plan:
            weights, state = update(weights, state, steps[:, rows], truth[rows])
        held_weights["last"] = jax.block_until_ready(weights)

    found = _timed(epoch)
    loss = float(loss_of(held_weights["last"], held, held_truth))
    return {**found, "held_loss": round(loss, 4), "version": flax.__version__}


def _timed(work: Any) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "wall_s": round(time.perf_counter() - wall, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
    }


def main() -> None:
    """The contender named, on the folder named."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    library, kind = name.split("-")
    parts = ("steps", "truth", "held", "held_truth")
    data = [np.load(folder / f"{part}.npy", mmap_mode="r" if part == "steps" else None) for part in parts]
    work = torch_epoch if library == "torch" else flax_epoch
    print(json.dumps(work(kind, *data)))


if __name__ == "__main__":
    main()
