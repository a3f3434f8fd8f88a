"""Small worlds for property tests: few customers, many awkward instants."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from memory_warehouse import MemoryWarehouse

from bankmine.bank.civil import DAY, HOUR, Zone
from bankmine.windows.naive import Bank

PRAGUE = "Europe/Prague"
_zone = Zone(PRAGUE)
# Month ends, the leap day, both changes of the clock (2024-03-31 02:00, 2024-10-27 03:00), midnights.
_NAMED = (
    "2024-01-31", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-30T02:30", "2024-03-31",
    "2024-03-31T01:30", "2024-03-31T03:30", "2024-04-01", "2024-04-07T03:30", "2024-04-30",
    "2024-10-26T02:30", "2024-10-27T02:30", "2024-10-27T03:00", "2024-11-27T02:30", "2024-12-31T23:59",
)  # fmt: skip
INSTANTS = tuple(_zone.parse(text) for text in _NAMED)
COVERAGE = (_zone.parse("2023-12-01"), _zone.parse("2025-02-01"))
nudges = st.sampled_from([0, 0, 0, -1, 1, HOUR, -HOUR, 90 * 60 * 1_000_000])
instants = st.builds(lambda at, nudge: at + nudge, st.sampled_from(INSTANTS), nudges)
BACK = (0, 0, 1, HOUR, DAY - 1, DAY, DAY + HOUR, 3 * DAY, 7 * DAY, 20 * DAY, 30 * DAY, 31 * DAY, 59 * DAY)
lateness = st.sampled_from([0, 0, 0, 0, 1, HOUR, DAY, 40 * DAY])
amounts = st.one_of(st.integers(0, 9), st.sampled_from([10**9, 2**31, 2**55 - 1]))
# Halves, numbers that a product with 10 moves onto a half, and what is far below one unit.
reals = st.none() | st.sampled_from([0.25, 0.35, -0.15, 0.05, 2.5, -0.0, 1e-12, 49.123456, -90.0])


@dataclass(frozen=True)
class World:
    """The same rows for the kernels and for the naive twin."""

    warehouse: MemoryWarehouse
    bank: Bank
    focus: int = INSTANTS[0]


def world_of(
    rows: dict[str, list[dict[str, Any]]],
    coverage: tuple[int, int] | None = COVERAGE,
    focus: int = INSTANTS[0],
) -> World:
    """A world of some rows."""
    warehouse = MemoryWarehouse(rows, coverage=coverage, zone=PRAGUE)
    return World(warehouse, Bank(warehouse.raw, dict.fromkeys(rows, coverage), ZoneInfo(PRAGUE)), focus)


@st.composite
def versions(
    draw: st.DrawFn, event: dict[str, Any], changed: st.SearchStrategy[dict[str, Any]]
) -> list[dict[str, Any]]:
    """An event and its corrections, each known later (or in the same instant by a later load)."""
    found = [event]
    for load in range(2, 2 + draw(st.sampled_from([0, 0, 0, 1, 2]))):
        known_at = found[-1]["known_at"] + draw(st.sampled_from([0, 1, DAY, 35 * DAY]))
        fresh = {
            "known_at": known_at,
            "load_number": load,
            "cancelled": draw(st.sampled_from([False, False, True])),
        }
        found.append(found[-1] | draw(changed) | fresh)
    return found


def before(focus: int) -> st.SearchStrategy[int]:
    """Instants mostly a little before one instant, so that windows there are full."""
    near = st.builds(lambda back: focus - back, st.sampled_from(BACK))
    return st.one_of(near, near, near, instants)


@st.composite
def transactions(draw: st.DrawFn, number: int, focus: int) -> list[dict[str, Any]]:
    """All versions of one transaction, for each owner of its account."""
    at = draw(before(focus))
    event = {
        "transaction_id": number, "account_id": 5, "customer_id": draw(st.sampled_from([1, 1, 2])),
        "is_primary": True, "event_time": at, "known_at": at + draw(lateness),
        "seq": draw(st.sampled_from([0, 1, 1, 7])), "base_minor": draw(amounts),
        "direction": draw(st.sampled_from(["out", "out", "out", "in"])),
        "balance_after_minor": draw(st.none() | st.integers(-5, 5)),
        "category": draw(st.sampled_from(["food", "rent", "fun", None])),
        "merchant_id": draw(st.sampled_from([8, -9, None])),
        "terminal_id": draw(st.sampled_from([4, None, 4])),
        "device_id": draw(st.sampled_from([4, 6, None])), "pair_id": draw(st.sampled_from([4, 2, None])),
        "reversal_of": draw(st.sampled_from([None, None, number - 1])),
        "lat": draw(reals),
    }  # fmt: skip
    changed = st.fixed_dictionaries({}, optional={
        "base_minor": amounts, "event_time": instants, "category": st.sampled_from(["food", "rent"]),
        "terminal_id": st.sampled_from([4, 6]), "direction": st.sampled_from(["in", "out"]),
        "lat": reals, "reversal_of": st.none(), "device_id": st.sampled_from([4, 6]),
        "pair_id": st.sampled_from([2, 8]),
    })  # fmt: skip
    found = draw(versions(event, changed))
    for row in found:
        row["known_at"] = max(row["known_at"], row["event_time"])
    for earlier, later in pairwise(found):
        later["known_at"] = max(earlier["known_at"], later["known_at"])
    if draw(st.booleans()):
        found += [row | {"customer_id": 3, "is_primary": False} for row in found]
    return found


@st.composite
def verdicts(draw: st.DrawFn, count: int, focus: int) -> list[dict[str, Any]]:
    """Verdicts on some transactions, some withdrawn."""
    found: list[dict[str, Any]] = []
    for number in draw(st.lists(st.integers(1, max(count, 1)), max_size=3, unique=True)):
        at = draw(before(focus))
        event = {
            "subject_kind": "transaction", "subject_id": number, "label": "fraud", "verdict": "confirmed",
            "event_time": at, "known_at": at + draw(lateness), "customer_id": 1, "seq": number,
        }  # fmt: skip
        found += draw(
            versions(
                event,
                st.fixed_dictionaries({}, optional={"verdict": st.sampled_from(["refuted", "confirmed"])}),
            )
        )
    return found


@st.composite
def applications(draw: st.DrawFn, number: int, focus: int) -> list[dict[str, Any]]:
    """All versions of one credit application, whose outcome becomes known later or never."""
    at = draw(before(focus))
    event = {
        "application_id": number, "customer_id": draw(st.sampled_from([1, 2])), "event_time": at,
        "known_at": at + draw(lateness), "seq": number % 2, "amount_minor": draw(st.integers(0, 9)),
        "bad": draw(st.sampled_from([True, False, None])),
        "decision": draw(st.sampled_from(["approved", "declined", None])),
        "bad_known_at": draw(st.none() | before(focus)), "decided_at": draw(st.none() | before(focus)),
    }  # fmt: skip
    return draw(versions(event, st.fixed_dictionaries({}, optional={"bad": st.booleans()})))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Transactions, verdicts and applications of a few customers, most of them before one instant."""
    focus = draw(st.sampled_from(INSTANTS))
    count = draw(st.sampled_from([9, 6, 3, 1, 0]))
    rows = {
        "transaction": [row for n in range(1, count + 1) for row in draw(transactions(n, focus))],
        "credit_application": [row for n in range(min(count, 4)) for row in draw(applications(n, focus))],
        "feedback": draw(verdicts(count, focus)),
    }
    filler = {"event_time": INSTANTS[0], "customer_id": 99}
    rows["transaction"].append({"transaction_id": 99, "terminal_id": 99, **filler})
    rows["credit_application"].append({"application_id": 99, **filler})
    return world_of(rows, focus=focus)


@st.composite
def asked_rows(draw: st.DrawFn, world: World) -> list[tuple[int, int, int]]:
    """Rows (key, cutoff, seq) to ask of a world, most of them just after its events."""
    cutoff = st.builds(lambda on: world.focus + on, st.sampled_from([0, 1, HOUR, DAY, 8 * DAY, 31 * DAY]))
    row = st.tuples(
        st.sampled_from([1, 1, 4, 2, 3]), st.one_of(cutoff, cutoff, instants), st.sampled_from([0, 1, 2, 7])
    )
    return draw(st.lists(row, min_size=1, max_size=4))
