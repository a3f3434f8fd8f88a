"""The civil parts of instants that features speak of: month, weekday, hour, weekend, night.

All in the bank's time zone. The night is from 0:00 to 6:59, as in the literature on card fraud (Le Borgne
et al. 2022, "Reproducible Machine Learning for Credit Card Fraud Detection", chapter 3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY, HOUR, Zone
from bankmine.bank.warehouse import Warehouse

Ints = NDArray[np.int64]
THURSDAY = 3  # 1 January 1970
SATURDAY, NIGHT_ENDS = 5, 7


def _hour(local: Ints) -> Ints:
    hour: Ints = np.mod(local, DAY) // HOUR
    return hour


def _weekday(local: Ints) -> Ints:
    weekday: Ints = np.mod(np.floor_divide(local, DAY) + THURSDAY, 7)
    return weekday


def _month(local: Ints) -> Ints:
    days = np.floor_divide(local, DAY).astype("datetime64[D]")
    months: Ints = np.mod(days.astype("datetime64[M]").astype(np.int64), 12) + 1
    return months


PARTS: Mapping[str, Callable[[Ints], Ints]] = MappingProxyType(
    {
        "hour": _hour,
        "weekday": _weekday,
        "month": _month,
        "is_weekend": lambda local: (_weekday(local) >= SATURDAY).astype(np.int64),
        "is_night": lambda local: (_hour(local) < NIGHT_ENDS).astype(np.int64),
    }
)


def part_of(zone: Zone, instants: Ints, part: str) -> Ints:
    """One civil part of each instant (µs since 1970 UTC)."""
    return PARTS[part](zone.to_local(instants))


class OnlyAt:
    """A warehouse in which the events outside the weekend, or outside the night, are cancelled.

    Cancelling instead of leaving out keeps the versions right: a correction that moves an event out of the
    weekend still supersedes the version inside it.
    """

    def __init__(self, warehouse: Warehouse, only: str) -> None:
        self._warehouse, self._only = warehouse, only
        self._part = f"is_{only}"
        self.zone, self.spark, self.folder = warehouse.zone, warehouse.spark, warehouse.folder
        self.has, self.coverage, self.buckets = warehouse.has, warehouse.coverage, warehouse.buckets

    def __reduce__(self) -> tuple[Any, ...]:
        return OnlyAt, (self._warehouse, self._only)

    def excerpt(self, covered: Mapping[str, int | None]) -> OnlyAt:
        """The same of an excerpt of the warehouse."""
        return OnlyAt(self._warehouse.excerpt(covered), self._only)

    def read(self, table: str, columns: Sequence[str] | None = None, *, bucket: int | None = None) -> Any:
        """The warehouse's rows, with `cancelled` set where the event is outside."""
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = self._warehouse.read(table, columns, bucket=bucket)
        if "cancelled" not in rows.column_names:
            return rows
        times = rows.column("event_time").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
        outside = pa.array(part_of(self.zone, times, self._part) == 0)
        place = rows.column_names.index("cancelled")
        return rows.set_column(
            place, "cancelled", pc.or_(rows.column("cancelled"), pa.chunked_array([outside]))
        )
