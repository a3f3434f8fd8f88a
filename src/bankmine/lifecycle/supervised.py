"""Tasks with a label: tune on the past, test on what followed, fit anew, score.

The same procedure three times, each further on in time:

    tuning folds  ──▶ settings of each candidate, the calibrator, which candidate is the model
    test fold     ──▶ the honest figures, beside the baselines, with intervals
    all mature    ──▶ the model that scores the rows of the run's cutoff
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

import numpy as np

from bankmine.evaluation.metrics import compute, metric
from bankmine.lifecycle.material import Material
from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.tasks.contract import Bank, Candidate, Floats, Ints, More, Plan, Task, Tested, Truth

PROBABILITY_METRICS = ("brier", "log_loss")
MOST_TRAINING_ROWS = 400_000


@dataclass(frozen=True)
class Model:
    """A fitted preparation and miner; `miner` is calibrated where the candidate asks for it."""

    candidate: str
    preparation: Any
    miner: Any
    settings: Mapping[str, Any]
    rows: int

    def matrix(self, features: Any) -> Any:
        """The model matrix of some rows."""
        return self.preparation.transform(features)

    def scores(self, features: Any) -> tuple[Floats, Floats]:
        """Probability and ranking value of some rows."""
        values = self.matrix(features).values
        return self.miner.probability(values), self.miner.decision_function(values)


@dataclass
class Tuned:
    """What the tuning folds said of one candidate."""

    candidate: Candidate
    settings: Mapping[str, Any] = field(default_factory=dict)
    figure: float = float("nan")
    figures: list[dict[str, Any]] = field(default_factory=list)
    calibrator: Any = None
    losses: Mapping[str, float] = field(default_factory=dict)


def tune(task: Task, bank: Bank, material: Material, plan: Plan, candidate: Candidate) -> Tuned:
    """Tries every setting the budget allows on every tuning fold; calibrates on the same held-out rows."""
    candidate = replace(candidate, settings=candidate.settings[: bank.budget.settings])
    held: list[list[Floats]] = [[] for _ in candidate.settings]
    truths: list[Any] = []
    folds = _tuning_parts(task, bank, material, plan)
    itself = None
    if candidate.out_of_fold and not plan.tuning:
        folds, itself = _said_out_of_fold(material, candidate, folds)
    rows = [test for _, test in folds]
    figures = np.zeros((len(candidate.settings), len(folds)))
    for place, (train, test) in enumerate(folds):
        truths.append(material.truth[test])
        said = itself[place] if itself else _said_of_fold(material, candidate, train, test, bank.threads)
        for number, (probability, ranking) in enumerate(said):
            held[number].append(log_odds(probability))
            shown = probability if task.metric in PROBABILITY_METRICS else ranking
            figures[number, place] = compute(task.metric, truths[-1], shown)
    side = 1 if metric(task.metric).larger_is_better else -1
    means = figures.mean(axis=1)
    best = int(np.argmax(side * means))
    tuned = Tuned(candidate, candidate.settings[best], float(means[best]))
    tuned.figures = [
        {"settings": dict(settings), task.metric: float(mean)}
        for settings, mean in zip(candidate.settings, means, strict=True)
    ]
    if candidate.calibrate:
        from bankmine.mining.classification.calibration import choose_calibrator

        # Of true rows fewer are left out for the budget's sake; chances are told as often as they come true.
        told = _as_often(None if material.weight is None else material.weight[np.concatenate(rows)])
        tuned.calibrator, tuned.losses = choose_calibrator(
            np.concatenate(held[best])[told], np.concatenate(truths)[told], random_state=bank.seed
        )
    return tuned


def _said_of_fold(
    material: Material, candidate: Candidate, train: Ints, test: Ints, threads: int
) -> list[tuple[Floats, Floats]]:
    """Probability and ranking of a fold's held-out rows under each setting."""
    ready = _Ready(material, candidate, train, test)
    with ThreadPoolExecutor(threads if candidate.parallel else 1) as pool:
        return list(pool.map(ready.fit_and_score, candidate.settings))


