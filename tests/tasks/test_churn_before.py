"""Whom leavers are compared with, and how many leavers: the same as by sorting everybody, at less cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.hashing import splitmix64
from bankmine.tasks.churn import before


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 2**62), unique=True, max_size=60), st.integers(1, 5))
def test_the_least_are_those_a_sort_puts_first(keys: list[int], count: int) -> None:
    values = splitmix64(np.array(keys, dtype=np.int64))
    assert before._least(values, count).tolist() == np.argsort(values, kind="stable")[:count].tolist()


def test_few_leavers_are_all_looked_at() -> None:
    leavers = [(one, 10 * one) for one in range(50)]
    assert before._few(leavers) == leavers


def test_of_many_leavers_a_part_is_drawn_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(before, "MOST_LEAVERS", 20)
    leavers = [(one, 10 * one) for one in range(500)]
    drawn = before._few(leavers)
    assert len(drawn) == 20
    assert drawn == sorted(drawn)
    assert set(drawn) < set(leavers)
    assert drawn[-1][0] > 250  # not the first ones
