"""Which version of an event counts when.

A correction is a row with the same version key and a later `known_at` (a tie: the later `load_number`).
So each row counts for what was known in `[known_at, superseded_at)`; a cancelled row supersedes like any
other and then counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.hashing import splitmix64

Ints = NDArray[np.int64]
FOREVER = np.iinfo(np.int64).max


def superseded_at(version_key: Sequence[Ints], known_at: Ints, load_number: Ints) -> Ints:
    """When the next version of each row became known; FOREVER where there is none.

    Rows whose hash of the version key is unique have one version; only the others are sorted.
    """
    from bankmine.windows.tables_kernel import repeated

    until = np.full(len(known_at), FOREVER, np.int64)
    candidates = np.flatnonzero(repeated(_hashes(version_key)))
    if len(candidates) == 0:
        return until
    key = [column[candidates] for column in version_key]
    known, load = known_at[candidates], load_number[candidates]
    order = np.lexsort((load, known, *reversed(key)))
    same = np.ones(len(order) - 1, np.bool_)
    for column in key:
        same &= column[order[1:]] == column[order[:-1]]
    earlier, later = order[:-1][same], order[1:][same]
    until[candidates[earlier]] = known[later]
    return until


def _hashes(columns: Sequence[Ints]) -> NDArray[np.uint64]:
    mixed = splitmix64(columns[0])
    for column in columns[1:]:
        mixed = splitmix64((mixed ^ splitmix64(column)).view(np.int64))
    return mixed
