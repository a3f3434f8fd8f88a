"""All lists of all tasks about customers: nobody to whom nothing may be sold is on one that sells.

What may stand on a list that does not sell (a portrait, a leaver, a customer's worth) shows the condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bankmine import lifecycle
from bankmine.customers.conditions import Conditions, conditions
from bankmine.folder import BankFolder
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.scores import KEEP_OUT
from bankmine.tasks.acquisition.expected import NOT
from bankmine.tasks.flags import FLAGGED
from bankmine.tasks.registry import find_task

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("simulated-selling")]

TASKS = ("acquisition", "behaviour", "churn", "classification", "cross_sell", "segmentation", "value")
# Lists somebody works through to sell: nobody barred is on them at all.
WORKED = {("behaviour", "needs"), ("cross_sell", "offers"), ("segmentation", "suggested")}
# Columns in which a list that does not sell says what stands against a customer.
SHOWN = ("flags", "conditions", "reason")
# Grades by which somebody is sold to, of tasks whose scores also describe: such a grade says "flagged".
DESCRIBES = {"value": ("rest",)}


def barred_rows(table: Any, known: Conditions) -> Iterator[dict[str, Any]]:
    """The rows of customers to whom nothing may be sold."""
    allowed = known.may_sell(table.column("customer_id").to_pylist())
    for row, may in zip(table.to_pylist(), allowed, strict=True):
        if row["customer_id"] is not None and not may:
            yield row


def faults_of_scores(task: str, sells: bool, scores: Any, known: Conditions) -> list[str]:
    """What is wrong with the scores, in words."""
    found = []
    for row in barred_rows(scores, known):
        if not row["flags"]:
            found.append(f"{task} {row['question']}: a barred customer without flags")
        if sells and row["grade"] != KEEP_OUT:
            found.append(f"{task} {row['question']}: a barred customer is graded {row['grade']}")
        plain = DESCRIBES.get(task)
        if plain is not None and row["grade"] not in plain and not row["grade"].endswith(FLAGGED):
            found.append(f"{task} {row['question']}: a barred customer is graded {row['grade']}")
    return found


def faults_of_table(task: str, name: str, table: Any, known: Conditions) -> list[str]:
    """What is wrong with a kept table, in words; one that names no customer cannot be wrong."""
    if "customer_id" not in table.column_names:
        return []
    found = []
    for row in barred_rows(table, known):
        if (task, name) in WORKED:
            found.append(f"{task} {name}: a barred customer is on a list to be worked")
        elif not any(row.get(column) for column in SHOWN):
            found.append(f"{task} {name}: nothing says what stands against a customer")
        if task == "acquisition" and row.get("grade", NOT) != NOT:
            found.append(f"{task} {name}: pursued through a barred customer")
        if row.get("may") == "yes":
            found.append(f"{task} {name}: a barred customer may be approached")
    return found


def faults(run: Run, known: Conditions) -> list[str]:
    """Everything wrong with a run's lists, in words."""
    found = faults_of_scores(run.task, find_task(run.task).sells, run.scores, known)
    for name in run.about["tables"]:
        found += faults_of_table(run.task, name, run.table(name), known)
    return found


@pytest.mark.parametrize("task", TASKS)
def test_nobody_to_whom_nothing_may_be_sold_is_on_a_list_that_sells(
    task: str, simulated: BankFolder, tmp_path: Path
) -> None:
    run = lifecycle.run_task(simulated.warehouse, simulated.config, task, results_folder=tmp_path)
    known = conditions(simulated.warehouse, int(run.about["cutoff_us"]))
    everybody = simulated.warehouse.read("customer", ["customer_id"]).column("customer_id").to_pylist()
    assert not known.may_sell(everybody).all()
    assert faults(run, known) == []


def test_the_walk_sees_a_barred_customer_on_a_worked_list_and_one_without_a_mark() -> None:
    import pyarrow as pa

    known = Conditions(flags={1: ("arrears",)}, consenting=None, statements=())
    bare = pa.table({"customer_id": [1], "flags": [""]})
    assert faults_of_table("segmentation", "suggested", bare, known)
    assert faults_of_table("segmentation", "members", bare, known)
    shown = pa.table({"customer_id": [1], "flags": ["in arrears"]})
    assert not faults_of_table("segmentation", "members", shown, known)
    sold = pa.table({"customer_id": [1], "flags": [["arrears"]], "question": ["q"], "grade": ["first"]})
    assert faults_of_scores("behaviour", True, sold, known)
    assert not faults_of_scores("churn", False, sold, known)
