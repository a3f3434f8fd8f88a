"""Rows that stand, asked with changes: the same answers, bit for bit, as by preparing everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.lifecycle.standing import Standing
from bankmine.lifecycle.supervised import Model
from bankmine.mining.classification.boosting import Boosting
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.combination.part import Part
from bankmine.mining.combination.stack import Stack
from bankmine.preparation.mixed import Mixed, Reads
from bankmine.preparation.preparation import Preparation, Settings

TREES = Settings(categories="codes")
LINEAR = Settings(missing="median", missing_flags=True, log=True, winsorise=0.01, scale=True)
ROWS = 400
COLUMNS = ("income", "age", "links", "region", "asked", "purpose")


def table(rows: int = ROWS, seed: int = 0) -> pa.Table:
    draw = np.random.default_rng(seed)
    nothing = pa.nulls(rows, pa.float64())
    return pa.table(
        {
            "income": pa.array(draw.lognormal(8, 1, rows), mask=draw.random(rows) < 0.2),
            "age": pa.array(draw.integers(18, 80, rows)),
            "links": nothing if seed else pa.array(draw.poisson(2.0, rows).astype(float)),
            "known": pa.array((draw.random(rows) < 0.7).astype(float)),
            "region": pa.array(draw.choice(["north", "south", "east"], rows)),
            "asked": pa.array(draw.lognormal(7, 1, rows)),
            "purpose": pa.array(draw.choice(["a car", "a new roof", "the debts of my brother"], rows)),
        }
    )


def label(given_: pa.Table) -> Any:
    asked = given_.column("asked").to_numpy()
    return (asked / np.median(asked) + np.random.default_rng(5).random(len(asked)) > 1.4).astype(int)


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    """One of each kind: a stack of trees, a linear part that some rows lack and a text; trees alone."""
    taught = table()
    parts = (
        Part("windows", ("income", "age", "region", "asked"), "Boosting", {"n_estimators": 20}),
        Part("network", ("links", "asked"), "Logistic", present="known"),
        Part("text", ("purpose",), "TextLinear"),
    )
    reads = [
        Reads(one.columns, one.way, {"trees": TREES, "linear": LINEAR}.get(one.way), one.present)
        for one in parts
    ]
    mixed = Mixed(reads).fit(taught, label(taught))
    stack = Stack(parts, folds=3).fit(mixed.transform(taught).values, label(taught))
    numbers = taught.drop_columns(["purpose", "known"])
    alone = Preparation(TREES).fit(numbers, label(taught))
    trees = Boosting(n_estimators=20).fit(alone.transform(numbers).values, label(taught), names=alone.names_)
    linear = Preparation(LINEAR).fit(numbers, label(taught))
    line = Logistic().fit(linear.transform(numbers).values, label(taught), names=linear.names_)
    return {
        "stack": Model("stack", mixed, stack, {}, ROWS),
        "trees": Model("trees", alone, trees, {}, ROWS),
        "line": Model("line", linear, line, {}, ROWS),
    }


def whole(model: Model, standing: pa.Table, rows: Any, changed: pa.Table) -> Any:
    """The obvious way: the rows with their changes, all prepared."""
    taken = standing.take(pa.array(rows))
    for name in changed.column_names:
        taken = taken.set_column(taken.column_names.index(name), name, changed.column(name))
    return model.miner.probability(model.matrix(taken).values)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_stands_answers_as_if_all_were_prepared_anew(
    models: dict[str, Model], data: st.DataObject
) -> None:
    model = models[data.draw(st.sampled_from(sorted(models)))]
    stands = table(50, seed=data.draw(st.integers(1, 3)))
    if data.draw(st.booleans()):
        stands = stands.set_column(6, "purpose", pa.nulls(50, pa.string()))
    nobody = pa.Table.from_arrays([pa.nulls(1, one.type) for one in stands.schema], schema=stands.schema)
    stands = pa.concat_tables([stands, nobody])
    rows = np.array(data.draw(st.lists(st.integers(0, 50), min_size=1, max_size=8)))
    names = data.draw(st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True))
    other = table(len(rows), seed=9).select(names)
    if data.draw(st.booleans()):  # some are not said
        other = other.set_column(0, names[0], pa.nulls(len(rows), other.schema.field(names[0]).type))
    said = Standing(model, stands).probability(rows, other)
    np.testing.assert_array_equal(said, whole(model, stands, rows, other))
