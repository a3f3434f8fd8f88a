"""The labelled question about prospects: who of those who left a form becomes a customer in 90 days.

What became of a form is seldom kept as a key. `joined.sql` says by which rule it is found; a bank whose forms
lead nowhere has the question refused, and the share of past joiners stands in for the chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.customers.catalogue import Catalogue
from bankmine.customers.feature import Feature
from bankmine.customers.themes import versioned
from bankmine.engine.session import Session
from bankmine.tasks.candidates import boosting, logistic, prior, rule
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
FRESH_DAYS = 62  # a form older than that is cold
PROSPECT = "prospect"
NEVER = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Joinings:
    """Which prospect was known to be which customer, and when; arrays of shape (stretches,).

    `place` is the prospect's in `Forms`, `joined` when the relation began (µs). `known` and `until` (`NEVER`
    where it is sure still) bound, as `[known, until)`, when the bank knew of it beyond doubt: a correction or
    a rival ends a stretch, and a later one may begin.
    """

    place: Ints
    joined: Ints
    customer: Ints
    known: Ints
    until: Ints


@dataclass(frozen=True)
class Forms:
    """All forms as known at the run's cutoff: when each was left and first known (µs), and who joined.

    `prospects` ascend; `left` and `known` belong to them.
    """

    prospects: Ints
    left: Ints
    known: Ints
    joinings: Joinings

    def joined_by(self, at: int) -> Ints:
        """When each prospect joined (µs), as known beyond doubt at a time; 0 where nobody did."""
        told = self.joinings
        sure = (told.known <= at) & (at < told.until)
        joined = np.zeros(len(self.prospects), np.int64)
        joined[told.place[sure]] = told.joined[sure]
        return joined

    def open_at(self, at: int) -> Truth:
        """Who had left a form and not joined by a cutoff, as known at that cutoff."""
        joined = self.joined_by(at)
        gone = (joined > 0) & (joined < at)
        return np.asarray((self.left < at) & (self.known <= at) & ~gone, dtype=np.bool_)


@cache
def form_features() -> tuple[Feature, ...]:
    """What a form says, as features of a prospect; protected attributes and the region are left out."""
    said = [
        _code("source", "Where the prospect came from"),
        _code("occupation", "Occupation on the form"),
        _code("income_band", "Band of income on the form"),
        _code("education", "Education on the form"),
        _code("consent", "Purposes consented to on the form"),
    ]
    age = versioned(
        "form", "form_age", "max(extract(year FROM asked_day) - birth_year)", relation=PROSPECT,
        columns=("prospect.birth_year",), unit="years", sentence="Age by the year of birth on the form.",
    )  # fmt: skip
    since = versioned(
        "form", "form_days", "max(date_diff('day', CAST(valid_from AS DATE), asked_day))",
        relation=PROSPECT, columns=("prospect.valid_from",), unit="days",
        sentence="Days since the form was left.",
    )  # fmt: skip
    employer = versioned(
        "form", "form_employer", "max(CAST(employer_id IS NOT NULL AS INT))", relation=PROSPECT,
        columns=("prospect.employer_id",), unit="flag",
        sentence="1 where the form names an employer, else 0.",
    )  # fmt: skip
    return (*said, age, since, employer)


def forms(bank: Bank) -> Forms:
    """The forms, and who of them joined, by the rule of `joined.sql`."""
    left_sql = (
        "SELECT prospect_id, min(epoch_us(valid_from)) AS left_at, min(epoch_us(known_at)) AS known "
        "FROM prospect_versions "
        "WHERE known_at <= make_timestamptz($known) GROUP BY prospect_id ORDER BY prospect_id"
    )
    given = {"known": bank.cutoff}
    with Session(bank.warehouse, memory=bank.memory, threads=1) as session:
        left = session.arrow(left_sql, given)
        joined = session.arrow(
            statement(FOLDER, "joined"), {**given, "zone": bank.warehouse.manifest.time_zone}
        )
        bank.note("joined", session.statements)
    prospects, left_at, known = (
        np.asarray(left.column(name).to_numpy(), dtype=np.int64)
        for name in ("prospect_id", "left_at", "known")
    )
    who, *told = (
        np.asarray(joined.column(name).fill_null(NEVER).to_numpy(), dtype=np.int64)
        for name in ("prospect_id", "joined_at", "customer_id", "joined_known", "joined_until")
    )
    return Forms(prospects, left_at, known, Joinings(np.searchsorted(prospects, who), *told))


class ProspectJoins(Task):
    """Subject: a prospect whose form is at most two months old and who has not joined yet."""

    name = "prospect_joins"
    title = "Prospects who become customers"
    sentence = "Which prospects with a fresh form become customers in the next 90 days"
    needs = Needs(tables=("prospect", "customer"), subject_kind=PROSPECT)
    label_rule = LabelRule(horizon_days=90, delay_days=7, tables=("transaction",))
    horizon_words = "90 days"
    group = "subject_id"
    group_words = "prospect"
    goal = Goal(
        question="Which prospects who left a form in the last two months become customers in 90 days?",
        success="Joiners among the first tenth of the list, tested on later months.",
        owner="Head of acquisition", use="The chance that enters a prospect's expected profit.",
        plan="Monthly cutoffs; the forms of the two months before each.",
        feasibility=Feasibility(subjects=20, positives=20, negatives=20, history_days=31),
    )  # fmt: skip

    def __init__(self, known: Forms) -> None:
        self._forms = known

    def plan(self, bank: Bank) -> Plan:
        """Monthly cutoffs over the time the transactions cover, the last six mature ones test."""
        assert self.label_rule is not None
        needs = Needs(tables=("transaction",))
        return monthly_plan(bank, needs, self.label_rule, name=self.name, history_days=31, test_months=6)

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Prospects with a fresh form who had not joined, as known at each cutoff; no money is at stake."""
        import pyarrow as pa

        parts = []
        for at in plan.cutoffs:
            oldest = bank.warehouse.zone.days_before(at, FRESH_DAYS)
            fresh = (self._forms.left >= oldest) & self._forms.open_at(at)
            parts.append(prospect_rows(self._forms.prospects[fresh], at))
        return pa.concat_tables(parts)

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """Whether the prospect joined in the 90 days that follow and that was known 7 days after them."""
        assert self.label_rule is not None
        cutoffs, zone = micros(rows.column("cutoff")), bank.warehouse.zone
        place = np.searchsorted(self._forms.prospects, rows.column("subject_id").to_numpy())
        known_at = self.label_rule.known_at(cutoffs, zone)
        joined = np.zeros(len(place), np.int64)
        for at in np.unique(known_at).tolist():
            joined[known_at == at] = self._forms.joined_by(at)[place[known_at == at]]
        truth = (joined >= cutoffs) & (joined < self.label_rule.ends(cutoffs, zone))
        return np.asarray(truth, dtype=np.bool_), known_at

    def catalogue(self, bank: Bank) -> Any:
        """The form's fields."""
        return Catalogue(form_features())

    def features(self, bank: Bank) -> tuple[str, ...]:
        """Those fields the bank's forms have."""
        return tuple(self.catalogue(bank).available(bank.warehouse, as_of=bank.cutoff).names)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and the freshness rule; logistic regression and boosting, calibrated."""
        settings = ({"n_estimators": 60, "num_leaves": 4, "learning_rate": 0.06, "min_data_in_leaf": 30},)
        fresh = rule("form_days", words="days since the form was left alone", name="freshness rule")
        return (prior(), fresh, logistic(bank), boosting(bank, settings=settings))

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """By chance; the study prices and grades."""
        return Decision(
            value=scored.probability, unit="probability", grade=[""] * len(scored.probability),
            order=-scored.ranking, actions={},
        )  # fmt: skip


def prospect_rows(prospects: Ints, at: int) -> Any:
    """Rows of prospects at a cutoff. They name the prospect in the customer's place: it has none."""
    import pyarrow as pa

    count = len(prospects)
    columns = {
        "subject_kind": pa.array([PROSPECT] * count, pa.string()),
        "subject_id": pa.array(prospects),
        "customer_id": pa.array(prospects),
        "cutoff": instants(np.full(count, at, np.int64)),
        "seq": pa.nulls(count, pa.int64()),
        "value_minor": pa.array(np.zeros(count, np.int64)),
    }
    return pa.table({name: columns[name] for name in ROW_COLUMNS})


def share_joining(known: Forms, at: int) -> float:
    """The share of forms at least 90 days old whose prospect joined within 90 days; 0 without any."""
    old = known.left <= at - 90 * DAY
    since = known.joined_by(at)
    joined = (since > 0) & (since < known.left + 90 * DAY)
    return float(joined[old].mean()) if old.any() else 0.0


def _code(column: str, words: str) -> Feature:
    return versioned(
        "form", f"form_{column}", f"max({column})", relation=PROSPECT, columns=(f"prospect.{column}",),
        unit="code", sentence=f"{words}.",
    )  # fmt: skip
