"""How the list and its figures change where "leaves" means within 60 or 120 days instead of 90.

The same customers, features, miner and test months for each horizon; each trains only on labels that were
known before the first test month, so the longer horizon has less to learn from. That is part of the
comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.evaluation.intervals import interval
from bankmine.tasks.candidates import boosting
from bankmine.tasks.churn.questions import STRICT, Leaving
from bankmine.tasks.contract import ROW_COLUMNS, Bank, Floats, Ints, Truth
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked, Work

HORIZONS = (60, 90, 120)
LIST = 0.05
LEAST = 20  # leavers on either side


@dataclass(frozen=True)
class _Rows:
    """Rows with their features: those to learn from (the leavers' and a drawn share of the others', each with
    its weight), those that may test (for every horizon alike) and those to score."""

    rows: Any
    features: Any
    cutoffs: Ints
    weight: Floats
    train: Ints
    test: Ints
    scored: Ints


def by_horizon(work: Work, question: Leaving, asked: Asked, closed: dict[int, int]) -> list[dict[str, Any]]:
    """For each horizon: base rate, AUC with interval, leavers and money expected, overlap of the lists.

    Empty where the longest horizon leaves nothing to test.
    """
    bank = work.bank
    every = _rows(work, question, asked, closed)
    if not len(every.test):
        return []
    found, chances = [], {}
    for horizon in HORIZONS:
        changed = replace(bank, settings={**bank.settings, "horizon_days": horizon})
        told = _ask(changed, question, asked, every)
        if told is not None:
            figures, chances[horizon] = told
            found.append(figures | {"horizon_days": horizon})
    main = chances.get(90)
    for one in found:
        own = chances[one["horizon_days"]]
        one["list_in_common"] = None if main is None else _overlap(own, main)
        one["rank_correlation"] = None if main is None else _spearman(own, main)
    return found


def _rows(work: Work, question: Leaving, asked: Asked, closed: dict[int, int]) -> _Rows:
    import pyarrow as pa

    bank, plan = work.bank, asked.plan
    assert plan.test is not None
    past = replace(plan, cutoffs=tuple(one for one in plan.cutoffs if one < plan.test.test_from))
    learnt, weight = _fewer(question.population(bank, past), closed, bank.budget.learning_rows // 2)
    longest = replace(question.asking.definition.rule, horizon_days=max(HORIZONS))
    tested = asked.tested.rows
    mature = longest.known_at(micros(tested.column("cutoff")), bank.warehouse.zone) <= bank.cutoff
    parts = [learnt, tested.take(np.flatnonzero(mature)), asked.rows]
    rows = pa.concat_tables([one.select(list(ROW_COLUMNS)) for one in parts])
    features = work.matrix(rows, tuple(question.features(bank)), catalogue=question.catalogue(bank))
    edges = np.cumsum([0, *(one.num_rows for one in parts)])
    train, test, scored = (np.arange(edges[part], edges[part + 1]) for part in range(3))
    return _Rows(rows, features, micros(rows.column("cutoff")), weight, train, test, scored)


def _fewer(rows: Any, closed: dict[int, int], most: int) -> tuple[Any, Floats]:
    """All rows of customers who ever left, and of the others' a share drawn by subject and cutoff."""
    subject = rows.column("subject_id").to_numpy()
    leaver = np.isin(rows.column("customer_id").to_numpy(), np.array(list(closed), dtype=np.int64))
    share = min(1.0, most / max(1, int((~leaver).sum())))
    mixed = splitmix64(splitmix64(subject).view(np.int64) ^ micros(rows.column("cutoff")))
    kept = np.flatnonzero(leaver | ((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53 < share))
    return rows.take(kept), np.where(leaver[kept], 1.0, 1.0 / share)


def _ask(bank: Bank, question: Leaving, asked: Asked, every: _Rows) -> tuple[dict[str, Any], Floats] | None:
    """One horizon: its figures, and the chances of the scored rows; None where a class is missing."""
    assert asked.plan.test is not None
    known = question.rule(bank).known_at(every.cutoffs[every.train], bank.warehouse.zone)
    train = every.train[known <= asked.plan.test.test_from]
    both = np.concatenate([train, every.test])
    truth = np.zeros(len(every.cutoffs), dtype=np.bool_)
    truth[both], _ = question.label(bank, every.rows.take(both))
    if min(truth[train].sum(), truth[every.test].sum()) < LEAST:
        return None
    chance = _fitted(bank, question, every, train, truth)
    customers = every.rows.column("customer_id").to_numpy()[every.test]
    area = interval("auc", truth[every.test], chance(every.test), groups=customers, random_state=bank.seed)
    scored = chance(every.scored)
    stake = every.rows.column("value_minor").to_numpy()[every.scored]
    return {
        "train_rows": len(train), "test_rows": len(every.test),
        "base_rate": float(truth[every.test].mean()), "auc": area.value, "auc_low": area.low,
        "auc_high": area.high, "expected": float(scored.sum()), "at_risk_minor": float(scored @ stake),
    }, scored  # fmt: skip


def _fitted(
    bank: Bank, question: Leaving, every: _Rows, train: Ints, truth: Truth
) -> Callable[[Ints], Floats]:
    """Boosting on some rows; what comes back gives the chance of any others."""
    candidate = boosting(bank, settings=({**STRICT, "n_estimators": 80},))
    units = {name: question.catalogue(bank)[name].unit for name in every.features.column_names}
    preparation = candidate.preparation().fit(
        every.features.take(train), truth[train], units=units, period=every.cutoffs[train]
    )
    matrix = preparation.transform(every.features.take(train))
    miner = candidate.miner(**candidate.settings[0]).fit(
        matrix.values, truth[train], names=matrix.names, sample_weight=every.weight[train]
    )

    def chance(rows: Ints) -> Floats:
        return np.asarray(miner.probability(preparation.transform(every.features.take(rows)).values))

    return chance


def _overlap(own: Floats, main: Floats) -> float:
    """The share of one list's first twentieth that is in the other's too."""
    most = max(1, int(LIST * len(own)))
    first = [set(np.argsort(-one, kind="stable")[:most].tolist()) for one in (own, main)]
    return len(first[0] & first[1]) / most


def _spearman(own: Floats, main: Floats) -> float:
    ranks = [np.argsort(np.argsort(one, kind="stable"), kind="stable") for one in (own, main)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
