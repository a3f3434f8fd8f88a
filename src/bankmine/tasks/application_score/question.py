"""The question of the A card: will the credit applied for be 90 days past due within twelve months?

A row is an application at the instant it was made. A label counts as known only when the slowest could be:
a bad credit shows after a hundred days, a good one after a year, so reading each label when it is known
would leave the young applications with bads alone. Learnt and tested is on credits that were granted and
have an outcome; declined, withdrawn and undecided applications have none and are never taken for good or
bad.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.warehouse import Warehouse
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.tasks.application_score.evidence import WINDOWS, numbers_of, readable
from bankmine.tasks.application_score.parts import LITTLE, TREES_BADS, parts_of
from bankmine.tasks.candidates import boosting, logistic, prior
from bankmine.tasks.combination import all_ways
from bankmine.tasks.contract import (
    Bank,
    Candidate,
    Decision,
    Feasibility,
    Floats,
    Fold,
    Goal,
    Ints,
    Needs,
    Plan,
    Scored,
    Task,
    Truth,
    exponent_of,
)
from bankmine.tasks.definitions import DEFINITIONS
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.population import application_rows, coverage
from bankmine.tasks.sql import micros, statement

if TYPE_CHECKING:
    from bankmine.tasks.combination import Read

FOLDER = Path(__file__).parent
DEFINITION = DEFINITIONS["application_default"]
DELAY_DAYS = 3  # a year counts from the decision, which takes up to a week: 373 days cover it
LEAST_DAYS = 120  # of applications that train and test together
MOST_TEST_DAYS, TEST_SHARE = 365, 0.36
LEAST_BADS, LEAST_GRANTED = 15, 60  # to train; Feasibility has the least of the test
BANK_RULE = ("bureau_overdue_count_12mo", "loans_in_debt_count")
LOSS_GIVEN_DEFAULT = 0.45
ACTIONS = MappingProxyType(
    {
        "refuse": "Decline, or ask for security: riskier than the bank accepts at today's approval rate.",
        "review": "A credit officer looks at the reasons before deciding.",
        "accept": "Approve within the policy's limits.",
    }
)
REVIEWED = 0.05  # of the decided applications, on either side of the cut-off


class GoesBad(Task):
    """Subject: an application for credit of a person or a company, at the instant it was made."""

    name = "goes_bad"
    title = "Credit goes bad"
    sentence = "Which credit applied for will be 90 days past due within twelve months of granting"
    needs = Needs(
        tables=("credit_application",),
        usable=("account", "balance", "bureau_event", "bureau_report", "card", "company", "consent",
                "customer", "digital_event", "holding", "loan", "loan_event", "party_link", "transaction"),
        subject_kind="application", customer_kind="any",
    )  # fmt: skip
    label_rule = DEFINITION.rule
    horizon_words = "twelve months of granting"
    may_be_thinned = False
    goal = Goal(
        question="Which credit applied for will be 90 days past due within twelve months of granting?",
        success="Expected loss avoided at today's approval rate, against the bank's rule.",
        owner="Head of credit risk",
        use="The score that credit policy cuts, with reasons for each applicant.",
        plan="Train on granted applications whose year was over when the test began, test on later ones; use "
        "if better than overdue payments at the bureau and own loans unpaid.",
        feasibility=Feasibility(subjects=20, positives=10, negatives=50),
    )

    def __init__(self, sub_score: str | None = None) -> None:
        """With `sub_score` the small model of one kind of cause (see `evidence.SUB_SCORES`), on its evidence
        alone."""
        self.sub_score = sub_score
        if sub_score is not None:
            self.name, self.title = sub_score, sub_score.capitalize()
            self.sentence = f"Which credit applied for will go bad, by what speaks of {sub_score} alone"

    def rule(self, bank: Bank) -> LabelRule:
        """370 days and the days a decision may take, whatever the outcome."""
        return replace(DEFINITION.rule, delay_days=DEFINITION.rule.delay_days + DELAY_DAYS)

    def plan(self, bank: Bank) -> Plan:
        """The first granted applications train, those a year later test; younger ones are scored."""
        zone, wait = bank.warehouse.zone, self.rule(bank).embargo_days
        start, _ = coverage(bank.warehouse, self.needs)
        mature = zone.days_before(bank.cutoff, wait)
        days = _days(zone, start, mature) - wait
        if days < LEAST_DAYS:
            raise FeasibilityError(
                f"{self.name} found {max(days, 0)} days of applications that could train or test between "
                f"{zone.show(start)} and {zone.show(bank.cutoff)}",
                hint=f"It needs {2 * wait + LEAST_DAYS} days in all: whether a credit goes bad is known "
                f"after {wait} days, once for the training and once for the test. Load a longer period.",
            )
        test_from = zone.days_before(mature, min(MOST_TEST_DAYS, round(TEST_SHARE * days)))
        train_until = zone.days_before(test_from, wait)
        return Plan(
            score=(mature, bank.cutoff),
            periods=((start, train_until), (test_from, bank.cutoff)),
            test=Fold(train_from=start, test_from=test_from, test_until=mature),
            final_from=start,
            sentence=f"Granted applications from {zone.show(start)} to {zone.show(train_until)} train, those "
            f"from {zone.show(test_from)} to {zone.show(mature)} test; an outcome counts as known {wait} days"
            " after the application, good or bad. Settings and calibration come from folds of customers "
            f"inside the training rows. Scored are the applications from {zone.show(mature)} on, whose "
            "outcomes are open.",
        )

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Applications with an outcome up to the test's end, all later ones; value: the amount asked for.

        The further column `decision` is what was decided, as known at the run's cutoff.
        """

        granted, bads = _learnable(bank.warehouse, bank.cutoff, *plan.periods[0])
        if bads < LEAST_BADS or granted < LEAST_GRANTED:
            raise FeasibilityError(
                f"{self.name} found {bads} bad credits among {granted} granted applications that may train",
                hint=f"It needs at least {LEAST_BADS} of {LEAST_GRANTED}; nothing was fitted. Load a longer "
                "period or more customers.",
            )
        since, scored = plan.periods[0][0], plan.score[0]
        with self._session(bank) as session:
            found = session.arrow(
                statement(FOLDER, "population"), {"since": since, "scored": scored, "until": bank.cutoff}
            )
            bank.note("population", session.statements)
        return application_rows(found)

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where the credit went bad; known at the later of the rule's time and its own."""
        import pyarrow as pa

        cutoffs = micros(rows.column("cutoff"))
        asked = pa.table({"row_number": np.arange(rows.num_rows), "subject_id": rows.column("subject_id")})
        with self._session(bank) as session:
            session.register("asked_rows", asked)
            found = session.arrow(DEFINITION.sql)
            bank.note("label", session.statements)
        truth = np.asarray(found.column("label").to_numpy(zero_copy_only=False), dtype=np.bool_)
        due = self.rule(bank).known_at(cutoffs, bank.warehouse.zone)
        return truth, np.maximum(due, micros(found.column("known_at")))

    def features(self, bank: Bank) -> tuple[str, ...]:
        """What `evidence.TABLE` names and the bank's tables allow."""
        return readable(bank)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and the bank's rule; scorecard and logistic regression on the windows; every part alone, all
        together, all without each. FeasibilityError for a sub-score of which no evidence is there."""
        if self.sub_score is not None:
            return self._small(bank, numbers_of(features, sub_score=self.sub_score))
        windows = numbers_of(features, part=WINDOWS)
        return (
            replace(prior(), columns=windows),
            bank_rule(features),
            scorecard(bank, windows),
            replace(logistic(bank, settings=({"C": 0.01}, {"C": 0.003})), columns=windows),
            *all_ways(bank, self.parts(bank, features)),
        )

    def parts(self, bank: Bank, features: Sequence[str]) -> tuple[Read, ...]:
        """The parts of the stack, as far as the outcomes to learn from allow."""
        return parts_of(bank, features, self.bads(bank))

    def bads(self, bank: Bank) -> int:
        """How many bad credits there are to learn from before the test."""
        return _learnable(bank.warehouse, bank.cutoff, *self.plan(bank).periods[0])[1]

    def _small(self, bank: Bank, columns: tuple[str, ...]) -> tuple[Candidate, ...]:
        """Logistic regression on the sub-score's columns; small trees where there is enough for them."""
        if not columns:
            raise FeasibilityError(
                f"the bank's tables hold nothing that speaks of {self.sub_score}",
                hint="`bankmine features` shows what the tables allow.",
            )
        straight = replace(logistic(bank, settings=({"C": 0.01},)), columns=columns)
        found = (replace(prior(), columns=columns), straight)
        if self.bads(bank) < TREES_BADS:
            return found
        return (*found, boosting(bank, columns=columns, settings=(LITTLE,)))

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: expected loss; graded by the chance, with the cut-off at today's approval rate."""
        chance = np.asarray(scored.probability, dtype=np.float64)
        amount = np.asarray(scored.column("value_minor"), dtype=np.float64)
        decided = np.asarray(scored.rows.column("decision").to_pylist(), dtype=object)
        place, rate = graded(chance, decided)
        words = list(ACTIONS)
        loss = np.round(chance * loss_given_default(bank) * amount)
        return Decision(
            value=loss,
            unit="minor units",
            grade=[words[one] for one in place],
            order=-chance,
            actions=ACTIONS,
            flags=[(word,) for word in decided.tolist()],
            summary={
                "applications": len(chance), "expected_bad": float(chance.sum()), "approval_rate": rate,
                "expected_loss_minor": float(loss.sum()), "amount_minor": float(amount.sum()),
                "by_decision": {word: int((decided == word).sum()) for word in sorted(set(decided))},
                "by_grade": {word: int((place == number).sum()) for number, word in enumerate(words)},
            },
        )  # fmt: skip

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How well it ranks, beside the rules."""
        return auc_words(figures)

    def _session(self, bank: Bank) -> Session:
        return Session(
            bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=bank.threads
        )


@lru_cache(maxsize=8)
def _learnable(warehouse: Warehouse, cutoff: int, since: int, until: int) -> tuple[int, int]:
    """How many granted applications of [since, until) have an outcome known at the cutoff, and how many of
    them went bad."""
    with Session(warehouse, cutoff, until=cutoff) as session:
        found = session.arrow(statement(FOLDER, "learnable"), {"since": since, "until": until})
    return int(found.column("applications")[0].as_py()), int(found.column("bads")[0].as_py())


def loss_given_default(bank: Bank) -> float:
    """The share of the amount that is lost where a credit goes bad, by the bank's settings."""
    return float(bank.settings.get("loss_given_default", LOSS_GIVEN_DEFAULT))


