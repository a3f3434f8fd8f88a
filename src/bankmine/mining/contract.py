"""The one contract of all miners: scikit-learn's estimator interface, minimum data, reasons.

A miner is built with plain parameters, fitted on a float64 matrix (or an Arrow table of numbers), refuses
too few rows before it starts, and says for each row which columns drove its answer. The base class speaks
scikit-learn's protocol without importing scikit-learn, so that serving a model does not pay for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.learner import Learner, NotFittedError, check_parameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Matrix: TypeAlias = NDArray[Any] | pa.Table


@dataclass(frozen=True)
class MinimumData:
    """The least a miner accepts: rows in all, and rows of each class where there are classes."""

    rows: int
    each_class: int = 0

    def require(self, miner: str, rows: int, positives: int | None = None) -> None:
        """Raise FeasibilityError when there are fewer rows, positives or negatives than this."""
        if rows < self.rows:
            raise FeasibilityError(
                f"{miner} was given {rows} rows", hint=f"It needs at least {self.rows} rows."
            )
        if positives is None:
            return
        for kind, count in (("positive", positives), ("negative", rows - positives)):
            if count < self.each_class:
                raise FeasibilityError(
                    f"{miner} was given {count} {kind} rows of {rows}",
                    hint=f"It needs at least {self.each_class} of each class.",
                )


class Reason(NamedTuple):
    """One column's part in the answer for one row, in the miner's own units of contribution."""

    feature: str
    value: float
    contribution: float


@dataclass(frozen=True)
class Reasons:
    """The strongest reasons of each row, kept as arrays of shape (rows, top).

    `columns` holds positions in `names`, strongest first, and −1 where a row has fewer reasons.
    """

    names: tuple[str, ...]
    columns: Ints
    values: Floats
    contributions: Floats

    def __len__(self) -> int:
        return len(self.columns)

    def row(self, position: int) -> list[Reason]:
        """The reasons of one row, strongest first."""
        return [
            Reason(self.names[column], float(value), float(contribution))
            for column, value, contribution in zip(
                self.columns[position], self.values[position], self.contributions[position], strict=True
            )
            if column >= 0
        ]

    def to_arrow(self) -> pa.ListArray:
        """`list<struct<feature, value, contribution>>`, one list a row; a missing value is null."""
        kept = self.columns >= 0
        offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
        names = pa.array(self.names, pa.string())
        values = self.values[kept]
        struct = pa.StructArray.from_arrays(
            [
                names.take(pa.array(self.columns[kept])),
                pa.array(values, mask=np.isnan(values)),
                pa.array(self.contributions[kept]),
            ],
            names=["feature", "value", "contribution"],
        )
        return pa.ListArray.from_arrays(pa.array(offsets), struct)


def strongest(contributions: Floats, values: Floats, names: Sequence[str], top: int) -> Reasons:
    """The `top` columns of largest absolute contribution in each row; ties go to the earlier column.

    `contributions` and `values` have shape (rows, columns). Columns that contribute exactly nothing are
    no reason.
    """
    rows, width = contributions.shape
    top = max(0, min(top, width))
    size = np.abs(contributions)
    columns = np.full((rows, top), -1, dtype=np.int64)
    every = np.arange(rows)
    for place in range(top):
        best = size.argmax(axis=1)
        columns[:, place] = np.where(size[every, best] > 0, best, -1)
        size[every, best] = -1.0
    taken = columns.clip(min=0)
    empty = columns < 0
    picked = np.take_along_axis(contributions, taken, axis=1) if top else np.zeros((rows, 0))
    shown = np.take_along_axis(values, taken, axis=1) if top else np.zeros((rows, 0))
    return Reasons(tuple(names), columns, np.where(empty, np.nan, shown), np.where(empty, 0.0, picked))


class Estimator(Learner):
    """scikit-learn's `get_params`/`set_params`/`clone` protocol, and checks every miner shares.

    Parameters of `__init__` are kept under their own names and never changed by `fit`; what `fit` learns
    ends in an underscore.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=1)
    accepts_missing: ClassVar[bool] = False
    largest: ClassVar[float] = 1e100  # squares and their sums stay far inside what a float64 can hold
    names_: tuple[str, ...]

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return list(inspect.signature(cls).parameters)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters the miner was built with."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Change parameters by name; an unknown name is a UsageError."""
        for name, value in params.items():
            if name not in self._parameter_names():
                raise UsageError(
                    f"{type(self).__name__} has no parameter {name!r}",
                    hint=f"It has {', '.join(self._parameter_names())}.",
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({inside})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(allow_nan=self.accepts_missing),
        )

    def _learn_matrix(self, X: Matrix, names: Iterable[str] | None) -> Floats:
        """The training matrix as float64; checks the parameters, remembers the names of the columns."""
        check_parameters(self)
        if isinstance(X, pa.Table):
            names = X.column_names if names is None else names
            X = table_values(X, X.column_names)
        values = np.ascontiguousarray(X, dtype=np.float64)
        if values.ndim != 2:
            raise UsageError(
                f"{type(self).__name__} was given an array of {values.ndim} dimensions",
                hint="Give a matrix of shape (rows, columns).",
            )
        self.names_ = tuple(names) if names is not None else tuple(f"x{i}" for i in range(values.shape[1]))
        if len(self.names_) != values.shape[1] or len(set(self.names_)) != len(self.names_):
            raise UsageError(
                f"{len(self.names_)} names were given for {values.shape[1]} columns, or two are equal",
                hint="Give one name for each column, all different.",
            )
        if not values.shape[1]:
            raise FeasibilityError(f"{type(self).__name__} was given no column", hint="It needs at least 1.")
        self._refuse_missing(values)
        self._refuse_huge(values)
        return values

    def _matrix(self, X: Matrix) -> Floats:
        """New rows as float64 in the order of the training columns."""
        if not hasattr(self, "names_"):
            raise NotFittedError(
                f"{type(self).__name__} is not fitted", hint="Call fit first, or load a model."
            )
        if isinstance(X, pa.Table):
            X = table_values(X, self.names_)
        values = np.ascontiguousarray(X, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.names_):
            raise UsageError(
                f"{type(self).__name__} was given a matrix of shape {values.shape}",
                hint=f"It was fitted on {len(self.names_)} columns.",
            )
        self._refuse_missing(values)
        self._refuse_huge(values)
        return values

    def _refuse_missing(self, values: Floats) -> None:
        bad = np.isinf(values) if self.accepts_missing else ~np.isfinite(values)
        if not bad.any():
            return
        column = self.names_[int(np.flatnonzero(bad.any(axis=0))[0])]
        allowed = "infinite values" if self.accepts_missing else "missing or infinite values"
        raise UsageError(
            f"Column {column!r} holds {allowed} ({int(bad.sum())} in all columns)",
            hint="Prepare the matrix first (bankmine.preparation).",
        )

    def _refuse_huge(self, values: Floats) -> None:
        bad = (values > self.largest) | (values < -self.largest)
        if not bad.any():
            return
        column = self.names_[int(np.flatnonzero(bad.any(axis=0))[0])]
        raise UsageError(
            f"Column {column!r} holds numbers beyond ±{self.largest:g} ({int(bad.sum())} in all columns)",
            hint="Give the column in a larger unit, or prepare the matrix first (bankmine.preparation).",
        )


