"""Draws that depend on what they are for, not on how many were made before.

An episode of crime or an application has a key (person and number); each of its draws is a hash of the
stream's salt, a word that names the draw, and the key. So only the draws needed are made, and a longer world,
which merely has more episodes, begins like a shorter one.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bankmine.simulation.frame import Floats, Ints

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ONE, _TWO = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Keyed:
    """Uniform, normal and whole-number draws by key (splitmix64)."""

    def __init__(self, draw: np.random.Generator) -> None:
        self._salt = np.uint64(draw.integers(0, 2**63))

    def _bits(self, word: str, keys: tuple[ArrayLike, ...]) -> NDArray[np.uint64]:
        with np.errstate(over="ignore"):
            state: NDArray[np.uint64] = splitmix(
                np.atleast_1d(self._salt + np.uint64(crc32(word.encode())) * _GOLDEN)
            )
            for key in keys:
                state = splitmix(state + np.asarray(key).astype(np.uint64) * _GOLDEN + _GOLDEN)
        return state

    def uniform(self, word: str, *keys: ArrayLike) -> Floats:
        """In [0, 1), one for each key."""
        return np.asarray((self._bits(word, keys) >> np.uint64(11)) * 2.0**-53)

    def between(self, word: str, low: float, high: float, *keys: ArrayLike) -> Floats:
        """In [low, high)."""
        return low + (high - low) * self.uniform(word, *keys)

    def whole(self, word: str, low: int, high: int, *keys: ArrayLike) -> Ints:
        """Whole numbers from low up to but not including high."""
        return low + (self.uniform(word, *keys) * (high - low)).astype(np.int64)

    def normal(self, word: str, *keys: ArrayLike) -> Floats:
        """Standard normal (Box and Muller)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(word, *keys)))
        return np.asarray(radius * np.cos(2 * np.pi * self.uniform(word + " angle", *keys)))


def splitmix(value: Any) -> Any:
    """The output of splitmix64 for a state, or for an array of states; also compiled by the kernel."""
    value = (value ^ (value >> np.uint64(30))) * _ONE
    value = (value ^ (value >> np.uint64(27))) * _TWO
    return value ^ (value >> np.uint64(31))
