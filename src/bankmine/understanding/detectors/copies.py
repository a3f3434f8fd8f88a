"""Rows that repeat others: loads written twice, days delivered as copies of other days, double customers.

Two rows are copies when all columns agree except their own key, `seq`, the load and what follows from
the key. Repetition is natural to a degree (the same fare on the same day), so a finding needs a block or
a share far above what the rest of the table shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
)  # fmt: skip
from bankmine.understanding.scan import Scan
from bankmine.understanding.statistics import best_block

LEAST_ROWS = 20
LONGEST_LAG = 400
_APART = ("seq", "known_at", "load_number", "cancelled", "event_time")


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Doubled rows and copied days of event tables; double customers."""
    for scan in scans.values():
        yield from _written_twice(scan)
        if scan.table.kind is Kind.EVENT and len(scan.days) > 1:
            yield from _events(scan)
    if "customer" in scans:
        yield from _customers(scans["customer"])
    for name in ("account", "loan", "card", "standing_order"):
        if name in scans:
            yield from _records(scans[name])


def _written_twice(scan: Scan) -> Iterator[Finding]:
    """Versions of one key that say nothing new."""
    versions = scan.session.warehouse.rows(scan.name)
    if versions == scan.rows or scan.table.per_owner:
        return
    content = [quoted(c.name) for c in scan.columns if c.name not in ("known_at", "load_number", "seq")]
    source = f"{scan.name}_versions"
    got = scan.session.arrow(
        f"SELECT count(*) - count(DISTINCT hash({', '.join(content)})) AS n FROM {source}"
    )
    rows = int(got["n"][0].as_py())
    if rows < LEAST_ROWS or rows < 0.01 * versions:
        return
    yield found(
        scan, kind="doubled_load", columns=scan.table.primary_key, rows=rows, condition="false",
        sentence=f"{count(rows)} of {scan.name} were delivered twice with nothing changed; they count once.",
        severity=Severity.NOTICE, certainty=Certainty.CERTAIN,
        evidence=f"{versions:,} rows were written, {scan.rows:,} count.",
        advice="Nothing to mend here; ask the source to send changes only.",
    )  # fmt: skip


def _content(scan: Scan) -> list[str]:
    own = {*scan.table.primary_key, *_APART}
    return [column.name for column in scan.columns if column.name not in own]


def _events(scan: Scan) -> Iterator[Finding]:
    content = _content(scan)
    if len(content) < 3:
        return
    listed = ", ".join(quoted(name) for name in content)
    whole = [quoted(name) for name in content if scan.filled[name] > 0.6 * scan.rows]
    tested = " AND ".join(
        f"{name} IS NOT NULL" for name in whole
    )  # rows that lack what others have look alike
    view = (
        f"SELECT day, event_time, seq, day - lag(day) OVER w AS gap, "
        f"event_time = lag(event_time) OVER w AS same_instant FROM (SELECT day, event_time, seq, "
        f"hash({listed}) AS content FROM scan WHERE {tested}) WINDOW w AS (PARTITION BY content ORDER BY "
        f"event_time, seq)"
    )
    got = scan.ask(
        f"WITH again AS ({view}) SELECT day, CASE WHEN same_instant THEN -1 ELSE gap END AS gap, count(*) "
        f"AS n "
        f"FROM again WHERE same_instant OR gap BETWEEN 0 AND {LONGEST_LAG} GROUP BY day, 2"
    )
    days, gaps, n = (got[name].to_numpy() for name in ("day", "gap", "n"))
    doubled = _doubled(scan, content, scan.spread(days[gaps == -1], n[gaps == -1]))
    if doubled:
        yield doubled
        return
    best = None
    for lag in np.unique(gaps[gaps >= 0]):
        repeated = scan.spread(days[gaps == lag], n[gaps == lag])
        if repeated.max() < LEAST_ROWS:
            continue
        block = best_block(repeated, scan.day_rows)
        if block is None or block.affected < LEAST_ROWS or not block.stands_out(ratio=8):
            continue
        clear = block.share > 0.5 and block.share_outside < 0.1
        if clear and (best is None or block.evidence > best[1].evidence):
            best = (int(lag), block)
    if best:
        yield _copied(scan, content, *best)


