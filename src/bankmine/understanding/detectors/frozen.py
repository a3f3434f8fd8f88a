"""Frozen columns and default values: one value where there should be many.

A column is frozen where, from some day on, every row holds the same value although the days before held
several. A default value is a single value whose share jumps in a block of days, or a well-known filler
(1900-01-01, 9999 …) far outside the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bankmine.bank.columns import Column, Type
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
from bankmine.understanding.scan import SYSTEM, Scan
from bankmine.understanding.statistics import Block, best_block

CANDIDATES = 12
LEAST_ROWS = 30
FILLER_DATES = re.compile(
    r"^(1[0-8]\d\d-|1900-01-01|1901-01-01|1970-01-01|1899-12-3|2099-|2[1-9]\d\d-|9999-)"
)
FILLER_TEXTS = {
    "?",
    "-",
    "--",
    "n/a",
    "na",
    "null",
    "none",
    "nan",
    "unknown",
    "undefined",
    "xxx",
    "test",
    "#n/a",
    ".",
}


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Findings about single values, column by column."""
    for scan in scans.values():
        for column in scan.columns:
            if column.name in SYSTEM and column.name != "event_time":
                continue
            yield from _column(scan, column)


def _column(scan: Scan, column: Column) -> Iterator[Finding]:
    if column.name == "event_time" or (scan.axis and column.name == scan.axis.column):
        return
    if (column.name,) == scan.table.primary_key:
        return
    values = _commonest(scan, column)
    if len(values) == 1 and values[0][1] == scan.filled[column.name]:
        yield from _constant(scan, column, values[0][0])
        return
    blocks = _blocks(scan, column, values)
    said_values = set()
    for value, block in blocks:
        finding = _frozen(scan, column, value, block) or _spike(scan, column, value, block)
        if finding:
            said_values.add(value)
            yield finding
            break
    yield from _fillers(scan, column, values, said_values)


def _commonest(scan: Scan, column: Column) -> list[tuple[Any, int]]:
    name = quoted(column.name)
    got = scan.ask(
        f"SELECT {name} AS value, count(*) AS n FROM scan WHERE {name} IS NOT NULL "
        f"GROUP BY 1 ORDER BY n DESC, 1 LIMIT {CANDIDATES}"
    )
    return list(zip(got["value"].to_pylist(), got["n"].to_pylist(), strict=True))


def as_literal(value: Any) -> str:
    """A value as an SQL literal."""
    if isinstance(value, bool | int | float):
        return repr(value).lower() if isinstance(value, bool) else repr(value)
    if isinstance(value, str):
        return literal(value)
    kind = "TIMESTAMPTZ" if hasattr(value, "hour") else "DATE"
    return f"{kind} {literal(value.isoformat())}"


def _equals(column: Column, value: Any) -> str:
    return f"{quoted(column.name)} = {as_literal(value)}"


def _blocks(scan: Scan, column: Column, values: list[tuple[Any, int]]) -> list[tuple[Any, Block]]:
    """The best block of each of the commonest values, strongest first."""
    if len(scan.days) < 5:
        return []
    tried = [value for value, n in values if n >= LEAST_ROWS]
    held = [f"{_equals(column, value)}" for value in tried]
    counts = scan.by_day([*held, f"{quoted(column.name)} IS NOT NULL"])
    blocks = [(value, best_block(counts[i], counts[-1])) for i, value in enumerate(tried)]
    return sorted([(v, b) for v, b in blocks if b], key=lambda pair: -pair[1].evidence)


def _beyond(scan: Scan, block: Block) -> bool:
    """Whether the block beats chance, counted in batches, and every other stretch of the history."""
    return block.stands_out(least=30 * scan.batch, ratio=8)


def _frozen(scan: Scan, column: Column, value: Any, block: Block) -> Finding | None:
    """Every row of the block holds the value; before, the value had company."""
    if block.share < 0.999 or block.rows < LEAST_ROWS or block.rows_outside < LEAST_ROWS:
        return None
    if block.share_outside > 0.97 or block.stop - block.start < 3 or not _beyond(scan, block):
        return None
    if column.type is Type.DATE and block.share_outside == 0 and block.stop - block.start < 5:
        return None
    first, last = int(scan.days[block.start]), int(scan.days[block.stop - 1])
    period = period_of(first, last)
    shown = "one and the same token" if column.type is Type.KEY else f"{value!r}"
    begins = block.start == 0 and block.rows < 0.1 * scan.rows
    return found(
        scan, kind="frozen_column", columns=[column.name], rows=block.affected, period=period,
        condition=f"{_equals(column, value)} AND day BETWEEN {first} AND {last}",
        sentence=f"{scan.name}.{column.name} is frozen at {shown} in {count(block.affected)}{said(period)}; "
        f"elsewhere {percent(block.share_outside)} of the rows hold that value.",
        severity=Severity.NOTICE if begins else Severity.WARNING, certainty=Certainty.LIKELY,
        evidence=f"Log likelihood ratio {block.evidence:,.0f}; the next best stretch has {block.rival:,.0f}.",
        advice="Ask the source why the value stopped changing; leave the column out until it is loaded "
        "again.",
    )  # fmt: skip


