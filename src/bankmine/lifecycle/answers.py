"""What a study's run says about itself, and the tables it keeps, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.lifecycle.honesty import Outcome, not_applicable
from bankmine.tasks.contract import Bank, Task
from bankmine.tasks.study import Answer, Asked, Kept, Study

if TYPE_CHECKING:
    from bankmine.lifecycle.workplace import Workplace


def study_about(task: Task, work: Workplace, answer: Answer) -> dict[str, Any]:
    """The part of metrics.json that only studies have."""
    rows = sum(one.rows.num_rows for one in answer.blocks)
    units = {one.decision.unit for one in answer.blocks}
    actions = dict(answer.actions)
    for one in answer.blocks:
        actions = {**one.decision.actions, **actions}
    most = max((one.model["rows"] for one in work.asked), default=0)
    return {
        "figures": {
            **answer.figures,
            "questions": [_question(one) for one in work.asked],
            "refused": [vars(one) for one in work.refused],
            "decision": {
                "rows": rows, "unit": units.pop() if len(units) == 1 else "value", "actions": actions,
                "summary": {"by_grade": _by_grade(answer)},
            },
        },
        "use": answer.use,
        "verdict": answer.verdict,
        "tests": [*work.tests, *map(vars, _label_tests_not_made(task, work))],
        "preparation": "",
        "model": {
            "candidate": "study", "settings": {}, "rows": most,
            "columns": len(work.described),
        },
        "tables": {name: _kept(one) for name, one in answer.tables.items()},
        "form": answer.form is not None,
        "weights": _weights(answer, work.asked),
    }  # fmt: skip


def _label_tests_not_made(task: Task, work: Workplace) -> list[Outcome]:
    """What a study says of the label tests it did not make."""
    beside = task.learns_beside if isinstance(task, Study) else ""
    if beside:
        made = {one["name"] for one in work.tests}
        return [one for one in not_applicable(beside) if one.name not in made]
    return [] if work.asked else not_applicable()


def keep_tables(answer: Answer, folder: Path) -> None:
    """Writes the tables into tables/, those of evidence beside it; equal tables give equal bytes."""
    from bankmine.lifecycle.scores import write_scores

    for name, table in answer.evidence.items():
        write_scores(table, folder / f"{name}.parquet")
    if not answer.tables:
        return
    (folder / "tables").mkdir()
    for name, one in answer.tables.items():
        write_scores(one.table, folder / "tables" / f"{name}.parquet")


def plan_sentence(work: Workplace, bank: Bank) -> str:
    """When the bank is looked at, by the study and by its questions."""
    shown = f"The bank is looked at on {bank.warehouse.zone.show(bank.cutoff)}."
    said = dict.fromkeys(one.plan.sentence for one in work.asked)
    return " ".join([shown, *said])


def _question(one: Asked) -> dict[str, Any]:
    return {
        "name": one.name, "title": one.title, "use": one.use, "verdict": one.verdict, "split": one.split,
        "counts": dict(one.counts), "model": dict(one.model), **one.figures,
    }  # fmt: skip


def _kept(one: Kept) -> Mapping[str, Any]:
    return {
        "title": one.title, "sentence": one.sentence, "shown": one.shown, "rows": one.table.num_rows,
        "columns": {name: vars(shape) for name, shape in one.columns.items()},
    }  # fmt: skip


def _by_grade(answer: Answer) -> dict[str, int]:
    """Rows by grade: of the study's own list where it says so, else of all blocks."""
    if answer.counts:
        return dict(answer.counts)
    counts: dict[str, int] = {}
    for block in answer.blocks:
        for grade in block.decision.grade:
            counts[grade] = counts.get(grade, 0) + 1
    return counts


def _weights(answer: Answer, asked: list[Asked]) -> dict[str, float]:
    """The answer's own weights, else each feature's mean share of the questions' answers."""
    total: dict[str, float] = dict(answer.weights)
    if total:
        return total
    for one in asked:
        for name, weight in one.weights.items():
            total[name] = total.get(name, 0.0) + weight / len(asked)
    return total
