"""The four honesty tests on the real task of a real run; a failed one stops the run.

1. Truncation and 2. future poison: the features of sampled subjects, as the run computed them, against those
   computed anew from a warehouse cut at the cutoff and from one poisoned behind it.
3. Permuted labels: the model's whole way (with its weights and further rows), trained and tested on shuffled
   labels, ranks no better than chance. No calibrator is behind it: that would not change a rank.
4. Planted leak: the check for features that know the label names a planted one, and names no real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.hashing import bucket_of
from bankmine.evaluation import leaks
from bankmine.lifecycle.cutdata import Cut, copies
from bankmine.lifecycle.material import Material
from bankmine.lifecycle.supervised import Model, fit_weighted
from bankmine.tasks.contract import Bank, Candidate, Ints, More, Task, Truth
from bankmine.tasks.sql import micros

SAMPLE = 200
FEWEST_BUCKETS = 4
ROWS_FOR_LABEL_TESTS = 20_000
MOST_TREES = 80
STOP_AT = 0.99


@dataclass(frozen=True)
class Outcome:
    """One test: whether it passed (None: it does not apply), and what was seen in a sentence."""

    name: str
    passed: bool | None
    sentence: str


def feature_tests(
    task: Task, bank: Bank, material: Material, candidates: Ints, folder: Path
) -> list[Outcome]:
    """Truncation and future poison on a sample of the rows at the positions given.

    The sample is taken at the latest of their cutoffs, so that what follows it is really the future.
    """
    from bankmine.customers.matrix import matrix

    sample, cut = _sample(task, bank, material, candidates)
    rows, known = material.take(sample)
    catalogue = task.catalogue(bank)
    needs = (need for name in material.names for need in catalogue.needs(name))
    everyone = {need.table for need in needs if need.everyone}
    cut_copy, poisoned_copy = copies(bank.warehouse, rows, cut, folder, everyone=everyone)
    outcomes = []
    for name, copy, test in (
        ("truncation", cut_copy, leaks.truncation),
        ("future poison", poisoned_copy, leaks.future_poison),
    ):
        names = _present(copy, material, task, bank)
        again = matrix(copy, rows, names, catalogue=catalogue, memory=bank.memory, threads=bank.threads)
        leaks.raise_on(test(known.select(names), again.select(names)))
        shown = bank.warehouse.zone.show(cut.at)
        outcomes.append(Outcome(name, True, _sentence(name, len(names), len(sample), shown)))
    return outcomes


def label_tests(
    task: Task, bank: Bank, material: Material, train: Ints, held: Ints, candidate: Candidate, model: Model
) -> list[Outcome]:
    """Permuted labels and planted leak on at most 20,000 rows of either side, with all that are true."""
    train, held = _part(train, material.truth, bank.seed), _part(held, material.truth, bank.seed + 1)
    return [
        _permuted(bank, material, train, held, candidate, model),
        _planted(bank, material, train),
    ]


def not_applicable(sentence: str = "The task has no label, so no feature can know it.") -> list[Outcome]:
    """What is said of the label tests where they were not made, by default for want of a label."""
    return [Outcome("permuted labels", None, sentence), Outcome("planted leak", None, sentence)]


def _permuted(
    bank: Bank, material: Material, train: Ints, held: Ints, candidate: Candidate, model: Model
) -> Outcome:
    both = np.concatenate([train, held])
    strata = np.concatenate([np.zeros(len(train), int), np.ones(len(held), int)])
    columns = material.read_by(candidate.columns, material.features)
    settings = dict(model.settings)
    if "n_estimators" in settings:
        settings["n_estimators"] = min(MOST_TREES, settings["n_estimators"])
    first, second = columns.take(train), columns.take(held)
    more = None if candidate.more is None else candidate.more(material.cutoffs[train])
    draw = np.random.default_rng([bank.seed, len(train)])

    def train_and_score(labels: Truth) -> tuple[Any, Any]:
        own, others = labels[: len(train)], labels[len(train) :]
        preparation = candidate.preparation()
        made = preparation.fit_transform(first, own, units=material.units)
        values, weight = made.values, None if material.weight is None else material.weight[train]
        if more is not None:
            weight = np.concatenate([np.ones(len(own)) if weight is None else weight, more.weight])
            values = np.concatenate([values, preparation.transform(more.features).values])
            own = np.concatenate([own, draw.permutation(more.truth)])
        miner = fit_weighted(
            candidate.miner(**settings), values, own, made.names, weight, lambda: material.customers[train]
        )
        return others, miner.decision_function(preparation.transform(second).values)

    seen = leaks.permuted_labels(
        train_and_score,
        material.truth[both],
        rounds=bank.budget.rounds,
        strata=strata,
        random_state=bank.seed,
    )
    leaks.raise_on(seen.findings)
    return Outcome(
        "permuted labels",
        True,
        f"Trained and tested on shuffled labels{_beside(more)}, the AUC is {seen.mean:.3f} over "
        f"{_rounds(bank)}; "
        "chance allows "
        f"{seen.low:.3f} to {seen.high:.3f}.",
    )


def _rounds(bank: Bank) -> str:
    return f"{bank.budget.rounds} round{'s' if bank.budget.rounds > 1 else ''}"


def _beside(more: More | None) -> str:
    """Names the further rows that were learnt from, where there are any."""
    return "" if more is None else f" (those of {len(more.truth):,} further rows to learn from too)"


def _planted(bank: Bank, material: Material, train: Ints) -> Outcome:
    """Names a planted leak; a real column as good as the label stops the run, a very good one is named.

    That such a column comes from before the cutoff is what truncation and future poison have shown.
    """
    values, names = plain_matrix(material, train)
    truth = material.truth[train]
    named = leaks.suspicious_features(values, truth, names)
    leaks.raise_on(one for one in named if one.value >= STOP_AT)
    missed = leaks.planted_leak(
        lambda X, labels: leaks.suspicious_features(X, truth, labels),
        values,
        truth,
        names,
        random_state=bank.seed,
    )
    leaks.raise_on(missed)
    strong = ", ".join(f"{one.feature} ({one.value:.3f})" for one in named)
    real = (
        f"of {len(names)} real columns these are very good alone and deserve a look: {strong}"
        if named
        else f"none of the {len(names)} real columns gives an AUC of 0.95 alone"
    )
    return Outcome("planted leak", True, f"A planted column that knows the label was named; {real}.")


def plain_matrix(material: Material, rows: Ints) -> tuple[Any, tuple[str, ...]]:
    """The features as they are, without any selection, as doubles."""
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    every = Selection(most_missing=None, most_common=None, most_correlation=None)
    made = Preparation.for_trees(categories="codes", selection=every).fit_transform(
        material.features.select(list(material.plain_names)).take(rows), material.truth[rows],
        units=material.units,
    )  # fmt: skip
    return made.values, made.names


def _sample(task: Task, bank: Bank, material: Material, candidates: Ints) -> tuple[Ints, Cut]:
    """Rows at the latest cutoff (customers, loans), or the last transactions or applications, and the cut.

    Transactions are cut at the position of the last one, applications just after the last one.
    """
    cutoffs = material.cutoffs[candidates]
    if task.needs.subject_kind == "transaction":
        seqs = material.rows.column("seq").to_numpy()[candidates]
        end = np.lexsort((seqs, cutoffs))[-1]
        cut = Cut(int(cutoffs[end]), int(seqs[end]))
        known = _known_by(bank, material, candidates, cut.at)
        candidates, cutoffs, seqs = candidates[known], cutoffs[known], seqs[known]
        return candidates[np.lexsort((seqs, cutoffs))[-SAMPLE:]], cut
    at = int(cutoffs.max())
    if task.needs.subject_kind == "application":
        known = _known_by(bank, material, candidates, at + 1)
        candidates, cutoffs = candidates[known], cutoffs[known]
        return candidates[np.argsort(cutoffs, kind="stable")[-SAMPLE:]], Cut(at + 1)
    there = candidates[cutoffs == at]
    there = _of_few_buckets(bank, material, there)
    if len(there) > SAMPLE:
        there = np.sort(np.random.default_rng(bank.seed).choice(there, SAMPLE, replace=False))
    return there, Cut(at)


def _of_few_buckets(bank: Bank, material: Material, rows: Ints) -> Ints:
    """Those of the rows whose customers lie in as few buckets of the warehouse as hold a sample.

    Buckets are made by a hash of the customer, so their customers are as good as drawn by lot; and the copies
    read only these buckets of the events, not the whole bank.
    """
    count = max(bank.warehouse.buckets(name) for name in bank.warehouse.tables())
    customers = material.rows.column("customer_id").take(rows).fill_null(0)
    bucket = bucket_of(np.asarray(customers.to_numpy(), dtype=np.int64), count)
    order = np.random.default_rng(bank.seed).permutation(count)
    held = np.cumsum(np.bincount(bucket, minlength=count)[order])
    enough = max(FEWEST_BUCKETS, int(np.searchsorted(held, SAMPLE)) + 1)
    return rows[np.isin(bucket, order[:enough])]


def _known_by(bank: Bank, material: Material, candidates: Ints, at: int) -> Truth:
    """Which transactions or applications were known by then; data cut there would not hold the others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from bankmine.customers.feature import KEY_OF
    from bankmine.customers.subjects import TABLE_OF

    asked = material.rows.column("subject_id").take(pa.array(candidates)).combine_chunks()
    known = np.zeros(len(asked), dtype=np.bool_)
    kind = str(material.rows.column("subject_kind")[0].as_py())
    table, key = TABLE_OF[kind], KEY_OF[kind]
    for bucket in range(bank.warehouse.buckets(table)):
        rows = bank.warehouse.read(table, [key, "known_at"], bucket=bucket)
        there = rows.filter(pa.array(micros(rows.column("known_at")) <= at)).column(key)
        known |= np.asarray(pc.is_in(asked, value_set=there), dtype=np.bool_)
    return known


