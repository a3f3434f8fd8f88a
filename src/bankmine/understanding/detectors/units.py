"""Unit changes: amounts that fit the others only after a factor of a power of ten.

The rows of a block (days, or all rows of a branch, channel or load) are compared with the rest on the
scale of log10: if the distributions differ much as they stand and agree when one is moved by a whole
number of decades, the unit changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.columns import Column, Kind, Type
from bankmine.engine.duck import literal, quoted
from bankmine.understanding.findings import Certainty, Finding, Severity, count, found, period_of, said
from bankmine.understanding.scan import NUMERIC, Scan
from bankmine.understanding.statistics import kolmogorov_smirnov, largest_sum

if TYPE_CHECKING:
    from numpy.typing import NDArray

PER_DECADE = 10
DECADES = (-3, -2, -1, 1, 2, 3)
LOW, HIGH = -3, 15  # decades covered
CUTS = 48
GROUPS = ("load_number", "branch_id", "channel", "currency", "direction", "product_code", "region_id", "kind")
LEAST_ROWS = 60
TRIED = 30  # blocks looked at closely


@dataclass(frozen=True)
class Shift:
    """A part of the rows that fits the rest after `decades`; distances before and after."""

    start: int
    stop: int
    decades: int
    before: float
    after: float
    rows: int

    @property
    def gain(self) -> float:
        """How much better the shifted part fits, in standard deviations of the distance."""
        return (self.before - self.after) * float(np.sqrt(self.rows))


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Unit changes of every amount and number, by block of days and by group."""
    for scan in scans.values():
        for column in scan.of_type(*NUMERIC):
            if column.unit == "year" or column.unit == "degrees" or scan.filled[column.name] < 2 * LEAST_ROWS:
                continue
            finding = _by_days(scan, column) or _by_group(scan, column)
            if finding:
                yield finding


def magnitude(column: str) -> str:
    """The bin of a value's size on the log10 scale, as SQL; null for zero."""
    name = quoted(column)
    return (
        f"CAST(greatest({LOW * PER_DECADE}, least({HIGH * PER_DECADE - 1}, "
        f"floor({PER_DECADE} * log10(abs({name}))))) AS INTEGER)"
    )


def _grid(scan: Scan, column: str, by: str) -> tuple[list[Any], NDArray[np.float64]]:
    """Counts by value of `by` and bin of magnitude."""
    got = scan.ask(
        f"SELECT {by} AS part, {magnitude(column)} AS bin, count(*) AS n FROM scan "
        f"WHERE {quoted(column)} <> 0 AND {by} IS NOT NULL GROUP BY part, bin"
    )
    parts = sorted(set(got["part"].to_pylist()))
    at = {part: i for i, part in enumerate(parts)}
    grid = np.zeros((len(parts), (HIGH - LOW) * PER_DECADE))
    rows = [at[part] for part in got["part"].to_pylist()]
    grid[rows, got["bin"].to_numpy() - LOW * PER_DECADE] = got["n"].to_numpy()
    return parts, grid


def moved(counts: NDArray[np.float64], decades: int) -> NDArray[np.float64]:
    """The binned distribution after multiplying every value by 10**decades."""
    return np.roll(counts, decades * PER_DECADE)


