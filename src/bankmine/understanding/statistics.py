"""The statistics the detectors rest on: distances of distributions and blocks in a series of days.

A block is found by the scan statistic of Kulldorff (1997) for Bernoulli counts in time: the interval of
days whose share of affected rows differs most, by likelihood ratio, from the days outside. Because real
histories vary more than chance, a block counts only beside the second-best block of the same history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_SHARES = (0.999, 0.95, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003)


@dataclass(frozen=True)
class Block:
    """Positions [start, stop) of a series, with affected rows and rows inside and outside.

    `evidence` is the log likelihood ratio against one share everywhere; `rival` the same for the best
    block of the days outside.
    """

    start: int
    stop: int
    affected: int
    rows: int
    affected_outside: int
    rows_outside: int
    evidence: float
    rival: float = 0.0

    @property
    def share(self) -> float:
        """Share of affected rows inside."""
        return self.affected / self.rows if self.rows else 0.0

    @property
    def share_outside(self) -> float:
        """Share of affected rows outside."""
        return self.affected_outside / self.rows_outside if self.rows_outside else 0.0

    def stands_out(self, *, least: float = 30.0, ratio: float = 5.0) -> bool:
        """Whether the block beats chance by far, and the history's own second-best block by `ratio`."""
        return self.evidence >= least and self.evidence >= ratio * self.rival


def total_variation(p: Floats, q: Floats) -> float:
    """Half the sum of absolute differences of two distributions (0 equal, 1 disjoint); sums may differ."""
    if p.sum() <= 0 or q.sum() <= 0:
        return 0.0
    return float(0.5 * np.abs(p / p.sum() - q / q.sum()).sum())


def kolmogorov_smirnov(p: Floats, q: Floats) -> float:
    """The largest difference of the cumulative shares of two binned distributions."""
    if p.sum() <= 0 or q.sum() <= 0:
        return 0.0
    return float(np.abs(np.cumsum(p / p.sum()) - np.cumsum(q / q.sum())).max())


def population_stability_index(first: Floats, last: Floats) -> float:
    """Σ (q − p) ln(q / p) over the bins; empty bins count as half a row."""
    p, q = first + 0.5, last + 0.5
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def stability_band(first: float, last: float, bins: int, *, z: float = 1.645) -> float:
    """What the index exceeds by chance alone in 5 % of cases (Yurdakul 2018): (χ²-based, normal limit).

    `first` and `last` are the numbers of rows, `bins` the number of bins.
    """
    if first <= 0 or last <= 0 or bins < 2:
        return 0.0
    freedom = bins - 1
    return float((freedom + z * np.sqrt(2 * freedom)) * (1 / first + 1 / last))


def _entropy(affected: float, rows: float) -> float:
    """Maximal Bernoulli log likelihood of `affected` among `rows`."""
    if rows <= 0 or affected <= 0 or affected >= rows:
        return 0.0
    p = affected / rows
    return float(affected * np.log(p) + (rows - affected) * np.log1p(-p))


def largest_sum(weights: Floats) -> tuple[int, int]:
    """The interval [start, stop) with the largest sum (Kadane), by cumulative sums."""
    sums = np.concatenate(([0.0], np.cumsum(weights)))
    lows = np.minimum.accumulate(sums[:-1])
    stop = int(np.argmax(sums[1:] - lows)) + 1
    start = int(np.argmin(sums[:stop]))
    return start, stop


@dataclass(frozen=True)
class _Counts:
    """A history's running totals of affected rows and of rows, one longer than the history."""

    affected: list[int]
    rows: list[int]
    even: float

    @classmethod
    def of(cls, affected: Integers, rows: Integers) -> _Counts:
        """Of counts a day; `even` is the likelihood of one share everywhere."""
        a, n = [[0, *np.cumsum(counts).tolist()] for counts in (affected, rows)]
        return cls(a, n, _entropy(a[-1], n[-1]))

    def block(self, start: int, stop: int) -> Block:
        """The block of days [start, stop)."""
        a, n = self.affected[stop] - self.affected[start], self.rows[stop] - self.rows[start]
        other_a, other_n = self.affected[-1] - a, self.rows[-1] - n
        evidence = _entropy(a, n) + _entropy(other_a, other_n) - self.even
        return Block(start, stop, a, n, other_a, other_n, evidence)


def _one_block(affected: Integers, rows: Integers, outside: float | None = None) -> Block | None:
    """The interval with the highest evidence for a raised share."""
    if len(rows) == 0 or affected.sum() == 0 or rows.sum() == 0:
        return None
    base = affected.sum() / rows.sum() if outside is None else outside
    counts, spared = _Counts.of(affected, rows), rows - affected
    best: Block | None = None
    for share in _SHARES:
        p_out, p_in = max(base, 1e-6), share
        for _ in range(3):
            if p_in <= p_out * 1.2:
                break
            gain = affected * np.log(p_in / p_out) + spared * np.log((1 - p_in) / (1 - p_out))
            block = counts.block(*largest_sum(gain))
            if block.share > block.share_outside and (best is None or block.evidence > best.evidence):
                best = block
            p_in = min(max(block.share, 1e-6), 0.9999)
            p_out = min(max(block.share_outside, 1e-6), 0.9998)
    return best


def best_block(affected: Integers, rows: Integers) -> Block | None:
    """The block of days with raised share of affected rows; None where nothing is affected.

    `affected` and `rows` are counts per day, same length.
    """
    best = _one_block(affected, rows)
    if best is None:
        return None
    rivals = []
    for part in (slice(0, best.start), slice(best.stop, len(rows))):
        rival = _one_block(affected[part], rows[part], outside=max(best.share_outside, 1e-6))
        rivals.append(rival.evidence if rival else 0.0)
    return Block(
        best.start, best.stop, best.affected, best.rows, best.affected_outside, best.rows_outside,
        best.evidence, max(rivals),
    )  # fmt: skip


def robust_spread(values: Floats) -> float:
    """1.4826 × the median absolute deviation: the standard deviation a normal sample would have."""
    if len(values) == 0:
        return 0.0
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
