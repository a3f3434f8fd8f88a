"""Verdicts of the feedback table as measures: 1 from when a label is confirmed, 0 until then.

A confirmation counts in an interval of knowledge, as every version does; an entry is cut at the ends of
those intervals into pieces of measure 0 and 1, of which any knowledge sees exactly one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.windows.reading.reader import Readable, read_rows

Ints = NDArray[np.int64]
_EMPTY = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Verdicts:
    """Confirmations of one label: subject and when it counts, sorted by (subject, confirmed_from)."""

    subject: Ints
    confirmed_from: Ints
    confirmed_until: Ints


NO_VERDICTS = Verdicts(_EMPTY, _EMPTY, _EMPTY)


def read_verdicts(warehouse: Readable, table: str, label: str) -> Verdicts:
    """All confirmations of a label for events of a table."""
    if not warehouse.has("feedback"):
        return NO_VERDICTS
    names = ("subject_kind", "label", "verdict")
    rows = read_rows(warehouse, "feedback", key="subject_id", columns=names, bucket=None)
    key = rows.key
    chosen = np.ones(len(rows), np.bool_)
    for name, value in zip(names, (table, label, "confirmed"), strict=True):
        column = rows.columns[name]
        wanted = np.array([level == value for level in column.levels or ()] or [False])
        chosen &= wanted[column.data]
    order = np.lexsort((rows.known_from[chosen], key[chosen]))
    return Verdicts(key[chosen][order], rows.known_from[chosen][order], rows.known_until[chosen][order])


@dataclass(frozen=True)
class Pieces:
    """Pieces of entries, in the entries' order: whose, when it counts, and the measure."""

    index: Ints
    known_from: Ints
    known_until: Ints
    measure: Ints


def cut(subject: Ints, known_from: Ints, known_until: Ints, verdicts: Verdicts) -> Pieces:
    """Cuts entries where the verdict on their subject changes; empty pieces are left out."""
    low = np.searchsorted(verdicts.subject, subject, "left")
    count = np.searchsorted(verdicts.subject, subject, "right") - low
    index = np.repeat(np.arange(len(subject)), 2 * count + 1)
    first = np.repeat(np.cumsum(2 * count + 1) - (2 * count + 1), 2 * count + 1)
    step = np.arange(len(index)) - first  # 0: before the first confirmation, 1: in it, 2: after it …
    inside = step % 2 == 1
    nth = np.repeat(low, 2 * count + 1) + step // 2
    start, end = known_from[index].copy(), known_until[index].copy()
    after = (step > 0) & ~inside
    start[inside] = np.maximum(start[inside], verdicts.confirmed_from[nth[inside]])
    end[inside] = np.minimum(end[inside], verdicts.confirmed_until[nth[inside]])
    start[after] = np.maximum(start[after], verdicts.confirmed_until[nth[after] - 1])
    more = ~inside & (step < 2 * np.repeat(count, 2 * count + 1))
    end[more] = np.minimum(end[more], verdicts.confirmed_from[nth[more]])
    kept = start < end
    return Pieces(index[kept], start[kept], end[kept], inside[kept].astype(np.int64))
