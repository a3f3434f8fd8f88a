"""How likely each customer is to end the relation: the labelled question that lifetime value rests on.

Asked twice: at the run's cutoff, and as it would have been asked a year before, for the back-test. The second
time nothing known later takes part: cutoffs, labels and the model's rows end a year earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.tasks.asking import asked_label
from bankmine.tasks.candidates import boosting, logistic, prior, rule
from bankmine.tasks.contract import (
    Bank,
    Candidate,
    Decision,
    Feasibility,
    Goal,
    Ints,
    Needs,
    Plan,
    Scored,
    Task,
    Truth,
)
from bankmine.tasks.definitions import DEFINITIONS
from bankmine.tasks.features import customer_features
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.monthly import monthly_plan
from bankmine.tasks.population import rows_at
from bankmine.tasks.sql import micros, statement

FOLDER = Path(__file__).parent
DEFINITION = DEFINITIONS["closure"]
RECENCY = "transaction_days_since_last_all"
_NEVER = np.iinfo(np.int64).max
_DAY_US = 86_400_000_000
FEATURES = frozenset({
    "transactions_count_3mo", "transactions_count_12mo", "transaction_days_since_last_all",
    "transactions_change_3mo", "out_count_3mo", "out_days_since_last_all", "in_sum_3mo", "in_sum_12mo",
    "out_sum_3mo", "out_sum_12mo", "in_change_3mo", "out_change_3mo", "income_count_3mo",
    "income_count_12mo", "income_sum_3mo", "balance_last_all", "balance_mean_3mo", "balance_mean_12mo",
    "balance_change_3mo", "balance_change_12mo", "balance_level_3mo", "stated_balance_last_all",
    "stated_balance_mean_12mo", "products_held_count", "product_days_since_last", "savings_held_count",
    "card_held_count", "loan_held_count", "mortgage_held_count", "accounts_open_count",
    "accounts_closed_count", "standing_orders_count", "age", "tenure", "customer_kind",
    "digital_days_count_3mo", "digital_days_since_last_all", "complaints_count_3mo",
    "complaints_count_12mo", "complaint_days_since_last_all", "contacts_count_3mo",
    "counterparties_distinct_6mo",
})  # fmt: skip


class Closing(Task):
    """Subject: a customer whose relation is not ended. `at` sets the question back to an earlier cutoff."""

    needs = Needs(tables=("customer", "transaction"), usable=("account", "balance", "digital_event"))
    label_rule = DEFINITION.rule
    horizon_words = "90 days"
    goal = Goal(
        question="Which customers will end the relation within 90 days?",
        success="Chances of staying that are right on average, for customers of every value.",
        owner="Head of customer relations",
        use="Survival in lifetime value.",
        plan="Monthly cutoffs; train on the past, test on the last months, use if better than a rule.",
        feasibility=Feasibility(subjects=200, positives=40, negatives=100, history_days=90),
    )

    def __init__(self, name: str = "closing", *, at: int | None = None) -> None:
        self.name = name
        self.title = "Ends the relation" if at is None else "Ends the relation, asked a year before"
        self.sentence = "Who will end the relation within 90 days"
        self._at = at

    def plan(self, bank: Bank) -> Plan:
        """Monthly cutoffs up to the one asked; the last mature months test."""
        return monthly_plan(
            self._back(bank), self.needs, self.rule(bank), name=self.name,
            history_days=self.goal.feasibility.history_days, test_months=3,
        )  # fmt: skip

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Customers of the wanted kind whose relation is not ended."""
        kind = str(bank.settings.get("customer_kind", "any"))
        sql = statement(FOLDER, "relations")
        return rows_at(bank, plan.cutoffs, sql, lambda at: {"kind": kind}, note="population")

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where the relation ends within the horizon; known only of rows before the cutoff asked."""
        import pyarrow as pa

        asked, zone, rule = self._back(bank), bank.warehouse.zone, self.rule(bank)
        cutoffs = micros(rows.column("cutoff"))
        days = [
            pa.array((zone.to_local(one) // _DAY_US).astype(np.int32)).cast(pa.date32())
            for one in (cutoffs, rule.ends(cutoffs, zone))
        ]
        table = pa.table(
            {
                "row_number": np.arange(rows.num_rows), "customer_id": rows.column("customer_id"),
                "first_day": days[0], "end_day": days[1],
            }
        )  # fmt: skip
        truth = asked_label(asked, table, DEFINITION.sql)
        known = rule.known_at(cutoffs, zone)
        return truth, np.where(known <= asked.cutoff, known, _NEVER)

    def features(self, bank: Bank) -> tuple[str, ...]:
        """Activity, balances, products, complaints and tenure: what usually goes before leaving."""
        return tuple(name for name in customer_features(bank) if name in FEATURES)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior, a recency rule; logistic regression and boosting, calibrated."""
        rules = [rule(RECENCY, name="recency rule", words="days since the last booking alone")]
        return (prior(), *(one for one in rules if RECENCY in features),
                logistic(bank, settings=({"C": 0.01},)),
                boosting(bank, settings=({"n_estimators": 80, "num_leaves": 7, "learning_rate": 0.05},)),
        )  # fmt: skip

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

    def rule(self, bank: Bank) -> LabelRule:
        """90 days, known a day later."""
        return DEFINITION.rule

    def _back(self, bank: Bank) -> Bank:
        return bank if self._at is None else replace(bank, cutoff=self._at)
