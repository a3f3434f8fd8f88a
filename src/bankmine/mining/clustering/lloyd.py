"""Lloyd's algorithm (1982) from several starts, on all cores and yet with one answer.

Starts are tried on a sample of the rows and only the best goes over all of them: most of the way to the
optimum is then gone on a hundredth of the rows, and a few exact steps over all rows remain. The rows are cut
into blocks whose number depends on the rows alone, and the sums of blocks are added in their order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from bankmine.mining.contract import Floats, Ints

BLOCK = 32_768
STARTING_ROWS, STARTING_ROWS_A_CLUSTER = 10_000, 1_500
FIRST_STEPS = 10
FINALISTS = 3
GAIN_A_ROW, MOST_GAIN = 2e-11, 2e-5


class Lloyd(NamedTuple):
    """Centres of shape (clusters, columns), the label of each row, and the sum of squared distances."""

    centres: Floats
    labels: Ints
    inertia: float


def k_means(values: Floats, clusters: int, starts: int, most_steps: int, draw: np.random.Generator) -> Lloyd:
    """The best of several starts, carried to convergence.

    Up to 10,000 rows (1,500 a cluster) starts and steps see all rows and end when no row changes its cluster.
    Above, starts see that many rows, drawn at random, and the steps over all rows end when one lowers the
    sum of squares by less than 2e-5 of it at a million rows, the less the fewer rows.
    """
    part = _sample(values, max(STARTING_ROWS, STARTING_ROWS_A_CLUSTER * clusters), draw)
    trials = 2 + int(np.log(clusters))
    tried = []
    for _ in range(starts):
        rows = _kernels().plus_plus(part, clusters, draw.random((clusters, trials)))
        tried.append(descend(part, part[rows], FIRST_STEPS))
    finalists = sorted(tried, key=lambda one: one.inertia)[:FINALISTS]
    best = min((descend(part, one.centres, most_steps) for one in finalists), key=lambda one: one.inertia)
    if len(part) == len(values):
        return best
    return descend(values, best.centres, most_steps, min(GAIN_A_ROW * len(values), MOST_GAIN))


def descend(values: Floats, centres: Floats, most_steps: int, least_gain: float = 0.0) -> Lloyd:
    """Steps of Lloyd's algorithm until one gains `least_gain` of the sum of squares or less, or none is left.

    The labels are those of the centres returned: what assigning the rows anew would say.
    """
    found, before = _step(values, centres), np.inf
    for _ in range(most_steps):
        if not before - found.lloyd.inertia > least_gain * before and before < np.inf:
            break
        before = found.lloyd.inertia
        moved = _means(values, found)
        if np.array_equal(moved, found.lloyd.centres):
            break
        found = _step(values, moved)
    return found.lloyd


def sums_of_batch(values: Floats, centres: Floats) -> tuple[Floats, Ints]:
    """Sum and number of the rows nearest to each centre."""
    found = _step(values, centres)
    return found.sums, found.counts


class _Step(NamedTuple):
    lloyd: Lloyd
    sums: Floats
    counts: Ints


def _step(values: Floats, centres: Floats) -> _Step:
    """Assigns all rows, and adds up each centre's rows."""
    clusters, columns = centres.shape
    padded = np.full((columns, -(-clusters // 8) * 8), np.inf)
    padded[:, :clusters] = centres.T
    labels = np.empty(len(values), dtype=np.int64)
    assign = _kernels().assign_and_add

    def work(begin: int) -> tuple[float, Floats, Ints]:
        sums, counts = np.zeros((clusters, columns)), np.zeros(clusters, dtype=np.int64)
        end = begin + BLOCK
        inertia = assign(values[begin:end], padded, labels[begin:end], sums, counts)
        return inertia, sums, counts

    total, sums, counts = 0.0, np.zeros((clusters, columns)), np.zeros(clusters, dtype=np.int64)
    for inertia, own_sums, own_counts in in_blocks(work, len(values)):
        total += inertia
        sums += own_sums
        counts += own_counts
    return _Step(Lloyd(centres, labels, total), sums, counts)


def _means(values: Floats, found: _Step) -> Floats:
    """The mean of each cluster's rows; an empty one moves to the row farthest from its centre."""
    means: Floats = found.sums / np.maximum(found.counts, 1)[:, None]
    empty = np.flatnonzero(found.counts == 0)
    if len(empty):
        gaps = ((values - found.lloyd.centres[found.lloyd.labels]) ** 2).sum(axis=1)
        means[empty] = values[np.argsort(-gaps, kind="stable")[: len(empty)]]
    return means


def in_blocks(work: Callable[[int], Any], rows: int, block: int = BLOCK) -> Iterator[Any]:
    """`work(begin)` for each block of rows, on all cores; results come in the order of blocks."""
    begins = range(0, rows, block)
    if len(begins) < 2:
        return map(work, begins)
    with ThreadPoolExecutor(min(len(begins), os.cpu_count() or 1)) as pool:
        return iter(list(pool.map(work, begins)))


def _sample(values: Floats, most: int, draw: np.random.Generator) -> Floats:
    if len(values) <= most:
        return values
    return values[np.sort(draw.choice(len(values), most, replace=False))]


def _kernels() -> Any:
    from bankmine.mining.clustering import lloyd_kernel

    return lloyd_kernel
