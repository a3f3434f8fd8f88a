"""What a value in a report is: its kind, its unit, and the tone of what is said about it.

Columns of tables, axes of pictures and metrics all describe their values with the same `Column`, so
that a figure reads the same wherever it stands and a picture can be turned into its table.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

Value = Any
"""A cell: text, number, date, instant, boolean or None. NumPy scalars are taken as they come; None,
NaN and NaT are missing and are shown as a dash, never as zero."""


class Kind(StrEnum):
    """How a value is written."""

    NUMBER = "number"
    """An integer or real; `digits` decimals, or three significant figures for reals."""
    MONEY = "money"
    """Integer minor units of the currency named as the unit."""
    SHARE = "share"
    """A real between 0 and 1, written as a percentage."""
    TEXT = "text"
    DATE = "date"
    MONTH = "month"
    """A date, written as its month."""
    INSTANT = "instant"
    """A timestamp in the bank's time zone."""
    KEY = "key"
    """An identifier: set in fixed-width type, never grouped or rounded."""
    DURATION = "duration"
    """Seconds."""
    SPARK = "spark"
    """A short sequence of numbers, drawn as a small line in the cell."""


class Tone(StrEnum):
    """What a statement means for the reader; always shown with a sign and a word, not only a colour."""

    NEUTRAL = "neutral"
    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Interval:
    """The interval of an estimate, in the estimate's unit; `level` is its coverage (0.95)."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What the figure would be without the model or the change: a name and a value in the same unit."""

    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table or one axis of a picture.

    `unit` is the currency for money and is printed after the label otherwise; `digits` are the
    decimals (of the percentage for shares); `note` explains the column on hover; `bar` draws a small
    bar behind the figure (numbers from zero upwards only).
    """

    label: str
    kind: Kind = Kind.TEXT
    unit: str = ""
    digits: int | None = None
    note: str = ""
    bar: bool = False

    @property
    def numeric(self) -> bool:
        """Whether values stand right-aligned and sort as numbers."""
        return self.kind in (Kind.NUMBER, Kind.MONEY, Kind.SHARE, Kind.DURATION)

    @property
    def heading(self) -> str:
        """The label with its unit; a share carries its sign in each value."""
        return f"{self.label} ({self.unit})" if self.unit and self.kind != Kind.TEXT else self.label


def plain(value: Value) -> Any:
    """The value as a Python scalar: NumPy scalars unwrapped, NaN and NaT as None, sequences as lists."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is not None and not isinstance(value, str | int | float | bool | date | datetime):
        return _foreign(value)
    return value


def _foreign(value: Value) -> Any:
    if hasattr(value, "as_py"):  # an Arrow scalar
        return plain(value.as_py())
    if hasattr(value, "__float__"):  # Decimal, Fraction
        return plain(float(value))
    return str(value)