def auc_words(figures: Mapping[str, Any]) -> list[str]:
    """The model's AUC with its interval, beside the best baseline's."""
    name, base = figures["model"], figures["best_baseline"]
    area, other = (figures["candidates"][one]["metrics"]["auc"] for one in (name, base))
    return [
        f"AUC {area['value']:.3f} ({area['low']:.3f}–{area['high']:.3f}) with {name}; {base} "
        f"{other['value']:.3f} ({other['low']:.3f}–{other['high']:.3f})."
    ]


def graded(chance: Floats, decided: Any) -> tuple[Ints, float]:
    """Each row's place in ACTIONS and today's approval rate: approved of approved and declined (1 where
    nothing is decided). The cut-off lets the same share of these pass; a twentieth on either side is
    reviewed."""
    judged = np.isin(decided, ("approved", "declined"))
    rate = float((decided[judged] == "approved").mean()) if judged.any() else 1.0
    basis = chance[judged] if judged.any() else chance
    if not len(basis) or rate == 1.0:
        return np.full(len(chance), 2, dtype=np.int64), rate
    high, low = (float(np.quantile(basis, min(max(rate + side, 0.0), 1.0))) for side in (REVIEWED, -REVIEWED))
    return np.where(chance > high, 0, np.where(chance > low, 1, 2)).astype(np.int64), rate


