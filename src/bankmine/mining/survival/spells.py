"""Spells: from when to when a subject was watched, and whether it ended with the event.

A spell is `(start, stop]`: the subject is at risk at a time t where `start < t ≤ stop`, and the event, if
there is one, happens at `stop` (Andersen and Gill 1982). A subject whose columns change has several spells,
one after another; one who comes under watch late starts late (left truncation); one who is still there at the
end has no event (right censoring).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints, labels


@dataclass(frozen=True)
class Spells:
    """Arrays of shape (rows,): `start` exclusive, `stop` inclusive, `event` at `stop`."""

    start: Floats
    stop: Floats
    event: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.stop)

    @property
    def event_times(self) -> Floats:
        """The different times of events, rising."""
        return np.unique(self.stop[self.event])

    def take(self, rows: Any) -> Spells:
        """The spells at some positions, or where a mask holds."""
        return Spells(self.start[rows], self.stop[rows], self.event[rows])


def spells_of(stop: Any, event: Any, start: Any = None) -> Spells:
    """Checked spells; `start` is 0 for all where it is not given.

    UsageError for a missing or infinite time, a spell that does not last (`stop ≤ start`), unequal lengths or
    an event other than 0 and 1. The unit of time is the caller's.
    """
    stops = np.asarray(stop, dtype=np.float64)
    starts = np.zeros(stops.shape) if start is None else np.asarray(start, dtype=np.float64)
    if stops.ndim != 1 or starts.shape != stops.shape:
        raise UsageError(
            f"The spells' ends have shape {stops.shape}, their starts {starts.shape}",
            hint="Give one time of each for every row.",
        )
    happened = labels(event, len(stops))
    bad = ~np.isfinite(stops) | ~np.isfinite(starts) | (stops <= starts)
    if bad.any():
        raise UsageError(
            f"{int(bad.sum())} of {len(stops)} spells do not last: their stop is not after their start",
            hint="Leave out subjects that were not watched at all; a spell is (start, stop].",
        )
    return Spells(starts, stops, happened)


def at_risk(spells: Spells, times: Floats, weights: Floats | None = None) -> Floats:
    """How many spells (or what sum of `weights`, (rows,) or (rows, k)) are at risk at each time.

    Shape (times,) or (times, k); two sorts and two running totals whatever the number of times.
    """
    weights = np.ones(len(spells)) if weights is None else weights
    return _from(spells.stop, weights, times) - _from(spells.start, weights, times)


def events_at(spells: Spells, times: Floats) -> Ints:
    """The number of events at each of the rising `times`."""
    ended = np.sort(spells.stop[spells.event])
    after, before = (np.searchsorted(ended, times, side=side) for side in ("right", "left"))
    return np.asarray(after - before, dtype=np.int64)


def _from(values: Floats, weights: Floats, times: Floats) -> Floats:
    """The sum of the weights of all values that are at least each time."""
    order = np.argsort(-values, kind="stable")
    total = np.concatenate([np.zeros_like(weights[:1]), np.cumsum(weights[order], axis=0)])
    return np.asarray(total[np.searchsorted(-values[order], -times, side="right")])
