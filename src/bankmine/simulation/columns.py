"""Columns of raw extracts: how the simulation's whole numbers become the Arrow columns a bank delivers.

Every step writes its tables with these, so that a missing day, key or code looks the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from bankmine.simulation.frame import DAY, FIRST_DAY, NEVER

_EPOCH_DAYS = FIRST_DAY.toordinal() - 719_163  # days from 1970-01-01 to FIRST_DAY
_MICRO = 1_000_000
TIMESTAMP = pa.timestamp("us")
CODE = pa.dictionary(pa.int32(), pa.string())


def when(seconds: ArrayLike, *, missing: ArrayLike | None = None) -> pa.Array:
    """Civil instants, `timestamp[us]` without a zone, from seconds of the frame.

    NEVER or later is null; so is every place where `missing` is true.
    """
    given = np.asarray(seconds, dtype=np.int64)
    absent = _absent(given >= NEVER, missing)
    micros = np.where(absent, 0, given + _EPOCH_DAYS * DAY) * _MICRO
    return pa.array(micros.view("datetime64[us]"), type=TIMESTAMP, mask=_mask(absent))


def day(days: ArrayLike, *, missing: ArrayLike | None = None) -> pa.Array:
    """Civil days, `date32`, from days of the frame; NEVER or later, or `missing`, is null."""
    given = np.asarray(days, dtype=np.int64)
    absent = _absent(given >= NEVER, missing)
    numbers = np.where(absent, 0, given + _EPOCH_DAYS).astype(np.int32)
    return pa.array(numbers, mask=_mask(absent)).cast(pa.date32())


def code(indices: ArrayLike, names: Sequence[str]) -> pa.DictionaryArray:
    """Codes, `dictionary<int32, string>`: `names[index]`; an index below 0 is null."""
    given = np.asarray(indices).astype(np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(given, mask=_mask(given < 0)), pa.array(list(names), type=pa.string())
    )


def key(numbers: ArrayLike, *, missing: ArrayLike | None = None) -> pa.Array:
    """Raw keys, `int64`; 0, or `missing`, is null."""
    given = np.asarray(numbers, dtype=np.int64)
    return pa.array(given, mask=_mask(_absent(given == 0, missing)))


def amount(cents: ArrayLike, *, missing: ArrayLike | None = None) -> pa.Array:
    """Money in minor units or any whole number, `int64`; 0 stays 0, only `missing` is null."""
    given = np.asarray(cents, dtype=np.int64)
    return pa.array(given, mask=None if missing is None else _mask(np.asarray(missing, dtype=np.bool_)))


def real(values: ArrayLike) -> pa.Array:
    """Real numbers, `float64`; NaN is null."""
    given = np.asarray(values, dtype=np.float64)
    return pa.array(given, mask=_mask(np.isnan(given)))


def truth(values: ArrayLike, *, missing: ArrayLike | None = None) -> pa.Array:
    """Yes or no, `bool`; only `missing` is null."""
    given = np.asarray(values, dtype=np.bool_)
    return pa.array(given, mask=None if missing is None else _mask(np.asarray(missing, dtype=np.bool_)))


def text(values: Sequence[str | None]) -> pa.Array:
    """Free text, `string`; None is null."""
    return pa.array(values, type=pa.string())


def _absent(found: np.ndarray, missing: ArrayLike | None) -> np.ndarray:
    return found if missing is None else found | np.asarray(missing, dtype=np.bool_)


def _mask(absent: np.ndarray) -> np.ndarray | None:
    """No mask at all where nothing is missing: the array then carries no validity bits."""
    return absent if absent.any() else None
