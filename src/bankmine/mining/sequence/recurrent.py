"""GRU and LSTM over all steps of a batch, in JAX, with gradients written by hand.

Gated recurrent units after Cho et al. (2014), long short-term memory after Hochreiter and Schmidhuber (1997)
with the forget gate of Gers et al. (2000); the parameters are Equinox's `GRUCell` and `LSTMCell`. The
products of the inputs of all steps are one matrix product before the scan, and in the backward pass those of
the recurrent weights are one after it: left to automatic differentiation they would be added up step by
step, which costs most of an epoch on a CPU. Needs the extra `deep`; import it inside functions only.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

Kind = Literal["gru", "lstm"]


class Recurrent(eqx.Module):
    """One recurrent layer and a logistic head on its last state beside the mean of all its states."""

    cell: eqx.nn.GRUCell | eqx.nn.LSTMCell
    head: Array
    intercept: Array

    def __init__(self, kind: Kind, inputs: int, hidden: int, *, key: Array) -> None:
        first, second = jax.random.split(key)
        build: Any = eqx.nn.GRUCell if kind == "gru" else eqx.nn.LSTMCell
        self.cell = build(inputs, hidden, key=first)
        self.head = jax.random.normal(second, (2 * hidden,)) / jnp.sqrt(2.0 * hidden)
        self.intercept = jnp.zeros(())

    def __call__(self, steps: Array, lengths: Array) -> Array:
        """Log-odds of shape (batch,) from `steps` of shape (time, batch, inputs) and their `lengths`.

        Steps at or beyond a length are padding: they come later than the states that are read.
        """
        return self.read(steps, lengths) @ self.head + self.intercept

    def read(self, steps: Array, lengths: Array) -> Array:
        """The last state and the mean of all states side by side, shape (batch, 2 hidden)."""
        cell, place = self.cell, jnp.arange(steps.shape[0])[:, None]
        shares = Shares(
            (place == lengths - 1).astype(steps.dtype)[..., None],
            ((place < lengths) / jnp.maximum(lengths, 1)).astype(steps.dtype)[..., None],
        )
        assert cell.bias is not None
        ones = jnp.ones((*steps.shape[:2], 1), steps.dtype)
        weight = jnp.concatenate([cell.weight_ih.T, cell.bias[None]])
        gates = jnp.concatenate([steps, ones], axis=-1) @ weight
        if isinstance(cell, eqx.nn.GRUCell):
            assert cell.bias_n is not None
            return _gru(gates, cell.weight_hh.T, cell.bias_n, shares)
        return _lstm(gates, cell.weight_hh.T, shares)


class Shares(NamedTuple):
    """What each state counts in the two readings, shape (time, batch, 1): 1 where last, 1 / length within."""

    last: Array
    within: Array

    def add(self, reading: Reading, state: Array) -> Reading:
        """One step's state added to the readings."""
        return reading[0] + self.last * state, reading[1] + self.within * state

    def slope(self, above: Reading) -> Array:
        """The slope of one step's state from those of the readings."""
        return self.last * above[0] + self.within * above[1]


Reading = tuple[Array, Array]


@jax.custom_vjp
def _gru(gates: Array, weight: Array, bias: Array, shares: Shares) -> Array:
    return _gru_forward(gates, weight, bias, shares)[0]


def _gru_forward(gates: Array, weight: Array, bias: Array, shares: Shares) -> tuple[Array, Any]:
    """`h' = n + z (h − n)` with `n = tanh(i_n + r (W_n h + b_n))`; gates in the order r, z, n."""
    size = bias.shape[0]

    def step(carried: tuple[Array, Reading], given: tuple[Array, Shares]) -> tuple[Any, Any]:
        (state, reading), (gates, share) = carried, given
        product = state @ weight
        both = jax.nn.sigmoid(gates[:, : 2 * size] + product[:, : 2 * size])
        reset, keep = both[:, :size], both[:, size:]
        inner = product[:, 2 * size :] + bias
        new = jnp.tanh(gates[:, 2 * size :] + reset * inner)
        after = new + keep * (state - new)
        return (after, share.add(reading, after)), (state, both, new, inner)

    zero = jnp.zeros((gates.shape[1], size), gates.dtype)
    (_, reading), kept = jax.lax.scan(step, (zero, (zero, zero)), (gates, shares))
    return jnp.concatenate(reading, axis=-1), (kept, weight, shares)


