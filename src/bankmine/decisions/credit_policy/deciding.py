"""A policy ready to decide: for one applicant in microseconds, for a million by columns, both the same.

Each field's cells carry the set of rows they allow, as bits. An applicant's rows are the AND over fields of
their cells' bits; the lowest bit is the first row that holds. By columns the bits are 64-bit words.

Nobody is left without an answer: a value the field does not allow, no row that holds, or two rows where
one may hold, is `refer` with a reason that says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bankmine.decisions.credit_policy.boxes import bits_of
from bankmine.decisions.credit_policy.conditions import Cells, Field
from bankmine.decisions.credit_policy.policy import REFER, UNIQUE, Policy
from bankmine.errors import UsageError

NO_ROW, SEVERAL_ROWS, INVALID = "no_row", "several_rows", "invalid"
Ints = NDArray[np.int64]


class Decided(NamedTuple):
    """What the policy says of one applicant; `row` is empty where no row decided."""

    outcome: str
    row: str
    reason: str
    limit_low: int | None
    limit_high: int | None
    rate: float | None


class Decider:
    """A policy with its cells; make it once, use it for many."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.cells = tuple(
            Cells.of(field, [policy.condition(row, field) for row in policy.rows]) for field in policy.fields
        )
        self.boxes = tuple(
            tuple(
                cells.bits(policy.condition(row, field))
                for field, cells in zip(policy.fields, self.cells, strict=True)
            )
            for row in policy.rows
        )
        self._allowed = tuple(
            turned([box[place] for box in self.boxes], cells.count) for place, cells in enumerate(self.cells)
        )
        self._all = (1 << len(policy.rows)) - 1
        self._unique = policy.hit == UNIQUE
        self._answers = self._possible()
        self._places = tuple(
            (cells.field.name, cells.cell_of, allowed, len(policy.rows) + 2 + place)
            for place, (cells, allowed) in enumerate(zip(self.cells, self._allowed, strict=True))
        )

    def _possible(self) -> tuple[Decided, ...]:
        """Every answer there is: the rows, then no row, several rows, and an invalid value of each
        field.
        """
        rows = [
            Decided(row.outcome, row.name, row.reason, *_band(row.limit), row.rate)
            for row in self.policy.rows
        ]
        faults = [NO_ROW, SEVERAL_ROWS, *(f"{INVALID}_{field.name}" for field in self.policy.fields)]
        return (*rows, *(Decided(REFER, "", fault, None, None, None) for fault in faults))

    @property
    def answers(self) -> tuple[Decided, ...]:
        """Every answer there is, in the order of the codes that `codes` gives."""
        return self._answers

    def decide(self, applicant: Mapping[str, Any]) -> Decided:
        """The answer for one applicant; a field that is absent is missing (by columns it is refused).

        UsageError for a text in place of a number or a number in place of a category, as by columns.
        """
        hits = self._all
        for name, cell_of, allowed, fault in self._places:
            cell = cell_of(applicant.get(name))
            if cell < 0:
                return self._answers[fault]
            hits &= allowed[cell]
        return self._answers[self._code(hits)]

    def rows_of(self, applicant: Mapping[str, Any]) -> tuple[str, ...]:
        """The names of all rows that hold, in order."""
        hits = self._all
        for name, cell_of, allowed, _ in self._places:
            cell = cell_of(applicant.get(name))
            hits &= allowed[cell] if cell >= 0 else 0
        return tuple(self.policy.rows[place].name for place in bits_of(hits))

    def _code(self, hits: int) -> int:
        if not hits:
            return len(self.policy.rows)
        if self._unique and hits & (hits - 1):
            return len(self.policy.rows) + 1
        return (hits & -hits).bit_length() - 1

    def codes(self, applicants: Any) -> Ints:
        """For an Arrow table, the place of each applicant's answer in `answers`, shape (rows,)."""
        words = -(-len(self.policy.rows) // 64)
        hits = np.full((words, applicants.num_rows), ~np.uint64(0), dtype=np.uint64)
        fault = np.full(applicants.num_rows, -1, dtype=np.int64)
        for place, (cells, allowed) in enumerate(zip(self.cells, self._allowed, strict=True)):
            found = cell_codes(cells, _column(applicants, cells.field))
            wrong = (found < 0) & (fault < 0)
            fault[wrong] = len(self.policy.rows) + 2 + place
            for word in range(words):
                table = np.array([one >> 64 * word & (2**64 - 1) for one in (*allowed, 0)], dtype=np.uint64)
                hits[word] &= table[found]
        return np.where(fault >= 0, fault, self._first(hits))

    def _first(self, hits: NDArray[np.uint64]) -> Ints:
        """The code of each column of bits: the lowest that is set, none, or several."""
        rows = len(self.policy.rows)
        code = np.full(hits.shape[1], rows, dtype=np.int64)
        count = np.zeros(hits.shape[1], dtype=np.int64)
        for word in range(len(hits) - 1, -1, -1):
            mine, some = hits[word], hits[word] != 0
            lowest = np.bitwise_count((mine & (~mine + np.uint64(1))) - np.uint64(1)).astype(np.int64)
            code = np.where(some, lowest + 64 * word, code)
            count += np.bitwise_count(mine)
        return np.where(count > 1, rows + 1, code) if self._unique else code

    def decide_all(self, applicants: Any) -> Any:
        """An Arrow table of outcome, row, reason, limit_low, limit_high, rate, one row an applicant."""
        return self.answered(self.codes(applicants))

    def answered(self, codes: Ints) -> Any:
        """The answers of some codes as an Arrow table."""
        import pyarrow as pa

        types = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64(), pa.float64())
        taken = pa.array(codes)
        columns = {
            name: pa.array([answer[place] for answer in self._answers], type_).take(taken)
            for place, (name, type_) in enumerate(zip(Decided._fields, types, strict=True))
        }
        return pa.table(columns)


