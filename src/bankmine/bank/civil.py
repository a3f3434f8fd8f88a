"""Civil time of the bank's one time zone, as arithmetic on microseconds since 1970 UTC.

Days and months are civil units of the zone (DESIGN rule 2): a month before 31 March is 28 or 29
February, a day across the change to summer time has 23 hours. A local time that does not exist is
moved forward by the gap; one that exists twice means the first.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from bankmine.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The calendar is exact for instants in [FIRST, LAST): from 1900 to 2200.
FIRST = (datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
LAST = (datetime(_LAST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def instant_us(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(us))


class Zone:
    """A time zone with vectorised conversions; exact from 1900 to 2200."""

    def __init__(self, name: str) -> None:
        self.name = name
        try:
            self._zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigurationError(
                f"there is no time zone {name!r}", hint='Use an IANA name such as "Europe/Prague".'
            ) from None

    @cached_property
    def changes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """UTC instants at which the offset changes (first: far past), and the offset from each on."""
        return _changes_of(self.name)

    def _find_changes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        step = timedelta(days=14)
        moment = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
        end = datetime(_LAST_YEAR, 1, 1, tzinfo=UTC)
        offset = self._offset(moment)
        instants, offsets = [np.iinfo(np.int64).min], [offset]
        while moment < end:
            after = moment + step
            if self._offset(after) != offset:
                instants.append(self._change_between(moment, after))
                offset = self._offset(after)
                offsets.append(offset)
            moment = after
        return np.array(instants, np.int64), np.array(offsets, np.int64)

    def _offset(self, moment: datetime) -> int:
        offset = moment.astimezone(self._zone).utcoffset()
        return 0 if offset is None else offset // timedelta(microseconds=1)

    def _change_between(self, low: datetime, high: datetime) -> int:
        before = self._offset(low)
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) // 2
            middle = middle.replace(microsecond=0)
            if middle <= low:
                break
            low, high = (middle, high) if self._offset(middle) == before else (low, middle)
        return instant_us(high)

    def to_local(self, utc_us: NDArray[np.int64]) -> NDArray[np.int64]:
        """Local wall-clock microseconds of UTC instants."""
        instants, offsets = self.changes
        return utc_us + offsets[np.searchsorted(instants, utc_us, side="right") - 1]

    def to_utc(self, local_us: NDArray[np.int64]) -> NDArray[np.int64]:
        """UTC instants of local wall-clock microseconds (gap: moved forward; fold: the first)."""
        instants, offsets = self.changes
        # At transition i the wall clock jumps from instants[i] + offsets[i-1] to instants[i] + offsets[i];
        # the new offset holds for local times from the later of the two on.
        edges = instants.copy()
        edges[1:] = instants[1:] + np.maximum(offsets[:-1], offsets[1:])
        chosen = np.searchsorted(edges, local_us, side="right") - 1
        return local_us - offsets[chosen]

    def midnight(self, day: date) -> int:
        """The UTC instant at which the civil day begins."""
        return int(self.to_utc(np.array([(day - date(1970, 1, 1)).days * DAY], np.int64))[0])

    def midnights(self, days: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.int64]:
        """The UTC instants at which civil days (days since 1970) begin."""
        return self.to_utc(days.astype(np.int64) * DAY)

    def day_of(self, utc_us: NDArray[np.int64]) -> NDArray[np.int64]:
        """The civil day (days since 1970) of each instant."""
        return np.floor_divide(self.to_local(utc_us), DAY)

    def parse(self, text: str) -> int:
        """The instant of an ISO date (its local midnight) or date-time (local unless it has an offset)."""
        try:
            if len(text) == 10:
                return self.midnight(date.fromisoformat(text))
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ConfigurationError(
                f"{text!r} is not a date", hint="Write it as 2026-05-31 or 2026-05-31T14:00."
            ) from None
        if moment.tzinfo is not None:
            return instant_us(moment)
        return int(self.to_utc(np.array([instant_us(moment.replace(tzinfo=UTC))], np.int64))[0])

    def show(self, utc_us: int) -> str:
        """The instant as a civil date where it is a midnight, else with minutes."""
        local = from_us(int(self.to_local(np.array([utc_us], np.int64))[0]))
        return local.strftime("%Y-%m-%d" if local.time() == datetime.min.time() else "%Y-%m-%dT%H:%M")

    def months_before(self, cutoff_us: int, months: int) -> int:
        """The instant `months` civil months before; the day clamps to the month's end."""
        local = int(self.to_local(np.array([cutoff_us], np.int64))[0])
        day, time_of_day = divmod(local, DAY)
        start = date(1970, 1, 1) + timedelta(days=day)
        index = start.year * 12 + start.month - 1 - months
        year, month = divmod(index, 12)
        month += 1
        clamped = date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
        moved = (clamped - date(1970, 1, 1)).days * DAY + time_of_day
        return int(self.to_utc(np.array([moved], np.int64))[0])

    def days_before(self, cutoff_us: int, days: int) -> int:
        """The instant `days` civil days before, at the same wall-clock time."""
        local = int(self.to_local(np.array([cutoff_us], np.int64))[0])
        return int(self.to_utc(np.array([local - days * DAY], np.int64))[0])


@cache
def _changes_of(name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The changes of a zone, found once in a process: it takes tens of milliseconds."""
    return Zone(name)._find_changes()
