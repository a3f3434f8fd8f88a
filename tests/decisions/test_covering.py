"""Sweeps over rows find what trying every cell finds, and stop at once where the rows are too entangled."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.decisions.credit_policy.boxes import Box, bits_of, runs_of
from bankmine.decisions.credit_policy.checking import check
from bankmine.decisions.credit_policy.conditions import Condition, Field
from bankmine.decisions.credit_policy.covering import Covering
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.policy import Policy, Row
from bankmine.errors import FeasibilityError

Table = tuple[list[Box], list[int]]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Up to eight rows over up to three fields of up to five cells; sets of cells need not be runs."""
    counts = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    row = st.tuples(*(st.integers(1, 2**count - 1) for count in counts))
    return draw(st.lists(row, min_size=1, max_size=8)), counts


def firsts(table: Table) -> dict[tuple[int, ...], int | None]:
    """The first row that holds in each cell of the grid, by trying them all."""
    boxes, counts = table
    return {
        cell: next((n for n, box in enumerate(boxes)
                    if all(mask >> at & 1 for mask, at in zip(box, cell, strict=True))), None)
        for cell in itertools.product(*(range(count) for count in counts))
    }  # fmt: skip


def inside(box: Box, cell: tuple[int, ...]) -> bool:
    return all(mask >> at & 1 for mask, at in zip(box, cell, strict=True))


@given(tables())
@settings(max_examples=150, derandomize=True, deadline=None)
def test_gaps_and_first_rows_are_those_of_every_cell(table: Table) -> None:
    slow, covering = firsts(table), Covering(*table)
    found = covering.gaps()
    assert found.all_boxes
    assert found.all_first
    assert set(bits_of(found.first)) == {row for row in slow.values() if row is not None}
    for cell, row in slow.items():
        assert sum(inside(box, cell) for box in found.boxes) == (row is None)


@given(tables())
@settings(max_examples=150, derandomize=True, deadline=None)
def test_who_is_first_where_a_row_holds_is_told_row_by_row(table: Table) -> None:
    slow, covering = firsts(table), Covering(*table)
    for row, box in enumerate(table[0]):
        taken = covering.taken(row)
        assert taken.free == (row in slow.values())
        if not taken.free:
            takers = {slow[cell] for cell in slow if inside(box, cell)}
            assert set(bits_of(taken.takers)) == takers


@given(tables())
@settings(max_examples=100, derandomize=True, deadline=None)
def test_rows_that_meet_are_those_with_a_cell_in_common(table: Table) -> None:
    boxes = table[0]
    slow = [sum(1 << n for n, other in enumerate(boxes)
                if all(a & b for a, b in zip(one, other, strict=True))) for one in boxes]  # fmt: skip
    assert Covering(*table).meets() == slow


@given(st.integers(0, 2**40))
@settings(max_examples=100, derandomize=True, deadline=None)
def test_runs_are_the_bits_in_order(mask: int) -> None:
    runs = list(runs_of(mask))
    assert [bit for first, last in runs for bit in range(first, last + 1)] == list(bits_of(mask))
    assert all(after[0] > before[1] + 1 for before, after in itertools.pairwise(runs))


def thrown(rows: int, *, width: float, default: bool, hit: str = "first") -> Decider:
    """Rows of four ranges thrown at random: the most entangled table there is."""
    draw = np.random.default_rng(3)
    fields = tuple(Field(f"x{place}", "number", 0.0, 1.0) for place in range(4))
    made = []
    for name, lows in enumerate(draw.uniform(0, 1 - width, (rows, 4)).tolist()):
        when = {one.name: Condition(((low, low + width),)) for one, low in zip(fields, lows, strict=True)}
        made.append(Row(str(name), when, "approve", "ok"))
    if default:
        made.append(Row("else", {}, "decline", "no"))
    return Decider(Policy("thrown", hit, fields, tuple(made)))


@pytest.mark.parametrize("width", [0.1, 0.3, 0.8])
@pytest.mark.parametrize("hit", ["first", "unique"])
def test_a_thousand_entangled_rows_are_answered_or_refused_in_about_a_second(width: float, hit: str) -> None:
    decider = thrown(1_000, width=width, default=False, hit=hit)
    began = time.process_time()
    found = check(decider)
    assert time.process_time() - began < 3.0
    assert not found.good
    assert found.not_settled
    assert any(line in found.not_settled for line in found.lines())


def test_a_table_too_entangled_to_tell_is_refused_at_once_and_never_called_good() -> None:
    assert check(thrown(60, width=0.5, default=True)).good
    hard = thrown(220, width=0.45, default=True)
    began = time.process_time()
    with pytest.raises(FeasibilityError, match="so entangled that 800,000 steps do not suffice"):
        check(hard)
    assert time.process_time() - began < 3.0


def test_without_steps_nothing_is_claimed() -> None:
    boxes: list[Box] = [(0b0011, 0b0110), (0b0110, 0b1100), (0b1100, 0b0011), (0b0110, 0b0110)]
    covering = Covering(boxes, [4, 4], steps=1)
    found = covering.gaps()
    assert not found.all_boxes
    assert not found.all_first


def test_a_grid_of_three_thousand_rows_is_whole_in_a_moment() -> None:
    parts = (15, 20, 10)
    fields = tuple(Field(f"x{place}", "whole", 0.0, 10.0 * part - 1) for place, part in enumerate(parts))
    rows = tuple(
        Row(str(cells), {one.name: Condition(((10.0 * at, 10.0 * at + 9),))
                         for one, at in zip(fields, cells, strict=True)}, "approve", "ok")
        for cells in itertools.product(*(range(part) for part in parts))
    )  # fmt: skip
    for hit in ("unique", "first"):
        began = time.process_time()
        assert check(Decider(Policy("grid", hit, fields, rows))).good
        assert time.process_time() - began < 3.0
        (gap,) = check(Decider(Policy("grid", hit, fields, rows[:-1]))).faults
        assert gap.where == "x0 [140, 149] and x1 [190, 199] and x2 [90, 99]"
