"""Features that neither windows nor versions can say: reports, loans, sequences, text and network.

A provider is a module with

    compute(warehouse, columns, subjects, *, memory, threads) -> Found

that gives one value a row for each column asked, as known at the row's `subjects.knowledge` and before its
cutoff; it is imported only when a feature of it is asked for. Every honesty test that holds for windows holds
for providers. Start at `found.py`, then `visible.py` (the events each row may see), then the provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bankmine.customers.computed.found import Found
from bankmine.customers.computed.once import once
from bankmine.customers.feature import Computed, Feature
from bankmine.errors import ConfigurationError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.subjects import Subjects

__all__ = ["PROVIDERS", "Found", "computed"]
PROVIDERS: Mapping[str, str] = MappingProxyType(
    {
        "report": "bankmine.customers.computed.report",
        "loan": "bankmine.customers.computed.loans",
        "sequence": "bankmine.customers.computed.sequences",
        "form": "bankmine.customers.computed.form",
        "text": "bankmine.customers.computed.text",
        "network": "bankmine.customers.computed.network",
    }
)
"""The module of each provider; its name is the kind of its features."""


def computed(
    warehouse: Warehouse, features: Sequence[Feature], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    """The columns of the features by name, the rows the data do not reach, and the statements that ran.

    ConfigurationError where a provider does not give a column it was asked for.
    """
    with once():
        return _computed(warehouse, features, subjects, memory=memory, threads=threads)


def _computed(
    warehouse: Warehouse, features: Sequence[Feature], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    columns: dict[str, Any] = {}
    unreached: dict[str, Any] = {}
    statements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    for provider, some in _by_provider(features).items():
        asked = list(dict.fromkeys(column for _, column in some))
        module = import_module(PROVIDERS[provider])
        found: Found = module.compute(warehouse, asked, subjects, memory=memory, threads=threads)
        for name, column in some:
            if column not in found.columns:
                raise ConfigurationError(
                    f"the provider {provider!r} does not give the column {column!r} of {name}",
                    hint="Correct the feature's declaration.",
                )
            columns[name] = found.columns[column]
            if column in found.unreached:
                unreached[name] = found.unreached[column]
        statements += found.statements
        notes += found.notes
    return Found(columns, unreached, statements, notes)


def _by_provider(features: Sequence[Feature]) -> dict[str, list[tuple[str, str]]]:
    """(feature, column) of each provider."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for feature in features:
        assert isinstance(feature.source, Computed)
        grouped.setdefault(feature.source.provider, []).append((feature.name, feature.source.column))
    return grouped
