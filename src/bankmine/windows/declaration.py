"""Window features as declarations: which events, which windows, which aggregates.

    spend = events("transaction").where(direction="out", status="booked").measure("base_minor")
    windows(spend, over=["1mo", "3mo"], aggregate=["count", "sum"], by="category", levels=["food", "rent"])

A declaration is frozen data that can be listed, compared and hashed; nothing here touches a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from bankmine.bank.columns import Type
from bankmine.errors import ConfigurationError
from bankmine.windows.aggregates import AGGREGATES
from bankmine.windows.source import Condition, Events, column_of, events
from bankmine.windows.span import Span, Unit

__all__ = [
    "OTHER", "Condition", "Events", "Feature", "Learnt", "RatioFeature", "WindowFeature", "events", "learnt",
    "level_slugs", "ratio", "windows",
]  # fmt: skip
OTHER = "other"
MOST_LEVELS = 256
LEARNT_PLACE = "*"


@dataclass(frozen=True)
class Learnt:
    """Levels to be learnt in the run: the `at_most` most frequent; see `levels.learn_levels`."""

    at_most: int


def learnt(at_most: int) -> Learnt:
    """Levels learnt in the run, at most so many (1 to 256); all other values are "other"."""
    at_most = at_most.item() if isinstance(at_most, np.integer) else at_most
    if type(at_most) is not int or not 1 <= at_most <= MOST_LEVELS:
        raise ConfigurationError(
            f"{at_most} levels cannot be learnt", hint=f"Learn 1 to {MOST_LEVELS}; the rest is {OTHER!r}."
        )
    return Learnt(at_most)


@dataclass(frozen=True, kw_only=True)
class WindowFeature:
    """One number about one key at one cutoff: an aggregate of the entries in one window.

    `levels` are all levels of `by` that were declared, `level` is this feature's (or "other"). Where
    `learns` is not 0 the levels are still to be learnt, at most so many: the name holds a "*" in the
    level's place, and `levels.learn_levels` makes a feature for each of them.
    """

    name: str
    source: Events
    window: Span
    aggregate: str
    by: str | None = None
    levels: tuple[str, ...] = ()
    level: str | None = None
    learns: int = 0

    @property
    def unit(self) -> str:
        """What the number counts."""
        own = AGGREGATES[self.aggregate].unit
        if own not in (None, "squared", "a month"):
            return str(own)
        column = self.source.measured
        of = "events" if column is None else column_of(self.source.declared, column).unit or "events"
        of = of if self.source.scale == 1 else f"{of} / {self.source.scale}"
        return {None: of, "squared": f"squared {of}", "a month": f"{of} a month"}[own]

    @property
    def sentence(self) -> str:
        """What the number says, in one sentence."""
        source = self.source
        of = f" of {source.measure_name} over" if AGGREGATES[self.aggregate].needs == "measure" else " of"
        if self.aggregate == "distinct":
            of = f" of {source.distinct_of} among"
        tests = [condition.words for condition in source.conditions]
        tests += [f"{self.by} {self.level}"] if self.level else []
        met = f" with {', '.join(tests)}" if tests else ""
        until = f", ending {source.delay.words} before the cutoff" if source.delay else " before the cutoff"
        phrase = AGGREGATES[self.aggregate].phrase
        return f"{phrase}{of} {source.table} events{met} in the {self.window.words}{until}."


@dataclass(frozen=True, kw_only=True)
class RatioFeature:
    """One window's count or sum as a fraction of another's; missing where the other is zero or missing."""

    name: str
    numerator: WindowFeature
    denominator: WindowFeature
    unit: str = "ratio"

    @property
    def source(self) -> Events:
        """The numerator's events (both have one key)."""
        return self.numerator.source

    @property
    def sentence(self) -> str:
        """What the number says, in one sentence."""
        return f"{self.numerator.name} as a fraction of {self.denominator.name}."


Feature = WindowFeature | RatioFeature


