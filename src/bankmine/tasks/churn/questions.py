"""The questions of churn, each a labelled task of its own: who will close, and who leaves without closing.

All look at customers on the same monthly cutoffs with the same features, so one matrix serves all; they
differ in whom they ask (a file of SQL each), in what the truth is (`tasks/definitions`) and in the rule they
have to beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.customers.catalogue import Catalogue
from bankmine.errors import ConfigurationError
from bankmine.tasks.asking import asked_label
from bankmine.tasks.candidates import boosting, logistic, per_segment, prior, rule
from bankmine.tasks.churn.features import churn_catalogue, churn_features, competitors, own_bank
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
    Task,
    Truth,
)
from bankmine.tasks.definitions import DEFINITIONS, SIGNS, Definition
from bankmine.tasks.inactivity.task import Inactivity
from bankmine.tasks.labels import LabelRule, days_after
from bankmine.tasks.monthly import monthly_plan
from bankmine.tasks.population import rows_at
from bankmine.tasks.sql import instants, micros, statement

FOLDER = Path(__file__).parent
TEST_MONTHS = 6
LEVEL_MONTHS = 6
USUAL_DAYS = 90
LEAST_HORIZON = 60  # days: silence counts from 30 days after the cutoff, what is left in the last 45
GRADES = ((0.05, "first"), (0.15, "next"), (0.4, "watch"), (1.0, "rest"))  # of the list by money at risk
ACTIONS = {
    "first": "Call now: here lies most of the money at risk. Keep a hold-out group.",
    "next": "Write, or raise it at the next visit, with a hold-out group.",
    "watch": "Watch; look again at the next run.",
    "rest": "Leave alone.",
}
STRICT = {"n_estimators": 150, "num_leaves": 7, "learning_rate": 0.05, "min_data_in_leaf": 200,
          "feature_fraction": 0.3, "lambda_l2": 20.0}  # fmt: skip
USUAL = {"n_estimators": 150, "num_leaves": 7, "learning_rate": 0.05}


@dataclass(frozen=True, kw_only=True)
class Asking:
    """One question as data. `population`: its SQL file; `stake`: what the money at stake is; `rules`:
    (column, name, words) of the rules it has to beat; `least`: positives below which it is not asked."""

    name: str
    title: str
    sentence: str
    question: str
    definition: Definition
    population: str
    stake: str
    rules: tuple[tuple[str, str, str], ...]
    tables: tuple[str, ...] = ("customer", "transaction")
    least: int = 50


CLOSURE = Asking(
    name="closure", title="Closure", sentence="Who will end the relation within 90 days",
    question="Which customers will close their relation with the bank within 90 days?",
    definition=DEFINITIONS["closure"], population="open_relations", stake="balances stated",
    rules=(
        ("transaction_days_since_last_all", "recency rule", "days since the last transaction alone"),
        ("complaints_count_6mo", "complaint rule", "complaints of the last half year alone"),
        ("stated_total_to_3mo_before", "balance rule", "balance against that of 3 months ago alone"),
    ),
)  # fmt: skip
SILENT_SIGNS = (
    Asking(
        name="balance_rundown", title="Balance run down", population="with_balance", stake="usual balance",
        sentence="On whose accounts less than a quarter of the usual balance will be left in 90 days",
        question="Whose balances, above the bank's median, will be run down to a quarter within 90 days?",
        definition=SIGNS["balance_rundown"], tables=("customer", "transaction", "balance"),
        rules=(("stated_total_to_3mo_before", "balance rule", "balance against that of 3 months ago alone"),),
    ),
    Asking(
        name="salary_moved", title="Salary moved away", population="with_salary",
        stake="salary of three months",
        sentence="Whose regular salary will come no more after 30 days, up to 90",
        question="Whose regular salary or pension will no longer come to this bank?",
        definition=SIGNS["salary_moved"],
        rules=(("income_days_since_last_all", "lateness rule", "days since the last salary alone"),),
    ),
    Asking(
        name="card_unused", title="Card unused", population="with_card",
        stake="card payments of three months",
        sentence="Whose card, in use until now, will lie still after 30 days, up to 90",
        question="Which customers who pay by card will stop?",
        definition=SIGNS["card_unused"],
        rules=(("by_card_days_since_last_all", "card rule", "days since the last card payment alone"),),
    ),
    Asking(
        name="wallet_moved", title="Wallet moved to competitors", population="with_inflow",
        stake="money received in as many days before",
        sentence="Who will send as much as usually comes in to other banks within 90 days",
        question="Which customers will send as much money as usually comes in to competitors?",
        definition=SIGNS["wallet_moved"],
        rules=(("sent_to_received_3mo", "share rule", "share sent to other banks so far alone"),),
    ),
)  # fmt: skip


class Leaving(Task):
    """One of the questions. Subject: a customer whose relation is open at the cutoff.

    `days` are those of the words; the rule reads the settings.
    """

    whole_numbers = ("horizon_days", "test_months")

    def __init__(self, asking: Asking, days: int = USUAL_DAYS) -> None:
        usual, words = f"{USUAL_DAYS}", f"{days}"
        self.asking = asking
        self.name, self.title, self.sentence = (
            asking.name,
            asking.title,
            asking.sentence.replace(usual, words),
        )
        self.horizon_words = f"{days} days"
        self.label_rule = asking.definition.rule
        self.needs = Needs(
            tables=asking.tables, usable=("balance", "card", "holding", "digital_event", "interaction")
        )
        self.goal = Goal(
            question=asking.question.replace(usual, words),
            success=f"Money at stake ({asking.stake}) of customers who then leave, found in the part of the "
            "list that can be worked.",
            owner="Head of customer relations",
            use="The retention list, with reasons and the action that is allowed.",
            plan="Monthly cutoffs; train on the past, test on the last months, use if better than a rule.",
            feasibility=Feasibility(
                subjects=300, positives=asking.least, negatives=asking.least, history_days=90
            ),
        )

    def plan(self, bank: Bank) -> Plan:
        """Monthly cutoffs; six months test, so that a closure can be looked back at for half a year."""
        return monthly_plan(
            bank, self.needs, self.rule(bank), name=self.name,
            history_days=self.goal.feasibility.history_days,
            test_months=int(bank.settings.get("test_months", TEST_MONTHS)),
        )  # fmt: skip

    def rule(self, bank: Bank) -> LabelRule:
        """The horizon is `horizon_days` of the settings, 90 by default.

        ConfigurationError below LEAST_HORIZON days, where the windows of the labels would be empty.
        """
        rule = self.asking.definition.rule
        days = int(bank.settings.get("horizon_days", rule.horizon_days))
        if days < LEAST_HORIZON:
            raise ConfigurationError(
                f"[tasks.churn] horizon_days is {days}; leaving cannot be told from silence within so few",
                hint=f"Give at least {LEAST_HORIZON}.",
            )
        return replace(rule, horizon_days=days)

    def population(self, bank: Bank, plan: Plan) -> Any:
        """The customers the question is about at each cutoff, with the money at stake."""
        zone, sql = bank.warehouse.zone, statement(FOLDER, self._population(bank))
        lengths = {"since": 45, "lately": 40, "quarter": 92, "half_year": 183,
                   "usual": self.rule(bank).horizon_days}  # fmt: skip
        given = {"kind": str(bank.settings.get("customer_kind", "any")), "own_bank": own_bank(bank)}

        def parameters(at: int) -> dict[str, Any]:
            starts = {name: zone.days_before(at, days) for name, days in lengths.items()}
            return {name: value for name, value in (starts | given).items() if f"${name}" in sql}

        return rows_at(bank, plan.cutoffs, sql, parameters, note="population", drawn=True)

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """Whether it came true, and when that was known."""
        cutoffs, rule = micros(rows.column("cutoff")), self.rule(bank)
        truth = asked_label(bank, self._asked(bank, rows, cutoffs, rule), self.asking.definition.sql)
        return truth, rule.known_at(cutoffs, bank.warehouse.zone)

    def catalogue(self, bank: Bank) -> Catalogue:
        """The shipped catalogue with shares of named banks."""
        return churn_catalogue(bank)

    def features(self, bank: Bank) -> tuple[str, ...]:
        """The signs of leaving the bank's tables allow; the same for all questions."""
        return churn_features(bank)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and rules; boosting held back strongly, for leavers are few; for closure more besides."""
        rules = [
            rule(column, name=name, words=words)
            for column, name, words in self.asking.rules
            if column in features
        ]
        if self.asking is not CLOSURE:
            return (prior(), *rules, at_level(boosting(bank, settings=({**STRICT, "n_estimators": 100},))))
        models = (
            logistic(bank, settings=({"C": 0.01},)), boosting(bank, settings=(STRICT, USUAL)),
            per_segment(bank),
        )  # fmt: skip
        return (prior(), *rules, *map(at_level, models))

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: chance times money at stake; rank and grade follow it."""
        stake = np.asarray(scored.column("value_minor"), dtype=np.float64)
        return by_money(scored.probability, stake)

    def _population(self, bank: Bank) -> str:
        by_flow = self.asking is CLOSURE and not bank.warehouse.has("balance")
        return "open_relations_by_flow" if by_flow else self.asking.population

    def _asked(self, bank: Bank, rows: Any, cutoffs: Ints, rule: LabelRule) -> Any:
        """The rows as the definitions read them."""
        import pyarrow as pa

        zone, count = bank.warehouse.zone, rows.num_rows
        ends = rule.ends(cutoffs, zone)

        def days(at: Ints) -> Any:
            return pa.array((zone.to_local(at) // DAY).astype(np.int32)).cast(pa.date32())

        return pa.table(
            {
                "row_number": np.arange(count), "customer_id": rows.column("customer_id"),
                "cutoff": rows.column("cutoff"), "label_end": instants(ends),
                "soon": instants(days_after(cutoffs, 30, zone)),
                "last_days": instants(days_after(ends, -45, zone)),
                "first_day": days(cutoffs), "end_day": days(ends),
                "usual_minor": rows.column("value_minor"),
                "own_bank": pa.array([own_bank(bank)] * count, pa.string()),
                "competitors": pa.array([competitors(bank)] * count, pa.string()),
            }
        )  # fmt: skip


class Silence(Inactivity):
    """The task `inactivity` asked as one of the questions, of the same features as the others."""

    settings = MappingProxyType[str, str]({})

    def catalogue(self, bank: Bank) -> Catalogue:
        """The one all questions share."""
        return churn_catalogue(bank)

    def features(self, bank: Bank) -> tuple[str, ...]:
        """The ones all questions share."""
        return churn_features(bank)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior, the recency rule and boosting."""
        every = super().candidates(bank, features)
        return (*(one for one in every if one.baseline), at_level(boosting(bank, settings=(STRICT,))))


def at_level(candidate: Candidate) -> Candidate:
    """The candidate with its chances at the level of the latest LEVEL_MONTHS whose outcome is known.

    What tells leavers apart is learnt from all months; how many leave, from those.
    """
    return replace(candidate, level_cutoffs=LEVEL_MONTHS)


def by_money(probability: Floats, stake: Floats) -> Decision:
    """Chance times money at stake, with grades by the place in the list; equal money by chance."""
    at_risk = np.round(np.asarray(probability, dtype=np.float64) * stake)
    order = np.lexsort([-np.asarray(probability), -at_risk])
    place = np.empty(len(order))
    place[order] = np.arange(len(order))
    limits = np.array([share for share, _ in GRADES[:-1]]) * len(order)
    at = (place[:, None] >= limits[None, :]).sum(axis=1)
    words = [word for _, word in GRADES]
    return Decision(
        value=at_risk,
        unit="minor units",
        grade=[words[one] for one in at],
        order=place,
        actions=ACTIONS,
        summary={
            "customers": len(order),
            "stake_minor": float(stake.sum()),
            "at_risk_minor": float(at_risk.sum()),
            "expected": float(np.sum(probability)),
            "at_risk_minor_by_grade": {
                word: float(at_risk[at == number].sum()) for number, word in enumerate(words)
            },
        },
    )
