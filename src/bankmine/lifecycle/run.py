"""A run as it lies in its folder, and as a person sees it in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bankmine.errors import UsageError

FORMAT = 1


@dataclass(frozen=True)
class Run:
    """One finished run: its folder and what `metrics.json` says."""

    folder: Path
    about: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """Names data, code, configuration, seed and cutoffs."""
        return str(self.about["run_id"])

    @property
    def task(self) -> str:
        """The task's name."""
        return str(self.about["task"])

    @property
    def cutoff(self) -> str:
        """The run's cutoff as a civil date."""
        return str(self.about["cutoff"])

    @property
    def cutoff_us(self) -> int:
        """The run's cutoff, µs."""
        return int(self.about["cutoff_us"])

    @property
    def metrics(self) -> Mapping[str, Any]:
        """All figures, as plain values."""
        figures: Mapping[str, Any] = self.about["figures"]
        return figures

    @property
    def verdict(self) -> str:
        """One sentence: what to use."""
        return str(self.about["verdict"])

    @cached_property
    def scores(self) -> Any:
        """The scores as an Arrow table."""
        from bankmine.lifecycle.scores import read_scores

        return read_scores(self.folder / "scores.parquet")

    @property
    def figures(self) -> Mapping[str, Any]:
        """All figures, as plain values."""
        return self.metrics

    def table(self, name: str) -> Any:
        """A table the run kept, as Arrow; None where it kept none of that name."""
        import pyarrow.parquet as pq

        file = self.folder / "tables" / f"{name}.parquet"
        return pq.ParquetFile(file).read(use_threads=False) if file.exists() else None

    @cached_property
    def features(self) -> list[dict[str, Any]]:
        """The features used: name, unit, sentence, lineage, missing share and weight."""
        content: list[dict[str, Any]] = json.loads(
            (self.folder / "features.json").read_text(encoding="utf-8")
        )
        return content

    @property
    def sql(self) -> dict[str, str]:
        """The statements behind the figures, by name."""
        files = sorted((self.folder / "sql").glob("*.sql"))
        return {file.stem: file.read_text(encoding="utf-8") for file in files}

    def lines(self) -> list[str]:
        """The run in a few lines: what, when, the figures, the verdict."""
        head = f"{self.about['title']} at {self.cutoff} · run {self.run_id}"
        return [head, *self.about["summary"], self.verdict, f"folder: {self.folder}"]

    def __repr__(self) -> str:
        return "\n".join(self.lines())


def load_run(path: Path) -> Run:
    """The run in a folder; UsageError where there is none or it is of another format."""
    file = path / "metrics.json"
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError(
            f"{path} holds no finished run (no readable metrics.json)",
            hint="Name a folder results/<task>/<run_id>.",
        ) from None
    if about.get("format") != FORMAT:
        raise UsageError(
            f"the run in {path} has format {about.get('format')!r}", hint=f"This bankmine reads {FORMAT}."
        )
    return Run(path, about)
