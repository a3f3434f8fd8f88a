"""Replay: one row before each event, for labels on events.

A row stands at its event's position (event_time, seq) and knows what was known at the event's own
`known_at`, so a late event changes later rows only. An event has one row, at its first version that was
ever known and not cancelled: that is what the bank saw when it had to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.bank.columns import Table, Type
from bankmine.errors import UsageError
from bankmine.windows.declaration import Feature
from bankmine.windows.plan import check_names, check_tables
from bankmine.windows.reader import Readable, column_values, sortable
from bankmine.windows.snapshot import NO_SUBJECT, Asked, compute
from bankmine.windows.versions import first_known, superseded_at

Ints = NDArray[np.int64]


def replay(
    warehouse: Readable,
    features: Sequence[Feature],
    *,
    table: str | None = None,
    since: int | None = None,
    until: int | None = None,
    threads: int = 2,
) -> Any:
    """An Arrow table with one row before each event of `table` with `since ≤ event_time < until` (µs).

    Columns: the event's primary key, the keys of the features, event_time, seq, known_at, then the
    features; sorted by (event_time, seq, primary key). Features of other tables than `table` (default:
    the features' only table) see events before the instant. A row whose event lacks a key has no features
    of that key. Of a table with a row for each owner only the primary owner's rows are events.
    """
    check_names(features)
    check_tables(warehouse, features)
    table = table or _only_table(features)
    keys = sorted({feature.source.key for feature in features})
    rows = _rows(warehouse, catalogue.table(table), keys, since, until)
    subjects = {
        name: rows.keys[name].data
        if rows.keys[name].present is None
        else np.where(rows.keys[name].present, rows.keys[name].data, NO_SUBJECT)
        for name in keys
    }
    asked = Asked(subjects, rows.event_time, rows.known_at, rows.seq, table)
    found = compute(warehouse, features, asked, threads=threads)
    return _with_features(rows, found)


@dataclass(frozen=True)
class _Rows:
    """The events to replay, in order."""

    shown: Any
    keys: dict[str, Any]
    event_time: Ints
    seq: Ints
    known_at: Ints


def _only_table(features: Sequence[Feature]) -> str:
    tables = sorted({feature.source.table for feature in features})
    if len(tables) != 1:
        raise UsageError(
            f"the features look at {len(tables)} tables", hint="Name the table to replay with `table=`."
        )
    return tables[0]


def _rows(
    warehouse: Readable, declared: Table, keys: Sequence[str], since: int | None, until: int | None
) -> _Rows:
    for name in keys:
        if not declared.has(name) or declared.column(name).type is not Type.KEY:
            raise UsageError(
                f"{declared.name} has no key {name!r} to replay by", hint="Ask features of its own keys."
            )
    shown = list(dict.fromkeys([*declared.primary_key, *keys, "event_time", "seq", "known_at"]))
    system = ["cancelled", "load_number", *declared.version_key]
    system += ["is_primary"] if declared.per_owner else []
    raw = warehouse.read(declared.name, list(dict.fromkeys([*shown, *system])))
    found = {name: column_values(declared, name, raw.column(name)) for name in raw.column_names}
    index = _first_known(declared, found)
    times = found["event_time"].data[index]
    inside = np.ones(len(index), np.bool_)
    inside &= True if since is None else times >= since
    inside &= True if until is None else times < until
    index = index[inside]
    order = [sortable(found[name])[index] for name in ("event_time", "seq", *declared.primary_key)]
    index = index[_in_order(order)]
    return _Rows(
        raw.select(shown).take(index), {name: found[name].take(index) for name in keys},
        found["event_time"].data[index], found["seq"].data[index], found["known_at"].data[index],
    )  # fmt: skip


def _first_known(declared: Table, found: dict[str, Any]) -> Ints:
    """The first version of each event that was ever known, not cancelled, and the primary owner's."""
    known_at, load_number = found["known_at"].data, found["load_number"].data
    version_key = [sortable(found[name]) for name in declared.version_key]
    kept = (found["cancelled"].data == 0) & (known_at < superseded_at(version_key, known_at, load_number))
    if declared.per_owner:
        kept &= found["is_primary"].data == 1
    return np.flatnonzero(first_known(version_key, known_at, load_number, kept))


def _in_order(columns: Sequence[Ints]) -> Ints:
    """The order by the columns, the first of which decides nearly always."""
    order = np.argsort(columns[0], kind="stable")
    sorted_first = columns[0][order]
    same = sorted_first[1:] == sorted_first[:-1]
    tied = np.zeros(len(order), np.bool_)
    tied[1:] |= same
    tied[:-1] |= same
    at = np.flatnonzero(tied)
    rows = order[at]
    order[at] = rows[np.lexsort([column[rows] for column in reversed(columns)])]
    return order


def _with_features(rows: _Rows, found: Any) -> Any:
    table = rows.shown
    for name in found.column_names:
        table = table.append_column(name, found.column(name))
    return table
