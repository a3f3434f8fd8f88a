"""The workplace of a study: its questions asked the whole honest way, its matrices made once.

Several questions of one study look at the same customers at the same cutoffs. A `Shelf` keeps each row of a
matrix once, whatever the question that asked for it first; so a dozen questions cost one matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.lifecycle import honesty
from bankmine.lifecycle.labelled import ask as ask_question
from bankmine.lifecycle.material import (
    CUTOFF,
    SEQUENCE,
    Material,
    check_feasible,
    fewer_learnt,
    fewer_tested,
    label_rows,
    refuse_immature,
)
from bankmine.lifecycle.run import Run
from bankmine.tasks.contract import Bank, Ints, Plan, Task
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked, Refused

Key = tuple[Any, ...]


def material_of(task: Task, bank: Bank, plan: Plan, matrix: Callable[..., Any]) -> tuple[Material, Any, Any]:
    """Rows, labels and features of a task; with the counts that feasibility asks for, and the report.

    Feasibility of what is learnt from is judged before rows are left out for the budget's sake; of what is
    tested, after, for that is what the figures rest on.
    """
    rows, weight = fewer_tested(task, task.population(bank, plan), plan, bank)
    refuse_immature(task, bank, rows, plan)
    truth, known_at = label_rows(task, bank, rows)
    counts = check_feasible(task, rows, truth, known_at, plan)
    kept, weight = fewer_learnt(task, rows, plan, bank, truth, weight)
    if len(kept) < rows.num_rows:
        counts["rows_learnt_from_and_tested"] = len(kept)
        rows, truth, known_at = rows.take(kept), truth[kept], known_at[kept]
    names = tuple(task.features(bank))
    made, described = matrix(rows, names, task.catalogue(bank))
    units = {name: described[name]["unit"] for name in names}
    if SEQUENCE in units.values():
        made = made.append_column(CUTOFF, rows.column(CUTOFF))
    material = Material(
        rows=rows, features=made, names=names, truth=truth, known_at=known_at, units=units,
        sentences={name: described[name]["sentence"] for name in names},
        weight=None if (weight == 1).all() else weight,
    )  # fmt: skip
    return material, counts, described


class Workplace:
    """What the runner gives a study (`tasks.study.Work`).

    `asked` and `refused` are the questions so far; `described` the features used, by name.
    """

    def __init__(
        self,
        task: Task,
        bank: Bank,
        folder: Path,
        scratch: Path,
        stage: Callable[[str], None],
        before: Run | None = None,
        published: Mapping[str, Run] | None = None,
    ) -> None:
        self.bank = bank
        self.asked: list[Asked] = []
        self.refused: list[Refused] = []
        self.described: dict[str, Any] = {}
        self.tests: list[dict[str, Any]] = []
        self._task, self._folder, self._scratch, self._stage = task, folder, scratch, stage
        self._before = before
        self._published = dict(published or {})
        self._shelves: dict[Key, _Shelf] = {}
        self._tested: dict[Key, list[honesty.Outcome]] = {}

    def stage(self, name: str) -> None:
        """Tells the progress which part begins."""
        self._stage(name)

    def matrix(self, rows: Any, names: Sequence[str], *, catalogue: Any = None) -> Any:
        """The features of the rows; computed only for rows no one has asked for yet."""
        chosen = catalogue or self._task.catalogue(self.bank)
        return self.features(rows, tuple(names), chosen)[0]

    def ask(self, question: Task) -> Asked:
        """A labelled question, asked the whole honest way; its model lies in questions/<name>/."""
        bank = replace(self.bank, statements={})
        self._stage(question.name)
        plan = question.plan(bank)
        material, counts, _ = material_of(question, bank, plan, self.features)
        catalogue = question.catalogue(bank)
        key = _key(material.rows, material.names, catalogue)
        asked = ask_question(
            question, bank, material, plan, self._folder / "questions" / question.name,
            stage=lambda name: None, counts=counts,
            feature_tests=lambda rows: self._feature_tests(key, question, bank, material, rows),
        )  # fmt: skip
        self._keep(asked, bank)
        return asked

    def try_ask(self, question: Task) -> Asked | Refused:
        """The same; what the data do not allow comes back as refused."""
        try:
            return self.ask(question)
        except FeasibilityError as error:
            refused = Refused(question.name, question.title, f"{error.what}. {error.hint}".strip())
            self.refused.append(refused)
            return refused

    def feature_tests(self, rows: Any, names: Sequence[str], *, catalogue: Any = None) -> None:
        """Truncation and future poison for a matrix that no question has tested."""
        chosen = catalogue or self._task.catalogue(self.bank)
        made, described = self.features(rows, tuple(names), chosen)
        none = np.zeros(rows.num_rows, dtype=np.int64)
        material = Material(
            rows=rows, features=made, names=tuple(names), truth=none.astype(np.bool_), known_at=none,
            units={name: described[name]["unit"] for name in names}, sentences={},
        )  # fmt: skip
        key = _key(rows, material.names, chosen)
        outcomes = self._feature_tests(key, self._task, self.bank, material, np.arange(rows.num_rows))
        self._add_tests("", [vars(one) for one in outcomes])

    def passed(self, test: str, sentence: str) -> None:
        """Notes a test that the study made of its own learning."""
        self._add_tests("", [{"name": test, "passed": True, "sentence": sentence}])

    def previous(self) -> Run | None:
        """The task's newest kept run of an earlier cutoff."""
        return self._before

    def published(self, task: str) -> Run | None:
        """The published run of another task that this one reads."""
        return self._published.get(task)

    def _keep(self, asked: Asked, bank: Bank) -> None:
        self.asked.append(asked)
        for name, text in bank.statements.items():
            self.bank.statements[f"{asked.name}.{name}"] = text
        self._add_tests(asked.name, asked.tests)

    def _add_tests(self, question: str, tests: Sequence[Mapping[str, Any]]) -> None:
        for test in tests:
            name = test["name"] if test["name"] in SHARED or not question else f"{question}: {test['name']}"
            one = {**test, "name": name}
            if one not in self.tests:
                self.tests.append(one)

    def _feature_tests(
        self, key: Key, task: Task, bank: Bank, material: Material, rows: Ints
    ) -> list[honesty.Outcome]:
        """Once for each set of features: they are the same features whatever the question."""
        if key not in self._tested:
            folder = self._scratch / f"copies-{len(self._tested)}"
            folder.mkdir()
            self._tested[key] = honesty.feature_tests(task, bank, material, rows, folder)
        return list(self._tested[key])

    def features(self, rows: Any, names: tuple[str, ...], catalogue: Any) -> tuple[Any, dict[str, Any]]:
        """The matrix, and what each feature is."""
        key = _key(rows, names, catalogue)
        shelf = self._shelves.setdefault(key, _Shelf(names))
        missing = shelf.missing(rows)
        if len(missing) or shelf.table is None:
            from bankmine.customers.matrix import matrix, report_of

            bank, asked = self.bank, rows.take(missing)
            made = matrix(
                bank.warehouse, asked, names, catalogue=catalogue, memory=bank.memory, threads=bank.threads,
                maximum_staleness=bank.maximum_staleness,
            )  # fmt: skip
            report = report_of(made)
            bank.note("features", report.statements)
            shelf.add(asked, made.select(list(names)), report.features)
            self.described |= report.features
        return shelf.take(rows), shelf.described


