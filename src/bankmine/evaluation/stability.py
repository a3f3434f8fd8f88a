"""Has a distribution moved? The population stability index, with what chance alone would give.

`PSI = Σ (a − e) ln(a / e)` over bins, with e and a the shares of the two samples. Two samples of one
distribution give about `(1/n + 1/m) · χ²` with bins − 1 degrees of freedom (Yurdakul and Naranjo 2020), so
small samples pass the customary limit of .1 by chance: the band says from where on a figure means anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.evaluation.arrays import Floats
from bankmine.evaluation.plain import plain

SMALL, LARGE = 0.1, 0.25


@dataclass(frozen=True)
class Shift:
    """One bin: its label and its share in either sample."""

    label: str
    expected: float
    actual: float
    part: float


@dataclass(frozen=True)
class PopulationStability:
    """The index, the 95 % limit of chance, the verdict and the bins."""

    value: float
    chance: float
    verdict: str
    bins: tuple[Shift, ...]
    expected_rows: int
    actual_rows: int

    @property
    def shifted(self) -> bool:
        """Beyond chance and beyond the customary .1."""
        return self.value > max(self.chance, SMALL)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's metrics."""
        result: dict[str, Any] = plain(self)
        return result


def population_stability(expected: Any, actual: Any, *, bins: int = 10) -> PopulationStability:
    """Compare two samples of one column: numbers (binned by quantiles of `expected`) or categories.

    Missing values (NaN, None) are a bin of their own; a category unseen in `expected` too. An empty bin
    counts as half a row. FeasibilityError when a sample is empty.
    """
    first, second = np.asarray(expected), np.asarray(actual)
    if len(first) == 0 or len(second) == 0:
        raise FeasibilityError(
            f"Stability was asked between {len(first)} and {len(second)} rows",
            hint="Give rows on both sides.",
        )
    numeric = first.dtype.kind in "fiub" and second.dtype.kind in "fiub"
    labels, e, a = _numbers(first, second, bins) if numeric else _categories(first, second)
    some = (e > 0) | (a > 0)
    labels, e, a = [name for name, kept in zip(labels, some, strict=True) if kept], e[some], a[some]
    share_e, share_a = np.maximum(e, 0.5) / len(first), np.maximum(a, 0.5) / len(second)
    parts = (share_a - share_e) * np.log(share_a / share_e)
    value, chance = float(parts.sum()), _chance(len(e), len(first), len(second))
    table = tuple(
        Shift(name, float(x) / len(first), float(z) / len(second), float(part))
        for name, x, z, part in zip(labels, e, a, parts, strict=True)
    )
    return PopulationStability(value, chance, _verdict(value, chance), table, len(first), len(second))


def _numbers(first: Any, second: Any, bins: int) -> tuple[list[str], Floats, Floats]:
    x, z = first.astype(np.float64), second.astype(np.float64)
    known = x[~np.isnan(x)]
    levels = np.unique(known)
    if len(levels) <= bins:
        edges = levels[1:]
    else:
        edges = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="higher"))
        edges = edges[edges > levels[0]]
    names = [f"below {edges[0]:.6g}"] if len(edges) else ["all"]
    names += [f"{low:.6g} to {high:.6g}" for low, high in pairwise(edges)]
    names += [f"{edges[-1]:.6g} and more"] if len(edges) else []
    return [*names, "missing"], _count(x, edges), _count(z, edges)


def _count(values: Floats, edges: Floats) -> Floats:
    missing = np.isnan(values)
    place = np.searchsorted(edges, values[~missing], side="right")
    counts = np.bincount(place, minlength=len(edges) + 1)
    return np.append(counts, missing.sum()).astype(np.float64)


def _categories(first: Any, second: Any) -> tuple[list[str], Floats, Floats]:
    x, z = _texts(first), _texts(second)
    names, position = np.unique(np.concatenate([x, z]), return_inverse=True)
    e = np.bincount(position[: len(x)], minlength=len(names)).astype(np.float64)
    a = np.bincount(position[len(x) :], minlength=len(names)).astype(np.float64)
    return [str(name) for name in names], e, a


def _texts(values: Any) -> Any:
    return np.array(["missing" if v is None or v != v else str(v) for v in values.tolist()], dtype=object)


def _chance(bins: int, n: int, m: int) -> float:
    if bins < 2:
        return 0.0
    from scipy.special import chdtri

    return float(chdtri(bins - 1, 0.05)) * (1 / n + 1 / m)


def _verdict(value: float, chance: float) -> str:
    if value <= chance:
        return "no more than chance"
    if value < SMALL:
        return "small shift"
    return "moderate shift" if value < LARGE else "large shift"
