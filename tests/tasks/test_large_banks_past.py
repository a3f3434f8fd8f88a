"""Of a large bank the customers drawn have the rows and labels they have in a bank looked at whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_classification import looks_of

from bankmine.config import QUICK
from bankmine.folder import BankFolder
from bankmine.tasks.behaviour import steps
from bankmine.tasks.behaviour.cross_border import CrossBorder, homes
from bankmine.tasks.behaviour.steps import walks_at
from bankmine.tasks.classification.question import InClass
from bankmine.tasks.contract import Bank, Task
from bankmine.tasks.next_product import NextProduct
from bankmine.tasks.population import check_cutoff, drawn_customers
from bankmine.tasks.sql import micros


@pytest.fixture(scope="module")
def whole(simulated: BankFolder) -> Bank:
    cutoff = check_cutoff(simulated.warehouse, NextProduct("fund").needs, None)
    return Bank(warehouse=simulated.warehouse, cutoff=cutoff, budget=replace(QUICK, customers=10**6))


@pytest.fixture(scope="module")
def large(whole: Bank) -> Bank:
    return replace(whole, budget=replace(QUICK, customers=500), statements={})


@pytest.mark.parametrize("kind", ["next product", "cross-border", "class"])
def test_the_drawn_have_the_rows_and_labels_they_have_among_all(kind: str, whole: Bank, large: Bank) -> None:
    def question(bank: Bank) -> Task:
        if kind == "class":
            return InClass(looks_of(bank), "prime", families=["boosting"], kind="person")
        return NextProduct("fund") if kind == "next product" else CrossBorder()

    drawn = drawn_customers(large)
    assert drawn is not None
    plan = question(whole).plan(whole)
    plan = replace(plan, cutoffs=(*plan.cutoffs[:-1][-3:], whole.cutoff))
    every, some = (question(bank).population(bank, plan) for bank in (whole, large))
    past = micros(every.column("cutoff")) < whole.cutoff
    kept = ~past | np.isin(every.column("customer_id").to_numpy(), drawn)
    assert some.equals(every.filter(kept))
    assert 100 < kept[past].sum() < past.sum() / 2
    if kind == "class":  # its limits are quantiles over those seen
        return
    ripe = every.filter(past & kept)
    truths = [question(bank).label(bank, ripe)[0] for bank in (whole, large)]
    assert (truths[0] == truths[1]).all()
    assert truths[0].any()


def test_home_is_the_country_of_the_drawn_customers_payments(whole: Bank, large: Bank) -> None:
    cutoffs = CrossBorder().plan(whole).cutoffs[::6]
    assert homes(large, cutoffs) == homes(whole, cutoffs)
    assert set(homes(large, cutoffs[:1])) == set(cutoffs[:1])


def test_the_drawn_walk_as_they_do_among_all(whole: Bank, large: Bank) -> None:
    cutoffs = list(CrossBorder().plan(whole).cutoffs[-3:])
    of = drawn_customers(large)
    assert of is not None
    every, some = walks_at(whole, cutoffs, kind="person"), walks_at(large, cutoffs, kind="person", of=of)
    place = every.place(some.customer, some.cutoff)
    assert (place >= 0).all()
    names = [one.sequences.elements.names.to_pylist() for one in (every, some)]
    for row in range(0, len(place), 23):
        steps = [
            [(names[number][one.sequences.elements.items[at]], one.sequences.times[at])
             for at in range(one.sequences.offsets[here], one.sequences.offsets[here + 1])]
            for number, (one, here) in enumerate(((every, place[row]), (some, row)))
        ]  # fmt: skip
        assert steps[0] == steps[1]
    now = walks_at(whole, cutoffs[-1:], kind="person")  # one cutoff alone is asked otherwise
    last = every.cutoff == cutoffs[-1]
    assert (now.customer == every.customer[last]).all()
    assert (
        len(now.sequences.elements) == every.sequences.offsets[-1] - every.sequences.offsets[np.argmax(last)]
    )


def test_walks_of_everybody_are_the_same_asked_in_portions(
    whole: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = steps.walks_at(whole, [whole.cutoff], kind="person")
    monkeypatch.setattr(steps, "PORTION", 300)
    in_portions = steps.walks_at(whole, [whole.cutoff], kind="person")
    assert len(steps._portions(at_once.customer)) == 8
    assert np.array_equal(at_once.customer, in_portions.customer)
    one, other = at_once.sequences, in_portions.sequences
    assert one.elements.offsets[-1] > 1_000
    assert np.array_equal(one.offsets, other.offsets)
    assert np.array_equal(one.times, other.times)
    assert np.array_equal(one.elements.offsets, other.elements.offsets)
    said = [[each.names[item] for item in each.items.tolist()] for each in (one.elements, other.elements)]
    assert said[0] == said[1]
