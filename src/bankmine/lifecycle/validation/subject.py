"""What is validated: the candidate in use of one labelled question, with its test rows and whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.civil import Zone
from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.grading import independent_rows
from bankmine.lifecycle.evidence import Evidence, read_evidence, units_of
from bankmine.lifecycle.run import Run
from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.sql import micros


@dataclass(frozen=True)
class Subject:
    """A question of a run; `figures` as the run has them, `folder` where its model and evidence lie.

    `units` are the keys of what is independent of each other (customers), one a test row.
    """

    run: Run
    name: str
    title: str
    figures: Mapping[str, Any]
    folder: Path
    evidence: Evidence
    zone: Zone

    @property
    def use(self) -> str:
        """The candidate in use."""
        return str(self.figures["use"])

    @cached_property
    def truth(self) -> Truth:
        """What came true of each test row."""
        return np.asarray(self.evidence.column("came_true"), dtype=np.bool_)

    @cached_property
    def probability(self) -> Floats:
        """The chance given to each test row before."""
        return np.asarray(self.evidence.column("probability"), dtype=np.float64)

    @cached_property
    def rank(self) -> Floats:
        """Each test row's rank by the candidate in use."""
        return self.evidence.rank_of(self.use)

    @cached_property
    def units(self) -> Ints:
        """The customer of each test row, else the subject."""
        return units_of(self.evidence.tested)

    @cached_property
    def owners(self) -> Ints:
        """The customer of each test row, 0 where it has none."""
        return np.asarray(self.evidence.tested.column("customer_id").fill_null(0).to_numpy(), dtype=np.int64)

    @cached_property
    def cutoffs(self) -> Ints:
        """Cutoff of each test row, µs."""
        return micros(self.evidence.tested.column("cutoff"))

    @cached_property
    def alone(self) -> Ints:
        """Positions of at most one test row a customer, each row as likely: rows that are independent."""
        return independent_rows(self.units)

    @property
    def adverse(self) -> bool:
        """Whether a high chance works against the customer, as the task's goal says.

        UsageError where the run is too old to say it.
        """
        said = self.run.about["goal"].get("adverse")
        if said is None:
            raise UsageError(
                f"the run {self.run.run_id} does not say whether a high chance works against the customer",
                hint="It is of an older bankmine: run the task again.",
            )
        return bool(said)

    @property
    def repeated(self) -> bool:
        """Whether customers have several test rows."""
        return self.customers < len(self.units)

    @cached_property
    def customers(self) -> int:
        """How many customers the test rows are of."""
        return len(np.unique(self.units))

    def months(self) -> list[tuple[str, Truth]]:
        """Each civil month of test cutoffs by its first day, and which rows are its own."""
        each, place = np.unique(self.cutoffs, return_inverse=True)
        month = np.array([f"{self.zone.show(int(at))[:7]}-01" for at in each], dtype=str)[place]
        return [(str(one), month == one) for one in np.unique(month)]


def subject_of(run: Run, question: str | None, zone: Zone) -> Subject:
    """The question of a run, or the score that a study learns beside its questions.

    UsageError where the task has none, or several and none of that name; FeasibilityError where too little
    was tested.
    """
    figures, about = run.figures, run.about
    if "candidates" in figures:
        if question is not None:
            raise UsageError(
                f"{run.task} asks one question, not {question!r}", hint="Leave the question out."
            )
        return Subject(run, "", about["title"], figures, run.folder, read_evidence(run.folder), zone)
    if question is None and (said := figures.get("validated")):
        title = f"{about['title']}: {said['title']}"
        return Subject(run, "", title, said, run.folder, read_evidence(run.folder), zone)
    asked = {one["name"]: one for one in figures.get("questions", [])}
    if not asked and "not_validated" in figures:
        raise FeasibilityError(
            f"{run.task} tested too little to validate: {figures['not_validated']}",
            hint="Load a longer period or more customers, and run the task again.",
        )
    if not asked:
        raise UsageError(
            f"{run.task} has no labelled question to validate",
            hint="Its own page judges what it learns; validate a task that asks labelled questions, such as "
            "inactivity or churn. Where an older bankmine made the run, run the task again.",
        )
    if question not in asked and not (question is None and len(asked) == 1):
        said = f"no question {question!r}" if question else "several questions"
        raise UsageError(f"{run.task} has {said}", hint=f"Name one of them: {', '.join(asked)}.")
    name = question or next(iter(asked))
    folder = run.folder / "questions" / name
    one = asked[name]
    title = f"{about['title']}: {one['title']}"
    return Subject(run, name, title, one, folder, read_evidence(folder), zone)
