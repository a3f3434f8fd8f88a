"""One preparation for a stack: each part's columns in its miner's way, texts and events passed on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pytest

from bankmine.errors import FeasibilityError, UsageError
from bankmine.preparation.mixed import Mixed, Reads, preparation_from_json
from bankmine.preparation.preparation import Preparation
from bankmine.preparation.selection import Selection

TREES = Preparation.for_trees().settings
LINEAR = Preparation.for_linear().settings
READS = (
    Reads(("income", "region"), "trees", TREES),
    Reads(("income", "age"), "linear", LINEAR, present="known"),
    Reads(("purpose",), "text"),
    Reads(("events",), "events", present="known"),
)


def table(rows: int = 80, seed: int = 0) -> pa.Table:
    """Income with gaps, a region, an age, a text and a list of events with its cutoff."""
    draw = np.random.default_rng(seed)
    income = np.where(draw.random(rows) < 0.2, np.nan, draw.lognormal(10, 1, rows))
    return pa.table(
        {
            "income": pa.array(income, from_pandas=True), "region": draw.choice(["north", "south"], rows),
            "age": draw.integers(18, 80, rows), "known": draw.integers(0, 2, rows),
            "purpose": [None if one < 0.1 else "a car" for one in draw.random(rows)],
            "events": pa.array([[{"when": 1, "kind": "enquiry"}] if one < 0.5 else None
                                for one in draw.random(rows)]),
            "cutoff": np.full(rows, 9),
        }
    )  # fmt: skip


def test_each_part_is_prepared_as_alone_and_says_where_it_comes_from() -> None:
    given, new = table(), table(seed=1)
    mixed = Mixed(READS).fit(given, units={"income": "minor units"})
    made = mixed.transform(new)
    trees = Preparation(TREES).fit(given.select(["income", "region"]), units={"income": "minor units"})
    alone = trees.transform(new)
    for place, name in enumerate(alone.names):
        np.testing.assert_array_equal(made.values.column(name).to_numpy(), alone.values[:, place])
    there = given.filter(pa.compute.equal(given.column("known"), 1))
    linear = Preparation(LINEAR).fit(there.select(["income", "age"]), units={"income": "minor units"})
    filled = linear.transform(new)
    for place, name in enumerate(filled.names):
        column = made.values.column(f"linear:{name}")
        np.testing.assert_array_equal(column.to_numpy(), filled.values[:, place])
    said = {one.name: one.metadata for one in made.values.schema}
    assert said["linear:income"] == {b"source": b"income", b"way": b"linear"}
    assert made.sources[made.names.index("region=north")] == "region"
    assert made.values.column("purpose").to_pylist() == new.column("purpose").to_pylist()
    assert made.values.column("events").to_pylist() == new.column("events").to_pylist()
    assert made.values.column("cutoff").to_pylist() == [9] * 80


def test_what_is_prepared_alike_for_two_parts_stands_there_once() -> None:
    reads = (Reads(("income",), "trees", TREES), Reads(("income", "age"), "trees", TREES))
    assert Mixed(reads).fit_transform(table()).names == ("income", "age")


def test_a_part_that_few_rows_have_is_prepared_from_these() -> None:
    seldom = pa.array([place % 3 == 0 for place in range(90)])
    given = pa.table({"links": [float(one) if one % 3 == 0 else None for one in range(90)], "seldom": seldom})
    settings = replace(TREES, selection=Selection(most_missing=0.6))
    mixed = Mixed([Reads(("links",), "trees", settings, present="seldom")]).fit(given, np.arange(90) % 2)
    assert mixed.names_ == ("links", "seldom")
    assert mixed.report_.fates[0].missing_share == 0
    assert len(mixed.transform(given).values) == 90


def test_the_flag_of_a_part_and_what_is_read_are_told() -> None:
    mixed = Mixed(READS).fit(table())
    assert mixed.names_ == ("income", "region", "age", "known", "purpose", "events")
    flag = mixed.transform(table()).values.column("present:known")
    assert flag.to_pylist() == [float(one) for one in table().column("known").to_pylist()]
    assert mixed.report_.summary() == "5 of 5 columns kept over 80 training rows."


def test_a_saved_preparation_prepares_the_same() -> None:
    mixed = Mixed(READS).fit(table())
    again = preparation_from_json(json.loads(json.dumps(mixed.to_json())))
    assert isinstance(again, Mixed)
    first, second = (one.transform(table(seed=2)).values for one in (mixed, again))
    assert first.schema.equals(second.schema, check_metadata=True)
    assert repr(first.to_pydict()) == repr(second.to_pydict())
    assert again.settings == mixed.settings
    plain = Preparation(TREES).fit(table().select(["income"]))
    assert isinstance(preparation_from_json(plain.to_json()), Preparation)


def test_a_part_without_a_usable_column_is_left_out_unless_it_is_all_there_is() -> None:
    constant = table().set_column(0, "income", pa.array([1.0] * 80))
    reads = (Reads(("income",), "trees", TREES), Reads(("age",), "linear", LINEAR))
    mixed = Mixed(reads).fit(constant)
    assert mixed.transform(constant).names == ("linear:age",)
    assert "left out" in mixed.report_.summary()
    with pytest.raises(FeasibilityError, match="None of 1 parts has a usable column"):
        Mixed(reads[:1]).fit(constant)


@pytest.mark.parametrize("absent", ["income", "purpose", "known"])
def test_an_absent_column_is_named(absent: str) -> None:
    mixed = Mixed(READS).fit(table())
    with pytest.raises(UsageError, match=f"lacks the column '{absent}'"):
        mixed.transform(table().drop_columns([absent]))


def test_asking_before_fitting_and_other_formats_are_refused() -> None:
    with pytest.raises(UsageError, match="not fitted"):
        Mixed(READS).transform(table())
    content: dict[str, Any] = {**Mixed(READS).fit(table()).to_json(), "format": 9}
    with pytest.raises(UsageError, match="format 9"):
        Mixed.from_json(content)
