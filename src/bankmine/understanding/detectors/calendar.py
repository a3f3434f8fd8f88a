"""The calendar: dates outside the table's time, gaps, thin ends, clocks that are off.

Rows per day are compared with what the days around, the weekday and the day of the month lead to expect;
the profile of hours, weekdays and days of the month is compared between blocks of days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bankmine.bank.columns import Kind
from bankmine.understanding.findings import (
    Certainty,
    Finding,
    Severity,
    count,
    found,
    percent,
    period_of,
    said,
)  # fmt: skip
from bankmine.understanding.scan import Scan, day_of
from bankmine.understanding.statistics import largest_sum, robust_spread, total_variation

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 20
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
        tail = _thin_end(scan, series)
        if tail:
            yield tail
        if scan.table.kind is Kind.EVENT:
            yield from _last_day(scan, series, main)
            yield from _clock(scan, main)
    yield from _stops_early(scans)


def main_range(scan: Scan) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """First and last day of the bulk of the rows, and the ranges that lie apart from it.

    A range lies apart when it holds less than a fifth of the rows and the days without rows between are
    at least 30 and five times the second-widest gap of the bulk (the widest may be where it was taken from).
    """
    days, rows = scan.days, scan.day_rows
    steps, reached, total = np.diff(days), np.cumsum(rows), rows.sum()
    low, high = 0, len(days) - 1
    for at in np.argsort(-steps)[:4]:
        others = np.sort(steps[low:high][np.arange(low, high) != at])
        usual = int(others[-2]) if len(others) > 1 else 1
        if steps[at] < max(30, 5 * usual) or not low <= at < high:
            continue
        if reached[at] < 0.2 * total:
            low = int(at) + 1
        elif total - reached[at] < 0.2 * total:
            high = int(at)
    apart = []
    if low > 0:
        apart.append((int(days[0]), int(days[low - 1])))
    if high < len(days) - 1:
        apart.append((int(days[high + 1]), int(days[-1])))
    return (int(days[low]), int(days[high])), apart


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
            evidence=f"{abs(first - main[1]) if first > main[1] else abs(main[0] - last):,} days lie between.",
            advice="Ask for the dates of these rows again.",
        )  # fmt: skip


def _moved_outside(scan: Scan, gap: Finding, apart: list[tuple[int, int]]) -> bool:
    """Whether the rows the gap misses are those found apart from the bulk: said once, there."""
    for first, last in apart:
        rows = int(scan.day_rows[(scan.days >= first) & (scan.days <= last)].sum())
        if 0.5 * gap.rows < rows < 2 * gap.rows:
            return True
    return False


@dataclass(frozen=True)
class Series:
    """Rows by calendar day from `start` on, with what was to be expected."""

    start: int
    rows: NDArray[np.float64]
    expected: NDArray[np.float64]
    factor: NDArray[np.float64]

    def expected_over(self, width: int) -> NDArray[np.float64]:
        """Expected rows by the median level of `width` days around (odd, at least 29)."""
        size = min(max(width, 29), 2 * (len(self.rows) // 2) - 1) // 2 * 2 + 1
        return _rolling_median(self.rows / np.maximum(self.factor, 0.02), size) * self.factor


def expected_rows(scan: Scan, first: int, last: int) -> Series:
    """Expected rows a day: the median level of four weeks around × the day's share in week and month."""
    rows = np.zeros(last - first + 1)
    inside = (scan.days >= first) & (scan.days <= last)
    rows[scan.days[inside] - first] = scan.day_rows[inside]
    numbers = np.arange(first, last + 1)
    weekday = (numbers + 3) % 7
    dates = numbers.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(int)
    ends = ((dates + 1).astype("datetime64[M]") != dates.astype("datetime64[M]")).astype(int)
    of_month = np.where(ends == 1, 31, of_month)
    factor = np.ones(len(rows))
    for _ in range(3):
        level = _rolling_median(rows / np.maximum(factor, 0.02), 29)
        for part, size in ((weekday, 7), (of_month, 32)):
            seen = rows / np.maximum(level * factor, 0.5)
            adjust = np.ones(size)
            for value in range(size):
                chosen = seen[part == value]
                if len(chosen) >= 4:
                    adjust[value] = np.clip(np.median(chosen), 0.02, 50)
            factor = factor * adjust[part]
    level = _rolling_median(rows / np.maximum(factor, 0.02), 29)
    return Series(first, rows, level * factor, factor)


