"""The feature catalogue: every feature by name, to be listed, searched, chosen from and checked.

`CATALOGUE` is what bankmine ships. A bank whose channels or categories differ makes its own with
`with_levels`; a run that does so keeps the levels it learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bankmine.customers.content import digest, version_of
from bankmine.customers.feature import Derived, Feature, Kind, Need
from bankmine.customers.themes import (
    activity,
    application,
    attrition,
    balance,
    bureau,
    dialogue,
    form,
    habits,
    holdings,
    lending,
    money,
    needs,
    network,
    person,
    text,
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
        self._judged: WeakKeyDictionary[Warehouse, dict[int | None, Availability]] = WeakKeyDictionary()
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
        near = self.near(name)
        raise UsageError(
            f"there is no feature {name!r}",
            hint=f"Did you mean {' or '.join(near)}?" if near else "`bankmine features` lists them all.",
        )

    def near(self, name: str) -> list[str]:
        """At most three names spelt nearly so, the nearest first; upper and lower case are one."""
        spelt = {one.lower(): one for one in self._features}
        return [spelt[one] for one in get_close_matches(name.lower(), spelt, n=3)]

    def __contains__(self, name: object) -> bool:
        return name in self._features

    def __iter__(self) -> Iterator[str]:
        return iter(self._features)

    def __len__(self) -> int:
        return len(self._features)

    def select(self, patterns: str | Sequence[str], *, subject: str | None = None) -> tuple[Feature, ...]:
        """The features of names, or of patterns such as "out_*" or "*_3mo", in the catalogue's order.

        `subject` keeps those of one kind of subject ("customer", "loan") only. UsageError for a pattern that
        nothing matches.
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

    def search(
        self,
        words: str = "",
        *,
        unit: str | None = None,
        window: str | None = None,
        table: str | None = None,
        key: str | None = None,
        kind: str | None = None,
    ) -> tuple[Feature, ...]:
        """The features whose name, theme, unit or sentence holds every word, and which have what is given.

        `table` is one that the feature or its inputs read, `key` one under which they look. UsageError with
        near ones for a unit, window, table, key or kind that no feature has.
        """
        parts = words.lower().split()
        found = [feature for feature in self.values() if all(part in _text(feature) for part in parts)]
        traits: dict[str, tuple[str | None, Callable[[Feature], Container[str | None]]]] = {
            "unit": (unit, lambda one: (one.unit,)),
            "window": (window, lambda one: (one.window,)),
            "table": (table, lambda one: self.tables_of(one.name)),
            "key": (key, lambda one: self.keys_of(one.name)),
            "kind": (kind, lambda one: (str(one.kind),)),
        }
        for what, (wanted, having) in traits.items():
            if wanted is not None:
                self._check_trait(what, wanted, having)
                found = [feature for feature in found if wanted in having(feature)]
        return tuple(found)

    def _check_trait(self, what: str, wanted: str, having: Callable[[Feature], Any]) -> None:
        known = sorted({str(one) for feature in self.values() for one in having(feature) if one})
        if wanted not in known:
            near = get_close_matches(wanted.lower(), known, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(known)}."
            raise UsageError(f"no feature has the {what} {wanted!r}", hint=hint)

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

        `as_of` (µs) judges by what was known then. A warehouse's state never changes, so each is judged
        once: the tasks of a run ask the same.
        """
        from bankmine.customers.available import judge

        known = self._judged.setdefault(warehouse, {})
        if as_of not in known:
            known[as_of] = judge(self, warehouse, as_of=as_of)
        return known[as_of]

    def with_levels(self, *, channels: Sequence[str], categories: Sequence[str]) -> Catalogue:
        """The catalogue with the share features of these levels in place of the shipped ones."""
        shipped = {feature.name for feature in habits.level_features(habits.CHANNELS, habits.CATEGORIES)}
        kept = [feature for feature in self.values() if feature.name not in shipped]
        return Catalogue([*kept, *habits.level_features(channels, categories)])

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """Each feature's version: the hash of what its declaration says, apart from words."""
        found: dict[str, str] = {}
        for feature in self.with_inputs(self):
            found[feature.name] = version_of(feature, found)
        return MappingProxyType(found)

    @cached_property
    def version(self) -> str:
        """Names all declarations: equal catalogues have equal versions, whatever the machine and order."""
        return digest(dict(self.versions))

    def tables_of(self, name: str) -> tuple[str, ...]:
        """The bank tables the feature and its inputs read."""
        return tuple(dict.fromkeys(need.table for need in self.needs(name)))

    def keys_of(self, name: str) -> tuple[str, ...]:
        """The keys under which the feature and its inputs look."""
        return tuple(dict.fromkeys(key for part in self.with_inputs([name]) for key in part.keys))


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
        *needs.FEATURES,
        *attrition.FEATURES,
        *transaction.FEATURES,
        *application.FEATURES,
        *bureau.FEATURES,
        *lending.FEATURES,
        *form.FEATURES,
        *network.FEATURES,
        *text.FEATURES,
    )
)