def windows(
    source: Events,
    *,
    over: str | Sequence[str],
    aggregate: str | Sequence[str],
    by: str | None = None,
    levels: Sequence[str] | Learnt | None = None,
    delay: str | None = None,
    name: str | None = None,
) -> tuple[WindowFeature, ...]:
    """Every aggregate over every window, for every level of `by`.

    `over` holds spans ("24h", "30d", "3mo", "all"); `levels` are the values of `by` to tell apart, all
    others and missing ones are "other" (default: the values the bank table allows; `learnt(10)`: those of
    the run); `delay` ends each window earlier; `name` replaces table, conditions and measure in the
    features' names. A single text is a list of one, and what is listed twice counts once. ConfigurationError
    for what cannot be meant, such as a window longer than its events are valid.
    """
    if name is not None and (not isinstance(name, str) or not name):
        raise ConfigurationError(f"{name!r} is no name", hint="Give a text, or leave `name` out.")
    source = source if delay is None else source.delayed(delay)
    chosen = _levels(source, by, levels)
    learns = levels.at_most if isinstance(levels, Learnt) else 0
    stem = name or _stem(source)
    made = []
    for one in dict.fromkeys(_texts(aggregate, "aggregate")):
        _check_aggregate(source, one, by)
        for text in dict.fromkeys(_texts(over, "over")):
            span = _valid_window(source, one, text)
            parts = (stem, "" if name else _of(source, one), one, span, source.delay)
            plain = WindowFeature(
                name=_name(*parts, LEARNT_PLACE if learns else ""), source=source, window=span,
                aggregate=one, by=by, levels=chosen, learns=learns,
            )  # fmt: skip
            if by is None or learns:
                made.append(plain)
            else:
                made += [
                    replace(plain, name=_name(*parts, slug), level=level)
                    for level, slug in level_slugs(chosen).items()
                ]
    return tuple(made)


def refuse_unlearnt(feature: WindowFeature) -> None:
    """Refuses a feature whose levels are still to be learnt."""
    if feature.learns:
        raise ConfigurationError(
            f"the levels of {feature.name} are not learnt yet",
            hint="Learn them first: `features = learn_levels(warehouse, features, until=cutoff)`.",
        )


def level_slugs(levels: Sequence[str]) -> dict[str, str]:
    """How names spell each level and "other"; different levels are spelt differently."""
    found: dict[str, str] = {OTHER: OTHER}
    for level in levels:
        slug = first = _slug(level) or "level"
        number = 1
        while slug in found.values():
            number += 1
            slug = f"{first}_{number}"
        found[level] = slug
    return {level: found[level] for level in (*levels, OTHER)}


def ratio(numerator: WindowFeature, denominator: WindowFeature, *, name: str | None = None) -> RatioFeature:
    """The fraction of two counts or sums of one key."""
    for part in (numerator, denominator):
        if part.aggregate not in ("count", "sum", "distinct", "active_days"):
            raise ConfigurationError(
                f"{part.name} cannot be part of a ratio", hint="A ratio is of counts or sums."
            )
        refuse_unlearnt(part)
    if numerator.source.key != denominator.source.key:
        raise ConfigurationError(
            f"{numerator.name} and {denominator.name} have different keys", hint="A ratio has one key."
        )
    return RatioFeature(
        name=name or f"{numerator.name}_to_{denominator.name}", numerator=numerator, denominator=denominator
    )


def _levels(source: Events, by: str | None, levels: Sequence[str] | Learnt | None) -> tuple[str, ...]:
    if by is None:
        if levels is not None:
            raise ConfigurationError("levels are given without by", hint="Name their column with `by=`.")
        return ()
    column = column_of(source.declared, by)
    given = () if isinstance(levels, Learnt) else levels
    chosen = column.allowed if given is None else _texts(given, "levels") if len(given) else ()
    if column.type is not Type.CODE or not (chosen or isinstance(levels, Learnt)):
        raise ConfigurationError(
            f"{source.table}.{by} cannot be told apart by level",
            hint="Give a code column, and `levels=[…]` or `levels=learnt(10)` where no values are declared.",
        )
    never = [level for level in chosen if column.allowed and level not in column.allowed]
    if never:
        raise ConfigurationError(
            f"{source.table}.{by} is never {never[0]!r}", hint=f"It is one of {', '.join(column.allowed)}."
        )
    if len(chosen) > MOST_LEVELS:
        raise ConfigurationError(
            f"{len(chosen)} levels of {source.table}.{by} are too many",
            hint=f"List up to {MOST_LEVELS}, or learn the most frequent with `levels=learnt(10)`.",
        )
    if OTHER in chosen or len(set(chosen)) < len(chosen):
        raise ConfigurationError(
            f"the levels of {source.table}.{by} hold {OTHER!r} or a value twice",
            hint=f"{OTHER!r} collects everything not listed, by itself.",
        )
    return chosen


