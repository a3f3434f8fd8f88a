"""The one contract of all tasks: a business question as data and a few functions.

A task says what is asked, of whom, what the truth is, which features and miners to try, how the answer is
judged in the bank's own terms and what is done with it. It never runs itself: `lifecycle.runner` runs every
task the same way, so that honesty (splits, embargo, baselines, leak tests) cannot be left out by one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import Zone
from bankmine.bank.currencies import exponent_of as exponent_of  # tasks ask the contract for it
from bankmine.bank.warehouse import Warehouse
from bankmine.config import USUAL, Budget
from bankmine.errors import ConfigurationError
from bankmine.tasks.labels import LabelRule

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Truth = NDArray[np.bool_]
ROW_COLUMNS = ("subject_kind", "subject_id", "customer_id", "cutoff", "seq", "value_minor")


@dataclass(frozen=True, kw_only=True)
class Feasibility:
    """The least a task accepts; below it the run stops with the numbers, before anything is fitted.

    `subjects` at the run's cutoff; `positives` and `negatives` among the training rows and among the test
    rows; `history_days` of coverage before the first cutoff that is looked at.
    """

    subjects: int
    positives: int = 0
    negatives: int = 0
    history_days: int = 0


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Why the task exists: the question, how success is counted in money, whose it is, what follows.

    `adverse` says that a high chance works against the customer: credit is refused, cut or doubted. Fairness
    then compares who is spared.
    """

    question: str
    success: str
    owner: str
    use: str
    plan: str
    feasibility: Feasibility
    adverse: bool = False


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Bank tables without which the task stops, and tables it uses where the bank has them.

    `customer_kind` is "person", "company" or "any".
    """

    tables: tuple[str, ...]
    usable: tuple[str, ...] = ()
    subject_kind: str = "customer"
    customer_kind: str = "person"


@dataclass(frozen=True, kw_only=True)
class Bank:
    """What a task may look at: the warehouse, the run's cutoff (µs, also what is known) and its settings.

    `budget` says how much a question may spend on rows, settings and rounds.
    """

    warehouse: Warehouse
    cutoff: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    memory: str = "1GB"
    threads: int = 2
    seed: int = 0
    maximum_staleness: str | Mapping[str, str] | None = None
    statements: dict[str, str] = field(default_factory=dict)
    budget: Budget = USUAL

    def note(self, name: str, statements: Sequence[str]) -> None:
        """Keeps the SQL that made a number, under a name, to be shown beside it."""
        if statements:
            self.statements[name] = "\n;\n".join(dict.fromkeys(statements))


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Training cutoffs from `train_from` on, as far as their labels were known at `test_from`; test cutoffs
    in `[test_from, test_until)`. All µs."""

    train_from: int
    test_from: int
    test_until: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which cutoffs serve what.

    `tuning` folds choose settings and calibrate; `test` gives the honest figures; the model that scores is
    fitted anew on rows from `final_from` whose labels are known at the run's cutoff. `cutoffs` are the
    instants at which customers are looked at (for tasks on events `periods` of `[since, until)` instead);
    `score` is the period of the rows that get a score. `sentence` says it in words.
    """

    score: tuple[int, int]
    sentence: str
    cutoffs: tuple[int, ...] = ()
    periods: tuple[tuple[int, int], ...] = ()
    tuning: tuple[Fold, ...] = ()
    test: Fold | None = None
    final_from: int | None = None


@dataclass(frozen=True, kw_only=True)
class More:
    """Further rows to learn from: features by name, their labels and how much each row counts."""

    features: Any
    truth: Truth
    weight: Floats


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A preparation and a miner to try.

    `preparation` and `miner` make new ones; `settings` are keyword arguments for `miner`, among which the
    tuning folds choose. A baseline is what the model has to beat. `columns` limits the features (a rule
    that looks at one). `calibrate` puts a calibrator behind the miner; `parallel` says that fits may run
    beside each other and still give the same. `out_of_fold` says that the miner itself tells what it said of
    training rows it had not learnt from (`held_out_`, log-odds, `fold_`): where no forward fold tunes, that
    does, and saves fitting it anew in folds. `only_measured` keeps it from being the model or a baseline:
    it is tested to say what another lacks without it. `more` gives further rows to learn from for the cutoffs
    (µs) of the training rows: those of like questions, whose labels were known when the training rows' were.
    `level_cutoffs`: behind the calibrator, chances get the level of so many latest cutoffs of the training
    rows, whose outcome is known; 0 leaves them at the calibrator's.
    """

    name: str
    words: str
    preparation: Callable[[], Any]
    miner: Callable[..., Any]
    settings: tuple[Mapping[str, Any], ...] = ({},)
    baseline: bool = False
    columns: tuple[str, ...] | None = None
    calibrate: bool = False
    parallel: bool = False
    out_of_fold: bool = False
    only_measured: bool = False
    more: Callable[[Ints], More] | None = None
    level_cutoffs: int = 0


