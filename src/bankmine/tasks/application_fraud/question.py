"""The question: will an investigation confirm that the application was false?

A row is an application at the instant it was made, knowing what was known then. The label is a verdict; an
application without one counts as honest when the time a verdict takes is over, and no earlier, whatever
others of its day turned out to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.tasks.application_fraud.delays import MOST_COME, delays_at
from bankmine.tasks.application_fraud.evidence import GROUPS, RULE, RULE_WORDS, columns_of, readable
from bankmine.tasks.application_fraud.listing import ASK, CHECK, PASS, Capacity, graded, listed
from bankmine.tasks.candidates import boosting, logistic, prior
from bankmine.tasks.combination import all_ways, linear
from bankmine.tasks.contract import (
    Bank,
    Candidate,
    Decision,
    Feasibility,
    Fold,
    Goal,
    Ints,
    Needs,
    Plan,
    Scored,
    Task,
    Tested,
    Truth,
)
from bankmine.tasks.definitions import DEFINITIONS
from bankmine.tasks.labels import LabelRule, days_after
from bankmine.tasks.population import application_rows, coverage
from bankmine.tasks.sql import instants, micros, statement

if TYPE_CHECKING:
    from bankmine.mining.combination.part import Part

FOLDER = Path(__file__).parent
DEFINITION = DEFINITIONS["application_fraud"]
LEAST_TRAIN = 15
TEST_SHARE, LEAST_DAYS = 0.36, 90
ACTIONS = MappingProxyType(
    {
        CHECK: "An investigator looks today: call back, ask for proof of income, employer and identity.",
        ASK: "Ask for one document more before deciding.",
        PASS: "Decide as usual.",
    }
)


class FalseApplication(Task):
    """Subject: an application for credit of a person or a company, at the instant it was made."""

    name = "application_fraud"
    title = "False application"
    sentence = "Which applications for credit an investigation will confirm to be false"
    needs = Needs(
        tables=("credit_application", "feedback"),
        usable=("bureau_event", "bureau_report", "consent", "counterparty", "customer", "customer_identity",
                "digital_event",                "loan_event", "party_link", "product", "transaction"),
        subject_kind="application", customer_kind="any",
    )  # fmt: skip
    label_rule = DEFINITION.rule
    horizon_words = "the application itself"
    may_be_thinned = False
    goal = Goal(
        question="Which applications for credit are false?",
        success="Loss on false applications that would be granted, found on the list, less what the "
        "checks cost.",
        owner="Head of fraud prevention",
        use="A list a day for investigators, as long as they can work, with reasons; rings that grow.",
        plan="Train on applications whose verdicts were due when the test began, test on later ones; use "
        "if better "
        "than a rule of six signs added up.",
        feasibility=Feasibility(subjects=1, positives=10, negatives=100),
    )

    def rule(self, bank: Bank) -> LabelRule:
        """A verdict takes `delay_days` of the settings, or as long as most verdicts known at the cutoff
        took."""
        return replace(DEFINITION.rule, delay_days=self.wait(bank, bank.cutoff))

    def wait(self, bank: Bank, at: int) -> int:
        """Days after which an application without a verdict counts as honest, as known at an instant (µs)."""
        given = bank.settings.get("delay_days")
        if given is not None:
            return int(given)
        known = delays_at(bank, at)
        return known.within(MOST_COME) if known.measured else DEFINITION.rule.delay_days

    def plan(self, bank: Bank) -> Plan:
        """The first applications train, those a verdict's time later test; the newest are scored.

        What trains for the test waits as long as verdicts known when the test began had taken.
        """
        zone = bank.warehouse.zone
        start, _ = coverage(bank.warehouse, self.needs)
        wait = self.wait(bank, bank.cutoff)
        mature = zone.days_before(bank.cutoff, wait)
        days = int((mature - start) // DAY) - wait
        if days < LEAST_DAYS:
            raise FeasibilityError(
                f"{self.name} found {max(days, 0)} days of applications that could train or test, as "
                f"verdicts take {wait} days",
                hint=f"It needs {2 * wait + LEAST_DAYS} days in all: twice the verdicts' {wait} and "
                f"{LEAST_DAYS} to learn and test on. Load a longer period, or set delay_days and have "
                "applications count as honest sooner.",
            )
        test_from = zone.days_before(mature, round(TEST_SHARE * days))
        earlier = self.wait(bank, test_from)
        return Plan(
            score=(mature, bank.cutoff),
            periods=((start, zone.days_before(test_from, earlier)), (test_from, bank.cutoff)),
            test=Fold(train_from=start, test_from=test_from, test_until=mature),
            final_from=start,
            sentence=_plan_words(bank, start, test_from, mature, earlier=earlier, wait=wait),
        )

    def population(self, bank: Bank, plan: Plan) -> Any:
        """All applications of the periods; value: the amount asked for; `decision`: what was decided of
        them."""
        rows = self.applications(bank, plan.periods)
        self._check_frauds(bank, plan, rows)
        return rows

    def applications(self, bank: Bank, periods: Sequence[tuple[int, int]]) -> Any:
        """The same for any periods (µs, closed below and open above), whatever their verdicts."""
        import pyarrow as pa

        spans = np.array(periods, dtype=np.int64)
        with self._session(bank) as session:
            session.register(
                "periods", pa.table({"since": instants(spans[:, 0]), "until": instants(spans[:, 1])})
            )
            found = session.arrow(statement(FOLDER, "population"))
            bank.note("population", session.statements)
        return application_rows(found)

    def _check_frauds(self, bank: Bank, plan: Plan, rows: Any) -> None:
        """FeasibilityError where fewer than LEAST_TRAIN confirmed frauds may train."""
        at = micros(rows.column("cutoff"))
        inside = np.flatnonzero(at < plan.periods[0][1])
        truth, known = self.label(bank, rows.take(inside))
        assert plan.test is not None
        frauds = int((truth & (known <= plan.test.test_from)).sum())
        if frauds < LEAST_TRAIN:
            raise FeasibilityError(
                f"{self.name} found {frauds} confirmed frauds among {len(inside)} applications that may "
                f"train",
                hint=f"It needs at least {LEAST_TRAIN}; nothing was fitted. Load more verdicts "
                f"(feedback), a longer "
                "period or more customers.",
            )

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where an investigation confirmed; known when a verdict's time is over, or the verdict came
        later. For what trains before the test that time is the one known when the test began."""
        import pyarrow as pa
        import pyarrow.compute as pc

        asked = pa.table({"row_number": np.arange(rows.num_rows), "subject_id": rows.column("subject_id")})
        with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
            session.register("asked_rows", asked)
            found = session.arrow(DEFINITION.sql)
            bank.note("label", session.statements)
        truth = np.asarray(found.column("label").to_numpy(zero_copy_only=False), dtype=np.bool_)
        due = self._due(bank, micros(rows.column("cutoff")))
        verdict = pc.fill_null(found.column("known_at").cast(pa.int64()), 0).to_numpy()
        return truth, np.where(truth, np.maximum(verdict, due), due)

    def _due(self, bank: Bank, cutoffs: Ints) -> Ints:
        """When an application without a verdict counts as honest, µs."""
        zone, test = bank.warehouse.zone, self.plan(bank).test
        assert test is not None
        now, then = (days_after(cutoffs, self.wait(bank, at), zone) for at in (bank.cutoff, test.test_from))
        return np.where(cutoffs < test.test_from, then, now)

    def features(self, bank: Bank) -> tuple[str, ...]:
        """What `evidence.TABLE` names and the bank's tables allow."""
        return readable(bank)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and the bank's rule; logistic regression, boosting, and the groups of evidence combined."""
        return (
            prior(),
            *(_rule(features),),
            logistic(bank, settings=({"C": 0.01}, {"C": 0.003}, {"C": 0.1})),
            boosting(
                bank,
                settings=(
                    {"n_estimators": 120, "num_leaves": 4, "learning_rate": 0.04, "min_data_in_leaf": 30,
                     "feature_fraction": 0.3, "lambda_l2": 10.0},
                ),
            ),
            *all_ways(bank, self.parts(features)),
        )  # fmt: skip

    def parts(self, features: Sequence[str]) -> tuple[Part, ...]:
        """The groups of evidence the bank has, each read by a logistic regression."""
        given = {group: columns_of(features, group) for group in GROUPS}
        return tuple(
            linear(group, columns, settings={"C": 0.03}) for group, columns in given.items() if columns
        )

    def evaluate(self, bank: Bank, tested: Tested) -> dict[str, Any]:
        """Precision on the list that investigators can work, and the money it saves, for each candidate."""
        return listed(tested, bank.warehouse.zone, Capacity.of(bank, tested.rows), seed=bank.seed)

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: chance times amount; the first of each day up to the capacity are checked."""
        return graded(bank, scored, Capacity.of(bank, scored.rows), ACTIONS)

    def _session(self, bank: Bank) -> Session:
        return Session(
            bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=bank.threads
        )


def _plan_words(bank: Bank, start: int, test_from: int, mature: int, *, earlier: int, wait: int) -> str:
    zone = bank.warehouse.zone
    until = zone.show(zone.days_before(test_from, earlier))
    how = "as set" if "delay_days" in bank.settings else "as the bank's own verdicts took, known by then"
    return (
        f"Applications from {zone.show(start)} to {until} train, those from {zone.show(test_from)} to "
        f"{zone.show(mature)} test. An application counts as honest when a verdict's time is over: {earlier} "
        f"days when the test began and {wait} at the run's cutoff, {how}. Settings and calibration come from "
        f"folds of customers inside the training rows. Scored are the applications from {zone.show(mature)} "
        "on, whose verdicts are open."
    )


def _rule(features: Sequence[str]) -> Candidate:
    """Six signs added up, as far as the bank has them; the amount alone where it has none."""
    from bankmine.tasks.candidates import rule

    signs = tuple(name for name in RULE if name in features)
    if not signs:
        return rule("app_amount", name="amount rule", words="the amount asked for alone")
    return Candidate(
        name="bank rule", words=RULE_WORDS, preparation=prior().preparation,
        miner=partial(_count_rule, signs), columns=signs, baseline=True,
    )  # fmt: skip


def _count_rule(columns: tuple[str, ...]) -> Any:
    from bankmine.mining.classification.baselines import CountRule

    return CountRule(columns)


SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "delay_days": "days until a verdict is known; by default those in which nine of ten of the bank's "
        "own verdicts came, or 30 below 15 verdicts",
        "cases_a_day": "applications investigators check a day, a fraction for less than one; by default "
        "one in "
        "ten of the applications there are",
        "check_cost": "cost of one check in units of the bank's currency, 60 by default",
        "loss_given_fraud": "share of the amount that is lost on a false application that is granted, 0.8 "
        "by default",
    }
)
