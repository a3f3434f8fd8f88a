"""Reading a snapshot's columns: numbers as float64 with NaN for missing, categories as codes and levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bankmine.errors import UsageError

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Kind = Literal["number", "flag", "category"]

MINOR = "minor units"
MAJOR = "major units"


@dataclass(frozen=True)
class Numbers:
    """A column of numbers or booleans; NaN where missing. `infinite` counts values made missing."""

    name: str
    kind: Literal["number", "flag"]
    values: Floats
    unit: str
    infinite: int = 0

    @property
    def missing(self) -> NDArray[np.bool_]:
        return np.isnan(self.values)


@dataclass(frozen=True)
class Categories:
    """A column of texts: `codes` are positions in `levels` (ascending), −1 where missing."""

    name: str
    codes: Ints
    levels: tuple[str, ...]
    unit: str = ""
    kind: Literal["category"] = "category"

    @property
    def missing(self) -> NDArray[np.bool_]:
        return self.codes < 0


Column: TypeAlias = Numbers | Categories


def kind_of(name: str, declared: pa.DataType) -> Kind | None:
    """How a column of that Arrow type is read; None for a column without any value."""
    if pa.types.is_null(declared):
        return None
    if pa.types.is_boolean(declared):
        return "flag"
    if pa.types.is_integer(declared) or pa.types.is_floating(declared) or pa.types.is_decimal(declared):
        return "number"
    inner = declared.value_type if pa.types.is_dictionary(declared) else declared
    if pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner):
        return "category"
    raise UsageError(
        f"Column {name!r} is of type {declared}, which is not a feature",
        hint="Give numbers, booleans or texts; turn dates into days before the cutoff.",
    )


def read(table: pa.Table, name: str, units: Mapping[str, str], exponent: int) -> Column | None:
    """One column of the table; money is turned into major units. None when it has no type."""
    if not table.schema.get_all_field_indices(name):
        raise UsageError(
            f"The table lacks the column {name!r}", hint="Give the columns the preparation was fitted on."
        )
    column, unit = table.column(name), units.get(name, "")
    kind = kind_of(name, column.type)
    if kind is None:
        return None
    if kind == "category":
        return _categories(name, column, unit)
    values = np.array(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    divisor = money_divisor(unit, exponent)
    if divisor != 1.0:
        values /= divisor
        unit = unit.replace(MINOR, MAJOR)
    return Numbers(name, kind, values, unit, int(infinite.sum()))


def money_divisor(unit: str, exponent: int) -> float:
    """What minor units are divided by: `10^exponent`, its square for squared units, else 1.

    A unit is money when it contains "minor units" ("minor units a month", "squared minor units").
    """
    if MINOR not in unit:
        return 1.0
    power = 2 if unit.startswith("squared ") else 1
    return float(10 ** (exponent * power))


def _categories(name: str, column: Any, unit: str) -> Categories:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = pc.dictionary_encode(column.cast(pa.string())).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.string()).dictionary_encode()
    found = [str(level) for level in encoded.dictionary.to_pylist()]
    levels = sorted(found)
    place = {level: number for number, level in enumerate(levels)}
    lookup = np.array([place[level] for level in found] + [-1], dtype=np.int64)
    codes = np.array(encoded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False), dtype=np.int64)
    return Categories(name, lookup[codes], tuple(levels), unit)
