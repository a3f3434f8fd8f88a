"""Training of the recurrent networks: AdamW with a falling rate, batches of like length, early stopping.

Sequences are put into a few buckets by length and padded to the bucket's edge, so short ones cost little and
the network is compiled once a bucket (and once more for its last, smaller batch is avoided: that is filled up
with rows of weight zero). AdamW after Loshchilov and Hutter (2019), gradients clipped to length 1. Needs the
extra `deep`; import it inside functions only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, isfinite, log
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax  # type: ignore[import-untyped]
from jax import Array

from bankmine.errors import FeasibilityError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.sequence.encoding import Encoded, Singles
from bankmine.mining.sequence.graph import Weights
from bankmine.mining.sequence.recurrent import Recurrent

BUCKETS = 4
SLICE_BYTES = 10e6  # what is allocated above 32 MB is given back, and faulted in anew at every call


@dataclass(frozen=True)
class Settings:
    """What training takes; the meaning of each is that of the miner's parameter."""

    kind: Literal["gru", "lstm"]
    hidden: int
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    patience: int
    random_state: int


@dataclass(frozen=True)
class Trained:
    """The weights of the best epoch, mean losses of each epoch, and the epoch that was kept (from 1)."""

    weights: Weights
    losses: tuple[float, ...]
    held_losses: tuple[float, ...]
    epoch: int


def train(
    encoded: Encoded,
    truth: Floats,
    weight: Floats,
    settings: Settings,
    held: Callable[[Weights], float] | None = None,
) -> Trained:
    """Fit a network on rows with a 0/1 `truth` and a `weight` each; `held` is the loss to stop by."""
    network = _start(encoded.width, truth, weight, settings)
    edges = bucket_edges(encoded.lengths)
    draw = np.random.default_rng(settings.random_state)
    batches = sum(ceil(len(rows) / settings.batch_size) for rows in _buckets(encoded.lengths, edges))
    rates = iter(_rates(settings, batches * settings.epochs))
    optimiser, step = _compiled(settings.weight_decay, settings.hidden)
    state = optimiser.init(eqx.filter(network, eqx.is_array))
    losses: list[float] = []
    checks: list[float] = []
    best = weights_of(network, settings.kind)
    for _ in range(settings.epochs):
        parts: list[Array] = []  # read at the end: the next batch is padded while this one is computed
        for rows, steps in _plan(encoded.lengths, edges, settings.batch_size, draw):
            batch = _batch(encoded, truth, weight, rows, steps)
            network, state, loss = step(network, state, next(rates), *batch)
            parts.append(loss)
        losses.append(float(np.sum(parts, dtype=np.float64)) / float(weight.sum()))
        _require_finite(losses, settings)
        current = weights_of(network, settings.kind)
        if held is None:
            best = current
            continue
        checks.append(held(current))
        place = int(np.argmin(checks))
        if place == len(checks) - 1:
            best = current
        elif len(checks) - 1 - place >= settings.patience:
            break
    kept = int(np.argmin(checks)) + 1 if checks else len(losses)
    return Trained(best, tuple(losses), tuple(checks), kept)


def _require_finite(losses: list[float], settings: Settings) -> None:
    if not isfinite(losses[-1]):
        raise FeasibilityError(
            f"Training diverged in epoch {len(losses)} at a learning rate of {settings.learning_rate:g}",
            hint="Give a smaller learning_rate; .005 is the default.",
        )


def weights_of(network: Recurrent, kind: Literal["gru", "lstm"]) -> Weights:
    """The network's parameters as NumPy arrays."""
    cell: Any = network.cell
    return Weights(
        kind=kind,
        inputs=np.asarray(cell.weight_ih),
        recurrent=np.asarray(cell.weight_hh),
        bias=np.asarray(cell.bias),
        inner=np.asarray(cell.bias_n) if kind == "gru" else None,
        head=np.asarray(network.head),
        intercept=float(network.intercept),
    )


def bucket_edges(lengths: Ints) -> tuple[int, ...]:
    """Up to four lengths to pad to, multiples of 8: the quartiles of the lengths, rounded up."""
    if not len(lengths):
        return (8,)
    cuts = np.quantile(lengths, np.arange(1, BUCKETS + 1) / BUCKETS, method="higher")
    return tuple(sorted({max(8, ceil(cut / 8) * 8) for cut in cuts.tolist()}))


def _buckets(lengths: Ints, edges: tuple[int, ...]) -> list[Ints]:
    place = np.searchsorted(np.asarray(edges), lengths)
    return [np.flatnonzero(place == one) for one in range(len(edges))]


