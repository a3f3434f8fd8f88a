"""What a caller gives to an online state, checked before a kernel reads or writes a word of memory.

The kernels trust the shape and the type of every array, and hold a missing value as the smallest 64-bit
number. So nothing else reaches them: every check here refuses in one line and says what to give instead.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import Zone
from bankmine.errors import BankmineError, ConfigurationError, UsageError
from bankmine.windows.online.words import MISSING

Ints = NDArray[np.int64]
_LARGEST = (1 << 63) - 1


def wrong_event_or_answer(event: Any, width: int) -> UsageError:
    """The error for an event that is not an array [1, width], else for an answer of another state."""
    if not is_event(event, width):
        found = (
            f"an array {list(event.shape)} of {event.dtype}"
            if isinstance(event, np.ndarray)
            else f"of type {type(event).__name__}"
        )
        return UsageError(
            f"the event is {found}, not a writable array [1, {width}] of int64 in C order",
            hint="Make it with this state's `new_event`; `state.places` says where each value lies.",
        )
    return UsageError(
        "the answer was not made by this state", hint="Make one with this state's `new_answer`, once."
    )


def is_event(event: Any, width: int) -> bool:
    """Whether the kernel may read it as one event."""
    return (
        type(event) is np.ndarray
        and event.shape == (1, width)
        and event.dtype == np.int64
        and event.flags.carray
    )


def rows_of_table(rows: Any) -> Any:
    """An Arrow table or batch, else UsageError."""
    import pyarrow as pa

    if not isinstance(rows, pa.Table | pa.RecordBatch):
        raise UsageError(
            f"rows of type {type(rows).__name__} were given",
            hint="Give an Arrow table or batch with the bank table's columns.",
        )
    return rows


def zone_of(zone: Zone | str) -> Zone:
    """A time zone, or the one of an IANA name."""
    if isinstance(zone, Zone):
        return zone
    if isinstance(zone, str):
        return Zone(zone)
    raise UsageError(
        f"a time zone of type {type(zone).__name__} was given", hint='Give a name such as "Europe/Prague".'
    )


def instant(name: str, value: Any) -> int:
    """An instant in µs, else UsageError."""
    try:
        return operator.index(value)
    except TypeError:
        raise UsageError(
            f"`{name}` is of type {type(value).__name__}, not an instant in microseconds",
            hint='Give a whole number, such as `zone.parse("2024-02-01")`.',
        ) from None


def whole_number(name: str, value: Any) -> int:
    """A value of an event as the state keeps it; UsageError for one that is no whole number of 64 bits."""
    try:
        number = int(value)
        fits = number == value and -_LARGEST - 1 <= number <= _LARGEST
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise UsageError(
            f"{name} is not a whole number of 64 bits, but of type {type(value).__name__}",
            hint="Give keys and money as whole numbers, instants in microseconds, codes as text.",
        )
    if number == MISSING:
        raise reserved(name)
    return number


def no_text(name: str) -> UsageError:
    """The error for a text that is given for a column of numbers, or for none."""
    return UsageError(
        f"a text was given for {name}, which holds no codes",
        hint="Give keys and money as whole numbers, instants in microseconds.",
    )


def unknown_value(name: str, known: Any) -> UsageError:
    """The error for a name that no value of an event has."""
    return UsageError(f"an event has no value named {name}", hint=f"It has {', '.join(known)}.")


def reserved(column: str) -> BankmineError:
    """The error for the number that stands for a missing value."""
    return ConfigurationError(
        f"{column} holds {MISSING}, the number that stands for a missing value",
        hint="Correct the column in the mapping; leave a value out where there is none.",
    )
