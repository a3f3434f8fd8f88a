"""ONNX written from the weights answers as JAX does, whatever stands in the padding."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from made_up_sequences import random_sequences

from bankmine.mining.sequence.classifier import run
from bankmine.mining.sequence.encoding import EventEncoding
from bankmine.mining.sequence.graph import onnx_of
from bankmine.mining.serving.session import session

pytest.importorskip("equinox", reason="the extra `deep` is not installed")
LENGTHS = [0, 1, 2, 7, 30, 200, 0, 55]
Kind = Literal["gru", "lstm"]


def network(kind: Kind, inputs: int, hidden: int = 16) -> Any:
    import equinox as eqx
    import jax

    from bankmine.mining.sequence.recurrent import Recurrent

    made = Recurrent(kind, inputs, hidden, key=jax.random.PRNGKey(5))
    return eqx.tree_at(lambda one: one.intercept, made, jax.numpy.asarray(-0.7))


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_onnx_equals_jax_to_a_millionth_for_lengths_of_none_one_and_many(kind: Kind) -> None:
    from bankmine.mining.sequence.training import weights_of

    made = random_sequences(LENGTHS)
    encoded = EventEncoding.fit(made).encode(made)
    net = network(kind, encoded.width)
    served = run(session(onnx_of(weights_of(net, kind))), encoded)
    steps, lengths = encoded.padded(np.arange(len(LENGTHS)), 208)
    assert np.abs(np.asarray(net(steps, lengths)) - served).max() < 1e-6
    assert abs(served[0] + 0.7) < 1e-6
    alone = [
        run(session(onnx_of(weights_of(net, kind))), EventEncoding.fit(made).encode(made.take([i])))
        for i in (1, 5)
    ]
    assert np.abs(np.concatenate(alone) - served[[1, 5]]).max() < 1e-6


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_poisoned_padding_changes_nothing(kind: Kind) -> None:
    from bankmine.mining.sequence.training import weights_of

    made = random_sequences(LENGTHS)
    encoded = EventEncoding.fit(made).encode(made)
    net = network(kind, encoded.width)
    served = session(onnx_of(weights_of(net, kind)))
    steps, lengths = encoded.padded(np.arange(len(LENGTHS)), 208)
    poisoned = np.where(np.arange(208)[:, None, None] < lengths[:, None], steps, np.float32(1e4))
    assert np.array_equal(np.asarray(net(steps, lengths)), np.asarray(net(poisoned, lengths)))
    given = [{"steps": one, "lengths": lengths} for one in (steps, poisoned)]
    assert np.array_equal(*(served.run(None, one)[0] for one in given))


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_the_hand_written_gradient_is_that_of_equinox_cells_step_by_step(kind: Kind) -> None:
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    def slow(net: Any, steps: Any, lengths: Any) -> Any:
        total = 0.0
        for row in range(steps.shape[1]):
            state: Any = jnp.zeros(8) if kind == "gru" else (jnp.zeros(8), jnp.zeros(8))
            seen = []
            for step in range(int(lengths[row])):
                state = net.cell(steps[step, row], state)
                seen.append(state if kind == "gru" else state[0])
            last = seen[-1] if seen else jnp.zeros(8)
            mean = sum(seen) / len(seen) if seen else jnp.zeros(8)
            total += jnp.sin(jnp.concatenate([last, mean]) @ net.head + net.intercept)
        return total

    def fast(net: Any, steps: Any, lengths: Any) -> Any:
        return jnp.sin(net(steps, lengths)).sum()

    net = network(kind, 3, hidden=8)
    steps = jax.random.normal(jax.random.PRNGKey(1), (6, 3, 3))
    lengths = np.array([6, 0, 4])
    one, other = (eqx.filter_value_and_grad(work)(net, steps, lengths) for work in (slow, fast))
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert np.allclose(left, right, atol=2e-6)


def test_the_same_weights_give_the_same_bytes() -> None:
    from bankmine.mining.sequence.training import weights_of

    assert onnx_of(weights_of(network("lstm", 4), "lstm")) == onnx_of(weights_of(network("lstm", 4), "lstm"))
