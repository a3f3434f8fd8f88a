"""What a run works on: the rows looked at, their labels and the matrix of their features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.hashing import splitmix64
from bankmine.errors import FeasibilityError
from bankmine.evaluation.splits import Split, forward_split
from bankmine.lifecycle.evidence import units_of
from bankmine.tasks.contract import Bank, Floats, Fold, Ints, Plan, Task, Truth
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.sql import micros

NEVER = np.iinfo(np.int64).max
SEQUENCE, CUTOFF = "sequence", "cutoff"
PASSED_ON = ("text", SEQUENCE)  # units of features that are neither numbers nor categories
TUNING_FOLDS, FEW_ROWS = 3, 1_000  # folds of customers, where no forward fold fits; 5 for few rows


@dataclass(frozen=True)
class Material:
    """Rows with features; `truth` and `known_at` (µs, NEVER where immature) have one value a row.

    `units` and `sentences` are the features' own, by name; `weight` says how many rows each stands for where
    the budget left some out (None: every row for itself).
    """

    rows: Any
    features: Any
    names: tuple[str, ...]
    units: Mapping[str, str]
    sentences: Mapping[str, str]
    truth: Truth
    known_at: Ints
    weight: Floats | None = None

    @cached_property
    def cutoffs(self) -> Ints:
        """Cutoff of each row, µs."""
        return micros(self.rows.column("cutoff"))

    @cached_property
    def customers(self) -> Ints:
        """The customer of each row, else (where any row has none) its subject."""
        return units_of(self.rows)

    @cached_property
    def plain_names(self) -> tuple[str, ...]:
        """The features that are numbers or categories; texts and events are read where they are named."""
        return tuple(name for name in self.names if self.units.get(name) not in PASSED_ON)

    def read_by(self, columns: tuple[str, ...] | None, features: Any) -> Any:
        """The columns of `features` a candidate names (None: the plain ones), the cutoff beside events."""
        names = list(columns or self.plain_names)
        dated = any(self.units.get(name) == SEQUENCE for name in names)
        return features.select([*names, CUTOFF] if dated else names)

    @cached_property
    def fitted(self) -> dict[Any, Any]:
        """Preparations fitted on some of the rows, by settings, columns and positions."""
        return {}

    @cached_property
    def mature(self) -> Truth:
        """Rows whose label is known at the run's cutoff."""
        return np.asarray(self.known_at < NEVER, dtype=np.bool_)

    def split(self, fold: Fold, keep: Any = None) -> Split:
        """Training and test rows of a fold, forward in time with the embargo."""
        parts = forward_split(
            self.cutoffs,
            train_from=fold.train_from,
            test_from=fold.test_from,
            test_until=fold.test_until,
            label_known_at=np.where(self.mature, self.known_at, NEVER),
        )
        test = parts.test
        kept = test if keep is None else test[keep[test]]
        left_out = len(test) - len(kept)
        protocol = f" ({left_out:,} more are left out by the task's protocol)" if left_out else ""
        sentence = (
            f"Forward in time: {len(parts.train):,} rows train, {len(kept):,} test{protocol}. Rows "
            "between, whose "
            "labels were not yet known at the first test cutoff, serve neither side."
        )
        return Split(parts.kind, parts.train, kept, parts.embargoed, sentence)

    def within(self, train: Ints) -> list[tuple[Ints, Ints]]:
        """Folds of customers inside training rows, as (training, held-out) positions, for labels that take so
        long to be known that no earlier period is left to tune on.

        Each customer lies in one fold; customers with a true row are dealt out evenly, in an order that a
        hash of the pseudonym gives. All rows were known when the test began, so nothing of it is seen.
        """
        customer = np.asarray(self.rows.column("customer_id").fill_null(0).to_numpy(), dtype=np.int64)[train]
        who, row = np.unique(customer, return_inverse=True)
        true = np.bincount(row, weights=self.truth[train], minlength=len(who)) > 0
        count = TUNING_FOLDS if len(train) >= FEW_ROWS else 5
        fold = np.empty(len(who), dtype=np.int64)
        fold[np.lexsort([splitmix64(who), ~true])] = np.arange(len(who)) % count
        return [(train[fold[row] != one], train[fold[row] == one]) for one in range(count)]

    def scored(self, plan: Plan) -> Ints:
        """Positions of the rows that get a score."""
        since, until = plan.score
        return np.flatnonzero((self.cutoffs >= since) & (self.cutoffs < until))

    def take(self, positions: Ints) -> tuple[Any, Any]:
        """Rows and features at some positions."""
        return self.rows.take(positions), self.features.take(positions)


def fewer_tested(task: Task, rows: Any, plan: Plan, bank: Bank) -> tuple[Any, Floats]:
    """The rows with whole customers left out of the tested cutoffs where they are more than the budget's.

    Scored rows and rows before the first tested cutoff always stay. Customers are chosen by a hash of their
    pseudonym, the same ones at every cutoff. The second value is each row's weight: 1 over the share kept.
    """
    cutoffs = micros(rows.column("cutoff"))
    weight = np.ones(len(cutoffs))
    if plan.test is None or not task.may_be_thinned:
        return rows, weight
    tested = (cutoffs >= _first_tested(plan)) & ~_inside(cutoffs, plan.score)
    share = bank.budget.test_rows / max(int(tested.sum()), 1)
    if share >= 1:
        return rows, weight
    drawn = _drawn(np.asarray(rows.column("customer_id").fill_null(0).to_numpy(), dtype=np.int64))
    weight[tested] = 1 / share
    kept = np.flatnonzero(~tested | (drawn < share))
    return rows.take(kept), weight[kept]


