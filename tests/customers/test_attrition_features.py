"""Features of drawing away equal plain SQL over the engine's session, and what ended and was set likewise."""

from __future__ import annotations

import pyarrow as pa
import pytest

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.matrix import matrix
from bankmine.customers.themes import attrition
from bankmine.engine.session import Session
from customers.small_bank import CUSTOMERS, build, rows_of_bank
from engine.small_warehouse import SmallWarehouse

DONE = "status IN ('authorised', 'booked')"
OUT = f"{DONE} AND direction = 'out'"
INCOME = f"{DONE} AND direction = 'in' AND category IN ('salary', 'pension')"
SENT = f"{OUT} AND channel = 'transfer' AND counterparty_bank IS NOT NULL"
TO_BANKS = f"{OUT} AND counterparty_bank IS NOT NULL"
ORDER = f"{OUT} AND channel = 'order'"
CARD = f"{OUT} AND card_id IS NOT NULL"


def _sum(which: str) -> str:
    return f"coalesce(sum(base_minor) FILTER ({which}), 0)"


def _window(name: str, sql: str) -> tuple[str, str, str]:
    return (name, name.rsplit("_", 1)[1], sql)


# (feature, window, aggregate over customer_transaction in that window)
PAYMENTS = [
    _window(f"income_sum_{span}", _sum(INCOME)) for span in ("1mo", "6mo")
] + [
    _window(f"sent_sum_{span}", _sum(SENT)) for span in ("1mo", "3mo", "6mo", "12mo")
] + [
    _window(f"to_banks_sum_{span}", _sum(TO_BANKS)) for span in ("1mo", "3mo", "6mo", "12mo")
] + [
    _window("income_count_6mo", f"count(*) FILTER ({INCOME})"),
    _window("sent_count_3mo", f"count(*) FILTER ({SENT})"),
    _window("sent_max_3mo", f"max(base_minor) FILTER ({SENT})"),
    _window("to_banks_max_3mo", f"max(base_minor) FILTER ({TO_BANKS})"),
    _window("banks_paid_distinct_12mo", f"count(DISTINCT counterparty_bank) FILTER ({TO_BANKS})"),
    _window("orders_paid_count_6mo", f"count(*) FILTER ({ORDER})"),
    _window("orders_paid_sum_3mo", _sum(ORDER)),
    _window("by_card_count_6mo", f"count(*) FILTER ({CARD})"),
    _window("by_card_sum_12mo", _sum(CARD)),
    _window("cards_used_distinct_3mo", f"count(DISTINCT card_id) FILTER ({CARD})"),
    _window("balance_max_6mo", "max(balance_after_minor) FILTER (status = 'booked')"),
]  # fmt: skip
MONTHS = {"1mo": 1, "3mo": 3, "6mo": 6, "12mo": 12}
CUTOFFS = ("2023-11-25", "2024-01-01T13:30", "2024-03-31")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank(seed=7))


def people_at(at: int) -> pa.Table:
    return pa.table(
        {
            "subject_kind": ["customer"] * 6, "subject_id": list(CUSTOMERS), "customer_id": list(CUSTOMERS),
            "cutoff": [at] * 6,
        }
    )  # fmt: skip


def by_sql(bank: SmallWarehouse, at: int, sql: str, start: int, end: int, table: str) -> list[float | None]:
    with Session(bank.warehouse, at, until=at) as session:
        session.register("people", people_at(at).select(["customer_id"]))
        found = session.arrow(
            f"SELECT customer_id, {sql} AS value FROM people LEFT JOIN (SELECT * FROM {table} "
            "WHERE event_time >= make_timestamptz($start) AND event_time < make_timestamptz($end)) "
            "USING (customer_id) GROUP BY customer_id ORDER BY customer_id",
            {"start": start, "end": end},
        )
    return [None if value is None else float(value) for value in found.column("value").to_pylist()]


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_windows_of_payments_equal_sql(cutoff: str, bank: SmallWarehouse) -> None:
    at, before = bank.at(cutoff), bank.warehouse.zone.months_before
    made = matrix(bank.warehouse, people_at(at), [name for name, _, _ in PAYMENTS])
    for name, span, sql in PAYMENTS:
        wanted = by_sql(bank, at, sql, before(at, MONTHS[span]), at, "customer_transaction")
        got = [None if one is None else float(one) for one in made.column(name).to_pylist()]
        assert got == wanted, name


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_balances_of_months_ago_equal_sql(cutoff: str, bank: SmallWarehouse) -> None:
    at, before = bank.at(cutoff), bank.warehouse.zone.months_before
    names = {0: "stated_total_1mo", 3: "stated_total_3mo_before_1mo", 6: "stated_total_6mo_before_1mo"}
    made = matrix(bank.warehouse, people_at(at), [*names.values(), "stated_total_to_3mo_before"])
    found = {}
    for ago, name in names.items():
        end = before(at, ago)
        sql = "coalesce(sum(balance_minor), 0)"
        found[ago] = by_sql(bank, at, sql, before(end, 1), end, "customer_balance")
        got = [None if one is None else float(one) for one in made.column(name).to_pylist()]
        assert got == [one if known else None for one, known in zip(found[ago], _has(got), strict=True)], name
    for got, now, then in zip(
        made.column("stated_total_to_3mo_before").to_pylist(), found[0], found[3], strict=True
    ):
        if got is not None and now is not None and then:
            assert got == pytest.approx(now / then)


