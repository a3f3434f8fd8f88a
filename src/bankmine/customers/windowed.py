"""Window features of a matrix: one call of the windows kernel for each filter of events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.customers.civil import OnlyAt
from bankmine.customers.feature import Feature, Windowed
from bankmine.customers.subjects import TRANSACTION, Subjects
from bankmine.windows.edges import find_edges
from bankmine.windows.snapshot import Asked, compute

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

Bools = NDArray[np.bool_]


def windowed(
    warehouse: Warehouse, features: Sequence[Feature], subjects: Subjects, *, threads: int
) -> dict[str, Any]:
    """The window features' columns, by name, in the order of the rows."""
    asked = Asked(
        subjects.keys, subjects.cutoffs, subjects.knowledge, subjects.seqs,
        TRANSACTION if subjects.seqs is not None else None,
    )  # fmt: skip
    columns: dict[str, Any] = {}
    for only, sources in _by_filter(features).items():
        readable = warehouse if only is None else OnlyAt(warehouse, only)
        found = compute(readable, [one.feature for one in sources], asked, threads=threads)
        columns |= {name: found.column(name) for name in found.column_names}
    return columns


def outside_coverage(
    warehouse: Warehouse, features: Iterable[Feature], subjects: Subjects
) -> dict[str, Bools]:
    """For each window feature, the rows whose window leaves the coverage of its table."""
    instants, which = np.unique(subjects.cutoffs, return_inverse=True)
    found: dict[str, Bools] = {}
    seen: dict[tuple[Any, ...], Bools] = {}
    for feature in features:
        assert isinstance(feature.source, Windowed)
        one = feature.source.feature
        question = (one.source.table, one.window, one.source.delay)
        if question not in seen:
            edges = find_edges(
                warehouse.zone, instants, spans=[one.window], delay=one.source.delay,
                coverage=warehouse.coverage(one.source.table),
                positions=subjects.seqs is not None and one.source.table == TRANSACTION,
            )  # fmt: skip
            seen[question] = ~edges.covered[which.reshape(-1), 0]
        found[feature.name] = seen[question]
    return found


def _by_filter(features: Iterable[Feature]) -> dict[str | None, list[Windowed]]:
    grouped: dict[str | None, list[Windowed]] = {}
    for feature in features:
        assert isinstance(feature.source, Windowed)
        grouped.setdefault(feature.source.only, []).append(feature.source)
    return grouped