def fewer_learnt(
    task: Task, rows: Any, plan: Plan, bank: Bank, truth: Truth, weight: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Positions of the rows that stay when only so many may be learnt from, and their weights.

    Of the rows before the first tested cutoff the true ones stay (up to half of the budget), of the others as
    many as the budget leaves, chosen by a hash of subject and cutoff; a row stands for 1 / share of its kind.
    """
    cutoffs = micros(rows.column("cutoff"))
    every = np.arange(len(cutoffs))
    if plan.test is None or not task.may_be_thinned:
        return every, weight
    learnt = (cutoffs < _first_tested(plan)) & ~_inside(cutoffs, plan.score)
    if int(learnt.sum()) <= bank.budget.learning_rows:
        return every, weight
    subject = np.asarray(rows.column("subject_id").to_numpy(), dtype=np.int64)
    drawn, kept, weight = _drawn(subject, cutoffs), ~learnt, weight.copy()
    left = bank.budget.learning_rows
    for kind, most in ((learnt & truth, bank.budget.learning_rows // 2), (learnt & ~truth, None)):
        count = int(kind.sum())
        share = min(1.0, (left if most is None else most) / max(count, 1))
        kept |= kind & (drawn < share)
        weight[kind] /= share
        left -= round(count * share)
    chosen = np.flatnonzero(kept)
    return chosen, weight[chosen]


def _first_tested(plan: Plan) -> int:
    """The earliest cutoff whose rows tune or test."""
    assert plan.test is not None
    return min(plan.test.test_from, *(fold.test_from for fold in plan.tuning), plan.test.test_from)


def _inside(cutoffs: Ints, period: tuple[int, int]) -> Truth:
    return np.asarray((cutoffs >= period[0]) & (cutoffs < period[1]), dtype=np.bool_)


def _drawn(keys: Ints, more: Ints | None = None) -> Floats:
    """A number in [0, 1) for each key, the same on every machine."""
    mixed = splitmix64(keys)
    if more is not None:
        mixed = splitmix64(mixed.view(np.int64) ^ more)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


def label_rows(task: Task, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
    """Labels of the rows whose label is mature; False and NEVER for the others."""
    truth = np.zeros(rows.num_rows, dtype=np.bool_)
    known_at = np.full(rows.num_rows, NEVER, dtype=np.int64)
    rule = task.rule(bank)
    if rule is None:
        return truth, known_at
    cutoffs = micros(rows.column("cutoff"))
    ripe = rule.mature(
        cutoffs, zone=bank.warehouse.zone, as_of=bank.cutoff, covered_until=covered_until(bank, rule)
    )
    chosen = np.flatnonzero(ripe)
    if len(chosen):
        truth[chosen], known_at[chosen] = task.label(bank, rows.take(chosen))
    return truth, known_at


def refuse_immature(task: Task, bank: Bank, rows: Any, plan: Plan) -> None:
    """CutoffError where a test row's label is not over yet: a test on part of the truth is none."""
    rule = task.rule(bank)
    if rule is None or plan.test is None:
        return
    cutoffs = micros(rows.column("cutoff"))
    inside = (cutoffs >= plan.test.test_from) & (cutoffs < plan.test.test_until)
    rule.require_mature(
        cutoffs[inside],
        zone=bank.warehouse.zone,
        as_of=bank.cutoff,
        covered_until=covered_until(bank, rule),
    )


def covered_until(bank: Bank, rule: LabelRule) -> int:
    """The earliest end of coverage of the tables a label reads, µs."""
    spans = [bank.warehouse.coverage(name) for name in rule.tables]
    return min((span[1] for span in spans if span is not None), default=bank.cutoff)


def check_feasible(task: Task, rows: Any, truth: Truth, known_at: Ints, plan: Plan) -> dict[str, Any]:
    """The counts that feasibility asks for; FeasibilityError says in numbers what is missing."""
    least, cutoffs = task.goal.feasibility, micros(rows.column("cutoff"))
    subjects = int(((cutoffs >= plan.score[0]) & (cutoffs < plan.score[1])).sum())
    counts: dict[str, Any] = {"rows": rows.num_rows, "subjects": subjects, "least_subjects": least.subjects}
    if subjects < least.subjects:
        raise FeasibilityError(
            f"{task.name} found {subjects} {task.needs.subject_kind}s at the cutoff",
            hint=f"It needs at least {least.subjects} for its figures to mean anything.",
        )
    if plan.test is None:
        return counts
    fold = plan.test
    train = (cutoffs >= fold.train_from) & (known_at <= fold.test_from)
    test = (cutoffs >= fold.test_from) & (cutoffs < fold.test_until) & (known_at < NEVER)
    for part, inside in (("training", train), ("test", test)):
        positives = int(truth[inside].sum())
        negatives = int(inside.sum()) - positives
        counts |= {f"{part}_rows": int(inside.sum()), f"{part}_positives": positives}
        for kind, seen, wanted in (
            ("positives", positives, least.positives),
            ("negatives", negatives, least.negatives),
        ):
            if seen < wanted:
                raise FeasibilityError(
                    f"{task.name} found {seen} {kind} among {int(inside.sum())} {part} rows",
                    hint=f"It needs at least {wanted}; nothing was fitted. Load a longer period or more "
                    "customers.",
                )
    return counts
