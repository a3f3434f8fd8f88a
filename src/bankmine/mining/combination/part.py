"""A part of a stack: one kind of evidence (windows, events, text, network) with the miner that reads it.

A column of the table may say where it comes from in the metadata of its Arrow field: `source` is the feature,
`way` how it was prepared ("trees", "linear", "present"). A part names features; from a table that says so it
takes the columns prepared in its miner's way, from any other the columns of those names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.combination.events import events_of
from bankmine.mining.combination.numbers import Numbers
from bankmine.mining.contract import Floats, table_values
from bankmine.mining.sequence.events import Sequences

Way = Literal["trees", "linear", "text", "events"]
WAYS: dict[str, Way] = {
    "Boosting": "trees", "Scorecard": "trees", "Logistic": "linear", "TextLinear": "text",
    "SequenceNetwork": "events", "Transitions": "events",
}  # fmt: skip
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """One kind of evidence.

    `columns` are features; text and events have one. `miner` is one of `WAYS`, `settings` its own. A row
    lacks the part where the column `present` is null or 0, and where its text or its list of events is null
    (an empty list is there: nothing happened). `words` names kinds of events, singular and plural.
    """

    name: str
    columns: tuple[str, ...]
    miner: str = "Boosting"
    settings: Mapping[str, Any] = field(default_factory=dict)
    present: str | None = None
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        if self.miner not in WAYS:
            raise UsageError(
                f"The part {self.name!r} names the miner {self.miner!r}",
                hint=f"Use one of {', '.join(WAYS)}.",
            )
        if not self.columns or (self.way in ("text", "events") and len(self.columns) != 1):
            wanted = "one column" if self.way in ("text", "events") else "at least one column"
            raise UsageError(
                f"The part {self.name!r} names {len(self.columns)} columns",
                hint=f"{self.miner} reads {wanted}.",
            )

    @property
    def way(self) -> Way:
        """How its columns are prepared: "trees", "linear", "text" or "events"."""
        return WAYS[self.miner]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name, "columns": list(self.columns), "miner": self.miner,
            "settings": {name: _plain(value) for name, value in self.settings.items()},
            "present": self.present, "words": {kind: list(both) for kind, both in self.words.items()},
        }  # fmt: skip

    @classmethod
    def of(cls, given: Part | Mapping[str, Any]) -> Self | Part:
        """A part as given, or the one that `to_json` described."""
        if isinstance(given, Part):
            return given
        words = {kind: (one, many) for kind, (one, many) in given.get("words", {}).items()}
        settings = {name: _back(value) for name, value in given.get("settings", {}).items()}
        return cls(**{**given, "columns": tuple(given["columns"]), "settings": settings, "words": words})


@dataclass(frozen=True)
class Reading:
    """Where a part finds itself in a table: its columns, the names reasons show for them, its flag."""

    columns: tuple[str, ...]
    shown: tuple[str, ...]
    present: str | None


def reading(part: Part, table: pa.Table) -> Reading:
    """The table's columns of a part; none where preparation kept none. UsageError where one is absent."""
    told = {one.name: _told(one) for one in table.schema}
    prepared = any(told.values())
    wanted = set(part.columns)
    if prepared:
        columns = [name for name, (source, way) in _said(told) if source in wanted and way == part.way]
    else:
        absent = [name for name in part.columns if name not in told]
        if absent:
            raise UsageError(
                f"The table lacks the column {absent[0]!r} of the part {part.name!r}",
                hint="Give the columns the part names.",
            )
        columns = list(part.columns)
    sources = {name: told[name].get("source", name) for name in columns}
    prefix = f"{part.way}:"
    shown = tuple(name.removeprefix(prefix) if "=" in name else sources[name] for name in columns)
    return Reading(tuple(columns), shown, _flag(part, told, prepared))


def inputs(part: Part, columns: Sequence[str], table: pa.Table | Numbers) -> Any:
    """What the miner reads: a matrix, texts as an array of objects, or sequences."""
    if isinstance(table, Numbers):
        return table.of(columns) if part.way in ("trees", "linear") else None
    if part.way == "text":
        return np.array(table.column(columns[0]).to_pylist(), dtype=object)
    if part.way == "events":
        return events_of(table, columns[0])
    return table_values(table, columns)


def present(part: Part, found: Reading, table: pa.Table | Numbers) -> Mask:
    """Which rows have the part."""
    here = np.ones(table.num_rows, dtype=np.bool_)
    if found.present is not None:
        named = [found.present]
        flag = (table.of(named) if isinstance(table, Numbers) else table_values(table, named))[:, 0]
        here &= ~np.isnan(flag) & (flag != 0)
    if isinstance(table, Numbers):
        return here & (part.way in ("trees", "linear"))
    if part.way == "text":
        here &= np.array([bool(text and text.strip()) for text in table.column(found.columns[0]).to_pylist()])
    elif part.way == "events":
        here &= np.asarray(table.column(found.columns[0]).is_valid().to_numpy(), dtype=np.bool_)
    return here


def picked(given: Any, rows: Any) -> Any:
    """Some rows of a part's inputs."""
    return given.take(rows) if isinstance(given, Sequences) else given[rows]


def log_odds_of(member: Any, given: Any, here: Mask) -> Floats:
    """The member's log-odds of the rows that have the part, NaN for the others."""
    told = np.full(len(here), np.nan)
    if here.any():
        told[here] = member.decision_function(picked(given, here) if not here.all() else given)
    return told


def _told(one: pa.Field) -> dict[str, str]:
    found = one.metadata or {}
    names = (("source", b"source"), ("way", b"way"))
    return {name: found[key].decode() for name, key in names if key in found}


def _said(told: Mapping[str, Mapping[str, str]]) -> list[tuple[str, tuple[str, str]]]:
    return [(name, (one["source"], one["way"])) for name, one in told.items() if one]


def _flag(part: Part, told: Mapping[str, Mapping[str, str]], prepared: bool) -> str | None:
    if part.present is None:
        return None
    if prepared:
        for name, said in _said(told):
            if said == (part.present, "present"):
                return name
    elif part.present in told:
        return part.present
    raise UsageError(
        f"The table lacks the column {part.present!r} that says whether {part.name!r} is there",
        hint="Give the columns the part names.",
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _back(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