def _same_as_another(content: list[str]) -> str:
    """True for the second and further rows of the same content at the same instant."""
    listed = ", ".join(quoted(name) for name in content)
    return (
        f"(event_time, seq) IN (SELECT (event_time, seq) FROM (SELECT event_time, seq, row_number() OVER "
        f"(PARTITION BY event_time, {listed} ORDER BY seq) AS copy FROM scan) WHERE copy > 1)"
    )


def _doubled(scan: Scan, content: list[str], repeated: np.ndarray) -> Finding | None:
    total = int(repeated.sum())
    if total < LEAST_ROWS:
        return None
    share = total / scan.rows
    block = best_block(repeated, scan.day_rows)
    first, last = int(scan.days[0]), int(scan.days[-1])
    if share > 0.3 and (block is None or not block.stands_out() or block.share < 0.4):
        rows, evidence = total, f"{percent(share)} of all rows repeat another row of the same instant."
    elif block and block.stands_out(ratio=8) and block.share > 0.2 and block.share > 10 * block.share_outside:
        rows, first, last = block.affected, int(scan.days[block.start]), int(scan.days[block.stop - 1])
        evidence = (
            f"{percent(block.share)} of those rows repeat another, {percent(block.share_outside)} elsewhere "
            f"(log likelihood ratio {block.evidence:,.0f}, next best stretch {block.rival:,.0f})."
        )
    else:
        return _scattered(scan, content, total)
    period = period_of(first, last)
    return found(
        scan, kind="doubled_load", columns=scan.table.primary_key, rows=rows, period=period,
        condition=f"{_same_as_another(content)} AND day BETWEEN {first} AND {last}",
        sentence=f"{count(rows)} of {scan.name} repeat other rows under other keys{said(period)}: "
        "the same load came twice.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY, evidence=evidence,
        advice="Withdraw the second copy (rows with the higher seq) and load again.",
    )  # fmt: skip


def _scattered(scan: Scan, content: list[str], total: int) -> Finding | None:
    """Repeats all over the table: said only where instants are exact enough to make them unlikely."""
    if not (scan.axis and scan.axis.hour) or total < 0.002 * scan.rows:
        return None
    return found(
        scan, kind="doubled_rows", columns=scan.table.primary_key, rows=total,
        condition=_same_as_another(content), period=period_of(int(scan.days[0]), int(scan.days[-1])),
        sentence=f"{count(total)} of {scan.name} ({percent(total / scan.rows)}) repeat another row of the "
        f"same "
        "instant in all but the key.",
        severity=Severity.WARNING if total > 0.01 * scan.rows else Severity.NOTICE,
        certainty=Certainty.POSSIBLE, evidence="Counted over the whole table.",
        advice="Ask the source whether these are two events or one written twice.",
    )  # fmt: skip


def _copied(scan: Scan, content: list[str], lag: int, block: object) -> Finding:
    from bankmine.understanding.statistics import Block

    assert isinstance(block, Block)
    first, last = int(scan.days[block.start]), int(scan.days[block.stop - 1])
    period, origin = period_of(first, last), period_of(first - lag, last - lag)
    listed = ", ".join(quoted(name) for name in content)
    apart = f"{lag} days earlier" if lag else "at another hour of the day"
    return found(
        scan, kind="doubled_load", columns=scan.table.primary_key, rows=block.affected, period=period,
        where="copies of other days",
        condition=f"day BETWEEN {first} AND {last} AND hash({listed}) IN "
        f"(SELECT hash({listed}) FROM scan WHERE day BETWEEN {first - lag} AND {last - lag})",
        sentence=f"{count(block.affected)} of {scan.name}{said(period)} are copies of the rows {apart}"
        f"{said(origin)}.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence=f"{percent(block.share)} of those rows repeat the content {apart}, "
        f"{percent(block.share_outside)} elsewhere.",
        advice="Ask for the days again; one of the two periods was written in place of the other.",
    )  # fmt: skip


