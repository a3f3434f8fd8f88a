"""Clocks that are off: blocks of days whose hours or weekdays fit the others only after a turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from bankmine.bank.columns import Kind
from bankmine.understanding.findings import Certainty, Finding, Severity, count, found, period_of, said
from bankmine.understanding.scan import Scan, axis_column
from bankmine.understanding.statistics import largest_sum, total_variation

if TYPE_CHECKING:
    from numpy.typing import NDArray


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Findings about the daily and weekly course of every event table."""
    for scan in scans.values():
        if scan.table.kind is Kind.EVENT and len(scan.days) >= 10:
            yield from _clock(scan)


def _clock(scan: Scan) -> Iterator[Finding]:
    """Blocks of days whose hours or weekdays fit the others only after being turned by some steps."""
    if scan.axis and scan.axis.hour:
        got = scan.ask("SELECT day, hour AS part, count(*) AS n FROM scan GROUP BY day, part")
        grid = np.zeros((len(scan.days), 24))
        np.add.at(
            grid,
            (np.searchsorted(scan.days, got["day"].to_numpy()), got["part"].to_numpy()),
            got["n"].to_numpy(),
        )
        turn = _turned(grid)
        if turn:
            yield _turned_finding(scan, turn, "hour", "clock_shift")
            return
    weekday = _weekdays(scan)
    turn = None if weekday is None else _turned(weekday, least=1000, shortest=21)
    if turn:
        yield _turned_finding(scan, turn, "day", "shifted_dates")


def _weekdays(scan: Scan) -> NDArray[np.float64] | None:
    """Rows by day and weekday, high days cut; None where the week has no strong course of its own."""
    weekday = (scan.days + 3) % 7
    usual = np.array(
        [np.median(scan.day_rows[weekday == i]) if (weekday == i).any() else 0.0 for i in range(7)]
    )
    if usual.max() <= 0 or usual.min() > 0.5 * usual.max():
        return None
    grid = np.zeros((len(scan.days), 7))
    grid[np.arange(len(scan.days)), weekday] = np.minimum(scan.day_rows, 1.5 * usual.max())
    return grid


def _turned(
    grid: NDArray[np.float64], *, least: int = 100, shortest: int = 1
) -> tuple[int, int, int, float, float] | None:
    """The block of days whose profile agrees with the others' after a turn: (start, stop, turn, before, "
    "after)."""
    total = grid.sum()
    cuts = np.unique(np.linspace(0, len(grid), min(len(grid), 40) + 1).astype(int))
    sums = np.concatenate((np.zeros((1, grid.shape[1])), np.cumsum(grid, axis=0)))
    best, best_gain = None, 0.0
    for i, start in enumerate(cuts[:-1]):
        for stop in cuts[i + 1 :]:
            inside = sums[stop] - sums[start]
            rows = inside.sum()
            if rows < least or rows > 0.5 * total or stop - start < shortest:
                continue
            outside = sums[-1] - inside
            before = total_variation(inside, outside)
            noise = 0.4 * np.sqrt(grid.shape[1] / rows)
            if before < max(0.08, 3 * noise):
                continue
            after, turn = min(
                (total_variation(np.roll(inside, -k), outside), k) for k in range(1, grid.shape[1])
            )
            gain = (before - after) * np.sqrt(rows)
            if after < 0.35 * before + noise and gain > best_gain and gain > 3:
                best, best_gain = (int(start), int(stop), turn, before, after), gain
    return _refine_turn(grid, best) if best else None


def _refine_turn(
    grid: NDArray[np.float64], turn: tuple[int, int, int, float, float]
) -> tuple[int, int, int, float, float]:
    """The same block to the day, by the likelihood of each day's rows with and without the turn."""
    start, stop, steps, before, after = turn
    outside = grid.sum(axis=0) - grid[start:stop].sum(axis=0) + 0.5
    logs = np.log(outside / outside.sum())
    start, stop = largest_sum(grid @ (np.roll(logs, steps) - logs))
    return start, stop, steps, before, after


def _turned_finding(scan: Scan, turn: tuple[int, int, int, float, float], unit: str, kind: str) -> Finding:
    start, stop, steps, before, after = turn
    cycle = 24 if unit == "hour" else 7
    steps = steps if steps <= cycle // 2 else steps - cycle
    first, last = int(scan.days[start]), int(scan.days[stop - 1])
    period = period_of(first, last)
    rows = int(scan.day_rows[start:stop].sum())
    return found(
        scan, kind=kind, columns=[axis_column(scan)], rows=rows, period=period,
        condition=f"day BETWEEN {first} AND {last}",
        sentence=f"The clock of {scan.name} is {abs(steps)} {unit}{'s' if abs(steps) > 1 else ''} "
        f"{'late' if steps > 0 else 'early'}{said(period)}: {count(rows)} have the others' daily course "
        f"displaced."
        if unit == "hour" else
        f"{count(rows)} of {scan.name}{said(period)} are displaced by {steps:+d} days: their weekdays fit "
        f"the others "
        "only after that.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence=f"Total variation from the other days {before:.2f} as it stands, {after:.2f} after the "
        f"turn.",
        advice="Check the time zone and clock of the source in that period and load it again.",
    )  # fmt: skip
