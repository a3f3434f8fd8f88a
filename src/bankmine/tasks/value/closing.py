"""How likely each customer is to end the relation: the question of `churn`, asked for lifetime value.

The same population, label, features, candidates and test months, so that both tasks give a customer the same
chance. Asked twice: at the run's cutoff, and as it would have been asked a year before, for the back-test.
The second time nothing known later takes part: cutoffs, labels and the model's rows end a year earlier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.tasks.churn.questions import CLOSURE, Leaving
from bankmine.tasks.contract import Bank, Decision, Feasibility, Ints, Plan, Scored, Truth

_NEVER = np.iinfo(np.int64).max


class Closing(Leaving):
    """Subject: a customer whose relation is not ended. `at` sets the question back to an earlier cutoff.

    Of the settings of the task that asks, only `customer_kind` counts: horizon, test months and names of
    banks are churn's usual ones.
    """

    def __init__(self, name: str = "closing", *, at: int | None = None) -> None:
        super().__init__(CLOSURE)
        self.name = name
        self.title = "Ends the relation" if at is None else "Ends the relation, asked a year before"
        self.goal = replace(
            self.goal, use="Survival in lifetime value.",
            feasibility=Feasibility(subjects=200, positives=40, negatives=100, history_days=90),
        )  # fmt: skip
        self._at = at

    def plan(self, bank: Bank) -> Plan:
        """Monthly cutoffs up to the one asked; the last mature months test."""
        return super().plan(self._usual(bank))

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Customers of the wanted kind whose relation is not ended."""
        return super().population(self._usual(bank), plan)

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where the relation ends within the horizon; known only of rows before the cutoff asked."""
        asked = self._usual(bank)
        truth, known = super().label(asked, rows)
        return truth, np.where(known <= asked.cutoff, known, _NEVER)

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: the chance in percent; no list of its own."""
        chance = np.asarray(scored.probability, dtype=np.float64)
        return Decision(
            value=np.round(chance * 100, 4), unit="percent", grade=["chance"] * len(chance), order=-chance,
            actions=MappingProxyType({"chance": "Part of lifetime value; the churn task has the list."}),
            summary={"customers": len(chance), "expected": float(chance.sum())},
        )  # fmt: skip

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How many are expected to leave."""
        found = figures["decision"]["summary"]
        return [f"{found['expected']:,.0f} of {found['customers']:,} customers are expected to leave."]

    def _usual(self, bank: Bank) -> Bank:
        kept = {name: value for name, value in bank.settings.items() if name == "customer_kind"}
        return replace(bank, cutoff=bank.cutoff if self._at is None else self._at, settings=kept)
