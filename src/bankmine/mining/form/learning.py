"""One calibrated model for one outcome, learnt from forms of which most are partial.

Logistic regression on bent columns and gradient boosting are both tried; the one with the lower held-out log
loss over whole and masked forms is kept, the linear one where they are level. It is calibrated by a Platt
sigmoid for each number of known fields, on held-out scores: one sigmoid for all would leave emptier forms
off, for log-odds shrink as fields are left out; and steps would make an answer seem to change nothing. An
outcome with too few rows of either side is answered by its share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.mining.classification.baselines import Prior
from bankmine.mining.classification.boosting import Boosting
from bankmine.mining.classification.calibration import Platt
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import document, from_document
from bankmine.mining.form.design import columns_of, design
from bankmine.mining.form.fields import Field

FOLDS = 3
FEWEST = 40  # rows of each side below which an outcome is answered by its share
FOLD_STREAM = 1  # a stream of chance of its own: a caller's data may stem from the same seed
LEVEL = 0.1  # log-odds that differ by less say nothing
Kind = Literal["share", "linear", "trees"]
Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class HeldOut:
    """What rows said of forms they did not see: arrays of shape (forms × (copies + 1),).

    `known` counts the fields that were filled in; `whose` is the row a copy was made of.
    """

    truth: Truth
    probability: Floats
    known: Ints
    whose: Ints


@dataclass(frozen=True)
class OutcomeModel:
    """A fitted model of one outcome; `losses` are held-out log losses by kind, over partial forms.

    `calibrators` has one sigmoid for each number of known fields, 0 to all; none for a share.
    """

    kind: Kind
    miner: Any
    calibrators: tuple[Platt, ...]
    losses: dict[str, float]

    def probability(self, fields: Sequence[Field], codes: Floats) -> Floats:
        """Probability of the outcome for coded forms, shape (rows,)."""
        chance = np.asarray(self.miner.probability(_matrix(self.kind, fields, codes)), dtype=np.float64)
        return calibrated(self.calibrators, log_odds(chance), _known(codes)) if self.calibrators else chance

    def contributions(self, fields: Sequence[Field], codes: Floats) -> Floats:
        """What each field moved the log-odds of each form, shape (rows, fields)."""
        if self.kind == "share":
            return np.zeros_like(codes)
        parts = self.miner.contributions(_matrix(self.kind, fields, codes))
        if self.kind == "trees":
            return np.asarray(parts[:, :-1])
        _, whose = columns_of(fields)
        return np.column_stack([parts[:, whose == place].sum(axis=1) for place in range(len(fields))])

    def to_json(self) -> dict[str, Any]:
        """Kind, losses and the miner's own document."""
        return {
            "kind": self.kind,
            "losses": self.losses,
            "miner": document(self.miner),
            "calibrators": [one.to_json() for one in self.calibrators],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> OutcomeModel:
        """The inverse of `to_json`."""
        sigmoids = tuple(Platt.from_json(one) for one in content["calibrators"])
        return cls(content["kind"], from_document(content["miner"]), sigmoids, dict(content["losses"]))


def learn_outcome(
    fields: Sequence[Field], codes: Floats, truth: Truth, whose: Ints, fold: Ints, *, random_state: int
) -> tuple[OutcomeModel, Floats]:
    """The model of one outcome, and what held-out models said of each (masked) form.

    `codes`, `truth`, `whose` and `fold` have one row a (masked) form; copies of a form share a fold.
    """
    share = _share_held_out(truth, fold)
    losses = {"share": _loss(share, truth)}
    forms = np.bincount(whose).max()
    if min(truth.sum(), (~truth).sum()) < FEWEST * forms:
        prior = Prior().fit(codes, truth, names=[field.name for field in fields])
        return OutcomeModel("share", prior, (), losses), share
    weight = np.full(len(truth), 1.0 / forms)
    scores = {
        kind: _held_out(kind, fields, codes, truth, fold, weight, random_state)
        for kind in ("linear", "trees")
    }
    losses |= {kind: _loss(logistic(score), truth) for kind, score in scores.items()}
    kind: Kind = "trees" if losses["trees"] < losses["linear"] * 0.999 else "linear"
    known = _known(codes)
    sigmoids = tuple(_sigmoid_of(scores[kind], truth, known, count) for count in range(len(fields) + 1))
    fitted = _fit(kind, fields, codes, truth, weight, random_state)
    return OutcomeModel(kind, fitted, sigmoids, losses), calibrated(sigmoids, scores[kind], known)


def calibrated(sigmoids: Sequence[Platt], score: Floats, known: Ints) -> Floats:
    """Probabilities of log-odds, each by the sigmoid of its number of known fields."""
    chance = np.empty(len(score))
    for count in np.unique(known).tolist():
        here = known == count
        chance[here] = sigmoids[count].probability(score[here])
    return chance


def folds_of(groups: Ints, *, random_state: int) -> Ints:
    """A fold for each row; rows of one group share it."""
    _, place = np.unique(groups, return_inverse=True)
    count = int(place.max()) + 1 if len(place) else 0
    number = np.random.default_rng([random_state, FOLD_STREAM]).permutation(count) % FOLDS
    return np.asarray(number[place], dtype=np.int64)


def _known(codes: Floats) -> Ints:
    return np.asarray((~np.isnan(codes)).sum(axis=1), dtype=np.int64)


def _sigmoid_of(score: Floats, truth: Truth, known: Ints, count: int) -> Platt:
    """The sigmoid of forms with `count` known fields, or about as many where those are too few.

    Scores that hardly differ (of empty forms) get the share alone: what differs in them is which fold was
    held out, and that runs against the truth.
    """
    away = np.abs(known - count)
    near = away <= away.max()
    for most in range(int(away.max()) + 1):
        near = away <= most
        if min(int((truth & near).sum()), int((~truth & near).sum())) >= FEWEST:
            break
    kept = score[near]
    return Platt().fit(np.zeros_like(kept) if kept.std() < LEVEL else kept, truth[near])


def _matrix(kind: str, fields: Sequence[Field], codes: Floats) -> Floats:
    return design(fields, codes) if kind == "linear" else codes


def _fit(
    kind: str, fields: Sequence[Field], codes: Floats, truth: Truth, weight: Floats, random_state: int
) -> Any:
    if kind == "linear":
        names, _ = columns_of(fields)
        miner = Logistic(C=0.3, random_state=random_state)
        return miner.fit(design(fields, codes), truth, names=names, sample_weight=weight)
    trees = Boosting(
        60, learning_rate=0.08, num_leaves=8, min_data_in_leaf=int(20 / weight[0]),
        categorical=tuple(field.name for field in fields if field.is_text), random_state=random_state,
    )  # fmt: skip
    return trees.fit(codes, truth, names=[field.name for field in fields], sample_weight=weight)


def _held_out(
    kind: str,
    fields: Sequence[Field],
    codes: Floats,
    truth: Truth,
    fold: Ints,
    weight: Floats,
    random_state: int,
) -> Floats:
    """Log-odds of each row by a model that saw neither it nor its copies."""
    score = np.empty(len(truth))
    for number in range(FOLDS):
        held = fold == number
        fitted = _fit(kind, fields, codes[~held], truth[~held], weight[~held], random_state)
        score[held] = log_odds(fitted.probability(_matrix(kind, fields, codes[held])))
    return score


def _share_held_out(truth: Truth, fold: Ints) -> Floats:
    """The share of positives of the other folds."""
    share = np.empty(len(truth))
    for number in range(FOLDS):
        held = fold == number
        others = truth[~held] if (~held).any() else truth
        share[held] = others.mean()
    return share


def _loss(probability: Floats, truth: Truth) -> float:
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return float(-np.where(truth, np.log(p), np.log1p(-p)).mean())
