"""A move is counted once, carries the customer's money, and is explained by what changed for the movers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.tasks.segmentation.migration import Migration, migration
from bankmine.tasks.segmentation.model import Applied

COLUMNS = ("bought_share_fuel_24mo", "cash_share_24mo")


def applied(label: list[int], values: np.ndarray | None = None) -> Applied:
    rows = len(label)
    made = np.zeros((rows, 2)) if values is None else values
    return Applied(np.array(label, np.int64), np.zeros(rows), np.ones(rows, np.bool_), made)


def compared(then: list[tuple[int, int]], now: list[tuple[int, int]]) -> Migration:
    first, second = sorted(then), sorted(now)
    return migration(
        12, (np.array([one for one, _ in first], np.int64), applied([s for _, s in first])),
        (np.array([one for one, _ in second], np.int64), applied([s for _, s in second])),
        np.arange(len(second), dtype=np.float64), COLUMNS, 3,
    )  # fmt: skip


people = st.dictionaries(st.integers(0, 40), st.integers(0, 2), max_size=30)


@settings(derandomize=True, max_examples=60)
@given(people, people)
def test_every_customer_of_both_looks_is_in_one_cell(then: dict[int, int], now: dict[int, int]) -> None:
    found = compared(list(then.items()), list(now.items()))
    for a in range(3):
        for b in range(3):
            both = [one for one in then if one in now and then[one] == a and now[one] == b]
            assert found.customers[a, b] == len(both)
            place = {one: row for row, one in enumerate(sorted(now))}
            assert found.money[a, b] == pytest.approx(sum(place[one] for one in both))
    assert found.joined.sum() == len(now.keys() - then.keys())
    assert found.left.sum() == len(then.keys() - now.keys())
    assert found.moved == sum(then[one] != now[one] for one in then.keys() & now.keys())
    told = zip(found.who.tolist(), found.source.tolist(), found.target.tolist(), strict=True)
    assert list(told) == [(one, then[one], now[one]) for one in sorted(then.keys() & now.keys())]


def test_a_move_is_explained_by_what_changed_for_the_movers_alone() -> None:
    ids = np.arange(40, dtype=np.int64)
    before, after = np.zeros((40, 2)), np.zeros((40, 2))
    after[:, 1] += 1.0  # everybody takes out more cash
    after[:10, 0] += 2.0  # the movers buy more fuel besides
    found = migration(
        6,
        (ids, applied([0] * 40, before)),
        (ids, applied([1] * 10 + [0] * 30, after)),
        np.ones(40),
        COLUMNS,
        2,
    )
    (move,) = found.moves
    assert (move.source, move.target, move.customers, move.money_minor) == (0, 1, 10, 10.0)
    assert [one.feature for one in move.reasons] == ["bought_share_fuel_24mo"]
    assert move.reasons[0].change == pytest.approx(2.0)


def test_a_handful_of_movers_is_not_explained() -> None:
    found = compared([(one, 0) for one in range(20)], [(one, int(one < 3)) for one in range(20)])
    assert found.moved == 3
    assert found.moves == ()
