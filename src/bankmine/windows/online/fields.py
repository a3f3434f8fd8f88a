"""What an online state keeps of an event: the fields of a row, and how they are read from Arrow.

Every field is a whole number: keys, money, instants as they are, codes and texts as numbers of a vocabulary,
real columns in units of their scale, and of columns only asked for presence, whether there is a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.columns import Table, Type
from bankmine.errors import UsageError
from bankmine.windows.online.given import reserved
from bankmine.windows.online.words import CANCELLED, EVENT_FIELDS, MISSING, PRIMARY
from bankmine.windows.plan import Pass
from bankmine.windows.scale import in_units

Ints = NDArray[np.int64]
SYSTEM = ("event_time", "seq", "known_at", "load_number", "flags")
VERDICT = "verdict of "
UNLISTED = -1


@dataclass
class Field:
    """One field: the column, the scale of a real measure, and the vocabulary of a code.

    A vocabulary that `grows` numbers every text seen, for distinct values; else texts that no condition
    and no level names are all UNLISTED.
    """

    name: str
    column: str
    type: Type
    scale: int = 1
    vocabulary: dict[str, int] = field(default_factory=dict)
    grows: bool = False

    def number(self, text: str) -> int:
        """The number of a text."""
        if self.grows:
            return self.vocabulary.setdefault(text, len(self.vocabulary))
        return self.vocabulary.get(text, UNLISTED)


class Fields:
    """The fields of the rows of one table, in order; the version key comes first."""

    def __init__(self, declared: Table, keys: Iterable[str], passes: Sequence[Pass]) -> None:
        self.declared = declared
        self._fields: dict[str, Field] = {}
        for name in (*declared.version_key, *keys):
            self._add(name)
        for one in passes:
            self._add_pass(one)

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Any:
        return iter(self._fields.values())

    def place(self, name: str) -> int:
        """The place of a field."""
        return list(self._fields).index(name)

    def named(self, name: str) -> Field:
        """The field of a name."""
        return self._fields[name]

    @property
    def verdicts(self) -> dict[str, int]:
        """The fields that hold verdicts, by label."""
        return {
            one.column: place
            for place, one in enumerate(self._fields.values())
            if one.name.startswith(VERDICT)
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the bank table to give, system columns among them."""
        own = [one.column for one in self._fields.values() if not one.name.startswith(VERDICT)]
        owner = ["is_primary"] if self.declared.per_owner else []
        system = ["event_time", "seq", "known_at", "cancelled", "load_number"]
        return tuple(dict.fromkeys([*own, *system, *owner]))

    def _add(self, column: str, scale: int = 1) -> Field:
        name = column if scale == 1 else f"{column} × {scale}"
        if name not in self._fields:
            self._fields[name] = Field(name, column, self.declared.column(column).type, scale)
            known_by = self.declared.column(column).known_by
            if known_by is not None:
                self._add(known_by)
        return self._fields[name]

    def _add_pass(self, one: Pass) -> None:
        source = one.source
        for condition in source.conditions:
            found = self._add(condition.column)
            if found.type is Type.CODE:
                for value in condition.values:
                    found.vocabulary.setdefault(str(value), len(found.vocabulary))
        if source.measured is not None:
            self._add(source.measured, source.scale)
        if source.distinct_of is not None:
            found = self._add(source.distinct_of)
            found.grows |= found.type in (Type.CODE, Type.TEXT)
        if one.by is not None:
            found = self._add(one.by)
            for level in one.levels:
                found.vocabulary.setdefault(level, len(found.vocabulary))
        if source.verdict_of is not None:
            name = VERDICT + source.verdict_of
            self._fields.setdefault(name, Field(name, source.verdict_of, Type.BOOLEAN))

    def read(self, rows: Any) -> Ints:
        """The events of an Arrow table: [n, system words and fields]; verdicts are 0.

        UsageError for missing columns, and for events without a time, a position or an identity.
        """
        missing = [name for name in self.columns if name not in rows.schema.names]
        if missing:
            raise UsageError(
                f"the rows of {self.declared.name} lack {', '.join(missing)}",
                hint="Give the bank table's columns; `state.columns` names those that are read.",
            )
        events = np.zeros((rows.num_rows, EVENT_FIELDS + len(self)), np.int64)
        for place, name in enumerate(("event_time", "seq", "known_at", "load_number")):
            events[:, place] = self._required(rows, name)
        status = np.where(self._required(rows, "cancelled") != 0, CANCELLED, 0)
        owner = self._required(rows, "is_primary") != 0 if self.declared.per_owner else True
        events[:, 4] = status | np.where(owner, PRIMARY, 0)
        for place, one in enumerate(self._fields.values()):
            if not one.name.startswith(VERDICT):
                events[:, EVENT_FIELDS + place] = field_values(
                    one, rows.column(one.column), self.declared.name
                )
        for name in self.declared.version_key:
            if (events[:, EVENT_FIELDS + self.place(name)] == MISSING).any():
                raise _without(self.declared, name)
        return events

    def _required(self, rows: Any, name: str) -> Ints:
        column = self.declared.column(name)
        values = field_values(Field(name, name, column.type), rows.column(name), self.declared.name)
        if (values == MISSING).any():
            raise _without(self.declared, name)
        return values


def _without(declared: Table, name: str) -> UsageError:
    return UsageError(
        f"an event of {declared.name} has no {name}",
        hint="Every event has a time, a position and an identity.",
    )


def field_values(one: Field, column: Any, table: str) -> Ints:
    """A column as whole numbers, MISSING where it has no value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    present = np.asarray(pc.is_valid(array)) if array.null_count else None
    if one.type in (Type.CODE, Type.TEXT):
        values = _numbers(one, array)
    elif one.type is Type.REAL:
        reals = np.asarray(pc.fill_null(array, 0.0).cast(pa.float64()))
        values = np.zeros(len(reals), np.int64)
        if one.scale > 1:
            values = in_units(reals, one.scale, f"{table}.{one.column}")
    else:
        if one.type is Type.INSTANT:
            array = array.cast(pa.timestamp("us", tz="UTC")).view(pa.int64())
        elif pa.types.is_date32(array.type):
            array = array.view(pa.int32())
        values = np.asarray(pc.fill_null(array.cast(pa.int64()), 0), np.int64)
    if (values == MISSING).any():
        raise reserved(f"{table}.{one.column}")
    return values if present is None else np.where(present, values, MISSING)


def _numbers(one: Field, array: Any) -> Ints:
    """Texts as numbers of the field's vocabulary."""
    import pyarrow as pa

    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    of_level = np.array([one.number(str(text)) for text in array.dictionary.to_pylist()] or [0], np.int64)
    codes = array.indices.cast(pa.int64())
    if codes.null_count:
        codes = codes.fill_null(0)
    found: Ints = of_level[np.asarray(codes)]
    return found
