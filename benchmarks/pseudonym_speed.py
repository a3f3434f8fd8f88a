"""Decision 0002: tokens of a million keys by SipHash in Numba against `hashlib.blake2b`, one call a key.

Run `python -m benchmarks.pseudonym_speed`; prints one JSON line last.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa

from bankmine.bank.hashing import keyed_tokens
from benchmarks.rows import alternate

KEY = bytes(range(16))
COUNT = 1_000_000


def blake2b(texts: list[str]) -> np.ndarray:
    """The peer: one keyed hash a call."""
    digests = (hashlib.blake2b(text.encode(), digest_size=8, key=KEY).digest() for text in texts)
    return np.array([int.from_bytes(digest, "little", signed=True) for digest in digests])


def main() -> None:
    """Alternates both three times and prints the medians."""
    texts = [str(number) for number in range(COUNT)]
    array = pa.array(texts)
    keyed_tokens(array, KEY, "warm")
    seen = alternate({"siphash": lambda: keyed_tokens(array, KEY, "t"), "blake2b": lambda: blake2b(texts)})
    ratio = round(seen["blake2b"]["cpu_s"] / seen["siphash"]["cpu_s"], 1)
    print(json.dumps({"keys": COUNT, **seen, "times_faster": ratio}))


if __name__ == "__main__":
    main()
