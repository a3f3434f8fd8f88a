"""Where a feature's value comes from, in words: tables, columns, conditions, windows and arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind
from bankmine.customers.computed import PROVIDERS
from bankmine.customers.feature import Calendar, Computed, Derived, Feature, Own, Versioned, Windowed
from bankmine.customers.formulas import formula_words
from bankmine.windows import RatioFeature, WindowFeature

if TYPE_CHECKING:
    from bankmine.customers.catalogue import Catalogue

_ONLY = {"weekend": "on a Saturday or Sunday", "night": "between 0:00 and 6:59"}


def lineage(feature: Feature, catalogue: Catalogue) -> list[str]:
    """One line for the feature and one for each feature it is derived from, inputs after their result."""
    lines = [f"{feature.name} = {origin(feature)}"]
    if isinstance(feature.source, Derived):
        for name in dict.fromkeys(feature.source.inputs):
            lines += [line for line in lineage(catalogue[name], catalogue) if line not in lines]
    return lines


def origin(feature: Feature) -> str:
    """What the feature itself is computed from."""
    source = feature.source
    if isinstance(source, Windowed):
        only = f", only {_ONLY[source.only]}" if source.only else ""
        return _window(source.feature) + only
    if isinstance(source, Versioned):
        return (
            f"{source.expression} over {source.relation.removesuffix('_asked')} rows in force at the cutoff"
        )
    if isinstance(source, Derived):
        return formula_words(source.operation, source.inputs)
    if isinstance(source, Calendar):
        return f"{source.part} of the cutoff in the bank's time zone"
    if isinstance(source, Computed):
        tables = ", ".join(dict.fromkeys(need.table for need in source.needs))
        return f"{source.column}, found in {tables} by {PROVIDERS[source.provider]}"
    assert isinstance(source, Own)
    given = "whether there is a " if source.given else ""
    return f"{given}{source.table}.{source.column} of the {feature.subject} itself, as first known"


def source_columns(feature: Feature, catalogue: Catalogue) -> tuple[str, ...]:
    """The table.column pairs the feature and its inputs read."""
    found: dict[str, None] = {}
    for need in catalogue.needs(feature.name):
        names = (*need.columns, *(column for column, _ in need.values))
        found |= dict.fromkeys(f"{need.table}.{name}" for name in (names or _counted(need.table)))
    return tuple(found)


def _counted(table: str) -> tuple[str, ...]:
    """What counting a table's rows rests on: when they happened, else what names them."""
    declared = bank_table(table)
    return ("event_time",) if declared.has("event_time") else declared.primary_key


def deciding_columns(feature: Feature, catalogue: Catalogue) -> tuple[str, ...]:
    """The table.column pairs that say whose a row is, when it happened and since when it was known."""
    found: dict[str, None] = {}
    for part in catalogue.with_inputs([feature.name]):
        for need in part.needs:
            table = bank_table(need.table)
            when = {Kind.EVENT: ("event_time", "known_at"), Kind.VERSIONED: ("valid_from", "known_at")}
            names = (*part.keys, *when.get(table.kind, ("known_at",)))
            found |= dict.fromkeys(f"{need.table}.{name}" for name in names if table.has(name))
    return tuple(found)


def _window(feature: WindowFeature | RatioFeature) -> str:
    if isinstance(feature, RatioFeature):
        return f"({_window(feature.numerator)}) / ({_window(feature.denominator)})"
    source = feature.source
    of = source.distinct_of if feature.aggregate == "distinct" else source.measure_name
    tests = [condition.words for condition in source.conditions]
    tests += [f"{feature.by} {feature.level}"] if feature.level else []
    met = f" where {', '.join(tests)}" if tests else ""
    delay = f", ending {source.delay.words} earlier" if source.delay else ""
    return (
        f"{feature.aggregate}({of}) of {source.table} by {source.key}{met} "
        f"in the {feature.window.words} before the cutoff{delay}"
    )
