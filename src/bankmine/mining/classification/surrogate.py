"""Rules of a model that has none of its own: a small tree fitted to what the model says.

A surrogate (Craven & Shavlik 1996) speaks for a model only as far as it agrees with it, so its fidelity is
measured on rows it was not fitted on and said beside the rules, with the fidelity of no rules at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from bankmine.mining.classification.rules import Rule
from bankmine.mining.classification.tree import DecisionTree
from bankmine.mining.contract import Floats, Matrix

LEAVES = 16
SHARE_HELD_OUT = 0.3


@dataclass(frozen=True)
class Surrogate:
    """`rules` of the tree; `fidelity` is the share of held-out rows put on the model's side of its own cut,
    `without` that share where every row were put on the larger side.

    The cut is where as many rows lie above as training had positives.
    """

    rules: tuple[Rule, ...]
    fidelity: float
    without: float
    rows: int

    def __str__(self) -> str:
        return (
            f"{len(self.rules)} rules that agree with the model on {self.fidelity:.1%} of rows not used "
            f"({self.without:.1%} without rules)"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "rules": [rule.to_json() for rule in self.rules],
            "fidelity": self.fidelity,
            "without": self.without,
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        rules = tuple(Rule.from_json(one) for one in content["rules"])
        return cls(rules, float(content["fidelity"]), float(content["without"]), int(content["rows"]))


def surrogate(
    miner: Any, X: Matrix, *, leaves: int = LEAVES, most_rows: int = 20_000, random_state: int = 0
) -> Surrogate:
    """The tree that comes nearest to a fitted classifier on rows `X`; at most `most_rows` random rows.

    Support, confidence and lift of its rules count what the model says, not what came true. No rules where
    the model says the same of (almost) all rows.
    """
    values = miner._matrix(X)
    draw = np.random.default_rng(random_state)
    rows = draw.permutation(len(values))[:most_rows]
    ranking = miner.decision_function(values[rows])
    says = _above(ranking, miner.base_rate_)
    held = int(len(rows) * SHARE_HELD_OUT)
    test, train = slice(0, held), slice(held, None)
    fewer = min(int(says[train].sum()), int((~says[train]).sum()))
    constant = max(float(says[test].mean()), 1 - float(says[test].mean())) if held else 1.0
    if fewer < DecisionTree.minimum.each_class or len(says[train]) < DecisionTree.minimum.rows:
        return Surrogate((), constant, constant, len(rows))
    tree = DecisionTree(leaves, random_state=random_state)
    tree.fit(values[rows[train]], says[train], names=miner.names_)
    agrees = (tree.probability(values[rows[test]]) >= 0.5) == says[test]
    return Surrogate(tree.rules(), float(agrees.mean()), constant, len(rows))


def rules_of(miner: Any, X: Matrix, *, random_state: int = 0) -> tuple[tuple[Rule, ...], Surrogate | None]:
    """A classifier's own rules, or those of a surrogate fitted on `X`, and that surrogate."""
    inner = getattr(miner, "classifier", miner)
    if hasattr(inner, "rules"):
        return tuple(inner.rules()), getattr(inner, "surrogate_", None)
    found = surrogate(inner, X, random_state=random_state)
    return found.rules, found


def _above(ranking: Floats, share: float) -> Any:
    """Which rows lie above the cut that leaves `share` of them above it."""
    return ranking > np.quantile(ranking, 1 - share)


def texts(rules: Sequence[Rule], *, top: int = 10, positive: str = "positive") -> list[str]:
    """The first rules in words."""
    return [rule.text(positive, f"not {positive}") for rule in rules[:top]]
