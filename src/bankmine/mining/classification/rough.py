"""Rough sets: what a table of attributes can and cannot tell about a concept (Pawlak 1982, 1991).

Rows equal in the chosen attributes cannot be told apart; they form granules. The lower approximation of a
concept are the granules that lie in it wholly, the upper those that touch it. A reduct is a smallest set of
attributes that tells as much as all of them. LEM2 (Grzymala-Busse 1992) finds a local covering: few rules,
none of which has a condition too many. Pure functions; the classifier is in `rough_sets.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints

Pair = tuple[int, int]  # an attribute and one of its codes
Truth = NDArray[np.bool_]
MOST_EXACT = 20


def granules(codes: Any) -> tuple[Ints, Ints]:
    """The granule of each row, and the first row of each granule; codes of shape (rows, attributes)."""
    if np.shape(codes)[1] == 0:
        return np.zeros(len(codes), dtype=np.int64), np.zeros(min(1, len(codes)), dtype=np.int64)
    _, first, place = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    return place.reshape(-1).astype(np.int64), first.astype(np.int64)


def lower(codes: Any, concept: Any) -> Truth:
    """Rows whose granule lies wholly in the concept: certainly in it as far as the attributes tell."""
    place, _ = granules(codes)
    inside = np.asarray(concept, dtype=np.bool_)
    outside = np.bincount(place, weights=~inside)
    return np.asarray(outside[place] == 0)


def upper(codes: Any, concept: Any) -> Truth:
    """Rows whose granule touches the concept: possibly in it."""
    return ~lower(codes, ~np.asarray(concept, dtype=np.bool_))


def dependency(codes: Any, decision: Any) -> float:
    """Share of rows whose decision the attributes determine (γ; the quality of classification)."""
    kinds = np.unique(np.asarray(decision))
    sure = [lower(codes, np.asarray(decision) == kind) for kind in kinds]
    return float(np.logical_or.reduce(sure).mean()) if len(sure) else 1.0


def reducts(codes: Any, decision: Any) -> list[tuple[int, ...]]:
    """Every smallest-by-inclusion set of attributes with the dependency of all, by size and order.

    Exact search, for tables to look at: UsageError above 20 attributes.
    """
    table = np.asarray(codes)
    if table.shape[1] > MOST_EXACT:
        raise UsageError(
            f"All reducts of {table.shape[1]} attributes were asked",
            hint=f"The exact search goes to {MOST_EXACT}; use RoughSets, which searches step by step.",
        )
    whole = dependency(table, decision)
    found: list[tuple[int, ...]] = []
    for size in range(table.shape[1] + 1):
        for chosen in combinations(range(table.shape[1]), size):
            if any(set(one) <= set(chosen) for one in found):
                continue
            if dependency(table[:, list(chosen)], decision) >= whole:
                found.append(chosen)
    return found


def core(codes: Any, decision: Any) -> tuple[int, ...]:
    """Attributes without which the dependency falls: those in every reduct."""
    table = np.asarray(codes)
    whole = dependency(table, decision)
    every = range(table.shape[1])
    return tuple(
        one for one in every if dependency(table[:, [k for k in every if k != one]], decision) < whole
    )


def lem2(
    codes: Any, concept: Any, weights: Any = None, *, most_rules: int | None = None
) -> list[tuple[Pair, ...]]:
    """A local covering of `concept` by minimal complexes of (attribute, code) pairs: the algorithm LEM2.

    `concept` must be a union of granules (a lower or upper approximation), else UsageError. The next pair is
    the one most of the rows still to cover have; of equals the one fewest rows have, then the first.
    `weights` count a row as several. `most_rules` stops early: then the covering is not complete.
    """
    table = np.asarray(codes)
    target = np.asarray(concept, dtype=np.bool_)
    if not np.array_equal(lower(table, target), target):
        raise UsageError(
            "LEM2 was given a concept the attributes cannot tell from its complement",
            hint="Give its lower or its upper approximation.",
        )
    weight = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=np.float64)
    pairs, blocks = _blocks(table)
    sizes = blocks @ weight
    left = target.copy()
    made: list[tuple[int, ...]] = []
    while left.any() and (most_rules is None or len(made) < most_rules):
        chosen = _minimal_complex(blocks, sizes, weight, left, target)
        made.append(chosen)
        left &= ~_covered(blocks, chosen)
    kept = _without_redundant(blocks, made)
    return [tuple(pairs[one] for one in chosen) for chosen in kept]


def conditional_entropy(place: Ints, truth: Any) -> float:
    """Entropy of a 0/1 label within granules, in nats a row."""
    rows = np.bincount(place)
    hits = np.bincount(place, weights=np.asarray(truth, dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = hits * np.log(hits / rows), (rows - hits) * np.log((rows - hits) / rows)
    return float(-sum(np.nan_to_num(part).sum() for part in parts) / max(1, len(place)))


def approximate_reduct(
    codes: Any, truth: Any, *, first: int | None = None, most: int = 8, price: float = 1.0
) -> tuple[int, ...]:
    """Attributes chosen one by one, each lowering the entropy of the label most; in the order chosen.

    The Bayesian variant for data no set of attributes determines (Ślęzak 2002): an attribute is worth its
    place as long as the entropy of the label, over all rows, falls by more than `price` nats for each granule
    it adds. `first` fixes the first one, for reducts that differ.
    """
    table = np.asarray(codes, dtype=np.int64)
    rows, width = table.shape
    chosen = [] if first is None else [first]
    place = np.zeros(rows, dtype=np.int64) if first is None else _dense(table[:, first])
    cost = conditional_entropy(place, truth) * rows + price * (int(place.max(initial=0)) + 1)
    while len(chosen) < most:
        best, best_cost, best_place = -1, cost, place
        for one in range(width):
            if one in chosen:
                continue
            trial = _dense(place * (int(table[:, one].max()) + 1) + table[:, one])
            trial_cost = conditional_entropy(trial, truth) * rows + price * (int(trial.max()) + 1)
            if trial_cost < best_cost:
                best, best_cost, best_place = one, trial_cost, trial
        if best < 0:
            break
        chosen.append(best)
        cost, place = best_cost, best_place
    return tuple(chosen)


def _dense(values: Ints) -> Ints:
    return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _blocks(table: Any) -> tuple[list[Pair], Floats]:
    """All (attribute, code) pairs and which rows have them, shape (pairs, rows), as 0.0 and 1.0."""
    pairs = [(place, int(code)) for place in range(table.shape[1]) for code in np.unique(table[:, place])]
    rows = [(table[:, place] == code).astype(np.float64) for place, code in pairs]
    return pairs, np.stack(rows) if rows else np.zeros((0, len(table)))


def _minimal_complex(
    blocks: Floats, sizes: Floats, weight: Floats, left: Truth, target: Truth
) -> tuple[int, ...]:
    """Pairs added until only rows of the target meet them, then each taken away that is not needed."""
    chosen: list[int] = []
    goal, covered = left.astype(np.float64), np.ones(len(left), dtype=np.bool_)
    while not chosen or (covered & ~target).any():
        shared = blocks @ (goal * weight)
        shared[chosen] = -1.0
        best = np.flatnonzero(shared == shared.max())
        pair = int(best[sizes[best].argmin()])
        chosen.append(pair)
        goal *= blocks[pair]
        covered &= blocks[pair] > 0
    for pair in list(chosen):
        rest = [one for one in chosen if one != pair]
        if rest and not (_covered(blocks, rest) & ~target).any():
            chosen = rest
    return tuple(chosen)


def _covered(blocks: Floats, chosen: Sequence[int]) -> Truth:
    return np.asarray(blocks[list(chosen)].all(axis=0))


def _without_redundant(blocks: Floats, made: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The rules without those whose rows the others cover."""
    covers = [_covered(blocks, chosen) for chosen in made]
    times = np.sum(covers, axis=0) if covers else np.zeros(blocks.shape[1])
    kept = []
    for chosen, rows in zip(made, covers, strict=True):
        if (times[rows] > 1).all():
            times = times - rows
        else:
            kept.append(chosen)
    return kept