def _compare(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> tuple[int, float, float] | None:
    """The shift of `inside` against `outside` that fits best, with distances before and after."""
    before = kolmogorov_smirnov(inside, outside)
    if before < 0.35:
        return None
    after, decades = min((kolmogorov_smirnov(moved(inside, -k), outside), k) for k in DECADES)
    return decades, before, after


def _convincing(shift: Shift) -> bool:
    noise = 1.6 / np.sqrt(shift.rows)
    return shift.rows >= LEAST_ROWS and shift.after <= min(0.4 * shift.before, 0.2 + noise) and shift.gain > 3


def _by_days(scan: Scan, column: Column) -> Finding | None:
    if len(scan.days) < 8 or scan.filled[column.name] < 2 * LEAST_ROWS * scan.batch:
        return None
    days, grid = _grid(scan, column.name, "day")
    closing = month_ends(np.asarray(days))
    # Of what began long ago a table of states holds what lasts, mortgages not overdrafts: ten times as much.
    least = 1 if scan.table.kind is Kind.EVENT else 2
    tried = [shift for shift in block_shifts(grid, closing) if abs(shift.decades) >= least]
    for shift in tried[:TRIED]:
        start, stop = _refined(grid, shift)
        if _is_sharp(grid, start, stop, shift, closing):
            break
    else:
        return None
    first, last = int(days[start]), int(days[stop - 1])
    period = period_of(first, last)
    condition = f"day BETWEEN {first} AND {last} AND {quoted(column.name)} <> 0"
    return _finding(scan, column, shift, condition, said(period), period)


def month_ends(days: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Marks last days of months, when interest and fees are booked."""
    dates = days.astype("datetime64[D]")
    return np.asarray((dates + 1).astype("datetime64[M]") != dates.astype("datetime64[M]"))


def block_shifts(grid: NDArray[np.float64], closing: NDArray[np.bool_]) -> list[Shift]:
    """The blocks of days, on a coarse grid of cuts, that fit the rest after a shift; best first.

    The rest is weighted so that it holds the same share of rows of month ends as the block.
    """
    reached = np.cumsum(grid.sum(axis=1))
    total = reached[-1]
    cuts = np.unique(np.searchsorted(reached, np.linspace(0, total, CUTS + 1)[1:-1], side="left") + 1)
    cuts = np.concatenate(([0], cuts[cuts < len(grid)], [len(grid)]))
    parts = [np.where(closing[:, None], grid, 0), np.where(closing[:, None], 0, grid)]
    sums = [np.concatenate((np.zeros((1, grid.shape[1])), np.cumsum(part, axis=0))) for part in parts]
    shifts: list[Shift] = []
    for i, start in enumerate(cuts[:-1]):
        for stop in cuts[i + 1 :]:
            pieces = [one[stop] - one[start] for one in sums]
            inside = pieces[0] + pieces[1]
            rows = int(inside.sum())
            outside = _weighted(pieces, [one[-1] for one in sums])
            if rows < LEAST_ROWS or rows > 0.5 * total:
                continue
            seen = _compare(inside, outside)
            if seen is None:
                continue
            shift = Shift(int(start), int(stop), seen[0], seen[1], seen[2], rows)
            if _convincing(shift):
                shifts.append(shift)
    return sorted(shifts, key=lambda shift: -shift.gain)


def _weighted(
    inside: list[NDArray[np.float64]], everything: list[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """The distribution outside, each part weighted by its rows inside."""
    mixed = np.zeros_like(inside[0])
    for part, whole in zip(inside, everything, strict=True):
        outside = whole - part
        if outside.sum() > 0:
            mixed += outside / outside.sum() * part.sum()
    return mixed


def _refined(grid: NDArray[np.float64], shift: Shift) -> tuple[int, int]:
    """The block to the day, by the likelihood of each day's rows with and without the shift."""
    outside = grid.sum(axis=0) - grid[shift.start : shift.stop].sum(axis=0) + 0.5
    plain_logs = np.log(outside / outside.sum())
    moved_logs = np.log(moved(outside, shift.decades) / outside.sum())
    return largest_sum(grid @ (moved_logs - plain_logs))


def _is_sharp(
    grid: NDArray[np.float64], start: int, stop: int, shift: Shift, closing: NDArray[np.bool_]
) -> bool:
    """Whether the change happens from one day to the next, not by growth: each edge is tested with the
    days nearest to it on either side that hold enough rows."""
    if not closing.all():
        grid = np.where(closing[:, None], 0, grid)
    edges = [at for at in (start, stop) if 0 < at < len(grid)]
    return bool(edges) and all(_edge_is_sharp(grid, at, at == start, shift) for at in edges)


def _edge_is_sharp(grid: NDArray[np.float64], at: int, opens: bool, shift: Shift) -> bool:
    rows = grid.sum(axis=1)
    left = _nearest(rows[:at][::-1])
    right = _nearest(rows[at:])
    before, after = grid[at - left : at].sum(axis=0), grid[at : at + right].sum(axis=0)
    inside, outside = (after, before) if opens else (before, after)
    plain_distance = kolmogorov_smirnov(inside, outside)
    return plain_distance > 0.5 * shift.before and (
        kolmogorov_smirnov(moved(inside, -shift.decades), outside) < 0.6 * plain_distance
    )


def _nearest(rows: NDArray[np.float64]) -> int:
    """How many of the days, nearest first, hold at least 100 rows together (all, if they do not)."""
    return min(len(rows), int(np.searchsorted(np.cumsum(rows), 100)) + 1)


def _by_group(scan: Scan, column: Column) -> Finding | None:
    """A level whose amounts are whole decades away from those of all other levels, by at least 100."""
    for name in GROUPS:
        if not scan.has(name) or name == column.name or not scan.varies(name):
            continue
        if scan.table.column(name).type not in (Type.CODE, Type.INTEGER):
            continue
        levels, grid = _grid(scan, column.name, quoted(name))
        if not 3 <= len(levels) <= 500:
            continue
        for i, level in enumerate(levels):
            rows = int(grid[i].sum())
            if rows < LEAST_ROWS or rows > 0.3 * grid.sum():
                continue
            seen = _compare(grid[i], grid.sum(axis=0) - grid[i])
            if seen is None or abs(seen[0]) < 2:
                continue
            shift = Shift(0, 0, seen[0], seen[1], seen[2], rows)
            if _convincing(shift) and shift.after < 0.15 and shift.before > 0.7:
                shown = literal(level) if isinstance(level, str) else repr(level)
                condition = f"{quoted(name)} = {shown} AND {quoted(column.name)} <> 0"
                return _finding(scan, column, shift, condition, f" where {name} is {level}", None)
    return None


def _finding(
    scan: Scan, column: Column, shift: Shift, condition: str, where: str, period: tuple[str, str] | None
) -> Finding:
    rows = int(scan.ask(f"SELECT count(*) AS n FROM scan WHERE {condition}")["n"][0].as_py())
    factor = f"× {10**shift.decades:,}" if shift.decades > 0 else f"÷ {10**-shift.decades:,}"
    return found(
        scan, kind="unit_change", columns=[column.name], rows=rows, period=period, condition=condition,
        where=where.strip(),
        sentence=f"{scan.name}.{column.name} is in another unit{where}: {count(rows)} look like the others "
        f"{factor}.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence=f"Kolmogorov-Smirnov distance to the other rows {shift.before:.2f} as they stand, "
        f"{shift.after:.2f} after the factor.",
        advice=f"Confirm the unit with the source and load those rows again with the factor {factor} undone.",
    )  # fmt: skip
