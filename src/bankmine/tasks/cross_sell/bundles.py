"""Bundles: families that the same customers take together, or soon after each other, more than chance.

Chance keeps what each customer took and lets only the days be those of other customers' openings: of all
pairs of an opening of A and one of B by different customers, the share that lie within the span is what any
customer's own pair would have. So that a customer takes both at all is no evidence; that both come close in
time is. Openings while joining the bank do not count. The interval of observed over expected is exact for a
Poisson count (Garwood 1936). Pairs are found in the first half of the records and judged by the second alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from bankmine.tasks.contract import Floats, Ints
from bankmine.tasks.cross_sell.holdings import Openings

SPAN_DAYS = 30
LEAST_PAIRS = 5
FALSE_DISCOVERIES = 0.1


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Pairs of openings of two families within the span, by one customer: how many, how many by chance.

    `first_share` is the share of pairs in which `first` came first (a pair of one day counts half);
    `q` is the one-sided p after Benjamini–Hochberg; `earlier` the ratio in the records that found the pair.
    """

    first: str
    second: str
    pairs: int
    expected: float
    ratio: float
    low: float
    high: float
    first_share: float
    q: float
    earlier: float = 0.0

    @property
    def stands(self) -> bool:
        """Whether the pair comes together more than chance."""
        return self.low > 1 and self.pairs >= LEAST_PAIRS and self.q <= FALSE_DISCOVERIES


def forward_bundles(opened: Openings, *, middle_day: int, span: int = SPAN_DAYS) -> list[Bundle]:
    """Pairs that came more often than chance before the middle, judged by the openings from that day on."""
    before = bundles(opened.within(-(10**6), middle_day), span=span)
    found = {frozenset((one.first, one.second)): one.ratio for one in before if one.ratio > 1}
    later = opened.within(middle_day, 10**6)
    judged = _corrected([one for one in _pairs(later, span) if frozenset((one.first, one.second)) in found])
    return [replace(one, earlier=found[frozenset((one.first, one.second))]) for one in judged]


def bundles(opened: Openings, *, span: int = SPAN_DAYS) -> list[Bundle]:
    """All pairs of different families with an expected count, those that stand first."""
    return _corrected(_pairs(opened, span))


def _pairs(opened: Openings, span: int) -> list[Bundle]:
    every = (_bundle(opened, a, b, span) for a, b in combinations(range(len(opened.families)), 2))
    return [one for one in every if one is not None]


def _corrected(found: list[Bundle]) -> list[Bundle]:
    """With control of false discoveries over all of them; those that stand first."""
    from bankmine.mining.description.contrast import benjamini_hochberg

    q = benjamini_hochberg(np.array([one.q for one in found]))
    found = [replace(one, q=float(value)) for one, value in zip(found, q, strict=True)]
    return sorted(found, key=lambda one: (not one.stands, -one.low, one.first, one.second))


def _bundle(opened: Openings, a: int, b: int, span: int) -> Bundle | None:
    left, right = (opened.only(opened.family == place) for place in (a, b))
    gaps = own_gaps(left, right)
    close = np.abs(gaps) <= span
    all_pairs, all_close = _pairs_within(left.day, right.day, span)
    others, others_close = all_pairs - len(gaps), all_close - int(close.sum())
    if not len(gaps) or not others:
        return None
    expected = len(gaps) * others_close / others
    if expected <= 0:
        return None
    pairs, gap = int(close.sum()), gaps[close]
    ahead = float(((gap > 0) + 0.5 * (gap == 0)).mean()) if pairs else 0.5
    swap = ahead < 0.5
    low, high = _poisson_interval(pairs)
    return Bundle(
        first=opened.families[b if swap else a], second=opened.families[a if swap else b], pairs=pairs,
        expected=expected, ratio=pairs / expected, low=low / expected, high=high / expected,
        first_share=max(ahead, 1 - ahead), q=_at_least(pairs, expected),
    )  # fmt: skip


def own_gaps(left: Openings, right: Openings) -> Ints:
    """Days from each opening on the left to each on the right by the same customer."""
    starts = np.searchsorted(right.customer, left.customer, side="left")
    counts = np.searchsorted(right.customer, left.customer, side="right") - starts
    first = np.cumsum(counts) - counts  # of each left opening's pairs
    own = np.repeat(starts - first, counts) + np.arange(int(counts.sum()))
    return np.asarray(right.day[own] - np.repeat(left.day, counts), dtype=np.int64)


def _pairs_within(left: Ints, right: Ints, span: int) -> tuple[int, int]:
    """How many pairs there are, and in how many the days lie at most `span` apart."""
    days = np.sort(right)
    near = np.searchsorted(days, left + span, side="right") - np.searchsorted(days, left - span, side="left")
    return len(left) * len(right), int(near.sum())


def _poisson_interval(count: int, level: float = 0.95) -> tuple[float, float]:
    from scipy.stats import chi2

    tail = (1 - level) / 2
    low = float(chi2.ppf(tail, 2 * count) / 2) if count else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * count + 2) / 2)


def _at_least(count: int, expected: float) -> float:
    """Chance of so many or more."""
    from scipy.stats import poisson

    return float(poisson.sf(count - 1, expected))


def bundles_table(found: list[Bundle]) -> Any:
    """The bundles as an Arrow table."""
    import pyarrow as pa

    words: dict[str, Any] = {
        "first": pa.array([one.first for one in found], pa.string()),
        "second": pa.array([one.second for one in found], pa.string()),
        "stands": pa.array(["stands" if one.stands else "not proved" for one in found], pa.string()),
        "pairs": pa.array([one.pairs for one in found], pa.int64()),
    }
    numbers: dict[str, Floats] = {
        name: np.array([getattr(one, name) for one in found], dtype=np.float64)
        for name in ("expected", "ratio", "low", "high", "first_share", "q", "earlier")
    }
    return pa.table({**words, **numbers})
