"""Persons and companies apart, and what was decided: whom the figures speak of, and whom they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import interval
from bankmine.tasks.contract import Bank, Tested
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
LEAST_BADS = 5  # bads of a kind below which its AUC would be noise
KINDS = (("person", "Persons"), ("company", "Companies"))


def by_kind(bank: Bank, tested: Tested, use: str) -> list[dict[str, Any]]:
    """AUC of the score in use among persons and among companies; None with fewer than five bads."""
    kinds = _kind_of(bank, tested.column("customer_id"))
    customers, made = tested.column("customer_id"), []
    for kind, words in KINDS:
        here = np.asarray(kinds == kind, dtype=np.bool_)
        figures: dict[str, Any] = {
            "kind": words, "applications": int(here.sum()), "bad": int(tested.truth[here].sum()),
            "mean_chance": float(tested.probability[use][here].mean()) if here.any() else None,
            "value": None, "low": None, "high": None,
        }  # fmt: skip
        if LEAST_BADS <= figures["bad"] < figures["applications"]:
            try:
                found = interval(
                    "auc", tested.truth[here], tested.ranking[use][here], groups=customers[here],
                    random_state=bank.seed,
                )  # fmt: skip
                figures |= {"value": found.value, "low": found.low, "high": found.high}
            except FeasibilityError:
                pass
        made.append(figures)
    return made


def _kind_of(bank: Bank, customers: Any) -> Any:
    import pyarrow as pa

    if not bank.warehouse.has("customer"):
        return np.full(len(customers), "person", dtype=object)
    asked = pa.table({"row_number": np.arange(len(customers)), "customer_id": customers})
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        session.register("asked_rows", asked)
        found = session.arrow(statement(FOLDER, "kinds"))
        bank.note("kinds", session.statements)
    return np.asarray(found.column("kind").to_pylist(), dtype=object)


def decisions(bank: Bank) -> list[dict[str, Any]]:
    """Applications by civil year and by what was decided, with the outcomes known; newest last."""
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found: list[dict[str, Any]] = session.arrow(
            statement(FOLDER, "decisions"), {"zone": bank.warehouse.zone.name}
        ).to_pylist()
        bank.note("decisions", session.statements)
    return found
