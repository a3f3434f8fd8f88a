"""What can be asked of a window, as data: what each aggregate needs, its unit and its sentence.

The kernels compute only *totals* (exact integers per window); an aggregate names the totals it rests on,
and `finish.py` turns them into the value with one last division.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType


class Total(IntEnum):
    """The exact integers a kernel can keep for a window; the number is the total's place in its scratch."""

    COUNT = 0
    SUM = 1
    MINIMUM = 2
    MAXIMUM = 3
    FIRST = 4
    LAST = 5
    FIRST_TIME = 6
    LAST_TIME = 7
    DISTINCT = 8
    DAYS = 9
    FIRST_DAY = 10
    LAST_DAY = 11


TOTALS = len(Total)


class Limbs(IntEnum):
    """Sums of squares, each in two 64-bit limbs."""

    SQUARES = 0
    GAP_SQUARES = 1


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """One thing to ask of a window.

    `totals` and `limbs` are what it rests on; `unit` is None where it is the measure's unit;
    `needs` is "measure", "distinct", "by" or "" .
    """

    totals: tuple[Total, ...]
    limbs: tuple[Limbs, ...] = ()
    unit: str | None
    needs: str = ""
    phrase: str
    whole: bool = False


_COUNT, _SUM = Total.COUNT, Total.SUM
_TIMES = (Total.COUNT, Total.FIRST_TIME, Total.LAST_TIME)

AGGREGATES: Mapping[str, Aggregate] = MappingProxyType(
    {
        "count": Aggregate(totals=(_COUNT,), unit="events", phrase="Number", whole=True),
        "sum": Aggregate(totals=(_COUNT, _SUM), unit=None, needs="measure", phrase="Sum", whole=True),
        "mean": Aggregate(totals=(_COUNT, _SUM), unit=None, needs="measure", phrase="Mean"),
        "variance": Aggregate(
            totals=(_COUNT, _SUM), limbs=(Limbs.SQUARES,), unit="squared", needs="measure",
            phrase="Sample variance",
        ),
        "std": Aggregate(
            totals=(_COUNT, _SUM), limbs=(Limbs.SQUARES,), unit=None, needs="measure",
            phrase="Sample standard deviation",
        ),
        "min": Aggregate(
            totals=(_COUNT, Total.MINIMUM), unit=None, needs="measure", phrase="Smallest", whole=True
        ),
        "max": Aggregate(
            totals=(_COUNT, Total.MAXIMUM), unit=None, needs="measure", phrase="Largest", whole=True
        ),
        "first": Aggregate(
            totals=(_COUNT, Total.FIRST), unit=None, needs="measure", phrase="First", whole=True
        ),
        "last": Aggregate(totals=(_COUNT, Total.LAST), unit=None, needs="measure", phrase="Last", whole=True),
        "distinct": Aggregate(
            totals=(Total.DISTINCT,), unit="values", needs="distinct", phrase="Number of distinct values",
            whole=True,
        ),
        "active_days": Aggregate(
            totals=(Total.DAYS,), unit="days", phrase="Number of civil days with any", whole=True
        ),
        "recency": Aggregate(
            totals=(_COUNT, Total.LAST_TIME, Total.LAST_DAY), unit="days", phrase="Civil days since the last",
            whole=True,
        ),
        "days_since_first": Aggregate(
            totals=(_COUNT, Total.FIRST_TIME, Total.FIRST_DAY), unit="days",
            phrase="Civil days since the first", whole=True,
        ),
        "seconds_since_last": Aggregate(
            totals=(_COUNT, Total.LAST_TIME), unit="seconds", phrase="Seconds since the last"
        ),
        "gap_mean": Aggregate(totals=_TIMES, unit="days", phrase="Mean days of 24 hours between"),
        "gap_std": Aggregate(
            totals=_TIMES, limbs=(Limbs.GAP_SQUARES,), unit="days",
            phrase="Sample standard deviation of the days between",
        ),
        "share": Aggregate(totals=(_COUNT, _SUM), unit="share", needs="by", phrase="Share of all levels"),
        "trend": Aggregate(totals=(_COUNT, _SUM), unit="a month", phrase="Slope over the civil months"),
    }
)  # fmt: skip
