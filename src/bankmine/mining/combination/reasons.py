"""Why a stack answers as it does: what each part adds, and within each part its columns, words and events.

A part's log-odds enter the answer times the combiner's weight; so do the member's own reasons. What two parts
say of one feature is added up. Events are named by their dates in words, words of a text by themselves, as
`feature=what`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.mining.combination.learning import Learnt
from bankmine.mining.combination.part import inputs, picked
from bankmine.mining.contract import Floats, Ints, Reasons
from bankmine.mining.sequence.wording import worded

MOST = 24  # reasons of a row; nobody reads more
DETAILS = 3  # events or words of one part


@dataclass(frozen=True)
class ByPart:
    """What each part says of each row, shape (rows, parts); NaN where the row lacks it or it is not read.

    `log_odds` are the parts' own, `contributions` what they move the stack's log-odds by against the rows it
    was learnt from.
    """

    names: tuple[str, ...]
    log_odds: Floats
    contributions: Floats


@dataclass
class _Found:
    """Contributions and values of each row by name."""

    names: dict[str, int]
    rows: Ints
    columns: Ints
    values: Floats
    contributions: Floats


def reasons_by_column(parts: list[Learnt], weights: Floats, means: Floats, table: Any, top: int) -> Reasons:
    """The strongest reasons of each row; `weights` of shape (rows, parts) are 0 where a part is not read,
    `means` the parts' mean log-odds."""
    names: dict[str, int] = {}
    found = [
        _of_part(part, weights[:, place], float(means[place]), table, names)
        for place, part in enumerate(parts)
        if weights[:, place].any()
    ]
    return _strongest(found, names, table.num_rows, min(top, MOST))


def _of_part(part: Learnt, weight: Floats, mean: float, table: Any, names: dict[str, int]) -> _Found:
    rows = np.flatnonzero(weight)
    given = picked(inputs(part.part, part.reading.columns, table), rows)
    if part.part.way == "events":
        row, told, values, sizes = _of_events(part, given)
    elif part.part.way == "text":
        row, told, values, sizes = _of_words(part, given, mean)
    else:
        row, told, values, sizes = _of_columns(part, given)
    columns = np.array([names.setdefault(name, len(names)) for name in told], dtype=np.int64)
    return _Found(names, rows[row], columns, values, sizes * weight[rows[row]])


def _of_columns(part: Learnt, given: Any) -> tuple[Ints, list[str], Floats, Floats]:
    said = part.member.reasons(given, top=len(part.reading.columns))
    shown = dict(zip(part.reading.columns, part.reading.shown, strict=True))
    row, place = np.nonzero(said.columns >= 0)
    column = said.columns[row, place]
    told = np.array([shown[name] for name in said.names], dtype=object)[column]
    return row, told.tolist(), said.values[row, place], said.contributions[row, place]


def _of_words(part: Learnt, given: Any, mean: float) -> tuple[Ints, list[str], Floats, Floats]:
    """Words against those of an average text: what a text's words say more than it is shared out among them.

    Words that stand in enough texts of training to be a term are named; what the others say has no name.
    """
    said = part.member.reasons(given.tolist(), top=MOST)
    there = said.columns >= 0
    shift = (float(part.member.intercepts_[0]) - mean) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    moved = np.where(there, said.contributions + shift, 0.0)
    order = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :DETAILS]
    row, rank = np.nonzero(np.take_along_axis(there, order, axis=1))
    place = order[row, rank]
    words = [said.names[column] for column in said.columns[row, place]]
    source = part.reading.shown[0]
    told = [f"{source}={word}" if f"w {word}" in part.member.places_ else source for word in words]
    return row, told, said.values[row, place], moved[row, place]


def _of_events(part: Learnt, given: Any) -> tuple[Ints, list[str], Floats, Floats]:
    said = part.member.reasons(given, top=DETAILS)
    every = [(row, one) for row in range(len(said)) for one in said.row(row)]
    source = part.reading.shown[0]
    names = {**_names_of(given.kinds, part.part.words), **part.part.words}
    told = [f"{source}={worded(one, names)}" for _, one in every]
    row = np.array([row for row, _ in every], dtype=np.int64)
    values = np.array([one.count for _, one in every], dtype=np.float64)
    return row, told, values, np.array([one.contribution for _, one in every], dtype=np.float64)


def _names_of(kinds: tuple[str, ...], words: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Names of kinds that say more than one thing: "enquiry:bank:car" is an enquiry (bank, car)."""
    found = {}
    for kind in kinds:
        first, *more = kind.replace("_", " ").split(":")
        if more:
            aside = f" ({', '.join(more)})"
            plural = f"{first[:-1]}ies" if first.endswith("y") else f"{first}s"
            one, many = words.get(kind.partition(":")[0], (first, plural))
            found[kind] = (one + aside, many + aside)
    return found


def _strongest(found: list[_Found], names: dict[str, int], rows: int, top: int) -> Reasons:
    """All parts' reasons added up by row and name, the strongest first; ties go to the earlier name."""
    empty = np.zeros(0, dtype=np.int64)
    row = np.concatenate([empty, *(one.rows for one in found)])
    column = np.concatenate([empty, *(one.columns for one in found)])
    values = np.concatenate([np.zeros(0), *(one.values for one in found)])
    sizes = np.concatenate([np.zeros(0), *(one.contributions for one in found)])
    key, first, place = np.unique(row * max(len(names), 1) + column, return_index=True, return_inverse=True)
    total = np.bincount(place, weights=sizes, minlength=len(key))
    row, column, values = row[first], column[first], values[first]
    order = np.lexsort((column, -np.abs(total), row))
    row, column, values, total = row[order], column[order], values[order], total[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = (rank < top) & (total != 0)
    columns = np.full((rows, top), -1, dtype=np.int64)
    shown, given = np.full((rows, top), np.nan), np.zeros((rows, top))
    at = (row[kept], rank[kept])
    columns[at], shown[at], given[at] = column[kept], values[kept], total[kept]
    return Reasons(tuple(names), columns, shown, given)
