"""The calendar: dates outside the table's time, gaps, and blocks of days displaced into others.

Rows per day are compared with what the days around, the weekday and the day of the month lead to expect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from bankmine.understanding.detectors.days import Series, expected_rows, main_range
from bankmine.understanding.findings import Certainty, Finding, Severity, count, found, period_of, said
from bankmine.understanding.scan import Scan, axis_column, day_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 20
# Displacements people make: a wrong year, quarter, month, week or day.
_STEPS = (
    1,
    2,
    7,
    14,
    21,
    28,
    29,
    30,
    31,
    59,
    60,
    61,
    62,
    89,
    90,
    91,
    92,
    181,
    182,
    183,
    184,
    364,
    365,
    366,
    730,
    731,
)


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Findings about the days and hours of every table with a time axis."""
    for scan in scans.values():
        if len(scan.days) < 10:
            continue
        main, outside = main_range(scan)
        yield from _outside(scan, main, outside)
        series = expected_rows(scan, *main)
        gap = _gap(scan, series)
        if gap and not _moved_outside(scan, gap, outside):
            yield gap


def _outside(scan: Scan, main: tuple[int, int], apart: list[tuple[int, int]]) -> Iterator[Finding]:
    assert scan.axis is not None
    for first, last in apart:
        inside = (scan.days >= first) & (scan.days <= last)
        rows = int(scan.day_rows[inside].sum())
        if rows < 5:
            continue
        period = period_of(first, last)
        filler = day_of(first).year < 1950 or day_of(last).year > 2090 or first == last == 0
        yield found(
            scan, kind="default_value" if filler else "shifted_dates", columns=[scan.axis.column], rows=rows,
            period=period, condition=f"day BETWEEN {first} AND {last}",
            sentence=f"{count(rows)} of {scan.name} are dated{said(period)}, far outside the other rows"
            f"{said(period_of(*main))}: " + ("a default date." if filler else "their dates are displaced."),
            severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
            evidence=f"{abs(first - main[1]) if first > main[1] else abs(main[0] - last):,} days lie "
            f"between.",
            advice="Ask for the dates of these rows again.",
        )  # fmt: skip


def _moved_outside(scan: Scan, gap: Finding, apart: list[tuple[int, int]]) -> bool:
    """Whether the rows the gap misses are those found apart from the bulk: said once, there."""
    for first, last in apart:
        rows = int(scan.day_rows[(scan.days >= first) & (scan.days <= last)].sum())
        if 0.5 * gap.rows < rows < 2 * gap.rows:
            return True
    return False


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The runs [start, stop) of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _gap(scan: Scan, series: Series) -> Finding | None:
    """Days (nearly) without rows where many were expected, longer than any other such run."""
    level = _level_around(series)
    empty = series.rows <= 0.1 * level
    runs = sorted(_runs(empty), key=lambda run: run[0] - run[1])
    runs = [run for run in runs if run[0] > 0 and run[1] < len(empty)]
    if not runs:
        return None
    start, stop = runs[0]
    missing = float(series.expected_over(4 * (stop - start))[start:stop].sum())
    rival = runs[1][1] - runs[1][0] if len(runs) > 1 else 0
    if missing < LEAST_ROWS or stop - start < 3 * rival or (len(runs) > 12 and stop - start < 6 * rival):
        return None
    first, last = series.start + start, series.start + stop - 1
    period = period_of(first, last)
    long = stop - start >= 2
    target = _excess(series, start, stop, missing) if long else None
    if target is None:
        return found(
            scan, kind="missing_rows", columns=[axis_column(scan)], rows=round(missing), period=period,
            condition=f"day BETWEEN {first} AND {last}",
            sentence=f"{scan.name} has (nearly) no rows{said(period)}, where about {round(missing):,} were "
            f"to be "
            "expected.",
            severity=Severity.WARNING if long else Severity.NOTICE, certainty=Certainty.LIKELY,
            evidence=f"{stop - start} days in a row; the next longest such run has {rival}.",
            advice="Ask for the rows of these days; windows that touch them are too low.",
        )  # fmt: skip
    shift, moved = target
    goal = (first + shift, last + shift)
    return found(
        scan, kind="shifted_dates", columns=[axis_column(scan)], rows=moved, period=period_of(*goal),
        condition=f"day BETWEEN {goal[0]} AND {goal[1]}",
        sentence=f"{count(moved)} of {scan.name} seem to be displaced by {shift:+d} days: (nearly) none "
        f"are dated"
        f"{said(period)}, and about as many too many{said(period_of(*goal))}.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence=f"About {round(missing):,} rows missing in one period, {moved:,} above expectation in the "
        f"other.",
        advice="Ask for the dates of these rows again.",
    )  # fmt: skip


def _level_around(series: Series) -> NDArray[np.float64]:
    """The lower of the levels on either side of each day, from the 28 days with rows before and after."""
    rows = series.rows
    held = np.flatnonzero(rows > 0)
    before = np.zeros(len(rows))
    after = np.zeros(len(rows))
    at = np.searchsorted(held, np.arange(len(rows)))
    sums = np.concatenate(([0.0], np.cumsum(rows[held])))
    low = np.maximum(at - 28, 0)
    before = (sums[at] - sums[low]) / np.maximum(at - low, 1)
    high = np.minimum(at + 28, len(held))
    after = (sums[high] - sums[at]) / np.maximum(high - at, 1)
    density = min(1.0, len(held) / len(rows) * 1.2)
    return np.minimum(before, after) * density


def _excess(series: Series, start: int, stop: int, missing: float) -> tuple[int, int] | None:
    """The displacement in days at which about the missing rows are found too many; None where nowhere."""
    size = stop - start
    level = series.expected_over(4 * size)
    surplus = np.concatenate(([0.0], np.cumsum(series.rows - level)))
    goals = np.arange(0, len(series.rows) - size + 1)
    goals = goals[(goals >= stop) | (goals + size <= start)]
    if not len(goals):
        return None
    extra = surplus[goals + size] - surplus[goals]
    usual = np.maximum([level[goal : goal + size].sum() for goal in goals], 1.0)
    calendar = np.isin(
        np.abs(goals - start), _STEPS
    )  # a wrong year, quarter, month or week; else nearly double
    wanted = (extra > 0.7 * missing) & (extra > np.where(calendar, 0.5, 0.85) * usual)
    for at in np.argsort(-np.where(wanted, extra, -1.0))[: int(wanted.sum())]:
        if _stands_up(series, int(goals[at]), int(goals[at]) + size):
            return int(goals[at]) - start, round(float(min(extra[at], missing * 1.5)))
    return None


def _stands_up(series: Series, start: int, stop: int) -> bool:
    """Whether rows rise at the start and fall after the end of the days, measured over a week."""
    load = np.concatenate(([0.0], np.cumsum(series.rows)))
    usual = np.concatenate(([0.0], np.cumsum(np.maximum(series.factor, 0.02))))

    def level(low: int, high: int) -> float:
        return float((load[high] - load[low]) / (usual[high] - usual[low]))

    width = min(7, stop - start)
    edges = []
    if start >= width:
        edges.append(level(start, start + width) / max(level(start - width, start), 1e-9))
    if stop + width <= len(series.rows):
        edges.append(level(stop - width, stop) / max(level(stop, stop + width), 1e-9))
    return bool(edges) and min(edges) > 1.35
