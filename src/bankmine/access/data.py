"""What the bank's data are: loads, tables, columns, features, findings, and where each comes from.

Names, sentences and lineage are for everybody who may read data. Counts and findings speak of the whole bank,
so whoever sees a part of it reads none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bankmine.bank.catalogue import TABLES
from bankmine.errors import NotFound
from bankmine.governance import Permission

if TYPE_CHECKING:
    from bankmine.access.view import View
    from bankmine.bank.columns import Column, Table

UNDERSTANDING = "understanding.json"
SYSTEM = ("valid_from", "known_at", "load_number", "seq")


@dataclass(frozen=True, kw_only=True)
class LoadSeen:
    """One load, newest first in lists; `tables` maps each table it touched to its rows and rejects."""

    number: int
    loaded_at: str
    mapping: str
    extract_date: str | None
    files: int
    rows: int
    rejected: int
    tables: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class TableSeen:
    """One bank table; figures are None for whoever sees a part of the bank or before `understand` ran."""

    name: str
    sentence: str
    columns: tuple[str, ...]
    rows: int | None
    first_day: str | None
    last_day: str | None
    score: float | None


@dataclass(frozen=True, kw_only=True)
class ColumnSeen:
    """One column of a bank table; shares are those of the newest understanding."""

    table: str
    name: str
    sentence: str
    kind: str
    unit: str
    personal: bool
    missing: float | None
    distinct: int | None
    least: str
    most: str

    @property
    def object_id(self) -> str:
        """How its meaning is named."""
        return f"column:{self.table}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class FindingSeen:
    """One quality finding; `finding_id` names what it says of which columns, the same after the next load."""

    finding_id: str
    severity: str
    kind: str
    table: str
    columns: tuple[str, ...]
    sentence: str
    advice: str
    evidence: str
    rows: int
    share: float
    sql: str


@dataclass(frozen=True, kw_only=True)
class FeatureSeen:
    """One feature with its lineage down to the extracts, and the published runs that use it."""

    name: str
    sentence: str
    unit: str
    kind: str
    window: str
    missing: str
    columns: tuple[str, ...]
    lineage: tuple[str, ...]
    traced: tuple[Mapping[str, Any], ...]
    used_by: tuple[str, ...]

    @property
    def object_id(self) -> str:
        """How its meaning is named."""
        return f"feature:{self.name}"


class DataSeen:
    """The data as one person may read of them. Forbidden without `data:read`."""

    def __init__(self, view: View) -> None:
        view.person.require(Permission.DATA_READ)
        self._view, self._state = view, view.state
        self.whole = view.everything

    def loads(self) -> list[LoadSeen]:
        """The loads, the newest first; none for whoever sees a part of the bank."""
        if not self.whole:
            return []
        found = [
            LoadSeen(
                number=one.number, loaded_at=one.loaded_at, mapping=one.mapping,
                extract_date=one.extract_date, files=len(one.extracts),
                rows=sum(table.rows for table in one.tables.values()),
                rejected=sum(sum(table.rejects.values()) for table in one.tables.values()),
                tables={
                    name: {"rows": table.rows, "read": table.read, "unchanged": table.unchanged,
                           "rejects": dict(table.rejects), "notes": table.notes}
                    for name, table in one.tables.items()
                },
            )
            for one in self._state.warehouse.manifest.loads
        ]  # fmt: skip
        return found[::-1]

    def tables(self) -> list[TableSeen]:
        """The tables that hold rows, in the catalogue's order."""
        return [self._table(TABLES[name]) for name in TABLES if self._state.warehouse.has(name)]

    def table(self, name: str) -> TableSeen:
        """One of them; NotFound for another."""
        return self._table(self._declared(name))

    def columns(self, table: str) -> list[ColumnSeen]:
        """The columns of a table, without those the warehouse keeps for itself."""
        declared = self._declared(table)
        profiles = {one["name"]: one for one in self._profile(table).get("columns", ())}
        return [
            _column(table, one, profiles.get(one.name, {}) if self.whole else {})
            for one in declared.all_columns
            if one.name not in SYSTEM
        ]

    def column(self, table: str, name: str) -> ColumnSeen:
        """One of them; NotFound for another."""
        found = next((one for one in self.columns(table) if one.name == name), None)
        if found is None:
            raise NotFound(f"{table} has no column {name[:40]!r}", hint="Look at the table's page.")
        return found

    def traced(self, table: str, column: str) -> tuple[Mapping[str, Any], ...]:
        """The column and those the load makes it of: extract columns, the mapping's SQL, what was added."""
        self.column(table, column)
        return tuple(_as_dict(one) for one in self._trace(table, column))

    def features_of(self, table: str, column: str) -> list[str]:
        """The features that read a column."""
        return list(self._readers().get(f"{table}.{column}", ()))

    def features(self) -> list[str]:
        """The names of the catalogue's features, in its order."""
        return list(self._catalogue())

    def sentences(self) -> Mapping[str, tuple[str, str]]:
        """Every feature's sentence and unit, by name."""
        catalogue = self._catalogue()
        return {name: (catalogue[name].sentence, catalogue[name].unit) for name in catalogue}

    def feature(self, name: str) -> FeatureSeen:
        """One feature; NotFound for another."""
        from bankmine.customers.explain import explain

        catalogue = self._catalogue()
        if name not in catalogue:
            raise NotFound(f"there is no feature {name[:60]!r}", hint="Look for it on the page of meanings.")
        said = explain(name, None, catalogue=catalogue, trace=self._trace)
        runs = self._state.published.values()
        return FeatureSeen(
            name=name, sentence=said.sentence, unit=said.unit, kind=str(said.kind), window=said.window_words,
            missing=said.missing, columns=said.columns, lineage=said.lineage,
            traced=tuple(_as_dict(one) for one in said.traced),
            used_by=tuple(sorted(run.task for run in runs if name in self._names_of(run))),
        )  # fmt: skip

    def findings(self) -> list[FindingSeen]:
        """The findings of the newest understanding, defects first; none for whoever sees a part."""
        if not self.whole:
            return []
        order = {"critical": 0, "warning": 1, "notice": 2}
        found = [
            _finding(one) for one in self._understanding().get("findings", ())
        ]  # of the data as examined
        return sorted(found, key=lambda one: (order.get(one.severity, 3), one.table, one.finding_id))

    def understood(self) -> bool:
        """Whether the data as loaded now were looked at by `understand`."""
        return self._understanding().get("fingerprint") == self._state.warehouse.fingerprint

    def _table(self, declared: Table) -> TableSeen:
        profile = self._profile(declared.name) if self.whole else {}
        scores = {one["table"]: one["score"] for one in self._understanding().get("scores", ())}
        return TableSeen(
            name=declared.name, sentence=declared.sentence,
            columns=tuple(one.name for one in declared.all_columns if one.name not in SYSTEM),
            rows=self._state.warehouse.rows(declared.name) if self.whole else None,
            first_day=profile.get("first_day"), last_day=profile.get("last_day"),
            score=scores.get(declared.name) if self.whole else None,
        )  # fmt: skip

    def _declared(self, name: str) -> Table:
        if name not in TABLES or not self._state.warehouse.has(name):
            raise NotFound(f"this bank has no table {name[:40]!r}", hint="Look at the page of data.")
        return TABLES[name]

    def _understanding(self) -> Mapping[str, Any]:
        file = self._state.bank.folder / UNDERSTANDING
        made: Mapping[str, Any] = self._view.place.seen.get(
            ("understanding", self._state.name, file.stat().st_mtime_ns if file.exists() else 0),
            lambda: _read(file),
        )
        return made

    def _profile(self, table: str) -> Mapping[str, Any]:
        return next((one for one in self._understanding().get("tables", ()) if one["name"] == table), {})

    def _catalogue(self) -> Any:
        from bankmine.customers import catalogue_of

        return self._view.place.seen.get(
            ("catalogue", str(self._state.bank.folder)), lambda: catalogue_of(self._state.bank.folder)
        )

    def _readers(self) -> Mapping[str, Sequence[str]]:
        """Which features read each column, table.column."""
        from bankmine.customers.lineage import source_columns

        def made() -> dict[str, list[str]]:
            catalogue, found = self._catalogue(), {}  # type: ignore[var-annotated]
            for name in catalogue:
                for column in source_columns(catalogue[name], catalogue):
                    found.setdefault(column, []).append(name)
            return found

        readers: Mapping[str, Sequence[str]] = self._view.place.seen.get(
            ("readers", str(self._state.bank.folder)), made
        )
        return readers

    def _trace(self, table: str, column: str) -> tuple[Any, ...]:
        from bankmine.sources.lineage import tracing

        trace = self._view.place.seen.get(
            ("trace", self._state.bank.config.mapping), lambda: tracing(self._state.bank.config.mapping)
        )
        return tuple(trace(table, column))

    def _names_of(self, run: Any) -> frozenset[str]:
        names: frozenset[str] = self._view.place.seen.get(
            ("feature names", str(run.folder)), lambda: frozenset(one["name"] for one in run.features)
        )
        return names


