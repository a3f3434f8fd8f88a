"""Columns as a scorecard reads them: numbers with gaps, or texts with gaps.

A matrix has numbers only; an Arrow table may have text columns too. A null and a NaN are missing; an empty
text is a text. Integers beyond 2^53 are rounded to the nearest float.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints, Matrix, table_values
from bankmine.mining.scorecard.rules import Code


@dataclass(frozen=True)
class Column:
    """One column. Numbers: `values`, NaN where missing. Texts: `codes` into `levels`, −1 where missing."""

    name: str
    values: Floats | None = None
    codes: Ints | None = None
    levels: tuple[str, ...] = ()

    def __len__(self) -> int:
        held = self.codes if self.values is None else self.values
        return 0 if held is None else len(held)

    @property
    def is_text(self) -> bool:
        return self.values is None

    def take(self, rows: Ints) -> Column:
        """The same column of some rows."""
        if self.values is not None:
            return Column(self.name, self.values[rows])
        assert self.codes is not None
        return Column(self.name, None, self.codes[rows], self.levels)

    def as_levels(self) -> tuple[Ints, tuple[Code, ...]]:
        """Codes into distinct values (−1 where missing) and those values."""
        if self.values is None:
            assert self.codes is not None
            return self.codes, self.levels
        present = ~np.isnan(self.values)
        distinct, inverse = np.unique(self.values[present], return_inverse=True)
        codes = np.full(len(self.values), -1, dtype=np.int64)
        codes[present] = inverse
        return codes, tuple(distinct.tolist())


def read_columns(X: Matrix, names: Iterable[str] | None) -> list[Column]:
    """All columns of a matrix of shape (rows, columns) or of a table; `names` for a matrix or a choice."""
    if isinstance(X, pa.Table):
        chosen = X.column_names if names is None else list(names)
        return [_from_table(X, name) for name in chosen]
    values = np.asarray(X, dtype=np.float64)
    if values.ndim != 2:
        raise UsageError(
            f"An array of {values.ndim} dimensions was given", hint="Give a matrix of shape (rows, columns)."
        )
    named = [f"x{i}" for i in range(values.shape[1])] if names is None else list(names)
    if len(named) != values.shape[1] or len(set(named)) != len(named):
        raise UsageError(
            f"{len(named)} names were given for {values.shape[1]} columns, or two are equal",
            hint="Give one name for each column, all different.",
        )
    return [Column(name, _finite(name, np.ascontiguousarray(values[:, i]))) for i, name in enumerate(named)]


def read_matching(X: Matrix, names: Sequence[str], texts: Sequence[bool]) -> list[Column]:
    """New rows in the order of the columns of training, with their kinds checked."""
    columns = read_columns(X, names)
    for column, text in zip(columns, texts, strict=True):
        if column.is_text != text and len(column):
            was, now = ("text", "numbers") if text else ("numbers", "text")
            raise UsageError(
                f"Column {column.name!r} was {was} in training and is {now} now",
                hint="Give it as it was in training; a matrix has no text, an Arrow table may.",
            )
    return columns


def _from_table(table: pa.Table, name: str) -> Column:
    if name not in table.column_names:
        raise UsageError(
            f"The table lacks the column {name!r}", hint="Give the columns the card was built from."
        )
    kind = table.schema.field(name).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        return Column(name, _finite(name, np.ascontiguousarray(table_values(table, [name])[:, 0])))
    held = table.column(name).cast(pa.string()).combine_chunks()
    encoded = (held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Column(name, None, codes, tuple(encoded.dictionary.to_pylist()))


def _finite(name: str, values: Floats) -> Floats:
    count = int(np.isinf(values).sum())
    if count:
        raise UsageError(
            f"Column {name!r} holds {count} infinite values",
            hint="Give them as missing, or as a number with a special code.",
        )
    return values
