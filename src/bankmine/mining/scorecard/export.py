"""The card as SQL and as Python, written from the tree of `expression.py`.

Every edge is written with the digits that read back to the same float. In SQL it stands as text cast to
DOUBLE: a plain `0.1` would be a DECIMAL in most engines and compare by other rules. Numbers are compared as
DOUBLE, texts by their code points. NaN counts as missing, as everywhere in bankmine.
"""

from __future__ import annotations

from bankmine.mining.scorecard.expression import Choice, Missing, OneOf, Sum, Test, Under
from bankmine.mining.scorecard.rules import Code


def to_sql(tree: Sum, table: str | None = None, *, name: str = "points") -> str:
    """One SQL expression for the score; with `table`, a whole SELECT of it as column `name`.

    Tested on DuckDB; it needs CASE, CAST to DOUBLE and `isnan`, which Spark has too. `table` is put in
    quotes as one name.
    """
    lines = [_value(tree.base), *(_case(choice) for choice in tree.choices)]
    expression = "\n  + ".join(lines)
    if table is None:
        return expression
    return f"SELECT\n  {expression} AS {_quoted(name)}\nFROM {_quoted(table)}\n"


def to_python(tree: Sum, *, name: str = "score") -> str:
    """Source of a Python function of one row (a mapping); it needs nothing but Python."""
    lines = [f"def {name}(row):", f"    total = {_plain(tree.base)}"]
    for choice in tree.choices:
        lines.append(f"    x = row[{choice.column!r}]")
        word = "if"
        for test, points in choice.cases:
            lines += [f"    {word} {_in_python(test)}:", f"        total += {_plain(points)}"]
            word = "elif"
        lines += ["    else:", f"        total += {_plain(choice.otherwise)}"]
    return "\n".join([*lines, "    return total", ""])


def _case(choice: Choice) -> str:
    column = _quoted(choice.column)
    value = column if choice.is_text else f"CAST({column} AS DOUBLE)"
    parts = [f"WHEN {_in_sql(test, value, choice.is_text)} THEN {_value(p)}" for test, p in choice.cases]
    return f"CASE {' '.join(parts)} ELSE {_value(choice.otherwise)} END"


def _in_sql(test: Test, value: str, is_text: bool) -> str:
    match test:
        case Missing():
            return f"{value} IS NULL" if is_text else f"{value} IS NULL OR isnan({value})"
        case OneOf(values):
            return f"{value} IN ({', '.join(_literal(one) for one in values)})"
        case Under(edge):
            return f"{value} < {_literal(edge)}"


def _literal(value: Code) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"CAST('{float(value)!r}' AS DOUBLE)"


def _value(points: float) -> str:
    return _plain(points) if float(points).is_integer() else _literal(points)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _in_python(test: Test) -> str:
    match test:
        case Missing():
            return "x is None or x != x"
        case OneOf(values):
            return f"x in {values!r}"
        case Under(edge):
            return f"x < {edge!r}"


def _plain(points: float) -> str:
    return repr(int(points)) if float(points).is_integer() else repr(float(points))
