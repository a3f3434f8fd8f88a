"""Each planted pattern is found again by a direct query over the raw extracts, which know no tags."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from bankmine.simulation.accounts import accounts_of
from bankmine.simulation.crime import crime_of
from bankmine.simulation.entries import joined
from bankmine.simulation.frame import frame_of
from bankmine.simulation.leaving import leaving_of
from bankmine.simulation.ledger import book
from bankmine.simulation.life import life_of
from bankmine.simulation.people import people_of
from bankmine.simulation.products import products_of
from bankmine.simulation.scenario import Fraud, Laundering, Scenario
from bankmine.simulation.spending import spending_of

QUERIES = Path(__file__).parent / "crime_queries"
# The least share of planted accounts, cards or terminals that the query finds, and the most it may name for
# each one it finds.
EXPECTED = {
    "fan_in": (0.7, 30), "fan_out": (0.7, 30), "cycle": (0.8, 8), "scatter_gather": (0.7, 8),
    "pass_through": (0.7, 40), "structuring": (0.9, 8), "stolen_card": (0.6, 8),
    "compromised_terminal": (0.6, 60), "account_takeover": (0.7, 3),
}  # fmt: skip
SUBJECT = {"stolen_card": "card", "compromised_terminal": "terminal"}  # others: account
ROLES = {"fan_in": "hub", "fan_out": "hub", "pass_through": "hub", "structuring": "hub", "cycle": "member",
         "scatter_gather": "origin"}  # fmt: skip


SHARED = 3  # cards copied at a terminal: where there were fewer, nobody could tell


@lru_cache(maxsize=1)
def bank() -> duckdb.DuckDBPyConnection:
    """A community with many patterns: transactions, merchants, logins and verdicts; and the truth."""
    fraud = Fraud(account_takeover=2.0)
    many = Laundering(
        fan_in=9.0, fan_out=9.0, cycle=9.0, scatter_gather=9.0, pass_through=9.0, structuring=9.0
    )
    frame = frame_of(
        seed=5, customers=1000, months=24, scenario=Scenario(name="test", fraud=fraud, laundering=many)
    )
    who = people_of(frame, 0)
    life = life_of(frame, who)
    leave = leaving_of(frame, who, life)
    held = products_of(frame, who, life, leave)
    acc = accounts_of(frame, who, life, leave, held)
    money = spending_of(frame, who, life, leave, held, acc, None)
    crime = crime_of(frame, who, life, leave, acc, money)
    ledger = book(frame, who, acc, joined([money, crime.entries]))
    extracts: dict[str, pa.Table] = {
        "transactions": ledger.tables(frame, who, acc)["transactions"],
        **acc.tables(frame, who),
        **crime.tables(frame, who, acc, ledger, None),
        "patterns": crime.truth(frame, who, acc, ledger)["patterns"],
    }
    connection = duckdb.connect()
    for name, table in extracts.items():
        connection.register(f"{name}_rows", table)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_rows")
    return connection


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_query_finds_what_was_planted(kind: str) -> None:
    connection = bank()
    found = {one for (one,) in connection.execute((QUERIES / f"{kind}.sql").read_text()).fetchall()}
    subject = SUBJECT.get(kind, "account")
    role = f"AND role = '{ROLES[kind]}'" if kind in ROLES else ""
    enough = f"count(DISTINCT card) >= {SHARED}" if subject == "terminal" else "true"
    rows = connection.execute(
        f"SELECT {subject} FROM patterns WHERE kind = ? AND {subject} IS NOT NULL {role} "
        "AND (card IS NOT NULL OR account BETWEEN 2000000000 AND 2999999999) "
        f"GROUP BY {subject} HAVING {enough}",
        [kind],
    )
    planted = {one for (one,) in rows.fetchall()}
    hit = len(found & planted)
    print(f"{kind}: {len(planted)} planted, {len(found)} named, recall {hit / len(planted):.2f}")
    least, most = EXPECTED[kind]
    assert hit >= least * len(planted)
    assert len(found) <= most * max(hit, 1)
