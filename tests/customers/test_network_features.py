"""Features of the network equal those of a graph built anew at every cutoff from what was known by then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.customers.matrix import matrix
from bankmine.customers.themes import network as theme
from engine.small_warehouse import SmallWarehouse

START = datetime(2023, 1, 1)
KINDS = ("phone", "household", "employer")
KEYS = ("phone", "device_id", "address_id", "employer_id")
ASKED = (
    "component_size", "component_growth", "ever_component_size", "neighbours", "bad_neighbours", "bad_share",
    "shared_elements", "neighbours_by_phone", "neighbours_by_household", "ring_size", "ring_strangers",
)  # fmt: skip
Row = dict[str, Any]

parties = st.integers(1, 6)
days = st.integers(0, 500)


def day(number: int) -> str:
    return (START + timedelta(days=number)).date().isoformat()


@st.composite
def banks(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Links with later versions, applications that are corrected or cancelled, loans that went bad; days."""
    links, forms, bads = [], [], []
    for _ in range(draw(st.integers(1, 6))):
        one, other = draw(st.lists(parties, min_size=2, max_size=2, unique=True))
        begins, late = draw(days), draw(st.integers(0, 40))
        row = {"from_id": one, "to_id": other, "kind": draw(st.sampled_from(KINDS)), "valid_from": begins,
               "valid_to": None, "known_at": begins + late}  # fmt: skip
        links.append(row)
        if draw(st.booleans()):
            more = {"valid_to": begins + draw(st.integers(1, 200)), "known_at": row["known_at"] + draw(days)}
            links.append({**row, **more})
    for number in range(1, draw(st.integers(3, 8))):
        when = draw(days)
        row = {"application_id": number, "customer_id": draw(parties), "event_time": when}
        row |= {"known_at": when, "cancelled": False}
        row |= {key: draw(st.sampled_from([None, 71, 72])) for key in KEYS}
        forms.append(row)
        if draw(st.integers(0, 3)) == 0:
            more = {"known_at": when + draw(st.integers(1, 60)), "cancelled": draw(st.booleans())}
            forms.append({**row, **more, "phone": 73})
    for number in range(draw(st.integers(0, 3))):
        when = draw(days)
        bad = {"loan_event_id": number + 1, "loan_id": 1, "customer_id": draw(parties), "event_time": when}
        bad |= {"known_at": when + draw(st.integers(0, 30)), "days_past_due": draw(st.sampled_from([30, 90]))}
        bads.append(bad)
        if draw(st.booleans()):
            again = {
                "known_at": bad["known_at"] + draw(st.integers(1, 200)),
                "cancelled": draw(st.booleans()),
            }
            bads.append({**bad, **again, "days_past_due": draw(st.sampled_from([30, 120]))})
    return {"party_link": links, "credit_application": forms, "loan_event": bads}


