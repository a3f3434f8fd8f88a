"""The ends of a table: a thin rest after a sharp fall, a last day that breaks off, tables that stop early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from bankmine.bank.columns import Kind
from bankmine.understanding.detectors.days import Series, expected_rows, main_range
from bankmine.understanding.findings import Certainty, Finding, Severity, count, found, period_of, said
from bankmine.understanding.scan import Scan, axis_column, day_of
from bankmine.understanding.statistics import robust_spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 20
LASTING = 0.4  # a share of the history that long is no thin rest but a level of its own


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Findings about the ends of every table with a time axis."""
    for scan in scans.values():
        if len(scan.days) < 10:
            continue
        main, _ = main_range(scan)
        series = expected_rows(scan, *main)
        tail = _thin_end(scan, series)
        if tail:
            yield tail
        if scan.table.kind is Kind.EVENT:
            yield from _last_day(scan, series, main)
    yield from _stops_early(scans)


def _thin_end(scan: Scan, series: Series) -> Finding | None:
    """A sharp fall to a thin rest that lasts to the end (or a thin beginning): rows displaced in time."""
    for side in ("end", "beginning"):
        rows = series.rows if side == "end" else series.rows[::-1]
        at = _edge(rows)
        if at is None:
            continue
        beyond = int(rows[at:].sum())
        length = len(rows) - at
        if length > LASTING * len(rows):
            return _new_level(scan, series, at if side == "end" else length)
        first = series.start + at if side == "end" else series.start
        last = series.start + len(rows) - 1 if side == "end" else series.start + length - 1
        period = period_of(first, last)
        return found(
            scan, kind="shifted_dates", columns=[axis_column(scan)], rows=beyond, period=period,
            condition=f"day BETWEEN {first} AND {last}", where=f"at the {side}",
            sentence=f"Only {count(beyond)} of {scan.name} are dated{said(period)}, a sharp fall against "
            f"the days "
            f"{'before' if side == 'end' else 'after'}: these dates are likely displaced, by up to "
            f"{length} days.",
            severity=Severity.WARNING, certainty=Certainty.LIKELY,
            evidence=f"{rows[at:].mean():.1f} rows a day beyond that day, "
            f"{rows[max(0, at - 28) : at].mean():.1f} in the "
            "28 days on its other side; no other edge of the history is nearly as sharp.",
            advice="Compare these dates with the source; leave the period out until then.",
        )  # fmt: skip
    return None


def _new_level(scan: Scan, series: Series, at: int) -> Finding:
    """From one day on another number of rows a day, to the end: something began or ended, nothing is lost."""
    before, after = float(series.rows[:at].mean()), float(series.rows[at:].mean())
    first, last = series.start + at, series.start + len(series.rows) - 1
    period = period_of(first, last)
    return found(
        scan, kind="new_level", columns=[axis_column(scan)], rows=int(series.rows[at:].sum()), period=period,
        condition=f"day BETWEEN {first} AND {last}",
        sentence=f"From {period[0]} on {scan.name} holds {after:,.1f} rows a day, before {before:,.1f}.",
        severity=Severity.NOTICE, certainty=Certainty.CERTAIN,
        evidence="The level changes within a fortnight and stays; no other change is nearly as sharp.",
        advice="Ask what began or ended on that day; what is learned before it may not hold after it.",
    )  # fmt: skip


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
                       f"count(*) FILTER (WHERE day = {last}) AS on_last FROM scan WHERE day BETWEEN "
                       f"{last - 60} AND {last} "
                       "GROUP BY hour ORDER BY hour")  # fmt: skip
        hours, n, on_last = (got[name].to_numpy() for name in ("hour", "n", "on_last"))
        share = (n - on_last) / max((n - on_last).sum(), 1)
        seen = np.flatnonzero(on_last)
        end = int(hours[seen[-1]]) if len(seen) else 0
        unseen = float(share[hours > end].sum())
        level = max(float(np.median(series.rows[-29:-1])), float(series.expected[-1]))
        level = min(level, _usual_on(series, last))
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
        scan, kind="truncated_file", columns=[axis_column(scan)], rows=max(lost, 1), period=period,
        condition=f"day = {last}", where=where,
        sentence=f"{scan.name} breaks off on {period[0]}{' ' + where if where else ''}: {count(rows)} on "
        f"that last "
        f"day, about {rows + lost:,} were to be expected; the file was cut.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence=f"About {level:,.0f} rows a day in the four weeks before.",
        advice="Load the whole file, or let the coverage end at the midnight before.",
    )  # fmt: skip


def _usual_on(series: Series, day: int) -> float:
    """Twice the median rows of that day of the month; infinite where fewer than six such days are held."""
    numbers = np.arange(series.start, series.start + len(series.rows)).astype("datetime64[D]")
    of_month = (numbers - numbers.astype("datetime64[M]").astype("datetime64[D]")).astype(int)
    same = series.rows[:-1][of_month[:-1] == of_month[day - series.start]]
    return 2 * float(np.median(same)) if len(same) >= 6 else float("inf")


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
            scan, kind="truncated_file", columns=[axis_column(scan)], rows=lost, period=period,
            condition="false",
            where="against other tables",
            sentence=f"{scan.name} stops on {day_of(main[1]).isoformat()}, but {', '.join(sorted(later))} "
            f"go on until "
            f"{period[1]}: its file may have been cut.",
            severity=Severity.WARNING, certainty=Certainty.POSSIBLE,
            evidence=f"{until - main[1]:,} days lie between the ends; at the last rate about {count(lost)} "
            f"would follow.",
            advice="Compare the number of rows with the source; use cutoffs before that day.",
        )  # fmt: skip
