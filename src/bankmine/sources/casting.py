"""The one cast between what a mapping's SELECT gives and what a bank table declares, as SQL.

A mapping may give a column as text or in any type. Here it gets the type of its declaration; `_bad` names
the first column whose value was there before the cast and gone after it. Instants become microseconds
with a kind beside them, because a mere date means something else than its midnight (DESIGN rule 2).
"""

from __future__ import annotations

from bankmine.bank.columns import Column, Kind, Table, Type
from bankmine.engine.duck import literal, quoted
from bankmine.sources.macros import UNREADABLE

DATE_ONLY, LOCAL, UTC = 0, 1, 2
_ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
_OFFSET = r"\d{2}:\d{2}.*([zZ]|[+-]\d{2}(:?\d{2})?)$"
_FIRST, _LAST = "DATE '1800-01-01'", "DATE '2200-01-01'"
_FARTHEST = 7_258_118_400_000_000  # microseconds from 1970 to 2200
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_BROAD = ("UBIGINT", "HUGEINT", "UHUGEINT", "DECIMAL", "DOUBLE", "FLOAT")


def cast_statement(sql: str, table: Table, given: dict[str, str]) -> str:
    """The mapping's SELECT with every column in its declared type.

    `given` is the SELECT's columns with their DuckDB types. An instant `t` comes as `t` (µs) and
    `t__kind`; `_bad` is the name of the first column that cannot be read and `_shape` the shape of its value,
    `_pk` the primary key as text.
    """
    columns = [column for column in table.all_columns if column.name in given]
    inner: list[str] = []  # each value beside its source, so that it is cast once
    outer: list[str] = []
    lost: list[tuple[Column, str]] = []
    for column in columns:
        name, source, kind = quoted(column.name), quoted(f"{column.name}__source"), given[column.name]
        inner += [f"{name} AS {source}", f"{_cast(column, kind)} AS {name}"]
        outer.append(name)
        if column.type is Type.INSTANT:
            outer.append(f"{_kind(source, kind)} AS {quoted(column.name + '__kind')}")
        if column.type not in (Type.CODE, Type.TEXT):
            present = f"nullif(trim({source}), '')" if kind == "VARCHAR" else source
            lost.append((column, f"{name} IS NULL AND {present} IS NOT NULL"))
    outer.append(_first([f"WHEN {one} THEN {literal(column.name)}" for column, one in lost]) + " AS _bad")
    outer.append(_first([f"WHEN {one} THEN {_shape(column)}" for column, one in lost]) + " AS _shape")
    if table.kind is Kind.EVENT and "seq" not in given:
        key = ", ".join(
            f"CAST({quoted(name + '__source')} AS VARCHAR)" for name in table.primary_key if name in given
        )
        outer.append(f"concat_ws(chr(31), {key}) AS _pk")
    mapped = sql.strip().rstrip(";")
    return f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM ({mapped}\n) AS mapped)"


def _first(cases: list[str]) -> str:
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _shape(column: Column) -> str:
    """What an unreadable value looks like: digits as 9, letters as a, at most forty characters."""
    source = quoted(f"{column.name}__source")
    text = f"left(replace(CAST({source} AS VARCHAR), '{UNREADABLE}', ''), 40)"
    return f"regexp_replace(regexp_replace({text}, '[0-9]', '9', 'g'), '\\p{{L}}', 'a', 'g')"


def _cast(column: Column, kind: str) -> str:
    name = quoted(column.name)
    match column.type:
        case Type.KEY | Type.CODE:
            if kind.startswith(("DOUBLE", "FLOAT", "DECIMAL")):  # 7.0 is key 7
                return f"coalesce(TRY_CAST({_whole(name)} AS VARCHAR), CAST({name} AS VARCHAR))"
            if kind in _WHOLE:
                return f"CAST({name} AS VARCHAR)"
            return f"nullif(trim(CAST({name} AS VARCHAR)), '')"
        case Type.TEXT:
            return f"nullif(CAST({name} AS VARCHAR), '')"
        case Type.INTEGER | Type.MONEY:
            return _integer(name, kind)
        case Type.REAL:
            number = f"TRY_CAST({name} AS DOUBLE)"
            return f"CASE WHEN isfinite({number}) THEN {number} END"
        case Type.BOOLEAN:
            return f"TRY_CAST({name} AS BOOLEAN)"
        case Type.DATE:
            day = f"TRY_CAST({name} AS DATE)"
            return f"CASE WHEN {day} BETWEEN {_FIRST} AND {_LAST} THEN {day} END"
        case Type.INSTANT:
            return _instant(name, kind)


def _whole(name: str) -> str:
    return f"CASE WHEN {name} = floor({name}) AND abs({name}) < 9e15 THEN CAST({name} AS BIGINT) END"


def _integer(name: str, kind: str) -> str:
    if kind in _WHOLE:
        return f"CAST({name} AS BIGINT)"
    if kind.startswith(_BROAD):
        return f"CASE WHEN {name} = floor({name}) THEN TRY_CAST({name} AS BIGINT) END"
    text = f"trim(CAST({name} AS VARCHAR))"
    number = f"coalesce(TRY_CAST({text} AS DECIMAL(18, 4)), TRY_CAST({text} AS DECIMAL(38, 4)))"
    return f"CASE WHEN {number} = floor({number}) THEN TRY_CAST({number} AS BIGINT) END"


def _instant(name: str, kind: str) -> str:
    """Microseconds: of UTC for kind 2, of the local clock for kinds 0 and 1."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        moment = name
    elif kind == "VARCHAR":
        text = f"trim({name})"
        with_offset = f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"
        local = f"epoch_us(TRY_CAST({text} AS TIMESTAMP))"
        us = f"CASE WHEN regexp_matches({text}, {literal(_OFFSET)}) THEN {with_offset} ELSE {local} END"
        return f"CASE WHEN abs({us}) < {_FARTHEST} THEN {us} END"
    else:
        moment = f"TRY_CAST({name} AS TIMESTAMP)"
    us = f"epoch_us({moment})"
    return f"CASE WHEN isfinite({moment}) AND abs({us}) < {_FARTHEST} THEN {us} END"


def _kind(name: str, kind: str) -> str:
    if kind == "DATE":
        return f"CAST({DATE_ONLY} AS TINYINT)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CAST({UTC} AS TINYINT)"
    if kind != "VARCHAR":
        return f"CAST({LOCAL} AS TINYINT)"
    text = f"trim({name})"
    return (
        f"CAST(CASE WHEN regexp_matches({text}, {literal(_ISO_DATE)}) THEN {DATE_ONLY} "
        f"WHEN regexp_matches({text}, {literal(_OFFSET)}) THEN {UTC} ELSE {LOCAL} END AS TINYINT)"
    )
