"""Tasks with a label: tune on the past, test on what followed, fit anew, score.

The same procedure three times, each further on in time:

    tuning folds  ──▶ settings of each candidate, the calibrator, which candidate is the model
    test fold     ──▶ the honest figures, beside the baselines, with intervals
    all mature    ──▶ the model that scores the rows of the run's cutoff
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

import numpy as np

from bankmine.evaluation.metrics import compute, metric
from bankmine.lifecycle.material import Material
from bankmine.mining.arithmetic import log_odds
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
    figures = np.zeros((len(candidate.settings), len(plan.tuning)))
    for place, fold in enumerate(plan.tuning):
        keep = task.keep(bank, material.rows, material.truth, fold)
        split = material.split(fold, keep)
        ready = _Ready(material, candidate, split.train, split.test)
        truths.append(material.truth[split.test])
        workers = bank.threads if candidate.parallel else 1
        with ThreadPoolExecutor(workers) as pool:
            said = list(pool.map(ready.fit_and_score, candidate.settings))
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

        tuned.calibrator, tuned.losses = choose_calibrator(
            np.concatenate(held[best]), np.concatenate(truths), random_state=bank.seed
        )
    return tuned


def fit(material: Material, tuned: Tuned, train: Ints, *, seed: int) -> Model:
    """The candidate with its chosen settings on training rows, with the calibrator behind it."""
    train = _at_most(train, seed)
    ready = _Ready(material, tuned.candidate, train, train[:0])
    miner = ready.fit(tuned.settings)
    if tuned.calibrator is not None:
        from bankmine.mining.classification.calibration import Calibrated

        miner = Calibrated.of(miner, tuned.calibrator, tuned.losses)
    return Model(tuned.candidate.name, ready.preparation, miner, dict(tuned.settings), len(train))


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
        name: model.scores(_columns(features, material, candidate_of(tuned, name)))
        for name, model in models.items()
    }
    tested = Tested(
        rows=rows,
        truth=material.truth[split.test],
        probability={name: one[0] for name, one in said.items()},
        ranking={name: one[1] for name, one in said.items()},
        model=best(task, [one for one in tuned if not one.candidate.baseline]),
        best_baseline=best(task, [one for one in tuned if one.candidate.baseline]),
    )
    return tested, models, split


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
        features = _columns(material.features, material, candidate)
        self.truth = material.truth[train]
        self.weight = material.weight[train] if material.weight is not None else None
        learnt_from = features.take(train)
        self.preparation = _fitted(material, candidate, learnt_from, train)
        self._matrix = self.preparation.transform(learnt_from)
        self._values = self._matrix.values
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
            self._miner(**settings), self._values, self.truth, self._matrix.names, self.weight
        )

    def _add(self, more: More) -> None:
        """Further rows to learn from, prepared as the question's own are."""
        weight = np.ones(len(self.truth)) if self.weight is None else self.weight
        self._values = np.concatenate([self._values, self.preparation.transform(more.features).values])
        self.truth = np.concatenate([self.truth, more.truth])
        self.weight = np.concatenate([weight, more.weight])


def fit_weighted(miner: Any, values: Floats, truth: Truth, names: Sequence[str], weight: Any) -> Any:
    """A miner fitted on rows of which each stands for `weight` (None: for itself).

    A miner that takes no weights learns from a part of the rows, each kept with a chance in proportion to
    what it stands for, so that it sees the classes as often as they are.
    """
    if weight is None:
        return miner.fit(values, truth, names=names)
    if "sample_weight" in signature(miner.fit).parameters:
        return miner.fit(values, truth, names=names, sample_weight=weight)
    kept = np.random.default_rng(len(weight)).random(len(weight)) < weight / weight.max()
    return miner.fit(values[kept], truth[kept], names=names)


def _fitted(material: Material, candidate: Candidate, features: Any, train: Ints) -> Any:
    """The candidate's preparation, fitted; candidates that prepare alike share one for the same rows."""
    fresh = candidate.preparation()
    key = (fresh.settings, candidate.columns, train.tobytes())
    if key not in material.fitted:
        material.fitted[key] = fresh.fit(
            features, material.truth[train], units=material.units, period=material.cutoffs[train]
        )
    return material.fitted[key]


def _columns(features: Any, material: Material, candidate: Candidate) -> Any:
    return features.select(list(candidate.columns or material.names))


def _at_most(rows: Ints, seed: int) -> Ints:
    """A random part of very many training rows, in order."""
    if len(rows) <= MOST_TRAINING_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_TRAINING_ROWS, replace=False))
