"""Baskets: what was bought, held or done together, as numbers the miners count.

One form for all inputs: item codes one basket after another with the place where each basket begins (the
layout of an Arrow list column), names of the items in ascending order. Items of a basket count once; missing
items are left out; empty baskets count as baskets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bankmine.errors import UsageError

Codes: TypeAlias = NDArray[np.int32]
Ints: TypeAlias = NDArray[np.int64]
_SPREAD = 1 << 22  # whole numbers this close to each other are numbered by a table, not by hashing


@dataclass(frozen=True, eq=False)
class Baskets:
    """`items[offsets[b]:offsets[b + 1]]` are the codes of basket b; `names[code]` is an item's name.

    `missing` counts null items that were left out. An item may stand twice in a basket; miners count it once.
    """

    offsets: Ints
    items: Codes
    names: pa.Array
    missing: int = 0

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, data: Any, *, names: Sequence[Any] | None = None) -> Baskets:
        """Baskets from any of: lists of items, an Arrow list column, a matrix, or a table of two columns.

        A matrix (NumPy, shape (baskets, items), 0/1 or booleans) takes `names` for its columns. A table (or
        a record batch) has a basket column and an item column, in this order, in any order of rows; baskets
        are then those that occur. UsageError for anything else.
        """
        if isinstance(data, Baskets):
            return data
        if isinstance(data, pa.Table | pa.RecordBatch):
            return cls._from_rows(data)
        if isinstance(data, pa.Array | pa.ChunkedArray):
            return cls._from_column(data)
        if isinstance(data, np.ndarray) and data.ndim == 2:
            return cls._from_matrix(data, names)
        if isinstance(data, str | bytes | dict) or not isinstance(data, Iterable):
            raise UsageError(
                f"baskets were given as {type(data).__name__}",
                hint="Give lists of items, an Arrow list column, a table of baskets and items, or a matrix.",
            )
        return cls._from_lists(data)

    def code_of(self, name: Any) -> int:
        """The code of an item; UsageError where no basket holds it."""
        place = int(pc.index(self.names, pa.scalar(name, self.names.type)).as_py())
        if place < 0:
            raise UsageError(f"no basket holds the item {name!r}", hint="Give an item that occurs.")
        return place

    @classmethod
    def _from_lists(cls, data: Iterable[Any]) -> Baskets:
        lists = [one if isinstance(one, list | tuple) else _as_list(one) for one in data]
        offsets = np.zeros(len(lists) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, lists), np.int64, len(lists)), out=offsets[1:])
        try:
            values = pa.array(list(chain.from_iterable(lists)))
        except OverflowError:
            raise _too_large() from None
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise UsageError(
                f"the items of the baskets are not of one kind: {error}",
                hint="Give all items as texts, or all as whole numbers.",
            ) from None
        return cls._from_values(offsets, values)

    @classmethod
    def _from_column(cls, column: Any) -> Baskets:
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if isinstance(whole, pa.ChunkedArray):
            whole = pa.concat_arrays(whole.chunks)
        if not (pa.types.is_list(whole.type) or pa.types.is_large_list(whole.type)):
            raise UsageError(
                f"baskets were given as a column of {whole.type}", hint="Give a list column: one list a row."
            )
        if whole.null_count:
            whole = pc.if_else(pc.is_valid(whole), whole, pa.scalar([], whole.type))
        offsets = whole.offsets.to_numpy().astype(np.int64)
        return cls._from_values(offsets - offsets[0], whole.flatten())

    @classmethod
    def _from_rows(cls, table: Any) -> Baskets:
        if table.num_columns != 2:
            raise UsageError(
                f"a table of baskets has {table.num_columns} columns",
                hint="Give two columns: the basket, then the item.",
            )
        keys, items = (_one_array(table.column(place)) for place in (0, 1))
        if keys.null_count:
            raise UsageError(
                f"the basket is missing in {keys.null_count} rows", hint="Give every row its basket."
            )
        number = np.asarray(_dictionary(keys)[0], dtype=np.int64)
        order = np.argsort(number, kind="stable")
        counts = np.bincount(number, minlength=0)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls._from_values(offsets, items.take(pa.array(order)))

    @classmethod
    def _from_matrix(cls, matrix: NDArray[Any], names: Sequence[Any] | None) -> Baskets:
        if not np.isin(matrix, (0, 1)).all():
            raise UsageError("the matrix holds values other than 0 and 1", hint="Give 0, 1 or booleans.")
        given = list(range(matrix.shape[1])) if names is None else list(names)
        if len(given) != matrix.shape[1] or len(set(given)) != len(given):
            raise UsageError(
                f"{len(given)} names were given for {matrix.shape[1]} columns, or two are equal",
                hint="Give one name for each column, all different.",
            )
        baskets, columns = np.nonzero(matrix)
        offsets = np.searchsorted(baskets, np.arange(len(matrix) + 1)).astype(np.int64)
        return cls._from_values(offsets, pa.array(given).take(pa.array(columns)))

    @classmethod
    def _from_values(cls, offsets: Ints, values: Any) -> Baskets:
        missing = values.null_count
        if missing:
            valid = np.asarray(pc.is_valid(values).to_numpy(zero_copy_only=False))
            offsets = np.concatenate([[0], np.cumsum(valid)])[offsets].astype(np.int64)
            values = values.drop_null()
        codes, names = _dictionary(values)
        return cls(np.ascontiguousarray(offsets), codes, names, missing)


def _as_list(one: Any) -> list[Any]:
    if isinstance(one, str | bytes) or not isinstance(one, Iterable):
        raise UsageError(
            f"a basket was given as {type(one).__name__}", hint="Give each basket as a list of its items."
        )
    return sorted(one) if isinstance(one, set | frozenset) else list(one)


def _too_large() -> UsageError:
    return UsageError(
        "the numbers of baskets or items reach 2⁶³ or more", hint="Give smaller whole numbers, or texts."
    )


def _one_array(column: Any) -> Any:
    return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) and column.num_chunks else (
        pa.array([], column.type) if isinstance(column, pa.ChunkedArray) else column
    )  # fmt: skip


def _dictionary(values: Any) -> tuple[Codes, Any]:
    """Each value's number in ascending order of values, and the values."""
    if isinstance(values, pa.DictionaryArray):
        values = values.dictionary_decode()
    if pa.types.is_floating(values.type) or pa.types.is_nested(values.type):
        raise UsageError(f"the items are {values.type}", hint="Give items as texts or whole numbers.")
    if pa.types.is_integer(values.type) and len(values):
        if pa.types.is_uint64(values.type) and pc.max(values).as_py() >= 2**63:
            raise _too_large()
        numbers = np.asarray(values.to_numpy(), dtype=np.int64)
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < max(_SPREAD, 4 * len(numbers)):
            return _by_table(numbers, low, high, values.type)
    encoded = values.dictionary_encode()
    names = encoded.dictionary
    order = pc.array_sort_indices(names).to_numpy()
    rank = np.empty(len(names), dtype=np.int32)
    rank[order] = np.arange(len(names), dtype=np.int32)
    return rank[encoded.indices.to_numpy()], names.take(pa.array(order))


def _by_table(numbers: Ints, low: int, high: int, kind: Any) -> tuple[Codes, Any]:
    seen = np.zeros(high - low + 1, dtype=np.bool_)
    shifted = numbers - low
    seen[shifted] = True
    rank = (np.cumsum(seen) - 1).astype(np.int32)
    return rank[shifted], pa.array(np.flatnonzero(seen) + low).cast(kind)
