"""Reversed directions and signs: money in booked as money out, amounts that change their sign.

Where a category or channel goes one way only (salaries in, fees out), a row of the other direction
contradicts it; a block of such rows is a reversal. Without such categories a block counts whose share of
one direction is the mirror image of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from bankmine.bank.columns import Type
from bankmine.engine.duck import literal, quoted
from bankmine.understanding.detectors.money import balance_steps
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
from bankmine.understanding.statistics import Block, best_block

CONTEXT = ("category", "channel", "entry_mode", "mcc", "kind")
SLICES = 12
LEAST_ROWS = 30


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Reversals of `direction` in each table that has one, and of the sign of each amount."""
    for scan in scans.values():
        if scan.has("direction") and scan.varies("direction") and len(scan.days) >= 5:
            finding = _against_balances(scan) or _against_context(scan) or _mirrored(scan)
            if finding:
                yield finding
        yield from _signs(scan)


def _against_balances(scan: Scan) -> Finding | None:
    """A block in which balances follow from the amounts only the other way round."""
    if not scan.has("account_id", "balance_after_minor", "base_minor"):
        return None
    got = scan.ask(
        f"WITH step AS ({balance_steps(scan)}) SELECT day, count(*) AS n, count(*) FILTER "
        "(WHERE abs(if_reversed - previous) <= 1 AND abs(before - previous) > 1) AS broken "
        "FROM step WHERE previous IS NOT NULL GROUP BY day ORDER BY day"
    )
    rows = scan.spread(got["day"].to_numpy(), got["n"].to_numpy())
    block = best_block(scan.spread(got["day"].to_numpy(), got["broken"].to_numpy()), rows)
    if block is None or block.affected < LEAST_ROWS or block.share < 0.5 or not block.stands_out():
        return None
    whole = int(scan.day_rows[block.start : block.stop].sum())
    why = "balances follow from the amounts only the other way round"
    return _finding(scan, ["direction"], replace(block, affected=whole), "direction IS NOT NULL", why)


def _against_context(scan: Scan) -> Finding | None:
    """The block or rows that contradict one of the describing columns, whichever speaks loudest."""
    scattered = None
    usual = _usual_directions(scan)
    best: tuple[Block, str, str] | None = None
    for name in usual:
        if not all(usual[name]):
            continue
        condition = _against(name, usual)
        affected, rows = scan.by_day([condition, f"{quoted(name)} IN ({', '.join(usual[name])})"])
        block = best_block(affected, rows)
        clear = block and block.affected >= LEAST_ROWS and block.share >= 0.3 and block.stands_out()
        if block and clear and (best is None or block.evidence > best[0].evidence):
            best = (block, name, condition)
        scattered = scattered or _scattered(scan, condition, name, usual, int(rows.sum()))
    if best is None:
        return scattered
    block, name, condition = best
    why = f"against what their {name} says"
    if block.share > 0.9:  # then the rows that nothing contradicts are reversed as well
        whole = int(scan.day_rows[block.start : block.stop].sum())
        return _finding(scan, ["direction"], replace(block, affected=whole), "direction IS NOT NULL", why)
    return _finding(scan, ["direction"], block, condition, why)


def _usual_directions(scan: Scan) -> dict[str, tuple[str, str]]:
    """For each describing column its levels that go in only and those that go out only, as SQL lists."""
    edges = np.searchsorted(np.cumsum(scan.day_rows), np.linspace(0, scan.rows, SLICES + 1)[1:-1])
    slices = " + ".join(f"CAST(day > {int(day)} AS INTEGER)" for day in np.unique(scan.days[edges]))
    usual = {}
    for name in CONTEXT:
        if not scan.has(name) or not scan.varies(name):
            continue
        got = scan.ask(
            f"SELECT context, median(share) AS usual FROM (SELECT {quoted(name)} AS context, {slices} AS "
            "slice, avg(CAST(direction = 'in' AS DOUBLE)) AS share FROM scan "
            f"WHERE {quoted(name)} IS NOT NULL GROUP BY 1, 2) GROUP BY context"
        ).to_pylist()
        inward = [literal(row["context"]) for row in got if row["usual"] >= 0.97]
        outward = [literal(row["context"]) for row in got if row["usual"] <= 0.03]
        usual[name] = (", ".join(inward), ", ".join(outward))
    return usual


