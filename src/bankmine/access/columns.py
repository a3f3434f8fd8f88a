"""Columns held in memory so that a list of a million rows is filtered, sorted and paged in milliseconds.

Words are codes into a sorted vocabulary, sets are bits, dates are days, instants µs; what a page shows is
made for the rows of the page alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bankmine.access.conditions import Between, Condition, Has, OneOf
from bankmine.bank.keys import parse_key, show_key
from bankmine.errors import UsageError

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
_EPOCH, _EPOCH_DAY = datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1)
MOST_WORDS = 64


class Column(ABC):
    """One column; `take` gives some rows, `shown` their values as Python has them, None where missing."""

    @abstractmethod
    def take(self, rows: Ints) -> Self:
        """The same column with these rows."""

    @abstractmethod
    def shown(self, rows: Ints) -> list[Any]:
        """The values of these rows."""

    @abstractmethod
    def missing(self) -> Bools:
        """Where there is no value."""

    @abstractmethod
    def place(self) -> NDArray[Any]:
        """Whole or real numbers in the order of the values; those of missing values mean nothing."""

    def meets(self, condition: Condition, name: str) -> Bools:
        """Which rows meet the condition; UsageError for one that does not fit the column."""
        raise UsageError(
            f"the column {name} cannot be asked {type(condition).__name__}", hint="Filter by another column."
        )


@dataclass(frozen=True)
class Words(Column):
    """Words: `codes` into the sorted `words`, −1 where missing."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]

    def take(self, rows: Ints) -> Self:
        return replace(self, codes=self.codes[rows])

    def shown(self, rows: Ints) -> list[Any]:
        return [self.words[code] if code >= 0 else None for code in self.codes[rows].tolist()]

    def missing(self) -> Bools:
        return np.asarray(self.codes < 0)

    def place(self) -> NDArray[Any]:
        return self.codes

    def meets(self, condition: Condition, name: str) -> Bools:
        if not isinstance(condition, OneOf):
            return super().meets(condition, name)
        wanted = np.zeros(len(self.words) + 1, dtype=np.bool_)  # the last place answers for code −1
        wanted[[code for code, word in enumerate(self.words) if word in condition.values]] = True
        wanted[-1] = None in condition.values
        return np.asarray(wanted[self.codes])


@dataclass(frozen=True)
class Numbers(Column):
    """Whole or real numbers, booleans, dates (days) and instants (µs); `kind` says which."""

    values: NDArray[Any]
    absent: Bools
    kind: str = "number"

    def take(self, rows: Ints) -> Self:
        return replace(self, values=self.values[rows], absent=self.absent[rows])

    def shown(self, rows: Ints) -> list[Any]:
        made = [self._one(value) for value in self.values[rows].tolist()]
        return [None if gone else value for gone, value in zip(self.absent[rows], made, strict=True)]

    def _one(self, value: Any) -> Any:
        if self.kind == "day":
            return _EPOCH_DAY + timedelta(days=value)
        if self.kind == "instant":
            return _EPOCH + timedelta(microseconds=value)
        return bool(value) if self.kind == "yes" else value

    def missing(self) -> Bools:
        return self.absent

    def place(self) -> NDArray[Any]:
        return self.values

    def meets(self, condition: Condition, name: str) -> Bools:
        if isinstance(condition, Between):
            low, high = (self._stored(one, name) for one in (condition.low, condition.high))
            inside = ~self.absent
            if low is not None:
                inside &= self.values >= low
            if high is not None:
                inside &= self.values <= high
            return inside
        if isinstance(condition, OneOf):
            known = [self._stored(one, name) for one in condition.values if one is not None]
            found = np.isin(self.values, known) & ~self.absent
            return np.asarray(found | self.absent if None in condition.values else found)
        return super().meets(condition, name)

    def _stored(self, value: Any, name: str) -> Any:
        if value is None:
            return None
        if isinstance(value, datetime) and self.kind == "instant" and value.tzinfo is not None:
            return (value - _EPOCH) // timedelta(microseconds=1)
        if isinstance(value, date) and not isinstance(value, datetime) and self.kind == "day":
            return (value - _EPOCH_DAY).days
        if isinstance(value, int | float) and self.kind in ("number", "yes") and value == value:
            return value
        raise UsageError(
            f"the column {name} was asked about {str(value)[:40]!r}",
            hint={"day": "Give a date.", "instant": "Give an instant with its zone."}.get(
                self.kind, "Give a number."
            ),
        )


@dataclass(frozen=True)
class Keys(Column):
    """Keyed tokens, shown as sixteen hexadecimal digits."""

    values: Ints
    absent: Bools

    def take(self, rows: Ints) -> Self:
        return replace(self, values=self.values[rows], absent=self.absent[rows])

    def shown(self, rows: Ints) -> list[Any]:
        given = zip(self.values[rows].tolist(), self.absent[rows], strict=True)
        return [None if gone else show_key(value) for value, gone in given]

    def missing(self) -> Bools:
        return self.absent

    def place(self) -> NDArray[Any]:
        return self.values.view(np.uint64)

    def meets(self, condition: Condition, name: str) -> Bools:
        if not isinstance(condition, OneOf):
            return super().meets(condition, name)
        known = [token_of(one) for one in condition.values if one is not None]
        found = np.isin(self.values, np.array(known, dtype=np.int64)) & ~self.absent
        return np.asarray(found | self.absent if None in condition.values else found)

    def begins(self, prefix: str) -> Bools:
        """Which tokens begin with these hexadecimal digits, small or large ones."""
        digits = prefix.strip().lower()
        if not digits or len(digits) > 16 or any(one not in "0123456789abcdef" for one in digits):
            return np.zeros(len(self.values), dtype=np.bool_)
        shift = np.uint64(64 - 4 * len(digits))
        return np.asarray(((self.place() >> shift) == np.uint64(int(digits, 16))) & ~self.absent)


