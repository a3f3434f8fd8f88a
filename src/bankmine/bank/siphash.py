"""SipHash-2-4 over many strings at once (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012).

A leaf module, because Numba is slow to import; use `bank.hashing.keyed_tokens`.
"""

import numba as nb
import numpy as np

U = np.uint64


@nb.njit(nb.uint64(nb.uint64, nb.uint64), cache=True, inline="always")
def _rotate(x, bits):  # type: ignore[no-untyped-def]
    return (x << bits) | (x >> (U(64) - bits))


@nb.njit(cache=True, inline="always")
def _round(v0, v1, v2, v3):  # type: ignore[no-untyped-def]
    v0 = v0 + v1
    v1 = _rotate(v1, U(13)) ^ v0
    v0 = _rotate(v0, U(32))
    v2 = v2 + v3
    v3 = _rotate(v3, U(16)) ^ v2
    v0 = v0 + v3
    v3 = _rotate(v3, U(21)) ^ v0
    v2 = v2 + v1
    v1 = _rotate(v1, U(17)) ^ v2
    v2 = _rotate(v2, U(32))
    return v0, v1, v2, v3


_BYTES = nb.types.Array(nb.uint8, 1, "C", readonly=True)
_OFFSETS = nb.types.Array(nb.int64, 1, "C", readonly=True)


@nb.njit(nb.int64[::1](_BYTES, _OFFSETS, _BYTES, nb.uint64, nb.uint64), cache=True)
def siphash_many(content, offsets, prefix, low, high):  # type: ignore[no-untyped-def]
    """The token of prefix + content[offsets[i]:offsets[i + 1]] for each i."""
    count = offsets.size - 1
    result = np.empty(count, np.int64)
    for i in range(count):
        start = offsets[i]
        length = prefix.size + offsets[i + 1] - start
        v0 = low ^ U(0x736F6D6570736575)
        v1 = high ^ U(0x646F72616E646F6D)
        v2 = low ^ U(0x6C7967656E657261)
        v3 = high ^ U(0x7465646279746573)
        word = U(0)
        filled = 0
        for j in range(length):
            byte = prefix[j] if j < prefix.size else content[start + j - prefix.size]
            word |= U(byte) << U(8 * filled)
            filled += 1
            if filled == 8:
                v3 ^= word
                v0, v1, v2, v3 = _round(v0, v1, v2, v3)
                v0, v1, v2, v3 = _round(v0, v1, v2, v3)
                v0 ^= word
                word = U(0)
                filled = 0
        word |= U(length & 255) << U(56)
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
        v2 ^= U(255)
        for _ in range(4):
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        token = np.int64(v0 ^ v1 ^ v2 ^ v3)
        if token == np.int64(-9223372036854775808):
            token = np.int64(-9223372036854775807)
        result[i] = token
    return result
