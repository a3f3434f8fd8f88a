"""Missing blocks: a column that is empty in a block of days though it is filled before or after.

What has not happened yet is not missing: recent accounts are not closed, recent credits not yet known to
be bad. Such columns, empty to the end of the history, are told as a notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bankmine.bank.columns import Column, Kind, Type
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
            column
            for column in scan.columns
            if 0 < scan.filled[column.name] < scan.rows and column.name not in SYSTEM
        ]
        empty = scan.by_day([f"{quoted(column.name)} IS NULL" for column in columns])
        for column, affected in zip(columns, empty, strict=True):
            block = best_block(affected, scan.day_rows)
            if block is None:
                continue
            awaited = _is_awaited(scan, column, block)
            if _is_block(scan, block, awaited):
                yield _finding(scan, column.name, block, awaited)


def _is_awaited(scan: Scan, column: Column, block: Block) -> bool:
    """Whether the column tells what comes later than the row, and the block reaches (nearly) to the end."""
    later = column.known_by or any(other.known_by == column.name for other in scan.table.columns)
    ending = column.type in (Type.DATE, Type.INSTANT) and scan.table.kind is not Kind.EVENT
    reaches = scan.day_rows[block.stop :].sum() < 0.02 * block.rows
    return bool((later or ending) and reaches)


def _is_block(scan: Scan, block: Block, awaited: bool) -> bool:
    """Mostly empty inside, far more than outside, and unlike any other stretch of the same history.

    A table of states holds of older rows those that last, so that kinds of rows thin out: there only
    blocks count that are empty throughout.
    """
    if scan.table.kind is not Kind.EVENT and block.share < 0.95 and not awaited:
        return False
    if block.rows < LEAST_ROWS or block.rows_outside < LEAST_ROWS or block.share < 0.5:
        return False
    if block.share_outside > 0.85 or block.share - block.share_outside < 0.3:
        thin = block.share > 0.995 and 0.85 < block.share_outside < 0.98
        return thin and block.stands_out(least=30 * scan.batch, ratio=20)
    return block.stands_out(least=30 * scan.batch, ratio=2 if block.share > 0.999 else 5)


def _finding(scan: Scan, name: str, block: Block, awaited: bool) -> Finding:
    first, last = int(scan.days[block.start]), int(scan.days[block.stop - 1])
    period = period_of(first, last)
    begins = block.start == 0
    share = f"{percent(block.share)} of {count(block.rows)}"
    sentence = f"{scan.name}.{name} is missing in {share}{said(period)}"
    if awaited:
        sentence = f"{scan.name}.{name} is not yet filled in {share}{said(period)}"
    elif begins and block.share > 0.95:
        sentence = f"{scan.name}.{name} is filled only after {period[1]}: empty in {share} until then"
    return found(
        scan, kind="missing_block", columns=[name], rows=block.affected, period=period,
        condition=f"{quoted(name)} IS NULL AND day BETWEEN {first} AND {last}",
        sentence=f"{sentence}; elsewhere in {percent(block.share_outside)}.",
        severity=Severity.NOTICE if begins or awaited else Severity.WARNING,
        certainty=Certainty.CERTAIN,
        evidence=f"Log likelihood ratio {block.evidence:,.0f}; the next best stretch has {block.rival:,.0f}.",
        advice="Nothing is wrong if it tells what comes later; take cutoffs early enough for it to be known."
        if awaited
        else "Ask for the column of that period again, or leave features of it out of windows that touch it.",
    )  # fmt: skip
