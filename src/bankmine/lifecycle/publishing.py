"""Publishing: `results/current.json` names the run of each task that web and service read, and nothing else.

A model that does not beat its baseline is published as what it is: "use the baseline". One that is not to be
used (unstable segments) is published as "do not use", so that nobody goes on using an older one by accident.
A run that looks at an earlier date than the current one (a what-if) is kept, and does not take its place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bankmine.bank.manifest import write_atomically
from bankmine.errors import UsageError
from bankmine.lifecycle.run import Run, load_run

FILE_NAME = "current.json"


@dataclass(frozen=True)
class Published:
    """What became of a run: whether it is the current one now, and that in a sentence."""

    file: Path
    done: bool
    sentence: str


def publish(run: Run) -> Published:
    """Makes a run the current one of its task, in one rename, unless that looks at a later date."""
    results = run.folder.parents[1]
    file = results / FILE_NAME
    content = _read(file)
    now = content.get(run.task)
    if now is not None and _cutoff_of(results, now) > int(run.about["cutoff_us"]):
        return Published(
            file,
            False,
            f"kept, not published: the current run looks at a later date, {now['cutoff']}; this one at "
            f"{run.cutoff}",
        )
    content[run.task] = {
        "run_id": run.run_id,
        "folder": str(run.folder.relative_to(results)),
        "cutoff": run.cutoff,
        "use": run.about["use"],
        "verdict": run.verdict,
    }
    write_atomically(file, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return Published(file, True, f"published: the current run of {run.task} looks at {run.cutoff}")


def published(results: Path, task: str) -> Run | None:
    """The current run of one task; None where it was never published or its folder is gone."""
    entry = _read(results / FILE_NAME).get(task)
    folder = results / entry["folder"] if entry else None
    return load_run(folder) if folder is not None and folder.exists() else None


def _cutoff_of(results: Path, entry: dict[str, Any]) -> int:
    """The current run's cutoff, µs; earlier than any where its folder is gone."""
    folder = results / entry["folder"]
    return int(load_run(folder).about["cutoff_us"]) if folder.exists() else -(2**63)


def current(results: Path) -> dict[str, Run]:
    """The current run of each task; tasks never published are absent."""
    return {task: load_run(results / entry["folder"]) for task, entry in _read(results / FILE_NAME).items()}


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not an object")
    except ValueError:
        raise UsageError(
            f"{file} is damaged or was changed by hand",
            hint="Remove it and run `bankmine run` again: run folders are kept and are found anew.",
        ) from None
    return content
