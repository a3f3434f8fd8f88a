"""Small warehouses for the tests of understanding: four data sets made by others, and one made up.

Each builder returns the bank tables as Arrow tables; `write` puts tables into a new warehouse. The
queries here are shorter than the shipped mappings and serve the tests only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from bankmine.bank.catalogue import TABLES
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.engine.duck import connect


@dataclass(frozen=True)
class Extract:
    """The bank tables of one bank, before they are written."""

    time_zone: str
    currency: str
    tables: dict[str, Any]


def write(extract: Extract, folder: Path) -> Warehouse:
    """A new warehouse in `folder` with the tables as its one load."""
    Warehouse.create(folder, time_zone=extract.time_zone, currency=extract.currency, key_identity="test")
    with writing(folder) as writer:
        loads = {}
        for name, rows in extract.tables.items():
            if rows.num_rows:
                writer.append(name, rows)
                loads[name] = TableLoad(rows=rows.num_rows, read=rows.num_rows)
        load = Load(1, "test", "test", "test", None, "2026-01-01T00:00:00+00:00", loads)
        return writer.commit(load)


def from_warehouse(warehouse: Warehouse) -> Extract:
    """The tables of a warehouse, ready to be damaged and written again."""
    tables = {name: plain(name, warehouse.read(name)) for name in warehouse.tables()}
    return Extract(warehouse.manifest.time_zone, warehouse.currency, tables)


def plain(name: str, rows: Any) -> Any:
    """The rows in the table's schema (no dictionaries), without the load number."""
    schema = TABLES[name].schema()
    return rows.select(schema.names).cast(schema).drop_columns(["load_number"])


def _table(connection: Any, name: str, sql: str) -> Any:
    """Runs the query and fills the columns it leaves out with nulls."""
    rows = connection.execute(sql).to_arrow_table()
    columns = []
    for field in TABLES[name].schema():
        if field.name == "load_number":
            continue
        if field.name in rows.column_names:
            columns.append(rows.column(field.name).cast(field.type))
        else:
            columns.append(pa.nulls(rows.num_rows, field.type))
    names = [field.name for field in TABLES[name].schema() if field.name != "load_number"]
    return pa.table(dict(zip(names, columns, strict=True)))


def _tokens(connection: Any) -> None:
    connection.execute(
        "CREATE MACRO token(domain, x) AS CAST(hash(domain || CAST(x AS VARCHAR)) >> 1 AS BIGINT)"
    )


def _versioned(instant: str) -> str:
    return f"{instant} AS valid_from, CAST(NULL AS TIMESTAMPTZ) AS valid_to, {instant} AS known_at"


def _event(instant: str, seq: str) -> str:
    return f"{instant} AS event_time, {instant} AS known_at, {seq} AS seq, false AS cancelled"


def fraud_handbook(folder: Path, days: int = 183) -> Extract:
    """The first `days` days of the card transactions of the fraud handbook."""
    c = connect()
    _tokens(c)
    c.execute(
        f"CREATE VIEW t AS SELECT *, timezone('Europe/Brussels', TX_DATETIME) AS instant FROM "
        f"'{folder}/transactions.parquet' WHERE TX_DATETIME < TIMESTAMP '2018-04-01' + INTERVAL {days} DAY"
    )
    start = "timezone('Europe/Brussels', TIMESTAMP '2018-04-01')"
    tables = {
        "transaction": f"""SELECT token('tx', TRANSACTION_ID) AS transaction_id,
            token('customer', CUSTOMER_ID) AS customer_id, true AS is_primary,
            token('card', CUSTOMER_ID) AS card_id,
            CAST(round(TX_AMOUNT * 100) AS BIGINT) AS amount_minor, 'EUR' AS currency,
            CAST(round(TX_AMOUNT * 100) AS BIGINT) AS base_minor, 'out' AS direction, 'card' AS channel,
            'booked' AS status, token('terminal', TERMINAL_ID) AS terminal_id,
            {_event("instant", "TRANSACTION_ID")} FROM t""",
        "customer": f"""SELECT DISTINCT token('customer', CUSTOMER_ID) AS customer_id, 'person' AS kind,
            {_versioned(start)} FROM t""",
        "feedback": """SELECT 'transaction' AS subject_kind, token('tx', TRANSACTION_ID) AS subject_id,
            token('customer', CUSTOMER_ID) AS customer_id, 'fraud' AS label, 'confirmed' AS verdict,
            instant AS event_time, instant + INTERVAL 7 DAY AS known_at, TRANSACTION_ID AS seq,
            false AS cancelled
            FROM t WHERE TX_FRAUD_SCENARIO > 0""",
    }
    return Extract("Europe/Brussels", "EUR", {name: _table(c, name, sql) for name, sql in tables.items()})


