"""Probabilities that mean what they say: Platt's sigmoid, isotonic steps, or neither.

Platt (1999), with the Newton steps of Lin, Lin and Weng (2007); isotonic regression after Zadrozny and Elkan
(2002). Niculescu-Mizil and Caruana (2005) found that isotonic overfits below about 1,000 rows, so
it is a candidate only from there on; among the candidates the cross-fitted log loss decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.mining.classification.classifier import Classifier
from bankmine.mining.classification.monotone import Steps, pool_adjacent_violators
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, labels
from bankmine.mining.files import document, from_document
from bankmine.mining.learner import Learner

ISOTONIC_ROWS = 1_000
ISOTONIC_EACH_CLASS = 100


class Uncalibrated(Learner):
    """Leaves a miner's own probability as it is; the input is the log-odds."""

    minimum: ClassVar[MinimumData] = MinimumData(rows=1)

    def fit(self, score: Floats, y: Any) -> Self:
        """Nothing to learn."""
        return self

    def probability(self, score: Floats) -> Floats:
        """`1 / (1 + exp(−score))`."""
        return logistic(score)

    def to_json(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """A new one."""
        return cls()


class Platt(Learner):
    """`p = 1 / (1 + exp(a·score + b))`, by maximum likelihood on Platt's smoothed targets.

    The targets `(n₊ + 1) / (n₊ + 2)` and `1 / (n₋ + 2)` keep p inside (0, 1) on separable scores.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=20, each_class=5)

    def fit(self, score: Floats, y: Any) -> Self:
        """Learn `a_` and `b_` from scores of shape (rows,) and a 0/1 label."""
        truth = labels(y, len(score))
        self.minimum.require("Platt calibration", len(truth), int(truth.sum()))
        self.centre_ = float(np.mean(score))
        self.spread_ = float(np.std(score)) or 1.0
        self.a_, self.b_ = _newton((np.asarray(score) - self.centre_) / self.spread_, truth)
        return self

    def probability(self, score: Floats) -> Floats:
        """The calibrated probability."""
        return logistic(-(self.a_ * ((np.asarray(score) - self.centre_) / self.spread_) + self.b_))

    def to_json(self) -> dict[str, Any]:
        """The two parameters and the scale they belong to."""
        return {"a": self.a_, "b": self.b_, "centre": self.centre_, "spread": self.spread_}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        made = cls()
        made.a_, made.b_ = float(content["a"]), float(content["b"])
        made.centre_, made.spread_ = float(content["centre"]), float(content["spread"])
        return made


class Isotonic(Learner):
    """Rising steps, kept between `low_` and `high_`: what the rows of the end steps can support.

    The best steps often end in a few rows that all went one way, and say 0 or 1 there. `high_` is the highest
    Jeffreys mean `(k + ½) / (n + 1)` of the n rows of the top step, or of it and any steps next to it; `low_`
    the lowest one from the bottom (Brown, Cai and DasGupta 2001 on the prior). A single positive on top of a
    step of 90 in 100 thus neither says 1 nor pulls that step down.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=200, each_class=20)

    def fit(self, score: Floats, y: Any) -> Self:
        """Learn the steps from scores of shape (rows,) and a 0/1 label."""
        truth = labels(y, len(score))
        self.minimum.require("Isotonic calibration", len(truth), int(truth.sum()))
        self.steps_ = pool_adjacent_violators(np.asarray(score, dtype=np.float64), truth.astype(np.float64))
        self.low_, self.high_ = _supported(self.steps_.interpolate(score), truth)
        return self

    def probability(self, score: Floats) -> Floats:
        """The calibrated probability."""
        return np.clip(self.steps_.interpolate(score), self.low_, self.high_)

    def to_json(self) -> dict[str, Any]:
        """The steps and their bounds."""
        return {"steps": self.steps_.to_json(), "low": self.low_, "high": self.high_}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        made = cls()
        made.steps_ = Steps.from_json(content["steps"])
        bound = content.get("bound", 0.0)  # models saved before the end steps gave the bounds
        made.low_, made.high_ = float(content.get("low", bound)), float(content.get("high", 1 - bound))
        return made


Calibrator = Uncalibrated | Platt | Isotonic


def choose_calibrator(
    score: Floats, y: Any, *, folds: int = 5, random_state: int = 0
) -> tuple[Calibrator, dict[str, float]]:
    """The calibrator with the lowest cross-fitted log loss, fitted on all rows, and the losses by name.

    `score` is in log-odds. Folds are random within each class. With fewer rows than Platt needs the score
    stays as it is.
    """
    truth = labels(y, len(score))
    score = np.asarray(score, dtype=np.float64)
    candidates = _candidates(len(truth), int(truth.sum()), folds)
    fold = _folds(truth, folds, random_state)
    losses = {kind.__name__: _cross_fitted(kind, score, truth, fold) for kind in candidates}
    best = min(candidates, key=lambda kind: losses[kind.__name__])
    return best().fit(score, truth), losses


