"""The events each asked row may see: known by its knowledge time, before its cutoff, each at the version that
counts.

The same rule as a session's, for many cutoffs at once and without one: a version of an event counts from when
it is known until the next version of the same event is; of two known together the later load counts; a
cancelled version hides the event. Events of a row come in their order (event_time, seq).

    seen = visible(warehouse, "loan_event", ["kind", "amount_minor"], "loan_id", subjects)
    seen.row          which asked row, ascending; shape (m,)
    seen.column("kind")   the event's values beside it; shape (m,)

One scan of the table, one sort, and then only array arithmetic: cost is proportional to the events of the
asked keys and to the pairs (row, event) that come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.catalogue import table as bank_table
from bankmine.engine.duck import quoted
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.subjects import Subjects

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Visible:
    """Pairs of an asked row and an event it may see, by row and then in the order of events.

    `row` and `event` have shape (m,): places among the asked rows and in `events` (an Arrow table);
    `time` is the event's instant in µs.
    """

    rows: int
    row: Ints
    event: Ints
    time: Ints
    events: Any
    statements: tuple[str, ...] = ()
    _read: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def column(self, name: str) -> Any:
        """One column of the events beside each pair, as an Arrow array."""
        import pyarrow as pa

        return self._plain(name).take(pa.array(self.event))

    def codes(self, name: str, levels: Sequence[str]) -> Ints:
        """A code column as places among `levels`, −1 for any other or none; shape (m,)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        plain = self._plain(name).cast(pa.string())
        place = pc.fill_null(pc.index_in(plain, value_set=pa.array(levels, pa.string())), -1)
        return np.asarray(place.to_numpy(zero_copy_only=False), np.int64)[self.event]

    def whole(self, name: str, missing: int = 0) -> Ints:
        """A column of whole numbers, keys or days (since 1970), `missing` where there is none; (m,)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        plain = self._plain(name)
        plain = plain.cast(pa.int32()) if pa.types.is_date32(plain.type) else plain
        filled = pc.fill_null(plain.cast(pa.int64()), missing)
        return np.asarray(filled.to_numpy(zero_copy_only=False), np.int64)[self.event]

    def given(self, name: str) -> Bools:
        """Where a column has a value; shape (m,)."""
        return np.asarray(self._plain(name).is_valid().to_numpy(zero_copy_only=False))[self.event]

    def where(self, keep: Bools) -> Visible:
        """Only the pairs marked."""
        return Visible(
            self.rows, self.row[keep], self.event[keep], self.time[keep], self.events, self.statements,
            self._read,
        )  # fmt: skip

    def last(self) -> Ints:
        """The place of each asked row's last pair, −1 where it has none; shape (rows,)."""
        ends = np.searchsorted(self.row, np.arange(self.rows), side="right") - 1
        starts = np.searchsorted(self.row, np.arange(self.rows), side="left")
        return np.where(ends >= starts, ends, -1)

    def total(self, weight: Any = None) -> Any:
        """The number of each asked row's pairs, or the sum of their weights; shape (rows,)."""
        if weight is None:
            return np.bincount(self.row, minlength=self.rows).astype(np.int64)
        added = np.zeros(self.rows, np.asarray(weight).dtype)
        np.add.at(added, self.row, weight)
        return added

    def _plain(self, name: str) -> Any:
        if name not in self._read:
            import pyarrow as pa

            column = self.events.column(name).combine_chunks()
            column = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column
            plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
            self._read[name] = plain
        return self._read[name]


