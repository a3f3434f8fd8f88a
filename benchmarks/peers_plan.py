"""The shipped list of window features in the form the peers compute it: states of periods, then windows.

Hundreds of conditional aggregates in one statement are the slow shape on most engines, so the peers also get
the best one known to us: each event falls into a period between window edges and a part (spent, came, the
rest); the *states* of (customer, period, part[, level]) are aggregated once, windows are sums of states. That
takes cutoffs at midnight, which bankmine does not need. Edges and the offsets of the civil clock are handed
to the peers as plain integers, cheaper than their own calendars.

The peers ignore when an event became known, and corrections: the easier job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bankmine.bank.civil import Zone
    from bankmine.windows import Feature, WindowFeature

DAY_US = 86_400_000_000
REST = 0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One feature: of which part (None: of all events), which level of which column, which months."""

    name: str
    part: int | None
    by: str | None
    level: str | None
    aggregate: str
    months: int


@dataclass(frozen=True)
class Look:
    """One cutoff as the peers see it: periods before `end`, from `starts[months]` on; its civil day."""

    end: int
    starts: dict[int, int]
    day: int


@dataclass(frozen=True)
class Calendar:
    """Time as integers: period i of the states begins at `starts[i]`; `shifts` are (from µs, offset µs).

    The periods are the coarsest that the asked windows are unions of.
    """

    starts: NDArray[np.int64]
    shifts: tuple[tuple[int, int], ...]
    zone: Zone

    def look(self, cutoff: int, months: Sequence[int]) -> Look:
        """The windows before one of the cutoffs."""
        day = int(self.zone.day_of(np.array([cutoff]))[0])
        starts = {w: self._period(self.zone.months_before(cutoff, w)) for w in months}
        return Look(self._period(cutoff), starts, day)

    def _period(self, instant: int) -> int:
        return int(np.searchsorted(self.starts, instant))


def calendar(zone: Zone, cutoffs: Sequence[int], months: Sequence[int]) -> Calendar:
    """The periods between all edges of the windows, and the offsets of the civil clock among them."""
    edges = {zone.months_before(cutoff, back) for cutoff in cutoffs for back in (0, *months)}
    starts = np.array(sorted(edges))
    if (zone.to_local(starts) % DAY_US).any():
        raise ValueError("the peers look at midnights only: days must not be cut by a window's edge")
    hours = np.arange(starts[0] - 40 * DAY_US, starts[-1] + 40 * DAY_US, 3_600_000_000)
    offsets = zone.to_local(hours) - hours
    turns = [0, *(np.flatnonzero(np.diff(offsets)) + 1)]
    shifts = tuple((int(hours[turn]), int(offsets[turn])) for turn in turns)
    return Calendar(starts, shifts, zone)


@dataclass(frozen=True)
class Plan:
    """What is computed: the conditions of each part (numbered from 1, without overlap), the features."""

    parts: tuple[dict[str, str], ...]
    wanted: tuple[Wanted, ...]
    levels: dict[str, tuple[str, ...]]

    def of(self, by: str | None) -> tuple[Wanted, ...]:
        """The features told apart by a column, or by none."""
        return tuple(one for one in self.wanted if one.by == by)

    @property
    def months(self) -> tuple[int, ...]:
        """The lengths of the windows, ascending."""
        return tuple(sorted({one.months for one in self.wanted}))


def plan_of(features: Sequence[Feature]) -> Plan:
    """The plan of features of `transaction` by customer: amounts, all of them or of parts without overlap."""
    parts: list[dict[str, str]] = []
    wanted, levels = [], {}
    for feature in features:
        conditions = {one.column: str(one.values[0]) for one in _window(feature).source.conditions}
        if conditions and conditions not in parts:
            parts.append(conditions)
        one = _window(feature)
        if one.by:
            levels[one.by] = one.levels
        wanted.append(
            Wanted(
                name=one.name, part=parts.index(conditions) + 1 if conditions else None, by=one.by,
                level=one.level, aggregate=one.aggregate, months=one.window.count,
            )
        )  # fmt: skip
    return Plan(tuple(parts), tuple(wanted), levels)


def _window(feature: Any) -> WindowFeature:
    source = feature.source
    plain = source.table == "transaction" and source.key == "customer_id" and str(feature.window.unit) == "mo"
    if not plain or any(one.test != "in" or len(one.values) > 1 for one in source.conditions):
        raise ValueError(f"the peers have no shape for {feature.name}")
    return feature  # type: ignore[no-any-return]
