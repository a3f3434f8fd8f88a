"""Money: amounts of a foreign currency taken over without conversion, and balances that do not add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bankmine.engine.duck import literal
from bankmine.understanding.detectors.frozen import days_spanned
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

LEAST_ROWS = 20


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """Findings about currencies and balances of every table that has them."""
    for scan in scans.values():
        if scan.has("currency", "amount_minor", "base_minor"):
            yield from _currencies(scan)
        if scan.has("account_id", "balance_after_minor", "base_minor", "direction"):
            yield from _balances(scan)


def _currencies(scan: Scan) -> Iterator[Finding]:
    base = scan.session.warehouse.currency
    got = scan.ask(
        "SELECT currency, count(*) AS n, count(*) FILTER (WHERE amount_minor = base_minor) AS equal_amounts, "
        "avg(CAST(amount_minor AS DOUBLE) / nullif(base_minor, 0)) AS ratio FROM scan "
        "WHERE amount_minor > 1 AND currency IS NOT NULL GROUP BY currency ORDER BY n DESC"
    ).to_pylist()
    for row in got:
        currency, rows, equal = row["currency"], row["n"], row["equal_amounts"]
        if currency == base or rows < LEAST_ROWS or equal < 0.5 * rows:
            continue
        yield _unconverted(scan, currency, base, equal)


def _unconverted(scan: Scan, currency: str, base: str, rows: int) -> Finding:
    condition = f"currency = {literal(currency)} AND amount_minor = base_minor AND amount_minor > 1"
    period = days_spanned(scan, condition)
    return found(
        scan, kind="currency_mix", columns=["currency", "base_minor"], rows=rows, condition=condition,
        period=period,
        where=currency,
        sentence=f"{count(rows)} of {scan.name} are in {currency} but were counted as {base} one for "
        f"one{said(period)}.",
        severity=Severity.CRITICAL, certainty=Certainty.LIKELY,
        evidence=f"base_minor equals amount_minor although the base currency is {base}.",
        advice=f"Give the load the rates of {currency} to {base}, or correct the currency code.",
    )  # fmt: skip


def balance_steps(scan: Scan) -> str:
    """Each row with whether the balance follows from the one before: ok, reversed or not.

    A row follows if the balance before it (the row's balance less its signed amount) equals the balance
    after some row of the same account on the same or the latest earlier day with rows; so the order
    within a day does not matter. The first day of an account is not tested.
    """
    signed = "(CASE direction WHEN 'in' THEN base_minor ELSE -base_minor END)"
    return (
        f"SELECT account_id, event_time, seq, day, balance_after_minor AS after, "
        f"balance_after_minor - {signed} AS before, balance_after_minor + {signed} AS if_reversed, "
        "lag(balance_after_minor) OVER w AS previous FROM scan "
        "WHERE balance_after_minor IS NOT NULL WINDOW w AS (PARTITION BY account_id ORDER BY day, "
        "event_time, seq)"
    )


def _balances(scan: Scan) -> Iterator[Finding]:
    got = scan.ask(
        f"WITH step AS ({balance_steps(scan)}) SELECT day, count(*) AS n, "
        "count(*) FILTER (WHERE abs(before - previous) > 1) AS broken FROM step WHERE previous IS NOT NULL "
        "GROUP BY day ORDER BY day"
    )
    if not got.num_rows:
        return
    rows = scan.spread(got["day"].to_numpy(), got["n"].to_numpy())
    broken = scan.spread(got["day"].to_numpy(), got["broken"].to_numpy())
    block = best_block(broken, rows)
    if block is None or block.affected < LEAST_ROWS or block.share_outside > 0.4:
        return
    if block.share - block.share_outside < 0.3 or not block.stands_out():
        return
    first, last = int(scan.days[block.start]), int(scan.days[block.stop - 1])
    period = period_of(first, last)
    yield found(
        scan, kind="balance_break", columns=["balance_after_minor", "base_minor"], rows=block.affected,
        period=period,
        condition=f"day BETWEEN {first} AND {last}",
        sentence=f"Balances of {scan.name} do not follow from the amounts in {percent(block.share)} of the "
        f"rows"
        f"{said(period)} ({count(block.affected)}); elsewhere in {percent(block.share_outside)}.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence=f"Log likelihood ratio {block.evidence:,.0f}; the next best stretch has {block.rival:,.0f}.",
        advice="Look for missing, doubled or displaced rows, or a changed unit, in that period.",
    )  # fmt: skip
