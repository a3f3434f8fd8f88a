"""The scorecard: optimal bins, weight of evidence, a regression that keeps its signs, points (Siddiqi 2017).

    log odds(bad) = b₀ − Σ βⱼ · woeⱼ(bin of xⱼ),  βⱼ > 0        score = offset + factor · log odds(good)

The label is 1 for a bad. More points mean less risk. `probability` is what the points say, not the regression
before rounding: the printed card, the score and the probability are one model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.arithmetic import logistic
from bankmine.mining.classification.classifier import Classifier, row_weights
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, labels, strongest
from bankmine.mining.files import array, numbers
from bankmine.mining.scorecard import card
from bankmine.mining.scorecard.binning import Binning
from bankmine.mining.scorecard.columns import Column, read_columns, read_matching
from bankmine.mining.scorecard.expression import Sum
from bankmine.mining.scorecard.points import Rounding, Scaling, rounding, shared_base
from bankmine.mining.scorecard.prebins import Truth
from bankmine.mining.scorecard.regression import Fit
from bankmine.mining.scorecard.rules import BinningRules
from bankmine.mining.scorecard.selection import (
    Rows,
    Screened,
    Selection,
    choose,
    signed_fit,
    weights_of,
)

RANGES = {
    "least_information": (0, 100), "most_correlated": (0, 1), "least_z": (0, 100), "resamples": (1, 10_000),
    "least_frequency": (0, 1), "C": (1e-9, 1e12), "pdo": (1e-3, 1e6), "base_score": (-1e9, 1e9),
    "base_odds": (1e-9, 1e9), "random_state": (0, 2**32 - 1),
}  # fmt: skip
WORDS = {"sign": ("constrain", "drop"), "base": ("row", "spread"), "absent": ("neutral", "worst")}


class ReasonCode(NamedTuple):
    """Points one column cost a row, and the bin the row is in."""

    column: str
    attribute: str
    points: float
    lost: float


class Scorecard(Classifier):
    """A card for a 0/1 label (1 = bad) from numbers and texts, missing values and special codes among them.

    `rules` are those of every column's binning, `columns` changes of them for some (both names of
    `BinningRules`). `select`: "stable" takes columns chosen in at least `least_frequency` of `resamples`
    random samples, "all" every column that passes the screen, a sequence of names those. The screen asks an
    information value of `least_information` and drops a column whose weights correlate above
    `most_correlated` with a better one's; backward elimination in the samples asks a coefficient of `least_z`
    standard errors. `sign`: "constrain" or "drop". `C` is the inverse strength of the ridge penalty. `pdo`
    points double the odds, `base_score` points mean odds of good of `base_odds`. `integer` rounds the points.
    `base`: "row" keeps base points apart, "spread" shares them out. `absent`: a bin without rows in training
    has the points of the average ("neutral") or the fewest of its column ("worst"). Needs 50 rows and 10 of
    each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=50, each_class=10)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        *,
        rules: Mapping[str, Any] | None = None,
        columns: Mapping[str, Mapping[str, Any]] | None = None,
        select: str | Sequence[str] = "stable",
        least_information: float = 0.0,
        most_correlated: float = 0.9,
        least_z: float = 1.0,
        resamples: int = 10,
        least_frequency: float = 0.5,
        sign: str = "constrain",
        C: float = 1.0,
        pdo: float = 20.0,
        base_score: float = 600.0,
        base_odds: float = 50.0,
        integer: bool = True,
        base: str = "row",
        absent: str = "neutral",
        random_state: int = 0,
    ) -> None:
        self.rules = rules
        self.columns = columns
        self.select = select
        self.least_information = least_information
        self.most_correlated = most_correlated
        self.least_z = least_z
        self.resamples = resamples
        self.least_frequency = least_frequency
        self.sign = sign
        self.C = C
        self.pdo = pdo
        self.base_score = base_score
        self.base_odds = base_odds
        self.integer = integer
        self.base = base
        self.absent = absent
        self.random_state = random_state

    def fit(
        self,
        X: Matrix,
        y: Any,
        *,
        names: Iterable[str] | None = None,
        sample_weight: Any = None,
        vintages: Any = None,
    ) -> Self:
        """Bin, select, fit and scale. `X` is a matrix (rows, columns) or an Arrow table, which may hold text.

        `vintages` (one value a row) serve the rule `same_order`. `sample_weight` weighs rows in the
        regression; the bins count rows. FeasibilityError below the minimum data or where no column says
        anything.
        """
        self._check_settings()
        found = read_columns(X, names)
        if not found:
            raise FeasibilityError("Scorecard was given no column", hint="It needs at least 1.")
        truth = self._learn_labels(y, len(found[0]))
        every = vintages if vintages is None else np.asarray(vintages)
        if every is not None and every.shape != (len(truth),):
            raise UsageError(
                f"The vintages have shape {every.shape} for {len(truth)} rows", hint="Give one a row."
            )
        self.names_ = tuple(column.name for column in found)
        rows = Rows(found, truth, self._rules_of(found), every)
        kept, binnings, self.screened_ = choose(rows, self._selection(), self.select)
        self.history_: list[dict[str, Any]] = []
        self._learn_card(
            [found[i] for i in kept], [binnings[i] for i in kept], truth,
            row_weights(sample_weight, len(truth)),
        )  # fmt: skip
        return self

    def score(self, X: Matrix) -> Floats:
        """Points of each row, shape (rows,); whole numbers unless `integer` is off."""
        return self._sum(self._card_columns(X))

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a bad, as the points say."""
        return np.asarray((self.scaling.offset - self.score(X)) / self.scaling.factor)

    def probability(self, X: Matrix) -> Floats:
        """Probability of a bad, as the points say."""
        return logistic(self.decision_function(X))

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """Each column's points against the average of training, in log-odds of a bad, strongest first.

        The value of a text column is NaN; `reason_codes` names the bin.
        """
        columns = self._card_columns(X)
        points = self._points(columns)
        values = np.column_stack(
            [c.values if c.values is not None else np.full(len(c), np.nan) for c in columns]
        )
        raised = (self.neutral_ - points) / self.scaling.factor
        return strongest(raised, values, self.card_names, top)

    def reason_codes(self, X: Matrix, *, top: int = 4, against: str = "maximum") -> list[list[ReasonCode]]:
        """For each row the columns that cost it most points, most first; ties go to the earlier column.

        `against` the "maximum" of the column, or the "neutral" average of training rows.
        """
        if against not in ("maximum", "neutral"):
            raise UsageError(f"Points cannot be lost against {against!r}", hint="Use 'maximum' or 'neutral'.")
        columns = self._card_columns(X)
        bins = [binning.assign(column) for binning, column in zip(self.binnings_, columns, strict=True)]
        points = np.column_stack([own[where] for own, where in zip(self.points_, bins, strict=True)])
        best = self.neutral_ if against == "neutral" else np.array([own.max() for own in self.points_])
        lost = best - points
        order = np.argsort(-lost, axis=1, kind="stable")[:, :top]
        said = [card.attributes(binning) for binning in self.binnings_]
        return [
            [
                ReasonCode(
                    self.card_names[j], said[j][bins[j][row]], float(points[row, j]), float(lost[row, j])
                )
                for j in chosen
                if lost[row, j] > 0
            ]
            for row, chosen in enumerate(order.tolist())
        ]

    @property
    def scaling(self) -> Scaling:
        """The scale of the points."""
        return Scaling(self.pdo, self.base_score, self.base_odds)

    @property
    def card_names(self) -> tuple[str, ...]:
        """The columns of the card in its order."""
        return tuple(binning.name for binning in self.binnings_)

    @property
    def version(self) -> int:
        """1 for the card as fitted, one more for each change by hand."""
        return 1 + len(self.history_)

    def lines(self) -> list[card.CardLine]:
        """The card as data, one line a bin."""
        return card.lines(self.binnings_, self.points_)

    def text(self) -> str:
        """The printed card."""
        head = (
            f"Scorecard, version {self.version}: points add up, more points are less risk. "
            f"{self.base_score:g} points are odds of {self.base_odds:g} to 1, "
            f"{self.pdo:g} more double them."
        )
        return card.printed(self.base_points_, self.lines(), head)

    def expression(self) -> Sum:
        """The card as a tree, for export."""
        return card.tree(self.base_points_, self.binnings_, self.points_)

    def importance(self) -> list[tuple[str, float]]:
        """Each column's share of the spread of points in training rows, largest first."""
        spread = np.zeros(len(self.binnings_))
        for j, (binning, own) in enumerate(zip(self.binnings_, self.points_, strict=True)):
            rows = binning.bads + binning.goods
            spread[j] = np.sqrt((rows * (own - self.neutral_[j]) ** 2).sum() / max(rows.sum(), 1.0))
        share = spread / spread.sum() if spread.sum() > 0 else spread
        return [(self.card_names[j], float(share[j])) for j in np.argsort(-share, kind="stable")]

    def to_json(self) -> dict[str, Any]:
        """Parameters, binnings, coefficients, points, the listing of columns and the history of changes."""
        return {
            "parameters": _plain(self.get_params()),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "screened": [
                [one.name, one.information_value, None if one.frequency != one.frequency else one.frequency,
                 one.why_not] for one in self.screened_
            ],
            "binnings": [binning.to_json() for binning in self.binnings_],
            "intercept": self.intercept_,
            "coefficients": numbers(self.coefficients_),
            "errors": numbers(self.errors_),
            "base_points": self.base_points_,
            "points": [numbers(own) for own in self.points_],
            "neutral": numbers(self.neutral_),
            "rounding": list(self.rounding_),
            "history": self.history_,
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted card that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.screened_ = [
            Screened(name, float(value), float("nan") if share is None else float(share), why)
            for name, value, share, why in content["screened"]
        ]
        miner.binnings_ = [Binning.from_json(one) for one in content["binnings"]]
        miner.intercept_ = float(content["intercept"])
        miner.coefficients_ = array(content["coefficients"])
        miner.errors_ = array(content["errors"])
        miner.base_points_ = float(content["base_points"])
        miner.points_ = [array(own) for own in content["points"]]
        miner.neutral_ = array(content["neutral"])
        pairs, swapped, tied, largest = content["rounding"]
        miner.rounding_ = Rounding(int(pairs), int(swapped), int(tied), float(largest))
        miner.history_ = [dict(one) for one in content["history"]]
        return miner

    def _learn_card(
        self, found: Sequence[Column], binnings: list[Binning], truth: Truth, counts: Floats | None
    ) -> None:
        """Regression with signs, points, and the comparison of exact and rounded scores."""
        weights = weights_of(binnings, found)
        inside, fitted = signed_fit(weights, truth, self.C, self.sign, counts)
        lost = {binnings[i].name for i in range(len(binnings)) if i not in inside}
        self.screened_ = [
            one._replace(why_not="wrong sign in the regression") if one.name in lost else one
            for one in self.screened_
        ]
        self._learn_points([binnings[i] for i in inside], fitted)
        columns = [found[i] for i in inside]
        exact = self.scaling.offset - self.scaling.factor * (
            fitted.intercept - weights[:, inside] @ fitted.coefficients
        )
        self.rounding_ = rounding(exact, self._sum(columns))
        self.neutral_ = self._points(columns).mean(axis=0)

    def _learn_points(self, binnings: list[Binning], fitted: Fit) -> None:
        self.binnings_ = binnings
        self.intercept_, self.coefficients_, self.errors_ = fitted[:3]
        base = self.scaling.offset - self.scaling.factor * self.intercept_
        self.points_ = []
        for binning, coefficient in zip(binnings, self.coefficients_, strict=True):
            own = self.scaling.factor * coefficient * binning.weights
            empty = (binning.bads + binning.goods) == 0
            if self.absent == "worst":
                own[empty] = own[~empty].min()
            self.points_.append(np.round(own) + 0.0 if self.integer else own)
        self.base_points_ = float(round(base)) if self.integer else base
        if self.base == "spread":
            shares = shared_base(self.base_points_, len(binnings), self.integer)
            self.points_ = [own + share for own, share in zip(self.points_, shares, strict=True)]
            self.base_points_ = 0.0

    def _points(self, columns: Sequence[Column]) -> Floats:
        """Points of each row and column of the card, shape (rows, columns)."""
        return np.column_stack(
            [
                own[binning.assign(column)]
                for own, binning, column in zip(self.points_, self.binnings_, columns, strict=True)
            ]
        )

    def _sum(self, columns: Sequence[Column]) -> Floats:
        total = np.full(len(columns[0]), self.base_points_)
        for own, binning, column in zip(self.points_, self.binnings_, columns, strict=True):
            total += own[binning.assign(column)]
        return total

    def _card_columns(self, X: Matrix) -> list[Column]:
        """The columns of the card out of a table, or out of a matrix of all columns of training."""
        if not hasattr(self, "binnings_"):
            raise UsageError("Scorecard is not fitted", hint="Call fit first, or load a model.")
        texts = [binning.is_text for binning in self.binnings_]
        if isinstance(X, pa.Table):
            return read_matching(X, self.card_names, texts)
        shape = np.shape(X)
        if len(shape) != 2 or shape[1] != len(self.names_):
            raise UsageError(
                f"Scorecard was given a matrix of shape {shape}",
                hint=f"It was fitted on {len(self.names_)} columns.",
            )
        places = [self.names_.index(name) for name in self.card_names]
        return read_matching(np.asarray(X, dtype=np.float64)[:, places], self.card_names, texts)

    def _learn_labels(self, y: Any, rows: int) -> Truth:
        truth = labels(y, rows)
        if rows >= self.minimum.rows and (not truth.any() or truth.all()):
            raise FeasibilityError(
                f"Scorecard was given {rows} rows without {'goods' if truth.any() else 'bads'}",
                hint="A card is learnt from rows of both classes.",
            )
        return super()._learn_labels(y, rows)

    def _rules_of(self, found: Sequence[Column]) -> list[BinningRules]:
        common = BinningRules(smoothing=10.0).but(self.rules or {})
        changes = self.columns or {}
        for name in changes:
            if name not in self.names_:
                raise UsageError(
                    f"Rules are given for the column {name!r}, which is not there",
                    hint=f"There are {', '.join(self.names_)}.",
                )
        return [common.but(changes.get(column.name, {})) for column in found]

    def _selection(self) -> Selection:
        return Selection(
            self.least_information, self.most_correlated, self.least_z, self.resamples,
            self.least_frequency, self.C, self.sign, self.random_state,
        )  # fmt: skip

    def _check_settings(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            good = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
            if not good or (name == "resamples" and not float(value).is_integer()):
                raise UsageError(
                    f"Scorecard was given {name} = {value!r}",
                    hint=f"Give a number from {least:g} to {most:g}.",
                )
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                raise UsageError(
                    f"Scorecard was given {name} = {getattr(self, name)!r}", hint=f"Use {' or '.join(words)}."
                )
        if not isinstance(self.integer, bool):
            raise UsageError(f"Scorecard was given integer = {self.integer!r}", hint="Give True or False.")


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters as JSON values: mappings and tuples of special codes written out."""

    def one(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): one(inner) for key, inner in value.items()}
        if isinstance(value, tuple | list | set | frozenset):
            return [one(inner) for inner in value]
        return value

    return {name: one(value) for name, value in params.items()}
