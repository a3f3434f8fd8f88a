"""The question of the behaviour score, a labelled task that others may ask too: which loans will default?

Subject: a loan that runs at a monthly cutoff and is not 90 days past due. The truth is in
`tasks/definitions/loan_default.sql`: 90 days past due or written off in the next 365 days, known a day later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError, UsageError
from bankmine.tasks.application_score.question import scorecard
from bankmine.tasks.asking import asked_label
from bankmine.tasks.behaviour_score.actions import MOST, MOST_QUICK, action_rows, since
from bankmine.tasks.behaviour_score.features import LIGHT, PAST_DUE, SEQUENCE, names, windows
from bankmine.tasks.behaviour_score.grades import graded
from bankmine.tasks.behaviour_score.judge import by_kind, money_found, worth_of
from bankmine.tasks.behaviour_score.rows import civil, subject_rows
from bankmine.tasks.behaviour_score.schedules import first_seen, schedules_of
from bankmine.tasks.candidates import boosting, logistic, prior, rule
from bankmine.tasks.combination import all_ways, events, quick, trees
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
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.population import coverage, months_back
from bankmine.tasks.sql import instants, micros, statement

FOLDER = Path(__file__).parent
DEFINITION = DEFINITIONS["loan_default"]
KINDS = ("any", "person", "company")
HISTORY_DAYS = 90
TEST_MONTHS = 4
QUICK_MONTHS = 4
LATE_FROM = 10  # days past due above which the path of a loan's score is drawn
MOST_MONTHS = 12  # cutoffs that train: a loan seen every month says little more than one seen every second
SMALL = {"n_estimators": 120, "num_leaves": 5, "learning_rate": 0.05, "min_data_in_leaf": 60,
         "feature_fraction": 0.5, "lambda_l2": 10.0}  # fmt: skip
STEPS = {"hidden": 16, "epochs": 12, "longest": 48, "batch_size": 256, "learning_rate": 0.01}
WORDS = {
    "due": ("instalment due", "instalments due"), "paid": ("payment", "payments"),
    "prepaid": ("early repayment", "early repayments"), "drawn": ("drawing", "drawings"),
    "disbursed": ("disbursement", "disbursements"), "restructured": ("restructuring", "restructurings"),
}  # fmt: skip


class LoanDefaults(Task):
    """Subject: a running loan or line that is not in default.

    `customer_kind` is "any", "person" or "company". `light`: few columns and one setting of each miner, for
    tasks that ask this question besides their own work. `actions`: also scored are the month before the
    run's cutoff and the instants after actions (`actions.py`).
    """

    title = "Loan default"
    sentence = "Which running loans will be 90 days past due within a year"
    needs = Needs(
        tables=("loan", "loan_event", "customer"),
        usable=("balance", "bureau_event", "bureau_report", "collateral", "consent", "transaction"),
        subject_kind="loan", customer_kind="any",
    )  # fmt: skip
    label_rule = DEFINITION.rule
    horizon_words = "365 days"
    goal = Goal(
        question="Which loans that run and are paid, or are late by less than 90 days, will be 90 days past "
        "due within a year?",
        success="Principal of loans that default, found early and high enough in the list to be acted on.",
        owner="Head of credit risk",
        use="Early calls, frozen limits, no top-up of risky loans; the chance for provisions and ratings.",
        plan="Monthly cutoffs; the last ones whose year is over test, those whose label was known before the "
        "first of these train; use the model if it beats days past due alone.",
        feasibility=Feasibility(
            subjects=200, positives=15, negatives=100, history_days=HISTORY_DAYS
        ),
        adverse=True,
    )  # fmt: skip

    def __init__(self, *, customer_kind: str = "any", light: bool = True, actions: bool = False) -> None:
        customer_kind = known_kind(customer_kind)
        self.customer_kind, self.light, self.actions = customer_kind, light, actions
        self.name = "loan_default" if customer_kind == "any" else f"loan_default_{customer_kind}"
        if customer_kind != "any":
            self.title = f"Loan default, {'companies' if customer_kind == 'company' else 'persons'}"

    def plan(self, bank: Bank) -> Plan:
        """Monthly cutoffs, forward in time with a year between what trains and what tests."""
        plan = yearly_plan(bank, self.needs, self.rule(bank), name=self.name)
        if not self.actions:
            return plan
        month = bank.warehouse.zone.months_before(bank.cutoff, 1)
        return replace(
            plan, cutoffs=(*plan.cutoffs[:-1], month, bank.cutoff), score=(since(bank), bank.cutoff + 1)
        )

    def rule(self, bank: Bank) -> LabelRule:
        """A year, and a day until it is known."""
        return DEFINITION.rule

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Running loans not in default, without those whose schedule contradicts itself by then; value: the
        principal left."""
        import pyarrow as pa

        rows = believed(bank, self._rows(bank, plan))
        if not self.actions:
            return rows
        here = rows.filter(pa.array(micros(rows.column("cutoff")) == bank.cutoff))
        most = MOST_QUICK if quick(bank) else MOST
        acted = action_rows(bank, here, late_loans(bank), most=most)
        return pa.concat_tables([rows, acted])

    def _rows(self, bank: Bank, plan: Plan) -> Any:
        return subject_rows(bank, plan, running(), "loan", lambda at: {"kind": self.customer_kind})

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where the loan is 90 days past due in the year from the cutoff on."""
        return year_label(bank, rows, self.rule(bank), DEFINITION.sql)

    def features(self, bank: Bank) -> tuple[str, ...]:
        """The course of the loan and the customer's money, as far as the bank's tables allow.

        The sequence is left out where the budget is quick, for a network costs as much as all the rest, and
        where the library that trains networks is not installed.
        """
        found = names(bank, subject="loan", light=self.light)
        return windows(found) if no_sequence(bank) else found

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and days past due alone; scorecard and logistic regression; boosting of the windows, the
        sequence, and both together where there is one. Light: boosting and logistic regression only."""
        columns = windows(features)
        found = [replace(prior(), columns=columns)]
        if PAST_DUE in columns:
            found.append(rule(PAST_DUE, name="past-due rule", words="days past due alone"))
        linear = replace(logistic(bank, settings=({"C": 0.03},)), columns=columns)
        if self.light:
            return (*found, linear, boosting(bank, settings=(SMALL,), columns=columns))
        card = scorecard(bank, tuple(name for name in columns if name in LIGHT))
        if SEQUENCE not in features:
            return (*found, card, linear, boosting(bank, settings=(SMALL,), columns=columns))
        parts = [trees("windows", columns, settings=SMALL)]
        parts.append(events("sequence", SEQUENCE, bank=bank, words=WORDS, settings=STEPS))
        return (*found, card, linear, *all_ways(bank, parts))

    def evaluate(self, bank: Bank, tested: Tested) -> dict[str, Any]:
        """Figures by kind, money found in the first tenth, and what each kind of evidence adds."""
        if self.light:
            return {}
        return {
            "kinds": by_kind(bank, tested), "money": money_found(tested, seed=bank.seed),
            "worth": worth_of(bank, tested, ("windows", "sequence")), "no_sequence": no_sequence(bank),
        }  # fmt: skip

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: the expected loss, chance × principal × loss share; grade by the chance."""
        return graded(bank, scored)


def believed(bank: Bank, rows: Any) -> Any:
    """The rows of loans whose events tell one story until the row's cutoff."""
    import pyarrow as pa

    loans, broken = first_seen(*schedules_of(bank))
    if not len(loans):
        return rows
    loan = np.asarray(rows.column("subject_id").to_numpy(), dtype=np.int64)
    place = np.searchsorted(loans, loan).clip(max=len(loans) - 1)
    out = (loans[place] == loan) & (broken[place] <= micros(rows.column("cutoff")))
    return rows.filter(pa.array(~out))


