"""The simulated bank's extracts in the common form, cut to what each real set holds.

What is compared with what was fixed before anything was measured:

- with Berka: all bookings of persons' current accounts except card purchases (its file has twelve card
  withdrawals and no purchase), January of the first year to March of the second, as in its file.
- with ANZ: card purchases, orders and debits, outgoing transfers and salary of persons' current accounts
  into which a salary is paid in the time, August to October of the second year. No cash, interest or fees,
  which that set leaves out.
- with the card set: persons' card purchases of current and card accounts, by account, April to September
  of the second year; shops are terminals there, as in that set, and merchants with ANZ.

Declined, withdrawn and unreadable rows are left out; of corrected rows the last one counts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.shapes.bookings import Bookings, Floats, bookings
from benchmarks.shapes.readers import ANZ, BERKA, CARDS

_LAST = """
WITH latest AS (
    SELECT * FROM read_parquet($folder || '/transactions/*.parquet')
    WHERE status IN ('A', 'B') AND base > 0
    QUALIFY row_number() OVER (PARTITION BY txn_no ORDER BY recorded_at DESC) = 1
), of_persons AS (
    SELECT DISTINCT account, trim(lower(product::VARCHAR)) LIKE 'cur%' AS current,
        epoch(opened_on::TIMESTAMP)::BIGINT // 86400 AS opened,
        epoch(coalesce(closed_on, DATE '2100-01-01')::TIMESTAMP)::BIGINT // 86400 AS closed
    FROM read_parquet($folder || '/accounts/*.parquet')
    WHERE trim(lower(product::VARCHAR)) NOT LIKE 'cur-bus%'
)
"""
_TRANSACTIONS = (
    _LAST
    + """
SELECT account, current, opened, closed, epoch(booked_at)::BIGINT AS second, base AS cents, dc = 'D' AS out,
    channel::VARCHAR AS channel, category::VARCHAR AS category, coalesce(merchant, -1)::BIGINT AS merchant,
    coalesce(terminal, -1)::BIGINT AS terminal
FROM latest JOIN of_persons USING (account) WHERE NOT coalesce(withdrawn, false)
    AND booked_at >= TIMESTAMP '2023-01-01' AND booked_at < TIMESTAMP '2025-01-01'
ORDER BY txn_no
"""
)
_BALANCES = """
SELECT account, epoch(balance_date::TIMESTAMP)::BIGINT // 86400 AS day, balance::DOUBLE AS balance
FROM read_parquet($folder || '/balances/*.parquet')
"""
_CHANNELS = {"POS": "card", "ECOM": "card", "SO": "payment", "DD": "payment", "TRF": "transfer"}
_CATEGORIES = {
    "cash_deposit": "cash in", "cash": "cash out", "pension": "pension", "fee": "fee",
    "interest": "interest", "insurance": "insurance", "loan_payment": "loan payment", "rent": "household",
    "utilities": "household", "telecom": "household",
}  # fmt: skip


def simulated_sets(folder: Path) -> dict[str, Bookings]:
    """Under each real set's name, what it is compared with; `folder` holds the extracts of 24 months."""
    rows, ends = _read(folder)
    return {BERKA: _like_berka(rows, ends), ANZ: _like_anz(rows, ends), CARDS: _like_cards(rows)}


def _like_berka(rows: dict[str, np.ndarray], ends: dict[str, np.ndarray]) -> Bookings:
    kind = np.array([_CATEGORIES.get(name, "") for name in rows["category"]])
    kind = np.where(kind == "", np.where(rows["out"], "transfer out", "transfer in"), kind)
    bought = np.isin(rows["channel"], ("POS", "ECOM"))
    keep = rows["current"] & ~bought
    return _cut(rows, keep, kind, ends, ("2023-01-01", "2024-04-01"), shop="merchant")


def _like_anz(rows: dict[str, np.ndarray], ends: dict[str, np.ndarray]) -> Bookings:
    window = ("2024-08-01", "2024-11-01")
    salary = rows["category"] == "salary"
    kind = np.array([_CHANNELS.get(name, "") for name in rows["channel"]])
    kind = np.where(salary, "salary", np.where(rows["out"], kind, ""))
    paid = np.unique(rows["account"][salary & _inside(rows, window)])
    keep = rows["current"] & (kind != "") & np.isin(rows["account"], paid)
    return _cut(rows, keep, kind, ends, window, shop="merchant")


def _like_cards(rows: dict[str, np.ndarray]) -> Bookings:
    bought = np.isin(rows["channel"], ("POS", "ECOM")) & rows["out"]
    kind = np.full(bought.size, "card")
    return _cut(rows, bought, kind, {}, ("2024-04-01", "2024-10-01"), shop="terminal")


def _cut(
    rows: dict[str, np.ndarray],
    keep: np.ndarray,
    kind: np.ndarray,
    ends: dict[str, np.ndarray],
    window: tuple[str, str],
    shop: str,
) -> Bookings:
    """The rows kept within a window of days, and the month-end balances of their accounts in it."""
    keep = keep & _inside(rows, window)
    first, last = (_day(text) for text in window)
    account = rows["account"][keep]
    opened = dict(zip(account.tolist(), np.maximum(rows["opened"][keep], first).tolist(), strict=True))
    closed = dict(zip(account.tolist(), np.minimum(rows["closed"][keep], last).tolist(), strict=True))
    return bookings(
        "simulated", account=account, second=rows["second"][keep], cents=rows["cents"][keep],
        kind=kind[keep], shop=rows[shop][keep], balances=_balances(ends, account, first, last),
        begins=opened, ends=closed, cards=np.isin(rows["channel"][keep], ("POS", "ECOM")),
    )  # fmt: skip


def _balances(ends: dict[str, np.ndarray], account: np.ndarray, first: int, last: int) -> Floats:
    if not ends:
        return np.empty(0)
    here = np.isin(ends["account"], account) & (ends["day"] >= first) & (ends["day"] <= last)
    return np.asarray(ends["balance"][here], dtype=np.float64)


def _inside(rows: dict[str, np.ndarray], window: tuple[str, str]) -> np.ndarray:
    first, last = (_day(text) * 86_400 for text in window)
    return np.asarray((rows["second"] >= first) & (rows["second"] < last))


def _read(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    import duckdb

    place = {"folder": str(folder)}
    rows = duckdb.execute(_TRANSACTIONS, place).fetchnumpy()
    ends = duckdb.execute(_BALANCES, place).fetchnumpy()
    return {name: np.asarray(values) for name, values in rows.items()}, dict(ends)


def _day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))
