"""The last step: from exact totals to values, with one division, rounded once.

Counts, sums, extremes and days stay whole numbers; everything else is the double nearest to the exact
fraction. A value that no entry defines (the mean of nothing) is missing, and so is every value whose
window leaves the coverage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY, SECOND, Zone
from bankmine.windows.aggregates import Limbs, Total
from bankmine.windows.declaration import WindowFeature
from bankmine.windows.plan import Pass
from bankmine.windows.span import Span, Unit

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Finished = tuple[NDArray[np.int64] | NDArray[np.float64], Bools]


@dataclass(frozen=True)
class Totals:
    """What a kernel found for one pass: `plain[total, slot, window, row]` and the limbs likewise."""

    plan: Pass
    plain: NDArray[np.int64]
    wide: NDArray[np.uint64]
    cutoffs: Ints
    zone: Zone

    def of(self, total: Total, slot: int, window: int) -> Ints:
        """One total of all rows."""
        found: Ints = self.plain[self.plan.totals.index(total), slot, window]
        return found

    def limbs(self, which: Limbs, slot: int, window: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """(low, high) of one sum of squares of all rows."""
        at = 2 * self.plan.limbs.index(which)
        return self.wide[at, slot, window], self.wide[at + 1, slot, window]

    def window(self, span: Span) -> int:
        """The place of a window."""
        return self.plan.spans.index(span)


@dataclass(frozen=True)
class Finisher:
    """How one feature is read from the totals of its pass, found once for all buckets."""

    slot: int
    window: int
    read: Callable[[Totals, int, int], Finished]

    def __call__(self, totals: Totals) -> Finished:
        """The values in all rows, and which of them the entries define."""
        return self.read(totals, self.slot, self.window)


def finisher(one: Pass, feature: WindowFeature) -> Finisher:
    """How a feature of the pass is read."""
    return Finisher(one.slot_of(feature), one.spans.index(feature.window), _FINISHERS[feature.aggregate])


def _everywhere(values: Ints) -> Finished:
    return values, np.ones(len(values), np.bool_)


def _plain(total: Total) -> Callable[[Totals, int, int], Finished]:
    return lambda totals, slot, window: _everywhere(totals.of(total, slot, window))


def _of_some(total: Total) -> Callable[[Totals, int, int], Finished]:
    return lambda totals, slot, window: (
        totals.of(total, slot, window),
        totals.of(Total.COUNT, slot, window) > 0,
    )


def _mean(totals: Totals, slot: int, window: int) -> Finished:
    from bankmine.windows.limbs import ratios

    count = totals.of(Total.COUNT, slot, window)
    return ratios(totals.of(Total.SUM, slot, window), count), count > 0


def _variance(totals: Totals, slot: int, window: int) -> Finished:
    from bankmine.windows.limbs import variances

    count = totals.of(Total.COUNT, slot, window)
    squares = totals.limbs(Limbs.SQUARES, slot, window)
    return variances(count, totals.of(Total.SUM, slot, window), *squares), count > 1


def _std(totals: Totals, slot: int, window: int) -> Finished:
    values, defined = _variance(totals, slot, window)
    return np.sqrt(values), defined


def _days_since(total: Total) -> Callable[[Totals, int, int], Finished]:
    def days(totals: Totals, slot: int, window: int) -> Finished:
        defined = totals.of(Total.COUNT, slot, window) > 0
        since = totals.zone.day_of(totals.cutoffs) - totals.zone.day_of(totals.of(total, slot, window))
        return np.where(defined, since, 0), defined

    return days


def _seconds_since_last(totals: Totals, slot: int, window: int) -> Finished:
    from bankmine.windows.limbs import ratios

    defined = totals.of(Total.COUNT, slot, window) > 0
    elapsed = np.where(defined, totals.cutoffs - totals.of(Total.LAST_TIME, slot, window), 0)
    return ratios(elapsed, np.full(len(elapsed), SECOND, np.int64)), defined


def _gaps(totals: Totals, slot: int, window: int) -> tuple[Ints, Ints]:
    """Number of gaps between neighbouring entries, and their sum in µs."""
    gaps = totals.of(Total.COUNT, slot, window) - 1
    first = totals.of(Total.FIRST_TIME, slot, window)
    return gaps, totals.of(Total.LAST_TIME, slot, window) - first


def _gap_mean(totals: Totals, slot: int, window: int) -> Finished:
    from bankmine.windows.limbs import ratios

    gaps, span = _gaps(totals, slot, window)
    return ratios(span, np.maximum(gaps, 0) * DAY), gaps > 0


def _gap_std(totals: Totals, slot: int, window: int) -> Finished:
    """The root of the variance in µs², then in days: two roundings, stated."""
    from bankmine.windows.limbs import variances

    gaps, span = _gaps(totals, slot, window)
    variance = variances(gaps, span, *totals.limbs(Limbs.GAP_SQUARES, slot, window))
    return np.sqrt(variance) / float(DAY), gaps > 1


def _amount(totals: Totals) -> Total:
    return Total.SUM if totals.plan.source.has_measure else Total.COUNT


def _share(totals: Totals, slot: int, window: int) -> Finished:
    from bankmine.windows.limbs import ratios

    plane = totals.plain[totals.plan.totals.index(_amount(totals)), :, window]
    whole = plane.sum(axis=0)
    return ratios(np.ascontiguousarray(plane[slot]), whole), whole != 0


def _trend(totals: Totals, slot: int, window: int) -> Finished:
    """The least-squares slope of the monthly amounts y₁ … yₖ, in time order.

    Σ (2i − k − 1)·yᵢ / (k·(k² − 1) / 6), both whole numbers.
    """
    from bankmine.windows.limbs import ratios

    months = totals.plan.spans[window].count
    until = [totals.of(_amount(totals), slot, totals.window(Span(Unit.MONTHS, m + 1))) for m in range(months)]
    weighted = np.zeros(len(until[0]), np.int64)
    for back in range(months):
        amount = until[back] - until[back - 1] if back else until[0]
        weighted += (months - 1 - 2 * back) * amount
    divisor = np.full(len(weighted), months * (months**2 - 1) // 6, np.int64)
    return ratios(weighted, divisor), np.ones(len(weighted), np.bool_)


_FINISHERS: dict[str, Callable[[Totals, int, int], Finished]] = {
    "count": _plain(Total.COUNT),
    "sum": _plain(Total.SUM),
    "mean": _mean,
    "variance": _variance,
    "std": _std,
    "min": _of_some(Total.MINIMUM),
    "max": _of_some(Total.MAXIMUM),
    "first": _of_some(Total.FIRST),
    "last": _of_some(Total.LAST),
    "distinct": _plain(Total.DISTINCT),
    "active_days": _plain(Total.DAYS),
    "recency": _days_since(Total.LAST_TIME),
    "days_since_first": _days_since(Total.FIRST_TIME),
    "seconds_since_last": _seconds_since_last,
    "gap_mean": _gap_mean,
    "gap_std": _gap_std,
    "share": _share,
    "trend": _trend,
}
