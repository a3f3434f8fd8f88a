"""Where windows begin and end, and whether the coverage holds them.

A window of w at cutoff T is `[T − w, T)`, with a delay d `[T − d − w, T − d)`. Days and months are taken
in civil time (month ends clamp), hours and minutes in elapsed time; everything is µs since 1970 UTC. The
calendar is exact from 1900 to 2200: a cutoff outside is refused, a window that begins before is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY, FIRST, HOUR, LAST, MINUTE, Zone
from bankmine.errors import CutoffError
from bankmine.windows.span import Span, Unit

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Edges:
    """The windows of u cutoffs, W each.

    `starts[u, W]` ascends along a row (the longest window first) and `order[u, W]` says which window each
    start belongs to; `ends[u]` is where all of them end; `covered[u, W]` is by window, not by rank.
    """

    starts: Ints
    order: Ints
    ends: Ints
    covered: Bools


def find_edges(
    zone: Zone,
    cutoffs: Ints,
    *,
    spans: Sequence[Span],
    delay: Span | None,
    coverage: tuple[int, int] | None,
    positions: bool,
) -> Edges:
    """The windows of each cutoff, ranked; `positions` says that events at the instant itself may be in.

    CutoffError for a cutoff before 1900 or from 2200 on.
    """
    starts, ends, covered = window_edges(
        zone, cutoffs, spans=spans, delay=delay, coverage=coverage, positions=positions
    )
    order = np.argsort(starts, axis=1, kind="stable")
    return Edges(np.ascontiguousarray(np.take_along_axis(starts, order, axis=1)), order, ends, covered)


def window_edges(
    zone: Zone,
    cutoffs: Ints,
    *,
    spans: Sequence[Span],
    delay: Span | None,
    coverage: tuple[int, int] | None,
    positions: bool,
) -> tuple[Ints, Ints, Bools]:
    """`starts[u, W]`, `ends[u]` and `covered[u, W]` of each cutoff, by window; errors as `find_edges`."""
    check_range(cutoffs)
    ends = cutoffs if delay is None else start_before(zone, cutoffs, delay, 0)
    low, high = coverage if coverage is not None else (0, -1)
    starts = np.stack([start_before(zone, ends, span, low) for span in spans], axis=1)
    return starts, ends, lies_in_coverage(starts, ends, low, high, positions=positions and delay is None)


def check_range(cutoffs: Ints) -> None:
    """Refuses cutoffs for which there is no calendar."""
    if len(cutoffs) and not (cutoffs.min() >= FIRST and cutoffs.max() < LAST):
        raise CutoffError(
            "a cutoff lies before 1900 or after 2199", hint="Give cutoffs in microseconds since 1970 UTC."
        )


def lies_in_coverage(starts: Ints, ends: Ints, low: int, high: int, *, positions: bool) -> Bools:
    """Which windows lie wholly in the half-open coverage; outside it a window is missing, never zero."""
    last = ends + 1 if positions else ends
    return (starts >= max(low, FIRST)) & (last <= high)[:, None] & (ends >= low)[:, None]


def start_before(zone: Zone, ends: Ints, span: Span, beginning: int) -> Ints:
    """The instants one span before each end; "all" begins at `beginning`, or where validity ends."""
    if span.unit is Unit.ALL:
        whole = np.full(len(ends), max(beginning, FIRST), np.int64)
        return np.maximum(whole, civil_months_before(zone, ends, span.count)) if span.count else whole
    if span.unit is Unit.MINUTES:
        return ends - span.count * MINUTE
    if span.unit is Unit.HOURS:
        return ends - span.count * HOUR
    if span.unit is Unit.DAYS:
        return civil_days_before(zone, ends, span.count)
    return civil_months_before(zone, ends, span.count)


def civil_days_before(zone: Zone, ends: Ints, days: int) -> Ints:
    """The same wall-clock time that many civil days before."""
    return zone.to_utc(zone.to_local(ends) - days * DAY)


def civil_months_before(zone: Zone, ends: Ints, months: int) -> Ints:
    """The same wall-clock time and day that many civil months before; the day clamps to the month's end.

    The vectorised twin of `Zone.months_before`, for replay with a cutoff per event.
    """
    local = zone.to_local(ends)
    day = np.floor_divide(local, DAY)
    dates = day.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    day_of_month = (dates - month.astype("datetime64[D]")).astype(np.int64)
    target = (month.astype(np.int64) - months).astype("datetime64[M]")
    moved = target.astype("datetime64[D]").astype(np.int64)
    moved = moved + np.minimum(day_of_month, last_day_of(target))
    return zone.to_utc(moved * DAY + (local - day * DAY))


def last_day_of(months: NDArray[np.datetime64]) -> Ints:
    """Days from the first to the last day of each month: 27 to 30."""
    following = (months + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64)
    return following - months.astype("datetime64[D]").astype(np.int64) - 1
