"""Window features equal plain SQL over the engine's session: two ways to the rule of time, one answer."""

from __future__ import annotations

import pyarrow as pa
import pytest

from bankmine.customers.matrix import matrix
from bankmine.engine.session import Session
from customers.small_bank import CUSTOMERS, build, rows_of_bank
from engine.small_warehouse import SmallWarehouse

DONE = "status IN ('authorised', 'booked')"
LOCAL = "timezone('Europe/Prague', event_time)"
AS_SQL = {
    "transactions_count_3mo": f"count(*) FILTER ({DONE})",
    "active_days_count_3mo": f"count(DISTINCT CAST({LOCAL} AS DATE)) FILTER ({DONE})",
    "in_sum_3mo": f"coalesce(sum(base_minor) FILTER ({DONE} AND direction = 'in'), 0)",
    "out_max_3mo": f"max(base_minor) FILTER ({DONE} AND direction = 'out')",
    "out_mean_3mo": f"avg(base_minor) FILTER ({DONE} AND direction = 'out')",
    "out_std_3mo": f"stddev_samp(base_minor) FILTER ({DONE} AND direction = 'out')",
    "declined_count_3mo": "count(*) FILTER (status = 'declined')",
    "balance_min_3mo": "min(balance_after_minor) FILTER (status = 'booked')",
    "balance_first_3mo": "min_by(balance_after_minor, (event_time, seq)) FILTER (status = 'booked')",
    "overdrawn_count_3mo": "count(*) FILTER (status = 'booked' AND balance_after_minor < 0)",
    "channel_share_card_3mo": f"count(*) FILTER ({DONE} AND channel = 'card') "
    f"/ nullif(count(*) FILTER ({DONE}), 0)",
    "weekend_count_3mo": f"count(*) FILTER ({DONE} AND direction = 'out' AND isodow({LOCAL}) >= 6)",
    "night_count_3mo": f"count(*) FILTER ({DONE} AND direction = 'out' AND hour({LOCAL}) < 7)",
    "income_count_3mo": f"count(*) FILTER ({DONE} AND direction = 'in' "
    "AND category IN ('salary', 'pension'))",
}  # fmt: skip


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank(seed=7))


@pytest.mark.parametrize("cutoff", ["2023-05-31", "2023-11-25", "2024-01-01T13:30", "2024-03-31"])
def test_window_features_equal_sql(cutoff: str, bank: SmallWarehouse) -> None:
    at = bank.at(cutoff)
    start = bank.warehouse.zone.months_before(at, 3)
    rows = pa.table(
        {
            "subject_kind": ["customer"] * 6, "subject_id": list(CUSTOMERS), "customer_id": list(CUSTOMERS),
            "cutoff": [at] * 6,
        }
    )  # fmt: skip
    made = matrix(bank.warehouse, rows, list(AS_SQL))
    columns = ", ".join(f"{sql} AS {name}" for name, sql in AS_SQL.items())
    with Session(bank.warehouse, at, until=at) as session:
        session.register("people", rows.select(["customer_id"]))
        wanted = session.arrow(
            f"SELECT customer_id, {columns} FROM people LEFT JOIN (SELECT * FROM customer_transaction "
            "WHERE event_time >= make_timestamptz($start)) USING (customer_id) GROUP BY customer_id "
            "ORDER BY customer_id",
            {"start": start},
        )
    assert made.column("customer_id").to_pylist() == wanted.column("customer_id").to_pylist()
    for name in AS_SQL:
        got, sql = made.column(name).to_pylist(), wanted.column(name).to_pylist()
        assert got == [None if value is None else pytest.approx(float(value), rel=1e-12) for value in sql], (
            name
        )


def test_versioned_features_equal_sql_at_each_cutoff(bank: SmallWarehouse) -> None:
    queries = {
        "cards_count": "SELECT customer_id, count(*) AS n FROM card WHERE closed_on IS NULL "
        "AND expires_on IS NULL GROUP BY 1",
        "accounts_open_count": "SELECT p.customer_id, count(DISTINCT account_id) AS n FROM account_party p "
        "JOIN account a USING (account_id) WHERE role <> 'authorised' AND a.closed_on IS NULL GROUP BY 1",
        "savings_held_count": "SELECT customer_id, count(DISTINCT product_code) AS n FROM holding h "
        "JOIN product p USING (product_code) WHERE family = 'savings' AND h.closed_on IS NULL GROUP BY 1",
        "standing_orders_sum": "SELECT customer_id, sum(amount_minor) AS n FROM customer_standing_order "
        "GROUP BY 1",
        "flag_arrears": "SELECT customer_id, 1 AS n FROM customer_flag WHERE flag = 'arrears'",
        "loans_in_debt_count": "SELECT customer_id, count(*) AS n FROM loan WHERE status = 'running_in_debt' "
        "GROUP BY 1",
    }  # fmt: skip
    cutoffs = [
        bank.at(text) for text in ("2023-04-15", "2023-11-25", "2023-12-10", "2024-02-10", "2024-03-31")
    ]
    pairs = [(customer, at) for at in cutoffs for customer in CUSTOMERS]
    people = [customer for customer, _ in pairs]
    rows = pa.table(
        {
            "subject_kind": ["customer"] * len(pairs), "subject_id": people, "customer_id": people,
            "cutoff": [at for _, at in pairs],
        }
    )  # fmt: skip
    made = matrix(bank.warehouse, rows, list(queries))
    for name, query in queries.items():
        wanted = []
        for at in cutoffs:
            with Session(bank.warehouse, at, until=at) as session:
                found = {row["customer_id"]: int(row["n"]) for row in session.arrow(query).to_pylist()}
            wanted += [found.get(customer, 0) for customer in CUSTOMERS]
        assert made.column(name).to_pylist() == wanted, name
        assert len(set(wanted)) > 1, name
