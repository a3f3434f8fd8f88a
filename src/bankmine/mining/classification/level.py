"""The level of chances: how often it comes true lately, where the ranking was learnt from all years.

What is foretold may become more or less frequent while what tells the rows apart stays the same (prior shift;
Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori
probabilities").
Then one number added to all log-odds sets the level right and leaves every rank as it is.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.mining.classification.calibration import Calibrator, Uncalibrated
from bankmine.mining.contract import Floats, MinimumData, labels
from bankmine.mining.files import document, from_document
from bankmine.mining.learner import Learner

SPREAD = 0.5  # of shifts before anything is seen: levels seldom double between two years
_STEPS, _NEAR = 50, 1e-10


class Shifted(Learner):
    """A fitted calibrator (None: the log-odds as they are) at the level of the rows it is fitted on."""

    minimum: ClassVar[MinimumData] = MinimumData(rows=0)

    def __init__(self, calibrator: Calibrator | None = None) -> None:
        self.calibrator = calibrator

    def fit(self, score: Floats, y: Any, *, sample_weight: Floats | None = None) -> Self:
        """Learn `shift_`, what is added to the calibrated log-odds, from scores of shape (rows,) and 0/1."""
        self.shift_ = level_shift(self._calibrated(score), y, sample_weight)
        return self

    def probability(self, score: Floats) -> Floats:
        """The calibrated probability at the level learnt."""
        return logistic(self.shift_ + log_odds(self._calibrated(score)))

    def to_json(self) -> dict[str, Any]:
        """The shift and the calibrator."""
        return {"shift": self.shift_, "calibrator": document(self.calibrator or Uncalibrated())}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        made = cls(from_document(content["calibrator"]))
        made.shift_ = float(content["shift"])
        return made

    def _calibrated(self, score: Floats) -> Floats:
        return (self.calibrator or Uncalibrated()).probability(score)


def level_shift(probability: Floats, y: Any, weight: Floats | None = None) -> float:
    """What to add to the log-odds of rows so that as many are foretold as came true.

    `probability` and `y` (0/1) of shape (rows,), each standing for `weight` rows (1 where None). The shift of
    most posterior density under a normal prior of mean 0 and spread SPREAD: few rows move it little, none not
    at all.
    """
    truth = labels(y, len(probability)).astype(np.float64)
    stands = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)
    odds, shift = log_odds(np.asarray(probability, dtype=np.float64)), 0.0
    for _ in range(_STEPS):
        said = logistic(odds + shift)
        slope = float(stands @ (truth - said)) - shift / SPREAD**2
        step = slope / (float(stands @ (said * (1 - said))) + 1 / SPREAD**2)
        shift += float(np.clip(step, -1.0, 1.0))
        if abs(step) < _NEAR:
            break
    return shift
