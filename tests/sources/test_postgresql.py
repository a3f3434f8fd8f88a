"""Extracts from a real PostgreSQL 15 through ADBC: what arrives, and what is refused by name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Server, running
from tiny import HandMade

from bankmine.errors import BankmineError, ConfigurationError, SourceError

TABLES = """
CREATE TYPE way AS ENUM ('D', 'C');
CREATE TABLE payment (
    id bigint PRIMARY KEY, account text, at timestamptz, day date, amount numeric(12, 2), currency char(3),
    direction way, known timestamp, gone boolean, text text
);
INSERT INTO payment
SELECT n, 'A1', '2024-03-31 00:30:00+00', '2024-03-31', n + 0.29, 'EUR',
    CASE WHEN n % 2 = 0 THEN 'C' ELSE 'D' END::way, NULL, false, 'Žofie ' || n
FROM generate_series(1, 5000) AS n;
CREATE TABLE strange (
    id bigint, at timestamptz, day date, gap interval, list int[], raw bytea, amount numeric
);
INSERT INTO strange VALUES (1, 'infinity', '-infinity', '1 day', '{1}', 'x', 'NaN');
"""
QUERY = """
SELECT id, account, at AS day, (amount * 100)::bigint AS amount, currency::text AS currency,
    direction::text AS direction, known, gone AS cancelled, text
FROM payment
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as one:
        one.sql(TABLES)
        yield one


@pytest.fixture
def connected(bank: HandMade, server: Server, monkeypatch: pytest.MonkeyPatch) -> HandMade:
    """A bank whose payments come from the server."""
    monkeypatch.setenv("BANKMINE_POSTGRESQL", server.address)
    ask(bank, QUERY)
    sql = (bank.mapping / "transaction.sql").read_text()
    sql = sql.replace("as_minor_of(amount, currency)", "amount").replace("cancelled = 'y'", "cancelled")
    (bank.mapping / "transaction.sql").write_text(sql)
    return bank


def ask(bank: HandMade, query: str, more: str = "") -> None:
    """Lets the extract `payments` come from that query."""
    file = bank.mapping / "mapping.toml"
    before, _, rest = file.read_text().partition("[extract.payments]")
    after = rest[rest.index("[extract.orders]") :]
    extract = f'connector = "postgresql"\nquery = """{query}"""\n{more}\n'
    file.write_text(f"{before}[extract.payments]\n{extract}\n{after}")


def refused(bank: HandMade, *words: str, error: type[BankmineError] = SourceError) -> None:
    with pytest.raises(error) as caught:
        bank.load()
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    for secret in ("Žofie", "SELECT id", "generate_series"):
        assert secret not in str(caught.value)


def test_rows_arrive_whole(connected: HandMade, server: Server) -> None:
    result = connected.load()
    assert result.load.tables["transaction"].rows == 5000
    got = connected.rows("SELECT count(*) AS n, CAST(sum(amount_minor) AS BIGINT) AS total FROM transaction")
    assert (
        f"{got[0]['n']}|{got[0]['total']}"
        == server.sql("SELECT count(*), (sum(amount) * 100)::bigint FROM payment").strip()
    )
    moments = connected.rows("SELECT DISTINCT epoch_us(event_time) AS at FROM transaction")
    assert connected.warehouse.zone.show(moments[0]["at"]) == "2024-03-31T01:30"


def test_the_same_rows_again_are_recognised_in_whatever_order(connected: HandMade, server: Server) -> None:
    connected.load()
    server.sql("UPDATE payment SET account = account WHERE id % 7 = 0")  # moves rows within the table
    assert connected.load().already
    server.sql(
        "INSERT INTO payment SELECT 9001, account, at, day, amount, currency, direction "
        "FROM payment WHERE id = 1"
    )
    try:
        assert connected.load().load.tables["transaction"].rows == 1
    finally:
        server.sql("DELETE FROM payment WHERE id = 9001")


def test_a_numeric_is_refused_by_name_with_the_cast_to_write(connected: HandMade) -> None:
    ask(connected, "SELECT id, amount FROM payment")
    refused(connected, "amount", "numeric", "(amount * 100)::bigint")


def test_an_enum_arrives_as_its_label(connected: HandMade) -> None:
    ask(connected, QUERY.replace("direction::text AS direction", "direction"))
    connected.load()
    ways = connected.rows("SELECT direction, count(*) AS n FROM transaction GROUP BY ALL ORDER BY ALL")
    assert ways == [{"direction": "in", "n": 2500}, {"direction": "out", "n": 2500}]


@pytest.mark.parametrize("column", ["gap", "list", "raw", "amount"])
def test_strange_types_are_refused_by_name(connected: HandMade, column: str) -> None:
    ask(connected, f"SELECT id, {column} FROM strange")
    refused(connected, column, "cannot be read exactly")


@pytest.mark.parametrize("column", ["at", "day"])
def test_infinite_dates_are_refused_by_name(connected: HandMade, column: str) -> None:
    ask(connected, f"SELECT id, {column} FROM strange")
    refused(connected, column, "isfinite")


def test_a_query_cannot_write(connected: HandMade, server: Server) -> None:
    ask(connected, "DELETE FROM payment RETURNING id")
    refused(connected, "tries to write")
    assert server.sql("SELECT count(*) FROM payment").strip() == "5000"


def test_a_slow_query_is_stopped(connected: HandMade) -> None:
    ask(connected, "SELECT 1 AS id, pg_sleep(60)::text AS x", "timeout_seconds = 1")
    refused(connected, "longer than 1 seconds")


def test_a_query_that_fails_is_not_quoted(connected: HandMade) -> None:
    ask(connected, "SELECT id FROM nowhere WHERE text = 'Žofie 1'")
    refused(connected, "42P01")
    ask(connected, "SELECT text::int AS id FROM payment")
    refused(connected, "PostgreSQL refuses the query")


def test_an_empty_result_is_refused(connected: HandMade) -> None:
    ask(connected, QUERY + " WHERE false")
    refused(connected, "payments is empty")


def test_a_server_that_is_not_there_and_an_address_that_is_not_set_are_told(
    connected: HandMade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANKMINE_POSTGRESQL", f"postgresql://nobody:pass-word@/x?host={tmp_path}")
    refused(connected, "cannot be read", "Check that the server runs")
    with pytest.raises(SourceError) as caught:
        connected.load()
    assert "pass-word" not in str(caught.value)
    monkeypatch.delenv("BANKMINE_POSTGRESQL")
    refused(connected, "BANKMINE_POSTGRESQL is not set", error=ConfigurationError)
