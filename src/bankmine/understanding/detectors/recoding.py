"""Recoded categories: levels that vanish on the day on which others appear, with about the same share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.columns import Type
from bankmine.engine.duck import literal, quoted
from bankmine.understanding.findings import (
    Certainty,
    Finding,
    Severity,
    count,
    found,
    percent,
    period_of,
    said,
)
from bankmine.understanding.scan import Scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LEVELS = 300
VANISHED_ROWS = 12
NEW_ROWS = 100


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """A finding for each column of codes with levels replaced from a day on."""
    for scan in scans.values():
        if len(scan.days) < 10:
            continue
        for column in scan.of_type(Type.CODE, Type.TEXT):
            if not scan.varies(column.name):
                continue
            finding = _column(scan, column.name)
            if finding:
                yield finding


def _levels(scan: Scan, name: str) -> tuple[list[str], NDArray[np.int64]] | None:
    """The levels and their rows by day (levels, days); None for columns of one or very many levels."""
    got = scan.ask(
        f"SELECT {quoted(name)} AS level, day, count(*) AS n FROM scan WHERE {quoted(name)} IS NOT NULL "
        f"AND {quoted(name)} IN (SELECT {quoted(name)} FROM scan GROUP BY ALL ORDER BY count(*) DESC "
        f"LIMIT {MOST_LEVELS}) AND day IS NOT NULL GROUP BY level, day"
    )
    levels = sorted(set(got["level"].to_pylist()))
    if len(levels) < 2:
        return None
    at = {level: i for i, level in enumerate(levels)}
    grid = np.zeros((len(levels), len(scan.days)), np.int64)
    rows = [at[level] for level in got["level"].to_pylist()]
    grid[rows, np.searchsorted(scan.days, got["day"].to_numpy())] = got["n"].to_numpy()
    return levels, grid


def _column(scan: Scan, name: str) -> Finding | None:
    prepared = _levels(scan, name)
    if prepared is None:
        return None
    levels, grid = prepared
    total, least = np.maximum(grid.sum(axis=0), 1), VANISHED_ROWS * scan.batch
    best: tuple[int, int, int, list[int], list[int]] | None = None
    for fresh in range(len(levels)):
        present = np.flatnonzero(grid[fresh])
        start, stop = int(present[0]), int(present[-1]) + 1
        if grid[fresh].sum() < 3 or start == 0:
            continue
        new = [
            i
            for i in range(len(levels))
            if grid[i, :start].sum() == 0 and grid[i, start:stop].sum() == grid[i].sum()
        ]
        if _all_new(grid, new, start, NEW_ROWS * scan.batch):
            old = [int(i) for i in np.argsort(-grid[:, :start].sum(axis=1)) if i not in new][:4]
            best = max(best or (0, 0, 0, [], []), (int(grid[new].sum()), start, grid.shape[1], new, old))
            continue
        lost = [
            i for i in range(len(levels)) if i not in new and _vanished(grid[i], total, start, stop, least)
        ]
        inside = int(grid[new, start:stop].sum())
        if lost and _same_mass(grid, total, new, lost, start, stop) and (best is None or inside > best[0]):
            best = (inside, start, stop, new, lost)
    return _finding(scan, name, levels, best) if best else None


def _all_new(grid: NDArray[np.int64], new: list[int], start: int, least: float) -> bool:
    """Whether (nearly) every value from that day on is one never seen before it."""
    before, after = int(grid[:, :start].sum()), int(grid[:, start:].sum())
    return min(before, after) >= least and bool(grid[new, start:].sum() >= 0.95 * after)


def _vanished(
    counts: NDArray[np.int64], total: NDArray[np.int64], start: int, stop: int, least: float
) -> bool:
    """The level is absent from the block where at least `least` rows would be expected by its share before.

    Its share just before the block counts; it must have had as many rows before, and not have been absent
    for as many rows. A few stragglers may follow the change, but none in the block's second half.
    """
    inside = int(counts[start:stop].sum())
    before = counts[:start]
    if before.sum() < least:
        return False
    recent = slice(max(0, start - max(stop - start, 35)), start)
    share = counts[recent].sum() / total[recent].sum()
    expected = share * total[start:stop].sum()
    if expected < least or inside > 0.02 * expected:
        return False
    if counts[(start + stop) // 2 : stop].sum() > 0.002 * expected:
        return False
    present = np.flatnonzero(counts[:start])
    reached = np.concatenate(([0], np.cumsum(total[:start])))
    gaps = np.diff(np.concatenate(([reached[present[0]]], reached[present + 1])))
    return bool(total[start:stop].sum() > 1.3 * gaps.max())


def _same_mass(
    grid: NDArray[np.int64], total: NDArray[np.int64], new: list[int], lost: list[int], start: int, stop: int
) -> bool:
    """The new levels hold about the share that the lost ones held before, within a factor of two."""
    recent = slice(max(0, start - max(stop - start, 35)), start)
    gained = grid[new, start:stop].sum() / total[start:stop].sum()
    gone = grid[lost, recent].sum() / total[recent].sum()
    least = 0.005 if len(grid) <= 30 else 0.02  # among many levels some come and go by chance
    return bool(gained > least and 0.5 < gained / max(gone, 1e-9) < 2)


def _finding(
    scan: Scan, name: str, levels: list[str], best: tuple[int, int, int, list[int], list[int]]
) -> Finding:
    rows, start, stop, new, lost = best
    first, last = int(scan.days[start]), int(scan.days[stop - 1])
    period = period_of(first, last)
    fresh, gone = [levels[i] for i in new], [levels[i] for i in lost]
    shown: dict[str, Any] = {
        "new": ", ".join(repr(v) for v in fresh[:4]), "old": ", ".join(repr(v) for v in gone[:4]),
    }  # fmt: skip
    return found(
        scan, kind="recoded_category", columns=[name], rows=rows, period=period,
        condition=f"{quoted(name)} IN ({', '.join(literal(v) for v in fresh)})",
        sentence=f"{scan.name}.{name} changes its codes{said(period)}: {shown['old']} no longer occur, "
        f"{shown['new']} "
        f"appear in their place ({count(rows)}, {percent(rows / scan.rows)}).",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence="The old levels are absent where they were expected, and the new ones hold about their "
        "share.",
        advice="Ask for the table of old and new codes and map them in the load.",
    )  # fmt: skip
