"""How far two clusterings of the same rows agree: adjusted Rand index and Jaccard per cluster.

Adjusted Rand index: Hubert and Arabie (1985); 1 for equal partitions, 0 on average for unrelated ones.
Jaccard per cluster: the best overlap `|A ∩ B| / |A ∪ B|` of each cluster A with any cluster B (Hennig 2007).
Both are computed from the contingency table of the two labellings. A label −1 is noise: for the Rand index
one more group, for Jaccard rows that count in unions and are no cluster to be found again.
"""

from __future__ import annotations

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints


def contingency(first: Ints, second: Ints) -> Ints:
    """Counts of shape (1 + clusters of first, 1 + clusters of second); the first row and column are noise."""
    if first.shape != second.shape or first.ndim != 1:
        raise UsageError(
            f"Two labellings of shapes {first.shape} and {second.shape} were compared",
            hint="Give two labels for the same rows.",
        )
    rows, columns = int(first.max(initial=-1)) + 2, int(second.max(initial=-1)) + 2
    flat = (first + 1) * columns + second + 1
    return np.bincount(flat, minlength=rows * columns).reshape(rows, columns)


def adjusted_rand_index(first: Ints, second: Ints) -> float:
    """1 where the partitions are equal, 0 as expected by chance, below 0 when worse than chance."""
    table = contingency(first, second).astype(np.float64)
    pairs = _pairs(table).sum()
    in_first, in_second = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    expected = in_first * in_second / max(_pairs(np.array(float(len(first)))).item(), 1.0)
    most = (in_first + in_second) / 2
    return 1.0 if most == expected else float((pairs - expected) / (most - expected))


def best_jaccard(first: Ints, second: Ints) -> Floats:
    """For each cluster of `first`, the largest Jaccard overlap with a cluster of `second`; NaN if empty."""
    table = contingency(first, second).astype(np.float64)
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    overlap = np.divide(table, union, out=np.zeros_like(table), where=union > 0)[1:, 1:]
    return np.where(table.sum(axis=1)[1:] > 0, overlap.max(axis=1, initial=0.0), np.nan)


def _pairs(counts: Floats) -> Floats:
    return counts * (counts - 1) / 2
