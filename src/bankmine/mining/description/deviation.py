"""Deviation: who has changed, against their own past and against what their peers did at the same time.

The change of a row is its present value less the median of its own past. Against its own past it is measured
in that past's own spread (median absolute deviation, made comparable with a standard deviation); against its
peers in the spread of the peers' changes, so that what befell everybody (a holiday month, a new fee) is no
deviation of one. Both use medians: a single wild month neither hides nor makes a change.

Source: Iglewicz and Hoaglin (1993), modified z-score; their limit 3.5 is the default.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints, MinimumData

NORMAL = 1.4826
LIMIT = 3.5
LEAST_PAST, LEAST_PEERS = 5, 20
ROUNDING = 1e-9  # a spread below this share of the size of the values is rounding, not spread
LOW_SPREAD = 0.1  # the quantile of the spreads that stands in for a spread of zero
SHARE_OF_SIZE = 0.01  # of the typical size, where no row has any spread
MINIMUM = MinimumData(rows=LEAST_PEERS)


@dataclass(frozen=True)
class Deviations:
    """For each row: `change` (present less median past), and the change in spreads of its past and of peers.

    NaN where the present is missing or fewer than five past values are known (`own`), or fewer than twenty
    peers have a change (`peers`).
    """

    change: Floats
    own: Floats
    peers: Floats

    def marked(self, limit: float = LIMIT) -> NDArray[np.bool_]:
        """Rows that changed more than the limit by both measures, in the same direction."""
        both = (np.abs(self.own) > limit) & (np.abs(self.peers) > limit)
        return np.asarray(both & (np.sign(self.own) == np.sign(self.peers)), dtype=np.bool_)


def deviations(present: Floats, past: Floats, groups: Ints | None = None) -> Deviations:
    """Deviations of `present`, shape (rows,), from `past`, shape (rows, periods), among peers of `groups`.

    NaN is a missing value; `groups` has a number for each row (default: all are peers). A past without any
    spread (or with one of mere rounding) counts as one with a low spread of the rows, the 10th percentile of
    those that have any; where none has, with 1 % of the median size of the past, or 1 if that is 0. So a
    change from "always 0" is still a change, of finite size. FeasibilityError for fewer than 20 rows,
    UsageError for shapes that do not fit.
    """
    now, before = np.asarray(present, dtype=np.float64), np.asarray(past, dtype=np.float64)
    if before.ndim != 2 or now.shape != before.shape[:1]:
        raise UsageError(
            f"the present has shape {now.shape}, the past {before.shape}",
            hint="Give one present value a row, and past values of shape (rows, periods).",
        )
    MINIMUM.require("deviation", len(now))
    group = np.zeros(len(now), dtype=np.int64) if groups is None else np.asarray(groups)
    if group.shape != now.shape:
        raise UsageError(
            f"groups of shape {group.shape} were given for {len(now)} rows",
            hint="Give one group for each row.",
        )
    middle, spread, known = _robust(before)
    change = np.where(known >= LEAST_PAST, now - middle, np.nan)
    own = change / _not_zero(spread, middle)
    peers = np.full(len(now), np.nan)
    for one in np.unique(group):
        inside = np.flatnonzero((group == one) & np.isfinite(change))
        if len(inside) >= LEAST_PEERS:
            peers[inside] = _among(change[inside], np.abs(middle[inside]))
    return Deviations(change, own, peers)


def _among(change: Floats, size: Floats) -> Floats:
    middle = np.median(change)
    least = ROUNDING * (1 + float(np.median(size)))
    spread = NORMAL * np.median(np.abs(change - middle))
    if spread <= least:  # more than half did not change at all: the mean deviation still has a size
        spread = 1.2533 * np.mean(np.abs(change - middle))
    return (change - middle) / spread if spread > least else np.zeros(len(change))


def _robust(past: Floats) -> tuple[Floats, Floats, Ints]:
    """Median, spread and number of known values of each row; NaN where nothing is known."""
    known = np.isfinite(past).sum(axis=1)
    middle, spread = np.full(len(past), np.nan), np.full(len(past), np.nan)
    some = known > 0
    middle[some] = np.nanmedian(past[some], axis=1)
    spread[some] = NORMAL * np.nanmedian(np.abs(past[some] - middle[some, None]), axis=1)
    return middle, spread, known.astype(np.int64)


def _not_zero(spread: Floats, middle: Floats) -> Floats:
    """The spreads, those of zero replaced; NaN where nothing is known."""
    known = np.isfinite(spread)
    some = known & (spread > ROUNDING * (1 + np.abs(middle)))
    if some.any():
        least = float(np.quantile(spread[some], LOW_SPREAD))
    else:
        least = SHARE_OF_SIZE * float(np.median(np.abs(middle[known]))) if known.any() else 0.0
    return np.where(some, spread, np.where(known, least if least > 0 else 1.0, np.nan))
