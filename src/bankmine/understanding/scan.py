"""One bank table, read once and looked at many times.

A `Scan` copies the columns that hold anything into a temporary table of the session, with the civil day
(and hour) of the row on the table's time axis beside them; profile and detectors then ask small
questions of it. Each question is kept as SQL over the bank table itself, to be shown beside its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.columns import Column, Kind, Table, Type
from bankmine.engine.duck import literal, quoted
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCH = date(1970, 1, 1)
SYSTEM = ("event_time", "known_at", "seq", "cancelled", "valid_from", "valid_to", "load_number", "is_primary")
NUMERIC = (Type.MONEY, Type.REAL, Type.INTEGER)
LEVELLED = (Type.CODE, Type.BOOLEAN, Type.TEXT)
_AXES = ("opened_on", "granted_on", "issued_on", "since", "starts_on", "day")


def day_of(number: int) -> date:
    """The civil day of a day number (days since 1970-01-01)."""
    return EPOCH + timedelta(days=int(number))


@dataclass(frozen=True)
class Axis:
    """The time axis of a table: its column, and the civil day and hour as SQL (hour None if date only)."""

    column: str
    civil: str
    hour: str | None

    @property
    def day(self) -> str:
        """Days since 1970-01-01, as SQL."""
        return f"{self.civil} - DATE '1970-01-01'"


@dataclass
class Scan:
    """One bank table with at least one row. `columns` are readable and not empty; `filled` counts values."""

    session: Session
    table: Table
    rows: int
    columns: tuple[Column, ...]
    filled: Mapping[str, int]
    axis: Axis | None
    select: str
    statements: list[str] = field(default_factory=list)
    distinct: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The bank table's name."""
        return self.table.name

    @property
    def temporary(self) -> str:
        """The name of the copy."""
        return f"scan_of_{self.name}"

    def has(self, *names: str) -> bool:
        """Whether all these columns hold values."""
        held = {column.name for column in self.columns}
        return all(name in held for name in names)

    def of_type(self, *types: Type) -> list[Column]:
        """The columns of these types that hold values, without the system columns."""
        return [c for c in self.columns if c.type in types and c.name not in SYSTEM]

    def shown(self, sql: str) -> str:
        """The query as anyone can run it in a session over the bank table."""
        return f"WITH scan AS ({self.select})\n{sql.strip()}"

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Runs a query that reads from `scan`; returns an Arrow table."""
        self.statements.append(self.shown(sql))
        return self.session.arrow(_over(sql, self.temporary), parameters)

    @cached_property
    def days(self) -> NDArray[np.int64]:
        """The days with rows, ascending; empty without a time axis."""
        return self._day_counts[0]

    @cached_property
    def day_rows(self) -> NDArray[np.int64]:
        """Rows of each of `days`."""
        return self._day_counts[1]

    @cached_property
    def _day_counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if self.axis is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        got = self.ask("SELECT day, count(*) AS n FROM scan WHERE day IS NOT NULL GROUP BY day ORDER BY day")
        return got["day"].to_numpy().astype(np.int64), got["n"].to_numpy().astype(np.int64)

    def varies(self, name: str) -> bool:
        """Whether the column holds more than one value."""
        if name not in self.distinct:
            column = quoted(name)
            got = self.ask(f"SELECT min({column}) IS DISTINCT FROM max({column}) AS varies FROM scan")
            self.distinct[name] = 2 if got["varies"][0].as_py() else 1
        return self.distinct[name] > 1

    @cached_property
    def batch(self) -> float:
        """How many rows come together: 1 where rows come singly, else about the rows of one batch.

        Rows come in batches where the levels of some code (campaigns, say) each live for less than a tenth
        of the history. What one batch has in common is then no more than one observation.
        """
        if len(self.days) < 10:
            return 1.0
        size = 1.0
        for column in self.of_type(Type.CODE):
            if column.name in self.table.primary_key or self.filled[column.name] < 0.5 * self.rows:
                continue
            name = quoted(column.name)
            got = self.ask(
                f"SELECT max(day) - min(day) + 1 AS span, count(*) AS n FROM scan WHERE {name} IS NOT NULL "
                f"AND day IS NOT NULL GROUP BY {name} ORDER BY span, n"
            )
            spans, n = got["span"].to_numpy(), got["n"].to_numpy().astype(np.float64)
            if len(n) < 4:
                continue
            lived = spans[np.searchsorted(np.cumsum(n), 0.5 * n.sum())]
            if lived < 0.1 * (self.days[-1] - self.days[0]):
                size = max(size, float((n * n).sum() / n.sum()))
        return size

    @cached_property
    def by_seq(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`seq` and day of every row, in the order of `seq`."""
        got = self.ask("SELECT seq, day FROM scan WHERE day IS NOT NULL ORDER BY seq")
        return got["seq"].to_numpy().astype(np.int64), got["day"].to_numpy().astype(np.int64)

    def by_day(self, conditions: Sequence[str]) -> NDArray[np.int64]:
        """How many rows of each of `days` meet each SQL condition: an array (conditions, days)."""
        if self.axis is None or not len(conditions) or not len(self.days):
            return np.zeros((len(conditions), len(self.days)), np.int64)
        wanted = ", ".join(
            f"count(*) FILTER (WHERE {condition}) AS c{i}" for i, condition in enumerate(conditions)
        )
        got = self.ask(f"SELECT day, {wanted} FROM scan WHERE day IS NOT NULL GROUP BY day ORDER BY day")
        return np.stack([got[f"c{i}"].to_numpy().astype(np.int64) for i in range(len(conditions))])

    def spread(self, days: Any, counts: Any) -> NDArray[np.int64]:
        """Counts given for some days, on the axis of `days`."""
        out = np.zeros(len(self.days), np.int64)
        at = np.searchsorted(self.days, np.asarray(days, np.int64))
        np.add.at(out, at, np.asarray(counts, np.int64))
        return out