def _customers(scan: Scan) -> Iterator[Finding]:
    """More pairs of customers equal in every attribute than the attributes' own variety explains."""
    names = [
        c.name for c in scan.columns if c.name not in ("customer_id", "known_at", "load_number", "valid_to")
    ]
    finding = _twins(scan, names, "duplicated_customers", "customers")
    if finding:
        yield finding


def _records(scan: Scan) -> Iterator[Finding]:
    own = {*scan.table.primary_key[:1], "known_at", "load_number", "valid_to", "is_primary"}
    finding = _twins(scan, [c.name for c in scan.columns if c.name not in own], "doubled_load", "rows")
    if finding:
        yield finding


def _twins(scan: Scan, names: list[str], kind: str, what: str) -> Finding | None:
    varied = [
        name for name in names
        if scan.table.column(name).type is not Type.BOOLEAN and scan.ask(
            f"SELECT count(DISTINCT {quoted(name)}) AS n FROM scan")["n"][0].as_py() > 1
    ]  # fmt: skip
    if len(varied) < 3 or scan.rows < 50:
        return None
    twins = _pairs(scan, varied)
    if twins < 5:
        return None
    expected = _expected_pairs(scan, varied, twins)
    rows = _members(scan, varied)
    if twins < 1.5 * expected + 4 * expected**0.5 + 5 or rows < 0.005 * scan.rows:
        return None
    if not _come_in_pairs(scan, varied):
        return None
    listed = ", ".join(quoted(name) for name in varied)
    own = quoted(scan.table.primary_key[0])
    condition = (
        f"{own} IN (SELECT {own} FROM (SELECT {own}, row_number() OVER (PARTITION BY {listed} ORDER BY "
        f"{own}) "
        "AS copy FROM scan) WHERE copy > 1)"
    )
    from bankmine.understanding.detectors.frozen import days_spanned

    return found(
        scan, kind=kind, columns=scan.table.primary_key[:1], rows=rows, condition=condition,
        period=days_spanned(scan, condition),
        sentence=f"{count(rows)} of {scan.name} equal another row in every attribute under another key: "
        f"the same {what} seem to be held twice.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence=f"{twins:,} equal pairs where about {expected:,.1f} would be expected by chance.",
        advice="Match these pairs by name and birth date at the source and merge them.",
    )  # fmt: skip


def _come_in_pairs(scan: Scan, names: list[str]) -> bool:
    """Whether equal rows come by twos, as from a doubled load, and not in crowds of any size.

    Accounts of one product opened on one day are alike by nature; held twice, their crowds are even.
    """
    listed = ", ".join(quoted(name) for name in names)
    got = scan.ask(
        "SELECT avg(n) AS size, avg(CASE WHEN n % 2 = 0 THEN 1.0 ELSE 0.0 END) AS even "
        f"FROM (SELECT count(*) AS n FROM scan GROUP BY {listed} HAVING count(*) > 1)"
    )
    return float(got["size"][0].as_py()) <= 3 or float(got["even"][0].as_py()) >= 0.95


def _pairs(scan: Scan, names: list[str]) -> float:
    listed = ", ".join(quoted(name) for name in names)
    got = scan.ask(
        f"SELECT sum(n * (n - 1) / 2) AS pairs FROM (SELECT count(*) AS n FROM scan GROUP BY {listed})"
    )
    return float(got["pairs"][0].as_py() or 0)


def _members(scan: Scan, names: list[str]) -> int:
    listed = ", ".join(quoted(name) for name in names)
    got = scan.ask(f"SELECT sum(n - 1) AS n FROM (SELECT count(*) AS n FROM scan GROUP BY {listed})")
    return int(got["n"][0].as_py() or 0)


def _expected_pairs(scan: Scan, names: list[str], twins: float) -> float:
    """How many of the equal pairs chance explains: the largest estimate over the columns.

    Pairs that agree on all but one column, though not on that one, foretell pairs that agree on it too:
    their number times the odds of agreeing by the column's own variety.
    """
    total = scan.rows * (scan.rows - 1) / 2
    expected = 0.0
    for name in names:
        chance = _pairs(scan, [name]) / total
        if chance < 0.7:
            near = _pairs(scan, [other for other in names if other != name]) - twins
            expected = max(expected, near * chance / (1 - chance))
    return expected
