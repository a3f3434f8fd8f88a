"""One preparation for a stack: each part's columns in the way its miner takes them, side by side in a table.

Numbers and categories go through a `Preparation` of their part (missing values left to the trees, or filled
and scaled for a linear miner); texts and lists of events are passed on as they are, and so are the columns
that say whether a part is there. Every column of the table says in its field's metadata which feature it
comes from (`source`) and how it was prepared (`way`): what is prepared alike for two parts stands there once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa

from bankmine.errors import FeasibilityError, UsageError
from bankmine.preparation.preparation import Preparation, Settings
from bankmine.preparation.report import Fate, Note, Report

FORMAT = 1
MIXED = "mixed"
CUTOFF = "cutoff"
Way = Literal["trees", "linear", "text", "events"]


@dataclass(frozen=True)
class Reads:
    """What one part reads: `columns`, its `way`, for numbers the settings of its preparation, and the column
    that says whether the part is there."""

    columns: tuple[str, ...]
    way: Way
    settings: Settings | None = None
    present: str | None = None


@dataclass(frozen=True)
class MixedMatrix:
    """A model table: `values` as Arrow, and for each column its name, its unit, and the feature it is of."""

    values: pa.Table
    names: tuple[str, ...]
    units: tuple[str, ...]
    sources: tuple[str, ...]

    def to_arrow(self) -> pa.Table:
        """The table itself."""
        return self.values


@dataclass(frozen=True)
class Passed:
    """A column that goes through as it is; `kind` is "text", "events" or "present"."""

    name: str
    kind: str


class Mixed:
    """Prepares the columns of several parts.

    A part of whose columns none is usable is left out and the report says so; FeasibilityError where that
    is all of them. A column `cutoff` (µs or timestamp) of the table is passed on beside events.
    """

    def __init__(self, reads: Sequence[Reads]) -> None:
        self.reads = tuple(reads)

    @property
    def settings(self) -> tuple[Reads, ...]:
        """What the preparation was made with; equal settings prepare alike."""
        return self.reads

    def fit(
        self,
        table: pa.Table,
        target: Any = None,
        *,
        units: Mapping[str, str] | None = None,
        period: Any = None,
    ) -> Self:
        """Learn each part's preparation from the training rows that have the part; see `Preparation.fit`."""
        made: list[Preparation | None] = []
        refused: list[str] = []
        for one in self.reads:
            if one.settings is None:
                made.append(None)
                continue
            rows = _there(one, table)
            try:
                own = table.select(list(one.columns)).take(rows)
                when = None if period is None else np.asarray(period)[rows]
                label = None if target is None else _array(target)[rows]
                made.append(Preparation(one.settings).fit(own, label, units=units, period=when))
            except FeasibilityError as error:
                made.append(None)
                refused.append(str(error))
        if len(refused) == len(self.reads):
            raise FeasibilityError(
                f"None of {len(self.reads)} parts has a usable column: {refused[0]}", hint="Load more data."
            )
        self.parts_ = tuple(made)
        self.report_ = _report(self.reads, self.parts_, table.num_rows)
        return self

    def transform(self, table: pa.Table) -> MixedMatrix:
        """The table of any rows. UsageError where a column is absent or has changed its kind."""
        if not hasattr(self, "parts_"):
            raise UsageError("The preparation is not fitted", hint="Call fit first, or load it from JSON.")
        fields: dict[str, tuple[pa.Field, Any, str]] = {}
        for one, made in zip(self.reads, self.parts_, strict=True):
            for name, source, way, unit, column in _columns(one, made, table):
                said = {"source": source, "way": way}
                fields.setdefault(name, (pa.field(name, column.type, metadata=said), column, unit))
        found = list(fields.values())
        sources = tuple(field.metadata[b"source"].decode() for field, _, _ in found)
        units = [unit for _, _, unit in found]
        names, columns, schema = list(fields), [one[1] for one in found], [one[0] for one in found]
        if CUTOFF in table.column_names and any(one.way == "events" for one in self.reads):
            at = table.column(CUTOFF)
            schema.append(pa.field(CUTOFF, at.type))
            names, columns, units = [*names, CUTOFF], [*columns, at], [*units, ""]
            sources = (*sources, CUTOFF)
        values = pa.Table.from_arrays(columns, schema=pa.schema(schema))
        return MixedMatrix(values, tuple(names), tuple(units), sources)

    def fit_transform(self, table: pa.Table, target: Any = None, **how: Any) -> MixedMatrix:
        """Fit, then transform the same rows."""
        return self.fit(table, target, **how).transform(table)

    def only(self, features: Collection[str]) -> Self:
        """The same preparation of some features alone: their columns as in the whole table."""
        reads = [
            replace(
                one,
                columns=tuple(name for name in one.columns if name in features),
                present=one.present if one.present in features else None,
            )
            for one in self.reads
        ]
        made = type(self)(reads)
        made.parts_ = tuple(None if part is None else part.only(features) for part in self.parts_)
        made.report_ = self.report_
        return made

    @property
    def plans_(self) -> tuple[Any, ...]:
        """What is done to each feature that is read, once a feature."""
        found: dict[str, Any] = {}
        for one, made in zip(self.reads, self.parts_, strict=True):
            if one.settings is None:
                found |= {name: Passed(name, one.way) for name in one.columns}
            elif made is not None:
                for plan in made.plans_:
                    found.setdefault(plan.name, plan)
            if one.present is not None:
                found.setdefault(one.present, Passed(one.present, "present"))
        return tuple(found.values())

    @property
    def names_(self) -> tuple[str, ...]:
        """The features that are read."""
        return tuple(plan.name for plan in self.plans_)

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` prepares the same to the last bit."""
        return {
            "kind": MIXED,
            "format": FORMAT,
            "reads": [
                {"columns": list(one.columns), "way": one.way, "present": one.present,
                 "prepared": None if made is None else made.to_json(),
                 "settings": None if one.settings is None else _settings_json(one.settings)}
                for one, made in zip(self.reads, self.parts_, strict=True)
            ],
            "report": self.report_.to_json(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted preparation that `to_json` described."""
        if content.get("format") != FORMAT:
            raise UsageError(
                f"The preparation has format {content.get('format')!r}", hint=f"This version reads {FORMAT}."
            )
        reads, made = [], []
        for one in content["reads"]:
            settings = None if one["settings"] is None else _settings_of(one["settings"])
            reads.append(Reads(tuple(one["columns"]), one["way"], settings, one["present"]))
            made.append(None if one["prepared"] is None else Preparation.from_json(one["prepared"]))
        mixed = cls(reads)
        mixed.parts_ = tuple(made)
        mixed.report_ = Report.from_json(content["report"])
        return mixed


def preparation_from_json(content: dict[str, Any]) -> Preparation | Mixed:
    """A fitted preparation of either kind."""
    return Mixed.from_json(content) if content.get("kind") == MIXED else Preparation.from_json(content)


def _columns(one: Reads, made: Preparation | None, table: pa.Table) -> list[tuple[str, str, str, str, Any]]:
    """(name, source, way, unit, column) of each column of a part."""
    found: list[tuple[str, str, str, str, Any]] = []
    if made is not None:
        matrix = made.transform(table)
        for place, (name, source, unit) in enumerate(
            zip(matrix.names, matrix.sources, matrix.units, strict=True)
        ):
            shown = name if one.way == "trees" else f"{one.way}:{name}"
            found.append((shown, source, one.way, unit, pa.array(matrix.values[:, place])))
    elif one.settings is None:
        found += [(name, name, one.way, "", _column(table, name)) for name in one.columns]
    if one.present is not None:
        flag = _column(table, one.present).cast(pa.float64(), safe=False)
        found.append((f"present:{one.present}", one.present, "present", "", flag))
    return found


def _there(one: Reads, table: pa.Table) -> Any:
    """Positions of the rows that have the part."""
    if one.present is None:
        return np.arange(table.num_rows)
    flag = _column(table, one.present).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.flatnonzero(~np.isnan(flag) & (flag != 0))


def _array(target: Any) -> Any:
    arrow = isinstance(target, pa.Array | pa.ChunkedArray)
    return target.to_numpy(zero_copy_only=False) if arrow else np.asarray(target)


def _column(table: pa.Table, name: str) -> Any:
    if name not in table.column_names:
        raise UsageError(
            f"The table lacks the column {name!r}", hint="Give the columns the preparation was fitted on."
        )
    return table.column(name)


def _report(reads: Sequence[Reads], made: Sequence[Preparation | None], rows: int) -> Report:
    """The parts' reports in one; a column is kept where any part keeps it."""
    fates: dict[str, Fate] = {}
    notes: list[Note] = []
    for one, own in zip(reads, made, strict=True):
        if own is not None:
            notes += [note for note in own.report_.notes if note not in notes]
            for fate in own.report_.fates:
                if fate.column not in fates or fate.kept:
                    fates[fate.column] = fate
        for name in one.columns:
            if one.settings is None:
                fates[name] = Fate(name, one.way, "", 0.0, 0, True)
            elif own is None:
                fates.setdefault(
                    name, Fate(name, "", "", 0.0, 0, False, "not usable: nor is any of its part")
                )
    return Report(rows, notes, list(fates.values()))


def _settings_json(settings: Settings) -> dict[str, Any]:
    made = asdict(settings)
    made["selection"]["keep"] = list(settings.selection.keep)
    return made


def _settings_of(content: dict[str, Any]) -> Settings:
    from bankmine.preparation.selection import Selection

    selection = {**content["selection"], "keep": tuple(content["selection"]["keep"])}
    return Settings(**{**content, "selection": Selection(**selection)})