def _over(sql: str, temporary: str) -> str:
    """The query over the copy in place of `scan`."""
    return re.sub(r"\b(FROM|JOIN) scan\b", rf"\1 {temporary} AS scan", sql)


def open_scan(session: Session, table: Table) -> Scan:
    """Copies the table's filled columns into the session. The table must hold a row.

    The files are read once: everything is copied, of an encrypted value only that it is there, and what is
    not wanted is dropped again, so that memory never holds two copies of an event table.
    """
    scanned, event = f"scan_of_{table.name}", table.kind is Kind.EVENT
    parts = [_copied(column) for column in table.all_columns]
    parts += _of_axis(table, _event_axis(session, hour=True)) if event else []
    session.arrow(
        f"CREATE OR REPLACE TEMP TABLE {scanned} AS SELECT {', '.join(parts)} FROM {quoted(table.name)}"
    )
    counts = ", ".join(f"count({quoted(c.name)}) AS {quoted(c.name)}" for c in table.all_columns)
    row = session.arrow(f"SELECT count(*) AS all_rows, {counts} FROM {scanned}").to_pylist()[0]
    columns = tuple(column for column in table.all_columns if not column.encrypted and row[column.name])
    axis = _axis(session, table, columns, scanned)
    chosen = ", ".join([*(quoted(column.name) for column in columns), *_of_axis(table, axis)])
    surplus = [column.name for column in table.all_columns if column not in columns]
    if event:
        surplus += [] if axis and axis.hour else ["hour"]
        for name in surplus:
            session.arrow(f"ALTER TABLE {scanned} DROP COLUMN {quoted(name)}")
    else:
        session.arrow(f"CREATE OR REPLACE TEMP TABLE {scanned} AS SELECT {chosen} FROM {scanned}")
    select = f"SELECT {chosen} FROM {quoted(table.name)}"
    return Scan(session, table, row.pop("all_rows"), columns, row, axis, select)


def _of_axis(table: Table, axis: Axis | None) -> list[str]:
    """The civil day, month and hour of a row, as SQL; a table that has a day keeps its own."""
    parts = [] if table.has("day") else [f"{axis.day} AS day" if axis else "CAST(NULL AS INTEGER) AS day"]
    if axis:
        parts.append(f"CAST(year({axis.civil}) * 100 + month({axis.civil}) AS INTEGER) AS month")
    return [*parts, f"{axis.hour} AS hour"] if axis and axis.hour else parts


def _event_axis(session: Session, *, hour: bool) -> Axis:
    local = _local(session, "event_time")
    return Axis("event_time", f"CAST({local} AS DATE)", f"CAST(hour({local}) AS INTEGER)" if hour else None)


def _copied(column: Column) -> str:
    name = quoted(column.name)
    return f"CASE WHEN {name} IS NOT NULL THEN true END AS {name}" if column.encrypted else name


def _local(session: Session, column: str) -> str:
    zone = literal(session.warehouse.manifest.time_zone)
    return f"timezone({zone}, {quoted(column)})"


def _axis(session: Session, table: Table, columns: Sequence[Column], source: str) -> Axis | None:
    """Event time; else the first dated column of `_AXES` or `valid_from` that takes more than 20 days.

    None for a table that lists days itself (the calendar).
    """
    if table.kind is Kind.EVENT:
        local = _local(session, "event_time")
        dated = session.scalar(
            f"SELECT avg(CAST(CAST({local} AS TIME) = TIME '00:00:00' AS DOUBLE)) FROM {source}"
        )
        return _event_axis(session, hour=dated < 0.5)
    held = {column.name for column in columns}
    if "day" in held:  # the calendar lists days, it has no history; a scan's own `day` would hide its column
        return None
    for name in (*_AXES, "valid_from"):
        if name not in held:
            continue
        value = f"CAST({_local(session, name)} AS DATE)" if name == "valid_from" else quoted(name)
        distinct = session.scalar(f"SELECT count(DISTINCT {value}) FROM {source}")
        if distinct > 20:
            return Axis(name, value, None)
    return None


def axis_column(scan: Scan) -> str:
    """The column of the time axis; the table must have one."""
    assert scan.axis is not None
    return scan.axis.column
