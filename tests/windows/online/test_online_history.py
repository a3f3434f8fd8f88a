"""Hot start: a state filled from the warehouse answers as one that was there from the start."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_warehouse import MemoryWarehouse
from online_features import CUSTOMERS, OUTCOMES, TERMINALS
from streams import FOREVER, ZONE, answers, as_table, in_calls, stream_of
from test_online_long import BEGIN, FEATURES, history
from worlds import COVERAGE, PRAGUE, World, worlds

from bankmine.errors import UsageError
from bankmine.windows import events, windows
from bankmine.windows.online import OnlineState

LIMIT = 1 << 26
thorough = settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


@pytest.mark.parametrize(
    ("table", "features"),
    [("transaction", (*CUSTOMERS, *TERMINALS)), ("credit_application", OUTCOMES)],
    ids=["transactions", "applications"],
)
@thorough
@given(world=worlds(), cut=st.integers(0, 20))
def test_a_hot_start_goes_on_as_if_it_had_always_been_there(
    table: str, features: Any, world: World, cut: int
) -> None:
    rows, feedback = stream_of(world, table), world.bank.rows["feedback"]
    calls = in_calls(rows, [cut])
    first, rest = (calls[0], calls[1:]) if len(calls) > 1 else ([], calls)
    streamed = OnlineState.start(features, zone=ZONE, covered_from=COVERAGE[0], lateness="60d", limit=LIMIT)
    streamed.enter_feedback(as_table("feedback", sorted(feedback, key=lambda row: row["known_at"])))
    streamed, _ = answers(streamed, table, [first] if first else [])
    until = first[-1]["known_at"] if first else COVERAGE[0]
    hot = OnlineState.from_warehouse(world.warehouse, features, until=until, lateness="60d", limit=LIMIT)
    later = [row for row in feedback if row["known_at"] > until]
    hot.enter_feedback(as_table("feedback", sorted(later, key=lambda row: row["known_at"])))
    assert answers(hot, table, rest)[1] == answers(streamed, table, rest)[1]


ROWS = history(9, 600, 30)
NEW = windows(
    events("transaction").measure("balance_after_minor"),
    over=["24h", "5d"],
    aggregate=["count", "max", "mean"],
)


def warehouse_of(rows: Any) -> MemoryWarehouse:
    return MemoryWarehouse({"transaction": rows}, coverage=(BEGIN, FOREVER), zone=PRAGUE)


def test_a_new_feature_is_filled_without_a_gap() -> None:
    rows = [row | {"balance_after_minor": number % 50} for number, row in enumerate(ROWS)]
    state = OnlineState.start(FEATURES, zone=ZONE, covered_from=BEGIN, limit=LIMIT)
    state.enter(as_table("transaction", rows[:400]))
    grown = state.with_features(NEW, warehouse_of(rows[:400]))
    always = OnlineState.start([*FEATURES, *NEW], zone=ZONE, covered_from=BEGIN, limit=LIMIT)
    always.enter(as_table("transaction", rows[:400]))
    assert grown.offset == 400
    assert grown.known_until == always.known_until
    with pytest.raises(UsageError, match="the answer was not made by this state"):
        grown.one(grown.new_event(), state.new_answer())
    rest = as_table("transaction", rows[400:])
    assert grown.enter(rest).equals(always.enter(rest))


def test_a_new_feature_is_refused_where_the_warehouse_lags_behind_the_state() -> None:
    state = OnlineState.start(FEATURES, zone=ZONE, covered_from=BEGIN, limit=LIMIT)
    state.enter(as_table("transaction", ROWS[:400]))
    with pytest.raises(UsageError, match="the warehouse lacks 10 events"):
        state.with_features(NEW, warehouse_of(ROWS[:390]))


def test_only_what_can_still_matter_is_kept() -> None:
    state = OnlineState.from_warehouse(
        warehouse_of(ROWS), FEATURES, until=ROWS[-1]["known_at"], lateness="1d", limit=LIMIT
    )
    assert 50 < state.events < 350
