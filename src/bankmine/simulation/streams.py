"""Random streams: one for each (seed, community, name), so that no draw depends on what others drew.

A cause added later takes a stream of its own name and leaves every other number as it was.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

EVERYONE = 2**32 - 1  # the "community" of what all communities share


def stream(seed: int, community: int, name: str) -> np.random.Generator:
    """The generator of one named cause in one community (SFC64: the fastest of NumPy's)."""
    return np.random.Generator(
        np.random.SFC64(np.random.SeedSequence([seed, community, crc32(name.encode())]))
    )
