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
Bools = NDArray[np.bool_]
FOREVER = np.iinfo(np.int64).max


def superseded_at(version_key: Sequence[Ints], known_at: Ints, load_number: Ints) -> Ints:
    """When the next version of each row became known; FOREVER where there is none."""
    until = np.full(len(known_at), FOREVER, np.int64)
    candidates, same = _in_order(version_key, known_at, load_number, np.ones(len(known_at), np.bool_))
    earlier, later = candidates[:-1][same], candidates[1:][same]
    until[earlier] = known_at[later]
    return until


def first_known(version_key: Sequence[Ints], known_at: Ints, load_number: Ints, among: Bools) -> Bools:
    """Of the rows `among` which to choose, the first version of each event."""
    first = among.copy()
    candidates, same = _in_order(version_key, known_at, load_number, among)
    first[candidates[1:][same]] = False
    return first


def _in_order(
    version_key: Sequence[Ints], known_at: Ints, load_number: Ints, among: Bools
) -> tuple[Ints, Bools]:
    """Rows that may have several versions, by (version key, known_at, load_number).

    Also says which neighbours are versions of one event. Rows whose hash of the version key is unique have
    one version and are left out: they need no sorting.
    """
    from bankmine.windows.tables_kernel import repeated

    candidates = np.flatnonzero(repeated(_hashes(version_key)) & among)
    key = [column[candidates] for column in version_key]
    load, known = load_number[candidates], known_at[candidates]
    order = np.lexsort((load, known, *reversed(key)))
    same = np.ones(max(0, len(order) - 1), np.bool_)
    for column in key:
        same &= column[order[1:]] == column[order[:-1]]
    return candidates[order], same


def _hashes(columns: Sequence[Ints]) -> NDArray[np.uint64]:
    mixed = splitmix64(columns[0])
    for column in columns[1:]:
        mixed = splitmix64((mixed ^ splitmix64(column)).view(np.int64))
    return mixed
