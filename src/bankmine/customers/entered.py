"""The rows that entered a feature of one subject, found by SQL: events of a window, or versions in force.

The statement is the same rule of time as the kernel's, said in the bank's own tables, so that a person can
run it and see. Keys are shown as pseudonyms; nothing that is encrypted is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.columns import Kind
from bankmine.bank.keys import show_key
from bankmine.customers.feature import Feature, Versioned, Windowed
from bankmine.customers.follows import Entries, Entry, Number, follows
from bankmine.customers.relations import RELATIONS, order_of
from bankmine.engine.duck import literal, quoted
from bankmine.engine.session import Session
from bankmine.windows import WindowFeature
from bankmine.windows.edges import window_edges

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

MOST_ROWS = 10
_NIGHT_AND_WEEKEND = {
    "weekend": "isodow(timezone({zone}, event_time)) >= 6",
    "night": "hour(timezone({zone}, event_time)) < 7",
}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whom an example is about: keys that windows look under, cutoff, what was known (µs), position."""

    kind: str
    subject_id: int
    keys: dict[str, int]
    cutoff: int
    knowledge: int
    seq: int | None = None


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What entered one feature of one subject.

    `rows` are at most ten, the last ones, in order; `total` counts all; `window` is [from, until) in µs, or
    None for versions in force; `follows` says how the value comes of them, `value` is it.
    """

    feature: str
    total: int
    rows: tuple[dict[str, Any], ...]
    window: tuple[int, int] | None
    follows: str
    value: Number
    statement: str


def entered(warehouse: Warehouse, feature: Feature, subject: Subject) -> Entered | None:
    """The rows that entered a window or versioned feature; None for other kinds."""
    if isinstance(feature.source, Windowed):
        return _events(warehouse, feature, feature.source, subject)
    if isinstance(feature.source, Versioned):
        return _in_force(warehouse, feature, feature.source, subject)
    return None


def _events(warehouse: Warehouse, feature: Feature, source: Windowed, subject: Subject) -> Entered:
    one = source.feature
    start, end = _window(warehouse, one, subject)
    at_position = subject.seq is not None and one.source.delay is None and one.source.table == subject.kind
    statement = events_statement(one, source.only, warehouse.manifest.time_zone, at_position=at_position)
    asked: dict[str, int | None] = {"key": subject.keys[one.source.key], "start": start, "end": end}
    asked |= {"seq": subject.seq} if at_position else {}
    with Session(warehouse, subject.knowledge) as session:
        found = session.arrow(statement, asked).to_pylist()
    every = tuple(
        Entry(row["event_us"], row.get("measure"), row.get("item"), bool(row["is_level"])) for row in found
    )
    way, value = follows(Entries(one, every, end, subject.cutoff, warehouse.zone))
    mine = [row for row in found if row["is_level"]]
    return Entered(
        feature=feature.name, total=len(mine), window=(start, end), follows=way, value=value,
        rows=tuple(_shown(warehouse, one, row) for row in mine[-MOST_ROWS:]), statement=statement,
    )  # fmt: skip


def _window(warehouse: Warehouse, one: WindowFeature, subject: Subject) -> tuple[int, int]:
    starts, ends, _ = window_edges(
        warehouse.zone, np.array([subject.cutoff]), spans=[one.window], delay=one.source.delay,
        coverage=warehouse.coverage(one.source.table), positions=subject.seq is not None,
    )  # fmt: skip
    return int(starts[0, 0]), int(ends[0])


def events_statement(one: WindowFeature, only: str | None, time_zone: str, *, at_position: bool) -> str:
    """The SELECT of a window's entries of one key, over the tables as known; parameters $key, $start, $end.

    For a share the entries of all levels are read, `is_level` says which are the feature's own.
    """
    source = one.source
    declared = source.declared
    every_owner = declared.per_owner and declared.kind is Kind.EVENT and source.key == "customer_id"
    view = quoted(f"customer_{declared.name}" if every_owner else declared.name)
    columns = ["epoch_us(event_time) AS event_us", f"{_level_test(one)} AS is_level"]
    columns += [f"{_measure(one)} AS measure"] if source.has_measure else []
    columns += [f"{quoted(source.distinct_of)} AS item"] if source.distinct_of else []
    columns += [f"{quoted(one.by)} AS level"] if one.by else []
    before = "event_time < make_timestamptz($end)"
    if at_position:
        before = f"({before} OR (event_time = make_timestamptz($end) AND seq < $seq))"
    tests = [f"{quoted(source.key)} = $key", "event_time >= make_timestamptz($start)", before]
    tests += [_condition(test.column, test.test, test.values) for test in source.conditions]
    tests += [f"{quoted(source.measured)} IS NOT NULL"] if source.measured else []
    tests += [_NIGHT_AND_WEEKEND[only].format(zone=literal(time_zone))] if only else []
    tests += [_level_test(one)] if one.aggregate != "share" else []
    return (
        f"SELECT {', '.join(columns)} FROM {view} WHERE {' AND '.join(tests)} "
        f"ORDER BY event_time, seq, {', '.join(quoted(name) for name in declared.primary_key)}"
    )


def _level_test(one: WindowFeature) -> str:
    if one.by is None or one.level is None:
        return "true"
    if one.level in one.levels:
        return f"coalesce({quoted(one.by)} = {literal(one.level)}, false)"
    return f"coalesce({quoted(one.by)} NOT IN ({_list(one.levels)}), true)"


def _measure(one: WindowFeature) -> str:
    source = one.source
    if source.verdict_of is None:
        column = quoted(str(source.measured))
        return (
            f"CAST({column} AS BIGINT)" if source.scale == 1 else f"round_even({column} * {source.scale}, 0)"
        )
    own = quoted(source.declared.primary_key[0])
    return (
        f"CAST({own} IN (SELECT subject_id FROM feedback WHERE subject_kind = {literal(source.table)} "
        f"AND label = {literal(source.verdict_of)} AND verdict = 'confirmed') AS BIGINT)"
    )


def _condition(column: str, test: str, values: Sequence[Any]) -> str:
    name = quoted(column)
    if test in ("having", "lacking"):
        return f"{name} IS {'NOT ' if test == 'having' else ''}NULL"
    if test == "in":
        return f"{name} IN ({_list(values)})"
    return f"{name} {'>=' if test == 'at_least' else '<'} {int(values[0])}"


def _list(values: Sequence[Any]) -> str:
    return ", ".join(literal(one) if isinstance(one, str) else str(one).lower() for one in values)


def _shown(warehouse: Warehouse, one: WindowFeature, row: dict[str, Any]) -> dict[str, Any]:
    """One event under the names of the bank's columns, keys as pseudonyms."""
    told: dict[str, Any] = {"event_time": warehouse.zone.show(row["event_us"])}
    if "measure" in row:
        told[one.source.measure_name] = row["measure"]
    if one.source.distinct_of:
        told[one.source.distinct_of] = as_shown(one.source.distinct_of, row["item"])
    if one.by:
        told[one.by] = row["level"]
    return told


