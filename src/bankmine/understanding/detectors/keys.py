"""Keys: those not found on the other side, owners that are missing, and keys replaced by others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bankmine.bank.columns import Type
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

# Tables that should hold at least one row for every row of the other: (child, key, parent).
COMPLETE = (
    ("account_party", "account_id", "account"),
    ("customer_identity", "customer_id", "customer"),
    ("customer", "customer_id", "account_party"),
)


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Orphan keys by reference, then parents without children, then keys replaced from a day on."""
    for scan in scans.values():
        for column in scan.columns:
            parent = scans.get(column.references or "")
            if parent is not None and parent.name != scan.name:
                yield from _orphans(scan, column.name, parent)
    if "feedback" in scans and "transaction" in scans:
        yield from _orphans(
            scans["feedback"], "subject_id", scans["transaction"], "subject_kind = 'transaction'",
            "transaction_id",
        )  # fmt: skip
    for child, key, parent_name in COMPLETE:
        if child in scans and parent_name in scans:
            yield from _childless(scans[child], key, scans[parent_name])
    for scan in scans.values():
        yield from _replaced(scan)


def _orphans(
    scan: Scan, name: str, parent: Scan, only: str = "true", parent_key: str = ""
) -> Iterator[Finding]:
    key = parent_key or parent.table.primary_key[0]
    if not parent.has(key):
        return
    # SELECT DISTINCT keeps the anti-join small where the parent has versions.
    condition = (
        f"{only} AND {quoted(name)} IS NOT NULL AND {quoted(name)} NOT IN "
        f"(SELECT DISTINCT {quoted(key)} FROM {quoted(parent.name)})"
    )
    got = scan.ask(
        f"SELECT count(*) AS n, count(DISTINCT {quoted(name)}) AS keys, min(day) AS a, max(day) AS b "
        f"FROM scan WHERE {condition}"
    ).to_pylist()[0]
    if not got["n"]:
        return
    period = period_of(got["a"], got["b"]) if got["a"] is not None else None
    tested = scan.filled[name]
    yield found(
        scan, kind="orphan_keys", columns=[name], rows=got["n"], condition=condition, period=period,
        sentence=f"{count(got['n'])} of {scan.name} ({percent(got['n'] / scan.rows)}) point by {name} to "
        f"{count(got['keys'], 'key')} that {parent.name} does not hold{said(period)}.",
        severity=Severity.CRITICAL if got["n"] > 0.1 * tested else Severity.WARNING,
        certainty=Certainty.CERTAIN,
        evidence=f"Counted: {got['n']:,} of {tested:,} filled rows have no partner.",
        advice=f"Ask for the missing rows of {parent.name}; until then joins lose or blank these rows.",
    )  # fmt: skip


def _childless(child: Scan, key: str, parent: Scan) -> Iterator[Finding]:
    """Rows of the parent without any row in a table that should cover it: a sign of a cut file."""
    if not child.has(key) or not parent.has(key):
        return
    condition = (
        f"{quoted(key)} NOT IN (SELECT {quoted(key)} FROM {quoted(child.name)} WHERE {quoted(key)} "
        "IS NOT NULL)"
    )
    rows = int(
        parent.ask(f"SELECT count(DISTINCT {quoted(key)}) AS n FROM scan WHERE {condition}")["n"][0].as_py()
    )
    distinct = int(parent.ask(f"SELECT count(DISTINCT {quoted(key)}) AS n FROM scan")["n"][0].as_py())
    if not rows or rows > 0.9 * distinct:
        return
    yield found(
        child, kind="truncated_file", columns=[key], rows=rows, condition="false",
        where=f"against {parent.name}",
        sentence=f"{child.name} has no row for {count(rows, 'key')} of {key} ({percent(rows / distinct)}) "
        f"that "
        f"{parent.name} holds: its file may have been cut.",
        severity=Severity.CRITICAL if rows > 0.05 * distinct else Severity.WARNING,
        certainty=Certainty.LIKELY,
        evidence=f"Counted: {rows:,} of {distinct:,} keys of {parent.name} are absent from {child.name}.",
        advice=f"Compare the number of rows of {child.name} with the source and load the whole file.",
    )  # fmt: skip


