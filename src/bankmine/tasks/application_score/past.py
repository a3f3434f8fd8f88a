"""Granted applications whose outcome is known at the run's cutoff: what the analyses look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import mean_interval
from bankmine.tasks.application_score.question import GoesBad
from bankmine.tasks.contract import Bank, Floats, Ints, Plan, Truth
from bankmine.tasks.sql import micros

LEAST_GROUP = 20  # rows below which a share is not shown


@dataclass(frozen=True)
class Past:
    """Rows as the question's population has them, and which went bad; shape (rows,)."""

    rows: Any
    bad: Truth

    @property
    def customers(self) -> Ints:
        """Whose each row is."""
        return np.asarray(self.rows.column("customer_id").to_numpy(), dtype=np.int64)

    @property
    def amount(self) -> Floats:
        """Amount asked for, minor units."""
        return np.asarray(self.rows.column("value_minor").to_numpy(), dtype=np.float64)


def past_of(question: GoesBad, bank: Bank, plan: Plan) -> Past:
    """All applications before the scored period: each has an outcome, and no other is read."""
    rows = question.population(bank, plan)
    mature = np.flatnonzero(micros(rows.column("cutoff")) < plan.score[0])
    rows = rows.take(mature)
    return Past(rows, question.label(bank, rows)[0])


def bad_rate(bad: Truth, customers: Ints, seed: int) -> dict[str, Any]:
    """Rows, bads and their share with a 95 % interval over customers; no share where rows are few."""
    figures: dict[str, Any] = {"applications": len(bad), "bad": int(bad.sum())}
    none = {"rate": None, "low": None, "high": None}
    if len(bad) < LEAST_GROUP:
        return figures | none
    try:
        found = mean_interval(bad.astype(np.float64), groups=customers, random_state=seed)
    except FeasibilityError:
        return figures | none | {"rate": float(bad.mean())}
    return figures | {"rate": found.value, "low": found.low, "high": found.high}
