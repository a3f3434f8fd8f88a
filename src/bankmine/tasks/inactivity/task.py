"""Inactivity: who will make no payment in the next 90 days.

A customer who stops paying leaves before any account is closed. The label is the plain fact that nothing was
paid in `[T, T + 90 days)`; monthly cutoffs; customers are those who paid in the twelve months before.
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
    Floats,
    Goal,
    Ints,
    Needs,
    Plan,
    Scored,
    Shown,
    Task,
    Tested,
    Truth,
    exponent_of,
)
from bankmine.tasks.definitions import DEFINITIONS
from bankmine.tasks.features import customer_features
from bankmine.tasks.inactivity.judge import SHARE, by_month, in_words, money_found, newest_month
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.monthly import monthly_plan
from bankmine.tasks.population import rows_at
from bankmine.tasks.sql import instants, micros, statement

FOLDER = Path(__file__).parent
DEFINITION = DEFINITIONS["inactivity"]
RECENCY = "out_days_since_last_all"
GRADES = ((SHARE, "first"), (0.5, "next"), (0.8, "watch"), (1.0, "rest"))  # of the list by money at risk
ACTIONS = {
    "first": "Call or write now: here lies most of the money at risk. Keep a hold-out group.",
    "next": "Put into the next campaign, with a hold-out group.",
    "watch": "Watch; look again at the next run.",
    "rest": "Leave alone: little money is at risk, and contacts cost money and patience.",
}


class Inactivity(Task):
    """Subject: a customer with a payment in the last twelve months."""

    name = "inactivity"
    title = "Inactivity"
    sentence = "Who will make no payment in the next 90 days"
    needs = Needs(tables=("transaction",), usable=("customer", "account", "balance", "card", "digital_event"))
    label_rule = DEFINITION.rule
    horizon_words = "90 days"
    settings = MappingProxyType(
        {
            "horizon_days": "length of the silence foretold, 90 by default",
            "test_months": "how many of the last months test, 4 by default",
            "customer_kind": "person (the default), company or any",
        }
    )
    whole_numbers = ("horizon_days", "test_months")
    goal = Goal(
        question="Which customers who paid in the last twelve months will pay nothing in the next 90 days?",
        success="Past twelve-month spend of customers who then fall silent, found in the part of the list "
        "that can be worked.",
        owner="Head of customer relations",
        use="A list by money at risk for calls and campaigns, always with a hold-out group.",
        plan="Monthly cutoffs; train on the past, test on the last months, publish if better than a recency "
        "rule.",
        feasibility=Feasibility(subjects=500, positives=100, negatives=100, history_days=90),
    )

    def plan(self, bank: Bank) -> Plan:
        """Monthly cutoffs: the last mature ones test, the months before train, the last of them tunes."""
        return monthly_plan(
            bank, self.needs, self.rule(bank), name=self.name,
            history_days=self.goal.feasibility.history_days,
            test_months=int(bank.settings.get("test_months", 4)),
        )  # fmt: skip

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Customers with a payment in the twelve months before each cutoff; value: what they paid."""
        months_before = bank.warehouse.zone.months_before
        kind = str(bank.settings.get("customer_kind", self.needs.customer_kind))
        return rows_at(
            bank,
            plan.cutoffs,
            statement(FOLDER, "population"),
            lambda at: {"since": months_before(at, 12), "kind": kind},
            note="population",
            drawn=True,
        )

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where nothing was paid from the cutoff until the end of the horizon."""
        import pyarrow as pa

        cutoffs, zone = micros(rows.column("cutoff")), bank.warehouse.zone
        asked = pa.table(
            {
                "row_number": np.arange(rows.num_rows),
                "customer_id": rows.column("customer_id"),
                "cutoff": rows.column("cutoff"),
                "label_end": instants(self.rule(bank).ends(cutoffs, zone)),
            }
        )
        truth = asked_label(bank, asked, DEFINITION.sql)
        return truth, self.rule(bank).known_at(cutoffs, zone)

    def features(self, bank: Bank) -> tuple[str, ...]:
        """All features of the customer the bank allows, without calendar and protected attributes."""
        return customer_features(bank)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and recency rule; logistic regression and boosting, both calibrated."""
        return (
            prior(),
            rule(RECENCY, words="days since the last payment alone", name="recency rule"),
            logistic(bank),
            boosting(
                bank,
                settings=(
                    {"n_estimators": 150, "num_leaves": 7, "learning_rate": 0.05},
                    {"n_estimators": 150, "num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 100},
                ),
            ),
        )

    def evaluate(self, bank: Bank, tested: Tested) -> dict[str, Any]:
        """Figures for each test month, and the money found in the top of the list."""
        return {
            "by_month": by_month(tested, bank.warehouse.zone, seed=bank.seed),
            "money": money_found(tested, seed=bank.seed),
        }

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: chance times last year's spend, the money expected not to come; rank and grade follow it."""
        spend = np.asarray(scored.column("value_minor"), dtype=np.float64)
        at_risk = np.round(scored.probability * spend)
        place = _places(at_risk)
        words = [word for _, word in GRADES]
        grade = [words[number] for number in place]
        counts = {word: int((place == number).sum()) for number, word in enumerate(words)}
        money = {word: float(at_risk[place == number].sum()) for number, word in enumerate(words)}
        return Decision(
            value=at_risk,
            unit="minor units",
            grade=grade,
            order=-at_risk,
            actions=ACTIONS,
            summary={
                "customers": len(spend),
                "spend_minor": float(spend.sum()),
                "at_risk_minor": float(at_risk.sum()),
                "expected_silent": float(scored.probability.sum()),
                "customers_by_grade": counts,
                "at_risk_minor_by_grade": money,
            },
        )

    def rule(self, bank: Bank) -> LabelRule:
        """The horizon is `horizon_days` of the settings, 90 by default."""
        days = int(bank.settings.get("horizon_days", DEFINITION.rule.horizon_days))
        return replace(DEFINITION.rule, horizon_days=days)

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.inactivity.page import show

        return show(about)

    def verdict(self, bank: Bank, figures: Mapping[str, Any]) -> str:
        """The comparison of rankings, and what it is worth in money."""
        ranks = super().verdict(bank, figures)
        if not figures["beats_baseline"]:
            return ranks
        return f"{ranks} {in_words(figures['task']['money'], bank.warehouse.currency)}"

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """Who is at risk, how much money, how well the list ranks."""
        found, model, base = figures["decision"]["summary"], figures["model"], figures["best_baseline"]
        months_seen = figures["task"]["by_month"]
        area, other = (figures["candidates"][name]["metrics"]["auc"] for name in (model, base))
        money = 10 ** exponent_of(bank.warehouse.currency)
        months = [f"{one['cutoff']} {one['auc']:.3f} ({one['baseline_auc']:.3f})" for one in months_seen]
        return [
            f"Of {found['customers']:,} customers, {found['expected_silent']:,.0f} are expected to "
            "fall silent; "
            f"{bank.warehouse.currency} {found['at_risk_minor'] / money:,.0f} of last year's spend "
            "is at risk. " + newest_month(months_seen),
            f"AUC {area['value']:.3f} ({area['low']:.3f}–{area['high']:.3f}); {base} {other['value']:.3f} "
            f"({other['low']:.3f}–{other['high']:.3f}).",
            f"AUC by test month (in brackets the {base}): {', '.join(months)}.",
        ]


def _places(at_risk: Floats) -> Ints:
    """Each row's place in GRADES, by its share of the way down the list; equal money, equal grade."""
    ahead = np.searchsorted(np.sort(-at_risk), -at_risk, side="left")
    limits = np.array([limit for limit, _ in GRADES[:-1]]) * len(at_risk)
    return np.asarray((ahead[:, None] >= limits[None, :]).sum(axis=1), dtype=np.int64)


TASK = Inactivity()