def late_loans(bank: Bank) -> Ints:
    """Loans that are past due at the run's cutoff."""
    sql = statement(FOLDER, "stands")
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory,
                 threads=bank.threads) as session:  # fmt: skip
        found = session.arrow(sql, civil(bank, bank.cutoff))
    past_due = np.asarray(found.column("past_due").to_numpy(), dtype=np.int64)
    return np.asarray(found.column("loan_id").to_numpy()[past_due > LATE_FROM], dtype=np.int64)


def known_kind(customer_kind: str) -> str:
    """The kind of customer as given; UsageError for none of KINDS."""
    if customer_kind not in KINDS:
        raise UsageError(f"customer_kind is {customer_kind!r}", hint=f"Give one of {', '.join(KINDS)}.")
    return customer_kind


def running() -> str:
    """The statement of running loans, on top of the one that says where each loan stands."""
    return f"WITH stand AS (\n{statement(FOLDER, 'stands')}\n)\n{statement(FOLDER, 'loans')}"


def no_sequence(bank: Bank) -> str:
    """Why the network over the actions of loans is not tried, in words; empty where it is."""
    if quick(bank):
        return "the budget is quick"
    return "" if _deep() else "the extra deep, which trains networks, is not installed"


def _deep() -> bool:
    """Whether the library that trains networks is installed; without it there is no part "sequence"."""
    return find_spec("jax") is not None


