"""A rule's conditions in words, with the values of its thresholds in place of the statements that give them.

`moved_minor >= (SELECT quantile_disc(…) …)` is said as "moved is at least 452,310.00". What has no words here
stays SQL: wrong words would be worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

MONEY = "_minor"
_COMPARED = {
    "GTE": "is at least", "GT": "is more than", "LTE": "is at most", "LT": "is less than", "EQ": "is",
    "NEQ": "is not", "Add": "plus", "Sub": "minus", "Mul": "times", "Div": "over", "Or": "or", "And": "and",
}  # fmt: skip


def thresholds(condition: Any) -> list[Any]:
    """The parts of a condition that look at no column of the customer's row: statements that give one value,
    and whatever is made of parameters alone; the largest such parts, in order."""
    from sqlglot import exp

    if isinstance(condition, exp.Subquery):
        return [condition]
    if isinstance(condition, exp.Exists | exp.Select) or (
        isinstance(condition, exp.In) and condition.args.get("query") is not None
    ):
        return []
    if condition.find(exp.Placeholder) and not condition.find(exp.Column, exp.Subquery):
        return [condition]
    return [one for part in condition.iter_expressions() for one in thresholds(part)]


def words(condition: Any, values: Sequence[Any] | None, *, digits: int) -> str:
    """The condition in words; `values` are those of `thresholds(condition)`, None where they are not known.

    `digits` are the decimals of the base currency, for columns whose name ends in `_minor`.
    """
    from sqlglot import exp

    parts = thresholds(condition)
    given = dict(zip(map(id, parts), values, strict=True)) if values is not None else {}
    money = any(one.name.endswith(MONEY) for one in condition.find_all(exp.Column))
    return _said(condition, given, digits if money else None)


def shown(name: str, value: Any, *, digits: int) -> str:
    """A column's value as people write it: money in whole units, thousands apart, "unknown" for none."""
    return _value(value, digits if name.endswith(MONEY) else None)


def plain(name: str) -> str:
    """A column's name in words."""
    return name.removesuffix(MONEY).replace("_", " ")


def _said(one: Any, given: Mapping[int, Any], money: int | None) -> str:
    from sqlglot import exp

    if id(one) in given:
        return _value(given[id(one)], money)
    if isinstance(one, exp.Column):
        return plain(one.name)
    if isinstance(one, exp.Literal):
        return one.name if one.is_string else _value(Decimal(one.name), money)
    if isinstance(one, exp.Paren):
        return f"({_said(one.this, given, money)})"
    if isinstance(one, exp.Not):
        return _denied(one.this, given, money)
    if isinstance(one, exp.Is) and isinstance(one.expression, exp.Null):
        return f"{_said(one.this, given, money)} is empty"
    word = _COMPARED.get(type(one).__name__)
    if word is None:
        return str(one.sql(dialect="duckdb", comments=False))
    # a factor is no money, though what it multiplies is
    own = None if isinstance(one, exp.Mul | exp.Div) else money
    return f"{_said(one.this, given, own)} {word} {_said(one.expression, given, own)}"


def _denied(one: Any, given: Mapping[int, Any], money: int | None) -> str:
    from sqlglot import exp

    inner = one.this if isinstance(one, exp.Paren) else one
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        return f"{_said(inner.this, given, money)} is not empty"
    return f"not {_said(one, given, money)}"


def _value(value: Any, money: int | None) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if not isinstance(value, int | float | Decimal):
        return str(value)
    if money is not None:
        return f"{Decimal(value) / 10**money:,.{money}f}"
    if 1_900 <= value <= 2_200 and value == int(value):
        return str(int(value))  # as a year is written
    return f"{int(value):,}" if value == int(value) else f"{value:,.4g}"
