"""The lists of the study: loans by expected loss, and loans whose schedule must be repaired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bankmine.tasks.behaviour_score.rows import day_of
from bankmine.tasks.behaviour_score.schedules import WORDS, Events, first_seen
from bankmine.tasks.contract import Bank, Scored, Task, Truth
from bankmine.tasks.flags import FLAGS, conditions_at, with_flags
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked, Block, Kept, Shape

MOST = 1_000


def today(bank: Bank, question: Task, asked: Asked) -> Block:
    """The rows of the run's cutoff as a block, with their own decision: ranks and sums count them alone."""
    import pyarrow as pa

    here = micros(asked.rows.column("cutoff")) == bank.cutoff
    if here.all():
        return asked.block()
    mask = pa.array(here)
    rows, places = asked.rows.filter(mask), np.flatnonzero(here)
    scored = Scored(rows=rows, probability=asked.probability[here], ranking=asked.ranking[here])
    reasons = asked.reasons
    chosen = [reasons[int(one)] for one in places] if isinstance(reasons, list) else reasons.filter(mask)
    return Block(
        question=asked.name, rows=rows, decision=question.decide(bank, scored),
        probability=scored.probability, reasons=chosen,
    )  # fmt: skip


def by_loss(bank: Bank, block: Block, *, subject: str, owed: str) -> Kept:
    """The first MOST rows of a block by expected loss, with the conditions of their customers in words."""
    import pyarrow as pa

    order = np.argsort(np.asarray(block.decision.order, dtype=np.float64), kind="stable")[:MOST]
    rows = block.rows.take(order)
    key = f"{subject}_id"
    assert block.probability is not None
    table = pa.table(
        {
            "rank": np.arange(1, len(order) + 1), key: rows.column("subject_id"),
            "customer_id": rows.column("customer_id"), "probability": block.probability[order],
            "owed_minor": rows.column("value_minor"),
            "loss_minor": np.asarray(block.decision.value, dtype=np.float64)[order].astype(np.int64),
            "grade": [block.decision.grade[int(one)] for one in order],
        }
    )  # fmt: skip
    columns = {
        key: Shape(subject.capitalize(), "key"), "customer_id": Shape("Customer", "key"), "flags": FLAGS,
        "probability": Shape("Chance", "share"), "owed_minor": Shape(owed, "money"),
        "loss_minor": Shape("Expected loss", "money"), "grade": Shape("Grade"),
    }  # fmt: skip
    return Kept(
        table=with_flags(table, conditions_at(bank)), title=f"{subject.capitalize()}s by expected loss",
        columns=columns,
        sentence="Chance × what is owed × the stated loss share; the grade goes by the chance alone.",
    )  # fmt: skip


def contradictory(
    bank: Bank, events: Events, broken: Mapping[str, Truth]
) -> tuple[Kept | None, dict[str, Any]]:
    """Loans whose events contradict each other, with the rules they break; and how many break each."""
    import pyarrow as pa

    loans, since = first_seen(events, broken)
    by_rule = {name: np.unique(events.loan[hit]) for name, hit in broken.items()}
    figures = {
        "loans": len(np.unique(events.loan)), "contradictory": len(loans),
        "by_rule": {WORDS[name]: len(found) for name, found in by_rule.items()},
    }  # fmt: skip
    if not len(loans):
        return None, figures
    table = pa.table(
        {
            "loan_id": loans, "since": [day_of(bank, int(one)) for one in since],
            "rules": [
                ", ".join(WORDS[name] for name, found in by_rule.items() if one in found) for one in loans
            ],
        }
    )  # fmt: skip
    columns = {
        "loan_id": Shape("Loan", "key"),
        "since": Shape("Since", "day"),
        "rules": Shape("Contradiction"),
    }
    return Kept(
        table=table, title="Schedules that contradict themselves", columns=columns,
        sentence="Neither learnt from nor scored since, in no vintage and no roll rate: repair the source.",
    ), figures  # fmt: skip
