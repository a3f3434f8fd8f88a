"""The interface all classifiers share: a probability, a rank, and reasons in log-odds.

`probability` is what is shown and used in sums of money; `decision_function` is what rows are ranked by. The
two differ where calibration makes steps: ranking by the step would throw order away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.contract import Estimator, Floats, Ints, Matrix, Reasons, labels


class Classifier(Estimator):
    """Base of the miners for a 0/1 label. `base_rate_` is the share of positives in training."""

    base_rate_: float

    @property
    def classes_(self) -> Ints:
        return np.array([0, 1])

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive for each row, shape (rows,)."""
        raise NotImplementedError

    def decision_function(self, X: Matrix) -> Floats:
        """The value rows are ranked by, higher is more probable, shape (rows,)."""
        return self.probability(X)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns that moved each row's answer, in log-odds, strongest first."""
        raise NotImplementedError

    def predict_proba(self, X: Matrix) -> Floats:
        """Probabilities of negative and positive, shape (rows, 2), as scikit-learn has it."""
        positive = self.probability(X)
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Matrix) -> Ints:
        """1 where the probability is at least one half."""
        return (self.probability(X) >= 0.5).astype(np.int64)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.target_tags.required = True
        return tags

    def _learn_labels(self, y: Any, rows: int) -> NDArray[np.bool_]:
        truth = labels(y, rows)
        self.minimum.require(type(self).__name__, rows, int(truth.sum()))
        self.base_rate_ = float(truth.mean()) if rows else float("nan")
        return truth


def row_weights(weights: Any, rows: int) -> Floats | None:
    """Weights as float64 of length `rows`, finite and not negative; None stays None."""
    if weights is None:
        return None
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (rows,) or not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
        raise UsageError(
            f"The weights have shape {values.shape} for {rows} rows, or are not finite and positive in sum",
            hint="Give one finite weight of at least 0 for each row.",
        )
    return values