def visible(
    warehouse: Warehouse,
    table: str,
    columns: Sequence[str],
    key: str,
    subjects: Subjects,
    *,
    at_cutoff: bool = False,
    memory: str = "1GB",
    threads: int = 2,
) -> Visible:
    """The pairs of asked rows and events of an event table with the same `key`.

    With `at_cutoff` events at the very instant of the cutoff are seen too: rows that belong to the subject
    itself, such as the report drawn for an application.
    """
    import pyarrow as pa

    asked = subjects.keys[key]
    wanted = np.unique(asked)
    with Session(warehouse, memory=memory, threads=threads) as session:
        session.register("wanted", pa.table({"wanted_key": wanted}))
        events = session.arrow(_statement(table, columns, key))
        statements = tuple(session.statements)
    row, event = _pairs(events, key, subjects, at_cutoff)
    return Visible(len(asked), row, event, ints(events, "happened")[event], events, statements)


def _statement(table: str, columns: Sequence[str], key: str) -> str:
    """Every version of the events of the wanted keys, in order, with when it begins and ceases to count."""
    declared = bank_table(table)
    name = ", ".join(f"v.{quoted(one)}" for one in dict.fromkeys([key, *columns]))
    version = ", ".join(f"v.{quoted(one)}" for one in declared.version_key)
    primary = ", ".join(f"v.{quoted(one)}" for one in declared.primary_key)
    again = f"PARTITION BY {version} ORDER BY v.known_at, v.load_number"
    # A later version may have another key: it ends this one all the same, so all versions are looked at.
    owners = f" AND v.{quoted('is_primary')}" if declared.per_owner and key != "customer_id" else ""
    ever = f"(SELECT DISTINCT {', '.join(quoted(one) for one in declared.version_key)} "
    ever += f"FROM {table}_versions JOIN wanted ON {quoted(key)} = wanted_key)"
    same = " AND ".join(f"v.{quoted(one)} = e.{quoted(one)}" for one in declared.version_key)
    return (
        f"SELECT {name}, epoch_us(v.event_time) AS happened, epoch_us(v.known_at) AS known, v.cancelled, "
        f"coalesce(epoch_us(lead(v.known_at) OVER ({again})), {NEVER}) AS known_until "
        f"FROM {table}_versions v JOIN {ever} e ON {same} WHERE true{owners} "
        f"ORDER BY v.{quoted(key)} NULLS FIRST, v.event_time, v.seq, {primary}, v.known_at, v.load_number"
    )


def _pairs(events: Any, key: str, subjects: Subjects, at_cutoff: bool) -> tuple[Ints, Ints]:
    """Places of rows and events: the key's events before the cutoff, of which those that count are kept."""
    keys, time = ints(events, key), ints(events, "happened")
    asked, cutoffs = subjects.keys[key], subjects.cutoffs
    starts = np.searchsorted(keys, asked, side="left")
    ends = _before(keys, time, asked, cutoffs + (1 if at_cutoff else 0))
    size = np.maximum(ends - starts, 0)
    row = np.repeat(np.arange(len(asked)), size)
    event = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size) + starts[row]
    knowledge = subjects.knowledge[row]
    counts = (ints(events, "known")[event] <= knowledge) & (knowledge < ints(events, "known_until")[event])
    counts &= ~np.asarray(events.column("cancelled").to_numpy(zero_copy_only=False), np.bool_)[event]
    return row[counts], event[counts]


def _before(keys: Ints, time: Ints, asked: Ints, cutoffs: Ints) -> Ints:
    """For each (key, cutoff) the place after the last event of the key before the cutoff.

    Events are in the order of (key, time); one sort of both together finds all places at once.
    """
    order = np.lexsort(
        (np.r_[np.ones(len(keys)), np.zeros(len(asked))], np.r_[time, cutoffs], np.r_[keys, asked])
    )
    is_event = order < len(keys)
    seen = np.cumsum(is_event)
    ends = np.empty(len(asked), np.int64)
    ends[order[~is_event] - len(keys)] = seen[~is_event]
    return ends


def ints(events: Any, name: str) -> Ints:
    """A column of whole numbers or keys of an Arrow table; the smallest number in the place of none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.fill_null(events.column(name).cast(pa.int64()), np.iinfo(np.int64).min)
    return np.asarray(column.to_numpy(), np.int64)
