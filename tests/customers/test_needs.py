"""Features of needs equal plain SQL; those of one family speak of its products and offers alone."""

from __future__ import annotations

import pyarrow as pa
import pytest

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.matrix import matrix
from bankmine.customers.themes import needs
from bankmine.engine.session import Session
from customers.small_bank import CUSTOMERS, build, rows_of_bank
from engine.small_warehouse import SmallWarehouse

CUTOFFS = ("2023-05-31", "2023-11-25", "2024-01-01T13:30", "2024-03-31")
OUT = "status IN ('authorised', 'booked') AND direction = 'out'"
DAY = "CAST(timezone('Europe/Prague', {}) AS DATE)"
CUT, WHEN = DAY.format("make_timestamptz($at)"), DAY.format("event_time")
CHILD = f"FILTER ({OUT} AND category = 'children')"
AS_SQL = {
    "transaction": {
        "children_payments_count_6mo": f"count(*) FILTER ({OUT} AND category = 'children' "
        "AND event_time >= make_timestamptz($half))",
        "children_payment_days_since_first_all": f"{CUT} - min({WHEN}) {CHILD}",
        "counter_out_days_since_last_all": f"{CUT} - max({WHEN}) FILTER ({OUT} AND channel = 'branch')",
        "benefit_days_since_last_all": f"{CUT} - max({WHEN}) "
        "FILTER (category = 'benefit' AND direction = 'in')",
    },
    "digital_event": {
        "product_pages_count_90d": "count(*) FILTER (page IN ('product', 'campaign') "
        "AND event_time >= make_timestamptz($quarter))",
        "card_page_days_since_last_all": f"{CUT} - max({WHEN}) "
        "FILTER (page IN ('product', 'campaign') AND product_code = 'p2')",
    },
    "contact": {
        "card_contact_days_since_last_all": f"{CUT} - max({WHEN}) FILTER (offer_id = 'o1')",
        "card_accepted_count_90d": "count(*) FILTER (offer_id = 'o1' AND response = 'accepted' "
        "AND event_time >= make_timestamptz($quarter))",
    },
    "credit_application": {"card_application_days_since_last_all": f"{CUT} - max({WHEN})"},
}  # fmt: skip


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank(seed=7))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue([*CATALOGUE.values(), *needs.family_features("card", products=["p2"], offers=["o1"])])


def rows_at(at: int) -> pa.Table:
    count = len(CUSTOMERS)
    return pa.table(
        {
            "subject_kind": ["customer"] * count, "subject_id": list(CUSTOMERS),
            "customer_id": list(CUSTOMERS), "cutoff": [at] * count,
        }
    )  # fmt: skip


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_features_of_needs_equal_sql(cutoff: str, bank: SmallWarehouse, catalogue: Catalogue) -> None:
    at, zone = bank.at(cutoff), bank.warehouse.zone
    times = {"at": at, "half": zone.months_before(at, 6), "quarter": zone.days_before(at, 90)}
    names = [name for some in AS_SQL.values() for name in some]
    made = matrix(bank.warehouse, rows_at(at), names, catalogue=catalogue)
    for table, features in AS_SQL.items():
        columns = ", ".join(f"{sql} AS {name}" for name, sql in features.items())
        source = "customer_transaction" if table == "transaction" else table
        query = (
            f"SELECT customer_id, {columns} FROM people LEFT JOIN {source} USING (customer_id) "
            "GROUP BY customer_id ORDER BY customer_id"
        )
        asked = {name: value for name, value in times.items() if f"${name}" in query}
        with Session(bank.warehouse, at, until=at) as session:
            session.register("people", rows_at(at).select(["customer_id"]))
            wanted = session.arrow(query, asked)
        for name in features:
            got = made.column(name).to_pylist()
            assert got == wanted.column(name).to_pylist(), (cutoff, name)


def test_a_change_counts_from_the_day_it_happened_once_it_is_known(bank: SmallWarehouse) -> None:
    names = ["region_days_since_change", "employer_days_since_change", "deposit_days_since_given_up"]
    seen = {}
    for cutoff in ("2023-12-14", "2023-12-20"):
        made = matrix(bank.warehouse, rows_at(bank.at(cutoff)), names)
        seen[cutoff] = {name: made.column(name).to_pylist() for name in names}
    assert seen["2023-12-14"]["region_days_since_change"][0] is None  # moved on 2023-11-20, heard 2023-12-15
    assert seen["2023-12-20"]["region_days_since_change"][0] == 30
    assert seen["2023-12-14"]["employer_days_since_change"][2] == 279
    assert seen["2023-12-14"]["employer_days_since_change"][0] is None
    assert seen["2023-12-14"]["deposit_days_since_given_up"][0] == 64


def test_each_family_has_features_of_its_own_names() -> None:
    made = needs.family_features("fund", products=["f1", "f2"])
    assert {one.name.split("_")[0] for one in made} == {"fund"}
    assert not any("contact" in one.name for one in made)  # a bank without offers asks nobody
