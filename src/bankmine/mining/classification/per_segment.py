"""One model for each segment: cluster the training rows, fit a classifier in each cluster, ask the row's own.

Customers of different kinds may need different models (a mixture of experts with a hard gate: Jacobs, Jordan,
Nowlan & Hinton 1991; in banking, "segmented scorecards"). It costs data: each model sees its own rows only.
So a cluster with too few rows of a class is answered by one model fitted on all rows, and whether the whole
thing pays is not assumed here; it is a candidate like any other, judged by the same gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import squared_distances
from bankmine.mining.classification.classifier import Classifier, row_weights
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData, Reasons
from bankmine.mining.files import MINERS, array, document, from_document, numbers
from bankmine.mining.learner import check_parameters

CLUSTERING_ROWS = 20_000
MEMBERS = ("Boosting", "Logistic")


class Segment(NamedTuple):
    """One cluster of the training rows; `own` says whether it has a model of its own.

    `traits` are the columns in which its mean differs most from all rows', in standard deviations.
    """

    number: int
    rows: int
    positives: int
    own: bool
    traits: tuple[tuple[str, float], ...]


class PerSegment(Classifier):
    """k-means on standardised columns, then one `miner` ("Boosting" or "Logistic") a cluster.

    For the clustering alone, missing values are filled with the median and values outside the 1st to 99th
    percentile are moved to it; above 20,000 rows it learns from a random 20,000 and assigns all. A cluster
    with fewer than `least_rows` rows or `least_each_class` of a class uses the model of all rows.
    `settings` are the miner's own. Needs 200 rows and 20 of each class; with fewer than the limits everywhere
    it is the model of all rows.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=200, each_class=20)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        n_clusters: int = 3,
        *,
        miner: str = "Boosting",
        settings: Mapping[str, Any] | None = None,
        least_rows: int = 400,
        least_each_class: int = 50,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.miner = miner
        self.settings = settings
        self.least_rows = least_rows
        self.least_each_class = least_each_class
        self.random_state = random_state

    def fit(
        self, X: Matrix, y: Any, *, names: Iterable[str] | None = None, sample_weight: Any = None
    ) -> Self:
        """Cluster, then fit with the rows' weights.

        FeasibilityError below the minimum data, UsageError for an unknown miner.
        """
        check_parameters(self)
        make = self._maker()
        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        self._learn_scale(values)
        assigned = self._learn_clusters(values)
        weight = row_weights(sample_weight, len(values))
        weight = np.ones(len(values)) if weight is None else weight
        self.whole_ = self._member(make).fit(values, truth, names=self.names_, sample_weight=weight)
        self.own_: dict[int, Any] = {}
        found = []
        for number in range(len(self.centers_)):
            inside = assigned == number
            enough = self._enough(truth[inside])
            if enough:
                self.own_[number] = self._member(make).fit(
                    values[inside], truth[inside], names=self.names_, sample_weight=weight[inside]
                )
            traits = self._traits(number)
            found.append(Segment(number, int(inside.sum()), int(truth[inside].sum()), enough, traits))
        self.segments_ = tuple(found)
        return self

    def segment(self, X: Matrix) -> Ints:
        """The cluster of each row, shape (rows,)."""
        return self._assign(self._matrix(X))

    def decision_function(self, X: Matrix) -> Floats:
        """What the row's own model ranks by (log-odds)."""
        return self._asked(X, "decision_function")

    def probability(self, X: Matrix) -> Floats:
        """The probability the row's own model gives."""
        return self._asked(X, "probability")

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The reasons the row's own model gives."""
        values = self._matrix(X)
        top = min(top, len(self.names_))
        columns = np.full((len(values), top), -1, dtype=np.int64)
        seen, parts = np.full((len(values), top), np.nan), np.zeros((len(values), top))
        for model, rows in self._shares(values):
            said = model.reasons(values[rows], top=top)
            columns[rows], seen[rows], parts[rows] = said.columns, said.values, said.contributions
        return Reasons(self.names_, columns, seen, parts)

    def importance(self) -> list[tuple[str, float]]:
        """Each column's share in the models' answers, weighted by the rows each model answers for."""
        total = np.zeros(len(self.names_))
        for part in self.segments_:
            total += part.rows * _weights(self.own_.get(part.number, self.whole_), self.names_)
        share = total / total.sum() if total.sum() > 0 else total
        return [(self.names_[i], float(share[i])) for i in np.argsort(-share, kind="stable")]

    def to_json(self) -> dict[str, Any]:
        """Parameters, the scale and centres of the clusters, and the models."""
        return {
            "parameters": {**self.get_params(), "settings": dict(self.settings or {})},
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "low": numbers(self.low_),
            "high": numbers(self.high_),
            "middle": numbers(self.middle_),
            "mean": numbers(self.mean_),
            "deviation": numbers(self.deviation_),
            "centers": numbers(self.centers_),
            "segments": [list(part) for part in self.segments_],
            "whole": document(self.whole_),
            "own": {str(number): document(model) for number, model in self.own_.items()},
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.low_, miner.high_ = array(content["low"]), array(content["high"])
        miner.middle_, miner.mean_ = array(content["middle"]), array(content["mean"])
        miner.deviation_ = array(content["deviation"])
        miner.centers_ = array(content["centers"]).reshape(-1, len(miner.names_))
        miner.segments_ = tuple(
            Segment(
                int(number), int(rows), int(positives), bool(own), tuple((n, float(d)) for n, d in traits)
            )
            for number, rows, positives, own, traits in content["segments"]
        )
        miner.whole_ = from_document(content["whole"])
        miner.own_ = {int(number): from_document(model) for number, model in content["own"].items()}
        return miner

    def _maker(self) -> Any:
        if self.miner not in MEMBERS:
            raise UsageError(
                f"There is no miner {self.miner!r} a segment", hint=f"Use {' or '.join(MEMBERS)}."
            )
        if self.n_clusters < 2:
            raise UsageError(f"{self.n_clusters} clusters were asked", hint="Ask for 2 or more.")
        return getattr(import_module(MINERS[self.miner]), self.miner)

    def _member(self, make: Any) -> Any:
        return make(**{"random_state": self.random_state, **dict(self.settings or {})})

    def _refuse_missing(self, values: Floats) -> None:
        if self.miner == "Boosting":
            super()._refuse_missing(values)
        elif not np.isfinite(values).all():
            column = self.names_[int(np.flatnonzero((~np.isfinite(values)).any(axis=0))[0])]
            raise UsageError(
                f"Column {column!r} holds missing or infinite values",
                hint="Prepare the matrix first (bankmine.preparation), or use the miner Boosting.",
            )

    def _enough(self, truth: Any) -> bool:
        positives = int(truth.sum())
        fewer = min(positives, len(truth) - positives)
        return len(truth) >= self.least_rows and fewer >= self.least_each_class

    def _learn_scale(self, values: Floats) -> None:
        """Medians, percentiles and standard deviations of the columns; an empty column counts for nothing."""
        filled = np.where(np.isnan(values).all(axis=0), 0.0, values)
        self.low_, self.middle_, self.high_ = np.nanquantile(filled, [0.01, 0.5, 0.99], axis=0)
        bent = self._bent(values)
        self.mean_ = bent.mean(axis=0)
        spread = bent.std(axis=0)
        varies = spread > 1e-12 * np.maximum(np.abs(self.mean_), 1.0)
        self.deviation_ = np.where(varies, spread, np.nan)

    def _bent(self, values: Floats) -> Floats:
        return np.clip(np.where(np.isnan(values), self.middle_, values), self.low_, self.high_)

    def _scaled(self, values: Floats) -> Floats:
        return np.asarray(np.nan_to_num((self._bent(values) - self.mean_) / self.deviation_))

    def _learn_clusters(self, values: Floats) -> Ints:
        draw = np.random.default_rng(self.random_state)
        rows = np.arange(len(values))
        if len(rows) > CLUSTERING_ROWS:
            rows = np.sort(draw.choice(rows, CLUSTERING_ROWS, replace=False))
        scaled = self._scaled(values[rows])
        distinct = len(np.unique(scaled[:, np.isfinite(self.deviation_)], axis=0))
        if distinct < self.n_clusters:
            self.centers_ = scaled.mean(axis=0)[None, :]
        else:
            self.centers_ = (
                KMeans(self.n_clusters, n_init=3, max_iter=100, random_state=self.random_state)
                .fit(scaled)
                .centers_
            )
        return self._assign(values)

    def _assign(self, values: Floats) -> Ints:
        nearest = squared_distances(self._scaled(values), self.centers_).argmin(axis=1)
        return np.asarray(nearest, dtype=np.int64)

    def _traits(self, number: int, top: int = 4) -> tuple[tuple[str, float], ...]:
        centre = self.centers_[number]
        order = np.argsort(-np.abs(centre), kind="stable")[:top]
        return tuple((self.names_[i], float(centre[i])) for i in order if abs(centre[i]) > 1e-12)

    def _shares(self, values: Floats) -> list[tuple[Any, Ints]]:
        """Each model with the rows it answers for."""
        assigned = self._assign(values)
        shared = np.array([number in self.own_ for number in range(len(self.centers_))])
        parts = [(self.own_[number], np.flatnonzero(assigned == number)) for number in sorted(self.own_)]
        parts.append((self.whole_, np.flatnonzero(~shared[assigned])))
        return [(model, rows) for model, rows in parts if len(rows)]

    def _asked(self, X: Matrix, question: str) -> Floats:
        values = self._matrix(X)
        said = np.zeros(len(values))
        for model, rows in self._shares(values):
            said[rows] = getattr(model, question)(values[rows])
        return said


def _weights(model: Any, names: tuple[str, ...]) -> Floats:
    """A model's columns by their share: of the gain of its trees, or of the sizes of its coefficients."""
    if hasattr(model, "importance"):
        share = dict(model.importance())
        return np.array([share.get(name, 0.0) for name in names])
    size = np.abs(np.asarray(model.coefficients_, dtype=np.float64))
    return size / size.sum() if size.sum() > 0 else size
