"""What passes accept, as bits by code: the tables by which a kernel classifies an event.

A column of codes is that of a text or boolean column, with one code more for what is missing, or that of a
test, met (1) or not (0). For each code of a column a bit a pass says whether the pass takes it; the passes
that take an event are the AND over the columns, one look-up each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.columns import Type
from bankmine.windows.declaration import Condition
from bankmine.windows.entries import meets
from bankmine.windows.plan import Pass
from bankmine.windows.reading.reader import EventRows, Values

Codes = NDArray[np.int32]
_BOOLEANS = ("false", "true")


@dataclass
class _Column:
    """The codes of n events, the levels they stand for, and by pass the codes it takes."""

    codes: Codes
    levels: tuple[str, ...]
    taken: dict[int, set[int]] = field(default_factory=dict)

    def restrict(self, one: int, codes: set[int]) -> None:
        """The pass takes these codes only."""
        self.taken[one] = self.taken.get(one, codes) & codes


class CodeColumns:
    """The columns that some passes look at; those told apart (`by`) come first, in that order."""

    def __init__(self, passes: Sequence[Pass], by: Sequence[str], rows: EventRows) -> None:
        self.passes, self.by, self.rows = passes, by, rows
        self._columns: dict[str | Condition, _Column] = {}
        for name in by:
            self._coded(name)
        for place, one in enumerate(passes):
            for condition in one.source.conditions:
                self._restrict(place, condition)
            if one.source.measured is not None and rows.columns[one.source.measured].present is not None:
                self._restrict(place, Condition(one.source.measured, "having", ()))

    @property
    def codes(self) -> list[Codes]:
        """The codes of each column."""
        return [column.codes for column in self._columns.values()]

    def accepted(self) -> tuple[Any, NDArray[np.uint64], NDArray[np.int64]]:
        """The bits of all passes, `accepted[column, code]` and `slot_of[pass, code]`."""
        every = (1 << len(self.passes)) - 1
        width = max((len(column.levels) + 1 for column in self._columns.values()), default=1)
        accepted = np.full((len(self._columns), width), every, np.uint64)
        for row, column in zip(accepted, self._columns.values(), strict=True):
            for one, taken in column.taken.items():
                refused = [code for code in range(width) if code not in taken]
                row[refused] &= np.uint64(every ^ (1 << one))
        slot_of = np.zeros((len(self.passes), width), np.int64)
        for number, single in enumerate(self.passes):
            if single.by is not None:
                place = {level: slot for slot, level in enumerate(single.levels)}
                slot_of[number] = len(single.levels)
                for code, level in enumerate(self._columns[single.by].levels):
                    slot_of[number, code] = place.get(level, len(single.levels))
        return np.uint64(every), accepted, slot_of

    def _restrict(self, one: int, condition: Condition) -> None:
        declared = self.passes[one].source.declared.column(condition.column)
        if condition.test == "in" and declared.type is Type.CODE:
            column = self._coded(condition.column)
            column.restrict(one, {c for c, level in enumerate(column.levels) if level in condition.values})
        elif condition.test == "in" and declared.type is Type.BOOLEAN:
            self._coded(condition.column).restrict(one, {int(value) for value in condition.values})
        else:
            self._tested(condition).restrict(one, {1})

    def _coded(self, name: str) -> _Column:
        if name not in self._columns:
            values = self.rows.columns[name]
            levels = values.levels if values.levels is not None else _BOOLEANS
            self._columns[name] = _Column(_codes(values, len(levels)), levels)
        return self._columns[name]

    def _tested(self, condition: Condition) -> _Column:
        if condition not in self._columns:
            met = meets(self.rows.columns[condition.column], condition)
            self._columns[condition] = _Column(met.astype(np.int32), ("met",))
        return self._columns[condition]


def _codes(values: Values, missing: int) -> Codes:
    data: Codes = values.data.astype(np.int32, copy=False)
    return data if values.present is None else np.where(values.present, data, np.int32(missing))
