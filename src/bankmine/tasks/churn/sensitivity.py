"""How the list and its figures change where "leaves" means within 60 or 120 days instead of 90.

The same customers, features, miner and test months for each horizon; each trains only on labels that were
known before the first test month, so the longer horizon has less to learn from. That is part of the
comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.evaluation.intervals import interval
from bankmine.tasks.candidates import boosting
from bankmine.tasks.churn.questions import STRICT, Leaving
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked, Work

HORIZONS = (60, 90, 120)
LIST = 0.05


@dataclass(frozen=True)
class _Rows:
    """All rows with their features: those that may test (for every horizon alike) and those to score."""

    rows: Any
    features: Any
    cutoffs: Ints
    test: Ints
    scored: Ints


def by_horizon(work: Work, question: Leaving, asked: Asked) -> list[dict[str, Any]]:
    """For each horizon: base rate, AUC with interval, leavers and money expected, overlap of the lists.

    Empty where the longest horizon leaves nothing to test.
    """
    bank = work.bank
    every = _rows(work, question, asked)
    if not len(every.test):
        return []
    found, chances = [], {}
    for horizon in HORIZONS:
        told = _ask(
            replace(bank, settings={**bank.settings, "horizon_days": horizon}), question, asked, every
        )
        if told is not None:
            figures, chances[horizon] = told
            found.append(figures | {"horizon_days": horizon})
    main = chances.get(90)
    for one in found:
        own = chances[one["horizon_days"]]
        one["list_in_common"] = None if main is None else _overlap(own, main)
        one["rank_correlation"] = None if main is None else _spearman(own, main)
    return found


def _rows(work: Work, question: Leaving, asked: Asked) -> _Rows:
    bank = work.bank
    rows = question.population(bank, asked.plan)
    features = work.matrix(rows, tuple(question.features(bank)), catalogue=question.catalogue(bank))
    cutoffs = micros(rows.column("cutoff"))
    longest = replace(question.asking.definition.rule, horizon_days=max(HORIZONS))
    mature = longest.known_at(cutoffs, bank.warehouse.zone) <= bank.cutoff
    assert asked.plan.test is not None
    test = np.flatnonzero((cutoffs >= asked.plan.test.test_from) & mature)
    return _Rows(rows, features, cutoffs, test, np.flatnonzero(cutoffs == bank.cutoff))


def _ask(bank: Bank, question: Leaving, asked: Asked, every: _Rows) -> tuple[dict[str, Any], Floats] | None:
    """One horizon: its figures, and the chances of the scored rows; None where a class is missing."""
    assert asked.plan.test is not None
    known = question.rule(bank).known_at(every.cutoffs, bank.warehouse.zone)
    train = np.flatnonzero(known <= asked.plan.test.test_from)
    both = np.concatenate([train, every.test])
    truth = np.zeros(len(every.cutoffs), dtype=np.bool_)
    truth[both], _ = question.label(bank, every.rows.take(both))
    if min(truth[train].sum(), truth[every.test].sum()) < 20:
        return None
    candidate = boosting(bank, settings=({**STRICT, "n_estimators": 80},))
    units = {name: question.catalogue(bank)[name].unit for name in every.features.column_names}
    preparation = candidate.preparation().fit(
        every.features.take(train), truth[train], units=units, period=every.cutoffs[train]
    )
    matrix = preparation.transform(every.features.take(train))
    miner = candidate.miner(**candidate.settings[0]).fit(matrix.values, truth[train], names=matrix.names)

    def chance(rows: Ints) -> Floats:
        return np.asarray(miner.probability(preparation.transform(every.features.take(rows)).values))

    customers = every.rows.column("customer_id").to_numpy()[every.test]
    area = interval("auc", truth[every.test], chance(every.test), groups=customers, random_state=bank.seed)
    scored = chance(every.scored)
    stake = every.rows.column("value_minor").to_numpy()[every.scored]
    return {
        "train_rows": len(train), "test_rows": len(every.test),
        "base_rate": float(truth[every.test].mean()), "auc": area.value, "auc_low": area.low,
        "auc_high": area.high, "expected": float(scored.sum()), "at_risk_minor": float(scored @ stake),
    }, scored  # fmt: skip


def _overlap(own: Floats, main: Floats) -> float:
    """The share of one list's first twentieth that is in the other's too."""
    most = max(1, int(LIST * len(own)))
    first = [set(np.argsort(-one, kind="stable")[:most].tolist()) for one in (own, main)]
    return len(first[0] & first[1]) / most


def _spearman(own: Floats, main: Floats) -> float:
    ranks = [np.argsort(np.argsort(one, kind="stable"), kind="stable") for one in (own, main)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
