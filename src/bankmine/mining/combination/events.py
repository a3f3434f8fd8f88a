"""Dated events out of a column of lists, one list a row, as the sequence miners read them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.sequence.events import Sequences

CUTOFF = "cutoff"


def events_of(table: pa.Table, name: str) -> Sequences:
    """Sequences of the column `name`: `list<struct<when: int64 µs, kind: string, …>>`.

    Further fields of numbers are the events' values. The cutoff (µs) of a row is the table's column `cutoff`
    or, where there is none, the instant after its last event: how long ago that was is then not read.
    A null list is read as an empty one. UsageError for a column of another type.
    """
    lists = table.column(name).combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = lists.chunk(0) if lists.num_chunks else pa.array([], lists.type)
    kind = lists.type
    if not (pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)):
        raise UsageError(
            f"Column {name!r} is {kind}, not a list of events",
            hint="Give a list of structs with when and kind.",
        )
    sizes = np.asarray(lists.value_lengths().fill_null(0), dtype=np.int64)
    events = lists.flatten()
    row = np.repeat(np.arange(len(sizes)), sizes)
    when = np.asarray(events.field("when").cast(pa.int64()), dtype=np.int64)
    order = np.lexsort((when, row))
    codes, kinds = _codes(events.field("kind"))
    values, columns = _values(events)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    when = when[order]
    return Sequences(
        offsets=offsets, when=when, kind=codes[order], kinds=kinds, values=values[order], columns=columns,
        cutoff=_cutoffs(table, offsets, when),
    )  # fmt: skip


def _codes(kind: pa.Array) -> tuple[Ints, tuple[str, ...]]:
    """Positions in the kinds in order of their names; −1 where missing."""
    told = kind.cast(pa.string()).dictionary_encode()
    names = told.dictionary.to_pylist()
    ranked = sorted(range(len(names)), key=lambda one: names[one])
    place = np.full(len(names) + 1, -1, dtype=np.int64)
    place[ranked] = np.arange(len(names))
    return place[np.asarray(told.indices.fill_null(len(names)))], tuple(names[one] for one in ranked)


def _values(events: pa.StructArray) -> tuple[Floats, tuple[str, ...]]:
    fields = [
        one.name for one in events.type
        if one.name not in ("when", "kind", CUTOFF)
        and (pa.types.is_integer(one.type) or pa.types.is_floating(one.type) or pa.types.is_boolean(one.type))
    ]  # fmt: skip
    found = [
        events.field(one).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False) for one in fields
    ]
    made = np.column_stack(found) if found else np.zeros((len(events), 0))
    return made.astype(np.float64), tuple(fields)


def _cutoffs(table: pa.Table, offsets: Ints, when: Ints) -> Ints:
    if CUTOFF in table.column_names:
        given = table.column(CUTOFF)
        if pa.types.is_timestamp(given.type):
            given = given.cast(pa.timestamp("us", tz=given.type.tz)).cast(pa.int64())
        return np.asarray(given.to_numpy(), dtype=np.int64)
    last = np.zeros(len(offsets) - 1, dtype=np.int64)
    some = np.flatnonzero(np.diff(offsets))
    last[some] = when[offsets[some + 1] - 1] + 1
    return last
