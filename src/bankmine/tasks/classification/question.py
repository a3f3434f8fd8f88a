"""One class against the rest, as a labelled question: will the customer be in it in the period ahead?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.tasks.candidates import family, per_segment, prior, rule
from bankmine.tasks.classification.classes import Looks
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
    Tested,
    Truth,
)
from bankmine.tasks.features import customer_features
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.monthly import monthly_plan
from bankmine.tasks.population import rows_at
from bankmine.tasks.sql import micros, statement

FOLDER = Path(__file__).parent
NEEDS = Needs(
    tables=("customer", "transaction"),
    usable=("account", "balance", "card", "digital_event", "holding", "loan"),
)
LIKELY, POSSIBLE, UNLIKELY = "likely", "possible", "unlikely"
BASELINE = "in_sum_3mo"
EVERY = 3  # months between training cutoffs: periods of a quarter that do not overlap
MOST_LOOKS = 3  # before the tuning month: nine families are fitted three times for each class
COLUMNS = 40


class InClass(Task):
    """Subject: a customer; true where the bank's definition puts it into the class in the period ahead."""

    needs = NEEDS

    def __init__(self, looks: Looks, wanted: str, *, families: Sequence[str], kind: str) -> None:
        self.looks, self.wanted, self.families, self.kind = looks, wanted, tuple(families), kind
        self.name = f"class_{re.sub(r'[^a-z0-9]+', '_', wanted.lower()).strip('_') or 'other'}"
        self.title = f"Class: {wanted}"
        self.label_rule = looks.rule
        self.horizon_words = f"{looks.rule.horizon_days} days"
        self.sentence = f"Who will be {wanted} in the next {self.horizon_words}"
        self.goal = Goal(
            question=f"Which customers will be {wanted} in the next {self.horizon_words}?",
            success="Customers put into the class they turn out to be in.",
            owner="Head of customer relations",
            use="The service model each class gets.",
            plan="Look at customers every quarter; train on the past, test on the last months, use a family "
            "only if it beats the rules.",
            feasibility=Feasibility(subjects=300, positives=100, negatives=100, history_days=90),
        )

    def plan(self, bank: Bank) -> Plan:
        """The last two mature months test, one before tunes, every third of nine months before trains."""
        full = monthly_plan(
            bank, self.needs, self.looks.rule, name="classification",
            history_days=self.goal.feasibility.history_days,
            test_months=int(bank.settings.get("test_months", 2)),
        )  # fmt: skip
        assert full.test is not None
        tuning = full.tuning[0]
        months = np.array(full.cutoffs[:-1], dtype=np.int64)
        late = months[months >= tuning.test_from]
        known = self.looks.rule.known_at(months, bank.warehouse.zone)
        early = months[known <= tuning.test_from][::-1][::EVERY][:MOST_LOOKS][::-1]
        between = months[(months < tuning.test_from) & (known <= full.test.test_from)]
        kept = np.unique(np.concatenate([early, between[between > early[-1]][EVERY - 1 :: EVERY], late]))
        show = bank.warehouse.zone.show
        return replace(
            full,
            cutoffs=(*(int(one) for one in kept), bank.cutoff),
            final_from=int(kept[0]),
            sentence=f"Customers are looked at on {len(kept)} dates from {show(int(kept[0]))} to "
            f"{show(int(kept[-1]))}, every {EVERY} months while training; those from "
            f"{show(full.test.test_from)} on test.",
        )

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Open customers of the wanted kind with a booking in twelve months; value: money come in.

        The same for every class: asked once.
        """
        zone, days = bank.warehouse.zone, self.looks.rule.horizon_days
        key = (bank.cutoff, plan.cutoffs, self.kind)
        if key not in self.looks.populations:
            rows = rows_at(
                bank,
                plan.cutoffs,
                statement(FOLDER, "population"),
                lambda at: {
                    "since": zone.months_before(at, 12), "before": zone.days_before(at, days),
                    "kind": self.kind,
                },
                note="population", drawn=True, alone=True,
            )  # fmt: skip
            self.looks.populations[key] = rows, bank.statements["population"]
        rows, asked = self.looks.populations[key]
        bank.note("population", [asked])
        return rows

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """Whether the definition gives the class; a customer it gives none is in no class."""
        cutoffs = micros(rows.column("cutoff"))
        customers = np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64)
        bank.note("label", [self.looks.definition.sql])
        truth = self.looks.of(customers, cutoffs) == self.wanted
        return np.asarray(truth, dtype=np.bool_), self.looks.rule.known_at(cutoffs, bank.warehouse.zone)

    def rule(self, bank: Bank) -> LabelRule:
        """As long as the bank's setting says."""
        return self.looks.rule

    def features(self, bank: Bank) -> tuple[str, ...]:
        """The customer's features, without calendar and protected attributes."""
        return customer_features(bank)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior, the inflow alone, the families asked for; beside boosting one model for each segment."""
        rules = []
        if BASELINE in features:
            words = "money that came in during the last three months alone"
            rules = [rule(BASELINE, name="inflow rule", words=words)]
        everybody = replace(prior(), columns=(BASELINE,)) if rules else prior()
        apart = [per_segment(bank, most_columns=COLUMNS)] if "boosting" in self.families else []
        return (everybody, *rules, *(self._candidate(bank, name) for name in self.families), *apart)

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: the chance in percent; likely from one half on, possible above the share of training."""
        chance = np.asarray(scored.probability, dtype=np.float64)
        typical = float(chance.mean()) if len(chance) else 0.0
        grade = [LIKELY if one >= 0.5 else POSSIBLE if one > typical else UNLIKELY for one in chance.tolist()]
        return Decision(
            value=np.round(chance * 100, 4), unit="percent", grade=grade, order=-chance,
            actions={
                LIKELY: f"Serve as {self.wanted}.",
                POSSIBLE: f"Look again next period: more likely {self.wanted} than most.",
                UNLIKELY: f"Do not treat as {self.wanted}.",
            },
            summary={"customers": len(chance), "expected": float(chance.sum())},
        )  # fmt: skip

    def evaluate(self, bank: Bank, tested: Tested) -> dict[str, Any]:
        """What the class of the period just ended alone would say, and each family's calibration error."""
        from bankmine.evaluation.calibration import calibration
        from bankmine.evaluation.intervals import interval

        customers = np.asarray(tested.column("customer_id"), dtype=np.int64)
        before = self.looks.of(customers, tested.cutoffs, earlier=True) == self.wanted
        kept = interval(
            "auc", tested.truth, before.astype(np.float64), groups=customers, random_state=bank.seed
        )
        return {
            "class": self.wanted,
            "persistence": {"auc": kept.value, "low": kept.low, "high": kept.high},
            "calibration_error": {
                name: calibration(tested.truth, chance).expected_calibration_error
                for name, chance in tested.probability.items()
            },
        }

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How many are expected."""
        found = figures["decision"]["summary"]
        return [f"Of {found['customers']:,} customers {found['expected']:,.0f} are expected {self.wanted}."]

    def _candidate(self, bank: Bank, name: str) -> Candidate:
        """A family as a candidate, with its quick settings, on the columns that tell most."""
        return replace(family(bank, name, quick=True, most_columns=COLUMNS), parallel=name == "boosting")
