"""A run as it lies in its folder, and as a person sees it in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bankmine.errors import UsageError
from bankmine.lifecycle.store import code_version

FORMAT = 1


class OldFigures(dict[str, Any]):
    """What a run of other code says: a name it does not have is one clear line for whoever reads it.

    `absent` is the error to raise. A run of this very code keeps plain dictionaries, whose KeyError is an
    error of bankmine's own.
    """

    def __init__(self, figures: Mapping[str, Any], absent: UsageError) -> None:
        super().__init__({name: _guarded(one, absent) for name, one in figures.items()})
        self.absent = absent

    def __missing__(self, name: str) -> Any:
        raise self.absent


def _guarded(value: Any, absent: UsageError) -> Any:
    if isinstance(value, dict):
        return OldFigures(value, absent)
    return [_guarded(one, absent) for one in value] if isinstance(value, list) else value


def made_before(about: Mapping[str, Any]) -> UsageError:
    """The error of a run that lacks what is read, for another version of bankmine made it."""
    return UsageError(
        f"the run {about.get('run_id')} of {about.get('task')} was made by another version of bankmine and "
        "lacks what this one reads",
        hint=f"Run the task again: `bankmine run BANK --task {about.get('task')}`.",
    )


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
    """The run in a folder; UsageError where there is none or it is of another format.

    Of a run that other code made, a figure that is not there is a UsageError that says what to do.
    """
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
    if about.get("code") == code_version():
        return Run(path, about)
    return Run(path, OldFigures(about, made_before(about)))
