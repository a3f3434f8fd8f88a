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
    from bankmine.windows.kernels.tables_kernel import repeated

    until = np.full(len(known_at), FOREVER, np.int64)
    at = np.flatnonzero(repeated(_hashes(version_key)))
    until[at] = next_known([column[at] for column in version_key], known_at[at], load_number[at])
    return until


def next_known(version_key: Sequence[Ints], known_at: Ints, load_number: Ints) -> Ints:
    """As `superseded_at`, for rows of which most have several versions."""
    order, same = _by_knowledge(version_key, known_at, load_number)
    earlier, later = order[:-1][same], order[1:][same]
    until = np.full(len(known_at), FOREVER, np.int64)
    until[earlier] = known_at[later]
    return until


def never_counts(known_from: Ints, known_until: Ints, cancelled: Bools | None) -> Bools:
    """The rows that count at no time; without `cancelled` none is."""
    gone = known_from >= known_until
    return gone if cancelled is None else gone | cancelled


def first_known(
    version_key: Sequence[Ints],
    known_at: Ints,
    load_number: Ints,
    among: Bools,
    *,
    ties: Sequence[Ints] = (),
) -> Bools:
    """Of the rows `among` which to choose, the first version of each event; `ties` decide within a load."""
    from bankmine.windows.kernels.tables_kernel import repeated

    first = among.copy()
    at = np.flatnonzero(repeated(_hashes(version_key)) & among)
    order, same = _by_knowledge(
        [column[at] for column in version_key], known_at[at], load_number[at], [tie[at] for tie in ties]
    )
    first[at[order[1:][same]]] = False
    return first


def identities(version_key: Sequence[Ints]) -> Ints:
    """A number for each version key: the column where it is one, else a hash, which two keys may share."""
    return version_key[0] if len(version_key) == 1 else _hashes(version_key).view(np.int64)


def _by_knowledge(
    version_key: Sequence[Ints], known: Ints, load: Ints, ties: Sequence[Ints] = ()
) -> tuple[Ints, Bools]:
    """The order by (version key, known_at, load_number, ties), and which neighbours are of one event."""
    order = np.lexsort((*reversed(ties), load, known, *reversed(version_key)))
    same = np.ones(max(0, len(order) - 1), np.bool_)
    for column in version_key:
        same &= column[order[1:]] == column[order[:-1]]
    return order, same


def _hashes(columns: Sequence[Ints]) -> NDArray[np.uint64]:
    mixed = splitmix64(columns[0])
    for column in columns[1:]:
        mixed = splitmix64((mixed ^ splitmix64(column)).view(np.int64))
    return mixed
