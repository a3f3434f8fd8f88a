"""Forms answered by published runs: what a stranger's few fields say, by the run `current.json` names.

A study that strangers can ask leaves a fitted form in `form/` of its run folder (`mining.form`). Only the
published run answers, and not one marked "do not use".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bankmine.errors import UsageError
from bankmine.lifecycle.old_runs import readable
from bankmine.lifecycle.publishing import current
from bankmine.lifecycle.run import Run
from bankmine.mining.files import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bankmine.mining.form.model import FormAnswer, FormModel

FOLDER = "form"


@dataclass(frozen=True)
class PublishedForm:
    """A task's form as published: the run it comes from and the model."""

    run: Run
    model: FormModel

    def answer(self, given: Mapping[str, Any]) -> tuple[FormAnswer, float]:
        """What a form says, and the seconds it took."""
        start = perf_counter()
        answer = self.model.answer(given)
        return answer, perf_counter() - start


def published_form(results: Path, task: str) -> PublishedForm:
    """The form of a task's published run; UsageError where there is none, naming the tasks that have one."""
    runs = current(results)
    having = sorted(name for name, run in runs.items() if (run.folder / FOLDER / "model.json").is_file())
    if task not in runs:
        raise UsageError(
            f"no run of {task!r} is published",
            hint=f"Forms are answered by {', '.join(having)}." if having else "Run a task first.",
        )
    if task not in having:
        others = f"; forms are answered by {', '.join(having)}" if having else ""
        raise UsageError(f"the published run of {task} has no form{others}", hint="Name a task that has one.")
    run = runs[task]
    if run.about["use"] == "do not use":
        raise UsageError(
            f"the published run of {task} is marked do not use",
            hint="Read its page, then run the task again.",
        )
    with readable(run):
        model = load(run.folder / FOLDER)
        model.answer({})  # the first answer builds what the others use: that belongs to loading
    return PublishedForm(run, model)
