"""Numbers as callers give them: whole numbers and instants, read exactly or refused.

Turning whatever comes into int64 would answer silently for something else: a float key is another key
beyond 2^53, a missing one becomes the marker of no subject, and seconds are no microseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError

Ints = NDArray[np.int64]
MARKER = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = "Give whole numbers of at most 64 bits with a sign."
_INSTANT = "Give whole microseconds since 1970 UTC, datetime64, Arrow timestamps, or datetimes with a zone."


def whole_numbers(given: Any, what: str, *, marked: bool = False) -> Ints:
    """A column of whole numbers as int64 (n); a single one is a column of one.

    UsageError for anything else: floats, texts, missing values, tables, numbers beyond 64 bits, and, unless
    it may be `marked`, -2^63, which marks what is missing.
    """
    numbers = _integers(_array(given, what, _WHOLE), what, _WHOLE)
    if not marked and len(numbers) and int(numbers.min()) == MARKER:
        raise UsageError(f"{what} hold -2^63, which marks what is missing", hint="Give another number.")
    return numbers


def instants(given: Any, what: str) -> Ints:
    """A column of instants as µs since 1970 UTC (n); a single one is a column of one.

    Whole numbers are µs; datetime64 and Arrow timestamps without a zone are UTC. UsageError for anything
    else: datetimes without a zone, floats, texts, missing values, and what is no whole microsecond.
    """
    array = _array(given, what, _INSTANT)
    if array.dtype.kind == "M":
        return _microseconds(array, what)
    if array.dtype.kind == "O" and any(isinstance(one, datetime) for one in array):
        return np.array([_microsecond(one, what) for one in array], np.int64)
    return _integers(array, what, _INSTANT)


def instant(given: Any, what: str) -> int | None:
    """One instant as µs since 1970 UTC, None where none is given; errors as `instants`."""
    if given is None:
        return None
    found = instants(given, what)
    if len(found) != 1:
        raise UsageError(f"{what} is {len(found)} instants", hint="Give one.")
    return int(found[0])


def _array(given: Any, what: str, hint: str) -> NDArray[Any]:
    """What is given as a column that misses nothing."""
    nulls = getattr(given, "null_count", 0)  # Polars counts when asked
    if (nulls() if callable(nulls) else nulls) or np.ma.is_masked(given):
        raise UsageError(f"{what} hold missing values", hint="Leave those rows out.")
    if isinstance(given, list | tuple) and any(isinstance(one, float) for one in given):
        raise _of_kind(what, "floats", hint)  # NumPy makes them of integers on either side of 2^63 too
    try:
        array = np.asarray(given, object) if _is_mixed(given) else np.asarray(given)
    except (ValueError, TypeError, OverflowError):
        raise _of_kind(what, "no plain column", hint) from None
    array = array.reshape(1) if array.ndim == 0 else array
    if array.ndim != 1:
        raise UsageError(f"{what} have {array.ndim} dimensions", hint="Give one column.")
    return array


def _is_mixed(given: Any) -> bool:
    """Whether a list holds whole numbers that NumPy would round to floats for want of a common type."""
    return isinstance(given, list | tuple) and any(type(one) is int and abs(one) >= 1 << 62 for one in given)


def _integers(array: NDArray[Any], what: str, hint: str) -> Ints:
    if array.dtype == np.int64:
        return np.ascontiguousarray(array)
    if not len(array):
        return np.zeros(0, np.int64)
    if array.dtype.kind == "O":
        alien = next((one for one in array if not _is_integer(one)), 0)
        if alien != 0 or type(alien) is bool:
            raise _of_kind(what, f"a {type(alien).__name__}", hint)
    elif array.dtype.kind not in "iu":
        raise _of_kind(what, {"f": "floats", "U": "texts", "b": "booleans"}.get(array.dtype.kind, ""), hint)
    if int(array.max()) > np.iinfo(np.int64).max or int(array.min()) < MARKER:
        raise UsageError(f"{what} hold a number beyond 64 bits with a sign", hint=hint)
    return np.ascontiguousarray(array.astype(np.int64))


def _is_integer(one: Any) -> bool:
    return isinstance(one, int | np.integer) and not isinstance(one, bool)


def _of_kind(what: str, kind: str, hint: str) -> UsageError:
    if kind in ("floats", "a float"):
        hint = f"{hint} Was it an id column that held nulls? Leave those rows out and cast it."
    return UsageError(f"{what} are no whole numbers" + (f" but hold {kind}" if kind else ""), hint=hint)


def _microseconds(array: NDArray[Any], what: str) -> Ints:
    if np.isnat(array).any():
        raise UsageError(f"{what} hold missing values", hint="Leave those rows out.")
    found = array.astype("datetime64[us]")
    if not np.array_equal(found.astype(array.dtype), array):
        raise UsageError(f"{what} are no whole microseconds, or lie beyond 64 bits of them", hint=_INSTANT)
    return np.ascontiguousarray(found.astype(np.int64))


def _microsecond(one: Any, what: str) -> int:
    """A datetime of Python as µs, exactly."""
    if not isinstance(one, datetime) or one.utcoffset() is None or getattr(one, "nanosecond", False):
        raise UsageError(f"{what} hold what is no datetime with a zone", hint=_INSTANT)
    return (one - _EPOCH) // timedelta(microseconds=1)
