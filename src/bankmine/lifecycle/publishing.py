"""Publishing: `results/current.json` names the run of each task that web and service read, and nothing else.

A model that does not beat its baseline is published as what it is: "use the baseline". One that is not to be
used (unstable segments) is published as "do not use", so that nobody goes on using an older one by accident.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bankmine.bank.manifest import write_atomically
from bankmine.errors import UsageError
from bankmine.lifecycle.run import Run, load_run

FILE_NAME = "current.json"


def publish(run: Run) -> Path:
    """Makes a run the current one of its task, in one rename; returns the file."""
    results = run.folder.parents[1]
    file = results / FILE_NAME
    content = _read(file)
    content[run.task] = {
        "run_id": run.run_id,
        "folder": str(run.folder.relative_to(results)),
        "cutoff": run.cutoff,
        "use": run.about["use"],
        "verdict": run.verdict,
    }
    write_atomically(file, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return file


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