def scorecard(bank: Bank, columns: tuple[str, ...]) -> Candidate:
    """A card of points on the columns; missing values have bins of their own."""
    resamples = 5 if bank.budget.settings == 1 else 10
    return Candidate(
        name="scorecard", words="card of points (optimal bins, signs kept)", columns=columns,
        preparation=partial(_for_card, exponent_of(bank.warehouse.currency)),
        miner=partial(_card, resamples=resamples, random_state=bank.seed),
    )  # fmt: skip


def bank_rule(features: Sequence[str]) -> Candidate:
    """What a clerk asks first: payments overdue at the bureau, own loans unpaid; added up.

    The amount stands beside them for the preparation alone, which asks for one column that varies.
    """
    columns = tuple(name for name in (*BANK_RULE, "app_amount") if name in features)
    return Candidate(
        name="bank rule", words="payments overdue at the bureau and own loans unpaid, added up",
        preparation=_as_it_is, miner=partial(_count_rule, BANK_RULE), columns=columns, baseline=True,
    )  # fmt: skip


def _as_it_is() -> Any:
    """The rule's columns however few rows have another value."""
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    return Preparation.for_trees(
        selection=Selection(most_missing=None, most_common=None, most_correlation=None)
    )


def _count_rule(columns: tuple[str, ...]) -> Any:
    from bankmine.mining.classification.baselines import CountRule

    return CountRule(columns)


def _for_card(exponent: int) -> Any:
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    limits = Selection(most_missing=0.6, most_correlation=None, most_common=0.9999)
    return Preparation.for_trees(currency_exponent=exponent, selection=limits)


def _card(**settings: Any) -> Any:
    from bankmine.mining.scorecard.scorecard import Scorecard

    rules = {"max_bins": 5, "min_share": 0.07, "toll": 2.0}
    return Scorecard(rules=rules, least_information=0.02, **settings)


def _days(zone: Any, since: int, until: int) -> int:
    """Civil days between two instants."""
    days = zone.day_of(np.array([since, until], dtype=np.int64))
    return int(days[1] - days[0])