@dataclass(frozen=True)
class Sets(Column):
    """Sets of words: one bit for each of at most 64 words; never missing."""

    bits: NDArray[np.uint64]
    words: tuple[str, ...]

    def take(self, rows: Ints) -> Self:
        return replace(self, bits=self.bits[rows])

    def shown(self, rows: Ints) -> list[Any]:
        return [
            tuple(word for place, word in enumerate(self.words) if bits >> place & 1)
            for bits in self.bits[rows].tolist()
        ]

    def missing(self) -> Bools:
        return np.zeros(len(self.bits), dtype=np.bool_)

    def place(self) -> NDArray[Any]:
        return np.bitwise_count(self.bits) if hasattr(np, "bitwise_count") else self.bits

    def meets(self, condition: Condition, name: str) -> Bools:
        if not isinstance(condition, Has):
            return super().meets(condition, name)
        every, some, none = (
            self._mask(one) for one in (condition.all_of, condition.any_of, condition.none_of)
        )
        found = ((self.bits & every) == every) & ((self.bits & none) == 0)
        if condition.all_of - set(self.words):  # a word nobody has
            found = np.zeros(len(self.bits), dtype=np.bool_)
        return np.asarray(found & ((self.bits & some) != 0) if condition.any_of else found)

    def _mask(self, words: frozenset[str]) -> np.uint64:
        return np.uint64(sum(1 << place for place, word in enumerate(self.words) if word in words))


@dataclass(frozen=True)
class Lists(Column):
    """Lists of anything, shown as they are; neither filtered nor sorted by their content."""

    values: Any

    def take(self, rows: Ints) -> Self:
        return replace(self, values=self.values.take(rows))

    def shown(self, rows: Ints) -> list[Any]:
        found: list[Any] = self.values.take(rows).to_pylist()
        return found

    def missing(self) -> Bools:
        return np.asarray(self.values.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)

    def place(self) -> NDArray[Any]:
        return np.zeros(len(self.values), dtype=np.int64)


def token_of(value: object) -> int:
    """The token of a key given as such or as sixteen hexadecimal digits; UsageError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UsageError("that is no key", hint="Give sixteen hexadecimal digits.")
    if isinstance(value, int):
        return value
    try:
        return parse_key(value)
    except ValueError:
        raise UsageError(f"{value[:40]!r} is no key", hint="Give sixteen hexadecimal digits.") from None


def column_of(values: Any, *, key: bool = False) -> Column:
    """The column of an Arrow array; whole numbers are tokens where `key` says so."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(values, pa.ChunkedArray):  # pyarrow keeps an empty chunked array as it is
        values = pa.array([], values.type)
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_large_string(kind):
        return _words(values)
    if pa.types.is_list(kind):
        return _sets(values) or Lists(values)
    if pa.types.is_null(kind):
        values = values.cast(pa.float64())
        kind = values.type
    absent = np.asarray(values.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
    named = _kind(kind)
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp("us", tz=kind.tz))
    if pa.types.is_boolean(kind):
        stored = pa.int8()
    elif pa.types.is_date32(kind):
        stored = pa.int32()
    else:
        stored = pa.float64() if pa.types.is_floating(kind) else pa.int64()
    numbers = pc.fill_null(values.cast(stored), pa.scalar(0, stored)).to_numpy(zero_copy_only=False)
    if key and named == "number":
        return Keys(np.asarray(numbers, dtype=np.int64), absent)
    if stored == pa.float64():
        absent = absent | np.isnan(numbers)
    return Numbers(numbers, absent, named)


def _kind(kind: Any) -> str:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return "yes"
    if pa.types.is_date(kind):
        return "day"
    return "instant" if pa.types.is_timestamp(kind) else "number"


def _words(values: Any) -> Words:
    import pyarrow as pa

    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    words = coded.dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    new = np.empty(len(words) + 1, dtype=np.int32)
    new[order] = np.arange(len(words), dtype=np.int32)
    new[-1] = -1
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Words(np.asarray(new[codes], dtype=np.int32), tuple(words[place] for place in order))


def _sets(values: Any) -> Sets | None:
    """Lists of at most 64 different words as bits; None for any other lists."""
    import pyarrow as pa

    if not pa.types.is_string(values.type.value_type):
        return None
    flat = _words(values.flatten())
    if len(flat.words) > MOST_WORDS or bool(flat.missing().any()):
        return None
    lengths = np.asarray(values.value_lengths().fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64)
    bits = np.zeros(len(values), dtype=np.uint64)
    row = np.repeat(np.arange(len(values)), lengths)
    np.bitwise_or.at(bits, row, np.uint64(1) << flat.codes.astype(np.uint64))
    return Sets(bits, flat.words)
