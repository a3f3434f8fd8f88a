"""The arithmetic of derived features, as named operations over columns of doubles.

NaN stands for a missing value on the way in and out. A quotient whose divisor is zero or missing is
missing; sums and differences are missing where any part is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Formula:
    """One operation: how many inputs it takes (None: any number), what it computes, and in words."""

    inputs: int | None
    compute: Callable[..., Floats]
    words: str


def _difference(a: Floats, b: Floats) -> Floats:
    return a - b


def _ratio(a: Floats, b: Floats) -> Floats:
    quotient: Floats = np.divide(a, b, out=np.full(len(a), np.nan), where=(b != 0) & ~np.isnan(b))
    return quotient


def _change(recent: Floats, both: Floats) -> Floats:
    return _ratio(2 * recent - both, both)


def _standard_score(value: Floats, mean: Floats, deviation: Floats) -> Floats:
    return _ratio(value - mean, deviation)


def _concentration(*shares: Floats) -> Floats:
    total: Floats = np.add.reduce([share * share for share in shares])
    return total


FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {
        "difference": Formula(2, _difference, "{0} − {1}"),
        "ratio": Formula(2, _ratio, "{0} / {1}"),
        "change": Formula(2, _change, "({0} − ({1} − {0})) / {1}"),
        "standard_score": Formula(3, _standard_score, "({0} − {1}) / {2}"),
        "concentration": Formula(None, _concentration, "sum of squares of {all}"),
    }
)


def formula_words(operation: str, inputs: tuple[str, ...]) -> str:
    """The arithmetic as people read it."""
    return FORMULAS[operation].words.format(*inputs, all=", ".join(inputs))
