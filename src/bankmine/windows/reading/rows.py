"""Columns and rows of a table as plain arrays, as the windows' kernels want them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.columns import Table, Type

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Values:
    """One column of n rows: int64 numbers, or int32 codes into `levels`.

    `present` is None where nothing is missing; the number under a missing value means nothing.
    """

    data: NDArray[Any]
    present: Bools | None = None
    levels: tuple[str, ...] | None = None

    def take(self, index: Ints | Bools) -> Values:
        """The chosen rows."""
        present = None if self.present is None else self.present[index]
        return Values(self.data[index], present, self.levels)


@dataclass(frozen=True)
class EventRows:
    """n rows of one table by key; each row counts in [known_from, known_until).

    The rows of `keys[i]` (k different keys, ascending) are `offsets[i]:offsets[i + 1]`, sorted by
    (event_time, seq, version key). A key whose rows are all withdrawn has none.
    """

    keys: Ints
    offsets: Ints
    event_time: Ints
    seq: Ints
    known_from: Ints
    known_until: Ints
    columns: dict[str, Values]

    def __len__(self) -> int:
        return len(self.event_time)

    @property
    def key(self) -> Ints:
        """The key of each row (n), made when asked."""
        return np.repeat(self.keys, np.diff(self.offsets))

    def take(self, index: Ints | Bools) -> EventRows:
        """The chosen rows, which must lie in the same order."""
        keys, offsets = by_key(self.key[index])
        return EventRows(
            keys, offsets, self.event_time[index], self.seq[index], self.known_from[index],
            self.known_until[index], {name: column.take(index) for name, column in self.columns.items()},
        )  # fmt: skip

    def select(self, names: Sequence[str]) -> EventRows:
        """The same rows with some of the columns."""
        return EventRows(
            self.keys, self.offsets, self.event_time, self.seq, self.known_from, self.known_until,
            {name: self.columns[name] for name in names},
        )  # fmt: skip


def by_key(key: Ints) -> tuple[Ints, Ints]:
    """The different keys (k) of sorted rows, and the k + 1 places where their rows begin and end."""
    if not len(key):
        return key, np.zeros(1, np.int64)
    offsets = np.concatenate(([0], np.flatnonzero(key[1:] != key[:-1]) + 1, [len(key)]))
    return key[offsets[:-1]], offsets


def column_values(declared: Table, name: str, column: Any) -> Values:
    """An Arrow column as int64 numbers; int32 codes where it is text, the bits of doubles where it is real.

    Numbers without missing values and codes are not copied.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    array = one_array(column)
    levels: tuple[str, ...] | None = None
    if pa.types.is_string(array.type):
        array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        levels = tuple(array.dictionary.to_pylist())
        array = array.indices
    present = None if array.null_count == 0 else np.asarray(pc.is_valid(array))
    if declared.column(name).type is Type.INSTANT:
        array = array.cast(pa.timestamp("us", tz="UTC")).view(pa.int64())
    elif pa.types.is_date32(array.type):
        array = array.view(pa.int32())
    elif declared.column(name).type is Type.REAL:
        array = array.view(pa.int64())
    array = array.cast(pa.int64() if levels is None else pa.int32())
    return Values(np.asarray(array if present is None else pc.fill_null(array, 0)), present, levels)


def one_array(column: Any) -> Any:
    """A chunked column as one array, copied only where it has several chunks."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        return pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], joined.type)
    return joined


def sortable(values: Values) -> Ints:
    """Codes ranked as their texts sort, so that the order does not depend on the file."""
    if values.levels is None:
        return values.data
    rank = np.empty(len(values.levels), np.int64)
    rank[sorted(range(len(values.levels)), key=lambda code: values.levels[code])] = np.arange(len(rank))  # type: ignore[index]
    return rank[values.data] if len(rank) else values.data.astype(np.int64)


def tied_places(place: Sequence[Ints]) -> Ints:
    """Of rows sorted by place = (key, event_time, seq), those whose place another row has too."""
    same = np.logical_and.reduce([one[1:] == one[:-1] for one in place])
    tied = np.zeros(len(place[0]), np.bool_)
    tied[1:] |= same
    tied[:-1] |= same
    return np.flatnonzero(tied)


def among(keys: Ints, some: Ints) -> Bools:
    """Which keys are among some, ascending ones."""
    if not len(some):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(some, keys), len(some) - 1)
    found: Bools = some[at] == keys
    return found


def shared_out(pieces: Sequence[EventRows], keys: Ints, mine: Ints) -> Iterator[tuple[EventRows, Ints]]:
    """Each piece of a bucket with those rows asked, `mine`, whose key it answers: the last that holds it.

    Rows of keys that no piece holds go with the first.
    """
    for held in reversed(pieces[1:]):
        here = among(keys[mine], held.keys)
        yield held, mine[here]
        mine = mine[~here]
    yield pieces[0], mine