class Graph:
    """The slow twin: what stood and was known just before day T, and what the application itself brought."""

    def __init__(self, bank: dict[str, list[Row]], at: int, own: Row | None, lasts: int | None = 365) -> None:
        self.edges: set[tuple[Any, Any, str]] = set()
        self.own = own
        if lasts != 60:
            self._links(bank["party_link"], at, lasts)
        self._forms(bank["credit_application"], at, lasts)
        for key in KEYS if own else ():
            if own and own[key] is not None and not (lasts == 60 and key == "employer_id"):
                self.edges.add((own["customer_id"], (key, own[key]), key.removesuffix("_id")))

    def _links(self, rows: list[Row], at: int, lasts: int | None) -> None:
        for row in rows:
            mine = [r for r in rows if all(r[k] == row[k] for k in ("from_id", "to_id", "kind"))]
            seen = [r for r in mine if max(r["valid_from"], r["known_at"]) < at]
            if lasts is None:
                if row in seen and (row["valid_to"] is None or row["valid_to"] > _since(row)):
                    self.edges.add((row["from_id"], row["to_id"], row["kind"]))
                continue
            if seen:
                last = max(seen, key=lambda r: (r["valid_from"], r["known_at"], rows.index(r)))
                if last is row and (row["valid_to"] is None or row["valid_to"] > at):
                    self.edges.add((row["from_id"], row["to_id"], row["kind"]))

    def _forms(self, rows: list[Row], at: int, lasts: int | None) -> None:
        for number in {row["application_id"] for row in rows}:
            seen = [r for r in rows if r["application_id"] == number]
            seen = [r for r in seen if r["event_time"] < at and r["known_at"] < at]
            if not seen:
                continue
            every = seen if lasts is None else [max(seen, key=lambda r: (r["known_at"], rows.index(r)))]
            for row in every:
                if row["cancelled"] or (lasts is not None and row["event_time"] + lasts <= at):
                    continue
                for key in KEYS if lasts != 60 else KEYS[:3]:
                    if row[key] is not None:
                        self.edges.add((row["customer_id"], (key, row[key]), key.removesuffix("_id")))

    def _ends(self, node: Any) -> Iterator[tuple[Any, str]]:
        for one, other, kind in self.edges:
            if one == node:
                yield other, kind
            elif other == node:
                yield one, kind

    def neighbours(self, party: int) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for node, kind in self._ends(party):
            others = [node] if isinstance(node, int) else [far for far, _ in self._ends(node)]
            for other in others:
                if other != party:
                    found.setdefault(other, set()).add(kind)
        return found

    def component(self, party: int) -> set[int]:
        seen, todo = {party}, [party]
        while todo:
            for other in self.neighbours(todo.pop()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return seen

    def shared(self, party: int) -> int:
        elements = {node for node, _ in self._ends(party) if not isinstance(node, int)}
        return sum(len({far for far, _ in self._ends(node)} - {party}) > 0 for node in elements)


def _since(row: Row) -> int:
    return max(int(row["valid_from"]), int(row["known_at"]))


def known_bads(rows: list[Row], at: int) -> set[int]:
    """Customers of whom the version of a loan event that counted just before day T says 90 days past due."""
    found = set()
    for number in {row["loan_event_id"] for row in rows}:
        seen = [r for r in rows if r["loan_event_id"] == number and r["known_at"] < at]
        last = max(seen, key=lambda r: (r["known_at"], rows.index(r)), default=None)
        if last and not last.get("cancelled") and last["days_past_due"] >= 90 and last["event_time"] < at:
            found.add(last["customer_id"])
    return found


def twin(bank: dict[str, list[Row]], party: int, at: int, own: Row | None) -> dict[str, Any]:
    now, recent = Graph(bank, at, own), Graph(bank, at, own, 60)
    households = Graph({**bank, "credit_application": []}, at, None)
    households.edges = {edge for edge in households.edges if edge[2] == "household"}
    near = now.neighbours(party)
    bads = known_bads(bank["loan_event"], at)
    sharers = set()
    for key in KEYS[:3]:
        if own and own[key] is not None:
            sharers |= {far for far, _ in recent._ends((key, own[key]))} - {party}
    known = {row[end] for row in bank["party_link"] for end in ("from_id", "to_id")}
    home = households.component(party) if party in known else {party}
    bad = len(bads & set(near))
    return {
        "component_size": len(now.component(party)),
        "component_growth": len(now.component(party)) - len(Graph(bank, at - 90, None).component(party)),
        "neighbours": len(near), "bad_neighbours": bad, "bad_share": bad / len(near) if near else None,
        "shared_elements": now.shared(party),
        "neighbours_by_phone": sum("phone" in kinds for kinds in near.values()),
        "neighbours_by_household": sum("household" in kinds for kinds in near.values()),
        "ring_size": len(recent.component(party)), "ring_strangers": len(sharers - home),
    }  # fmt: skip


def load(folder: Path, bank: dict[str, list[Row]]) -> SmallWarehouse:
    made = SmallWarehouse(folder)
    times = ("valid_from", "valid_to", "known_at", "event_time")
    rows = {
        name: [
            {key: day(value) if key in times and value is not None else value for key, value in row.items()}
            for row in some
        ]
        for name, some in bank.items()
        if some
    }
    made.load(**rows)
    return made


def ask(made: SmallWarehouse, kind: str, rows: list[tuple[int, int, int]], names: Any) -> list[Row]:
    table = pa.table(
        {
            "subject_kind": [kind] * len(rows), "subject_id": [one for one, _, _ in rows],
            "customer_id": [who for _, who, _ in rows],
            "cutoff": pa.array([made.at(day(at)) for _, _, at in rows], pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip
    found = matrix(made.warehouse, table, [f"net_{name}" for name in names])
    return [{name: row[f"net_{name}"] for name in names} for row in found.to_pylist()]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(banks(), st.integers(300, 700))
def test_they_equal_a_graph_built_anew_at_every_cutoff(bank: dict[str, list[Row]], late: int) -> None:
    names = [name for name in ASKED if name != "ever_component_size"]
    first = min(
        [*map(_since, bank["party_link"]), *(max(r["event_time"], r["known_at"]) for r in
         bank["credit_application"] if not r["cancelled"] and any(r[key] for key in KEYS))]
    )  # fmt: skip
    forms = {row["application_id"]: row for row in reversed(bank["credit_application"])}
    with TemporaryDirectory() as folder:
        made = load(Path(folder), bank)
        asked = [(one, row["customer_id"], row["event_time"]) for one, row in forms.items()]
        for (one, who, at), found in zip(asked, ask(made, "application", asked, names), strict=True):
            expected = twin(bank, who, at, forms[one])
            assert found == (dict.fromkeys(names) if at <= first else expected)
        persons = [(who, who, late) for who in range(1, 7)]
        for (_, who, at), found in zip(persons, ask(made, "customer", persons, names), strict=True):
            expected = twin(bank, who, at, None)
            assert found == (dict.fromkeys(names) if at <= first else expected)


def form(number: int, who: int, when: str, **more: Any) -> Row:
    return {"application_id": number, "customer_id": who, "event_time": when, "amount_minor": 5, **more}


@pytest.fixture
def bank(tmp_path: Path) -> SmallWarehouse:
    return SmallWarehouse(tmp_path)


def applications(made: SmallWarehouse, rows: list[tuple[int, int, str]], names: list[str]) -> list[list[Any]]:
    table = pa.table(
        {
            "subject_kind": ["application"] * len(rows), "subject_id": [one for one, _, _ in rows],
            "customer_id": [who for _, who, _ in rows],
            "cutoff": pa.array([made.at(at) for _, _, at in rows], pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip
    return [list(row.values()) for row in matrix(made.warehouse, table, names).select(names).to_pylist()]


def test_what_an_application_itself_gives_joins_it_and_what_others_give_at_its_instant_does_not(
    bank: SmallWarehouse,
) -> None:
    bank.load(
        credit_application=[
            form(1, 1, "2024-01-05", phone=7), form(2, 2, "2024-01-20T10:00", phone=7),
            form(3, 3, "2024-01-20T10:00", phone=7),
        ]
    )  # fmt: skip
    rows = [(2, 2, "2024-01-20T10:00"), (3, 3, "2024-01-20T10:00")]
    names = ["net_neighbours", "net_ring_size", "net_ring_strangers", "net_component_growth"]
    assert applications(bank, rows, names) == [[1, 2, 1, 1], [1, 2, 1, 1]]


@pytest.mark.parametrize(("table", "more", "later"), [
    ("feedback", {"subject_kind": "application", "subject_id": 2, "label": "fraud", "verdict": "confirmed"},
     {"verdict": "refuted"}),
    ("loan_event", {"loan_event_id": 2, "loan_id": 1, "kind": "due", "days_past_due": 95},
     {"cancelled": True}),
    ("credit_application", {"application_id": 5, "amount_minor": 5, "bad": True,
                            "bad_known_at": "2024-02-01"}, {"bad": False, "bad_known_at": None}),
])  # fmt: skip
def test_who_is_no_longer_known_to_be_bad_was_so_until_then_alone(
    bank: SmallWarehouse, table: str, more: Row, later: Row
) -> None:
    first = {"customer_id": 2, "event_time": "2024-02-01", **more}
    forms = [form(number, number % 2 + 1, f"2024-0{number}-10", phone=7) for number in (1, 2, 3, 4)]
    rows = {"credit_application": forms}
    rows[table] = [*rows.get(table, []), first]
    bank.load(**rows)
    bank.load(**{table: [{**first, **later, "known_at": "2024-03-20"}]})
    asked = [(number, 1, f"2024-0{number}-10") for number in (2, 4)]
    assert applications(bank, asked, ["net_bad_neighbours"]) == [[1], [0]]


def test_a_phone_given_by_a_whole_household_is_no_stranger(bank: SmallWarehouse) -> None:
    bank.load(
        credit_application=[form(1, 1, "2024-01-05", phone=7), form(2, 2, "2024-01-20", phone=7)],
        party_link=[{"from_id": 1, "to_id": 2, "kind": "household", "valid_from": "2023-01-01"}],
    )
    assert applications(bank, [(2, 2, "2024-01-20")], ["net_ring_size", "net_ring_strangers"]) == [[2, 0]]


def test_transfers_count_the_customers_own_bookings_of_a_year(bank: SmallWarehouse) -> None:
    def booked(number: int, who: int, when: str, other: int) -> Row:
        return {"transaction_id": number, "customer_id": who, "event_time": when, "base_minor": 5,
                "counterparty_id": other}  # fmt: skip

    bank.load(
        credit_application=[form(1, 1, "2024-06-01", phone=7), form(9, 9, "2023-01-01", phone=8)],
        counterparty=[
            {"counterparty_id": 20 + who, "resolved_customer_id": who, "valid_from": "2022-01-01"}
            for who in (2, 3, 4)
        ],
        loan_event=[
            {"loan_event_id": 1, "loan_id": 1, "customer_id": 3, "event_time": "2024-02-01",
             "days_past_due": 95, "kind": "due"}
        ],
        transaction=[
            booked(1, 1, "2024-02-01", 22), booked(2, 1, "2024-03-01", 23), booked(3, 1, "2023-02-01", 24),
            booked(4, 4, "2024-03-01", 22), booked(5, 1, "2024-07-01", 24),
        ],
    )  # fmt: skip
    names = ["net_neighbours_by_transfer", "net_bad_neighbours_by_transfer"]
    assert applications(bank, [(1, 1, "2024-06-01")], names) == [[2, 1]]


def test_the_catalogue_has_every_column_the_miner_gives() -> None:
    names = {one.name.removeprefix("net_") for one in theme.FEATURES}
    assert {"component_size", "burst", "second_bad_share", "since_last_bad", "cut_short"} <= names
    assert {f"neighbours_by_{kind}" for kind in ("phone", "owner", "transfer")} <= names
