"""Online answers are the bits of the naive twin, on worlds full of awkward events, restarts in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from online_features import ACCOUNTS, CUSTOMERS, OUTCOMES, TERMINALS
from streams import ZONE, answers, as_table, differences, expected, in_calls, stream_of
from worlds import COVERAGE, World, worlds

from bankmine.windows.online import OnlineState

STATES = {
    "customers": ("transaction", CUSTOMERS),
    "terminals": ("transaction", TERMINALS),
    "outcomes": ("credit_application", OUTCOMES),
    "several keys": ("transaction", (*CUSTOMERS, *TERMINALS, *ACCOUNTS)),
}
thorough = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)


def begin(features: Any, world: World, lateness: str) -> OnlineState:
    """A state at its start, told of all feedback ahead."""
    state = OnlineState.start(features, zone=ZONE, covered_from=COVERAGE[0], lateness=lateness, limit=1 << 26)
    feedback = sorted(world.bank.rows["feedback"], key=lambda row: row["known_at"])
    state.enter_feedback(as_table("feedback", feedback))
    return state


@pytest.mark.parametrize("name", STATES)
@thorough
@given(world=worlds(), cuts=st.lists(st.integers(0, 20), max_size=3), restart=st.integers(0, 3))
def test_online_equals_its_naive_twin_across_a_restart(
    name: str, tmp_path: Path, world: World, cuts: list[int], restart: int
) -> None:
    table, features = STATES[name]
    rows = stream_of(world, table)
    calls = in_calls(rows, cuts)
    state = begin(features, world, "99d")
    state, found = answers(state, table, calls, tmp_path / "state", restart % len(calls))
    event(f"late: {min(state.late, 3)}")
    assert state.offset == len(rows)
    assert state.too_late == 0
    assert not differences(found, expected(world, features, rows))


@pytest.mark.parametrize("name", ["customers", "terminals"])
@thorough
@given(world=worlds(), cuts=st.lists(st.integers(0, 20), max_size=2))
def test_what_is_too_late_is_missing_and_counted_and_never_another_number(
    name: str, world: World, cuts: list[int]
) -> None:
    table, features = STATES[name]
    features = tuple(feature for feature in features if "all" not in feature.name)
    rows = stream_of(world, table)
    state = begin(features, world, "1h")
    state, found = answers(state, table, in_calls(rows, cuts))
    wanted = expected(world, features, rows)
    missing = [
        row
        for row, values in enumerate(wanted)
        if any(value is not None and found[row][name] is None for name, value in values.items())
    ]
    event(f"too late: {min(len(missing), 3)}")
    assert state.too_late >= len(missing)
    for row in missing:
        given = {name: value for name, value in found[row].items() if value is not None}
        wanted[row] = {name: wanted[row][name] for name in given}
    assert not differences(found, wanted)
