"""Two labelled questions about counterparties: who is golden, and who becomes a customer.

*Golden.* What a counterparty would bring cannot be seen. But some counterparties are customers already, known
from the other side by the very same payments: they train a model that says from the ties alone whether
somebody belongs to the most valuable fifth of customers in the three months that follow. It is tested on
later months and asked of those who are no customers.

*Joins.* Where counterparties known to be at another bank at the cutoff are found to be customers later, the
chance of that can be learnt too; banks where that never shows have the question refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.journey import Journey
from bankmine.engine.session import Session
from bankmine.tasks.acquisition.ties import COUNTERPARTY, catalogue, tie_features
from bankmine.tasks.acquisition.worth import Worth, most_valuable
from bankmine.tasks.candidates import boosting, logistic, per_segment, prior, rule
from bankmine.tasks.contract import (
    ROW_COLUMNS,
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
)  # fmt: skip
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.monthly import monthly_plan
from bankmine.tasks.sql import instants, micros, statement

FOLDER = Path(__file__).parent
HISTORY_DAYS = 182
LEAST_PAYMENTS, MOST_CUSTOMERS = 3, 20
GOLDEN_SHARE = 0.2
QUARTER = 3  # months
MONEY = "tie_received_sum_12mo"


class CounterpartyQuestion(Task):
    """What both questions share: quarterly cutoffs, ties of the twelve months before, the features."""

    needs = Needs(tables=("transaction", "counterparty"), subject_kind=COUNTERPARTY, customer_kind="any")
    group = "subject_id"
    group_words = "counterparty"

    def plan(self, bank: Bank) -> Plan:
        """Quarterly cutoffs, the last three mature ones test: they look back on nearly the same year."""
        rule = self.rule(bank)
        assert rule is not None
        plan = monthly_plan(
            bank, self.needs, rule, name=self.name, history_days=HISTORY_DAYS, test_months=3, every=QUARTER
        )
        return replace(plan, sentence=plan.sentence.replace("Customers", "Counterparties"))

    def catalogue(self, bank: Bank) -> Any:
        """The shipped features and those of ties."""
        return catalogue()

    def features(self, bank: Bank) -> tuple[str, ...]:
        """Ties, and the nearest customer."""
        return tie_features(bank)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and the money rule; logistic regression, boosting, one boosting a segment, calibrated."""
        settings = (
            {"n_estimators": 120, "num_leaves": 7, "learning_rate": 0.06, "min_data_in_leaf": 50},
            {"n_estimators": 120, "num_leaves": 15, "learning_rate": 0.06, "min_data_in_leaf": 100},
        )
        money = rule(MONEY, words="money customers sent to it in a year alone", name="money rule")
        return (prior(), money, logistic(bank), boosting(bank, settings=settings), per_segment(bank))

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """By chance; the study prices and grades."""
        return Decision(
            value=scored.probability, unit="probability", grade=[""] * len(scored.probability),
            order=-scored.ranking, actions={},
        )  # fmt: skip


class GoldenTies(CounterpartyQuestion):
    """Subject: somebody on the other side of payments; learnt from those who are customers."""

    name = "golden_ties"
    title = "Counterparties who would be golden customers"
    sentence = "Who on the other side of payments would be among the most valuable fifth of customers"
    label_rule = LabelRule(horizon_days=92, delay_days=1, tables=("transaction",))
    horizon_words = "3 months"
    goal = Goal(
        question="Would this counterparty, as a customer, be in the most valuable fifth in three months?",
        success="Precision among the first tenth of the list, tested on later months.",
        owner="Head of acquisition", use="A list of people to win through those who pay them.",
        plan="Learnt from counterparties who are customers, asked of those who are not.",
        feasibility=Feasibility(subjects=50, positives=60, negatives=60, history_days=HISTORY_DAYS),
    )  # fmt: skip

    def __init__(self, worth: Worth) -> None:
        self._worth = worth

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Counterparties who are customers at the past cutoffs; those who are not at the run's."""
        return tied(bank, plan.cutoffs, customers=lambda at: at < bank.cutoff)

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """Whether the customer behind it is in the most valuable fifth of the three months that follow."""
        cutoffs = micros(rows.column("cutoff"))
        behind = resolved(bank, rows)
        truth = np.zeros(rows.num_rows, dtype=np.bool_)
        for at in np.unique(cutoffs).tolist():
            here = cutoffs == at
            profit = self._worth.quarter_from(at)
            golden = most_valuable(profit, GOLDEN_SHARE).astype(np.float64)
            truth[here] = self._worth.of(behind[here], golden) > 0
        assert self.label_rule is not None
        return truth, self.label_rule.known_at(cutoffs, bank.warehouse.zone)