def _texts(given: Any, what: str) -> tuple[str, ...]:
    """A list of texts; a single text is a list of one."""
    several = (given,) if isinstance(given, str) else given
    if not isinstance(several, Iterable) or not (texts := tuple(several)):
        raise ConfigurationError(f"{what} is {given!r}", hint="Give a text, or a list of texts.")
    if alien := [one for one in texts if not isinstance(one, str)]:
        raise ConfigurationError(f"{what} holds {alien[0]!r}", hint="Give texts.")
    return tuple(str(one) for one in texts)


def _check_aggregate(source: Events, aggregate: str, by: str | None) -> None:
    if aggregate not in AGGREGATES:
        raise ConfigurationError(
            f"there is no aggregate {aggregate!r}", hint=f"There are {', '.join(AGGREGATES)}."
        )
    needs = AGGREGATES[aggregate].needs
    given = {"measure": source.has_measure, "distinct": source.distinct_of, "by": by}
    if needs and not given[needs]:
        raise ConfigurationError(
            f"the aggregate {aggregate!r} of {source.table} lacks its {needs}",
            hint=f"Add `.{needs}(column)` to the events." if needs != "by" else "Add `by=` and `levels=`.",
        )


def _valid_window(source: Events, aggregate: str, text: str) -> Span:
    """The window; "all" reaches as far as events are valid, and nothing reaches farther."""
    span, valid = Span.parse(text), source.valid_for
    if aggregate == "trend" and (span.unit is not Unit.MONTHS or span.count < 2):
        raise ConfigurationError(
            f"a trend over {span} has no months to compare", hint='Use "2mo" or more whole months.'
        )
    if span.unit is Unit.ALL:
        return Span(Unit.ALL, valid.count)
    if valid.unit is not Unit.ALL and span.usual_days > valid.usual_days:
        raise ConfigurationError(
            f"a window of {text} is longer than {source.table} events are valid, {valid}",
            hint=f'Shorten it, or let the events count longer with `.valid("{_months_of(span)}mo")`.',
        )
    return span


def _months_of(span: Span) -> int:
    """Months that hold the span."""
    return ceil(span.usual_days * 12 / 365.25)


def _slug(text: object) -> str:
    return re.sub(r"\W+", "_", str(text).lower()).strip("_")


def _stem(source: Events) -> str:
    parts = [source.table]
    parts += [] if source.key == "customer_id" else ["by", source.key]
    for condition in source.conditions:
        named = condition.test in ("having", "lacking")
        bound = [] if condition.test == "in" else [condition.column, condition.test]
        bound = [condition.test, condition.column] if named else bound
        flag = [condition.column] if condition.values and isinstance(condition.values[0], bool) else []
        parts += [*bound, *flag, *(_slug(value) for value in condition.values)]
    return "_".join(parts)


def _of(source: Events, aggregate: str) -> str:
    """The column an aggregate is of, as names spell it; empty where it is of the entries themselves."""
    needs = AGGREGATES[aggregate].needs
    if needs == "distinct":
        return str(source.distinct_of)
    return source.measure_name if needs == "measure" or aggregate in ("share", "trend") else ""


def _name(stem: str, of: str, aggregate: str, span: Span, delay: Span | None, level: str) -> str:
    late = f"delayed_{delay}" if delay else ""
    return "_".join(part for part in (stem, level, of, aggregate, str(span), late) if part)
