"""What may follow a path: each need's own label at the cutoffs of the paths, and the end of the relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.engine.session import Session
from bankmine.tasks.behaviour.paths import Outcome
from bankmine.tasks.behaviour.steps import Walks
from bankmine.tasks.contract import Bank, Ints, Plan, Task
from bankmine.tasks.definitions import DEFINITIONS
from bankmine.tasks.sql import instants, micros

CLOSURE = DEFINITIONS["closure"]
APPLYING, CLOSING = ("application",), ("close_account",)
CLOSES, CLOSES_WORDS = "closure", "Ends the relation"


def cutoffs_of(plan: Plan, bank: Bank, rule: Any, *, every: int = 3) -> tuple[list[int], list[int]]:
    """Cutoffs that discover and cutoffs that test: the plan's test months, and before them, labels known at
    the first of those, every third month."""
    assert plan.test is not None
    test = [one for one in plan.cutoffs if plan.test.test_from <= one < plan.test.test_until]
    known = rule.known_at(np.array(plan.cutoffs, dtype=np.int64), bank.warehouse.zone)
    before = [one for one, at in zip(plan.cutoffs, known, strict=True) if at <= plan.test.test_from]
    return before[::-1][::every][::-1], test


def need_outcome(question: Task, words: str, bank: Bank, plan: Plan, walks: Walks, test_from: int) -> Outcome:
    """A need as its own question defines it, at the cutoffs of the walks."""
    at = tuple(int(one) for one in np.unique(walks.cutoff))
    rows = question.population(bank, replace(plan, cutoffs=at))
    truth, _ = question.label(bank, rows)
    place = walks.place(rows.column("customer_id").to_numpy(), micros(rows.column("cutoff")))
    inside = place >= 0
    place = place[inside]
    family = getattr(question, "family", "")
    return Outcome(
        question.name, words, place, truth[inside], walks.cutoff[place] >= test_from,
        own_pages=APPLYING if family else (), family=family,
    )  # fmt: skip


def closure_outcome(bank: Bank, walks: Walks, test_from: int) -> Outcome:
    """The end of the relation within 90 days, for all customers of the walks."""
    zone = bank.warehouse.zone
    ends = CLOSURE.rule.ends(walks.cutoff, zone)
    asked = pa.table(
        {
            "row_number": np.arange(len(walks.customer)), "customer_id": walks.customer,
            "subject_id": walks.customer, "cutoff": instants(walks.cutoff), "label_end": instants(ends),
            "first_day": _days(walks.cutoff, bank), "end_day": _days(ends, bank),
        }
    )  # fmt: skip
    with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
        session.register("asked_rows", asked)
        found = session.arrow(CLOSURE.sql)
        bank.note("paths.closure", session.statements)
    truth = np.asarray(found.column("label").to_numpy(zero_copy_only=False), dtype=np.bool_)
    every = np.arange(len(truth))
    return Outcome(CLOSES, CLOSES_WORDS, every, truth, walks.cutoff >= test_from, own_pages=CLOSING)


def _days(at: Ints, bank: Bank) -> Any:
    days = np.asarray(bank.warehouse.zone.to_local(at)) // 86_400_000_000
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def names(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """The words of each outcome."""
    return {one.name: one.words for one in outcomes}
