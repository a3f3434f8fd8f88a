"""Clusters keep their numbers from run to run: which of today's clusters is which of yesterday's.

Two runs number their clusters each on its own. Here the clusters of a later run are paired with those of an
earlier one so that as many rows as possible keep their cluster (the assignment problem, Kuhn 1955, "the
Hungarian method", on the contingency table of the rows both runs know). A pair that shares too little is no
pair: the later cluster gets a number never used before. Splits and merges are those of Spiliopoulou,
Ntoutsi, Theodoridis & Schult (2006), "MONIC: modeling and monitoring cluster transitions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import plain

NOISE = -1
LEAST_OVERLAP = 0.3
MOST_OF = 0.5
PART = 0.2


@dataclass(frozen=True)
class Matched:
    """One cluster of the later run: its label there, the id it carries, and where the id comes from.

    `previous` is the id of the cluster it continues, None for a new one; `overlap` the Jaccard overlap
    `|A ∩ B| / |A ∪ B|` with it, over the rows both runs know (0 for a new one).
    """

    label: int
    id: int
    previous: int | None
    overlap: float
    rows: int


@dataclass(frozen=True)
class Part:
    """A piece of a split or merge: the cluster's id, its rows that moved, and their share of the whole."""

    id: int
    rows: int
    share: float


@dataclass(frozen=True)
class Split:
    """An earlier cluster (`id`) whose rows now form most of two or more later clusters (ids, largest first).

    `share` of a part is its share of the earlier cluster.
    """

    id: int
    into: tuple[Part, ...]


@dataclass(frozen=True)
class Merge:
    """A later cluster (`id`) that took most rows of two or more earlier ones (ids, largest first).

    `share` of a part is its share of the earlier cluster that moved here.
    """

    id: int
    out_of: tuple[Part, ...]


@dataclass(frozen=True)
class Matching:
    """Clusters of the later run by label; what split, what merged, ids nobody carries on.

    `stayed` is the share of the shared rows in a cluster both times that kept their id. `flows[i][j]` counts
    rows from `previous_ids[i]` to the later cluster with label j; rows that are noise in either run are left
    out of it.
    """

    clusters: tuple[Matched, ...]
    splits: tuple[Split, ...]
    merges: tuple[Merge, ...]
    lost: tuple[int, ...]
    stayed: float
    previous_ids: tuple[int, ...]
    flows: tuple[tuple[int, ...], ...]
    next_id: int

    def ids_of(self, labels: Ints) -> Ints:
        """The ids of rows labelled by the later run; noise stays −1. UsageError for a label never matched."""
        known = np.array([one.id for one in self.clusters], dtype=np.int64)
        if len(labels) and (int(labels.max()) >= len(known) or int(labels.min()) < NOISE):
            raise UsageError(
                f"A label {int(labels.max())} was given to a matching of {len(known)} clusters",
                hint="Give labels of the run that was matched.",
            )
        return np.append(known, NOISE)[labels]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        result: dict[str, Any] = plain(self)
        return result


def match_clusters(
    previous: Ints,
    current: Ints,
    *,
    clusters: int | None = None,
    next_id: int | None = None,
    least_overlap: float = LEAST_OVERLAP,
) -> Matching:
    """Give each cluster of `current` the id of the cluster of `previous` it continues, or a new one.

    `previous` holds ids (any numbers from 0 on, not necessarily all), `current` labels 0, 1, 2 …, of the same
    rows in the same order: the rows both runs know. −1 is noise and belongs to no cluster. `clusters` is the
    number of clusters of the later run where some of them may have no shared row; `next_id` the first id
    never used (default: one above the largest of `previous`). A pair whose Jaccard overlap lies below
    `least_overlap` is not kept. With no shared row every cluster is new.
    """
    before, after = _labels(previous), _labels(current)
    if before.shape != after.shape:
        raise UsageError(
            f"{len(before)} earlier labels and {len(after)} later ones were matched",
            hint="Give both labels of the same rows: those that both runs know.",
        )
    ids = np.unique(before[before >= 0])
    count = max(clusters or 0, int(after.max(initial=NOISE)) + 1)
    table = _table(before, after, ids, count)
    jaccard = _jaccard(table, before, after, ids, count)
    continued = _assign(table, jaccard, least_overlap)
    first_new = max(int(ids.max(initial=-1)) + 1, next_id or 0)
    matched = _matched(continued, jaccard, ids, np.bincount(after[after >= 0], minlength=count), first_new)
    return Matching(
        clusters=matched,
        splits=_splits(table, ids, matched),
        merges=_merges(table, ids, matched),
        lost=tuple(int(one) for one in ids if int(one) not in {m.id for m in matched}),
        stayed=_stayed(table, continued),
        previous_ids=tuple(ids.tolist()),
        flows=tuple(tuple(row) for row in table.tolist()),
        next_id=max([first_new, *(one.id + 1 for one in matched)]),
    )


