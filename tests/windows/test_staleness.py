"""How old each source is at a cutoff is shown, and can be refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import World, instants, worlds

from bankmine.bank.civil import DAY
from bankmine.errors import BankmineError, ConfigurationError, CutoffError
from bankmine.windows.staleness import NEVER, newest_events, refuse_stale, staleness
from engine.small_warehouse import SmallWarehouse


@pytest.fixture
def bank(tmp_path: Path) -> SmallWarehouse:
    small = SmallWarehouse(tmp_path)
    small.load(
        transaction=[
            {"transaction_id": 1, "customer_id": 7, "event_time": "2024-03-01"},
            {"transaction_id": 2, "customer_id": 7, "event_time": "2024-03-05", "known_at": "2024-03-20"},
        ],
        contact=[{"contact_id": 1, "customer_id": 7, "event_time": "2023-01-01"}],
        coverage=("2023-01-01", "2024-04-01"),
    )
    return small


def test_the_newest_event_is_the_newest_known_then(bank: SmallWarehouse) -> None:
    (early,) = staleness(bank.warehouse, ["transaction"], bank.at("2024-03-11"))
    assert (early.newest_event, early.days) == (bank.at("2024-03-01"), 10)
    assert early.covered_until == bank.at("2024-04-01")
    (later,) = staleness(bank.warehouse, ["transaction"], bank.at("2024-03-25"))
    assert later.newest_event == bank.at("2024-03-05")
    (since,) = staleness(bank.warehouse, ["transaction"], bank.at("2024-03-11"), as_of=bank.at("2024-03-25"))
    assert since.newest_event == bank.at("2024-03-05")
    (none,) = staleness(bank.warehouse, ["transaction"], bank.at("2024-01-01"))
    assert (none.newest_event, none.days) == (None, None)


def test_a_source_that_is_too_old_is_refused_by_name(bank: SmallWarehouse) -> None:
    cutoffs = np.array([bank.at("2024-03-25"), bank.at("2024-03-04")])
    both = ["transaction", "contact"]
    refuse_stale(bank.warehouse, ["transaction"], cutoffs, "20d")
    with pytest.raises(CutoffError, match="of contact nothing after 2023-01-01 was known at 2024-03-04"):
        refuse_stale(bank.warehouse, both, cutoffs, "20d")
    with pytest.raises(CutoffError, match=r"of transaction nothing after 2024-03-05 .* 19 days may pass"):
        refuse_stale(bank.warehouse, both, cutoffs, {"transaction": "19d"})
    refuse_stale(bank.warehouse, both, cutoffs, {"transaction": "20d"})


def test_a_maximum_that_cannot_be_meant_is_refused(bank: SmallWarehouse) -> None:
    cutoffs = np.array([bank.at("2024-03-25")])
    with pytest.raises(ConfigurationError, match="cannot be 'all'"):
        refuse_stale(bank.warehouse, ["transaction"], cutoffs, "all")
    with pytest.raises(BankmineError, match="transactions"):
        refuse_stale(bank.warehouse, ["transaction"], cutoffs, {"transactions": "1d"})


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    world=worlds(),
    cutoffs=st.lists(instants, min_size=1, max_size=4, unique=True),
    later=st.sampled_from([None, 0, 9]),
)
def test_newest_events_are_what_a_search_through_all_rows_finds(
    world: World, cutoffs: list[int], later: int | None
) -> None:
    as_of = None if later is None else max(cutoffs) + later * DAY
    found = newest_events(world.warehouse, "transaction", np.array(sorted(cutoffs)), as_of)
    rows = world.warehouse.raw["transaction"]
    for cutoff, newest in zip(sorted(cutoffs), found.tolist(), strict=True):
        known = cutoff if as_of is None else as_of
        times = [row["event_time"] for row in rows if row["event_time"] < cutoff and row["known_at"] <= known]
        assert newest == max(times, default=NEVER)
