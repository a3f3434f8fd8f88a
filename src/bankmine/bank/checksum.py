"""A fast checksum of array bytes: four lanes of multiply and rotate, as in XXH64 (Collet 2012).

It finds damage, it does not withstand an adversary. It reads at the speed of the memory, so that kept columns
can be checked before they are first used. A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

U = np.uint64
P1, P2, P3 = U(0x9E3779B185EBCA87), U(0xC2B2AE3D27D4EB4F), U(0x165667B19E3779F9)

_BYTES = nb.types.Array(nb.uint8, 1, "C", readonly=True)
_WORDS = nb.types.Array(nb.uint64, 1, "C", readonly=True)


@nb.njit(nb.uint64(nb.uint64, nb.uint64), cache=True, inline="always")
def _stir(lane, word):  # type: ignore[no-untyped-def]
    lane += word * P2
    return ((lane << U(31)) | (lane >> U(33))) * P1


@nb.njit(nb.uint64(_WORDS, _BYTES), cache=True, nogil=True)
def checksum_of(words, tail):  # type: ignore[no-untyped-def]
    """The checksum of 8-byte words and the fewer than 8 bytes after them."""
    a, b, c, d = P1, P2, P3, U(words.size)
    whole = words.size - words.size % 4
    for i in range(0, whole, 4):
        a = _stir(a, words[i])
        b = _stir(b, words[i + 1])
        c = _stir(c, words[i + 2])
        d = _stir(d, words[i + 3])
    for i in range(whole, words.size):
        a = _stir(a, words[i])
    for i in range(tail.size):
        b = _stir(b, U(tail[i]) + U(i + 1) * P3)
    x = a ^ ((b << U(7)) | (b >> U(57))) ^ ((c << U(12)) | (c >> U(52))) ^ ((d << U(18)) | (d >> U(46)))
    x = (x ^ (x >> U(33))) * P2
    x = (x ^ (x >> U(29))) * P3
    return x ^ (x >> U(32))
