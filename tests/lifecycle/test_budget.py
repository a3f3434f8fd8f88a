"""A budget leaves rows out in a way that what is left stands for all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.config import USUAL
from bankmine.lifecycle.material import Material, fewer_learnt, fewer_tested
from bankmine.lifecycle.supervised import fit, fit_weighted, tune
from bankmine.mining.classification.baselines import Prior, SingleRule
from bankmine.mining.classification.logistic import Logistic
from bankmine.preparation.preparation import Preparation
from bankmine.tasks.contract import Bank, Candidate, Fold, Plan, Task
from bankmine.tasks.sql import instants, micros

CUSTOMERS, MONTHS = 2_000, 12
PLAN = Plan(
    score=(12, 13), sentence="", test=Fold(train_from=0, test_from=9, test_until=12),
    tuning=(Fold(train_from=0, test_from=8, test_until=9),),
)  # fmt: skip


def bank(**limits: int) -> Bank:
    return Bank(warehouse=cast(Any, None), cutoff=12, budget=replace(USUAL, **limits))


def rows() -> Any:
    customer = np.repeat(np.arange(CUSTOMERS), MONTHS + 1)
    cutoff = np.tile(np.arange(MONTHS + 1), CUSTOMERS)
    return pa.table({"subject_id": customer, "customer_id": customer, "cutoff": instants(cutoff)})


def test_tested_cutoffs_keep_whole_customers_and_scored_ones_all() -> None:
    kept, weight = fewer_tested(Task(), rows(), PLAN, bank(test_rows=2_000))
    cutoffs = micros(kept.column("cutoff"))
    customers = kept.column("customer_id").to_numpy()
    assert (cutoffs == 12).sum() == CUSTOMERS
    assert (cutoffs < 8).sum() == 8 * CUSTOMERS
    [first, *others] = [set(customers[cutoffs == at].tolist()) for at in (8, 9, 10, 11)]
    assert all(one == first for one in others)
    assert 400 < len(first) < 600
    assert weight[cutoffs >= 8][cutoffs[cutoffs >= 8] < 12].sum() == pytest.approx(4 * CUSTOMERS, rel=0.1)


def test_true_rows_stay_and_others_stand_for_those_left_out() -> None:
    every = rows()
    truth = np.random.default_rng(0).random(every.num_rows) < 0.02
    ones = np.ones(every.num_rows)
    kept, weight = fewer_learnt(Task(), every, PLAN, bank(learning_rows=3_000), truth, ones)
    learnt = micros(every.column("cutoff"))[kept] < 8
    assert truth[kept][learnt].sum() == truth[micros(every.column("cutoff")) < 8].sum()
    assert (~learnt).sum() == 5 * CUSTOMERS
    assert learnt.sum() == pytest.approx(3_000, rel=0.1)
    assert weight[learnt].sum() == pytest.approx(8 * CUSTOMERS, rel=0.05)
    assert (weight[learnt & truth[kept]] == 1).all()


def test_a_question_that_needs_everybody_is_left_whole() -> None:
    class Whole(Task):
        may_be_thinned = False

    every = rows()
    assert fewer_tested(Whole(), every, PLAN, bank(test_rows=10))[0].num_rows == every.num_rows
    truth = np.zeros(every.num_rows, dtype=np.bool_)
    kept, _ = fewer_learnt(Whole(), every, PLAN, bank(learning_rows=10), truth, np.ones(every.num_rows))
    assert len(kept) == every.num_rows


@pytest.mark.parametrize("miner", [Prior(), Logistic(), SingleRule("x")], ids=["prior", "logistic", "rule"])
def test_chances_from_fewer_rows_are_those_of_all(miner: Any) -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=(40_000, 1))
    truth = draw.random(40_000) < 1 / (1 + np.exp(4 - x[:, 0]))
    kept = truth | (draw.random(40_000) < 0.1)
    weight = np.where(truth, 1.0, 10.0)[kept]
    fitted = fit_weighted(miner, x[kept], truth[kept], ["x"], weight)
    assert fitted.probability(x).mean() == pytest.approx(truth.mean(), rel=0.15)


def test_chances_calibrated_in_folds_of_customers_are_those_of_all_rows() -> None:
    draw = np.random.default_rng(2)
    x = draw.normal(size=30_000)
    truth = draw.random(30_000) < 1 / (1 + np.exp(4 - x))
    kept = truth | (draw.random(30_000) < 0.1)
    customer = np.arange(kept.sum())
    cutoff = (customer % 50 == 0).astype(np.int64)  # a fiftieth tests
    material = Material(
        rows=pa.table({"customer_id": customer, "cutoff": instants(cutoff)}), names=("x",), units={},
        features=pa.table({"x": x[kept]}), sentences={}, truth=truth[kept], known_at=cutoff,
        weight=np.where(truth, 1.0, 10.0)[kept],
    )  # fmt: skip
    plan = Plan(score=(9, 10), sentence="", test=Fold(train_from=0, test_from=1, test_until=2))
    candidate = Candidate(
        name="logistic", words="", preparation=Preparation.for_linear, miner=Logistic, calibrate=True
    )
    tuned = tune(Task(), bank(), material, plan, candidate)
    model = fit(material, tuned, customer, seed=0)
    said, _ = model.scores(pa.table({"x": x}))
    assert said.mean() == pytest.approx(truth.mean(), rel=0.35)


@given(st.integers(12, 80), st.integers(0, 5))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_folds_of_customers_part_the_training_rows_and_deal_the_true_ones_out(count: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    customer = draw.integers(0, count, 5 * count)
    truth = np.asarray(draw.random(5 * count) < 0.2)
    table = pa.table({"customer_id": customer, "cutoff": instants(np.zeros(5 * count, np.int64))})
    material = Material(
        rows=table, features=table, names=(), units={}, sentences={}, truth=truth, known_at=customer
    )
    train = np.flatnonzero(draw.random(5 * count) < 0.8)
    folds = material.within(train)
    np.testing.assert_array_equal(np.sort(np.concatenate([held for _, held in folds])), train)
    for learnt, held in folds:
        assert not set(customer[learnt]) & set(customer[held])
        np.testing.assert_array_equal(np.sort(np.concatenate([learnt, held])), train)
    true = [len(np.unique(customer[held][truth[held]])) for _, held in folds]
    assert max(true) - min(true) <= 1
