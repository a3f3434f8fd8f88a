"""A run as a person may see it: what it is to all who may read its task, its figures to whoever sees all.

A run's figures, verdict, card and statements speak of the whole bank. Whoever sees a part of it reads what to
use, and figures over their own rows (`View.tiles`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bankmine.access.run_tables import table_names

if TYPE_CHECKING:
    from bankmine.lifecycle.run import Run


@dataclass(frozen=True)
class RunSeen:
    """One run; where `whole` is False, everything that speaks of the whole bank is None or empty."""

    _run: Run = field(repr=False)
    whole: bool

    @property
    def task(self) -> str:
        """The task's name."""
        return self._run.task

    @property
    def title(self) -> str:
        """The task as people say it."""
        return str(self._run.about["title"])

    @property
    def sentence(self) -> str:
        """What the task asks, in a sentence."""
        return str(self._run.about["sentence"])

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self._run.run_id

    @property
    def made_at(self) -> int:
        """When it was kept, µs UTC, as its folder says."""
        return (self._run.folder / "metrics.json").stat().st_mtime_ns // 1_000

    @property
    def cutoff(self) -> str:
        """The civil date it looks at."""
        return self._run.cutoff

    @property
    def use(self) -> str:
        """What to use: a model's name, a baseline's, "study" or "do not use"."""
        return str(self._run.about["use"])

    @property
    def lists(self) -> Sequence[str]:
        """The names of its lists."""
        return table_names(self._run)

    @property
    def features(self) -> Sequence[Mapping[str, Any]]:
        """The features used: name, unit, sentence, lineage, missing share and weight."""
        return self._run.features if self.whole else ()

    @property
    def verdict(self) -> str | None:
        """One sentence with the figure that decides."""
        return self._run.verdict if self.whole else None

    @property
    def summary(self) -> Sequence[str]:
        """The main figures as sentences."""
        return list(self._run.about["summary"]) if self.whole else ()

    @property
    def about(self) -> Mapping[str, Any] | None:
        """Everything the run says of itself."""
        return self._run.about if self.whole else None

    @property
    def card(self) -> str | None:
        """The model card, Markdown."""
        file = self._run.folder / "card.md"
        return file.read_text(encoding="utf-8") if self.whole and file.exists() else None

    @property
    def sql(self) -> Mapping[str, str]:
        """The statements behind the figures, by name."""
        return self._run.sql if self.whole else {}
