"""The miner for dated events: a GRU or LSTM learns from them, onnxruntime answers, events are the reasons.

Training needs the extra `deep` (jax, equinox, optax); a fitted or loaded network answers without it, through
ONNX written from the weights. Recurrent networks see order, which sums over windows do not; on data of banks
they are seldom far above boosting on such sums, so compare the two on the same cut (`window_columns.py`) and
keep the network only where its gain excludes zero.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any, ClassVar, Literal, Self

import numpy as np

from bankmine.errors import ConfigurationError, UsageError
from bankmine.mining.arithmetic import logistic
from bankmine.mining.classification.classifier import row_weights
from bankmine.mining.contract import Estimator, Floats, Ints, MinimumData, labels
from bankmine.mining.learner import NotFittedError, check_parameters
from bankmine.mining.sequence.encoding import Encoded, EventEncoding
from bankmine.mining.sequence.events import Sequences
from bankmine.mining.sequence.graph import Weights, onnx_of
from bankmine.mining.sequence.occlusion import EventReasons, occluded
from bankmine.mining.serving.session import session

ROWS_AT_ONCE = 256
_SETTINGS = ("hidden", "epochs", "batch_size", "learning_rate", "weight_decay", "patience", "random_state")


class SequenceNetwork(Estimator):
    """One recurrent layer of `hidden` units over the last `longest` events of a row, and a logistic head.

    `cell`: "gru" or "lstm". With `validation` training stops when its log loss has not fallen for `patience`
    of at most `epochs` passes. `balanced` weighs both classes alike in training; the answer is put back to
    the base rate. `most_kinds`: kinds beyond the commonest count as not seen. A row without events is
    answered. What fit learns: `encoding_`, `base_rate_`, `losses_`, `held_losses_`, `epoch_` (the one kept),
    `cut_short_` (training rows with more than `longest` events). Needs 200 rows and 20 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=200, each_class=20)

    def __init__(
        self,
        cell: Literal["gru", "lstm"] = "gru",
        *,
        hidden: int = 32,
        epochs: int = 20,
        batch_size: int = 64,
        learning_rate: float = 0.005,
        weight_decay: float = 0.001,
        patience: int = 4,
        longest: int = 200,
        most_kinds: int = 64,
        balanced: bool = False,
        random_state: int = 0,
    ) -> None:
        self.cell = cell
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.longest = longest
        self.most_kinds = most_kinds
        self.balanced = balanced
        self.random_state = random_state

    def fit(
        self,
        X: Sequences,
        y: Any,
        *,
        sample_weight: Any = None,
        validation: tuple[Sequences, Any] | None = None,
    ) -> Self:
        """Learn from sequences and a 0/1 label; `validation` should lie later in time.

        FeasibilityError below the minimum data or without a single event; ConfigurationError without the
        extra `deep`.
        """
        check_parameters(self)
        _require_sequences(X)
        _require_deep()
        truth = self._learn_labels(X, y)
        from bankmine.mining.sequence.training import Settings, train

        self.cut_short_ = int((X.lengths > self.longest).sum())
        self.encoding_ = EventEncoding.fit(X.tail(self.longest), most_kinds=self.most_kinds)
        weight, shift = self._weights(truth, row_weights(sample_weight, len(X)))
        settings = Settings(kind=self.cell, **{name: getattr(self, name) for name in _SETTINGS})
        held = None if validation is None else self._held(validation, shift)
        found = train(self._encoded(X), truth.astype(np.float64), weight, settings, held)
        self.losses_, self.held_losses_ = found.losses, found.held_losses
        self.epoch_ = found.epoch
        self.onnx_ = onnx_of(_shifted(found.weights, shift))
        self.__dict__.pop("_session", None)
        return self

    def decision_function(self, X: Sequences) -> Floats:
        """Log-odds of a positive, shape (rows,)."""
        self._require_fitted()
        return run(self._session, self._encoded(X))

    def probability(self, X: Sequences) -> Floats:
        """Probability of a positive, shape (rows,)."""
        return logistic(self.decision_function(X))

    def predict_proba(self, X: Sequences) -> Floats:
        """Probabilities of negative and positive, shape (rows, 2)."""
        positive = self.probability(X)
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Sequences) -> Ints:
        """1 where the probability is at least one half."""
        return (self.probability(X) >= 0.5).astype(np.int64)

    def reasons(self, X: Sequences, *, top: int = 3, burst_days: float = 14.0) -> EventReasons:
        """The events and bursts of events without which the log-odds would differ most."""
        self._require_fitted()
        _require_sequences(X)
        return occluded(self.decision_function, X.tail(self.longest), top=top, burst_days=burst_days)

    def to_json(self) -> dict[str, Any]:
        """Parameters, the encoding, the course of training and the ONNX model (`onnx`: bytes)."""
        return {
            "parameters": self.get_params(),
            "base_rate": self.base_rate_,
            "encoding": self.encoding_.to_json(),
            "losses": list(self.losses_),
            "held_losses": list(self.held_losses_),
            "epoch": self.epoch_,
            "cut_short": self.cut_short_,
            "onnx": self.onnx_,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.base_rate_ = float(content["base_rate"])
        miner.encoding_ = EventEncoding.from_json(content["encoding"])
        miner.losses_ = tuple(content["losses"])
        miner.held_losses_ = tuple(content["held_losses"])
        miner.epoch_, miner.cut_short_ = int(content["epoch"]), int(content["cut_short"])
        miner.onnx_ = content["onnx"]
        return miner

    base_rate_: float
    encoding_: EventEncoding
    losses_: tuple[float, ...]
    held_losses_: tuple[float, ...]
    epoch_: int
    cut_short_: int
    onnx_: bytes

    @cached_property
    def _session(self) -> Any:
        return session(self.onnx_)

    def _require_fitted(self) -> None:
        if "onnx_" not in vars(self):
            raise NotFittedError(
                f"{type(self).__name__} is not fitted", hint="Call fit first, or load a model."
            )

    def _encoded(self, X: Sequences) -> Encoded:
        _require_sequences(X)
        return self.encoding_.encode(X.tail(self.longest))

    def _learn_labels(self, X: Sequences, y: Any) -> Any:
        truth = labels(y, len(X))
        name = type(self).__name__
        self.minimum.require(name, len(X), int(truth.sum()))
        MinimumData(rows=self.minimum.rows).require(f"{name}, which wants rows with events,", _with(X))
        self.base_rate_ = float(truth.mean())
        return truth

    def _weights(self, truth: Any, weight: Floats | None) -> tuple[Floats, float]:
        """A weight for each row, mean 1, and by how much balancing raised the log-odds."""
        kept = np.ones(len(truth)) if weight is None else weight
        shift = 0.0
        if self.balanced:
            good, bad = float(kept[~truth].sum()), float(kept[truth].sum())
            if min(good, bad) <= 0:
                raise UsageError("One class has no weight", hint="Give rows of both classes a weight.")
            kept = np.where(truth, kept / bad, kept / good)
            shift = float(np.log(good) - np.log(bad))
        return kept / kept.mean(), shift

    def _held(self, validation: tuple[Sequences, Any], shift: float) -> Any:
        """The log loss of weights on the validation rows, answered by what will serve them."""
        encoded = self._encoded(validation[0])
        truth = labels(validation[1], len(validation[0]))
        MinimumData(rows=50, each_class=5).require("Early stopping", len(truth), int(truth.sum()))

        def loss(weights: Weights) -> float:
            odds = run(session(onnx_of(_shifted(weights, shift))), encoded)
            return float(np.mean(np.logaddexp(0.0, odds) - truth * odds))

        return loss


def run(served: Any, encoded: Encoded) -> Floats:
    """Log-odds of each row, from a session; rows of like length are answered together."""
    lengths = encoded.lengths
    order = np.argsort(lengths, kind="stable")
    answer = np.empty(len(order))
    for begin in range(0, len(order), ROWS_AT_ONCE):
        rows = order[begin : begin + ROWS_AT_ONCE]
        steps, sizes = encoded.padded(rows, max(1, int(lengths[rows[-1]])))
        answer[rows] = served.run(None, {"steps": steps, "lengths": sizes})[0][:, 0]
    return answer


def _require_sequences(X: Any) -> None:
    if not isinstance(X, Sequences):
        raise UsageError(
            f"A sequence network was given {type(X).__name__}", hint="Give sequences (sequences_of)."
        )


def _with(X: Sequences) -> int:
    return int((X.lengths > 0).sum())


def _shifted(weights: Weights, shift: float) -> Weights:
    return replace(weights, intercept=weights.intercept - shift)


def _require_deep() -> None:
    absent = [name for name in ("jax", "equinox", "optax") if find_spec(name) is None]
    if absent:
        raise ConfigurationError(
            f"Training a sequence network takes {', '.join(absent)}",
            hint="Install bankmine[deep]; a network already trained answers without.",
        )
