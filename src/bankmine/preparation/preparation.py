"""The preparation itself: fit on training rows, transform any rows, save to JSON, report each column.

Three ready ways: `for_trees` leaves missing values and tails to the trees; `for_linear` and `for_distances`
fill, flag, bend heavy tails and bring columns to one scale.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa

from bankmine.errors import FeasibilityError, UsageError
from bankmine.preparation.columns import Categories, Column, Floats, Numbers, money_divisor, read
from bankmine.preparation.learning import learn_category, learn_number
from bankmine.preparation.plan import NumberPlan, Plan, plan_from_json, plan_to_json
from bankmine.preparation.report import Fate, Report
from bankmine.preparation.selection import Selection, Truth, select

FORMAT = 1
LEAST_ROWS = 20


@dataclass(frozen=True)
class Matrix:
    """A model matrix: float64 `values` of shape (rows, columns), and for each column its name, its unit, and
    the snapshot column it came from."""

    values: Floats
    names: tuple[str, ...]
    units: tuple[str, ...]
    sources: tuple[str, ...]

    def to_arrow(self) -> pa.Table:
        """The same as a table of float64 columns; NaN becomes null."""
        columns = [pa.array(self.values[:, i], from_pandas=True) for i in range(len(self.names))]
        return pa.Table.from_arrays(columns, names=list(self.names))


@dataclass(frozen=True)
class Settings:
    """How to prepare.

    `missing_flags` adds a 0/1 column where a filled column had gaps. `least_level_share` and `most_levels`
    decide which levels of a category are told apart; `currency_exponent` is the number of decimals of the
    bank's currency (2 for EUR, 0 for JPY).
    """

    missing: Literal["median", "native"] = "native"
    missing_flags: bool = True
    log: bool = False
    winsorise: bool = False
    scale: Literal["none", "standard", "robust"] = "none"
    categories: Literal["onehot", "codes"] = "onehot"
    least_level_share: float = 0.01
    most_levels: int = 20
    currency_exponent: int = 2
    selection: Selection = field(default_factory=Selection)


class Preparation:
    """Turns a snapshot into a model matrix.

    Columns are numbers, booleans or texts; nulls, NaN and infinities are missing. State is learnt in `fit`
    and nowhere else. `report_` says what happened to each column.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = Settings() if settings is None else settings

    @classmethod
    def for_trees(cls, **changes: Any) -> Self:
        """Missing values stay missing, no scaling; categories as codes or one column a level."""
        return cls(replace(Settings(), **changes))

    @classmethod
    def for_linear(cls, **changes: Any) -> Self:
        """Median and flag, heavy tails by log, 99 % kept, standard scale."""
        ready = Settings(missing="median", log=True, winsorise=True, scale="standard")
        return cls(replace(ready, **changes))

    @classmethod
    def for_distances(cls, **changes: Any) -> Self:
        """As `for_linear` without flags: rows should not be alike because the same columns are missing."""
        return cls.for_linear(**{"missing_flags": False, **changes})

    def fit(
        self,
        table: pa.Table,
        target: Any = None,
        *,
        units: Mapping[str, str] | None = None,
        period: Any = None,
    ) -> Self:
        """Learn the plan of each column from training rows only.

        `target` (0/1, one a row) gives information values; `units` maps column → unit, of which "minor
        units" is divided into major units; `period` (any sortable value a row, say the cutoff) splits the
        rows at its median to measure shifts. FeasibilityError below 20 rows or without a usable column.
        """
        if table.num_rows < LEAST_ROWS:
            raise FeasibilityError(
                f"A preparation was fitted on {table.num_rows} rows", hint=f"It needs at least {LEAST_ROWS}."
            )
        if len(set(table.column_names)) != len(table.column_names):
            raise UsageError("Two columns have one name", hint="Give each column its own name.")
        self.units_ = {name: dict(units or {}).get(name, "") for name in table.column_names}
        self.report_ = Report(rows=table.num_rows)
        columns, empty = self._read_all(table)
        fates = select(columns, _target(target, table.num_rows), _later(period, table.num_rows), self._limits)
        kept = {fate.column for fate in fates if fate.kept}
        plans = [self._learn(column) for column in columns if column.name in kept]
        plans = self._without_echoes(plans, {column.name: column for column in columns})
        self.plans_ = [plan for plan in plans if plan.outputs]
        fates = [_if_nothing_is_left(fate, self.plans_) for fate in fates]
        self.report_.fates = sorted([*empty, *fates], key=lambda f: table.column_names.index(f.column))
        if not self.names_:
            raise FeasibilityError(
                f"No column of {table.num_columns} is usable: {self.report_.summary()}",
                hint="Look at the reasons in the preparation's report; load more data or other features.",
            )
        return self

    def transform(self, table: pa.Table) -> Matrix:
        """The matrix of any rows; columns of the table that were not kept are not read.

        UsageError when a kept column is absent or has changed between number and text.
        """
        if not hasattr(self, "plans_"):
            raise UsageError("The preparation is not fitted", hint="Call fit first, or load it from JSON.")
        parts: list[Floats] = []
        for plan in self.plans_:
            column = read(table, plan.name, self.units_, self.settings.currency_exponent)
            parts.extend(_apply(plan, column, table.num_rows))
        values = np.empty((table.num_rows, len(parts)))
        for place, part in enumerate(parts):
            values[:, place] = part
        sources = tuple(plan.name for plan in self.plans_ for _ in plan.outputs)
        return Matrix(values, self.names_, self._output_units(), sources)

    def fit_transform(self, table: pa.Table, target: Any = None, **how: Any) -> Matrix:
        """Fit, then transform the same rows."""
        return self.fit(table, target, **how).transform(table)

    def only(self, features: Collection[str]) -> Self:
        """The same preparation of some features alone: their columns as in the whole matrix."""
        made = type(self)(self.settings)
        made.units_, made.report_ = self.units_, self.report_
        made.plans_ = [plan for plan in self.plans_ if plan.name in features]
        return made

    @property
    def names_(self) -> tuple[str, ...]:
        """Names of the matrix columns."""
        return tuple(name for plan in self.plans_ for name in plan.outputs)

    @property
    def categorical_(self) -> tuple[str, ...]:
        """Names of matrix columns that hold unordered codes (for `Boosting(categorical=…)`)."""
        coded = self.settings.categories == "codes"
        return tuple(plan.name for plan in self.plans_ if coded and plan.kind == "category")

    def to_json(self) -> dict[str, Any]:
        """Settings, plans and report as plain values; `from_json` gives the same matrix to the last bit."""
        settings = asdict(self.settings)
        settings["selection"]["keep"] = list(self.settings.selection.keep)
        return {
            "format": FORMAT,
            "settings": settings,
            "units": {plan.name: self.units_[plan.name] for plan in self.plans_},
            "plans": [plan_to_json(plan) for plan in self.plans_],
            "report": self.report_.to_json(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted preparation that `to_json` described."""
        if content.get("format") != FORMAT:
            raise UsageError(
                f"The preparation has format {content.get('format')!r}", hint=f"This version reads {FORMAT}."
            )
        selection = {**content["settings"]["selection"]}
        selection["keep"] = tuple(selection["keep"])
        made = cls(Settings(**{**content["settings"], "selection": Selection(**selection)}))
        made.units_ = dict(content["units"])
        made.plans_ = [plan_from_json(plan) for plan in content["plans"]]
        made.report_ = Report.from_json(content["report"])
        return made

    @property
    def _limits(self) -> Selection:
        return self.settings.selection

    def _read_all(self, table: pa.Table) -> tuple[list[Column], list[Fate]]:
        columns: list[Column] = []
        empty: list[Fate] = []
        exponent = self.settings.currency_exponent
        for name in table.column_names:
            column = read(table, name, self.units_, exponent)
            if column is None:
                empty.append(Fate(name, "null", "", 1.0, 0, False, "empty: no value at all"))
                continue
            columns.append(column)
            if isinstance(column, Numbers) and column.infinite:
                self.report_.note("cleaning", name, f"{column.infinite} infinite values made missing")
            if (divisor := money_divisor(self.units_[name], exponent)) != 1.0:
                self.report_.note("units", name, f"divided by {divisor:.0f} into {column.unit}")
        return columns, empty

    def _learn(self, column: Column) -> Plan:
        chosen = self.settings
        if isinstance(column, Categories):
            return learn_category(
                column,
                mode=chosen.categories,
                least_share=chosen.least_level_share,
                most_levels=chosen.most_levels,
                report=self.report_,
            )
        return learn_number(
            column,
            missing=chosen.missing,
            flags=chosen.missing_flags,
            log=chosen.log,
            winsorise=chosen.winsorise,
            scale=chosen.scale,
            report=self.report_,
        )

    def _without_echoes(self, plans: list[Plan], columns: Mapping[str, Column]) -> list[Plan]:
        """Leave out missing flags that repeat an earlier one, and values that are constant once filled."""
        seen: dict[bytes, str] = {}
        result: list[Plan] = []
        for plan in plans:
            column = columns[plan.name]
            if isinstance(plan, NumberPlan) and isinstance(column, Numbers):
                if plan.flagged and (flag := column.missing.tobytes()) in seen:
                    self.report_.note(
                        "missing", plan.name, f"missing in the same rows as {seen[flag]}: one flag"
                    )
                    plan = replace(plan, flagged=False)
                elif plan.flagged:
                    seen[column.missing.tobytes()] = plan.name
                if plan.fill is not None and np.ptp(plan.apply(column)[0]) == 0:
                    self.report_.note("cleaning", plan.name, "constant once filled: its value says nothing")
                    plan = replace(plan, valued=False)
            result.append(plan)
        return result

    def _output_units(self) -> tuple[str, ...]:
        return tuple(unit for plan in self.plans_ for unit in _units_of(plan))


def _units_of(plan: Plan) -> tuple[str, ...]:
    if not isinstance(plan, NumberPlan):
        return tuple("code" if plan.mode == "codes" else "flag" for _ in plan.outputs)
    value = "standard units" if plan.spread is not None else plan.unit
    return tuple(value if name == plan.name else "flag" for name in plan.outputs)


def _apply(plan: Plan, column: Column | None, rows: int) -> list[Floats]:
    if column is None:
        kind = plan.kind
        column = (
            Categories(plan.name, np.full(rows, -1, dtype=np.int64), ())
            if kind == "category"
            else Numbers(plan.name, "number", np.full(rows, np.nan), plan.unit)
        )
    if isinstance(plan, NumberPlan) and isinstance(column, Numbers):
        return plan.apply(column)
    if not isinstance(plan, NumberPlan) and isinstance(column, Categories):
        return plan.apply(column)
    raise UsageError(
        f"Column {plan.name!r} was a {plan.kind} in training and is a {column.kind} now",
        hint="Compute the features by the same declarations as in training.",
    )


def _if_nothing_is_left(fate: Fate, plans: list[Plan]) -> Fate:
    if fate.kept and all(plan.name != fate.column for plan in plans):
        return replace(fate, kept=False, reason="constant: one value once missing values are filled")
    return fate


def _target(target: Any, rows: int) -> Truth | None:
    if target is None:
        return None
    if isinstance(target, pa.Array | pa.ChunkedArray):
        target = target.to_numpy(zero_copy_only=False)
    values = np.asarray(target, dtype=np.float64)
    if values.shape != (rows,) or not np.isin(values, (0.0, 1.0)).all():
        raise UsageError(
            f"The target has shape {values.shape} for {rows} rows, or values other than 0 and 1",
            hint="Give 0, 1 or a boolean for each training row.",
        )
    return values.astype(np.bool_)


def _later(period: Any, rows: int) -> Truth | None:
    if period is None:
        return None
    values = np.asarray(period)
    if values.shape != (rows,):
        raise UsageError(
            f"The period has shape {values.shape} for {rows} rows", hint="Give one value for each row."
        )
    _, place = np.unique(values, return_inverse=True)
    later = place > np.median(place)
    return np.asarray(later if later.any() else place >= np.median(place), dtype=np.bool_)
