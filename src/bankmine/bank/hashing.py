"""Hashes that are the same on every machine and engine.

`splitmix64` chooses buckets (Steele, Lea, Flood 2014; DuckDB's and Spark's own hashes differ from each
other); SipHash-2-4 (Aumasson, Bernstein 2012), a keyed pseudo-random function, makes the pseudonyms. All
keys of the warehouse are integers, so text needs no hash of its own.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def splitmix64(keys: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 of each key; same shape."""
    with np.errstate(over="ignore"):
        x = keys.astype(np.int64).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def bucket_of(keys: NDArray[np.int64], buckets: int) -> NDArray[np.int64]:
    """The bucket of each key, 0 ≤ bucket < `buckets`, which is a power of two."""
    return (splitmix64(keys) & np.uint64(buckets - 1)).astype(np.int64)


def pair_tokens(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """One token for each ordered pair of tokens; like them never the lowest integer."""
    mixed = splitmix64(splitmix64(first).view(np.int64) ^ second).view(np.int64)
    return np.maximum(mixed, np.iinfo(np.int64).min + 1)


@cache
def _siphash_kernel() -> Any:
    from bankmine.bank.siphash import siphash_many

    return siphash_many


def keyed_tokens(texts: Any, key: bytes, domain: str) -> NDArray[np.int64]:
    """SipHash-2-4 of `domain`, a unit separator and each text, as signed 64-bit integers.

    `texts` is an Arrow string array without nulls; `key` has 16 bytes. The result is never the lowest
    integer, which kernels keep for "none".
    """
    import pyarrow as pa

    array = (
        pa.array(texts, pa.large_string())
        if not isinstance(texts, pa.Array)
        else texts.cast(pa.large_string())
    )
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    data = array.buffers()[2]
    content = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    prefix = np.frombuffer(f"{domain}\x1f".encode(), np.uint8)
    low, high = np.frombuffer(key, np.uint64)
    return _siphash_kernel()(content, offsets, prefix, low, high)  # type: ignore[no-any-return]
