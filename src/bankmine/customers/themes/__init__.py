"""The features of the catalogue, one file a theme; the builders here keep a declaration to a few lines.

A name is `<what>_<measure>[_<level>][_<window>]`: `out_sum_3mo`, `category_share_household_6mo`. Features of
a transaction as the subject begin with `tx_` and name the key they look under: `tx_terminal_count_7d`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from bankmine.customers.feature import Derived, Direction, Feature, Versioned, Windowed
from bankmine.windows import Events, Span, WindowFeature, windows

MONTHS = ("1mo", "3mo", "6mo", "12mo")


_POINTS = ("last", "first", "recency", "days_since_first", "seconds_since_last")


@dataclass(frozen=True)
class Measure:
    """One aggregate of a family: the aggregate, the front of the name, the phrase, the direction.

    `unit` replaces the aggregate's own.
    """

    aggregate: str
    stem: str
    phrase: str
    direction: Direction = Direction.NONE
    unit: str | None = None


def slug(level: str) -> str:
    """A level as names spell it."""
    return re.sub(r"\W+", "_", level.lower()).strip("_")


def when(
    span: str,
    *,
    before: str = "the cutoff",
    delay: str | None = None,
    aggregate: str = "sum",
    valid: str = "all",
) -> str:
    """The window in words."""
    if span == "all" and valid != "all":
        return f"in the records of up to {Span.parse(valid).words} before {before}"
    if span == "all":
        return f"before {before}" if aggregate in _POINTS else f"in all records before {before}"
    words = Span.parse(span).words
    number, unit = words.split(" ")
    length = unit if number == "1" else words
    ends = f"that end {Span.parse(delay).words} before" if delay else "before"
    ends = ends.replace("that end ", "that ends ") if number == "1" else ends
    return f"in the {length} {ends} {before}"


def observed(
    theme: str,
    source: Events,
    measures: Sequence[Measure],
    *,
    over: Sequence[str],
    only: str | None = None,
    subject: str = "customer",
    delay: str | None = None,
    valid: str = "all",
) -> list[Feature]:
    """Every measure over every window; "all" reaches as far back as events are `valid`."""
    before = f"the {subject}" if subject in ("transaction", "application") else "the cutoff"
    made = []
    for measure, span in product(measures, over):
        events = source.valid(valid) if span == "all" else source
        (one,) = windows(events, over=[span], aggregate=[measure.aggregate], delay=delay)
        named = replace(one, name=f"{measure.stem}_{span}")
        words = when(span, before=before, delay=delay, aggregate=measure.aggregate, valid=valid)
        made.append(
            Feature(
                name=named.name, theme=theme, unit=measure.unit or _unit(named),
                sentence=f"{measure.phrase} {words}.", source=Windowed(named, only), window=span,
                direction=measure.direction, subject=subject,
            )
        )  # fmt: skip
    return made


def shares(
    theme: str, source: Events, *, by: str, levels: Sequence[str], stem: str, phrase: str, over: Sequence[str]
) -> list[Feature]:
    """The share of each level, and of all others together."""
    made = []
    for span in over:
        for one in windows(source, over=[span], aggregate=["share"], by=by, levels=levels):
            level = str(one.level)
            named = replace(one, name=f"{stem}_{slug(level)}_{span}")
            which = f"any other or no {by}" if level not in levels else f"the {by} {level}"
            made.append(
                Feature(
                    name=named.name, theme=theme, unit="share",
                    sentence=f"Share of {which} in {phrase} {when(span)}.",
                    source=Windowed(named), window=span,
                )
            )  # fmt: skip
    return made


def derived(
    theme: str,
    name: str,
    operation: str,
    inputs: Sequence[str],
    *,
    unit: str,
    sentence: str,
    window: str | None = None,
    direction: Direction = Direction.NONE,
    subject: str = "customer",
) -> Feature:
    """Arithmetic over other features."""
    return Feature(
        name=name, theme=theme, unit=unit, sentence=sentence, source=Derived(operation, tuple(inputs)),
        window=window, direction=direction, subject=subject,
    )  # fmt: skip


def versioned(
    theme: str,
    name: str,
    expression: str,
    *,
    relation: str,
    columns: Sequence[str],
    unit: str,
    sentence: str,
    zero: bool = False,
    direction: Direction = Direction.NONE,
) -> Feature:
    """An aggregate over what was in force; `columns` are "table.column"."""
    pairs = tuple((table, column) for table, _, column in (one.partition(".") for one in columns))
    source = Versioned(relation=f"{relation}_asked", expression=expression, columns=pairs, zero=zero)
    return Feature(name=name, theme=theme, unit=unit, sentence=sentence, source=source, direction=direction)


def _unit(feature: WindowFeature) -> str:
    if feature.source.verdict_of and feature.aggregate == "mean":
        return "share"
    return feature.unit
