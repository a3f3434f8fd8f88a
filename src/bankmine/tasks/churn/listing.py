"""The one list of the study: each customer worth keeping, what shows, how soon, and the action allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bankmine.customers.conditions import WORDS, Conditions
from bankmine.tasks.churn.lead_time import FALSE_ALARMS
from bankmine.tasks.churn.timing import WEAK, Coming
from bankmine.tasks.contract import Ints
from bankmine.tasks.study import Asked, Block, Shape

MOST = 1_000


def shown(days: int, ahead: Coming | None) -> dict[str, Shape]:
    """The columns a page shows; leaving is foretold `days` ahead.

    The chance within a year is shown of each person only where it ranks persons well enough (see `WEAK`).
    """
    year = {"within_a_year": Shape("Within a year", "share")} if ranks_persons(ahead) else {}
    return {
        "customer_id": Shape("Customer", "key"),
        "conditions": Shape("Conditions"),
        "probability": Shape(f"Chance in {days} days", "share"),
        **year,
        "stake_minor": Shape("At stake", "money"),
        "at_risk_minor": Shape("At risk", "money"),
        "signs": Shape("Signs"),
        "step": Shape("Next step"),
    }


def ranks_persons(ahead: Coming | None) -> bool:
    """Whether the coming months may be read of single persons."""
    return ahead is not None and ahead.figures["concordance"] >= WEAK


def leavers(
    main: Asked, block: Block, signs: Sequence[Asked], states: Conditions, ahead: Coming | None
) -> Any:
    """The first MOST customers by money at risk as an Arrow table; `signs` are further questions' answers."""
    import pyarrow as pa

    decision, rows = block.decision, main.rows
    order = np.lexsort([rows.column("subject_id").to_numpy(), np.asarray(decision.order, np.float64)])[:MOST]
    customers = rows.column("customer_id").to_numpy()[order]
    shows = _signs_of(customers, signs)
    grade, unknown = [decision.grade[one] for one in order], pa.nulls(len(order), pa.float64())
    return pa.table(
        {
            "rank": np.arange(1, len(order) + 1),
            "customer_id": customers,
            "conditions": [_words(states.of(int(who))) for who in customers],
            "probability": main.probability[order],
            "within_a_year": unknown if ahead is None else ahead.within_a_year[order],
            "months_lost": unknown if ahead is None else ahead.months_lost[order],
            "stake_minor": rows.column("value_minor").to_numpy()[order],
            "at_risk_minor": np.asarray(decision.value, dtype=np.float64)[order],
            "signs": shows,
            "grade": grade,
            "step": [decision.actions[one] for one in grade],
        }
    )  # fmt: skip


def _words(conditions: Sequence[str]) -> str:
    return ", ".join(WORDS.get(one, one) for one in conditions)


def _signs_of(customers: Ints, signs: Sequence[Asked]) -> list[str]:
    """The questions in whose list's first twentieth each customer is, as words."""
    found: list[list[str]] = [[] for _ in customers]
    for asked in signs:
        cut = np.quantile(asked.ranking, 1 - FALSE_ALARMS) if len(asked.ranking) else np.inf
        high = set(asked.rows.column("customer_id").to_numpy()[asked.ranking > cut].tolist())
        for place, who in enumerate(customers.tolist()):
            if who in high:
                found[place].append(asked.title.lower())
    return [", ".join(one) for one in found]
