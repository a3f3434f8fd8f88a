"""A budget leaves rows out in a way that what is left stands for all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from bankmine.config import USUAL
from bankmine.lifecycle.material import fewer_learnt, fewer_tested
from bankmine.lifecycle.supervised import fit_weighted
from bankmine.mining.classification.baselines import Prior, SingleRule
from bankmine.mining.classification.logistic import Logistic
from bankmine.tasks.contract import Bank, Fold, Plan, Task
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
