"""Rows as bits: which rows have a code is 64 rows a word, so counting rows of a rule is a few machine words.

Rough sets and the genetic search ask "how many rows meet these conditions" millions of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]


def packed(flags: Any) -> Words:
    """Flags of shape (…, rows) as words of shape (…, ⌈rows / 64⌉); the last word is filled with zeros."""
    values = np.asarray(flags, dtype=np.bool_)
    width = -(-values.shape[-1] // 64) * 8
    small = np.packbits(values, axis=-1, bitorder="little")
    padded = np.zeros((*small.shape[:-1], width), dtype=np.uint8)
    padded[..., : small.shape[-1]] = small
    return padded.view(np.uint64)


def unpacked(words: Words, rows: int) -> NDArray[np.bool_]:
    """The flags of the first `rows` rows, the inverse of `packed`."""
    small = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(small, axis=-1, count=rows, bitorder="little").astype(np.bool_)


def count(words: Words) -> int:
    """The number of rows in a set."""
    return int(np.bitwise_count(words).sum())


def counts(words: Words) -> NDArray[np.int64]:
    """The number of rows in each set of an array of shape (sets, words)."""
    return np.asarray(np.bitwise_count(words).sum(axis=-1), dtype=np.int64)


def code_sets(codes: Any, sizes: Sequence[int]) -> Words:
    """The rows of each code of each attribute, shape (all codes, words), attribute after attribute."""
    flags = [codes[:, place] == code for place, size in enumerate(sizes) for code in range(size)]
    return np.stack([packed(one) for one in flags]) if flags else np.zeros((0, 1), dtype=np.uint64)
