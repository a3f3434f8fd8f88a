"""Would the first offer have been the right one? The test rows of all families' questions put together.

Each test row of a question says whether the customer opened that family in the horizon that followed. Put
together by customer and cutoff they say which family the models would have named first, and whether it was
then taken. The baseline names the family that was most popular in training among those the customer lacks.
Conditions and eligibility are not applied here: they decide who may be asked, not who would have taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked

RESAMPLES, TENTH = 400, 0.1
PRIOR = "prior"


@dataclass(frozen=True)
class Together:
    """All test rows by customer and cutoff: `chance`, `usual` (NaN where the family was not asked about) and
    `took`, shape (rows, families)."""

    customer: Ints
    cutoff: Ints
    families: tuple[str, ...]
    chance: Floats
    usual: Floats
    took: Truth


def together(asked: Mapping[str, Asked]) -> Together:
    """The test rows of the questions side by side, in order of (cutoff, customer)."""
    keys = np.concatenate([_keys(one) for one in asked.values()])
    unique, place = np.unique(keys, axis=0, return_inverse=True)
    shape = (len(unique), len(asked))
    chance, usual = np.full(shape, np.nan), np.full(shape, np.nan)
    took = np.zeros(shape, dtype=np.bool_)
    start, where = 0, place.reshape(-1)
    for column, one in enumerate(asked.values()):
        rows = where[start : start + len(one.tested.truth)]
        start += len(rows)
        chance[rows, column] = one.tested.probability[one.use]
        usual[rows, column] = one.tested.probability[PRIOR]
        took[rows, column] = one.tested.truth
    return Together(unique[:, 1], unique[:, 0], tuple(asked), chance, usual, took)


def worth_of(rows: Together, margins: Mapping[int, Mapping[str, float]]) -> Floats:
    """What one product of each family brings as known at each row's cutoff (µs), shape (rows, families)."""
    cutoffs, place = np.unique(rows.cutoff, return_inverse=True)
    table = np.array([[margins[int(at)][one] for one in rows.families] for at in cutoffs])
    return np.asarray(table[place.reshape(-1)])


def back_test(rows: Together, worth: Floats, *, seed: int) -> dict[str, Any]:
    """Hit rate of the first offer, of the likeliest tenth of first offers, and the money they brought.

    `worth` is what one product of each family brings at each row's cutoff, minor units, shape (rows,
    families): the order by expected profit uses it.
    Each figure stands beside the popularity baseline's and the interval of the difference, whole customers
    resampled.
    """
    at = np.arange(len(rows.customer))
    own = _picked(rows, rows.chance, rows.chance)
    base = _picked(rows, rows.usual, rows.usual)
    money = _picked(rows, rows.chance * worth, rows.chance)
    found: dict[str, Any] = {
        "rows": len(rows.customer), "customers": len(np.unique(rows.customer)),
        "cutoffs": len(np.unique(rows.cutoff)),
        "taken_at_all": float(rows.took.any(axis=1).mean()),
    }  # fmt: skip
    every = np.ones(len(rows.customer), dtype=np.bool_)
    draw = np.random.default_rng(seed)
    group = np.unique(rows.customer, return_inverse=True)[1].reshape(-1)
    weights = [draw.poisson(1.0, group.max() + 1).astype(np.float64) for _ in range(RESAMPLES)]
    tenth, base_tenth = _first(rows, own[1]), _first(rows, base[1], draw)
    found["all"] = _compared(own[0], every, base[0], every, group, weights)
    found["tenth"] = _compared(own[0], tenth, base[0], base_tenth, group, weights)
    brought, usual = (worth[at, pick[2]] * pick[0] for pick in (money, base))
    by_money = _first(rows, (rows.chance * worth)[at, money[2]])
    found["money_minor"] = _compared(brought, by_money, usual, base_tenth, group, weights)
    return found


def _picked(rows: Together, score: Floats, said: Floats) -> tuple[Floats, Floats, Ints]:
    """Of the family with the highest score in each row: whether it was taken, what was said of it, which."""
    best = np.nanargmax(score, axis=1)
    at = np.arange(len(best))
    return rows.took[at, best].astype(np.float64), said[at, best], best


def _first(rows: Together, said: Floats, draw: np.random.Generator | None = None) -> Truth:
    """The highest tenth within each cutoff; equal ones by customer, or by lot."""
    lot = rows.customer if draw is None else draw.random(len(said))
    kept = np.zeros(len(said), dtype=np.bool_)
    for at in np.unique(rows.cutoff):
        here = np.flatnonzero(rows.cutoff == at)
        order = here[np.lexsort([lot[here], -said[here]])]
        kept[order[: max(1, round(TENTH * len(here)))]] = True
    return kept


def _compared(
    own: Floats, own_rows: Truth, base: Floats, base_rows: Truth, group: Ints, weights: list[Floats]
) -> dict[str, float]:
    """Both means with the model's interval, and the interval of the difference on the same resamples."""
    ours, theirs, difference = [], [], []
    for each in weights:
        weight = each[group]
        ours.append(_mean(own, own_rows * weight))
        theirs.append(_mean(base, base_rows * weight))
        difference.append(ours[-1] - theirs[-1])
    low, high = np.quantile(ours, (0.025, 0.975))
    more_low, more_high = np.quantile(difference, (0.025, 0.975))
    return {
        "value": _mean(own, own_rows), "low": float(low), "high": float(high),
        "baseline": _mean(base, base_rows), "more_low": float(more_low), "more_high": float(more_high),
        "rows": int(own_rows.sum()), "taken": int((own * own_rows > 0).sum()),
    }  # fmt: skip


def _mean(values: Floats, weight: Any) -> float:
    total = float(weight.sum())
    return float((values * weight).sum() / total) if total else 0.0


def _keys(one: Asked) -> Ints:
    rows = one.tested.rows
    customer = np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64)
    return np.stack([micros(rows.column("cutoff")), customer], axis=1)
