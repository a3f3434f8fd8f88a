"""Weights of a recurrent network as an ONNX model, written node by node.

ONNX and Equinox order the gates differently. GRU: Equinox r, z, n against ONNX z, r, h, with the inner bias
of n added before the reset (`linear_before_reset = 1`), so it goes to the recurrent half of the bias. LSTM:
Equinox i, f, g, o against ONNX i, o, f, c. `onnx` is imported when a model is written; serving needs
onnxruntime alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
OPSET = 17
GATES = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}


@dataclass(frozen=True)
class Weights:
    """A recurrent layer with its logistic head, in Equinox's order of the gates (G gates, H units, F inputs).

    inputs (G·H, F), recurrent (G·H, H), bias (G·H,), inner (H,) or None for LSTM, head (2·H,) on the last
    state beside the mean of all states, and the intercept.
    """

    kind: Literal["gru", "lstm"]
    inputs: Singles
    recurrent: Singles
    bias: Singles
    inner: Singles | None
    head: Singles
    intercept: float

    @property
    def hidden(self) -> int:
        """Units H."""
        return int(self.recurrent.shape[1])


def onnx_of(weights: Weights) -> bytes:
    """The model: `steps` (time, batch, inputs) and `lengths` (batch,) int32 in, `log_odds` (batch, 1) out.

    Steps at or beyond a length change nothing; a length of 0 gives the intercept. The same weights give the
    same bytes.
    """
    from onnx import helper, numpy_helper

    tensors = {name: np.asarray(value) for name, value in _tensors(weights).items()}
    graph = helper.make_graph(
        _nodes(helper, weights),
        weights.kind,
        [
            helper.make_tensor_value_info("steps", 1, ["time", "batch", weights.inputs.shape[1]]),
            helper.make_tensor_value_info("lengths", 6, ["batch"]),
        ],
        [helper.make_tensor_value_info("log_odds", 1, ["batch", 1])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, producer_name="bankmine", ir_version=8)
    return bytes(model.SerializeToString(deterministic=True))


def _nodes(helper: Any, weights: Weights) -> list[Any]:
    more = {"linear_before_reset": 1} if weights.kind == "gru" else {}
    kind, given = weights.kind.upper(), ["steps", "W", "R", "B", "lengths"]
    return [
        helper.make_node(kind, given, ["all", "end"], hidden_size=weights.hidden, **more),
        helper.make_node("ReduceSum", ["all", "first_two"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["lengths"], ["number"], to=1),
        helper.make_node("Max", ["number", "one"], ["divisor"]),
        helper.make_node("Unsqueeze", ["divisor", "second"], ["column"]),
        helper.make_node("Div", ["sum", "column"], ["mean"]),
        helper.make_node("Squeeze", ["end", "first"], ["last"]),
        helper.make_node("Concat", ["last", "mean"], ["read"], axis=1),
        helper.make_node("Gemm", ["read", "head", "intercept"], ["log_odds"]),
    ]


def _tensors(weights: Weights) -> dict[str, Any]:
    size = weights.hidden
    bias = _ordered(weights.bias, weights)
    inside = np.zeros_like(bias)
    if weights.inner is not None:
        inside[2 * size :] = weights.inner
    return {
        "W": _ordered(weights.inputs, weights)[None],
        "R": _ordered(weights.recurrent, weights)[None],
        "B": np.concatenate([bias, inside])[None],
        "head": np.ascontiguousarray(weights.head[:, None]),
        "intercept": np.array([weights.intercept], dtype=np.float32),
        "one": np.ones(1, dtype=np.float32),
        "first": np.array([0]),
        "second": np.array([1]),
        "first_two": np.array([0, 1]),
    }


def _ordered(values: Singles, weights: Weights) -> Singles:
    """Blocks of H rows in ONNX's order of the gates."""
    size = weights.hidden
    return np.concatenate([values[gate * size : (gate + 1) * size] for gate in GATES[weights.kind]])
