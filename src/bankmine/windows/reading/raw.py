"""Raw rows of a bucket: every version of every event, by key; and settling from when to when each counts.

In the order of a key the versions of one event lie under that key (projections see to it, and so does a
version key that holds the bucket's key), so versions are told apart key by key, in one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.bank.columns import Table
from bankmine.windows.reading.rows import (
    Bools,
    EventRows,
    Ints,
    Values,
    column_values,
    one_array,
    sortable,
    tied_places,
)
from bankmine.windows.reading.versions import FOREVER, identities, never_counts, next_known


@dataclass(frozen=True)
class Raw:
    """n rows sorted by (key, event_time, seq, version key, known_at, load_number).

    `cancelled` is None where no row is. `columns` holds what was asked for and the version key.
    """

    keys: Ints
    offsets: Ints
    event_time: Ints
    seq: Ints
    known_at: Ints
    load_number: Ints
    cancelled: Bools | None
    columns: dict[str, Values]

    def __len__(self) -> int:
        return len(self.event_time)

    def version_columns(self, declared: Table, key: str) -> list[Ints]:
        """What tells the events of one key apart."""
        names = [name for name in declared.version_key if name != key]
        return [self.event_time if name == "event_time" else sortable(self.columns[name]) for name in names]


def kept_names(declared: Table, key: str, columns: Sequence[str]) -> list[str]:
    """The columns of raw rows that do not say place or time: the version key's, and those asked for."""
    place = (key, "event_time")
    return list(dict.fromkeys([*(name for name in declared.version_key if name not in place), *columns]))


def raw_rows(declared: Table, key: str, columns: Sequence[str], table: Any) -> Raw:
    """An Arrow table's rows that have the key; of a projection all are the primary owners'."""
    import pyarrow.compute as pc

    if table.column(key).null_count:
        table = table.filter(pc.is_valid(table.column(key)))
    names = kept_names(declared, key, columns)
    place = [column_values(declared, name, table.column(name)).data for name in (key, "event_time", "seq")]
    known_at, load = (
        column_values(declared, name, table.column(name)).data for name in ("known_at", "load_number")
    )
    withdrawn = one_array(table.column("cancelled"))
    cancelled = np.asarray(withdrawn.to_numpy(zero_copy_only=False)) if pc.any(withdrawn).as_py() else None
    found = {name: column_values(declared, name, table.column(name)) for name in names}
    keys, offsets, order = _by_place(place)
    raw = Raw(keys, offsets, place[1], place[2], known_at, load, cancelled, found)
    if order is not None:
        raw = taken(raw, order, keys, offsets)
    return untied(raw, declared, key) if raw_is_tied(raw) else raw


def _by_place(place: Sequence[Ints]) -> tuple[Ints, Ints, Ints | None]:
    """The different keys, their offsets, and the order of the rows where they do not lie in it."""
    from bankmine.windows.kernels.versions_kernel import find_keys

    starts = np.empty(len(place[0]) + 1, np.int64)
    order = None
    count = find_keys(*place, starts)
    if count < 0:
        order = np.lexsort(tuple(reversed(place)))
        place = [one[order] for one in place]
        count = find_keys(*place, starts)
    offsets = starts[: count + 1].copy()
    return place[0][offsets[:-1]], offsets, order


def raw_is_tied(raw: Raw) -> bool:
    """Whether two rows of a key share (event_time, seq)."""
    from bankmine.windows.kernels.versions_kernel import has_ties

    return bool(has_ties(raw.offsets, raw.event_time, raw.seq))


def taken(raw: Raw, index: Ints, keys: Ints, offsets: Ints) -> Raw:
    """The rows in another order, or some of them, with their keys."""
    return Raw(
        keys, offsets, raw.event_time[index], raw.seq[index], raw.known_at[index], raw.load_number[index],
        None if raw.cancelled is None else raw.cancelled[index],
        {name: column.take(index) for name, column in raw.columns.items()},
    )  # fmt: skip


def untied(raw: Raw, declared: Table, key: str) -> Raw:
    """Rows of one place by version key and knowledge, so that their order does not depend on the files."""
    number = np.repeat(np.arange(len(raw.keys)), np.diff(raw.offsets))
    at = tied_places([number, raw.event_time, raw.seq])
    by = [column[at] for column in (number, raw.event_time, raw.seq, *raw.version_columns(declared, key),
                                    raw.known_at, raw.load_number)]  # fmt: skip
    order = np.arange(len(raw))
    order[at] = at[np.lexsort(tuple(reversed(by)))]
    return raw if np.array_equal(order[at], at) else taken(raw, order, raw.keys, raw.offsets)


def settle(raw: Raw, declared: Table, key: str) -> tuple[EventRows, Ints | None]:
    """The rows that count at some time, with every column and `load_number`; and which rows do not.

    None stands for no row, others ascend. Keys all of whose rows are withdrawn stay, without rows.
    """
    until = _superseded(raw, declared, key)
    rows = EventRows(
        raw.keys, raw.offsets, raw.event_time, raw.seq, raw.known_at, until,
        {**raw.columns, "load_number": Values(raw.load_number)},
    )  # fmt: skip
    gone = never_counts(raw.known_at, until, raw.cancelled)
    return (without(rows, gone), np.flatnonzero(gone)) if gone.any() else (rows, None)


def without(rows: EventRows, gone: Bools) -> EventRows:
    """The rows but for some; keys that lose all their rows stay."""
    index = np.flatnonzero(~gone)
    offsets = np.concatenate(([0], np.cumsum(~gone)))[rows.offsets]
    return EventRows(
        rows.keys, offsets, rows.event_time[index], rows.seq[index], rows.known_from[index],
        rows.known_until[index], {name: column.take(index) for name, column in rows.columns.items()},
    )  # fmt: skip


def _superseded(raw: Raw, declared: Table, key: str) -> Ints:
    """When the next version of each row became known; FOREVER where there is none."""
    from bankmine.windows.kernels.versions_kernel import repeated_in_keys

    until = np.full(len(raw), FOREVER, np.int64)
    longest = int(np.diff(raw.offsets).max(initial=0))
    if longest < 2:
        return until
    columns = raw.version_columns(declared, key)
    table = np.empty(1 << max(2, (2 * longest - 1).bit_length()), np.int32)
    found = np.empty(2 * len(raw), np.int64)
    count = repeated_in_keys(raw.offsets, identities(columns), table, found)
    if count:
        at = np.unique(found[:count])
        number = np.searchsorted(raw.offsets, at, "right") - 1
        version_key = [number, *(column[at] for column in columns)]
        until[at] = next_known(version_key, raw.known_at[at], raw.load_number[at])
    return until