def _said_out_of_fold(
    material: Material, candidate: Candidate, folds: list[tuple[Ints, Ints]]
) -> tuple[list[tuple[Ints, Ints]], list[list[tuple[Floats, Floats]]]]:
    """The same from one fit on all their rows: the miner's own folds, and what it said of each unseen.

    Ranks of two folds, which come of two models, are not compared; all rows are one fold where an own fold
    has one class only.
    """
    every = np.sort(np.concatenate([test for _, test in folds]))
    ready = _Ready(material, candidate, every, every[:0])
    miners = [ready.fit(settings) for settings in candidate.settings]
    places = [np.flatnonzero(miners[0].fold_ == one) for one in np.unique(miners[0].fold_)]
    truth = material.truth[every]
    if any(truth[rows].all() or not truth[rows].any() for rows in places):
        places = [np.arange(len(every))]
    held = [one.held_out_ for one in miners]
    said = [[(logistic(one[rows]), one[rows]) for one in held] for rows in places]
    return [(np.setdiff1d(every, every[rows]), every[rows]) for rows in places], said


def _tuning_parts(task: Task, bank: Bank, material: Material, plan: Plan) -> list[tuple[Ints, Ints]]:
    """Training and held-out rows of each tuning fold; folds of customers where the plan has none forward."""
    if plan.tuning:
        splits = [
            material.split(fold, task.keep(bank, material.rows, material.truth, fold)) for fold in plan.tuning
        ]
        return [(one.train, one.test) for one in splits]
    assert plan.test is not None
    keep = task.keep(bank, material.rows, material.truth, plan.test)
    return material.within(material.split(plan.test, keep).train)


def fit(material: Material, tuned: Tuned, train: Ints, *, seed: int) -> Model:
    """The candidate with its chosen settings on training rows, with the calibrator behind it."""
    train = _at_most(train, seed)
    ready = _Ready(material, tuned.candidate, train, train[:0])
    miner = ready.fit(tuned.settings)
    if tuned.calibrator is not None:
        from bankmine.mining.classification.calibration import Calibrated

        calibrator = tuned.calibrator
        if tuned.candidate.level_cutoffs:
            calibrator = _levelled(material, tuned, miner, ready.values, train)
        miner = Calibrated.of(miner, calibrator, tuned.losses)
    return Model(tuned.candidate.name, ready.preparation, miner, dict(tuned.settings), len(train))


def _levelled(material: Material, tuned: Tuned, miner: Any, values: Any, train: Ints) -> Any:
    """The calibrator at the level of the latest training cutoffs; `values` are the rows of `train`."""
    from bankmine.mining.classification.level import Shifted

    when = material.cutoffs[train]
    late = np.flatnonzero(when >= np.unique(when)[-tuned.candidate.level_cutoffs :][0])
    weight = None if material.weight is None else material.weight[train[late]]
    score = log_odds(miner.probability(values[late]))
    return Shifted(tuned.calibrator).fit(score, material.truth[train[late]], sample_weight=weight)


def test(
    task: Task, bank: Bank, material: Material, plan: Plan, tuned: Sequence[Tuned]
) -> tuple[Tested, dict[str, Model], Any]:
    """Every candidate on the test fold; the model is the candidate that tuned best."""
    assert plan.test is not None
    keep = task.keep(bank, material.rows, material.truth, plan.test)
    split = material.split(plan.test, keep)
    rows, features = material.take(split.test)
    models = {one.candidate.name: fit(material, one, split.train, seed=bank.seed) for one in tuned}
    said = {
        name: model.scores(material.read_by(candidate_of(tuned, name).columns, features))
        for name, model in models.items()
    }
    tested = Tested(
        rows=rows,
        truth=material.truth[split.test],
        probability={name: one[0] for name, one in said.items()},
        ranking={name: one[1] for name, one in said.items()},
        model=best(task, [one for one in tuned if _may_answer(one.candidate)]),
        best_baseline=best(task, [one for one in tuned if one.candidate.baseline]),
    )
    return tested, models, split