def cdnow(folder: Path) -> Extract:
    """The purchases of the cdnow cohort."""
    c = connect()
    _tokens(c)
    c.execute(
        f"""CREATE VIEW t AS SELECT *, row_number() OVER () AS line,
        timezone('America/New_York', strptime(CAST(date AS VARCHAR), '%Y%m%d')) AS instant
        FROM '{folder}/cdnow_master.csv.gz'"""
    )
    tables = {
        "transaction": f"""SELECT token('tx', line) AS transaction_id,
            token('customer', customer_id) AS customer_id, true AS is_primary,
            CAST(round(value * 100) AS BIGINT) AS amount_minor, 'USD' AS currency,
            CAST(round(value * 100) AS BIGINT) AS base_minor, 'out' AS direction, 'booked' AS status,
            {_event("instant", "line")} FROM t""",
        "customer": f"""SELECT token('customer', customer_id) AS customer_id, 'person' AS kind,
            {_versioned("min(instant)")} FROM t GROUP BY t.customer_id""",
    }
    return Extract("America/New_York", "USD", {name: _table(c, name, sql) for name, sql in tables.items()})


def anz(folder: Path) -> Extract:
    """The three months of 100 customers that ANZ synthesised."""
    c = connect()
    _tokens(c)
    c.execute(
        f"""CREATE VIEW t AS SELECT *, row_number() OVER () AS line,
        timezone('Australia/Sydney', CAST(CAST(extraction AS VARCHAR)[:19] AS TIMESTAMP)) AS instant
        FROM '{folder}/anz.parquet'"""
    )
    tables = {
        "transaction": f"""SELECT token('tx', transaction_id) AS transaction_id,
            token('account', account) AS account_id, token('customer', customer_id) AS customer_id,
            true AS is_primary, CAST(round(amount * 100) AS BIGINT) AS amount_minor, currency,
            CAST(round(amount * 100) AS BIGINT) AS base_minor,
            CASE movement WHEN 'credit' THEN 'in' ELSE 'out' END AS direction,
            CASE WHEN card_present_flag = 1 THEN 'present' WHEN card_present_flag = 0 THEN 'absent' END
              AS entry_mode,
            CASE status WHEN 'authorized' THEN 'authorised' ELSE 'booked' END AS status,
            txn_description AS channel, token('merchant', merchant_id) AS merchant_id,
            merchant_suburb AS city, country,
            TRY_CAST(split_part(merchant_long_lat, ' ', 2) AS DOUBLE) AS lat,
            TRY_CAST(split_part(merchant_long_lat, ' ', 1) AS DOUBLE) AS lon,
            CAST(round(balance * 100) AS BIGINT) AS balance_after_minor,
            {_event("instant", "line")} FROM t""",
        "customer": f"""SELECT token('customer', customer_id) AS customer_id, 'person' AS kind,
            2018 - any_value(age) AS birth_year,
            CASE any_value(gender) WHEN 'F' THEN 'female' ELSE 'male' END AS gender,
            {_versioned("timezone('Australia/Sydney', TIMESTAMP '2018-08-01')")}
            FROM t GROUP BY t.customer_id""",
    }
    return Extract("Australia/Sydney", "AUD", {name: _table(c, name, sql) for name, sql in tables.items()})


def _prague(day: str) -> str:
    return f"timezone('Europe/Prague', strptime(CAST({day} AS VARCHAR)[:6], '%y%m%d'))"


def berka(folder: Path) -> Extract:
    """The seven tables of the Czech bank, and the first 49,102 transactions."""
    c = connect()
    _tokens(c)
    for name in ("account", "card", "client", "disp", "district", "loan", "order"):
        c.execute(f"""CREATE VIEW "{name}" AS SELECT * FROM '{folder}/{name}.csv.gz'""")
    c.execute(f"CREATE VIEW trans AS SELECT * FROM '{folder}/trans_first49102.parquet'")
    queries = (Path(__file__).parent / "berka.sql").read_text(encoding="utf-8")
    tables = {}
    for part in queries.split("-- table: ")[1:]:
        name, sql = part.split("\n", 1)
        for column in ("date", "issued"):
            sql = sql.replace(f"$event({column})", _event(_prague(column), "trans_id"))
            sql = sql.replace(f"$versioned({column})", _versioned(_prague(column)))
            sql = sql.replace(f"$day({column})", f"strptime(CAST({column} AS VARCHAR)[:6], '%y%m%d')")
        sql = sql.replace("$undated", _versioned("timezone('Europe/Prague', TIMESTAMP '1999-01-01')"))
        tables[name.strip()] = _table(c, name.strip(), sql.strip().rstrip(";"))
    return Extract("Europe/Prague", "CZK", tables)