def _gru_backward(saved: Any, slope: Array) -> tuple[Array, Array, Array, None]:
    (before, both, new, inner), weight, shares = saved
    size = new.shape[-1]
    above = (slope[:, :size], slope[:, size:])

    def step(carried: Array, given: Any) -> tuple[Array, tuple[Array, Array]]:
        before, both, new, inner, share = given
        reset, keep = both[:, :size], both[:, size:]
        total = carried + share.slope(above)
        to_new = total * (1 - keep) * (1 - new * new)
        to_reset = to_new * inner * reset * (1 - reset)
        to_keep = total * (before - new) * keep * (1 - keep)
        to_inner = to_new * reset
        through = jnp.concatenate([to_reset, to_keep, to_inner], axis=-1)
        gates = jnp.concatenate([to_reset, to_keep, to_new], axis=-1)
        return total * keep + through @ weight.T, (gates, to_inner)

    given = (before, both, new, inner, shares)
    _, (gates, to_inner) = jax.lax.scan(step, jnp.zeros_like(new[0]), given, reverse=True)
    flat, inside = before.reshape(-1, size).T, to_inner.reshape(-1, size)
    product = (flat @ gates.reshape(-1, 3 * size))[:, : 2 * size]
    sums = jnp.ones(inside.shape[0], inside.dtype) @ inside  # a product is faster than a reduction
    return gates, jnp.concatenate([product, flat @ inside], axis=-1), sums, None


_gru.defvjp(_gru_forward, _gru_backward)


@jax.custom_vjp
def _lstm(gates: Array, weight: Array, shares: Shares) -> Array:
    return _lstm_forward(gates, weight, shares)[0]


def _lstm_forward(gates: Array, weight: Array, shares: Shares) -> tuple[Array, Any]:
    """`c' = f c + i g`, `h' = o tanh(c')`; gates in the order i, f, g, o."""
    size = weight.shape[0]

    def step(carried: tuple[Array, Array, Reading], given: tuple[Array, Shares]) -> tuple[Any, Any]:
        (state, before, reading), (gates, share) = carried, given
        total = gates + state @ weight
        both = jax.nn.sigmoid(total[:, : 2 * size])
        new = jnp.tanh(total[:, 2 * size : 3 * size])
        out = jax.nn.sigmoid(total[:, 3 * size :])
        memory = both[:, size:] * before + both[:, :size] * new
        shown = jnp.tanh(memory)
        after = out * shown
        return (after, memory, share.add(reading, after)), (state, before, both, new, out, shown)

    zero = jnp.zeros((gates.shape[1], size), gates.dtype)
    (_, _, reading), kept = jax.lax.scan(step, (zero, zero, (zero, zero)), (gates, shares))
    return jnp.concatenate(reading, axis=-1), (kept, weight, shares)


def _lstm_backward(saved: Any, slope: Array) -> tuple[Array, Array, None]:
    (states, memory, both, new, out, shown), weight, shares = saved
    size = new.shape[-1]
    above = (slope[:, :size], slope[:, size:])

    def step(carried: tuple[Array, Array], given: Any) -> tuple[tuple[Array, Array], Array]:
        state, memory = carried
        before, both, new, out, shown, share = given
        enter, forget = both[:, :size], both[:, size:]
        total = state + share.slope(above)
        inside = memory + total * out * (1 - shown * shown)
        to_enter = inside * new * enter * (1 - enter)
        to_forget = inside * before * forget * (1 - forget)
        to_new = inside * enter * (1 - new * new)
        gates = jnp.concatenate([to_enter, to_forget, to_new, total * shown * out * (1 - out)], axis=-1)
        return (gates @ weight.T, inside * forget), gates

    zero = jnp.zeros_like(new[0])
    given = (memory, both, new, out, shown, shares)
    _, gates = jax.lax.scan(step, (zero, zero), given, reverse=True)
    return gates, states.reshape(-1, size).T @ gates.reshape(-1, 4 * size), None


_lstm.defvjp(_lstm_forward, _lstm_backward)