def turned(masks: Sequence[int], count: int) -> tuple[int, ...]:
    """Rows and columns of bits exchanged: bit r of the c-th answer is bit c of `masks[r]`, c < `count`."""
    width = -(-count // 8)
    packed = np.frombuffer(b"".join(one.to_bytes(width, "little") for one in masks), dtype=np.uint8)
    bits = np.unpackbits(packed.reshape(len(masks), width), axis=1, count=count, bitorder="little")
    columns = np.packbits(bits, axis=0, bitorder="little").T
    return tuple(int.from_bytes(column.tobytes(), "little") for column in columns)


def _band(limit: tuple[int, int] | None) -> tuple[int | None, int | None]:
    return (None, None) if limit is None else limit


def cell_codes(cells: Cells, column: Any) -> Ints:
    """The cell of each value of an Arrow column; −1 where the field allows no such value."""
    return _number_codes(cells, column) if cells.field.is_number else _category_codes(cells, column)


def _number_codes(cells: Cells, column: Any) -> Ints:
    import pyarrow as pa

    kind = column.type  # a text that looks like a number is refused too, as of one applicant
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    if not (any(one(kind) for one in numbers) or pa.types.is_null(kind)):
        raise UsageError(
            f"{cells.field.name} is {kind}, not a number", hint="Give numbers, or declare a category."
        )
    values = column.cast(pa.float64(), safe=False).to_numpy()
    field = cells.field
    found: Ints = np.searchsorted(np.array(cells.starts), values, side="right").astype(np.int64) - 1
    with np.errstate(invalid="ignore"):
        good = (values >= field.low) & (values <= field.high)
        if field.kind == "whole":
            good &= values == np.floor(values)
    found[~good] = -1
    found[np.isnan(values)] = cells.valued if field.missing else -1
    return found


def _category_codes(cells: Cells, column: Any) -> Ints:
    import pyarrow as pa

    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        raise UsageError(
            f"{cells.field.name} is a number, but the policy calls it a category",
            hint='Declare it kind = "number" or "whole".',
        )
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.string())
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    levels = encoded.dictionary.to_pylist()
    codes = np.array([*(cells.cell_of(level) for level in levels), cells.cell_of(None)], dtype=np.int64)
    places = encoded.indices.fill_null(len(levels)).to_numpy(zero_copy_only=False).astype(np.int64)
    found: Ints = codes[places]
    return found


def _column(applicants: Any, field: Field) -> Any:
    if field.name not in applicants.column_names:
        raise UsageError(
            f"the applicants have no {field.name!r}, which the policy looks at",
            hint=f"They have {', '.join(sorted(applicants.column_names))}.",
        )
    return applicants.column(field.name)