def as_shown(column: str, value: Any) -> Any:
    """A value as people see it: a key as its pseudonym."""
    return show_key(value) if column.endswith("_id") and isinstance(value, int) else value


def _in_force(warehouse: Warehouse, feature: Feature, source: Versioned, subject: Subject) -> Entered:
    """The versions in force for the subject (its customer, or itself), with the columns that are read."""
    import pyarrow as pa

    instant = pa.timestamp("us", tz="UTC")
    question = pa.table(
        {
            "asked_row": pa.array([0]),
            "asked_key": pa.array([subject.keys[RELATIONS[source.relation].key]]),
            "asked_cutoff": pa.array([subject.cutoff]).cast(instant),
            "asked_known": pa.array([subject.knowledge]).cast(instant),
        }
    )
    with Session(warehouse) as session:
        session.register("asked", question)
        for name in order_of([source.relation]):
            session.view(name, RELATIONS[name].sql(warehouse.manifest.time_zone))
        statement = f"SELECT * FROM {source.relation}"
        found = session.arrow(statement)
        value = session.scalar(f"SELECT {source.expression} FROM {source.relation}")
    names = [name for name in dict.fromkeys(c for _, c in source.columns) if name in found.column_names]
    rows = [{name: as_shown(name, row[name]) for name in names} for row in found.select(names).to_pylist()]
    return Entered(
        feature=feature.name, total=len(rows), rows=tuple(rows[:MOST_ROWS]) if names else (), window=None,
        follows=source.expression, value=value, statement=statement,
    )  # fmt: skip
