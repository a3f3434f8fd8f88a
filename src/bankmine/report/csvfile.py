"""Writes a table as CSV that spreadsheets open well: UTF-8 with a byte-order mark, full precision.

Money is written in major units with all its decimals. Text that a spreadsheet would run as a formula
gets an apostrophe before it (OWASP, "CSV injection").
"""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from bankmine.report.content import Table
from bankmine.report.format import exponent
from bankmine.report.values import Column, Kind, Value, plain

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(table: Table) -> bytes:
    """All rows of the table, whatever its `shown`; missing values are empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(csv_header(table.columns))
    for row in table.rows:
        writer.writerow([cell(value, column) for value, column in zip(row, table.columns, strict=True)])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def csv_header(columns: Sequence[Column]) -> list[str]:
    """The first line: each column's label with its unit."""
    return [_safe(column.heading) for column in columns]


def cell(value: Value, column: Column) -> Any:
    """One value as it stands in the file."""
    value = plain(value)
    if value is None:
        return ""
    if column.kind == Kind.MONEY:
        return major(value, column.unit)
    if column.kind == Kind.SPARK:
        return " ".join("" if v is None else str(v) for v in value)
    if isinstance(value, date | datetime):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return _safe(value) if isinstance(value, str) else value


def major(minor: float, currency: str) -> str:
    """Minor units as a decimal number of major units, exact."""
    digits = exponent(currency)
    whole, part = divmod(abs(round(minor)), 10**digits)
    text = f"{whole}.{part:0{digits}d}" if digits else f"{whole}"
    return f"-{text}" if minor < 0 else text


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
