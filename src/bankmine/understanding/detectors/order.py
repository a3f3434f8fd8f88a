"""The order of things: rows out of the order of their source keys, missing ranges of keys, dates that
contradict each other (a transaction before its account was opened)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from bankmine.bank.columns import Kind, Type
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

LEAST_ROWS = 10
# Event tables whose rows cannot come before the start of what they belong to.
BEGINNINGS = (
    ("account_id", "account", "opened_on"),
    ("loan_id", "loan", "granted_on"),
    ("card_id", "card", "issued_on"),
)


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Findings about order, event table by event table, then about pairs of dates."""
    for scan in scans.values():
        if scan.table.kind is Kind.EVENT and len(scan.days) > 10:
            yield from _out_of_order(scan)
            yield from _missing_keys(scan)
        for key, parent, begun in BEGINNINGS:
            if parent in scans and scan.name != parent and scan.has(key) and scans[parent].has(begun):
                yield from _too_early(scan, key, scans[parent], begun)
        yield from _date_pairs(scan)


def _out_of_order(scan: Scan) -> Iterator[Finding]:
    """Where keys grow with time, the rows whose removal restores that order are displaced."""
    seq, day = scan.by_seq
    if np.all(np.diff(day) >= 0):
        return
    size = max(20, min(200, len(day) // 200))
    chunks = len(day) // size
    if chunks < 10:
        return
    middles = np.median(day[: chunks * size].reshape(chunks, size), axis=1)
    distance = np.abs(day[: chunks * size] - np.repeat(middles, size))
    spread = float(np.median(distance))
    span = float(np.ptp(np.quantile(day, [0.01, 0.99])))
    if spread > 0.01 * span or np.mean(np.diff(middles) >= 0) < 0.8:
        return
    keep = _longest_ascending(day)
    displaced = ~keep
    if displaced.sum() > 0.4 * len(day):
        return
    at = np.arange(len(day))
    settled = np.rint(np.interp(at, at[keep], day[keep])).astype(np.int64)
    far = displaced & (np.abs(day - settled) >= max(2, 20 * spread))
    if far.sum() < LEAST_ROWS:
        return
    by = (day - settled)[far]
    values, counts = np.unique(by, return_counts=True)
    usual = int(values[counts.argmax()])
    if np.mean(np.abs(by - usual) <= 3) < 0.5:
        return  # not one displacement: the source merely writes its rows in no strict order
    yield _displaced(scan, seq[far], day[far], by, usual)


def _longest_ascending(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Marks one longest non-descending subsequence (patience sorting)."""
    tails: list[int] = []
    holders: list[int] = []
    before = np.full(len(values), -1, np.int64)
    for i, value in enumerate(values.tolist()):
        at = bisect_right(tails, value)
        if at:
            before[i] = holders[at - 1]
        if at == len(tails):
            tails.append(value)
            holders.append(i)
        else:
            tails[at] = value
            holders[at] = i
    keep = np.zeros(len(values), bool)
    at = holders[-1] if holders else -1
    while at >= 0:
        keep[at] = True
        at = int(before[at])
    return keep


def _displaced(
    scan: Scan, seq: NDArray[np.int64], day: NDArray[np.int64], by: NDArray[np.int64], usual: int
) -> Finding:
    period = period_of(int(day.min()), int(day.max()))
    origin = period_of(int((day - by).min()), int((day - by).max()))
    listed = ", ".join(str(int(s)) for s in seq[:5000])
    rows = len(seq)
    condition = (
        f"seq IN ({listed})"
        if rows <= 5000
        else (
            f"day BETWEEN {int(day.min())} AND {int(day.max())} AND seq BETWEEN {int(seq.min())} AND "
            f"{int(seq.max())}"
        )
    )
    return found(
        scan, kind="shifted_dates", columns=["event_time"], rows=rows, where="by the order of keys",
        period=period, condition=condition,
        sentence=f"{count(rows)} of {scan.name} dated{said(period)} are about {abs(usual)} days too "
        f"{'late' if usual > 0 else 'early'}: by the order of their keys "
        f"they belong{said(origin)}.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence="Keys grow with time in all other rows.",
        advice="Ask for the dates of these rows again.",
    )  # fmt: skip


def _missing_keys(scan: Scan) -> Iterator[Finding]:
    """Where keys are consecutive, a wide gap is a block of rows that did not arrive."""
    seq = np.unique(scan.by_seq[0])
    if len(seq) < 1000 or len(seq) < 0.9 * scan.rows:
        return
    steps = np.diff(seq)
    if np.mean(steps == 1) < 0.95:
        return
    ranked = np.sort(steps)
    if ranked[-1] < 50 or ranked[-1] < 20 * ranked[max(0, len(ranked) - 6)]:
        return
    at = int(steps.argmax())
    low, high = int(seq[at]), int(seq[at + 1])
    near = scan.ask(
        f"SELECT min(day) AS a, max(day) AS b FROM scan WHERE seq IN ({low}, {high})"
    ).to_pylist()[0]
    period = period_of(near["a"], near["b"])
    missing = high - low - 1
    yield found(
        scan, kind="missing_rows", columns=["seq"], rows=missing, period=period,
        condition=f"seq IN ({low}, {high})",
        sentence=f"{count(missing)} of {scan.name} are missing{said(period)}: the source's keys "
        f"{low + 1:,} to "
        f"{high - 1:,} never arrived, all others are consecutive.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence=f"{percent(float(np.mean(steps == 1)))} of the keys follow their predecessor.",
        advice="Ask for these rows.",
    )  # fmt: skip


def _too_early(scan: Scan, key: str, parent: Scan, begun: str) -> Iterator[Finding]:
    if scan.axis is None:
        return
    condition = (
        f"{quoted(key)} IN (SELECT {quoted(key)} FROM {quoted(parent.name)}) AND day < (SELECT "
        f"min(p.{quoted(begun)}) - DATE '1970-01-01' FROM {quoted(parent.name)} AS p "
        f"WHERE p.{quoted(key)} = scan.{quoted(key)})"
    )
    got = scan.ask(f"SELECT day, count(*) AS n FROM scan WHERE {condition} GROUP BY day ORDER BY day")
    rows = sum(got["n"].to_pylist())
    if rows < LEAST_ROWS or rows > 0.3 * scan.rows:
        return
    days = got["day"].to_numpy()
    block = best_block(scan.spread(days, got["n"].to_numpy()), scan.day_rows)
    period = period_of(int(days[0]), int(days[-1]))
    if block and block.stands_out() and block.affected > 0.8 * rows:
        period = period_of(int(scan.days[block.start]), int(scan.days[block.stop - 1]))
    yield found(
        scan, kind="shifted_dates", columns=[scan.axis.column], rows=rows, condition=condition, period=period,
        where=f"before {parent.name}.{begun}",
        sentence=f"{count(rows)} of {scan.name}{said(period)} are dated before {begun} of their "
        f"{parent.name}: "
        "their dates, or those, are displaced.",
        severity=Severity.WARNING, certainty=Certainty.CERTAIN,
        evidence=f"Counted: {percent(rows / scan.rows)} of the rows precede {parent.name}.{begun}.",
        advice=f"Compare the dates of these rows and {parent.name}.{begun} with the source.",
    )  # fmt: skip


def _date_pairs(scan: Scan) -> Iterator[Finding]:
    """Pairs of dates of one row that stand in one order nearly always; the exceptions are said."""
    columns = [c.name for c in scan.of_type(Type.DATE, Type.INSTANT)]
    for first, second in combinations(columns, 2):
        a, b = f"CAST({quoted(first)} AS DATE)", f"CAST({quoted(second)} AS DATE)"
        got = scan.ask(
            f"SELECT count(*) FILTER (WHERE {a} < {b}) AS below, count(*) FILTER (WHERE {a} > {b}) AS "
            f"above FROM scan"
        ).to_pylist()[0]
        for rows, rest, sign, word in (
            (got["above"], got["below"], ">", "after"), (got["below"], got["above"], "<", "before"),
        ):  # fmt: skip
            if LEAST_ROWS <= rows < 0.2 * rest:
                yield found(
                    scan, kind="contradicting_dates", columns=[first, second], rows=rows,
                    condition=f"{a} {sign} {b}",
                    sentence=f"{count(rows)} of {scan.name} have {first} {word} {second}, against "
                    f"{count(rest)} the other way.",
                    severity=Severity.WARNING, certainty=Certainty.CERTAIN, evidence="Counted.",
                    advice="Exchange or correct the two dates at the source.",
                )  # fmt: skip
