"""What a run works on: the rows looked at, their labels and the matrix of their features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.evaluation.splits import Split, forward_split
from bankmine.tasks.contract import Bank, Fold, Ints, Plan, Task, Truth
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.sql import micros

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Material:
    """Rows with features; `truth` and `known_at` (µs, NEVER where immature) have one value a row.

    `units` and `sentences` are the features' own, by name.
    """

    rows: Any
    features: Any
    names: tuple[str, ...]
    units: Mapping[str, str]
    sentences: Mapping[str, str]
    truth: Truth
    known_at: Ints

    @cached_property
    def cutoffs(self) -> Ints:
        """Cutoff of each row, µs."""
        return micros(self.rows.column("cutoff"))

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

    def scored(self, plan: Plan) -> Ints:
        """Positions of the rows that get a score."""
        since, until = plan.score
        return np.flatnonzero((self.cutoffs >= since) & (self.cutoffs < until))

    def take(self, positions: Ints) -> tuple[Any, Any]:
        """Rows and features at some positions."""
        return self.rows.take(positions), self.features.take(positions)


def thinned(task: Task, rows: Any, plan: Plan, bank: Bank) -> Any:
    """The rows with whole customers left out where there are more than `bank.most_rows` to learn from.

    Scored rows always stay. Customers are chosen by a hash of their pseudonym, so that the same ones stay at
    every cutoff, and any part of a population is one.
    """
    from bankmine.bank.hashing import splitmix64

    if plan.test is None or not task.may_be_thinned:
        return rows
    cutoffs = micros(rows.column("cutoff"))
    scored = (cutoffs >= plan.score[0]) & (cutoffs < plan.score[1])
    learning = int((~scored).sum())
    if learning <= bank.most_rows:
        return rows
    subject = np.asarray(rows.column("customer_id").fill_null(0).to_numpy(), dtype=np.int64)
    drawn = splitmix64(subject) >> np.uint64(11)
    kept = scored | (drawn.astype(np.float64) / 2.0**53 < bank.most_rows / learning)
    return rows.take(np.flatnonzero(kept))


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