def _labels(values: Ints) -> Ints:
    labels = np.asarray(values)
    whole = labels.dtype.kind in "iu" or not len(labels)
    if labels.ndim != 1 or not whole or (len(labels) and int(labels.min()) < NOISE):
        raise UsageError(
            f"Labels of shape {labels.shape} and type {labels.dtype} were matched",
            hint="Give one whole number a row: a cluster from 0 on, or −1 for noise.",
        )
    return labels.astype(np.int64)


def _table(before: Ints, after: Ints, ids: Ints, count: int) -> Ints:
    """Rows shared by each earlier id and each later label, shape (ids, labels)."""
    both = (before >= 0) & (after >= 0)
    place = np.searchsorted(ids, before[both])
    flat = np.bincount(place * count + after[both], minlength=len(ids) * count)
    return flat.reshape(len(ids), count).astype(np.int64)


def _jaccard(table: Ints, before: Ints, after: Ints, ids: Ints, count: int) -> Floats:
    """Overlaps of the same shape; rows that turned noise count in the union."""
    earlier = np.bincount(np.searchsorted(ids, before[before >= 0]), minlength=len(ids))[:, None]
    later = np.bincount(after[after >= 0], minlength=count)[None, :]
    union = (earlier + later - table).astype(np.float64)
    return np.divide(table, union, out=np.zeros_like(union), where=union > 0)


def _assign(table: Ints, jaccard: Floats, least: float) -> dict[int, int]:
    """Later label → place of the earlier cluster it continues; most rows kept, equal sums by overlap."""
    from scipy.optimize import linear_sum_assignment

    if not table.size:
        return {}
    # Overlaps add up to less than one row, so that they decide between equal numbers of rows only.
    worth = table + jaccard / (2 * max(table.shape))
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return {
        int(column): int(row)
        for row, column in zip(rows, columns, strict=True)
        if table[row, column] > 0 and jaccard[row, column] >= least
    }


def _matched(
    continued: dict[int, int], jaccard: Floats, ids: Ints, sizes: Ints, first_new: int
) -> tuple[Matched, ...]:
    found, fresh = [], first_new
    for label, rows in enumerate(sizes.tolist()):
        place = continued.get(label)
        if place is None:
            found.append(Matched(label, fresh, None, 0.0, rows))
            fresh += 1
        else:
            own = int(ids[place])
            found.append(Matched(label, own, own, float(jaccard[place, label]), rows))
    return tuple(found)


def _splits(table: Ints, ids: Ints, matched: tuple[Matched, ...]) -> tuple[Split, ...]:
    """Pieces hold at least a fifth of the earlier cluster and come by half from it."""
    of_earlier, of_later = _shares(table)
    pieces = (of_earlier >= PART) & (of_later >= MOST_OF)
    return tuple(
        Split(int(ids[place]), _parts(table[place], of_earlier[place], pieces[place], matched))
        for place in np.flatnonzero(pieces.sum(axis=1) >= 2).tolist()
    )


def _merges(table: Ints, ids: Ints, matched: tuple[Matched, ...]) -> tuple[Merge, ...]:
    """Sources bring at least half of themselves and make at least a fifth of the later cluster."""
    of_earlier, of_later = _shares(table)
    sources = (of_earlier >= MOST_OF) & (of_later >= PART)
    merges = []
    for label in np.flatnonzero(sources.sum(axis=0) >= 2).tolist():
        rows, share = table[:, label], of_earlier[:, label]
        order = sorted(np.flatnonzero(sources[:, label]).tolist(), key=lambda place: -rows[place])
        parts = tuple(Part(int(ids[place]), int(rows[place]), float(share[place])) for place in order)
        merges.append(Merge(matched[label].id, parts))
    return tuple(merges)


def _parts(rows: Ints, share: Floats, wanted: Any, matched: tuple[Matched, ...]) -> tuple[Part, ...]:
    order = sorted(np.flatnonzero(wanted).tolist(), key=lambda label: -rows[label])
    return tuple(Part(matched[label].id, int(rows[label]), float(share[label])) for label in order)


def _shares(table: Ints) -> tuple[Floats, Floats]:
    """Each cell's share of its earlier and of its later cluster, among rows in a cluster both times."""
    counts = table.astype(np.float64)
    earlier, later = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    return counts / np.maximum(earlier, 1.0), counts / np.maximum(later, 1.0)


def _stayed(table: Ints, continued: dict[int, int]) -> float:
    kept = sum(int(table[place, label]) for label, place in continued.items())
    return kept / max(int(table.sum()), 1)