def _against(name: str, usual: Mapping[str, tuple[str, str]], *, inward: str = "in") -> str:
    """The condition of rows against the usual direction of their level (with it, for `inward` out)."""
    outward = "out" if inward == "in" else "in"
    held = [
        f"(direction = '{direction}' AND {quoted(name)} IN ({levels}))"
        for direction, levels in zip((outward, inward), usual[name], strict=True)
        if levels
    ]
    return f"({' OR '.join(held)})"


def _scattered(
    scan: Scan, condition: str, name: str, usual: Mapping[str, tuple[str, str]], tested: int
) -> Finding | None:
    """Rows against their level here and there, unless another column says the direction is right: a
    refund comes in by card although cards pay out."""
    others = [other for other in usual if other != name and any(usual[other])]
    right = [f"coalesce({_against(other, usual, inward='out')}, false)" for other in others]
    condition = " AND NOT ".join([condition, *right])
    rows = int(scan.ask(f"SELECT count(*) AS n FROM scan WHERE {condition}")["n"][0].as_py())
    if rows < LEAST_ROWS or rows < 0.002 * tested or rows > 0.4 * tested:
        return None
    return found(
        scan, kind="reversed_direction", columns=["direction"], rows=rows, condition=condition,
        where="scattered",
        sentence=f"{count(rows)} of {scan.name} go the other way than all others of their kind "
        f"({percent(rows / scan.rows)}).",
        severity=Severity.WARNING, certainty=Certainty.POSSIBLE, evidence="Counted over the whole table.",
        advice="Ask whether these are refunds; if so they should name the transaction they reverse.",
    )  # fmt: skip


def _mirrored(scan: Scan) -> Finding | None:
    got = scan.by_day(["direction = 'in'", "direction = 'out'"])
    minority = int(got.sum(axis=1).argmin())
    rows = got.sum(axis=0)
    block = best_block(got[minority], rows)
    if block is None or block.affected < LEAST_ROWS or not block.stands_out(ratio=8):
        return None
    if block.share < 0.55 or abs(block.share - (1 - block.share_outside)) > 0.05:
        return None
    if block.rows > 0.6 * scan.rows:
        return None
    condition = "direction IN ('in', 'out')"
    return _finding(scan, ["direction"], block, condition, "the shares of in and out are exchanged")


def _finding(scan: Scan, columns: list[str], block: Block, condition: str, why: str) -> Finding:
    first, last = int(scan.days[block.start]), int(scan.days[block.stop - 1])
    period = period_of(first, last)
    return found(
        scan, kind="reversed_direction", columns=columns, rows=block.affected, period=period,
        condition=f"{condition} AND day BETWEEN {first} AND {last}",
        sentence=f"{scan.name}.{columns[0]} is reversed in {count(block.affected)}{said(period)}: {why}.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence=f"{percent(block.share)} of the rows tested inside, {percent(block.share_outside)} outside "
        f"(log likelihood ratio {block.evidence:,.0f}, next best stretch {block.rival:,.0f}).",
        advice="Confirm the meaning of the sign with the source and load the period again.",
    )  # fmt: skip


def _signs(scan: Scan) -> Iterator[Finding]:
    """A block in which an amount is negative though it hardly is elsewhere, or the mirror image of it."""
    columns = [column.name for column in scan.of_type(Type.MONEY, Type.REAL) if column.unit != "degrees"]
    if len(scan.days) < 5 or not columns:
        return
    conditions = [f"{quoted(name)} < 0" for name in columns] + [f"{quoted(name)} > 0" for name in columns]
    counts = scan.by_day(conditions)
    for i, name in enumerate(columns):
        negative, positive = counts[i], counts[i + len(columns)]
        if negative.sum() == 0 or positive.sum() == 0:
            continue
        rare, sign = (negative, "< 0") if negative.sum() < positive.sum() else (positive, "> 0")
        block = best_block(rare, negative + positive)
        if block is None or block.affected < LEAST_ROWS or not block.stands_out(ratio=8):
            continue
        if block.share > 0.6 and abs(block.share - (1 - block.share_outside)) < 0.1:
            yield _finding(
                scan, [name], block, f"{quoted(name)} {sign}", f"values {sign} stand where the others do not"
            )
