"""The second question of the behaviour score: which overdrafts will turn malignant?

Subject: a current account whose overdraft is in use or was in the last 90 days. The truth is in
`tasks/definitions/overdraft_default.sql`: within 180 days the account is overdrawn without a break for 90
days, or beyond its limit without a break for 30. It looks half a year ahead, so that more of a short history
can be learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import Measure, derived, observed
from bankmine.tasks.application_score.question import scorecard
from bankmine.tasks.behaviour_score.features import names
from bankmine.tasks.behaviour_score.grades import graded
from bankmine.tasks.behaviour_score.question import SMALL, known_kind, year_label, yearly_plan
from bankmine.tasks.behaviour_score.rows import moment, subject_rows
from bankmine.tasks.candidates import boosting, logistic, prior, rule
from bankmine.tasks.combination import quick
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
from bankmine.tasks.definitions import OVERDRAFT
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.sql import statement
from bankmine.windows import events

FOLDER = Path(__file__).parent
BACK_DAYS, LATELY_DAYS, BEYOND_DAYS = 200, 90, 30
OVERDRAWN_DAYS = "account_overdrawn_days_all"
SPANS = ("1mo", "3mo", "12mo")
THEME, ACCOUNT = "lending", "account"
RISKIER, CLOSER = Direction.RISKIER, Direction.CLOSER
LEFT_OUT = ("balance_*", "overdrawn_*", "customer_kind")


class OverdraftTurns(Task):
    """Subject: a current account with an overdraft in use that is not malignant yet."""

    name = "overdraft_default"
    title = "Malignant overdraft"
    sentence = "Which overdrafts will be used without a break for 90 days, or beyond the limit for 30"
    needs = Needs(
        tables=("account", "transaction", "customer", "product"), usable=("loan", "loan_event"),
        subject_kind=ACCOUNT, customer_kind="any",
    )  # fmt: skip
    label_rule = OVERDRAFT.rule
    horizon_words = "180 days"
    goal = Goal(
        question="Which overdrafts in use will turn malignant within half a year?",
        success="Overdrawn money that is agreed on and paid down before it turns malignant.",
        owner="Head of credit risk",
        use="Early calls, a plan to pay down, limits frozen before they are broken.",
        plan="Monthly cutoffs; the last ones whose half year is over test, those known before train.",
        feasibility=Feasibility(subjects=50, positives=15, negatives=50, history_days=90),
    )

    def __init__(self, *, customer_kind: str = "any") -> None:
        self.customer_kind = known_kind(customer_kind)

    def plan(self, bank: Bank) -> Plan:
        """Monthly cutoffs, forward in time with half a year between what trains and what tests."""
        return yearly_plan(bank, self.needs, self.rule(bank), name=self.name)

    def rule(self, bank: Bank) -> LabelRule:
        """Half a year, and a day until it is known."""
        return OVERDRAFT.rule

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Accounts with an overdraft in use; value: how far they are overdrawn."""
        back = bank.warehouse.zone.days_before

        def given(at: int) -> dict[str, Any]:
            return {
                "since": moment(back(at, BACK_DAYS)), "lately": moment(back(at, LATELY_DAYS)),
                "month_ago": moment(back(at, BEYOND_DAYS)), "kind": self.customer_kind,
            }  # fmt: skip

        return subject_rows(bank, plan, statement(FOLDER, "overdrafts"), ACCOUNT, given)

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where the overdraft turns malignant in the half year from the cutoff on."""
        return year_label(bank, rows, self.rule(bank), OVERDRAFT.sql)

    def catalogue(self, bank: Bank) -> Catalogue:
        """The shipped catalogue with the course of the account itself."""
        return overdraft_catalogue()

    def features(self, bank: Bank) -> tuple[str, ...]:
        """The course of the account, and what is known of its owner."""
        own = Catalogue(of_account()).available(bank.warehouse, as_of=bank.cutoff).names
        return (*own, *names(bank, subject=ACCOUNT, light=True, without=LEFT_OUT))

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and days overdrawn alone; scorecard, logistic regression and boosting."""
        card = () if quick(bank) else (scorecard(bank, tuple(features)),)
        return (
            prior(), rule(OVERDRAWN_DAYS, name="days-overdrawn rule", words="days overdrawn alone"), *card,
            logistic(bank, settings=({"C": 0.03},)),
            boosting(bank, settings=({**SMALL, "min_data_in_leaf": 30},)),
        )  # fmt: skip

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: the expected loss, chance × overdrawn × loss share; grade by the chance."""
        return graded(bank, scored)


@cache
def overdraft_catalogue() -> Catalogue:
    """One object, so that matrices are shared."""
    return Catalogue([*CATALOGUE.values(), *of_account()])


@cache
def of_account() -> tuple[Feature, ...]:
    """Windows over the bookings of the account that is the subject."""
    booked = events("transaction", key="account_id").where(status="booked")
    after = booked.measure("balance_after_minor")
    solvent, below = booked.at_least(balance_after_minor=0), booked.below(balance_after_minor=0)
    last = Measure("last", "account_balance_last", "Balance of the account after its latest booking", CLOSER)
    level = (
        Measure("min", "account_balance_min", "Lowest balance of the account", CLOSER),
        Measure("mean", "account_balance_mean", "Mean balance of the account", CLOSER),
    )
    days = Measure("recency", "account_overdrawn_days", "Days since the account was not overdrawn", RISKIER)
    count = Measure("count", "account_overdrawn_count", "Bookings that left the account overdrawn", RISKIER)
    money_in = Measure("sum", "account_in_sum", "Money in", CLOSER)
    inward = booked.where(direction="in").measure("base_minor")
    return (
        *observed(THEME, after, [last], over=("all",), subject=ACCOUNT),
        *observed(THEME, after, level, over=SPANS, subject=ACCOUNT),
        *observed(THEME, solvent, [days], over=("all",), subject=ACCOUNT),
        *observed(THEME, below, [count], over=SPANS, subject=ACCOUNT),
        *observed(THEME, inward, [money_in], over=SPANS, subject=ACCOUNT),
        _ratio("account_in_change_3mo", "account_in_sum_3mo", "account_in_sum_12mo",
               "Money in of the 3 months before the cutoff as a part of that of the 12."),
        _ratio("account_balance_to_in_3mo", "account_balance_last_all", "account_in_sum_3mo",
               "Balance as a multiple of the money in of the 3 months before the cutoff."),
    )  # fmt: skip


def _ratio(name: str, over: str, under: str, sentence: str) -> Feature:
    return derived(
        THEME, name, "ratio", [over, under], unit="ratio", sentence=sentence, subject=ACCOUNT,
        direction=CLOSER,
    )  # fmt: skip