def _rolling_median(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    half = width // 2
    padded = np.pad(values, half, mode="edge" if len(values) else "constant")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1))


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
            scan, kind="missing_rows", columns=[_column(scan)], rows=round(missing), period=period,
            condition=f"day BETWEEN {first} AND {last}",
            sentence=f"{scan.name} has (nearly) no rows{said(period)}, where about {round(missing):,} were to be "
            "expected.",
            severity=Severity.WARNING if long else Severity.NOTICE, certainty=Certainty.LIKELY,
            evidence=f"{stop - start} days in a row; the next longest such run has {rival}.",
            advice="Ask for the rows of these days; windows that touch them are too low.",
        )  # fmt: skip
    shift, moved = target
    goal = (first + shift, last + shift)
    return found(
        scan, kind="shifted_dates", columns=[_column(scan)], rows=moved, period=period_of(*goal),
        condition=f"day BETWEEN {goal[0]} AND {goal[1]}",
        sentence=f"{count(moved)} of {scan.name} seem to be displaced by {shift:+d} days: (nearly) none are dated"
        f"{said(period)}, and about as many too many{said(period_of(*goal))}.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence=f"About {round(missing):,} rows missing in one period, {moved:,} above expectation in the other.",
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


def _column(scan: Scan) -> str:
    assert scan.axis is not None
    return scan.axis.column


def _thin_end(scan: Scan, series: Series) -> Finding | None:
    """A sharp fall to a thin rest that lasts to the end (or a thin beginning): rows displaced in time."""
    for side in ("end", "beginning"):
        rows = series.rows if side == "end" else series.rows[::-1]
        at = _edge(rows)
        if at is None:
            continue
        beyond = int(rows[at:].sum())
        length = len(rows) - at
        first = series.start + at if side == "end" else series.start
        last = series.start + len(rows) - 1 if side == "end" else series.start + length - 1
        period = period_of(first, last)
        return found(
            scan, kind="shifted_dates", columns=[_column(scan)], rows=beyond, period=period,
            condition=f"day BETWEEN {first} AND {last}", where=f"at the {side}",
            sentence=f"Only {count(beyond)} of {scan.name} are dated{said(period)}, a sharp fall against the days "
            f"{'before' if side == 'end' else 'after'}: these dates are likely displaced, by up to {length} days.",
            severity=Severity.WARNING, certainty=Certainty.LIKELY,
            evidence=f"{rows[at:].mean():.1f} rows a day beyond that day, {rows[max(0, at - 28) : at].mean():.1f} in the "
            "28 days on its other side; no other edge of the history is nearly as sharp.",
            advice="Compare these dates with the source; leave the period out until then.",
        )  # fmt: skip
    return None


def _edge(rows: NDArray[np.float64]) -> int | None:
    """The day from which the rest is thin: sharper than every other fall of the history."""
    width = 28
    if len(rows) < 3 * width:
        return None
    sums = np.concatenate(([0.0], np.cumsum(rows)))
    at = np.arange(width, len(rows) - 4)
    before = (sums[at] - sums[at - width]) / width
    ahead = np.minimum(at + width, len(rows))
    after = (sums[ahead] - sums[at]) / (ahead - at)
    falls = np.log((before + 0.5) / (after + 0.5))
    total = sums[-1]
    best = int(np.argmax(falls))
    cut = int(at[best])
    rest = len(rows) - cut
    if before[best] * width < 100 or total - sums[cut] > 0.2 * total or rest < 7:
        return None
    if falls[best] < np.log(3.5) or rows[cut:].mean() > 0.35 * before[best]:
        return None
    cut = _sharpen(rows, cut)
    near = (rows[max(0, cut - 7) : cut].mean() + 0.5) / (rows[cut : cut + 7].mean() + 0.5)
    others = falls[np.abs(at - cut) > width]
    if near < 2.5 or (len(others) and falls[best] < 2 * others.max()):
        return None
    return cut if total - sums[cut] >= LEAST_ROWS else None


def _sharpen(rows: NDArray[np.float64], cut: int) -> int:
    """The day within a fortnight at which the weeks before and after differ most."""
    options = range(max(7, cut - 14), min(len(rows) - 7, cut + 15))
    return max(
        options, key=lambda d: (rows[d - 7 : d].mean() + 0.5) / (rows[d : d + 7].mean() + 0.5), default=cut
    )


def _last_day(scan: Scan, series: Series, main: tuple[int, int]) -> Iterator[Finding]:
    """A last day that breaks off: by its hours where there are any, else by its rows."""
    last = main[1]
    rows = int(series.rows[-1])
    if scan.axis and scan.axis.hour:
        got = scan.ask(f"SELECT hour, count(*) AS n, max(CASE WHEN day = {last} THEN 1 ELSE 0 END) AS seen, "
                       f"count(*) FILTER (WHERE day = {last}) AS on_last FROM scan WHERE day BETWEEN {last - 60} AND {last} "
                       "GROUP BY hour ORDER BY hour")  # fmt: skip
        hours, n, on_last = (got[name].to_numpy() for name in ("hour", "n", "on_last"))
        share = (n - on_last) / max((n - on_last).sum(), 1)
        seen = np.flatnonzero(on_last)
        end = int(hours[seen[-1]]) if len(seen) else 0
        unseen = float(share[hours > end].sum())
        level = max(float(np.median(series.rows[-29:-1])), float(series.expected[-1]))
        if unseen * level < 15 or rows > (1 - 0.6 * unseen) * level * 1.2 or unseen < 0.03:
            return
        where = f"after {end}:59"
        lost = round(max(unseen * level, level - rows))
    else:
        level = float(series.expected[-1])
        recent = np.log((series.rows[-120:] + 0.5) / (series.expected[-120:] + 0.5))
        usual = recent[:-1][series.expected[-120:-1] > 10]
        if level < 30 or len(usual) < 28 or recent[-1] > usual.min() - 0.1:
            return
        if recent[-1] > -max(3.5 * robust_spread(usual), 0.5):
            return
        where, lost = "", round(level - rows)
    period = period_of(last, last)
    yield found(
        scan, kind="truncated_file", columns=[_column(scan)], rows=max(lost, 1), period=period,
        condition=f"day = {last}", where=where,
        sentence=f"{scan.name} breaks off on {period[0]}{' ' + where if where else ''}: {count(rows)} on that last "
        f"day, about {rows + lost:,} were to be expected; the file was cut.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence=f"About {level:,.0f} rows a day in the four weeks before.",
        advice="Load the whole file, or let the coverage end at the midnight before.",
    )  # fmt: skip


def _clock(scan: Scan, main: tuple[int, int]) -> Iterator[Finding]:
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
    """The block of days whose profile agrees with the others' after a turn: (start, stop, turn, before, after)."""
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
        scan, kind=kind, columns=[_column(scan)], rows=rows, period=period,
        condition=f"day BETWEEN {first} AND {last}",
        sentence=f"The clock of {scan.name} is {abs(steps)} {unit}{'s' if abs(steps) > 1 else ''} "
        f"{'late' if steps > 0 else 'early'}{said(period)}: {count(rows)} have the others' daily course displaced."
        if unit == "hour" else
        f"{count(rows)} of {scan.name}{said(period)} are displaced by {steps:+d} days: their weekdays fit the others "
        "only after that.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence=f"Total variation from the other days {before:.2f} as it stands, {after:.2f} after the turn.",
        advice="Check the time zone and clock of the source in that period and load it again.",
    )  # fmt: skip


