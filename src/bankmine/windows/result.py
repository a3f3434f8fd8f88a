"""The result being filled: values by column and row, which are missing, and the Arrow table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from bankmine.windows.declaration import Feature, RatioFeature, WindowFeature
from bankmine.windows.program import is_whole

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Result:
    """Values by [column, row]: `whole` and `real` are views of the same memory; `missing` is 0 or 1."""

    whole: Ints
    real: NDArray[np.float64]
    missing: NDArray[np.uint8]

    @classmethod
    def empty(cls, columns: int, rows: int, memory: Memory | None = None) -> Result:
        """Nothing missing, everything 0; in `memory`, which is used again, whatever it held."""
        count = columns * rows
        if memory is None:
            whole, missing = np.zeros(count, np.int64), np.zeros(count, np.uint8)
        else:
            lent = memory.lend(9 * count)
            whole, missing = lent[: 8 * count].view(np.int64), lent[8 * count : 9 * count]
            missing[:] = 0
        table = whole.reshape(columns, rows)
        return cls(table, table.view(np.float64), missing.reshape(columns, rows))


class Memory:
    """Memory for results that come and go: lent, and lent again once nothing made of it is left.

    Fresh memory would have to be emptied page by page by the machine, which takes longer than filling it.
    """

    def __init__(self) -> None:
        self._free: list[mmap] = []

    def lend(self, size: int) -> NDArray[np.uint8]:
        """At least `size` bytes, until the array and all arrays over it are gone.

        The array is watched, not a memoryview: NumPy keeps a view of its own of any other buffer.
        """
        fitting = [one for one in self._free if len(one) >= size]
        block = fitting[0] if fitting else mmap(-1, max(1, size + size // 4))
        if fitting:
            self._free.remove(block)
        lent = np.frombuffer(block, np.uint8)
        finalize(lent, self._free.append, block)
        return lent


@dataclass(frozen=True)
class Shown:
    """A feature of a result: its name and its column; of a ratio the columns of its two parts."""

    name: str
    whole: bool
    column: int
    below: int | None = None


def shown(features: Sequence[Feature], columns: Mapping[WindowFeature, int]) -> tuple[Shown, ...]:
    """The features in the order given, found once for all results."""
    return tuple(
        Shown(one.name, False, columns[one.numerator], columns[one.denominator])
        if isinstance(one, RatioFeature)
        else Shown(one.name, is_whole(one), columns[one])
        for one in features
    )


def columns_of(features: Sequence[Shown], result: Result) -> dict[str, Any]:
    """The features as Arrow arrays: int64 for whole numbers, else float64."""
    some_missing = np.asarray(result.missing.any(axis=1))
    return {one.name: _column(one, result, some_missing) for one in features}


def _column(one: Shown, result: Result, some_missing: NDArray[np.bool_]) -> Any:
    if one.below is not None:
        return _ratio(one.column, one.below, result)
    values = result.whole[one.column] if one.whole else result.real[one.column]
    return arrow(values, result.missing[one.column] if some_missing[one.column] else None)


def _ratio(above: int, below: int, result: Result) -> Any:
    from bankmine.windows.kernels.limbs import ratios

    missing = result.missing[above] | result.missing[below] | (result.whole[below] == 0)
    return arrow(ratios(result.whole[above], result.whole[below]), missing)


def arrow(values: NDArray[Any], missing: NDArray[Any] | None) -> Any:
    """Numbers as an Arrow array over the same memory, without those missing."""
    import pyarrow as pa

    valid = None
    if missing is not None and missing.any():
        valid = pa.py_buffer(np.packbits(missing == 0, bitorder="little"))
    kind = pa.int64() if values.dtype == np.int64 else pa.float64()
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])
