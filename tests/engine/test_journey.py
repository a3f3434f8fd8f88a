"""A journey shows at every instant what a session opened there shows, and reads each table once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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


@pytest.mark.parametrize("sql", STATEMENTS, ids=["sums", "star", "join", "outcome", "versions"])
def test_a_table_too_large_to_keep_is_read_anew(
    bank: SmallWarehouse, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bankmine.engine.journey._TIMES_MEMORY", 0)
    with Journey(bank.warehouse, sql) as journey:
        for at in (bank.at("2023-03-31"), bank.at("2024-01-10")):
            with Session(bank.warehouse, at, until=at) as session:
                assert journey.ask(at).equals(session.arrow(sql))
        assert not journey._read


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


@pytest.mark.parametrize(
    ("sql", "every"),
    [
        ("SELECT 2 * sum(base_minor) AS s, count(*) AS n FROM transaction", False),
        ("SELECT sum(base_minor*0.5) AS s FROM transaction", False),
        ("SELECT * FROM transaction", True),
        ("SELECT DISTINCT * FROM transaction", True),
        ("SELECT t.* FROM transaction t", True),
        ("SELECT transaction_id, * FROM transaction", True),
        ("SELECT max(COLUMNS(*)) FROM transaction", True),
    ],
)
def test_only_a_star_reads_every_column(bank: SmallWarehouse, sql: str, every: bool) -> None:
    with Journey(bank.warehouse, sql) as journey:
        journey.ask(bank.at("2024-01-10"))
        read = {column.name for column in journey._read["transaction"].columns}
    assert ("merchant_id" in read) is every
    assert "base_minor" in read


def test_a_journey_of_some_customers_says_of_them_what_one_of_all_says(tmp_path: Path) -> None:
    bank = joint_bank(tmp_path)
    sql = (
        "SELECT t.customer_id, sum(t.base_minor) AS s, max(o.owners) AS owners FROM customer_transaction t "
        "JOIN (SELECT transaction_id, count(*) AS owners FROM customer_transaction GROUP BY ALL) o "
        "USING (transaction_id) LEFT JOIN (SELECT count(*) AS steps FROM digital_event) ON TRUE "
        "GROUP BY t.customer_id ORDER BY t.customer_id"
    )
    some = np.array([7, 9], dtype=np.int64)
    with Journey(bank.warehouse, sql) as every, Journey(bank.warehouse, sql, customers=some) as few:
        for day in ("2024-01-20", "2024-02-10", "2024-03-10"):
            all_rows, rows = (
                {row["customer_id"]: row for row in one.ask(bank.at(day)).to_pylist()} for one in (every, few)
            )
            assert {one: all_rows[one] for one in (7, 9)} == {one: rows[one] for one in (7, 9)}
    assert all_rows[7]["owners"] == 2


def test_a_journey_of_some_customers_leaves_out_what_is_others_alone(tmp_path: Path) -> None:
    bank = joint_bank(tmp_path)
    sql = "SELECT account_id FROM customer_transaction WHERE transaction_id < 4 ORDER BY account_id"
    with Journey(bank.warehouse, sql, customers=np.array([9], dtype=np.int64)) as journey:
        assert journey.ask(bank.at("2024-01-20")).column("account_id").to_pylist() == [30]


def joint_bank(folder: Path) -> SmallWarehouse:
    """Customers 7 and 8 own account 10 together, 8 owns 20, 9 owns 30; one booking moves from 20 to 10."""
    bank = SmallWarehouse(folder)
    day = "2024-01-05"

    def booked(number: int, customer: int, account: int, **more: object) -> dict[str, object]:
        return {"transaction_id": number, "customer_id": customer, "account_id": account, "event_time": day,
                "base_minor": 100 * number, **more}  # fmt: skip

    bank.load(
        transaction=[booked(1, 7, 10), booked(1, 8, 10, is_primary=False), booked(2, 8, 20), booked(3, 9, 30),
                     booked(4, 7, 20)],
        digital_event=[{"customer_id": one, "event_time": day} for one in (7, 8, 9)],
    )  # fmt: skip
    bank.load(transaction=[booked(4, 7, 10, known_at="2024-02-01")])
    return bank


@pytest.mark.parametrize("sql", STATEMENTS[:4], ids=["sums", "star", "join", "outcome"])
def test_a_journey_of_some_alone_shows_their_rows_of_what_a_session_shows(
    bank: SmallWarehouse, sql: str
) -> None:
    """Their buckets alone are read; what a statement says of everybody is said of them."""
    with Session(bank.warehouse) as session:
        known = session.arrow("SELECT DISTINCT customer_id FROM transaction_versions").column(0).to_pylist()
    some = np.array(sorted(known)[::2], dtype=np.int64)
    listed = ", ".join(map(str, some.tolist()))
    tables = ("customer_transaction", "transaction", "customer", "contact")
    for name in tables:
        sql_of_some = sql.replace(f" {name} ", f" (SELECT * FROM {name} WHERE customer_id IN ({listed})) ")
        if sql_of_some == sql:
            continue
        with Journey(bank.warehouse, sql, customers=some, alone=True) as journey:
            for at in (bank.at("2023-03-31"), bank.at("2024-04-01")):
                with Session(bank.warehouse, at, until=at) as session:
                    assert journey.ask(at).equals(session.arrow(sql_of_some))
        return
    pytest.fail("the statement reads no table of customers")


def test_an_event_that_a_correction_gives_to_another_customer_is_no_longer_seen(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    one = {"contact_id": 1, "customer_id": 7, "event_time": "2024-01-05"}
    bank.load(contact=[one, {**one, "contact_id": 2, "customer_id": 9}])
    bank.load(contact=[{**one, "customer_id": 9, "known_at": "2024-02-01"}])
    for customer, before, after in ((7, [1], []), (9, [2], [1, 2])):
        with Journey(
            bank.warehouse, "SELECT contact_id FROM contact ORDER BY contact_id",
            customers=np.array([customer], dtype=np.int64), alone=True,
        ) as journey:  # fmt: skip
            for day, seen in (("2024-01-20", before), ("2024-02-20", after)):
                assert journey.ask(bank.at(day)).column(0).to_pylist() == seen