def table_values(table: pa.Table, names: Sequence[str]) -> Floats:
    """Columns of an Arrow table as a float64 matrix of shape (rows, columns).

    Nulls become NaN; integers beyond 2^53 are rounded to the nearest float.
    """
    there = set(table.column_names)  # made anew at each asking
    absent = [name for name in names if name not in there]
    if absent:
        raise UsageError(
            f"The table lacks the column {absent[0]!r} ({len(absent)} in all)",
            hint="Give the columns the miner was fitted on.",
        )
    columns = []
    for name in names:
        kind = table.schema.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            raise UsageError(
                f"Column {name!r} is {kind}, not a number", hint="Encode it first (bankmine.preparation)."
            )
        columns.append(table.column(name).cast(pa.float64(), safe=False).to_numpy())
    return np.column_stack(columns) if columns else np.zeros((table.num_rows, 0))


def labels(y: Any, rows: int) -> NDArray[np.bool_]:
    """A 0/1 label of length `rows` as booleans; anything else is a UsageError."""
    values = y.to_numpy(zero_copy_only=False) if isinstance(y, pa.Array | pa.ChunkedArray) else np.asarray(y)
    if values.shape != (rows,):
        raise UsageError(
            f"The label has shape {values.shape} for {rows} rows", hint="Give one label for each row."
        )
    if values.dtype != np.bool_:
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError):
            raise UsageError("The label is not made of numbers", hint="Give 0, 1 or booleans.") from None
        if not np.isin(values, (0.0, 1.0)).all():
            raise UsageError("The label holds values other than 0 and 1", hint="Give 0, 1 or booleans.")
    return values.astype(np.bool_)
