"""Real columns as whole numbers: the only form in which their sums do not depend on the order of addition."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import ConfigurationError

_EXACT = float(2**53)


def in_units(reals: NDArray[np.float64], scale: int, what: str) -> NDArray[np.int64]:
    """Each value in units of 1/scale: the whole number nearest to value × scale, halves to even.

    ConfigurationError naming `what` where a value is not finite or reaches 2^53 units. The product is
    rounded to a double first; that can move it onto a half, never past one, so only halves are looked at
    again.
    """
    product = reals * scale
    if not np.all(np.abs(product) < _EXACT):
        raise ConfigurationError(
            f"a value of {what} does not fit into 2^53 units of 1/{scale}",
            hint="Measure it with a smaller scale, or correct the mapping.",
        )
    units = np.rint(product).astype(np.int64)
    half = np.flatnonzero(np.abs(product - np.trunc(product)) == 0.5)
    if len(half):
        found, which = np.unique(reals[half], return_inverse=True)
        units[half] = np.array([round(Fraction(float(one)) * scale) for one in found], np.int64)[which]
    return units
