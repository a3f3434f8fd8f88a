"""Versioned features of a matrix: one SQL statement for each relation, over all cutoffs at once.

A subject with no row in the relation has 0 of what is counted or summed (`zero`), and misses everything
else; a count that rests on an attribute the bank does not know of one of the rows is missing. Where the bank
knew nothing of a table yet at the row's knowledge time, all its features are missing: no holdings known is
not the same as no holdings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.customers.feature import Feature, Versioned
from bankmine.customers.relations import RELATIONS, order_of
from bankmine.customers.subjects import NO_SUBJECT, Subjects
from bankmine.engine.duck import quoted
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

Bools = NDArray[np.bool_]


def versioned(
    warehouse: Warehouse, features: Sequence[Feature], subjects: Subjects, *, memory: str, threads: int
) -> tuple[dict[str, Any], dict[str, Bools], tuple[str, ...]]:
    """The columns by name, the rows whose tables were not known yet, and the statements that ran."""
    if not features:
        return {}, {}, ()
    columns: dict[str, Any] = {}
    unknown: dict[str, Bools] = {}
    statements: tuple[str, ...] = ()
    for key, some in _by_key(features).items():
        found, early, asked = _of_key(warehouse, some, subjects, key, memory, threads)
        columns, unknown, statements = columns | found, unknown | early, statements + asked
    return columns, unknown, statements


def _of_key(
    warehouse: Warehouse, features: Sequence[Feature], subjects: Subjects, key: str, memory: str, threads: int
) -> tuple[dict[str, Any], dict[str, Bools], tuple[str, ...]]:
    """The features that look under one key of the subjects."""
    questions, which = _questions(subjects, key)
    columns: dict[str, Any] = {}
    unknown: dict[str, Bools] = {}
    with Session(warehouse, memory=memory, threads=threads) as session:
        session.register("asked", questions)
        zone = warehouse.manifest.time_zone
        grouped = _by_relation(features)
        for name in order_of(list(grouped)):
            session.view(name, RELATIONS[name].sql(zone))
        for name, some in grouped.items():
            early = subjects.knowledge < _known_since(session, RELATIONS[name].tables)
            found = session.arrow(_statement(name, some))
            for feature in some:
                columns[feature.name] = _spread(found.column(feature.name), which, early)
                unknown[feature.name] = early
        return columns, unknown, tuple(session.statements)


def _by_key(features: Sequence[Feature]) -> dict[str, list[Feature]]:
    grouped: dict[str, list[Feature]] = {}
    for feature in features:
        assert isinstance(feature.source, Versioned)
        grouped.setdefault(RELATIONS[feature.source.relation].key, []).append(feature)
    return grouped


def _by_relation(features: Sequence[Feature]) -> dict[str, list[Feature]]:
    grouped: dict[str, list[Feature]] = {}
    for feature in features:
        assert isinstance(feature.source, Versioned)
        grouped.setdefault(feature.source.relation, []).append(feature)
    return grouped


def _questions(subjects: Subjects, key: str) -> tuple[Any, NDArray[np.int64]]:
    """The different (key, cutoff, knowledge) among the rows, and which of them each row asks."""
    import pyarrow as pa

    triples = np.stack([subjects.keys[key], subjects.cutoffs, subjects.knowledge], axis=1)
    unique, which = np.unique(triples, axis=0, return_inverse=True)
    instant = pa.timestamp("us", tz="UTC")
    table = pa.table(
        {
            "asked_row": pa.array(np.arange(len(unique))),
            "asked_key": pa.array(unique[:, 0], mask=unique[:, 0] == NO_SUBJECT),
            "asked_cutoff": pa.array(unique[:, 1]).cast(instant),
            "asked_known": pa.array(unique[:, 2]).cast(instant),
        }
    )
    return table, which.reshape(-1)


def _known_since(session: Session, tables: Sequence[str]) -> int:
    """The first instant at which the bank knew a row of each of the tables (µs)."""
    firsts = " UNION ALL ".join(
        f"SELECT min(known_at) AS first FROM {quoted(t + '_versions')}" for t in tables
    )
    return int(session.scalar(f"SELECT epoch_us(max(first)) FROM ({firsts})"))


def _statement(relation: str, features: Sequence[Feature]) -> str:
    columns, shown = [], []
    for feature in features:
        assert isinstance(feature.source, Versioned)
        name = quoted(feature.name)
        columns.append(f"{feature.source.expression} AS {name}")
        value = (
            f"CASE WHEN f.asked_row IS NULL THEN 0 ELSE f.{name} END" if feature.source.zero else f"f.{name}"
        )
        shown.append(f"{_cast(feature, value)} AS {name}")
    grouped = f"SELECT asked_row, {', '.join(columns)} FROM {relation} GROUP BY asked_row"
    return (
        f"SELECT {', '.join(shown)} FROM asked a LEFT JOIN ({grouped}) f ON f.asked_row = a.asked_row "
        "ORDER BY a.asked_row"
    )


def _cast(feature: Feature, value: str) -> str:
    """Numbers as doubles where they may be fractions, else as whole numbers; codes as text."""
    if feature.is_text:
        return f"CAST({value} AS VARCHAR)"
    return f"CAST({value} AS {'DOUBLE' if feature.unit == 'share' else 'BIGINT'})"


def _spread(column: Any, which: NDArray[np.int64], missing: Bools) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    spread = column.combine_chunks().take(pa.array(which))
    if isinstance(spread, pa.ChunkedArray):
        spread = pa.concat_arrays(spread.chunks)
    if not missing.any():
        return spread
    return pc.if_else(pa.array(missing), pa.scalar(None, spread.type), spread)
