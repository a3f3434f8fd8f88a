"""Levels learnt in the run: which values of a category to tell apart, from what was known before a cutoff.

Learn them once, at the first cutoff of a run, and keep the features: a value that appears later is "other".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bankmine.bank import catalogue
from bankmine.errors import UsageError
from bankmine.windows.declaration import LEARNT_PLACE, OTHER, Feature, WindowFeature, level_slugs
from bankmine.windows.edges import check_range, start_before
from bankmine.windows.entries import select, unmasked_from
from bankmine.windows.plan import check_names, check_tables, columns_of
from bankmine.windows.reading.reader import EventRows, Readable, read_rows
from bankmine.windows.source import Events
from bankmine.windows.span import Span, Unit


def learn_levels(
    warehouse: Readable, features: Sequence[WindowFeature], *, until: int
) -> tuple[WindowFeature, ...]:
    """The features, in their order, those with `levels=learnt(n)` replaced by one for each level and "other".

    The levels are the n most frequent values among the entries before `until` (µs since 1970 UTC) that were
    known then and are still valid; of equally frequent ones the first by name. A value spelt "other" is
    never a level. UsageError where features are no window features, FeasibilityError for a table the bank
    lacks.
    """
    _check(features)
    unlearnt = [feature for feature in features if feature.learns]
    check_tables(warehouse, [replace(feature, learns=0) for feature in unlearnt])
    check_range(np.array([until]))
    counted = {
        (one.source, one.source.valid_for, one.by): count_levels(warehouse, one.source, str(one.by), until)
        for one in {(one.source, one.source.valid_for, one.by): one for one in unlearnt}.values()
    }
    made: list[WindowFeature] = []
    for feature in features:
        if feature.learns:
            counts = counted[feature.source, feature.source.valid_for, feature.by]
            made += with_levels(feature, most_frequent(counts, feature.learns))
        else:
            made.append(feature)
    check_names(made)
    return tuple(made)


def with_levels(feature: WindowFeature, levels: Sequence[str]) -> tuple[WindowFeature, ...]:
    """The features a feature with levels to be learnt stands for, once they are known."""
    return tuple(
        replace(
            feature,
            name=feature.name.replace(LEARNT_PLACE, slug),
            levels=tuple(levels),
            level=level,
            learns=0,
        )
        for level, slug in level_slugs(levels).items()
    )


def most_frequent(counts: Mapping[str | None, int], at_most: int, *, least: float = 0) -> tuple[str, ...]:
    """The levels of the largest counts from `least` on, ties by name; sorted by name."""
    named = [(-count, level) for level, count in counts.items() if level not in (None, OTHER)]
    ordered = [str(level) for count, level in sorted(named, key=_by_count_and_name) if -count >= least]
    return tuple(sorted(ordered[:at_most]))


def _by_count_and_name(one: tuple[int, str | None]) -> tuple[int, str]:
    return one[0], str(one[1])


def count_levels(warehouse: Readable, source: Events, by: str, until: int) -> Counter[str | None]:
    """How many valid entries before `until`, as known then, have each value of a code column (None: none)."""
    coverage = warehouse.coverage(source.table)
    valid = Span(Unit.ALL, source.valid_for.count)
    begin = int(start_before(warehouse.zone, np.array([until]), valid, coverage[0] if coverage else 0)[0])
    found: Counter[str | None] = Counter()
    for rows in _pieces(warehouse, source, by):
        chosen, known_from = select(rows, source)
        known_from = unmasked_from(rows, source, by, known_from)
        chosen &= (known_from <= until) & (until < rows.known_until)
        chosen &= (rows.event_time >= begin) & (rows.event_time < until)
        values = rows.columns[by]
        there = chosen if values.present is None else chosen & values.present
        counts = np.bincount(values.data[there], minlength=len(values.levels or ()))
        found.update(dict(zip(values.levels or (), counts.tolist(), strict=True)))
        found[None] += int(chosen.sum() - there.sum())
    return +found


def _check(features: Sequence[Feature]) -> None:
    for feature in features:
        if not isinstance(feature, WindowFeature):
            raise UsageError(
                f"{feature.name} is a ratio, whose parts have their levels already",
                hint="Learn the levels of the window features, then take ratios of them.",
            )


def _pieces(warehouse: Readable, source: Events, by: str) -> Iterator[EventRows]:
    """The rows of the table, bucket by bucket where all versions of an event lie in one bucket."""
    declared = catalogue.table(source.table)
    local = declared.bucket_key is not None and declared.bucket_key in (source.key, *declared.version_key)
    buckets: Sequence[int | None] = range(warehouse.buckets(source.table)) if local else [None]
    for bucket in buckets:
        yield read_rows(
            warehouse, source.table, key=source.key, columns=columns_of(source, by), bucket=bucket
        )
