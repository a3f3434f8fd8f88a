"""What sets a cluster apart, as plain data from which a task writes plain words.

The effect is Cohen's d between the cluster and all other rows: difference of means over the pooled standard
deviation, so columns in days, pieces and money can be compared. Cohen (1988) calls .2 small, .5 medium and
.8 large. Columns may hold missing values, which are left out of their own column only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import plain


@dataclass(frozen=True)
class Trait:
    """One column in one cluster: means inside and outside in the column's own unit, and Cohen's d."""

    feature: str
    mean: float
    mean_others: float
    median: float
    effect: float
    level: str


@dataclass(frozen=True)
class ClusterProfile:
    """One cluster: its number, size, share of all rows, and its traits by falling size of effect."""

    label: int
    size: int
    share: float
    traits: tuple[Trait, ...]

    def outstanding(self, *, least: float = 0.5, top: int = 3) -> tuple[Trait, ...]:
        """The `top` traits whose effect is at least `least` in size; may be empty."""
        return tuple(trait for trait in self.traits if abs(trait.effect) >= least)[:top]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        result: dict[str, Any] = plain(self)
        return result


def profile(values: Floats, labels: Ints, names: Sequence[str]) -> tuple[ClusterProfile, ...]:
    """Profiles of clusters 0 … max(labels); `values` has shape (rows, columns) in the columns' own units."""
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape != (len(labels), len(names)):
        raise UsageError(
            f"The profile got values of shape {matrix.shape}, {len(labels)} labels and {len(names)} names",
            hint="Give a label for each row and a name for each column.",
        )
    clusters = int(labels.max(initial=-1)) + 1
    traits = [_traits_of_column(name, matrix[:, i], labels, clusters) for i, name in enumerate(names)]
    sizes = np.bincount(labels, minlength=clusters)
    return tuple(
        ClusterProfile(
            label=label,
            size=int(sizes[label]),
            share=float(sizes[label] / len(labels)),
            traits=tuple(sorted((column[label] for column in traits), key=lambda t: -abs(t.effect))),
        )
        for label in range(clusters)
    )


def _traits_of_column(name: str, column: Floats, labels: Ints, clusters: int) -> list[Trait]:
    known = np.isfinite(column)
    value, label = column[known], labels[known]
    centred = value - (value.mean() if len(value) else 0.0)
    count = np.bincount(label, minlength=clusters).astype(np.float64)
    total = np.bincount(label, weights=centred, minlength=clusters).astype(np.float64)
    square = np.bincount(label, weights=centred**2, minlength=clusters).astype(np.float64)
    shift = float(value.mean()) if len(value) else 0.0
    return [
        _trait(name, value[label == one], shift, count[one], total[one], square[one], (count, total, square))
        for one in range(clusters)
    ]


def _trait(
    name: str,
    inside: Floats,
    shift: float,
    count: float,
    total: float,
    square: float,
    every: tuple[Floats, Floats, Floats],
) -> Trait:
    others, total_others, square_others = (float(part.sum()) for part in every)
    others, total_others, square_others = others - count, total_others - total, square_others - square
    if count == 0 or others == 0:
        return Trait(name, np.nan, np.nan, np.nan, 0.0, "unknown")
    mean, mean_others = total / count, total_others / others
    within = square - count * mean**2 + square_others - others * mean_others**2
    deviation = np.sqrt(max(within, 0.0) / max(count + others - 2, 1.0))
    gap = mean - mean_others
    scale = max(abs(shift), abs(mean), abs(mean_others), 1.0) * 1e-12
    effect = gap / deviation if deviation > scale else float(np.sign(gap)) * 10.0 * (abs(gap) > scale)
    effect = float(np.clip(effect, -10.0, 10.0))
    return Trait(
        name, float(mean + shift), float(mean_others + shift), float(np.median(inside)), effect, level(effect)
    )


def level(effect: float) -> str:
    """Cohen's limits in words: very low, low, usual, high, very high."""
    size = abs(effect)
    if size < 0.5:
        return "usual"
    side = "high" if effect > 0 else "low"
    return f"very {side}" if size >= 0.8 else side