def _stops_early(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Event tables that end well before others of the bank: cut, or delivered for a shorter time."""
    ends = {}
    for scan in scans.values():
        if len(scan.days) >= 10:
            reached = np.cumsum(scan.day_rows) / scan.day_rows.sum()
            ends[scan.name] = (scan, int(scan.days[np.searchsorted(reached, 0.995)]), main_range(scan)[0])
    for name, (scan, _, main) in ends.items():
        if scan.table.kind is not Kind.EVENT:
            continue
        later = [
            other
            for other, (_, end, _) in ends.items()
            if other != name and end > main[1] + 31 + 0.1 * (main[1] - main[0])
        ]
        if not later:
            continue
        until = max(ends[other][1] for other in later)
        period = period_of(main[1] + 1, until)
        recent = scan.days > main[1] - 90
        lost = round(float(scan.day_rows[recent].sum()) / min(90, main[1] - main[0] + 1) * (until - main[1]))
        yield found(
            scan, kind="truncated_file", columns=[_column(scan)], rows=lost, period=period, condition="false",
            where="against other tables",
            sentence=f"{scan.name} stops on {day_of(main[1]).isoformat()}, but {', '.join(sorted(later))} go on until "
            f"{period[1]}: its file may have been cut.",
            severity=Severity.WARNING, certainty=Certainty.POSSIBLE,
            evidence=f"{until - main[1]:,} days lie between the ends; at the last rate about {count(lost)} would follow.",
            advice="Compare the number of rows with the source; use cutoffs before that day.",
        )  # fmt: skip


__all__ = ["detect", "expected_rows", "main_range", "percent"]