class JoinsLater(CounterpartyQuestion):
    """Subject: a counterparty known to be no customer at the cutoff."""

    name = "counterparty_joins"
    title = "Counterparties who become customers"
    sentence = "Who on the other side of payments is found to be a customer within six months"
    label_rule = LabelRule(horizon_days=182, delay_days=1, tables=("transaction",))
    horizon_words = "6 months"
    goal = Goal(
        question="Will this counterparty be a customer within six months?",
        success="Precision among the first tenth of the list, tested on later months.",
        owner="Head of acquisition", use="The chance that enters the expected profit.",
        plan="Quarterly cutoffs; a counterparty found to be a customer later is a success.",
        feasibility=Feasibility(subjects=50, positives=40, negatives=40, history_days=HISTORY_DAYS),
    )  # fmt: skip

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Counterparties who are no customers, at every cutoff."""
        return tied(bank, plan.cutoffs, customers=lambda at: False)

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """Whether the counterparty was a customer's account by the end of the horizon, known a day later."""
        import pyarrow as pa

        assert self.label_rule is not None
        zone, cutoffs = bank.warehouse.zone, micros(rows.column("cutoff"))
        known_at = self.label_rule.known_at(cutoffs, zone)
        asked = pa.table(
            {
                "asked_row": np.arange(rows.num_rows),
                "counterparty_id": rows.column("subject_id"),
                "label_end": instants(self.label_rule.ends(cutoffs, zone)),
                "label_known": instants(known_at),
            }
        )
        with Session(bank.warehouse, memory=bank.memory, threads=bank.threads) as session:
            session.register("asked_rows", asked)
            found = session.arrow(statement(FOLDER, "becomes_customer"))
            bank.note("label", session.statements)
        truth = np.asarray(found.column("label").to_numpy(zero_copy_only=False), dtype=np.bool_)
        return truth, known_at


def tied(bank: Bank, cutoffs: Sequence[int], *, customers: Any) -> Any:
    """Rows of counterparties tied to customers at each cutoff; `customers(at)` says which kind is asked."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zone, parts = bank.warehouse.zone, []
    least = int(bank.settings.get("least_payments", LEAST_PAYMENTS))
    most = int(bank.settings.get("most_customers", MOST_CUSTOMERS))
    with Journey(
        bank.warehouse, statement(FOLDER, "counterparties"), memory=bank.memory, threads=1
    ) as journey:
        for at in cutoffs:
            given: Mapping[str, Any] = {
                "since": zone.months_before(at, 12), "least_payments": least, "most_customers": most,
            }  # fmt: skip
            found = journey.ask(at, given)
            known = pc.is_valid(found.column("resolved_customer_id"))
            parts.append(_rows(found.filter(known if customers(at) else pc.invert(known)), at))
        bank.note("population", journey.statements)
    return pa.concat_tables(parts)


def resolved(bank: Bank, rows: Any) -> Ints:
    """The customer behind each row's counterparty, as known at the run's cutoff; 0 where there is none."""
    import pyarrow as pa

    asked = pa.table({"asked_row": np.arange(rows.num_rows), "counterparty_id": rows.column("subject_id")})
    sql = (
        "SELECT coalesce(c.resolved_customer_id, 0) AS customer_id FROM asked_rows a "
        "LEFT JOIN counterparty c ON c.counterparty_id = a.counterparty_id ORDER BY a.asked_row"
    )
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        session.register("asked_rows", asked)
        found = session.arrow(sql)
        bank.note("label", session.statements)
    return np.asarray(found.column("customer_id").to_numpy(), dtype=np.int64)


def _rows(found: Any, at: int) -> Any:
    import pyarrow as pa

    count = found.num_rows
    columns = {
        "subject_kind": pa.array([COUNTERPARTY] * count, pa.string()),
        "subject_id": found.column("counterparty_id"),
        "customer_id": found.column("customer_id"),
        "cutoff": instants(np.full(count, at, np.int64)),
        "seq": pa.nulls(count, pa.int64()),
        "value_minor": found.column("value_minor"),
    }
    return pa.table({name: columns[name] for name in ROW_COLUMNS})
