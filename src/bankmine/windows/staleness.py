"""How old the newest of each source is: a feed that stopped looks like customers who stopped.

Coverage says what the extracts promise to speak of; the newest row says when the source was last heard of.
Any row counts here, a correction or a cancelled event too: it shows that the source was alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.bank.civil import DAY, Zone
from bankmine.errors import ConfigurationError, CutoffError
from bankmine.windows.edges import check_range, start_before
from bankmine.windows.reading.reader import Readable
from bankmine.windows.span import Span, Unit

Ints = NDArray[np.int64]
NEVER = np.iinfo(np.int64).min
Maximum = str | Mapping[str, str]


@dataclass(frozen=True)
class Staleness:
    """One event table at one cutoff, in µs since 1970 UTC.

    `covered_until` is the end of what its loads speak for, `newest_event` the time of the newest event
    before the cutoff known then; each None where there is none.
    """

    table: str
    cutoff: int
    covered_until: int | None
    newest_event: int | None

    @property
    def days(self) -> float | None:
        """Days of 24 hours from the newest event to the cutoff."""
        return None if self.newest_event is None else (self.cutoff - self.newest_event) / DAY

    def check(self, maximum: Maximum, zone: Zone) -> None:
        """CutoffError where nothing is known of the time `maximum` before the cutoff."""
        span = maximum_of(maximum, self.table)
        if span is None:
            return
        allowed = int(start_before(zone, np.array([self.cutoff]), span, NEVER)[0])
        if self.newest_event is not None and self.newest_event >= allowed:
            return
        newest = "nothing" if self.newest_event is None else f"nothing after {zone.show(self.newest_event)}"
        raise CutoffError(
            f"of {self.table} {newest} was known at {zone.show(self.cutoff)}; at most {span.words} may pass",
            hint="Load newer extracts, choose an earlier cutoff, or raise maximum_staleness.",
        )

    def as_dict(self) -> dict[str, Any]:
        """The fields, to be kept as text."""
        return asdict(self)


def staleness(
    warehouse: Readable, tables: Iterable[str], cutoff: int, *, as_of: int | None = None
) -> tuple[Staleness, ...]:
    """Each table at a cutoff (µs since 1970 UTC), as known then (or `as_of`)."""
    return tuple(_at(warehouse, table, np.array([cutoff], np.int64), as_of)[0] for table in tables)


def refuse_stale(
    warehouse: Readable, tables: Iterable[str], cutoffs: Ints, maximum: Maximum, *, as_of: int | None = None
) -> None:
    """CutoffError naming the first table and cutoff before which the newest event is older than `maximum`.

    `maximum` is a length such as "7d", for every table, or a length for each table that has a limit.
    """
    ascending = np.unique(cutoffs)
    for table in tables:
        span = maximum_of(maximum, table)
        if span is None:
            continue
        allowed = start_before(warehouse.zone, ascending, span, NEVER)
        stale = np.flatnonzero(newest_events(warehouse, table, ascending, as_of) < allowed)
        if len(stale):
            _at(warehouse, table, ascending[stale[:1]], as_of)[0].check(maximum, warehouse.zone)


def _at(warehouse: Readable, table: str, cutoffs: Ints, as_of: int | None) -> list[Staleness]:
    coverage = warehouse.coverage(table)
    until = coverage[1] if coverage else None
    newest = newest_events(warehouse, table, cutoffs, as_of).tolist()
    return [
        Staleness(table, cutoff, until, None if found == NEVER else found)
        for cutoff, found in zip(cutoffs.tolist(), newest, strict=True)
    ]


def newest_events(warehouse: Readable, table: str, cutoffs: Ints, as_of: int | None = None) -> Ints:
    """For each of u ascending cutoffs the time of the newest event before it known then, or NEVER."""
    check_range(cutoffs)
    newest = np.full(len(cutoffs) + 1, NEVER, np.int64)
    for bucket in range(warehouse.buckets(table)):
        rows = warehouse.read(table, ["event_time", "known_at"], bucket=bucket)
        times, known = (_instants(rows.column(name)) for name in ("event_time", "known_at"))
        if as_of is not None:
            times = known = times[known <= as_of]
        seen = np.searchsorted(cutoffs, np.maximum(times + 1, known))  # the first cutoff that sees the row
        np.maximum.at(newest, seen, times)
    return np.asarray(np.maximum.accumulate(newest)[:-1])


def maximum_of(maximum: Maximum, table: str) -> Span | None:
    """What a setting `maximum_staleness` says of a table; ConfigurationError where it is no length."""
    if not isinstance(maximum, str):
        for name in maximum:
            catalogue.table(name)  # a misspelt table would be a limit that never holds
    text = maximum if isinstance(maximum, str) else maximum.get(table)
    if text is None:
        return None
    span = Span.parse(text)
    if span.unit is Unit.ALL:
        raise ConfigurationError("maximum_staleness cannot be 'all'", hint='Write a length such as "7d".')
    return span


def _instants(column: Any) -> Ints:
    import pyarrow as pa

    return np.asarray(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy(), np.int64)