def _present(copy: Any, material: Material, task: Task, bank: Bank) -> list[str]:
    """Features whose tables the copy still holds; a table that is empty before the cutoff has none."""
    catalogue = task.catalogue(bank)
    return [
        name
        for name in material.names
        if all(need.optional or copy.has(need.table) for need in catalogue.needs(name))
    ]


def _part(rows: Ints, truth: Truth, seed: int) -> Ints:
    """At most ROWS_FOR_LABEL_TESTS of them: where true ones are rare, all of those, as far as half goes."""
    if len(rows) <= ROWS_FOR_LABEL_TESTS:
        return rows
    draw, true, half = np.random.default_rng(seed), rows[truth[rows]], ROWS_FOR_LABEL_TESTS // 2
    if len(true) > half:
        return np.sort(draw.choice(rows, ROWS_FOR_LABEL_TESTS, replace=False))
    others = draw.choice(rows[~truth[rows]], ROWS_FOR_LABEL_TESTS - len(true), replace=False)
    return np.sort(np.concatenate([true, others]))


def _sentence(name: str, features: int, subjects: int, at: str) -> str:
    how = {
        "truncation": "computed from data cut at that instant",
        "future poison": "computed with absurd values, corrections and verdicts behind that instant",
    }[name]
    return f"{features} features of {subjects} subjects at {at} are the same when {how}."


def passed(outcomes: Sequence[Outcome]) -> bool:
    """Whether no test failed."""
    return all(one.passed is not False for one in outcomes)
