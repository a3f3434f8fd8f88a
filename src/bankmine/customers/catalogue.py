"""The feature catalogue: every feature by name, to be listed, searched, chosen from and checked.

`CATALOGUE` is what bankmine ships. A bank whose channels or categories differ makes its own with
`with_levels`; a run that does so keeps the levels it learnt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from bankmine.customers.feature import Derived, Feature, Kind, Need
from bankmine.customers.themes import (
    activity,
    balance,
    dialogue,
    habits,
    holdings,
    money,
    person,
    transaction,
)
from bankmine.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.available import Availability


class Catalogue(Mapping[str, Feature]):
    """Features by name, in the order of their declaration."""

    def __init__(self, features: Iterable[Feature]) -> None:
        """ConfigurationError for a name declared twice or a derived feature without its inputs."""
        named: dict[str, Feature] = {}
        for feature in features:
            if feature.name in named:
                raise ConfigurationError(
                    f"the feature {feature.name!r} is declared twice", hint="Give one of them another name."
                )
            named[feature.name] = feature
        self._features = MappingProxyType(named)
        for feature in named.values():
            for part in inputs_of(feature):
                if part not in named:
                    raise ConfigurationError(
                        f"{feature.name} is derived from {part!r}, which is not declared",
                        hint="Declare it, or correct the name.",
                    )

    def __getitem__(self, name: str) -> Feature:
        """The feature of that name; UsageError with near names where there is none."""
        if name in self._features:
            return self._features[name]
        near = get_close_matches(name, self._features, n=3)
        raise UsageError(
            f"there is no feature {name!r}",
            hint=f"Did you mean {' or '.join(near)}?" if near else "`bankmine features` lists them all.",
        )

    def __contains__(self, name: object) -> bool:
        return name in self._features

    def __iter__(self) -> Iterator[str]:
        return iter(self._features)

    def __len__(self) -> int:
        return len(self._features)

    def select(self, patterns: str | Sequence[str], *, subject: str | None = None) -> tuple[Feature, ...]:
        """The features of names, or of patterns such as "out_*" or "*_3mo", in the catalogue's order.

        `subject` keeps those of "customer" or "transaction" only. UsageError for a pattern nothing matches.
        """
        wanted: set[str] = set()
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            found = [name for name in self if fnmatchcase(name, pattern)]
            if not found:
                found = [self[pattern].name]  # says what is near
            wanted |= set(found)
        return tuple(
            feature
            for feature in self.values()
            if feature.name in wanted and subject in (None, feature.subject)
        )

    def search(self, words: str) -> tuple[Feature, ...]:
        """The features whose name, theme, unit or sentence holds every word."""
        parts = words.lower().split()
        return tuple(feature for feature in self.values() if all(part in _text(feature) for part in parts))

    def with_inputs(self, names: Iterable[str]) -> tuple[Feature, ...]:
        """The features and all that they are derived from, inputs first."""
        ordered: dict[str, None] = {}

        def visit(name: str) -> None:
            for part in inputs_of(self[name]):
                visit(part)
            ordered[name] = None

        for name in names:
            visit(name)
        return tuple(self[name] for name in ordered)

    def needs(self, name: str) -> tuple[Need, ...]:
        """What the feature and its inputs read; a level need not occur to be an input (its share is 0)."""
        found = dict.fromkeys(self[name].needs)
        for part in self.with_inputs(inputs_of(self[name])):
            found |= dict.fromkeys(replace(need, level=None) for need in part.needs)
        return tuple(found)

    def available(self, warehouse: Warehouse, *, as_of: int | None = None) -> Availability:
        """Which features this bank's tables and columns allow, and why not the others.

        `as_of` (µs) judges by what was known then.
        """
        from bankmine.customers.available import judge

        return judge(self, warehouse, as_of=as_of)

    def with_levels(self, *, channels: Sequence[str], categories: Sequence[str]) -> Catalogue:
        """The catalogue with the share features of these levels in place of the shipped ones."""
        shipped = {feature.name for feature in habits.level_features(habits.CHANNELS, habits.CATEGORIES)}
        kept = [feature for feature in self.values() if feature.name not in shipped]
        return Catalogue([*kept, *habits.level_features(channels, categories)])

    @cached_property
    def hash(self) -> str:
        """Names the declarations: equal catalogues have equal hashes, whatever the machine."""
        text = "\n".join(repr(asdict(feature)) for feature in self.values())
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def inputs_of(feature: Feature) -> tuple[str, ...]:
    """The names a derived feature is computed from; none for others."""
    return feature.source.inputs if isinstance(feature.source, Derived) else ()


def kinds_of(features: Iterable[Feature]) -> dict[Kind, list[Feature]]:
    """The features by where they come from."""
    found: dict[Kind, list[Feature]] = {kind: [] for kind in Kind}
    for feature in features:
        found[feature.kind].append(feature)
    return found


def _text(feature: Feature) -> str:
    return f"{feature.name} {feature.theme} {feature.kind} {feature.unit} {feature.sentence}".lower()


CATALOGUE = Catalogue(
    (
        *activity.FEATURES,
        *money.FEATURES,
        *balance.FEATURES,
        *habits.level_features(habits.CHANNELS, habits.CATEGORIES),
        *habits.TIMING,
        *holdings.FEATURES,
        *person.FEATURES,
        *dialogue.FEATURES,
        *transaction.FEATURES,
    )
)