def _may_answer(candidate: Candidate) -> bool:
    return not candidate.baseline and not candidate.only_measured


def best(task: Task, tuned: Sequence[Tuned]) -> str:
    """The candidate with the best tuning figure; the earlier one of equals."""
    side = 1 if metric(task.metric).larger_is_better else -1
    return max(tuned, key=lambda one: side * one.figure).candidate.name


def candidate_of(tuned: Sequence[Tuned], name: str) -> Candidate:
    """The candidate of that name."""
    return next(one.candidate for one in tuned if one.candidate.name == name)


class _Ready:
    """A candidate's matrices of one split, made once for all its settings."""

    def __init__(self, material: Material, candidate: Candidate, train: Ints, test: Ints) -> None:
        features = material.read_by(candidate.columns, material.features)
        self.truth = material.truth[train]
        self.weight = material.weight[train] if material.weight is not None else None
        self._groups = lambda: material.customers[train]
        learnt_from = features.take(train)
        self.preparation = _fitted(material, candidate, learnt_from, train)
        self._matrix = self.preparation.transform(learnt_from)
        self._values = self.values = self._matrix.values
        if candidate.more is not None:
            self._add(candidate.more(material.cutoffs[train]))
        self.held_out = self.preparation.transform(features.take(test)).values
        self._miner = candidate.miner

    def fit_and_score(self, settings: Mapping[str, Any]) -> tuple[Floats, Floats]:
        """Probability and ranking of the held-out rows under some settings."""
        miner = self.fit(settings)
        return miner.probability(self.held_out), miner.decision_function(self.held_out)

    def fit(self, settings: Mapping[str, Any]) -> Any:
        """A new miner on the training rows."""
        return fit_weighted(
            self._miner(**settings), self._values, self.truth, self._matrix.names, self.weight, self._groups
        )

    def _add(self, more: More) -> None:
        """Further rows to learn from, prepared as the question's own are."""
        weight = np.ones(len(self.truth)) if self.weight is None else self.weight
        self._values = np.concatenate([self._values, self.preparation.transform(more.features).values])
        self.truth = np.concatenate([self.truth, more.truth])
        self.weight = np.concatenate([weight, more.weight])


def fit_weighted(
    miner: Any,
    values: Any,
    truth: Truth,
    names: Sequence[str],
    weight: Any,
    groups: Callable[[], Ints] | None = None,
) -> Any:
    """A miner fitted on rows of which each stands for `weight` (None: for itself).

    `groups` says whose each row is, for miners that hold out rows of whole customers.

    A miner that takes no weights learns from a part of the rows, each kept with a chance in proportion to
    what it stands for, so that it sees the classes as often as they are.
    """
    takes = signature(miner.fit).parameters
    whose = {"groups": groups()} if "groups" in takes and groups is not None else {}
    if weight is None:
        return miner.fit(values, truth, names=names, **whose)
    if "sample_weight" in takes:
        return miner.fit(values, truth, names=names, sample_weight=weight, **whose)
    kept = _as_often(weight)
    return miner.fit(values[kept], truth[kept], names=names)


def _as_often(weight: Any) -> Any:
    """Rows kept with a chance in proportion to what each stands for; all where all stand for as many."""
    if weight is None:
        return slice(None)
    return np.random.default_rng(len(weight)).random(len(weight)) < weight / weight.max()


def _fitted(material: Material, candidate: Candidate, features: Any, train: Ints) -> Any:
    """The candidate's preparation, fitted; candidates that prepare alike share one for the same rows."""
    fresh = candidate.preparation()
    key = (fresh.settings, candidate.columns, train.tobytes())
    if key not in material.fitted:
        material.fitted[key] = fresh.fit(
            features, material.truth[train], units=material.units, period=material.cutoffs[train]
        )
    return material.fitted[key]


def _at_most(rows: Ints, seed: int) -> Ints:
    """A random part of very many training rows, in order."""
    if len(rows) <= MOST_TRAINING_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_TRAINING_ROWS, replace=False))
