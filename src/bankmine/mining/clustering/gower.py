"""Rows of mixed types as numbers among which Gower's distance is plain arithmetic.

Gower (1971), "A general coefficient of similarity and some of its properties": each column gives a distance
between 0 and 1, a number its gap over the column's range, a category 0 or 1, and the mean is taken over the
columns known on both sides. So text columns and holes need no encoding and no imputation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankmine.errors import UsageError
from bankmine.mining.contract import Estimator, Floats, Matrix
from bankmine.mining.files import array, numbers

UNSEEN = -2.0


@dataclass(frozen=True)
class MixedColumns:
    """How each column is read: `low` and `width` scale a number, `levels` number a category's values.

    `levels[column]` is None for numbers. `width` is the column's range among the rows learnt from: between
    the quantiles `tails` and `1 − tails`, or the whole range where that is zero, or 1. A gap wider than it
    counts 1, so that one millionaire does not make all others alike.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...] | None, ...]
    low: Floats
    width: Floats

    @classmethod
    def learn(cls, X: Matrix, names: Sequence[str] | None, tails: float) -> Self:
        """Learn kinds, levels and ranges. Text, dictionary and boolean columns are categories."""
        columns, found = _columns(X, names)
        levels = tuple(_levels(column) for column in columns)
        limits = [
            _limits(_as_numbers(column, name), tails) if level is None else (0.0, 1.0)
            for column, name, level in zip(columns, found, levels, strict=True)
        ]
        low, width = np.array([one[0] for one in limits]), np.array([one[1] for one in limits])
        return cls(found, levels, low, width)

    @property
    def categorical(self) -> Any:
        """Whether each column is a category, as an array of booleans."""
        return np.array([level is not None for level in self.levels], dtype=np.bool_)

    def encode(self, X: Matrix, *, scaled: bool = True) -> Floats:
        """Numbers (scaled or as they are) and levels' positions, shape (rows, columns), NaN for missing.

        A category never seen in learning is −2, which equals no level. UsageError for other columns or
        infinite numbers.
        """
        columns, found = _columns(X, self.names if not isinstance(X, pa.Table) else None)
        place = dict(zip(found, columns, strict=True))
        absent = [name for name in self.names if name not in place]
        if absent:
            raise UsageError(
                f"The table lacks the column {absent[0]!r} ({len(absent)} in all)",
                hint="Give the columns the miner was fitted on.",
            )
        encoded = [self._encoded(number, place[name], scaled) for number, name in enumerate(self.names)]
        return np.ascontiguousarray(np.column_stack(encoded)) if encoded else np.zeros((len(X), 0))

    def rows_as_shown(self, X: Matrix, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Some rows in the columns' own values, None for missing."""
        columns, found = _columns(X, self.names if not isinstance(X, pa.Table) else None)
        return [
            {name: _shown(column[row].as_py()) for name, column in zip(found, columns, strict=True)}
            for row in rows
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "names": list(self.names),
            "levels": [None if level is None else list(level) for level in self.levels],
            "low": numbers(self.low),
            "width": numbers(self.width),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        levels = tuple(None if level is None else tuple(level) for level in content["levels"])
        return cls(tuple(content["names"]), levels, array(content["low"]), array(content["width"]))

    def _encoded(self, number: int, column: pa.Array, scaled: bool) -> Floats:
        level = self.levels[number]
        if level is None:
            values = _as_numbers(column, self.names[number])
            return (values - self.low[number]) / self.width[number] if scaled else values
        texts = _as_texts(column)
        places = pc.index_in(texts, pa.array(level, pa.string()))
        codes = pc.fill_null(places.cast(pa.float64()), UNSEEN).to_numpy(zero_copy_only=False)
        missing = pc.is_null(texts).to_numpy(zero_copy_only=False)
        return np.where(missing, np.nan, codes)


def _columns(X: Matrix, names: Sequence[str] | None) -> tuple[list[pa.Array], tuple[str, ...]]:
    """The columns one by one, and their names."""
    if isinstance(X, pa.Table):
        found = tuple(names) if names is not None else tuple(X.column_names)
        return [X.column(place).combine_chunks() for place in range(X.num_columns)], _checked(
            found, X.num_columns
        )
    values = np.asarray(X)
    if values.ndim != 2:
        raise UsageError(
            f"k-medoids was given an array of {values.ndim} dimensions",
            hint="Give a matrix of shape (rows, columns), or an Arrow table.",
        )
    width = values.shape[1]
    found = tuple(names) if names is not None else tuple(f"x{i}" for i in range(width))
    own = np.asarray(values, dtype=np.float64)
    return [pa.array(own[:, place]) for place in range(width)], _checked(found, width)


def _checked(names: tuple[str, ...], width: int) -> tuple[str, ...]:
    if len(names) != width or len(set(names)) != width:
        raise UsageError(
            f"{len(names)} names were given for {width} columns, or two are equal",
            hint="Give one name for each column, all different.",
        )
    return names


def _levels(column: pa.Array) -> tuple[str, ...] | None:
    """The sorted values of a category; None for a column of numbers."""
    if _is_number(column.type):
        return None
    return tuple(sorted(pc.unique(_as_texts(column)).drop_null().to_pylist()))


def _is_number(kind: pa.DataType) -> bool:
    """A column of type null holds nothing but holes; it is read as numbers that are all missing."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind))


def _as_texts(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)):
        raise UsageError(
            f"A column of type {kind} is neither number nor category",
            hint="Give numbers, texts, dictionaries or booleans.",
        )
    return column.cast(pa.string())


def _as_numbers(column: pa.Array, name: str) -> Floats:
    if not _is_number(column.type):
        raise UsageError(
            f"Column {name!r} is {column.type} where a number was learnt",
            hint="Give the columns the miner was fitted on.",
        )
    values: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if np.isinf(values).any():
        raise UsageError(
            f"Column {name!r} holds infinite values", hint="Leave them out, or set them missing."
        )
    if (np.abs(values) > Estimator.largest).any():
        raise UsageError(
            f"Column {name!r} holds numbers beyond ±{Estimator.largest:g}",
            hint="Give the column in a larger unit, or set them missing.",
        )
    return values


def _shown(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def _limits(values: Floats, tails: float) -> tuple[float, float]:
    """The lower limit of a column's range and its width; the whole range where the tails leave none."""
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = np.quantile(known, [tails, 1 - tails])
    if high <= low:
        low, high = known.min(), known.max()
    return float(low), float(high - low) or 1.0
