"""The real sets, brought into the common form.

Berka: the first 49,102 bookings of a Czech bank, days only, January 1993 to March 1994; an account is in
view from its opening. ANZ: a hundred persons of an Australian bank, August to October 2018, made by the bank
from real patterns. Cards: the fraud handbook's card payments, April to September 2018, simulated by others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import SHARED_DATA
from benchmarks.shapes.bookings import Bookings, bookings

BERKA, ANZ, CARDS = "Berka", "ANZ", "cards"
REAL = (BERKA, ANZ, CARDS)
FILES = {
    BERKA: "berka-pkdd99/trans_first49102.parquet",
    ANZ: "anz-synthesised-transactions/anz.parquet",
    CARDS: "fraud-handbook-simulated/transactions.parquet",
}
_BERKA = """
SELECT account_id AS account, epoch(strptime('19' || date, '%Y%m%d'))::BIGINT AS second,
    round(amount * 100)::BIGINT AS cents, balance * 100 AS balance, CASE
        WHEN k_symbol = 'UROK' THEN 'interest'
        WHEN k_symbol IN ('SLUZBY', 'SANKC. UROK') THEN 'fee'
        WHEN k_symbol = 'SIPO' THEN 'household'
        WHEN k_symbol = 'POJISTNE' THEN 'insurance'
        WHEN k_symbol = 'UVER' THEN 'loan payment'
        WHEN k_symbol = 'DUCHOD' THEN 'pension'
        WHEN operation = 'VKLAD' THEN 'cash in'
        WHEN operation = 'PREVOD Z UCTU' THEN 'transfer in'
        WHEN operation = 'PREVOD NA UCET' THEN 'transfer out'
        ELSE 'cash out' END AS kind
FROM read_parquet($file) WHERE amount > 0 ORDER BY file_row_number
"""
_OPENED = """
SELECT account_id, epoch(strptime('19' || date::VARCHAR, '%Y%m%d'))::BIGINT // 86400
FROM read_csv($file)
"""
_ANZ = """
SELECT account, epoch(strptime(left(extraction, 19), '%Y-%m-%dT%H:%M:%S'))::BIGINT AS second,
    round(amount * 100)::BIGINT AS cents, balance * 100 AS balance,
    CASE txn_description WHEN 'POS' THEN 'card' WHEN 'SALES-POS' THEN 'card' WHEN 'PAYMENT' THEN 'payment'
        WHEN 'PAY/SALARY' THEN 'salary' ELSE 'transfer' END AS kind,
    CASE WHEN merchant_id IS NULL THEN -1 ELSE dense_rank() OVER (ORDER BY merchant_id) END AS shop
FROM read_parquet($file) WHERE amount > 0 ORDER BY file_row_number
"""
_CARDS = """
SELECT CUSTOMER_ID AS account, epoch(TX_DATETIME)::BIGINT AS second, round(TX_AMOUNT * 100)::BIGINT AS cents,
    'card' AS kind, TERMINAL_ID AS shop
FROM read_parquet($file) WHERE TX_AMOUNT > 0
"""


def real_sets() -> dict[str, Bookings]:
    """The real sets that are here, by name."""
    readers = {BERKA: berka, ANZ: anz, CARDS: cards}
    return {name: readers[name]() for name in REAL if (SHARED_DATA / FILES[name]).exists()}


def berka() -> Bookings:
    """Bookings of current accounts, in hellers."""
    columns = _columns(_BERKA.replace("$file)", "$file, file_row_number = true)"), SHARED_DATA / FILES[BERKA])
    opened = _rows(_OPENED, SHARED_DATA / "berka-pkdd99" / "account.csv.gz")
    return bookings(
        BERKA, **columns, begins={one: int(day) for one, day in opened}, ends=_day("1994-04-01"), dated=True
    )


def anz() -> Bookings:
    """Card payments, other payments, transfers and salary of a hundred persons, in Australian cents."""
    columns = _columns(_ANZ.replace("$file)", "$file, file_row_number = true)"), SHARED_DATA / FILES[ANZ])
    card = columns["kind"] == "card"
    return bookings(ANZ, **columns, begins=_day("2018-08-01"), ends=_day("2018-11-01"), cards=card)


def cards() -> Bookings:
    """Card payments alone."""
    columns = _columns(_CARDS, SHARED_DATA / FILES[CARDS])
    every = np.ones(columns["cents"].size, dtype=np.bool_)
    return bookings(CARDS, **columns, begins=_day("2018-04-01"), ends=_day("2018-10-01"), cards=every)


def _columns(sql: str, file: Path) -> dict[str, Any]:
    import duckdb

    found = duckdb.execute(sql, {"file": str(file)}).fetchnumpy()
    return {
        name: values.astype(np.int64) if np.issubdtype(values.dtype, np.integer) else np.asarray(values)
        for name, values in found.items()
    }


def _rows(sql: str, file: Path) -> list[tuple[Any, ...]]:
    import duckdb

    return list(duckdb.execute(sql, {"file": str(file)}).fetchall())


def _day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))
