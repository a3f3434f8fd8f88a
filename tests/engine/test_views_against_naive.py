"""The views, for one instant and for many at once, equal plain Python that says the same slowly."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind, Type
from bankmine.engine import session as session_module
from bankmine.engine.asked import as_known_at
from bankmine.engine.session import Session
from bankmine.errors import UsageError
from engine.naive import known_rows
from engine.small_warehouse import SmallWarehouse

Row = dict[str, Any]
BASE_DAY = 19_700  # 2023-12-09
INSTANT = pa.timestamp("us", tz="UTC")
small = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
days = st.integers(0, 8)


@st.composite
def contact_loads(draw: st.DrawFn) -> list[list[Row]]:
    """Events with corrections, cancellations, lateness and outcomes; at most one version a key and load."""
    loads = []
    for _ in range(draw(st.integers(1, 3))):
        rows = []
        for key in draw(st.sets(st.integers(1, 4), max_size=4)):
            happened = draw(days)
            rows.append(
                {
                    "contact_id": key, "customer_id": 1 + key % 2, "day": happened,
                    "known": happened + draw(st.integers(0, 4)), "cancelled": draw(st.booleans()),
                    "responded": draw(st.none() | days), "response": "yes",
                }
            )  # fmt: skip
        loads.append(rows)
    return loads


@st.composite
def card_loads(draw: st.DrawFn) -> list[list[Row]]:
    """Versions of cards that may change hands, end, be corrected and carry dates ahead of time."""
    loads = []
    for _ in range(draw(st.integers(1, 3))):
        keys = draw(st.sets(st.tuples(st.integers(1, 3), days), max_size=5))
        loads.append(
            [
                {
                    "card_id": card, "customer_id": draw(st.integers(1, 2)), "from": start,
                    "to": draw(st.none() | st.integers(start, 9)), "known": start + draw(st.integers(0, 4)),
                    "closed_on": draw(st.none() | days),
                }
                for card, start in sorted(keys)
            ]
        )  # fmt: skip
    return loads


def instant(bank: SmallWarehouse, day: int | None) -> int | None:
    return None if day is None else int(bank.warehouse.zone.midnights(_array(BASE_DAY + day))[0])


def _array(day: int) -> Any:
    import numpy as np

    return np.array([day], np.int64)


def contacts(bank: SmallWarehouse, loads: list[list[Row]]) -> list[list[Row]]:
    return [
        [
            {
                "contact_id": row["contact_id"], "customer_id": row["customer_id"],
                "event_time": instant(bank, row["day"]), "known_at": instant(bank, row["known"]),
                "cancelled": row["cancelled"], "response": row["response"],
                "responded_at": instant(bank, row["responded"]),
            }
            for row in rows
        ]
        for rows in loads
    ]  # fmt: skip


def cards(bank: SmallWarehouse, loads: list[list[Row]]) -> list[list[Row]]:
    return [
        [
            {
                "card_id": row["card_id"], "customer_id": row["customer_id"],
                "valid_from": instant(bank, row["from"]), "valid_to": instant(bank, row["to"]),
                "known_at": instant(bank, row["known"]),
                "closed_on": None if row["closed_on"] is None else BASE_DAY + row["closed_on"],
            }
            for row in rows
        ]
        for rows in loads
    ]  # fmt: skip


def plain(found: pa.Table, names: list[str]) -> list[tuple[Any, ...]]:
    """Rows with instants and dates as integers, sorted."""
    columns = []
    for name in names:
        column = found.column(name)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        if pa.types.is_date32(column.type):
            column = column.cast(pa.int32())
        columns.append(column.to_pylist())
    return sorted(zip(*columns, strict=True), key=repr)


def slowly(name: str, loads: list[list[Row]], bank: SmallWarehouse, **when: int | None) -> list[Row]:
    declared = bank_table(name)
    full = [
        [{column.name: row.get(column.name) for column in declared.all_columns} for row in rows]
        for rows in loads
    ]
    return known_rows(declared, full, as_of=when["as_of"], until=when["until"], zone=bank.warehouse.zone)


def check(
    name: str,
    loads: list[list[Row]],
    make: Callable[..., list[list[Row]]],
    known: int | None,
    cut: int | None,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bank = SmallWarehouse(Path(folder))
        made = make(bank, loads)
        for rows in made:
            bank.load(**{name: rows})
        if not bank.warehouse.has(name):
            return
        when = {"as_of": instant(bank, known), "until": instant(bank, cut)}
        names = list(dict.fromkeys([*made[0][0]] if made[0] else [*next(rows for rows in made if rows)[0]]))
        wanted = sorted(
            (tuple(row[one] for one in names) for row in slowly(name, made, bank, **when)), key=repr
        )
        with Session(bank.warehouse, when["as_of"], until=when["until"]) as session:
            assert plain(session.arrow(f"SELECT * FROM {name}"), names) == wanted


@small
@given(contact_loads(), st.none() | days, st.none() | days)
def test_event_views_equal_plain_python(loads: list[list[Row]], known: int | None, cut: int | None) -> None:
    check("contact", loads, contacts, known, cut)


@small
@given(card_loads(), st.none() | days, st.none() | days)
def test_versioned_views_equal_plain_python(
    loads: list[list[Row]], known: int | None, cut: int | None
) -> None:
    check("card", loads, cards, known, cut)


@small
@given(card_loads(), st.lists(st.tuples(st.integers(1, 2), days, days), min_size=1, max_size=5))
def test_many_cutoffs_at_once_equal_a_session_for_each(
    loads: list[list[Row]], questions: list[tuple[int, int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bank = SmallWarehouse(Path(folder))
        for rows in cards(bank, loads):
            bank.load(card=rows)
        if not bank.warehouse.has("card"):
            return
        cuts = [(customer, instant(bank, cut), instant(bank, known)) for customer, cut, known in questions]
        asked = pa.table(
            {
                "asked_row": range(len(cuts)),
                "asked_key": [one[0] for one in cuts],
                "asked_cutoff": pa.array([one[1] for one in cuts], INSTANT),
                "asked_known": pa.array([one[2] for one in cuts], INSTANT),
            }
        )
        names = ["card_id", "customer_id", "closed_on", "valid_from", "valid_to", "known_at"]
        with Session(bank.warehouse) as session:
            session.register("asked", asked)
            found = session.arrow(
                as_known_at("card", key="customer_id", time_zone=bank.warehouse.manifest.time_zone)
            )
        for row, (customer, cut, known) in enumerate(cuts):
            with Session(bank.warehouse, known, until=cut) as session:
                one = session.arrow(f"SELECT * FROM card WHERE customer_id = {customer}")
            mine = found.filter(pa.compute.equal(found.column("asked_row"), row))
            assert plain(mine, names) == plain(one, names)


def test_reference_rows_of_many_cutoffs_are_the_last_known_of_each(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    north = {"region_id": "n", "period_from": "2023-01-01", "name": "North"}
    bank.load(region=[{**north, "known_at": "2023-02-01"}])
    bank.load(region=[{**north, "name": "Far north", "known_at": "2024-02-01"}])
    cutoffs = [bank.at(text) for text in ("2023-01-31", "2024-01-31", "2024-02-01")]
    times = pa.array(cutoffs, INSTANT)
    asked = {"asked_row": range(3), "asked_key": ["n"] * 3, "asked_cutoff": times, "asked_known": times}
    with Session(bank.warehouse) as session:
        session.register("asked", pa.table(asked))
        found = session.arrow(as_known_at("region", key="region_id", time_zone="Europe/Prague"))
    assert plain(found, ["asked_row", "name"]) == [(1, "North"), (2, "Far north")]


def test_events_and_unknown_keys_are_refused() -> None:
    with pytest.raises(UsageError, match="transaction holds events"):
        as_known_at("transaction", key="customer_id", time_zone="UTC")
    with pytest.raises(UsageError, match="card has no column 'loan_id'"):
        as_known_at("card", key="loan_id", time_zone="UTC")


CONTACT: Row = {"contact_id": 1, "customer_id": 1, "day": 3, "responded": 6, "response": "yes"}
EVENT_CASE = [[{**CONTACT, "known": 3, "cancelled": False}], [{**CONTACT, "known": 5, "cancelled": True}]]
CARD_CASE = [
    [
        {"card_id": 1, "customer_id": 1, "from": 1, "to": 4, "known": 1, "closed_on": 3},
        {"card_id": 1, "customer_id": 2, "from": 4, "to": None, "known": 6, "closed_on": None},
    ]
]
MUTANTS = [
    ("the cut lets in its own instant", "event_time < ", "event_time <= ", "contact", 4, 3),
    ("knowledge times are dropped", "WHERE known_at <= ", "WHERE known_at >= ", "contact", 4, 9),
    ("the first version counts", "ORDER BY known_at DESC", "ORDER BY known_at", "contact", 5, 9),
    ("cancelled rows stay", "NOT cancelled", "cancelled IS NOT NULL", "contact", 5, 9),
    ("outcomes are not masked", '"responded_at" <= ', "timestamptz '1970-01-01' < ", "contact", 4, 9),
    ("a version lasts through its end", "valid_to > ", "valid_to >= ", "card", 5, 4),
    ("a date is read on its own day", '"closed_on" < ', '"closed_on" <= ', "card", 3, 3),
    ("the oldest version is valid", "ORDER BY valid_from DESC", "ORDER BY valid_from", "card", 6, 5),
]


@pytest.mark.parametrize(("what", "right", "wrong", "name", "known", "cut"), MUTANTS)
def test_the_twin_notices_when(
    what: str, right: str, wrong: str, name: str, known: int, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads, make = (EVENT_CASE, contacts) if name == "contact" else (CARD_CASE, cards)
    check(name, loads, make, known, cut)
    honest = session_module.view_statements

    def mutated(*arguments: Any) -> list[str]:
        statements = honest(*arguments)
        assert any(right in one for one in statements), f"nothing to change for: {what}"
        return [one.replace(right, wrong) for one in statements]

    monkeypatch.setattr(session_module, "view_statements", mutated)
    with pytest.raises(AssertionError):
        check(name, loads, make, known, cut)


def test_every_table_of_the_catalogue_has_views_that_run(tmp_path: Path) -> None:
    from bankmine.bank.catalogue import TABLES

    bank = SmallWarehouse(tmp_path)
    bank.load(**{name: [{}] for name in TABLES})
    known = bank.at("2024-01-01")
    with Session(bank.warehouse, known, until=known) as session:
        for name, declared in TABLES.items():
            assert session.scalar(f"SELECT count(*) FROM {name}") == 1, name
            if declared.kind is not Kind.EVENT and declared.column(declared.primary_key[0]).type is Type.KEY:
                as_known_at(name, key=declared.primary_key[0], time_zone="UTC")
