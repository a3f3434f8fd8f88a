"""Swapped columns: in a block of days, or in single rows, two columns hold each other's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.columns import Column, Type
from bankmine.engine.duck import quoted
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
from bankmine.understanding.statistics import best_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 20
_FAMILIES = ((Type.MONEY,), (Type.REAL,), (Type.INTEGER,), (Type.CODE, Type.TEXT), (Type.DATE,))
SURE = 3.0  # natural log of the likelihood ratio from which a single row counts as swapped


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Each pair of columns of one type whose values are told apart."""
    for scan in scans.values():
        for family in _FAMILIES:
            columns = [c for c in scan.of_type(*family) if scan.filled[c.name] >= 2 * LEAST_ROWS]
            for first, second in combinations(columns, 2):
                finding = _pair(scan, first, second)
                if finding:
                    yield finding


def bin_of(column: Column) -> str:
    """The value itself for codes; the signed size on a log scale of tenths for numbers; years for dates."""
    name = quoted(column.name)
    if column.type in (Type.CODE, Type.TEXT):
        return name
    if column.type is Type.DATE:
        return f"CAST(year({name}) AS INTEGER)"
    return f"CAST(sign({name}) * round(10 * ln(1 + abs({name}))) AS INTEGER)"


def _pair(scan: Scan, first: Column, second: Column) -> Finding | None:
    a, b = bin_of(first), bin_of(second)
    got = scan.ask(
        f"SELECT {a} AS a, {b} AS b, count(*) AS n FROM scan WHERE a IS NOT NULL AND b IS NOT NULL GROUP "
        f"BY 1, 2"
    )
    if got.num_rows < 2 or got.num_rows > 200_000:
        return None
    values, table = _joint(got)
    swapped = _swapped_cells(table)
    if swapped is None:
        return None
    rows = int(table[swapped].sum())
    if rows < LEAST_ROWS or rows > 0.5 * table.sum():
        return None
    cells = [(values[i], values[j]) for i, j in zip(*np.nonzero(swapped & (table > 0)), strict=True)]
    return _finding(scan, first, second, (a, b), cells, rows)


def _joint(got: Any) -> tuple[list[Any], NDArray[np.float64]]:
    a, b = got["a"].to_pylist(), got["b"].to_pylist()
    values = sorted(set(a) | set(b), key=lambda v: (str(type(v)), v))
    at = {value: i for i, value in enumerate(values)}
    if len(values) > 3000:
        return values, np.zeros((0, 0))
    table = np.zeros((len(values), len(values)))
    np.add.at(table, ([at[v] for v in a], [at[v] for v in b]), got["n"].to_numpy())
    return values, table


def _swapped_cells(table: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    """Cells (a, b) that are far likelier as (b, a); None where the columns are not told apart.

    Likelihoods come from each column's own distribution, once the cells found are left out (three rounds).
    """
    if not table.size:
        return None
    clean = table.copy()
    swapped = np.zeros(table.shape, bool)
    for sure in (SURE / 3, 2 * SURE / 3, SURE):
        p, q = clean.sum(axis=1) + 0.25, clean.sum(axis=0) + 0.25
        log_a, log_b = np.log(p / p.sum()), np.log(q / q.sum())
        ratio = (log_a[None, :] + log_b[:, None]) - (log_a[:, None] + log_b[None, :])
        swapped = ratio > sure
        clean = np.where(swapped, 0, table)
    p, q = clean.sum(axis=1), clean.sum(axis=0)
    if not p.sum() or 0.5 * np.abs(p / p.sum() - q / q.sum()).sum() < 0.9:
        return None
    mirrored = clean.T[swapped]  # a swapped cell's mirror must be a usual one
    return swapped if (table[swapped] * (mirrored > 0)).sum() >= 0.5 * table[swapped].sum() else None


def _finding(
    scan: Scan, first: Column, second: Column, bins: tuple[str, str], cells: list[tuple[Any, Any]], rows: int
) -> Finding | None:
    from bankmine.understanding.detectors.frozen import as_literal

    pairs = ", ".join(f"({as_literal(x)}, {as_literal(y)})" for x, y in cells[:2000])
    condition = f"({bins[0]}, {bins[1]}) IN ({pairs})"
    by_day = scan.by_day([condition])[0]
    block = best_block(by_day, scan.day_rows) if len(scan.days) else None
    where = f"in {percent(rows / scan.rows)} of the rows"
    period = None
    if len(scan.days):
        hit = np.flatnonzero(by_day)
        period = period_of(int(scan.days[hit[0]]), int(scan.days[hit[-1]])) if len(hit) else None
    if block and block.share > 0.3 and block.affected > 0.6 * rows and block.stands_out():
        first_day, last_day = int(scan.days[block.start]), int(scan.days[block.stop - 1])
        period, rows = period_of(first_day, last_day), block.affected
        where = said(period).strip()
        condition += f" AND day BETWEEN {first_day} AND {last_day}"
    elif rows < 0.002 * scan.rows:
        return None
    return found(
        scan, kind="swapped_columns", columns=[first.name, second.name], rows=rows, period=period,
        condition=condition,
        sentence=f"{scan.name}.{first.name} and {second.name} are exchanged {where}: {count(rows)} hold each "
        "other's values.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence=f"In these rows the values are at least {np.exp(SURE):.0f} times likelier the other way "
        f"round.",
        advice="Exchange the two columns in the mapping for these rows and load them again.",
    )  # fmt: skip