def _column(table: str, column: Column, profile: Mapping[str, Any]) -> ColumnSeen:
    rows = profile.get("rows")
    hidden = bool(column.encrypted) or column.type.value == "key"
    return ColumnSeen(
        table=table, name=column.name, sentence=column.sentence, kind=str(column.type),
        unit=str(column.unit or ""), personal=bool(column.encrypted),
        missing=profile["missing"] / rows if rows else None, distinct=profile.get("distinct"),
        least="" if hidden or profile.get("minimum") is None else str(profile["minimum"]),
        most="" if hidden or profile.get("maximum") is None else str(profile["maximum"]),
    )  # fmt: skip


def _finding(raw: Mapping[str, Any]) -> FindingSeen:
    reason = re.sub(r"\d[\d.,:-]*", "#", raw["condition"] or raw["sentence"].partition(": ")[2])
    said = "|".join([raw["kind"], raw["table"], *raw["columns"], reason])
    return FindingSeen(
        finding_id=hashlib.sha256(said.encode()).hexdigest()[:16], severity=raw["severity"], kind=raw["kind"],
        table=raw["table"], columns=tuple(raw["columns"]), sentence=raw["sentence"], advice=raw["advice"],
        evidence=raw["evidence"], rows=raw["rows"], share=raw["share"], sql=raw["sql"],
    )  # fmt: skip


def _as_dict(traced: Any) -> Mapping[str, Any]:
    return {
        "name": traced.name, "extracts": tuple(traced.extracts), "expressions": tuple(traced.expressions),
        "note": traced.note,
    }  # fmt: skip


def _read(file: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found
