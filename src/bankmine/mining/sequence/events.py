"""Event sequences in a compact form: all events in one array after another, and where each row's begin.

A row is what a score is about, at its cutoff; its events lie before the cutoff, in order of time, and in the
order given where times are equal. An event has an instant, a kind and some values. Nothing here knows what
the kinds mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.errors import LeakError, UsageError
from bankmine.mining.contract import Floats, Ints, table_values

DAY = 86_400_000_000  # µs


@dataclass(frozen=True)
class Sequences:
    """The events of `len(cutoff)` rows.

    offsets: where each row's events begin, and the end of the last, shape (rows + 1,)
    when:    instants in µs, not falling within a row and before its cutoff, shape (events,)
    kind:    positions in `kinds`, −1 where the kind is missing, shape (events,)
    values:  shape (events, columns), NaN where missing
    cutoff:  instants in µs, shape (rows,)
    """

    offsets: Ints
    when: Ints
    kind: Ints
    kinds: tuple[str, ...]
    values: Floats
    columns: tuple[str, ...]
    cutoff: Ints

    def __post_init__(self) -> None:
        _check(self)

    def __len__(self) -> int:
        return len(self.cutoff)

    @property
    def lengths(self) -> Ints:
        """Events of each row."""
        return np.diff(self.offsets)

    @property
    def row(self) -> Ints:
        """The row of each event."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: Any) -> Sequences:
        """The rows asked for, in that order: a mask, positions or a slice."""
        asked = np.arange(len(self))[rows if isinstance(rows, slice) else np.asarray(rows)]
        lengths = self.lengths[asked]
        return self._picked(_runs(self.offsets[asked], lengths), lengths, self.cutoff[asked])

    def tail(self, longest: int) -> Sequences:
        """The last `longest` events of each row."""
        lengths = np.minimum(self.lengths, longest)
        return self._picked(_runs(self.offsets[1:] - lengths, lengths), lengths, self.cutoff)

    def keep(self, events: NDArray[np.bool_]) -> Sequences:
        """The events of a mask of shape (events,)."""
        total = np.concatenate([[0], np.cumsum(events)])
        return self._picked(np.flatnonzero(events), np.diff(total[self.offsets]), self.cutoff)

    def shuffled(self, random_state: int = 0) -> Sequences:
        """Each row's kinds and values in random order on the same dates: what is left without order."""
        draw = np.random.default_rng(random_state).random(len(self.when))
        order = np.lexsort((draw, self.row))
        return replace(self, kind=self.kind[order], values=self.values[order])

    def _picked(self, events: Ints, lengths: Ints, cutoff: Ints) -> Sequences:
        return replace(
            self,
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            when=self.when[events],
            kind=self.kind[events],
            values=self.values[events],
            cutoff=cutoff,
        )


def sequences_of(
    events: pa.Table,
    cutoffs: Any,
    *,
    values: Sequence[str] = (),
    row: str = "row",
    when: str = "when",
    kind: str = "kind",
) -> Sequences:
    """Sequences from a table of events in any order.

    `row` is the position of the event's row in `cutoffs`; `when` and `cutoffs` are timestamps or µs; `kind`
    is text, null where missing; `values` are columns of numbers. Rows without events have empty sequences.
    Events are sorted by row and time, those of one instant stay in the order given. LeakError where an event
    does not lie before its row's cutoff; UsageError for an instant or row that is missing or unknown.
    """
    absent = [name for name in (row, when, kind) if name not in events.column_names]
    if absent:
        raise UsageError(
            f"The events lack the column {absent[0]!r}", hint="Name the columns: row=, when=, kind=."
        )
    numbers = table_values(events, list(values))
    place, instants = _integers(events, row), _instants(events.column(when))
    limits = _instants(cutoffs)
    if ((place < 0) | (place >= len(limits))).any():
        raise UsageError(
            f"An event belongs to row {int(place[(place < 0) | (place >= len(limits))][0])}",
            hint=f"There are {len(limits)} cutoffs: rows are 0 to {len(limits) - 1}.",
        )
    texts = events.column(kind).cast(pa.string()).combine_chunks().dictionary_encode()
    names = texts.dictionary.to_pylist()
    code = np.asarray(texts.indices.fill_null(-1), dtype=np.int64)
    ranked = sorted(range(len(names)), key=lambda one: names[one])
    position = np.empty(len(names) + 1, dtype=np.int64)
    position[ranked], position[-1] = np.arange(len(names)), -1
    order = np.lexsort((instants, place))
    return Sequences(
        offsets=np.searchsorted(place[order], np.arange(len(limits) + 1)).astype(np.int64),
        when=instants[order],
        kind=position[code][order],
        kinds=tuple(names[one] for one in ranked),
        values=numbers[order],
        columns=tuple(values),
        cutoff=limits,
    )


def _runs(start: Ints, lengths: Ints) -> Ints:
    """Positions `start, start + 1, …` of each run, one run after another."""
    total = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    return np.repeat(start - before, lengths) + np.arange(total)


def _integers(events: pa.Table, name: str) -> Ints:
    column = events.column(name)
    if column.null_count:
        raise UsageError(f"{column.null_count} events have no {name}", hint="Leave them out or mend them.")
    if len(column) and not pa.types.is_integer(column.type):
        raise UsageError(f"Column {name!r} is {column.type}", hint="Give each event's row as a whole number.")
    return np.asarray(column.cast(pa.int64()).combine_chunks(), dtype=np.int64)


def _instants(values: Any) -> Ints:
    """Timestamps or whole µs as µs."""
    if isinstance(values, pa.Array | pa.ChunkedArray):
        if values.null_count:
            raise UsageError(f"{values.null_count} instants are missing", hint="Give each event its instant.")
        kind = values.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            values = values.cast(pa.timestamp("us", tz=getattr(kind, "tz", None))).cast(pa.int64())
        values = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy()
    found = np.asarray(values)
    if found.dtype.kind == "M":
        if np.isnat(found).any():
            raise UsageError("An instant is missing", hint="Give each event its instant.")
        found = found.astype("datetime64[us]").astype(np.int64)
    if found.dtype.kind not in "iu" and found.size:
        raise UsageError(f"Instants are {found.dtype}", hint="Give timestamps or whole microseconds.")
    return found.astype(np.int64)


def _check(given: Sequences) -> None:
    events = len(given.when)
    shapes = len(given.kind) == events and given.values.shape == (events, len(given.columns))
    offsets = given.offsets
    fits = len(offsets) == len(given.cutoff) + 1 and offsets[0] == 0 and offsets[-1] == events
    if not (shapes and fits and (np.diff(offsets) >= 0).all()):
        raise UsageError("The arrays of a sequence do not fit together", hint="Use sequences_of.")
    if ((given.kind < -1) | (given.kind >= len(given.kinds))).any():
        raise UsageError("A kind of an event is no position in the kinds", hint="Use sequences_of.")
    row = given.row
    if (given.when >= given.cutoff[row]).any():
        late = int((given.when >= given.cutoff[row]).sum())
        raise LeakError(
            f"{late} events do not lie before the cutoff of their row",
            hint="Read the events as known at the cutoff; those at the cutoff are out.",
        )
    if ((np.diff(given.when) < 0) & (row[1:] == row[:-1])).any():
        raise UsageError(
            "The events of a row are not in order of time", hint="Use sequences_of, which sorts."
        )
    if np.isinf(given.values).any():
        raise UsageError("A value of an event is infinite", hint="Missing values are NaN or null.")
