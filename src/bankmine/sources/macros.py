"""What a mapping's SELECT may call to read text: `as_minor`, `as_day` and the others in `MACROS`.

Each returns text: the value in its plain form, null for an empty field, or a marker where the field holds
something that cannot be read. The load gives every column the type its bank table declares, and a value
that is there before that cast and gone after it is a reject with its reason, never a silent null.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from bankmine.sources.currencies import MINOR_UNITS

if TYPE_CHECKING:
    import duckdb

UNREADABLE = "unreadable "
_UNREADABLE = f"'{UNREADABLE}' || x::VARCHAR"
MACROS: dict[str, tuple[str, str]] = {
    "blank": (
        "(x) AS nullif(trim(x::VARCHAR), '')",
        "Null where a field is empty or only blanks; else the text without blanks around it.",
    ),
    "as_minor": (
        "(x) AS as_minor(x, 2)",
        "An amount in major units (below 10^14) as minor units of a currency with two decimals.",
    ),
    "as_minor_of": (
        "(x, currency) AS as_minor(x, decimals of the currency)",
        "An amount in major units as minor units of its currency, by ISO 4217.",
    ),
    "as_number": (
        f"(x) AS CASE WHEN blank(x) IS NOT NULL THEN CASE WHEN TRY_CAST(blank(x) AS DOUBLE) IS NULL "
        f"THEN {_UNREADABLE} ELSE blank(x) END END",
        "A number with a decimal point.",
    ),
    "as_share": (
        f"(x) AS CASE WHEN blank(x) IS NOT NULL THEN "
        f"coalesce(round(TRY_CAST(blank(x) AS DOUBLE) / 100, 9)::VARCHAR, {_UNREADABLE}) END",
        "A percentage as a share: 2.5 is 0.025.",
    ),
    "as_whole": (
        f"(x) AS CASE WHEN blank(x) IS NOT NULL THEN coalesce(CASE WHEN TRY_CAST(blank(x) AS DECIMAL(18, 4)) "
        f"= floor(TRY_CAST(blank(x) AS DECIMAL(18, 4))) THEN "
        f"TRY_CAST(TRY_CAST(blank(x) AS DECIMAL(18, 4)) AS BIGINT)::VARCHAR END, {_UNREADABLE}) END",
        "A whole number; `7.0` is 7.",
    ),
    "as_day": (
        f"(x, form) AS CASE WHEN blank(x) IS NOT NULL THEN "
        f"coalesce(TRY_STRPTIME(blank(x), form)::DATE::VARCHAR, {_UNREADABLE}) END",
        "A civil day written in a form such as '%d.%m.%Y'.",
    ),
    "as_instant": (
        f"(x, form) AS CASE WHEN blank(x) IS NOT NULL THEN "
        f"coalesce(strftime(TRY_STRPTIME(blank(x), form), '%Y-%m-%d %H:%M:%S.%f'), {_UNREADABLE}) END",
        "A local date and time written in a form such as '%d.%m.%Y %H:%M'.",
    ),
}
_AMOUNT = "TRY_CAST(blank(x) AS DECIMAL(18, 4))"
_SCALE = "CAST(10 ** decimals AS DECIMAL(4, 0))"
_MINOR = (  # arithmetic in 64 bits is forty times faster than in 128, which only great amounts need
    f"(x, decimals) AS CASE WHEN blank(x) IS NOT NULL THEN coalesce(CASE WHEN abs({_AMOUNT}) < 1e9 "
    f"THEN ({_AMOUNT} * {_SCALE})::VARCHAR ELSE (CAST({_AMOUNT} AS DECIMAL(30, 4)) * {_SCALE})::VARCHAR END, "
    f"{_UNREADABLE}) END"
)


def define(connection: duckdb.DuckDBPyConnection, extract_date: date) -> None:
    """Makes the macros, and `extract_date()`, known to a connection."""
    connection.execute(f"CREATE OR REPLACE MACRO extract_date() AS DATE '{extract_date.isoformat()}'")
    connection.execute(f"CREATE OR REPLACE MACRO blank{MACROS['blank'][0]}")
    connection.execute(f"CREATE OR REPLACE MACRO as_minor{_MINOR}")
    wide = _MINOR.replace("(x, decimals)", "").replace("decimals", "2")
    connection.execute(f"CREATE OR REPLACE MACRO as_minor(x){wide}, {_MINOR}")
    zero, three = (
        ", ".join(f"'{code}'" for code, digits in MINOR_UNITS.items() if digits == wanted)
        for wanted in (0, 3)
    )
    decimals = f"CASE WHEN currency IN ({zero}) THEN 0 WHEN currency IN ({three}) THEN 3 ELSE 2 END"
    connection.execute(f"CREATE OR REPLACE MACRO as_minor_of(x, currency) AS as_minor(x, {decimals})")
    for name in ("as_number", "as_share", "as_whole", "as_day", "as_instant"):
        connection.execute(f"CREATE OR REPLACE MACRO {name}{MACROS[name][0]}")
