"""The runner: every task the same way, from feasibility to a run folder.

    feasibility ─▶ population ─▶ labels ─▶ features ─▶ tune, test ─▶ honesty ─▶ score ─▶ explain ─▶ write

Nothing is written before the last stage; a run whose honesty tests fail is not written at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.lifecycle import store
from bankmine.lifecycle.material import Material, check_feasible, label_rows, refuse_immature
from bankmine.lifecycle.run import FORMAT, Run, load_run
from bankmine.tasks.contract import Bank, Plan, Task
from bankmine.tasks.population import check_cutoff
from bankmine.tasks.registry import find_task

Progress = Callable[[str, int, int], None]
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
    )
    results = results_folder or (folder or warehouse.folder.parent) / "results"
    name = store.run_id(
        fingerprint=warehouse.fingerprint, task=task.name, own_code=_own_code(task), settings=settings,
        seed=seed, cutoff=at,
    )  # fmt: skip
    if (results / task.name / name / "metrics.json").exists():
        return load_run(results / task.name / name)
    return Runner(task, bank, results, name, progress or _silent).run()


class Runner:
    """One execution of a task."""

    def __init__(self, task: Task, bank: Bank, results: Path, name: str, progress: Progress) -> None:
        self.task, self.bank, self.results, self.name = task, bank, results, name
        self._progress = progress

    def run(self) -> Run:
        """All stages; the folder appears at the end or not at all."""
        self._stage("feasibility")
        plan = self.task.plan(self.bank)
        with store.new_folder(self.results, self.task.name, self.name) as (folder, scratch):
            self._stage("population")
            rows = self.task.population(self.bank, plan)
            refuse_immature(self.task, self.bank, rows, plan)
            truth, known_at = label_rows(self.task, self.bank, rows)
            counts = check_feasible(self.task, rows, truth, known_at, plan)
            self._stage("features")
            material = self._material(rows, truth, known_at)
            carry_out = _way(self.task, self.bank)
            about = self._about(plan, counts, material)
            about |= carry_out(self.task, self.bank, material, plan, folder, scratch, self._stage)
            self._stage("writing")
            self._write(folder, about, material)
        return load_run(self.results / self.task.name / self.name)

    def _material(self, rows: Any, truth: Any, known_at: Any) -> Material:
        from bankmine.customers.matrix import matrix, report_of

        names = self.task.features(self.bank)
        made = matrix(
            self.bank.warehouse, rows, names, catalogue=self.task.catalogue(self.bank),
            maximum_staleness=self.bank.maximum_staleness, memory=self.bank.memory,
            threads=self.bank.threads,
        )  # fmt: skip
        report = report_of(made)
        self.bank.note("features", report.statements)
        self._described = report.features
        return Material(
            rows=rows,
            features=made.select(list(names)),
            names=tuple(names),
            units={name: one["unit"] for name, one in report.features.items()},
            sentences={name: one["sentence"] for name, one in report.features.items()},
            truth=truth,
            known_at=known_at,
        )

    def _about(self, plan: Plan, counts: Mapping[str, Any], material: Material) -> dict[str, Any]:
        """What is said of every run, whatever the task."""
        task, bank, zone = self.task, self.bank, self.bank.warehouse.zone
        cutoffs = [zone.show(int(one)) for one in np.unique(material.cutoffs)[:48]] if plan.cutoffs else []
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
            "horizon": task.horizon_words,
            "goal": {
                "question": goal.question, "success": goal.success, "owner": goal.owner, "use": goal.use,
                "plan": goal.plan,
            },
            "feasibility": dict(counts),
            "needs": {
                "tables": list(task.needs.tables),
                "used": [name for name in task.needs.usable if bank.warehouse.has(name)],
                "left_out": [name for name in task.needs.usable if not bank.warehouse.has(name)],
            },
            "plan": {"sentence": plan.sentence, "cutoffs": cutoffs},
            "settings": dict(bank.settings),
            "seed": bank.seed,
            "versions": store.versions(),
            "code": store.code_version(),
            "manifest": bank.warehouse.fingerprint,
        }  # fmt: skip

    def _write(self, folder: Path, about: dict[str, Any], material: Material) -> None:
        from bankmine.lifecycle.card import model_card

        weights: Mapping[str, float] = about.pop("weights", {})
        described = [
            {"name": name, **self._described[name], "weight": weights.get(name)} for name in material.names
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


def _way(task: Task, bank: Bank) -> Callable[..., dict[str, Any]]:
    """How the middle of the run goes: with labels, or without."""
    if task.rule(bank) is not None:
        from bankmine.lifecycle.labelled import carry_out
    else:
        from bankmine.lifecycle.clusters import carry_out
    return carry_out


def _own_code(task: Task) -> str:
    """A hash of a bank's own task file; empty for shipped tasks, whose code is bankmine's."""
    import sys

    module = sys.modules.get(type(task).__module__)
    file = getattr(module, "__file__", None)
    if file is None or Path(file).is_relative_to(Path(__file__).parents[1]):
        return ""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]


def _silent(stage: str, done: int, total: int) -> None:
    """No progress shown."""
