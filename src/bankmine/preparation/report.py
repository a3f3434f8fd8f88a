"""What was done to each column, for the report page and the run's metrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Note:
    """One thing done: the step, the column, and what in words."""

    step: str
    column: str
    what: str


@dataclass(frozen=True)
class Fate:
    """One column of the snapshot: figures of the training rows, and whether it was kept.

    `information_value` and `auc` need a target, `stability_index` a period; else they are None. `auc` is
    `max(AUC, 1 − AUC)` of the column alone. `reason` is empty for kept columns.
    """

    column: str
    kind: str
    unit: str
    missing_share: float
    distinct: int
    kept: bool
    reason: str = ""
    information_value: float | None = None
    auc: float | None = None
    stability_index: float | None = None


@dataclass
class Report:
    """All notes and fates of one fit, in the order of the steps."""

    rows: int = 0
    notes: list[Note] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)

    def note(self, step: str, column: str, what: str) -> None:
        """Write down one thing done."""
        self.notes.append(Note(step, column, what))

    @property
    def dropped(self) -> list[Fate]:
        """The columns that were left out, each with its reason."""
        return [fate for fate in self.fates if not fate.kept]

    def summary(self) -> str:
        """One sentence: how many columns came, went and why."""
        reasons: dict[str, int] = {}
        for fate in self.dropped:
            kind = fate.reason.split(":")[0]
            reasons[kind] = reasons.get(kind, 0) + 1
        why = ", ".join(f"{count} {kind}" for kind, count in reasons.items())
        kept = len(self.fates) - len(self.dropped)
        tail = f"; left out: {why}" if why else ""
        return f"{kept} of {len(self.fates)} columns kept over {self.rows} training rows{tail}."

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Report:
        """The inverse of `to_json`."""
        return cls(
            rows=content["rows"],
            notes=[Note(**one) for one in _each(content["notes"])],
            fates=[Fate(**one) for one in _each(content["fates"])],
        )


def _each(values: Iterable[Any]) -> list[dict[str, Any]]:
    return [dict(value) for value in values]
