"""From features to passes: what must be read and computed together.

Features of one source, `by` and delay share a *pass*: one walk over the entries with all their windows and
all their totals. Passes of one (table, key) share the rows read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.windows.aggregates import AGGREGATES, TOTALS, Limbs, Total
from bankmine.windows.declaration import Events, Feature, RatioFeature, WindowFeature, refuse_unlearnt
from bankmine.windows.reading.reader import Readable
from bankmine.windows.span import Span, Unit


@dataclass(frozen=True)
class Pass:
    """One walk over the entries of one source."""

    source: Events
    by: str | None
    levels: tuple[str, ...]
    spans: tuple[Span, ...]
    totals: tuple[Total, ...]
    limbs: tuple[Limbs, ...]
    features: tuple[WindowFeature, ...]

    @property
    def slots(self) -> int:
        """Levels told apart, "other" among them."""
        return len(self.levels) + 1 if self.by is not None else 1

    @property
    def wanted(self) -> int:
        """What is wanted as bits: the totals, and above them the pairs of limbs."""
        return sum(1 << total for total in self.totals) | sum(1 << (TOTALS + pair) for pair in self.limbs)

    @property
    def largest_weight(self) -> int:
        """How many times a value can count in a whole number: a trend weighs months by their distance."""
        return max((f.window.count for f in self.features if f.aggregate == "trend"), default=1)

    def slot_of(self, feature: WindowFeature) -> int:
        """The slot of a feature's level."""
        if feature.level is None:
            return 0
        return feature.levels.index(feature.level) if feature.level in feature.levels else len(feature.levels)


@dataclass(frozen=True)
class Group:
    """The passes of one table under one key, and the columns they need."""

    table: str
    key: str
    passes: tuple[Pass, ...]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """Labels of the feedback table that are measures."""
        labels = [one.source.verdict_of for one in self.passes]
        return tuple(dict.fromkeys(label for label in labels if label is not None))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns to read besides the system columns."""
        return tuple(dict.fromkeys(name for one in self.passes for name in columns_of(one.source, one.by)))


def columns_of(source: Events, by: str | None) -> tuple[str, ...]:
    """What must be read of a source's table besides the system columns; times of knowledge among it."""
    needed: dict[str, None] = {}
    if source.verdict_of is not None:
        needed[source.declared.primary_key[0]] = None
    used = [condition.column for condition in source.conditions]
    used += [name for name in (source.measured, source.distinct_of, by) if name is not None]
    for name in used:
        needed[name] = None
        known_by = source.declared.column(name).known_by
        if known_by is not None:
            needed[known_by] = None
    return tuple(needed)


def plan(features: Iterable[Feature]) -> tuple[Group, ...]:
    """The groups of passes that compute the features (a ratio's parts among them)."""
    asked: dict[tuple[Events, str | None, tuple[str, ...]], list[WindowFeature]] = {}
    for feature in parts(features):
        asked.setdefault((feature.source, feature.by, feature.levels), []).append(feature)
    groups: dict[tuple[str, str], list[Pass]] = {}
    for (source, by, levels), own in asked.items():
        groups.setdefault((source.table, source.key), []).append(_pass(source, by, levels, own))
    return tuple(Group(table, key, tuple(passes)) for (table, key), passes in groups.items())


def parts(features: Iterable[Feature]) -> list[WindowFeature]:
    """The window features among and inside the features, each once; refuses those still to be learnt."""
    found: dict[WindowFeature, None] = {}
    for feature in features:
        for part in (
            (feature.numerator, feature.denominator) if isinstance(feature, RatioFeature) else (feature,)
        ):
            refuse_unlearnt(part)
            found[part] = None
    return list(found)


def check_names(features: Sequence[Feature], taken: Iterable[str] = ()) -> None:
    """Refuses two different features of one name, and one named as a column that stands beside them."""
    seen: dict[str, Feature] = {}
    beside = set(taken)
    for feature in features:
        if feature.name in beside:
            raise ConfigurationError(
                f"a feature is named {feature.name!r}, as a column that stands beside it",
                hint="Give it another front with `name=`.",
            )
        if seen.setdefault(feature.name, feature) != feature:
            raise ConfigurationError(
                f"two different features are named {feature.name!r}",
                hint="Give one of them another front with `name=`.",
            )


def check_tables(warehouse: Readable, features: Iterable[Feature]) -> None:
    """Refuses features of tables the warehouse does not hold."""
    for table in dict.fromkeys(part.source.table for part in parts(features)):
        if not warehouse.has(table):
            raise FeasibilityError(
                f"the bank has no rows of the table {table}", hint="Load it, or leave its features out."
            )


def _pass(source: Events, by: str | None, levels: tuple[str, ...], own: list[WindowFeature]) -> Pass:
    spans: dict[Span, None] = {}
    totals: set[Total] = set()
    limbs: set[Limbs] = set()
    for feature in own:
        if feature.aggregate == "trend":
            spans |= dict.fromkeys(Span(Unit.MONTHS, month + 1) for month in range(feature.window.count))
        spans[feature.window] = None
        totals |= set(AGGREGATES[feature.aggregate].totals)
        limbs |= set(AGGREGATES[feature.aggregate].limbs)
    if not source.has_measure:
        totals.discard(Total.SUM)
    return Pass(source, by, levels, tuple(spans), tuple(sorted(totals)), tuple(sorted(limbs)), tuple(own))