def yearly_plan(bank: Bank, needs: Needs, rule: LabelRule, *, name: str) -> Plan:
    """The last mature months test; months whose label was known before the first of them train.

    No earlier period is left to tune on forward in time where the label takes a year: settings are chosen in
    folds of customers inside the training rows. At most MOST_MONTHS train; where the budget is quick
    QUICK_MONTHS, every second one.
    FeasibilityError where no month is left to train on.
    """
    zone = bank.warehouse.zone
    every, most = (2, QUICK_MONTHS) if quick(bank) else (1, MOST_MONTHS)
    start, _ = coverage(bank.warehouse, needs)
    months = np.array(
        months_back(bank, from_month=1, earliest=zone.days_before(start, -HISTORY_DAYS)), dtype=np.int64
    )
    mature = months[rule.known_at(months, zone) <= bank.cutoff]
    tests = min(TEST_MONTHS, max(1, len(mature) // 3))
    last = mature[-tests:]
    early = mature[rule.known_at(mature, zone) <= last[0]] if len(last) else mature
    early = early[::-every][:most][::-1]
    if not len(early):
        need = HISTORY_DAYS + 2 * rule.embargo_days + 60
        raise FeasibilityError(
            f"{name} found {len(mature)} monthly cutoffs with a known label between {zone.show(start)} and "
            f"{zone.show(bank.cutoff)}, and none of them a year before the first that tests",
            hint=f"It needs about {need} days. Load a longer period.",
        )
    last = last[::-every][::-1]
    test = Fold(train_from=int(early[0]), test_from=int(last[0]), test_until=int(last[-1]) + 1)
    between = mature[(mature > early[-1]) & (mature < last[0])][::-every][::-1]
    kept = np.unique(np.concatenate([early, between[::-3][::-1] if every == 1 else between[-1:], last]))
    return Plan(
        score=(bank.cutoff, bank.cutoff + 1), cutoffs=(*(int(one) for one in kept), bank.cutoff), test=test,
        final_from=int(kept[max(0, len(kept) - MOST_MONTHS)]),
        sentence=f"Looked at on {len(kept)} monthly cutoffs from {zone.show(int(kept[0]))} to "
        f"{zone.show(int(kept[-1]))}; those from {zone.show(test.test_from)} on test, those up to "
        f"{zone.show(int(early[-1]))}, whose year was then over, train.",
    )  # fmt: skip


def year_label(bank: Bank, rows: Any, rule: LabelRule, sql: str) -> tuple[Truth, Ints]:
    """The label of rows from a definition's statement, and when it was known (µs)."""
    import pyarrow as pa

    cutoffs, zone = micros(rows.column("cutoff")), bank.warehouse.zone
    asked = pa.table(
        {
            "row_number": np.arange(rows.num_rows), "subject_id": rows.column("subject_id"),
            "customer_id": rows.column("customer_id"), "cutoff": rows.column("cutoff"),
            "label_end": instants(rule.ends(cutoffs, zone)),
        }
    )  # fmt: skip
    return asked_label(bank, asked, sql), rule.known_at(cutoffs, zone)
