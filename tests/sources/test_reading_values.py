"""What the macros and the one cast make of a field, against Python's decimals and dates."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.catalogue import table
from bankmine.engine.duck import connect, literal
from bankmine.sources.casting import cast_statement
from bankmine.sources.macros import MACROS, define

connection = connect(threads=1)
define(connection, date(2024, 7, 1))


def read(expression: str, column: str, kind: str = "VARCHAR") -> tuple[Any, str | None, str | None]:
    """(value, unreadable column, its shape) of an expression given for a column of `transaction`."""
    sql = f"SELECT {expression} AS {column}, 1 AS seq"
    statement = cast_statement(sql, table("transaction"), {column: kind, "seq": "INTEGER"})
    found = connection.execute(f"SELECT {column}, _bad, _shape FROM ({statement})").fetchall()[0]
    return found[0], found[1], found[2]


def minor(text: str) -> int | None:
    """Whole minor units of two decimals, or None where the text is no such amount."""
    try:
        value = Decimal(text.strip()) * 100
    except InvalidOperation:
        return None
    return int(value) if value.is_finite() and value == value.to_integral_value() else None


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.decimals(-(10**14) + 1, 10**14 - 1, places=2).map(str),
        st.decimals(-(10**6), 10**6, places=4).map(str),
        st.from_regex(r"\A ?[-+]?[0-9]{0,6}[.,]?[0-9]{0,4} ?\Z"),
        st.text("0123456789.,-+ eEx%", max_size=8),
    )
)
def test_amounts_are_exact_or_told_unreadable(text: str) -> None:
    value, bad, _ = read(f"as_minor({literal(text)})", "amount_minor")
    wanted = minor(text)
    if not text.strip():
        assert (value, bad) == (None, None)
    elif bad is None:
        assert value == wanted
    else:
        assert (value, bad) == (None, "amount_minor")
        assert wanted is None or "e" in text.lower() or "_" in text


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**13), 10**13))
def test_a_float_with_two_decimals_is_its_cents(cents: int) -> None:
    value, bad, _ = read(f"as_minor({cents / 100!r}::DOUBLE)", "amount_minor")
    assert (value, bad) == (cents, None)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.dates(date(1950, 1, 1), date(2068, 12, 31)).map(lambda d: d.strftime("%d.%m.%Y")),
        st.text("0123456789.", max_size=10),
    )
)
def test_days_are_right_or_told_unreadable(text: str) -> None:
    value, bad, _ = read(f"as_day({literal(text)}, '%d.%m.%Y')", "event_time")
    try:
        wanted = datetime.strptime(text, "%d.%m.%Y") if len(text) == 10 else None
    except ValueError:
        wanted = None
    if wanted is not None and 1800 < wanted.year < 2200:
        assert bad is None
        assert value == int((wanted - datetime(1970, 1, 1)).total_seconds()) * 1_000_000
    elif not text:
        assert (value, bad) == (None, None)


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("7", "INTEGER", 7),
        ("7::DOUBLE", "DOUBLE", 7),
        ("7.0::DECIMAL(9, 2)", "DECIMAL(9,2)", 7),
        ("'7.0'", "VARCHAR", 7),
        ("7.5::DOUBLE", "DOUBLE", None),
        ("'7.5'", "VARCHAR", None),
        ("7.5::DECIMAL(9, 2)", "DECIMAL(9,2)", None),
        ("'NaN'::DOUBLE", "DOUBLE", None),
        ("1e300::DOUBLE", "DOUBLE", None),
        ("170141183460469231731687303715884105727::HUGEINT", "HUGEINT", None),
    ],
)
def test_a_number_of_any_type_is_whole_or_told_unreadable(
    expression: str, kind: str, value: int | None
) -> None:
    assert read(expression, "amount_minor", kind)[:2] == (
        value,
        None if value is not None else "amount_minor",
    )


@pytest.mark.parametrize(
    ("expression", "kind", "text"),
    [
        ("7::DOUBLE", "DOUBLE", "7"),
        ("7", "INTEGER", "7"),
        ("' 007 '", "VARCHAR", "007"),
        ("'  '", "VARCHAR", None),
    ],
)
def test_a_key_is_the_same_text_in_any_type(expression: str, kind: str, text: str | None) -> None:
    assert read(expression, "account_id", kind)[:2] == (text, None)


def test_the_shape_of_an_unreadable_value_tells_its_form_only() -> None:
    assert read("as_minor('12,50 Kč')", "amount_minor")[1:] == ("amount_minor", "99,99 aa")
    assert read("as_day('Žofie 1980', '%Y')", "event_time")[1:] == ("event_time", "aaaaa 9999")


@pytest.mark.parametrize("text", ["infinity", "-infinity", "9999-12-31", "0001-01-01"])
def test_a_time_far_from_any_bank_is_told_unreadable(text: str) -> None:
    assert read(literal(text), "event_time")[1] == "event_time"
    assert read(f"TIMESTAMP {literal(text)}", "event_time", "TIMESTAMP")[1] == "event_time"


def test_an_amount_has_the_minor_units_of_its_currency() -> None:
    found = connection.execute(
        "SELECT as_minor_of('12', 'JPY')::DOUBLE, as_minor_of('12.5', 'EUR')::DOUBLE, "
        "as_minor_of('1.234', 'KWD')::DOUBLE"
    ).fetchall()
    assert found == [(12, 1250, 1234)]


def test_every_macro_has_a_sentence() -> None:
    assert all(sentence.endswith(".") for _, sentence in MACROS.values())
