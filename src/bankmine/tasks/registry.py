"""The tasks bankmine ships, and those a bank adds in its own folder without touching bankmine.

A bank's own task is a Python file in `<bank>/tasks/` that sets `TASK` to an instance of `Task`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from bankmine.errors import ConfigurationError, UsageError
from bankmine.tasks.contract import Task

_SHIPPED = {
    "segmentation": "bankmine.tasks.segmentation.task",
    "inactivity": "bankmine.tasks.inactivity.task",
    "churn": "bankmine.tasks.churn.task",
    "card_fraud": "bankmine.tasks.card_fraud.task",
    "value": "bankmine.tasks.value.task",
    "classification": "bankmine.tasks.classification.task",
    "acquisition": "bankmine.tasks.acquisition.task",
    "behaviour": "bankmine.tasks.behaviour.task",
    "cross_sell": "bankmine.tasks.cross_sell.task",
    "early_warning": "bankmine.tasks.early_warning.task",
    "rating": "bankmine.tasks.rating.task",
    "behaviour_score": "bankmine.tasks.behaviour_score.task",
    "application_score": "bankmine.tasks.application_score.task",
    "application_fraud": "bankmine.tasks.application_fraud.task",
}


class _Tasks(Mapping[str, Task]):
    """The shipped tasks by name, loaded when asked for."""

    def __getitem__(self, name: str) -> Task:
        task: Task = import_module(_SHIPPED[name]).TASK
        return task

    def __iter__(self) -> Any:
        return iter(_SHIPPED)

    def __len__(self) -> int:
        return len(_SHIPPED)


TASKS: Mapping[str, Task] = _Tasks()


def tasks_of(folder: Path | None) -> dict[str, Task]:
    """Shipped tasks and those of a bank's project folder; a bank's task of a shipped name takes its place."""
    return dict(TASKS) | _own_tasks(folder)


def find_task(name: str, folder: Path | None = None) -> Task:
    """The task of that name; UsageError with near names where there is none."""
    own = _own_tasks(folder)
    if name in own:
        return own[name]
    if name in TASKS:
        return TASKS[name]
    known = (*TASKS, *own)
    near = get_close_matches(name, known, n=2)
    raise UsageError(
        f"there is no task {name!r}",
        hint=f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(known)}.",
    )


def _own_tasks(folder: Path | None) -> dict[str, Task]:
    files = sorted((folder / "tasks").glob("*.py")) if folder else []
    return {task.name: task for task in map(_from_file, files)}


def _from_file(file: Path) -> Task:
    module_name = f"bankmine_own_tasks.{file.stem}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{file} cannot be read as Python", hint="Look at the file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigurationError(
            f"the bank's own task {file} fails to load: {type(error).__name__}: {error}",
            hint="Mend the file, or move it out of the folder tasks/.",
        ) from error
    task = getattr(module, "TASK", None)
    if not isinstance(task, Task):
        raise ConfigurationError(
            f"{file} sets no TASK",
            hint="End the file with `TASK = MyTask()`, an instance of bankmine.tasks.contract.Task.",
        )
    return task