@dataclass(frozen=True, kw_only=True)
class Tested:
    """The test rows with what came true and what each candidate said; arrays of shape (rows,)."""

    rows: Any
    truth: Truth
    probability: Mapping[str, Floats]
    ranking: Mapping[str, Floats]
    model: str
    best_baseline: str

    @cached_property
    def cutoffs(self) -> Ints:
        """Cutoff of each row, µs."""
        return np.asarray(self.rows.column("cutoff").to_numpy(), dtype=np.int64)

    def column(self, name: str) -> Any:
        """A column of the rows as an array."""
        return self.rows.column(name).to_numpy(zero_copy_only=False)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The rows that get a score, with the probability and the value they are ranked by."""

    rows: Any
    probability: Floats
    ranking: Floats

    def column(self, name: str) -> Any:
        """A column of the rows as an array."""
        return self.rows.column(name).to_numpy(zero_copy_only=False)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What follows for each scored row: `value` (in `unit`), `grade`, and `order` (smallest first).

    `actions` says for each grade what to do; `flags` are the task's own marks on a row, if it has any.
    """

    value: Floats
    unit: str
    grade: Sequence[str]
    order: Floats
    actions: Mapping[str, str]
    summary: Mapping[str, Any] = field(default_factory=dict)
    flags: Sequence[Sequence[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The task's own part of its page, in the report's words: figures, findings, sections."""

    metrics: Sequence[Any] = ()
    statements: Sequence[Any] = ()
    sections: Sequence[Any] = ()


class Task:
    """Base of all tasks. A task overrides what its question needs; only a study has no `label_rule`.

    `metric` is the figure candidates are chosen and compared by, `metrics` those reported with intervals.
    `sells` says that its lists offer something: customers to whom nothing may be sold are kept out of them.
    `may_be_thinned` says that any part of the customers gives the same question (see `Budget`).
    `group` is the column whose values the bootstrap resamples as a whole. `settings` are what
    `[tasks.<name>]` of a bank may say, with a sentence each; `whole_numbers` those that are counts.
    """

    name: str
    title: str
    sentence: str
    goal: Goal
    needs: Needs
    label_rule: LabelRule | None = None
    metric: str = "auc"
    metrics: tuple[str, ...] = ("auc", "average_precision", "brier")
    sells: bool = False
    may_be_thinned: bool = True
    group: str = "customer_id"
    group_words: str = "customer"
    horizon_words: str = ""
    settings: Mapping[str, str] = MappingProxyType({})
    whole_numbers: tuple[str, ...] = ()

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """ConfigurationError for a setting the task does not have, or one of the wrong type."""
        allowed = {"cutoff": "civil date at which the task looks at the bank", **self.settings}
        for name, value in given.items():
            if name not in allowed:
                raise ConfigurationError(
                    f"the task {self.name} has no setting {name!r}",
                    hint=f"It has {', '.join(allowed)}; see [tasks.{self.name}] in bankmine.toml.",
                )
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
            if name in self.whole_numbers and not whole:
                raise ConfigurationError(
                    f"tasks.{self.name}.{name} is {value!r}", hint="Give a whole number from 1 on."
                )

    def default_cutoff(self, settings: Mapping[str, Any], zone: Zone) -> str | None:
        """The cutoff the bank's settings ask for; None for the earliest end of coverage."""
        value = settings.get("cutoff")
        return None if value is None else str(value)

    def horizon(self, bank: Bank) -> str:
        """How far ahead the answer looks, in words, under the bank's settings."""
        return self.horizon_words

    def rule(self, bank: Bank) -> LabelRule | None:
        """The label rule under the bank's settings."""
        return self.label_rule

    def plan(self, bank: Bank) -> Plan:
        """Which cutoffs serve what. FeasibilityError where the coverage is too short."""
        raise NotImplementedError

    def population(self, bank: Bank, plan: Plan) -> Any:
        """An Arrow table with ROW_COLUMNS: who is looked at, when, and the money at stake."""
        raise NotImplementedError

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """For rows with mature labels: the label and when it was known (µs), as known at the run's cutoff."""
        raise NotImplementedError

    def catalogue(self, bank: Bank) -> Any:
        """The feature catalogue the names come from; a task may add features of its own."""
        from bankmine.customers.catalogue import CATALOGUE

        return CATALOGUE

    def features(self, bank: Bank) -> tuple[str, ...]:
        """Names of the catalogue's features this bank's tables allow."""
        raise NotImplementedError

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """What to try, with at least one baseline."""
        raise NotImplementedError

    def keep(self, bank: Bank, rows: Any, truth: Truth, fold: Fold) -> Truth:
        """Which test rows of a fold count (all, unless the task's protocol leaves some out)."""
        return np.ones(rows.num_rows, dtype=np.bool_)

    def evaluate(self, bank: Bank, tested: Tested) -> dict[str, Any]:
        """Figures of the task's own beside the usual metrics, as plain values."""
        return {}

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Grades, lists and actions that follow from the scores."""
        raise NotImplementedError

    def show(self, about: Mapping[str, Any]) -> Shown:
        """What the task's page shows of a finished run besides what every task shows."""
        return Shown()

    def depends_on(self, bank: Bank) -> str:
        """Names what a run rests on besides code, data and settings: the bank's own files, by hash."""
        return ""

    def aim(self, bank: Bank) -> Goal:
        """The goal under the bank's settings."""
        return self.goal

    def verdict(self, bank: Bank, figures: Mapping[str, Any]) -> str:
        """What to use, and what that cannot do (tasks with a label)."""
        return str(figures["comparison"]["text"])

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """A few key statements of a finished run, most important first, with their numbers."""
        return []
