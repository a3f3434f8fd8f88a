"""Missing blocks: a column that is empty in a block of days though it is filled before or after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
from bankmine.understanding.scan import SYSTEM, Scan
from bankmine.understanding.statistics import Block, best_block

LEAST_ROWS = 20


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """A finding for each column with a block in which (nearly) all values are missing."""
    for scan in scans.values():
        columns = [
            column.name
            for column in scan.columns
            if 0 < scan.filled[column.name] < scan.rows and column.name not in SYSTEM
        ]
        empty = scan.by_day([f"{quoted(name)} IS NULL" for name in columns])
        for name, affected in zip(columns, empty, strict=True):
            block = best_block(affected, scan.day_rows)
            if block and _is_block(block):
                yield _finding(scan, name, block)


def _is_block(block: Block) -> bool:
    """Mostly empty inside, far more than outside, and unlike any other stretch of the same history."""
    if block.rows < LEAST_ROWS or block.rows_outside < LEAST_ROWS or block.share < 0.5:
        return False
    if block.share_outside > 0.85 or block.share - block.share_outside < 0.3:
        return block.share > 0.995 and 0.85 < block.share_outside < 0.98 and block.stands_out(ratio=20)
    return block.stands_out(ratio=2 if block.share > 0.999 else 5)


def _finding(scan: Scan, name: str, block: Block) -> Finding:
    first, last = int(scan.days[block.start]), int(scan.days[block.stop - 1])
    period = period_of(first, last)
    begins = block.start == 0
    what = "is filled only after" if begins and block.share > 0.95 else "is missing"
    sentence = (
        f"{scan.name}.{name} {what} {period[1]}: empty in {percent(block.share)} of {count(block.rows)} "
        f"until then"
        if what != "is missing"
        else f"{scan.name}.{name} is missing in {percent(block.share)} of {count(block.rows)}{said(period)}"
    )
    return found(
        scan, kind="missing_block", columns=[name], rows=block.affected, period=period,
        condition=f"{quoted(name)} IS NULL AND day BETWEEN {first} AND {last}",
        sentence=f"{sentence}; elsewhere in {percent(block.share_outside)}.",
        severity=Severity.NOTICE if begins else Severity.WARNING,
        certainty=Certainty.CERTAIN,
        evidence=f"Log likelihood ratio {block.evidence:,.0f}; the next best stretch has {block.rival:,.0f}.",
        advice="Ask for the column of that period again, or leave features of it out of windows that touch "
        "it.",
    )  # fmt: skip