SHARED = ("truncation", "future poison")


def _key(rows: Any, names: Sequence[str], catalogue: Any) -> Key:
    """Rows of one kind of subject and the same features lie on one shelf."""
    kinds = rows.column("subject_kind").unique().to_pylist()
    return (*kinds, tuple(names), catalogue.version)


@dataclass
class _Shelf:
    """Rows of a matrix by (cutoff, subject), as they came; transactions also by seq through their id."""

    names: tuple[str, ...]
    table: Any = None

    def __post_init__(self) -> None:
        self.described: dict[str, Any] = {}
        self._places: dict[int, tuple[Ints, Ints]] = {}

    def missing(self, rows: Any) -> Ints:
        """Positions of the rows that are not on the shelf, the first of equal ones only."""
        subjects, cutoffs = _who(rows)
        absent = np.flatnonzero(self._find(subjects, cutoffs) < 0)
        _, first = np.unique(np.stack([cutoffs[absent], subjects[absent]]), axis=1, return_index=True)
        return np.sort(absent[first])

    def add(self, rows: Any, features: Any, described: Mapping[str, Any]) -> None:
        """Puts rows that were missing onto the shelf."""
        import pyarrow as pa

        begin = 0 if self.table is None else self.table.num_rows
        self.table = features if self.table is None else pa.concat_tables([self.table, features])
        self.described |= described
        subjects, cutoffs = _who(rows)
        for at in np.unique(cutoffs):
            here = np.flatnonzero(cutoffs == at)
            known, places = self._places.get(int(at), (np.zeros(0, np.int64), np.zeros(0, np.int64)))
            known, places = np.concatenate([known, subjects[here]]), np.concatenate([places, here + begin])
            order = np.argsort(known, kind="stable")
            self._places[int(at)] = (known[order], places[order])

    def take(self, rows: Any) -> Any:
        """The features of the rows, in their order."""
        assert self.table is not None
        places = self._find(*_who(rows))
        if len(places) == self.table.num_rows and (places == np.arange(len(places))).all():
            return self.table
        return self.table.take(places)

    def _find(self, subjects: Ints, cutoffs: Ints) -> Ints:
        found = np.full(len(subjects), -1, dtype=np.int64)
        for at in np.unique(cutoffs):
            if int(at) not in self._places:
                continue
            known, places = self._places[int(at)]
            here = np.flatnonzero(cutoffs == at)
            place = np.searchsorted(known, subjects[here]).clip(max=len(known) - 1)
            hit = known[place] == subjects[here]
            found[here[hit]] = places[place[hit]]
        return found


def _who(rows: Any) -> tuple[Ints, Ints]:
    subjects = np.asarray(rows.column("subject_id").to_numpy(), dtype=np.int64)
    return subjects, micros(rows.column("cutoff"))