def _spike(scan: Scan, column: Column, value: Any, block: Block) -> Finding | None:
    """A value nearly absent elsewhere fills a good part of a block."""
    if column.type is Type.KEY or column.type in (Type.CODE, Type.BOOLEAN, Type.TEXT):
        return None
    usual_filler = isinstance(value, int | float) and _looks_like_filler(column, float(value), zero=True)
    least = 0.02 if usual_filler else 0.3  # prices come and go; a third of all amounts does not
    if block.share < least or block.share_outside > 0.02 or block.share < 10 * block.share_outside:
        return None
    if block.affected < LEAST_ROWS or block.stop - block.start < 3 or not _beyond(scan, block):
        return None
    first, last = int(scan.days[block.start]), int(scan.days[block.stop - 1])
    period = period_of(first, last)
    return found(
        scan, kind="frozen_column" if block.share > 0.9 else "default_value", columns=[column.name],
        rows=block.affected, period=period,
        condition=f"{_equals(column, value)} AND day BETWEEN {first} AND {last}",
        sentence=f"{scan.name}.{column.name} holds {value!s} in {percent(block.share)} of the "
        f"rows{said(period)} "
        f"({count(block.affected)}), and in {percent(block.share_outside)} elsewhere: a default value.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence=f"Log likelihood ratio {block.evidence:,.0f}; the next best stretch has {block.rival:,.0f}.",
        advice="Treat the value as missing in that period, or ask for the true values.",
    )  # fmt: skip


def _constant(scan: Scan, column: Column, value: Any) -> Iterator[Finding]:
    """A whole column of one value: natural for codes and dates, not for amounts, numbers and keys."""
    if scan.rows < LEAST_ROWS or scan.filled[column.name] < LEAST_ROWS:
        return
    if column.type not in (Type.MONEY, Type.REAL, Type.INTEGER, Type.KEY):
        return
    if column.name in scan.table.primary_key or scan.table.kind.value == "reference":
        return
    shown = "one and the same token" if column.type is Type.KEY else f"{value!s}"
    yield found(
        scan, kind="frozen_column", columns=[column.name], rows=scan.filled[column.name],
        condition=_equals(column, value),
        sentence=f"{scan.name}.{column.name} is frozen: all {count(scan.filled[column.name])} hold {shown}.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence="One distinct value in the whole column.",
        advice="Ask whether the column was exported; as it is it tells nothing.",
    )  # fmt: skip


def _fillers(
    scan: Scan, column: Column, values: list[tuple[Any, int]], already: set[Any]
) -> Iterator[Finding]:
    """Well-known fillers anywhere: dates before 1902 or after 2098, 9999…, '?', 'N/A'."""
    for value, rows in [*values, *_extremes(scan, column)]:
        if value in already or rows >= 0.6 * scan.rows or not _is_filler(scan, column, value, rows):
            continue
        already.add(value)
        yield found(
            scan, kind="default_value", columns=[column.name], rows=rows, condition=_equals(column, value),
            sentence=f"{scan.name}.{column.name} holds the filler {value!s} in {count(rows)} "
            f"({percent(rows / scan.rows)}).",
            period=days_spanned(scan, _equals(column, value)),
            severity=Severity.WARNING, certainty=Certainty.LIKELY,
            evidence="The value is a usual filler and lies outside the other values.",
            advice="Treat the value as missing.",
        )  # fmt: skip


def _extremes(scan: Scan, column: Column) -> list[tuple[Any, int]]:
    """The lowest and highest value with their rows, for numbers and dates."""
    if column.type not in (Type.MONEY, Type.REAL, Type.INTEGER, Type.DATE):
        return []
    name = quoted(column.name)
    got = scan.ask(
        f"WITH edge AS (SELECT min({name}) AS low, max({name}) AS high FROM scan) "
        f"SELECT {name} AS value, count(*) AS n FROM scan, edge WHERE {name} IN (low, high) GROUP BY 1"
    )
    return list(zip(got["value"].to_pylist(), got["n"].to_pylist(), strict=True))


def _is_filler(scan: Scan, column: Column, value: Any, rows: int) -> bool:
    if column.type is Type.DATE:
        return bool(FILLER_DATES.match(value.isoformat()))
    if column.type in (Type.CODE, Type.TEXT):
        if value in column.allowed or f"`{value}`" in column.sentence:  # the catalogue gives it a meaning
            return False
        return str(value).strip().casefold() in FILLER_TEXTS or not str(value).strip()
    if column.type not in (Type.MONEY, Type.REAL, Type.INTEGER) or rows < 5:
        return False
    if not _looks_like_filler(column, float(value)):
        return False
    name = quoted(column.name)
    got = scan.ask(
        f"SELECT quantile_cont({name}, [.01, .25, .75, .99]) AS q, min({name}) AS low, max({name}) AS high, "
        f"max(abs({name})) AS reach FROM scan WHERE {name} <> {as_literal(value)}"
    ).to_pylist()[0]
    if got["q"] is None:
        return False
    low, high = got["low"], got["high"]
    gap = max(low - value, value - high)
    width = max(got["q"][3] - got["q"][0], 1e-9)
    return bool(gap > 0.1 * width and rows >= 5 and np.isfinite(gap))


def _looks_like_filler(column: Column, value: float, *, zero: bool = False) -> bool:
    """9999, 99999, 999999 … (with either sign and scale), −1, 1900 in a year, 0 in a year."""
    digits = str(int(abs(value))).rstrip("0") if value == int(value) else ""
    if len(str(int(abs(value)))) >= 3 and digits and set(digits) == {"9"} and len(digits) >= 3:
        return True
    if column.unit == "year":
        return value in (0, 1, 1111, 1900, 1901, 1970, 2099, 2100, 9999) or value < 1880
    return value in (-1, -999, 1111111, 123456, 12345678) or (zero and value == 0)


def days_spanned(scan: Scan, condition: str) -> tuple[str, str] | None:
    """First and last day of the rows that meet the condition."""
    row = scan.ask(f"SELECT min(day) AS a, max(day) AS b FROM scan WHERE {condition}").to_pylist()[0]
    return period_of(row["a"], row["b"]) if row["a"] is not None else None