def _has(values: list[float | None]) -> list[bool]:
    return [one is not None for one in values]


def test_ratios_are_what_their_names_say(bank: SmallWarehouse) -> None:
    at = bank.at("2024-01-01")
    names = ["income_lateness_12mo", "income_days_since_last_all", "income_gap_mean_12mo",
             "sent_to_received_3mo", "sent_sum_3mo", "in_sum_3mo", "by_card_count_change_3mo",
             "by_card_count_3mo", "by_card_count_6mo"]  # fmt: skip
    made = {name: column.to_pylist() for name, column in zip(
        names, matrix(bank.warehouse, people_at(at), names).select(names).columns, strict=True)}  # fmt: skip
    for row in range(6):
        one = {name: made[name][row] for name in names}
        assert one["income_lateness_12mo"] == pytest.approx(
            one["income_days_since_last_all"] / one["income_gap_mean_12mo"]
        )
        share = one["sent_sum_3mo"] / one["in_sum_3mo"] if one["in_sum_3mo"] else None
        assert one["sent_to_received_3mo"] == (None if share is None else pytest.approx(share))
        recent, both = one["by_card_count_3mo"], one["by_card_count_6mo"]
        assert one["by_card_count_change_3mo"] == pytest.approx((recent - (both - recent)) / both)


QUERIES = {
    "standing_orders_ended_count": "SELECT customer_id, count(*) AS n FROM standing_order_versions "
    "WHERE valid_to <= make_timestamptz($at) AND valid_to > make_timestamptz($at) - INTERVAL 90 DAY "
    "AND valid_from <= make_timestamptz($at) GROUP BY 1",
    "complaint_open_days": "SELECT customer_id, "
    "CAST(timezone('Europe/Prague', make_timestamptz($at)) AS DATE) "
    "- CAST(timezone('Europe/Prague', valid_from) AS DATE) AS n FROM customer_flag "
    "WHERE flag = 'complaint_open'",
    "savings_rate_gap": "SELECT h.customer_id, CAST(round(max(r.transfer_rate - r.customer_rate) * 10000) AS "
    "BIGINT) AS n FROM holding h JOIN product p USING (product_code) "
    "JOIN rate_history r USING (product_code) "
    "WHERE h.closed_on IS NULL AND p.family IN ('savings', 'deposit') GROUP BY 1",
}  # fmt: skip


@pytest.mark.parametrize("cutoff", ["2023-05-15", "2023-11-25", "2023-12-15", "2024-01-10", "2024-03-31"])
def test_what_ended_was_set_and_is_paid_equals_sql(cutoff: str, bank: SmallWarehouse) -> None:
    at = bank.at(cutoff)
    made = matrix(bank.warehouse, people_at(at), list(QUERIES))
    for name, query in QUERIES.items():
        given = {"at": at} if "$at" in query else None
        with Session(bank.warehouse, at, until=at) as session:
            found = {row["customer_id"]: int(row["n"]) for row in session.arrow(query, given).to_pylist()}
        none = 0 if name.endswith("_count") else None
        assert made.column(name).to_pylist() == [found.get(one, none) for one in CUSTOMERS], name


def test_named_banks_share_what_is_sent(bank: SmallWarehouse) -> None:
    at = bank.at("2024-01-01")
    catalogue = Catalogue([*CATALOGUE.values(), *attrition.bank_features(["k0", "k2"])])
    names = [f"sent_bank_share_{level}_12mo" for level in ("k0", "k2", "other")]
    made = matrix(bank.warehouse, people_at(at), names, catalogue=catalogue)
    first = _sum(f"{SENT} AND counterparty_bank = 'k0'")
    sql = f"{first} / nullif({_sum(SENT)}, 0)"
    wanted = by_sql(bank, at, sql, bank.warehouse.zone.months_before(at, 12), at, "customer_transaction")
    got = made.column(names[0]).to_pylist()
    assert got == [None if one is None else pytest.approx(one) for one in wanted]
    for row in range(6):
        values = [made.column(name)[row].as_py() for name in names]
        assert None in values or sum(values) == pytest.approx(1)
