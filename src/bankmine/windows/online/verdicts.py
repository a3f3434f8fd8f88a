"""Verdicts of the feedback table as an online state knows them: versions, and those still to come."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError

Ints = NDArray[np.int64]
Version = tuple[int, int, int]
COLUMNS = ("subject_kind", "subject_id", "label", "verdict", "known_at", "load_number", "cancelled")


@dataclass
class Feedback:
    """Verdicts on events of one table: of each label and subject the versions (known_at, load, 0 or 1).

    `coming` are instants at which some verdict becomes known that the state has not been told of.
    """

    table: str
    labels: tuple[str, ...]
    versions: dict[tuple[str, int], list[Version]] = field(default_factory=dict)
    coming: list[tuple[int, str, int]] = field(default_factory=list)
    entered: int = 0

    def add(self, rows: Any, known_until: int) -> None:
        """Takes rows of the feedback table; UsageError for rows known before what the state knows."""
        missing = [name for name in COLUMNS if name not in rows.schema.names]
        if missing:
            raise UsageError(
                f"the rows of feedback lack {', '.join(missing)}", hint="Give the bank table's columns."
            )
        own = [row for row in _plain(rows) if row[0] == self.table and row[2] in self.labels]
        if own and min(row[4] for row in own) < known_until:
            raise UsageError(
                "a verdict was known before an event that was answered already",
                hint="Enter feedback no later than the first event known after it.",
            )
        for _, subject, label, verdict, known_at, load, cancelled in own:
            confirmed = int(verdict == "confirmed" and not cancelled)
            insort(self.versions.setdefault((label, subject), []), (known_at, load, confirmed))
            self.coming.append((known_at, label, subject))
        self.coming.sort()
        self.entered += int(rows.num_rows)

    def known(self, label: str, subject: int, now: int) -> int:
        """The verdict as known at an instant."""
        found = 0
        for known_at, _, confirmed in self.versions.get((label, subject), ()):
            if known_at <= now:
                found = confirmed
        return found

    def fill(self, events: Ints, label: str, *, subject: int, known: int, into: int) -> None:
        """Writes the verdicts on events, each as known at its own time, into a column of the events."""
        spoken_of = np.array([key[1] for key in self.versions if key[0] == label], np.int64)
        for row in np.flatnonzero(np.isin(events[:, subject], spoken_of)).tolist():
            events[row, into] = self.known(label, int(events[row, subject]), int(events[row, known]))

    def next_instant(self) -> int | None:
        """When the next verdict becomes known."""
        return self.coming[0][0] if self.coming else None

    def take(self, until: int) -> Iterable[tuple[int, dict[str, Ints]]]:
        """The verdicts that become known up to an instant: when, and by label pairs (subject, 0 or 1)."""
        while self.coming and self.coming[0][0] <= until:
            now = self.coming[0][0]
            changed: dict[str, dict[int, int]] = {}
            while self.coming and self.coming[0][0] == now:
                _, label, subject = self.coming.pop(0)
                changed.setdefault(label, {})[subject] = self.known(label, subject, now)
            yield (
                now,
                {
                    label: np.array(sorted(pairs.items()), np.int64).reshape(-1, 2)
                    for label, pairs in changed.items()
                },
            )


def _plain(rows: Any) -> list[tuple[str, int, str, str, int, int, bool]]:
    """The rows as tuples in the order of COLUMNS, instants in µs."""
    import pyarrow as pa

    known_at = rows.column("known_at").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    columns = [
        known_at.to_pylist() if name == "known_at" else rows.column(name).to_pylist() for name in COLUMNS
    ]
    return list(zip(*columns, strict=True))