def _replaced(scan: Scan) -> Iterator[Finding]:
    """A key column whose values are all new from a day on, and whose old values never come back."""
    if len(scan.days) < 10:
        return
    for column in scan.of_type(Type.KEY):
        if column.name in scan.table.primary_key or scan.filled[column.name] < 200:
            continue
        name = quoted(column.name)
        got = scan.ask(
            f"SELECT first_day, last_day, sum(n) AS n, count(*) AS keys FROM (SELECT {name}, min(day) AS "
            f"first_day, "
            f"max(day) AS last_day, count(*) AS n FROM scan WHERE {name} IS NOT NULL GROUP BY {name}) "
            f"WHERE n > 1 GROUP BY first_day, last_day"
        )
        change = _turning_day(scan, got)
        if change is None:
            continue
        day, rows, share = change
        period = period_of(day, int(scan.days[-1]))
        yield found(
            scan, kind="replaced_keys", columns=[column.name], rows=rows, period=period,
            condition=f"day >= {day} AND {name} IS NOT NULL",
            sentence=f"From {period[0]} on {scan.name}.{column.name} holds other keys than before: "
            f"{percent(share)} of the rows on either side have keys that never occur on the other "
            f"({count(rows)} after).",
            severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
            evidence="Keys that occur more than once: none but a few cross that day, against usual overlap "
            "elsewhere.",
            advice="The keys were renumbered or the column was exchanged: ask for a table of old and new "
            "keys.",
        )  # fmt: skip


def _turning_day(scan: Scan, got: object) -> tuple[int, int, float] | None:
    """The day that (nearly) no key crosses although most keys cross every other day."""
    table = got.to_pydict()  # type: ignore[attr-defined]
    if not table["n"]:
        return None
    n = np.asarray(table["n"], np.float64)
    first = np.searchsorted(scan.days, table["first_day"])
    last = np.searchsorted(scan.days, table["last_day"])
    size = len(scan.days)
    starts, ends = np.bincount(first, n, size), np.bincount(last, n, size)
    before = np.concatenate(([0.0], np.cumsum(ends)[:-1]))  # rows of keys that ended before the day
    after = starts[::-1].cumsum()[::-1]  # rows of keys that began on the day or later
    crossing = n.sum() - before - after
    inner = slice(max(1, size // 10), size - max(1, size // 10))
    if size < 10 or not len(crossing[inner]):
        return None
    at = int(np.argmin(crossing[inner])) + inner.start
    usual = float(np.median(crossing[inner])) / n.sum()
    share = crossing[at] / n.sum()
    rows = int(scan.by_day(["true"])[0][at:].sum())
    if min(before[at], after[at]) < 0.05 * n.sum() or share > 0.05 or usual < 0.2:
        return None
    # Towards either end fewer keys cross by nature: on both sides of a change they must cross again.
    sides = ((crossing[:at], before[at]), (crossing[at + 1 :], after[at]))
    if any(side.max(initial=0.0) < max(3 * crossing[at], 0.3 * rest) for side, rest in sides):
        return None
    return int(scan.days[at]), rows, 1 - float(share)


def key_overlap(scans: Mapping[str, Scan]) -> list[dict[str, object]]:
    """For each reference between tables present: keys on either side and shares found on the other."""
    overlaps = []
    for scan in scans.values():
        for column in scan.columns:
            parent = scans.get(column.references or "")
            if parent is None or parent.name == scan.name:
                continue
            key, name = quoted(parent.table.primary_key[0]), quoted(column.name)
            sql = (
                f"WITH a AS (SELECT DISTINCT {name} AS k FROM {quoted(scan.name)} WHERE {name} IS NOT NULL), "
                f"b AS (SELECT DISTINCT {key} AS k FROM {quoted(parent.name)}) "
                "SELECT (SELECT count(*) FROM a) AS keys_here, (SELECT count(*) FROM b) AS keys_there, "
                "(SELECT count(*) FROM a JOIN b USING (k)) AS keys_both"
            )
            row = scan.session.arrow(sql).to_pylist()[0]
            overlaps.append(
                {
                    "table": scan.name, "column": column.name, "references": parent.name, **row,
                    "share_here": row["keys_both"] / row["keys_here"] if row["keys_here"] else None,
                    "share_there": row["keys_both"] / row["keys_there"] if row["keys_there"] else None,
                    "sql": sql,
                }
            )  # fmt: skip
    return overlaps
