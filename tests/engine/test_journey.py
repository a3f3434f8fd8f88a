"""A journey shows at every instant what a session opened there shows, and reads each table once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankmine.engine.journey import Journey
from bankmine.engine.session import Session
from customers.small_bank import build, rows_of_bank
from engine.small_warehouse import SmallWarehouse

STATEMENTS = (
    "SELECT customer_id, count(*) AS n, sum(base_minor) AS s FROM customer_transaction "
    "WHERE direction = 'out' GROUP BY customer_id ORDER BY customer_id",
    "SELECT * EXCLUDE (load_number) FROM transaction ORDER BY transaction_id",
    "SELECT t.transaction_id, c.region_id, c.closed_on FROM transaction t "
    "LEFT JOIN customer c USING (customer_id) ORDER BY t.transaction_id",
    "SELECT customer_id, response, event_time FROM contact ORDER BY event_time, customer_id",
    "SELECT count(*) AS n, max(known_at) AS k FROM transaction_versions",
)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank())


@pytest.mark.parametrize("sql", STATEMENTS, ids=["sums", "star", "join", "outcome", "versions"])
def test_a_journey_shows_what_sessions_show(bank: SmallWarehouse, sql: str) -> None:
    instants = [
        bank.at(day) for day in ("2022-11-01", "2023-03-31", "2023-12-24", "2024-01-10", "2024-04-01")
    ]
    with Journey(bank.warehouse, sql) as journey:
        for at in [*instants, instants[1]]:  # and back again
            with Session(bank.warehouse, at, until=at) as session:
                assert journey.ask(at).equals(session.arrow(sql))


def test_corrections_and_withdrawals_count_from_when_they_are_known(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    one = {"transaction_id": 1, "customer_id": 7, "event_time": "2024-01-05", "base_minor": 100}
    bank.load(transaction=[one])
    bank.load(transaction=[{**one, "base_minor": 70, "known_at": "2024-02-01"}])
    bank.load(transaction=[{**one, "cancelled": True, "known_at": "2024-03-01"}])
    sql = "SELECT sum(base_minor) AS s FROM transaction WHERE event_time >= make_timestamptz($since)"
    with Journey(bank.warehouse, sql) as journey:
        seen = [
            journey.ask(bank.at(day), {"since": bank.at("2024-01-01")}).column("s")[0].as_py()
            for day in ("2024-01-05", "2024-01-06", "2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01")
        ]
    assert seen == [None, 100, 100, 70, 70, None]


def test_each_table_is_read_once(bank: SmallWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    keep = Journey._keep

    def counted(self: Journey, declared, kept):  # type: ignore[no-untyped-def]
        read.append(declared.name)
        return keep(self, declared, kept)

    monkeypatch.setattr(Journey, "_keep", counted)
    with Journey(bank.warehouse, STATEMENTS[0]) as journey:
        for day in ("2023-01-01", "2023-06-01", "2024-01-01"):
            journey.ask(bank.at(day))
    assert read == ["transaction"]
