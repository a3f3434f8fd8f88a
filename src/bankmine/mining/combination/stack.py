"""A stack: several kinds of evidence, each read by a miner of its own, combined into one probability.

Stacked generalisation (Wolpert 1992): every part is learnt out of fold, so that the combiner sees what a part
is worth on rows it does not know; the combiner is a logistic regression on the parts' log-odds with weights
that are not negative (Breiman 1996), so its answer is calibrated on those rows. Rows that lack a part are
answered by the combiner of the parts they have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.arithmetic import logistic
from bankmine.mining.classification.classifier import Classifier, row_weights
from bankmine.mining.combination.combiner import Combiner, Held, combiners, out_of_fold, sets_in
from bankmine.mining.combination.folds import folds_of
from bankmine.mining.combination.learning import Learnt, Rows, Shelf, learn
from bankmine.mining.combination.numbers import Numbers
from bankmine.mining.combination.part import Part, Reading
from bankmine.mining.combination.reasons import ByPart, reasons_by_column
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData, Reasons
from bankmine.mining.files import document, from_document
from bankmine.mining.learner import NotFittedError, check_parameters

MOST_PARTS = 8  # 2⁸ sets of parts
FEWEST_FOLDS = 2


class Stack(Classifier):
    """Parts (`Part`, or mappings with its fields) learnt out of `folds` folds, and a combiner for each set.

    `C` is the inverse strength of the combiner's ridge penalty. What fit learns: `parts_` (fitted),
    `left_out_` (why a part is not among them, by name), `combiners_` (by the positions of the parts a row
    has), `spreads_` (standard deviation of each part's out-of-fold log-odds), `held_out_` (log-odds of the
    training rows by parts and combiners that had not seen them) and `fold_` (the rows' folds), neither of
    them saved. Needs 50 rows and 10 of each class, and each part its miner's own minimum on the training
    side of every fold: a part that has less, or whose miner is not installed, is left out with a sentence.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=50, each_class=10)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        parts: Sequence[Part | Mapping[str, Any]] = (),
        *,
        folds: int = 5,
        C: float = 1.0,
        random_state: int = 0,
    ) -> None:
        self.parts = parts
        self.folds = folds
        self.C = C
        self.random_state = random_state

    def sharing(self, shelf: Shelf) -> Self:
        """The stack itself; parts learnt from the same rows are taken from the shelf, others put there."""
        self._shelf = shelf
        return self

    def fit(
        self,
        X: Matrix,
        y: Any,
        *,
        names: Iterable[str] | None = None,
        sample_weight: Any = None,
        groups: Any = None,
    ) -> Self:
        """Learn from a table (or a matrix with `names`) and a 0/1 label.

        `groups` (one key a row) keeps rows of one customer in one fold. FeasibilityError below the minimum
        data or where no part can be learnt.
        """
        check_parameters(self)
        parts = self._asked()
        table = X if isinstance(X, pa.Table) else _table(X, names)
        truth = self._learn_labels(y, table.num_rows)
        weight = row_weights(sample_weight, table.num_rows)
        rows = Rows(table, truth, weight, folds_of(truth, groups, self.folds, self.random_state))
        said = {
            part.name: learn(part, rows, random_state=self.random_state, shelf=self.__dict__.get("_shelf"))
            for part in parts
        }
        self.left_out_ = {name: one for name, one in said.items() if isinstance(one, str)}
        self.parts_ = [one for one in said.values() if isinstance(one, Learnt)]
        if not self.parts_:
            raise FeasibilityError(
                f"None of {len(parts)} parts can be learnt: {' '.join(self.left_out_.values())}",
                hint="Give more rows, or other parts.",
            )
        self.names_ = tuple(table.column_names)
        said_held = np.column_stack([one.held for one in self.parts_])
        held = Held(said_held, truth, weight)
        self.spreads_ = np.nanstd(held.said, axis=0)
        self.combiners_ = combiners(held, C=self.C)
        self.fold_, self.held_out_ = rows.fold, out_of_fold(held, rows.fold, C=self.C)
        return self

    @property
    def part_names(self) -> tuple[str, ...]:
        """The parts that were learnt, in their order."""
        return tuple(one.part.name for one in self.parts_)

    def decision_function(self, X: Matrix, *, without: Iterable[str] = ()) -> Floats:
        """Log-odds of a positive; `without` names parts to answer without, as if every row lacked them."""
        return self._combined(self._said(X, without))

    def probability(self, X: Matrix, *, without: Iterable[str] = ()) -> Floats:
        """Probability of a positive; the base rate where a row has no part at all."""
        return logistic(self.decision_function(X, without=without))

    def parts_of(self, X: Matrix, *, without: Iterable[str] = ()) -> ByPart:
        """What each part says of each row, and what it moves the answer by."""
        said = self._said(X, without)
        moved = np.full(said.shape, np.nan)
        for rows, one in self._sets(said):
            at = np.ix_(rows, np.array(one.read, dtype=np.int64))
            moved[at] = (said[at] - one.means) * one.weights
        return ByPart(self.part_names, said, moved)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The features, words and events that moved each row's answer, in log-odds, strongest first.

        Names are features; an event or word is `feature=what`. At most 24 a row.
        """
        table = self._given(X)
        said = self._said(table, ())
        weights = np.zeros(said.shape)
        for rows, one in self._sets(said):
            weights[np.ix_(rows, np.array(one.read, dtype=np.int64))] = one.weights
        means = [float(self.combiners_[place,].means.sum()) for place in range(len(self.parts_))]
        return reasons_by_column(self.parts_, weights, np.array(means), table, top)

    def importance(self) -> list[tuple[str, float]]:
        """Each column's share: of its part's spread in the answer of rows that have all, then within it."""
        whole = self.combiners_[tuple(range(len(self.parts_)))]
        shares: dict[str, float] = dict.fromkeys(self.names_, 0.0)
        for place, weight in zip(whole.read, whole.weights.tolist(), strict=True):
            one = self.parts_[place]
            for name, share in _within(one):
                shares[name] = shares.get(name, 0.0) + weight * self.spreads_[place] * share
        total = sum(shares.values())
        ranked = sorted(shares.items(), key=lambda pair: -pair[1])
        return [(name, float(share / total) if total > 0 else 0.0) for name, share in ranked]

    def summary(self) -> dict[str, Any]:
        """The parts with their weights in the full combiner, those left out, and every fallback."""
        whole = self.combiners_[tuple(range(len(self.parts_)))]
        weights = dict(zip(whole.read, whole.weights.tolist(), strict=True))
        return {
            "parts": {name: weights.get(place, 0.0) for place, name in enumerate(self.part_names)},
            "left_out": dict(self.left_out_),
            "fallbacks": [
                {
                    "parts": [self.part_names[place] for place in one.parts],
                    "read": [self.part_names[place] for place in one.read],
                    "rows": one.rows, "positives": one.positives,
                    "auc": None if np.isnan(one.area) else one.area,
                }
                for one in self.combiners_.values()
            ],
        }  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Parameters, the members' own documents, the combiners."""
        self._require_fitted()
        return {
            "parameters": {**self.get_params(), "parts": [Part.of(one).to_json() for one in self.parts]},
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "left_out": dict(self.left_out_),
            "spreads": self.spreads_.tolist(),
            "learnt": {
                one.part.name: {
                    "columns": list(one.reading.columns), "shown": list(one.reading.shown),
                    "present": one.reading.present, "member": document(one.member),
                }
                for one in self.parts_
            },
            "combiners": [one.to_json() for one in self.combiners_.values()],
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted stack that `to_json` described."""
        parameters = dict(content["parameters"])
        parameters["parts"] = tuple(Part.of(one) for one in parameters["parts"])
        miner = cls(**parameters)
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.left_out_ = dict(content["left_out"])
        miner.spreads_ = np.array(content["spreads"], dtype=np.float64)
        parts = {one.name: one for one in miner._asked()}
        miner.parts_ = [
            Learnt(
                parts[name], Reading(tuple(one["columns"]), tuple(one["shown"]), one["present"]),
                from_document(one["member"]),
            )
            for name, one in content["learnt"].items()
        ]  # fmt: skip
        made = [Combiner.from_json(one) for one in content["combiners"]]
        miner.combiners_ = {one.parts: one for one in made}
        return miner

    def _asked(self) -> list[Part]:
        parts = [Part.of(one) for one in self.parts]
        if not 1 <= len(parts) <= MOST_PARTS or len({one.name for one in parts}) < len(parts):
            raise UsageError(
                f"A stack was given {len(parts)} parts, or two of one name", hint=f"Give 1 to {MOST_PARTS}."
            )
        if self.folds < FEWEST_FOLDS:
            raise UsageError(f"A stack was given folds = {self.folds}", hint="Give 2 or more.")
        return parts

    def _given(self, X: Matrix | Numbers) -> pa.Table | Numbers:
        self._require_fitted()
        return X if isinstance(X, pa.Table | Numbers) else _table(X, self.names_)

    def _require_fitted(self) -> None:
        if "combiners_" not in vars(self):
            raise NotFittedError("Stack is not fitted", hint="Call fit first, or load a model.")

    def _said(self, X: Matrix, without: Iterable[str]) -> Floats:
        """The parts' log-odds, shape (rows, parts), NaN where a row lacks one or is to do without."""
        table, absent = self._given(X), set(without)
        unknown = absent - set(self.part_names) - set(self.left_out_)
        if unknown:
            raise UsageError(
                f"There is no part {min(unknown)!r} to leave out",
                hint=f"There are {', '.join(self.part_names)}.",
            )
        none = np.full(table.num_rows, np.nan)
        return np.column_stack(
            [none if one.part.name in absent else one.log_odds(table) for one in self.parts_]
        )

    def _sets(self, said: Floats) -> list[tuple[Ints, Combiner]]:
        """The rows of each set of parts that occurs, with its combiner."""
        return [(rows, self.combiners_[parts]) for rows, parts in sets_in(said)]

    def _combined(self, said: Floats) -> Floats:
        answer = np.empty(len(said))
        for rows, one in self._sets(said):
            answer[rows] = one.log_odds(said[rows])
        return answer


def _table(X: Any, names: Iterable[str] | None) -> pa.Table:
    values = np.asarray(X, dtype=np.float64)
    if values.ndim != 2:
        raise UsageError(
            f"Stack was given an array of {values.ndim} dimensions", hint="Give a table or a matrix."
        )
    found = tuple(names) if names is not None else tuple(f"x{i}" for i in range(values.shape[1]))
    return pa.table({name: values[:, place] for place, name in enumerate(found)})


def _within(one: Learnt) -> list[tuple[str, float]]:
    """The columns of a part by their share of it."""
    if hasattr(one.member, "importance"):
        return list(one.member.importance())
    if one.part.way == "linear":
        size = np.abs(one.member.coefficients_)
        share = size / size.sum() if size.sum() > 0 else size
        return list(zip(one.reading.columns, share.tolist(), strict=True))
    return [(one.reading.columns[0], 1.0)]
