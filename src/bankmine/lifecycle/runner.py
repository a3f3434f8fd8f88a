"""The runner: every task the same way, from feasibility to a run folder.

    feasibility ─▶ population ─▶ labels ─▶ features ─▶ tune, test ─▶ honesty ─▶ score ─▶ explain ─▶ write

Nothing is written before the last stage; a run whose honesty tests fail is not written at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.warehouse import Warehouse
from bankmine.config import USUAL, Config
from bankmine.customers.conditions import Conditions, conditions
from bankmine.errors import ConfigurationError
from bankmine.lifecycle import store
from bankmine.lifecycle.answers import keep_tables, plan_sentence, study_about
from bankmine.lifecycle.cards import keep_card
from bankmine.lifecycle.publishing import published
from bankmine.lifecycle.run import FORMAT, Run, load_run
from bankmine.lifecycle.workplace import Workplace, material_of
from bankmine.tasks.contract import Bank, Plan, Task
from bankmine.tasks.population import check_cutoff, coverage
from bankmine.tasks.registry import find_task
from bankmine.tasks.study import Block, Study

Progress = Callable[[str, int, int], None]
SHOWN_CUTOFFS = 48
STAGES = ("feasibility", "population", "features", "model", "honesty", "scores", "writing")


def run_task(
    warehouse: Warehouse,
    config: Config | None,
    task_name: str,
    *,
    cutoff: str | int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    results_folder: Path | None = None,
) -> Run:
    """Runs one task and returns the finished run; an equal run that is already there is returned as it is.

    `cutoff` is a civil date of the bank (its midnight) or µs; by default the earliest end of coverage of the
    tables the task needs (or `cutoff` of the task's settings). `progress(stage, done, total)` is called as
    stages begin. `results_folder` defaults to `results` in the bank's folder.

    UsageError for an unknown task, ConfigurationError for a setting it does not have, CutoffError for a
    cutoff outside the data, FeasibilityError where there is too little data (with the numbers; nothing was
    fitted), LeakError where an honesty test fails.
    """
    folder = config.folder if config else None
    task = find_task(task_name, folder)
    settings = dict(config.tasks.get(task.name, {})) if config else {}
    task.check_settings(settings)
    if cutoff is None:
        cutoff = task.default_cutoff(settings, warehouse.zone)
    at = check_cutoff(warehouse, task.needs, cutoff)
    bank = Bank(
        warehouse=warehouse,
        cutoff=at,
        settings=settings,
        memory=config.memory if config else "1GB",
        threads=config.threads if config else 2,
        maximum_staleness=config.maximum_staleness if config else None,
        seed=seed,
        budget=config.budget if config else USUAL,
    )
    results = results_folder or (folder or warehouse.folder.parent) / "results"
    before = _before(results / task.name, at) if isinstance(task, Study) and task.remembers else None
    read = _read(task, results, at)
    name = store.run_id(
        fingerprint=warehouse.fingerprint, task=task.name, own_code=_own_code(task, bank), settings=settings,
        seed=seed, cutoff=at, budget=bank.budget.name, before=before.run_id if before else None,
        read={name: run.run_id for name, run in read.items()},
    )  # fmt: skip
    if (results / task.name / name / "metrics.json").exists():
        return load_run(results / task.name / name)
    return Runner(task, bank, results, name, progress or _silent, before, read).run()


class Runner:
    """One execution of a task."""

    def __init__(
        self, task: Task, bank: Bank, results: Path, name: str, progress: Progress, before: Run | None = None,
        read: Mapping[str, Run] | None = None,
    ) -> None:  # fmt: skip
        self.task, self.bank, self.results, self.name = task, bank, results, name
        self._progress, self._before, self._read = progress, before, dict(read or {})
        self._described: dict[str, Any] = {}

    def run(self) -> Run:
        """All stages; the folder appears at the end or not at all."""
        self._stage("feasibility")
        with store.new_folder(self.results, self.task.name, self.name) as (folder, scratch):
            work = Workplace(self.task, self.bank, folder, scratch, self._tell, self._before, self._read)
            carry_out = self._study if isinstance(self.task, Study) else self._question
            about, blocks = carry_out(work, folder, scratch)
            self._stage("writing")
            self._write(folder, about, blocks)
        return load_run(self.results / self.task.name / self.name)

    @cached_property
    def _conditions(self) -> Conditions:
        """What restrains dealing with each customer, as known at the run's cutoff."""
        bank = self.bank
        known = conditions(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads)
        bank.note("flags", known.statements)
        return known

    def _question(
        self, work: Workplace, folder: Path, scratch: Path
    ) -> tuple[dict[str, Any], Sequence[Block]]:
        """A task that asks one labelled question."""
        from bankmine.lifecycle.labelled import carry_out

        if self.task.rule(self.bank) is None:
            raise ConfigurationError(
                f"the task {self.task.name} has no label and is no study",
                hint="Give it a label rule, or make it a Study (bankmine.tasks.study) and override `study`.",
            )
        plan = self.task.plan(self.bank)
        self._stage("population")
        material, counts, self._described = material_of(self.task, self.bank, plan, work.features)
        about = self._about(plan, counts, np.unique(material.cutoffs) if plan.cutoffs else ())
        own, blocks = carry_out(self.task, self.bank, material, plan, folder, scratch, self._stage)
        return about | own, blocks

    def _study(self, work: Workplace, folder: Path, scratch: Path) -> tuple[dict[str, Any], Sequence[Block]]:
        """A task of several questions and analyses."""
        task, bank = self.task, self.bank
        assert isinstance(task, Study)
        coverage(bank.warehouse, task.needs)
        answer = task.study(work)
        if task.sells:
            from bankmine.lifecycle.scores import kept_out

            answer = replace(answer, blocks=kept_out(answer.blocks, self._conditions))
        self._described = dict(sorted(work.described.items()))
        plan = Plan(score=(bank.cutoff, bank.cutoff + 1), sentence=plan_sentence(work, bank))
        counts = {"questions": len(work.asked), "refused": len(work.refused)}
        about = self._about(plan, counts, ())
        own = study_about(task, work, answer)
        keep_tables(answer, folder)
        if answer.form is not None:
            from bankmine.mining.files import save

            save(answer.form, folder / "form")
        if answer.card is not None:
            keep_card(answer.card, folder)
        return about | own, answer.blocks

    def _about(self, plan: Plan, counts: Mapping[str, Any], cutoffs: Any) -> dict[str, Any]:
        """What is said of every run, whatever the task."""
        task, bank, zone = self.task, self.bank, self.bank.warehouse.zone
        shown = [zone.show(int(one)) for one in cutoffs[:SHOWN_CUTOFFS]]
        goal = task.aim(bank)
        return {
            "format": FORMAT,
            "run_id": self.name,
            "task": task.name,
            "title": task.title,
            "sentence": task.sentence,
            "cutoff": zone.show(bank.cutoff),
            "cutoff_us": bank.cutoff,
            "currency": bank.warehouse.currency,
            "subject_kind": task.needs.subject_kind,
            "horizon": task.horizon(bank),
            "goal": {
                "question": goal.question, "success": goal.success, "owner": goal.owner, "use": goal.use,
                "plan": goal.plan, "adverse": goal.adverse,
            },
            "feasibility": dict(counts),
            "needs": {
                "tables": list(task.needs.tables),
                "used": [name for name in task.needs.usable if bank.warehouse.has(name)],
                "left_out": [name for name in task.needs.usable if not bank.warehouse.has(name)],
            },
            "plan": {"sentence": plan.sentence, "cutoffs": shown},
            "settings": dict(bank.settings),
            "read": {name: run.run_id for name, run in self._read.items()},
            "seed": bank.seed,
            "versions": store.versions(),
            "code": store.code_version(),
            "manifest": bank.warehouse.fingerprint,
        }  # fmt: skip

    def _write(self, folder: Path, about: dict[str, Any], blocks: Sequence[Block]) -> None:
        from bankmine.lifecycle.card import model_card
        from bankmine.lifecycle.scores import block_table, write_scores

        task = self.task
        table = block_table(task.name, task.horizon(self.bank), blocks, self._conditions)
        write_scores(table, folder / "scores.parquet")
        weights: Mapping[str, float] = about.pop("weights", {})
        described = [
            {"name": name, **one, "weight": weights.get(name)} for name, one in self._described.items()
        ]
        about["summary"] = self.task.summary(self.bank, about["figures"])
        store.write_json(folder / "features.json", described)
        store.write_json(
            folder / "versions.json",
            {key: about[key] for key in ("versions", "code", "seed", "manifest", "settings", "cutoff")},
        )
        (folder / "sql").mkdir()
        for name, text in self.bank.statements.items():
            (folder / "sql" / f"{name}.sql").write_text(text + "\n", encoding="utf-8", newline="\n")
        (folder / "card.md").write_text(
            model_card(store.tidy(about), described), encoding="utf-8", newline="\n"
        )
        store.write_json(folder / "metrics.json", about)

    def _stage(self, name: str) -> None:
        self._progress(name, STAGES.index(name), len(STAGES))

    def _tell(self, name: str) -> None:
        """A study's own parts: how many there will be is not known."""
        self._progress(name, 0, 0)


def _before(home: Path, cutoff: int) -> Run | None:
    """The newest kept run that looks at an earlier cutoff; of two at the same one the later by name."""
    runs = []
    for file in sorted(home.glob("*/metrics.json")):
        run = load_run(file.parent)
        if int(run.about["cutoff_us"]) < cutoff:
            runs.append(run)
    return max(runs, key=lambda run: (run.about["cutoff_us"], run.run_id), default=None)


def _read(task: Task, results: Path, cutoff: int) -> dict[str, Run]:
    """The published runs of the tasks it reads, as far as they look at no later cutoff."""
    names = task.reads if isinstance(task, Study) else ()
    found = {name: published(results, name) for name in names}
    return {name: run for name, run in found.items() if run is not None and run.cutoff_us <= cutoff}


def _own_code(task: Task, bank: Bank) -> str:
    """A hash of a bank's own task file and of other files of its own that the task reads; empty for shipped
    tasks without any, whose code is bankmine's."""
    import sys

    module = sys.modules.get(type(task).__module__)
    file, read = getattr(module, "__file__", None), task.depends_on(bank)
    if file is None or Path(file).is_relative_to(Path(__file__).parents[1]):
        return read
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] + read


def _silent(stage: str, done: int, total: int) -> None:
    """No progress shown."""