class Calibrated(Classifier):
    """A fitted classifier and the calibrator put behind it. Ranks and reasons are the classifier's own."""

    accepts_missing: ClassVar[bool] = True

    def __init__(self, classifier: Any, calibrator: Calibrator | None = None) -> None:
        self.classifier = classifier
        self.calibrator = calibrator

    def fit(self, X: Matrix, y: Any, *, random_state: int = 0) -> Self:
        """Calibrate on rows the classifier was not fitted on; the classifier itself is not changed."""
        score = self._score(X)
        if self.calibrator is None:
            self.calibrator_, self.losses_ = choose_calibrator(score, y, random_state=random_state)
        else:
            self.calibrator_, self.losses_ = type(self.calibrator)().fit(score, y), {}
        self.names_, self.base_rate_ = self.classifier.names_, self.classifier.base_rate_
        return self

    @classmethod
    def of(cls, classifier: Any, calibrator: Calibrator, losses: Mapping[str, float] | None = None) -> Self:
        """A fitted classifier with a calibrator that was fitted elsewhere (on held-out folds)."""
        miner = cls(classifier, calibrator)
        miner.calibrator_, miner.losses_ = calibrator, dict(losses or {})
        miner.names_, miner.base_rate_ = classifier.names_, classifier.base_rate_
        return miner

    def probability(self, X: Matrix) -> Floats:
        """The calibrated probability."""
        return self.calibrator_.probability(self._score(X))

    def decision_function(self, X: Matrix) -> Floats:
        """The classifier's own rank value."""
        return np.asarray(self.classifier.decision_function(X), dtype=np.float64)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The classifier's own reasons."""
        reasons: Reasons = self.classifier.reasons(X, top=top)
        return reasons

    def to_json(self) -> dict[str, Any]:
        """Both parts."""
        return {
            "classifier": document(self.classifier),
            "calibrator": document(self.calibrator_),
            "losses": self.losses_,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        classifier, calibrator = (from_document(content[part]) for part in ("classifier", "calibrator"))
        return cls.of(classifier, calibrator, content["losses"])

    def _score(self, X: Matrix) -> Floats:
        return log_odds(self.classifier.probability(X))


def _supported(height: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """The lowest Jeffreys mean of steps from the bottom up and the highest from the top down; the mean of all
    rows is among both, so that the first is never above the second."""
    _, step = np.unique(height, return_inverse=True)
    rows, hits = np.bincount(step), np.bincount(step, weights=truth)
    up = (np.cumsum(hits) + 0.5) / (np.cumsum(rows) + 1)
    down = (np.cumsum(hits[::-1]) + 0.5) / (np.cumsum(rows[::-1]) + 1)
    return float(up.min()), float(down.max())


def _candidates(rows: int, positives: int, folds: int) -> list[type[Calibrator]]:
    smaller = min(positives, rows - positives)
    kinds: list[type[Calibrator]] = [Uncalibrated]
    if smaller >= folds * Platt.minimum.each_class:
        kinds.append(Platt)
    if rows >= ISOTONIC_ROWS and smaller >= ISOTONIC_EACH_CLASS:
        kinds.append(Isotonic)
    return kinds


def _folds(truth: NDArray[np.bool_], folds: int, seed: int) -> NDArray[np.int64]:
    draw = np.random.default_rng(seed)
    fold = np.empty(len(truth), dtype=np.int64)
    for kind in (False, True):
        rows = np.flatnonzero(truth == kind)
        fold[draw.permutation(rows)] = np.arange(len(rows)) % folds
    return fold


def _cross_fitted(kind: type[Calibrator], score: Floats, truth: Any, fold: Any) -> float:
    loss = 0.0
    for number in range(int(fold.max()) + 1):
        held = fold == number
        p = np.clip(kind().fit(score[~held], truth[~held]).probability(score[held]), 1e-15, 1 - 1e-15)
        loss -= float(np.where(truth[held], np.log(p), np.log1p(-p)).sum())
    return loss / len(truth)


def _newton(score: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """a and b of least cross-entropy; Newton steps halved until the loss falls (Lin, Lin, Weng 2007)."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    a, b = 0.0, float(np.log((negatives + 1) / (positives + 1)))
    loss = _cross_entropy(a, b, score, target)
    for _ in range(100):
        p = logistic(-(a * score + b))
        w, d = p * (1 - p), target - p
        g = np.array([score @ d, d.sum()])
        h = np.array([[score**2 @ w, score @ w], [score @ w, w.sum()]]) + 1e-12 * np.eye(2)
        if np.abs(g).max() < 1e-9 * len(score):
            break
        step_a, step_b = -np.linalg.solve(h, g)
        size = 1.0
        while size > 1e-10:
            trial = _cross_entropy(a + size * step_a, b + size * step_b, score, target)
            if trial < loss:
                break
            size /= 2
        if size <= 1e-10:
            break
        a, b, loss = float(a + size * step_a), float(b + size * step_b), trial
    return a, b


def _cross_entropy(a: float, b: float, score: Floats, target: Floats) -> float:
    z = a * score + b
    return float((target * z + np.logaddexp(0, -z)).sum())
