"""The label rule: what may be called known about the time after a cutoff, and when.

A label at cutoff T looks at `[T, T + horizon)` and is read as known at the run's `as_of`. It is mature when
`T + horizon + delay ≤ as_of` and the coverage reaches `T + horizon`; an immature label is refused, never
guessed: "nothing happened yet" is not "nothing happened".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY, Zone
from bankmine.errors import CutoffError

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class LabelRule:
    """`horizon_days` and `delay_days` are civil days of the bank; `tables` are those the label reads.

    For a label on an event itself (a verdict) the horizon is 0 and the delay is the time a verdict takes.
    """

    horizon_days: int
    delay_days: int
    tables: tuple[str, ...]

    @property
    def embargo_days(self) -> int:
        """The least distance of a training cutoff before a test cutoff."""
        return self.horizon_days + self.delay_days

    def ends(self, cutoffs: Ints, zone: Zone) -> Ints:
        """`T + horizon` for each cutoff, µs; exclusive."""
        return days_after(cutoffs, self.horizon_days, zone)

    def known_at(self, cutoffs: Ints, zone: Zone) -> Ints:
        """`T + horizon + delay` for each cutoff, µs."""
        return days_after(cutoffs, self.embargo_days, zone)

    def mature(self, cutoffs: Ints, *, zone: Zone, as_of: int, covered_until: int) -> NDArray[np.bool_]:
        """Which cutoffs have a label that may be read at `as_of`; `covered_until` is exclusive."""
        known = self.known_at(cutoffs, zone) <= as_of
        return known & (self.ends(cutoffs, zone) <= covered_until)

    def require_mature(self, cutoffs: Ints, *, zone: Zone, as_of: int, covered_until: int) -> None:
        """CutoffError when any cutoff's label is not mature, naming the first and the last allowed."""
        bad = ~self.mature(cutoffs, zone=zone, as_of=as_of, covered_until=covered_until)
        if not bad.any():
            return
        first = int(np.asarray(cutoffs)[bad].min())
        last = min(
            zone.days_before(as_of, self.embargo_days), zone.days_before(covered_until, self.horizon_days)
        )
        raise CutoffError(
            f"the label at {zone.show(first)} looks {self.horizon_days} days ahead and is known "
            f"{self.delay_days} days later, which is not over at {zone.show(as_of)}",
            hint=f"Ask for labels at cutoffs up to {zone.show(last)}, or load later data.",
        )


def days_after(instants: Ints, days: int, zone: Zone) -> Ints:
    """The instants that many civil days later, at the same wall-clock time."""
    return zone.to_utc(zone.to_local(np.asarray(instants, dtype=np.int64)) + days * DAY)
