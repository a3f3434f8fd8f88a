"""Long made-up histories as plain arrays, to hold the sliding kernel against the bands."""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.windows.aggregates import TOTALS, Limbs
from bankmine.windows.tables_kernel import number_items

NEVER = np.iinfo(np.int64).max
WINDOWS = 4
ITEMS = 24


def arguments(
    seed: int,
    *,
    keys: int = 3,
    length: int = 150,
    late: float = 0.1,
    corrected: float = 0.05,
    back: float = 0.2,
) -> list[Any]:
    """Arguments of the kernels without the outputs: entries of a few keys, a row before each, two slots.

    Times repeat, some entries are known late, some cease to count, ends and starts sometimes go back.
    """
    draw = np.random.default_rng(seed)
    count = keys * length
    key = np.repeat(np.arange(keys), length)
    time, seq = draw.integers(0, 4 * length, count), draw.integers(0, 3, count)
    order = np.lexsort((seq, time, key))
    time, seq = time[order], seq[order]
    known = time + np.where(draw.random(count) < late, draw.integers(0, length, count), 0)
    until = np.where(draw.random(count) < corrected, known + draw.integers(0, length, count), NEVER)
    slot = draw.integers(0, 2, count)
    items = number_items(key, slot, draw.integers(0, 12, count))
    ends = np.maximum(0, time - np.where(draw.random(count) < back, 3, 0))
    lengths = np.array([5, 40, 41, 300])
    starts = ends[:, None] - lengths + np.where(draw.random((count, WINDOWS)) < back, 2, 0)
    which = np.argsort(starts, axis=1, kind="stable")
    entries = [time, seq, known, until, slot, draw.integers(-9, 9, count), items, time // 7]
    rows = [
        np.repeat(np.arange(keys) * length, length), np.repeat((np.arange(keys) + 1) * length, length),
        ends, seq, known, np.arange(count),
        np.ascontiguousarray(np.take_along_axis(starts, which, axis=1)), which,
    ]  # fmt: skip
    return [*entries, *rows, (1 << (TOTALS + len(Limbs))) - 1, np.arange(TOTALS), np.arange(len(Limbs))]


def outputs(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Empty outputs for two slots."""
    return np.zeros((TOTALS, 2, WINDOWS, rows), np.int64), np.zeros((4, 2, WINDOWS, rows), np.uint64)
