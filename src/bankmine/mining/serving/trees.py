"""A LightGBM booster as an ONNX tree ensemble, read from its text and written by ourselves, with doubles.

Converters at hand write thresholds as 32-bit floats: a value between a threshold and its rounded copy then
goes the other way. Operator TreeEnsemble of ai.onnx.ml 5 takes doubles, so every split decides exactly as
LightGBM does. Missing values follow LightGBM's `decision_type` (bit 1: category, 2: missing goes left, 4 and
8: what counts as missing), categories its bit sets. Neither lightgbm nor a converter is needed, only `onnx`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints

ZERO = float(np.float32(1e-35))  # LightGBM reads values up to here, of either sign, as 0
LEQ, MEMBER = 0, 6  # modes of TreeEnsemble
OPSET, ML_OPSET = 17, 5


@dataclass(frozen=True)
class Tree:
    """One tree: child ≥ 0 is a node, child < 0 the leaf −1 − child. `members` holds a category node's set."""

    feature: Ints
    threshold: Floats
    decision: Ints
    left: Ints
    right: Ints
    leaf: Floats
    members: dict[int, tuple[int, ...]]


def trees_of(text: str) -> list[Tree]:
    """The trees of LightGBM's text for one output. UsageError for forms we do not write."""
    head, *parts = text.split("\nTree=")
    said = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    if not said.get("objective", "").startswith("binary") or "sigmoid:1" not in said["objective"]:
        raise UsageError(f"The booster's objective is {said.get('objective')!r}", hint="Give a binary one.")
    if "average_output" in head.splitlines() or said.get("num_tree_per_iteration") != "1":
        raise UsageError("The booster is a forest or has several classes", hint="Give a boosted binary one.")
    return [_tree(part.split("\nend of trees")[0]) for part in parts]


def _tree(text: str) -> Tree:
    said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if said.get("is_linear") == "1":
        raise UsageError("The booster has linear trees", hint="Fit it with linear_tree off.")

    def whole(name: str) -> Ints:
        return np.array(said.get(name, "").split(), dtype=np.int64)

    threshold = np.array(said.get("threshold", "").split(), dtype=np.float64)
    decision, words, ends = whole("decision_type"), whole("cat_threshold"), whole("cat_boundaries")
    members = {}
    for node in np.flatnonzero(decision & 1).tolist():
        place = int(threshold[node])
        members[node] = _members(words[ends[place] : ends[place + 1]])
    return Tree(
        feature=whole("split_feature"),
        threshold=threshold,
        decision=decision,
        left=whole("left_child"),
        right=whole("right_child"),
        leaf=np.array(said["leaf_value"].split(), dtype=np.float64),
        members=members,
    )


def _members(words: Ints) -> tuple[int, ...]:
    """The categories of a bit set of 32-bit words."""
    found = enumerate(words.tolist())
    return tuple(32 * place + bit for place, word in found for bit in range(32) if word >> bit & 1)


def onnx_of_trees(trees: list[Tree], columns: int) -> bytes:
    """The model: `rows` (batch, columns) doubles in, `log_odds` (batch, 1) doubles out.

    Values of category columns are whole numbers, as in training. The same trees give the same bytes.
    """
    from onnx import TensorProto, helper

    double, attributes = TensorProto.DOUBLE, _attributes(helper, trees)
    graph = helper.make_graph(
        [helper.make_node("TreeEnsemble", ["rows"], ["log_odds"], domain="ai.onnx.ml", **attributes)],
        "boosting",
        [helper.make_tensor_value_info("rows", double, ["batch", columns])],
        [helper.make_tensor_value_info("log_odds", double, ["batch", 1])],
    )
    opset = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opset, producer_name="bankmine", ir_version=8)
    return bytes(model.SerializeToString(deterministic=True))


def _attributes(helper: Any, trees: list[Tree]) -> dict[str, Any]:
    from onnx import TensorProto

    nodes, leaves, roots, members = _flattened(trees)

    def tensor(name: str, values: Any, kind: int = TensorProto.DOUBLE) -> Any:
        return helper.make_tensor(name, kind, [len(values)], values)

    made: dict[str, Any] = {
        "tree_roots": roots,
        "nodes_featureids": [node.feature for node in nodes],
        "nodes_modes": tensor("modes", [node.mode for node in nodes], TensorProto.UINT8),
        "nodes_splits": tensor("splits", [node.split for node in nodes]),
        "nodes_truenodeids": [node.left[0] for node in nodes],
        "nodes_trueleafs": [node.left[1] for node in nodes],
        "nodes_falsenodeids": [node.right[0] for node in nodes],
        "nodes_falseleafs": [node.right[1] for node in nodes],
        "nodes_missing_value_tracks_true": [node.missing_left for node in nodes],
        "leaf_targetids": [0] * len(leaves),
        "leaf_weights": tensor("weights", leaves),
        "n_targets": 1,
        "aggregate_function": 1,
        "post_transform": 0,
    }
    if members:
        made["membership_values"] = tensor("members", members)
    return made


@dataclass(frozen=True)
class _Node:
    """A node as TreeEnsemble has it; a child is (position, whether it is a leaf)."""

    feature: int
    mode: int
    split: float
    left: tuple[int, int]
    right: tuple[int, int]
    missing_left: int


def _flattened(trees: list[Tree]) -> tuple[list[_Node], list[float], list[int], list[float]]:
    """Nodes and leaves of all trees, the roots, and the sets of categories, each closed by NaN."""
    nodes: list[_Node] = []
    leaves: list[float] = []
    roots: list[int] = []
    members: list[float] = []
    for tree in trees:
        roots.append(len(nodes))
        nodes += _nodes(tree, len(nodes), len(leaves))
        leaves += tree.leaf.tolist()
        for node in sorted(tree.members):
            members += [*(float(one) for one in tree.members[node]), float("nan")]
    return nodes, leaves, roots, members


def _nodes(tree: Tree, first: int, first_leaf: int) -> Iterator[_Node]:
    if not len(tree.feature):  # a tree that is one leaf: both ways lead to it
        yield _Node(0, LEQ, 0.0, (first_leaf, 1), (first_leaf, 1), 0)

    def child(to: int) -> tuple[int, int]:
        return (first + to, 0) if to >= 0 else (first_leaf - 1 - to, 1)

    for place, feature in enumerate(tree.feature.tolist()):
        decision, split = int(tree.decision[place]), float(tree.threshold[place])
        left, right = child(int(tree.left[place])), child(int(tree.right[place]))
        if decision & 1:
            yield _Node(feature, MEMBER, 0.0, left, right, 0)
        else:
            yield _Node(feature, LEQ, _as_zero(split), left, right, int(_missing_left(decision, split)))


def _as_zero(split: float) -> float:
    """The split that sends all of [−ZERO, ZERO] where LightGBM sends 0."""
    if abs(split) > ZERO:
        return split
    return ZERO if split >= 0 else float(np.nextafter(-ZERO, -np.inf))


def _missing_left(decision: int, split: float) -> bool:
    """Where NaN goes: LightGBM takes it for 0 where training saw none missing in the column."""
    missing = decision >> 2 & 3
    if missing == 1:
        raise UsageError("The booster takes zero for missing", hint="Fit it with zero_as_missing off.")
    return bool(decision & 2) if missing == 2 else split >= 0.0