def _plan(
    lengths: Ints, edges: tuple[int, ...], size: int, draw: np.random.Generator
) -> Iterator[tuple[Ints, int]]:
    """Rows and steps of each batch of an epoch, −1 where a batch is filled up; batches in random order."""
    planned: list[tuple[Ints, int]] = []
    for rows, steps in zip(_buckets(lengths, edges), edges, strict=True):
        mixed = draw.permutation(rows)
        for begin in range(0, len(mixed), size):
            part = mixed[begin : begin + size]
            planned.append((np.concatenate([part, np.full(size - len(part), -1)]), steps))
    for place in draw.permutation(len(planned)):
        yield planned[place]


def _batch(encoded: Encoded, truth: Floats, weight: Floats, rows: Ints, steps: int) -> tuple[Any, ...]:
    values, lengths = encoded.padded(rows.clip(min=0), steps)
    counted = np.where(rows >= 0, weight[rows], 0.0)
    return values, lengths, truth[rows].astype(np.float32), counted.astype(np.float32)


def _start(width: int, truth: Floats, weight: Floats, settings: Settings) -> Recurrent:
    """A new network whose intercept is the log-odds of the weighted base rate."""
    rate = float(np.clip(np.average(truth, weights=weight), 1e-4, 1 - 1e-4))
    key = jax.random.PRNGKey(settings.random_state)
    made = Recurrent(settings.kind, width, settings.hidden, key=key)
    intercept = jnp.asarray(log(rate / (1 - rate)), jnp.float32)
    started: Recurrent = eqx.tree_at(lambda one: one.intercept, made, intercept)
    return started


def _rates(settings: Settings, steps: int) -> Singles:
    """The learning rate of each step: half a cosine from the whole down to a twentieth."""
    fall = 0.5 * (1 + np.cos(np.pi * np.arange(steps) / max(steps, 1)))
    return np.asarray(settings.learning_rate * (0.05 + 0.95 * fall), dtype=np.float32)


def _loss(network: Recurrent, steps: Array, lengths: Array, truth: Array, weight: Array) -> Array:
    """The sum of the weighted log losses of a batch."""
    odds = network(steps, lengths)
    return jnp.sum(weight * (jax.nn.softplus(odds) - truth * odds))


@lru_cache
def _compiled(weight_decay: float, hidden: int) -> tuple[Any, Callable[..., tuple[Recurrent, Any, Array]]]:
    """AdamW, and one update of it, which replaces the network and its state.

    Compiled once for each shape of batch and then kept: fits of equal shapes, as those of folds, share it. So
    the rate is an input of the update and no part of what is compiled.
    """
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1.0, weight_decay=weight_decay))
    slope = eqx.filter_value_and_grad(_loss)

    def gradient(network: Recurrent, steps: Array, lengths: Array, truth: Array, weight: Array) -> Any:
        parts = _slices(steps.shape[0], steps.shape[1], hidden)
        if parts == 1:
            return slope(network, steps, lengths, truth, weight)
        cut = (
            jnp.swapaxes(steps.reshape(steps.shape[0], parts, -1, steps.shape[2]), 0, 1),
            *(one.reshape(parts, -1) for one in (lengths, truth, weight)),
        )
        zero = jax.tree.map(jnp.zeros_like, (jnp.zeros(()), eqx.filter(network, eqx.is_array)))

        def add(total: Any, given: Any) -> tuple[Any, None]:
            return jax.tree.map(jnp.add, total, slope(network, *given)), None

        return jax.lax.scan(add, zero, cut)[0]

    @eqx.filter_jit
    def step(network: Recurrent, state: Any, rate: Array, *batch: Array) -> tuple[Recurrent, Any, Array]:
        loss, sums = gradient(network, *batch)
        total = jnp.maximum(batch[3].sum(), 1e-12)
        slopes = jax.tree.map(lambda one: one / total, sums)
        updates, state = optimiser.update(slopes, state, eqx.filter(network, eqx.is_array))
        updates = jax.tree.map(lambda one: rate * one, updates)
        return eqx.apply_updates(network, updates), state, loss

    return optimiser, step


def _slices(steps: int, batch: int, hidden: int) -> int:
    """Into how many equal parts a batch is cut so that what the backward pass keeps stays small."""
    kept = steps * batch * hidden * 4 * 10
    parts = 1
    while kept / parts > SLICE_BYTES and batch % (2 * parts) == 0 and batch // (2 * parts) >= 16:
        parts *= 2
    return parts
