"""Tiny banks for the tests of sources: one written by hand, one made up by `sources.example`.

bank = HandMade(tmp_path)                     # its mapping, extracts and settings in one folder
bank.write("payments", [payment(1, "A1", "2024-01-05", "12.50")])
result = bank.load()
bank.rows("SELECT … FROM transaction")
"""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bankmine import sources
from bankmine.bank.keys import Keyring
from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.engine.session import Session
from bankmine.sources.example import write_extracts

DRAWN = date(2024, 7, 1)
MAPPING = """
name = "hand"
title = "A bank made by hand"
time_zone = "Europe/Prague"
currency = "EUR"
extract_date = "2024-07-01"

[extract.people]
file = "people.csv"
columns = ["id", "name", "born", "since"]

[extract.accounts]
file = "accounts.csv"
columns = ["id", "opened"]

[extract.parties]
file = "parties.csv"
columns = ["account", "person", "role", "since", "until"]

[extract.payments]
file = "payments*.csv*"
columns = ["id", "account", "day", "amount", "currency", "direction", "known", "cancelled", "text"]

[extract.orders]
file = "orders.csv"
required = false
columns = ["id", "account", "amount"]

[coverage]
transaction = { from = "2024-01-01", to = "SELECT extract_date()" }
"""
SQL = {
    "customer": """
        SELECT id AS customer_id, 'person' AS kind, as_whole(born) AS birth_year, since AS valid_from
        FROM people""",
    "customer_identity": "SELECT id AS customer_id, name, since AS valid_from FROM people",
    "account": """
        SELECT id AS account_id, opened AS opened_on, 'EUR' AS currency, opened AS valid_from
        FROM accounts""",
    "account_party": """
        SELECT account AS account_id, person AS customer_id, role, since AS valid_from, until AS valid_to
        FROM parties""",
    "transaction": """
        SELECT id AS transaction_id, account AS account_id,
            as_minor_of(amount, currency) AS amount_minor, currency,
            CASE direction WHEN 'C' THEN 'in' WHEN 'D' THEN 'out' ELSE direction END AS direction,
            'booked' AS status, day AS event_time, known AS known_at, cancelled = 'y' AS cancelled,
            text AS description
        FROM payments""",
    "standing_order": """
        SELECT id AS order_id, account AS account_id, as_minor(amount) AS amount_minor FROM orders""",
}
HEADERS = {
    "people": "id,name,born,since",
    "accounts": "id,opened",
    "parties": "account,person,role,since,until",
    "payments": "id,account,day,amount,currency,direction,known,cancelled,text",
    "orders": "id,account,amount",
}


def payment(
    number: object,
    account: str = "A1",
    day: str = "2024-03-01",
    amount: str = "10.00",
    *,
    currency: str = "EUR",
    direction: str = "D",
    known: str = "",
    cancelled: str = "",
    text: str = "",
) -> str:
    """One line of payments.csv."""
    return f"{number},{account},{day},{amount},{currency},{direction},{known},{cancelled},{text}"


class HandMade:
    """A bank of two people with an account each; A3 is theirs together."""

    def __init__(self, folder: Path, *, share: float = 1.0) -> None:
        self.folder = folder
        self.mapping = folder / "mapping"
        self.extracts = folder / "extracts"
        self.mapping.mkdir(parents=True)
        self.extracts.mkdir()
        (self.mapping / "mapping.toml").write_text(MAPPING, encoding="utf-8")
        for name, sql in SQL.items():
            (self.mapping / f"{name}.sql").write_text(sql, encoding="utf-8")
        self.write("people", ["1,Anna Nováková,1980,2024-01-01", "2,Jan Novák,1979,2024-01-01"])
        self.write("accounts", ["A1,2024-01-01", "A2,2024-01-01", "A3,2024-01-01"])
        both = ["A3,1,owner,2024-01-01,", "A3,2,co-owner,2024-02-01,2024-05-01"]
        self.write("parties", ["A1,1,owner,2024-01-01,", "A2,2,owner,2024-01-01,", *both])
        self.write("payments", [payment(number) for number in range(1, 6)])
        self.config = Config(
            folder=folder, name="hand", mapping=str(self.mapping), extracts=self.extracts,
            time_zone="Europe/Prague", currency="EUR", keys=folder / "keys", maximum_reject_share=share,
        )  # fmt: skip

    def write(self, name: str, lines: list[str], *, encoding: str = "utf-8") -> Path:
        """Writes one extract with its header."""
        path = self.extracts / f"{name}.csv"
        path.write_bytes(("\n".join([HEADERS[name], *lines]) + "\n").encode(encoding))
        return path

    def edit_mapping(self, old: str, new: str) -> None:
        """Replaces a text in mapping.toml."""
        file = self.mapping / "mapping.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def load(self, **settings: Any) -> sources.LoadResult:
        """Loads what lies in the folder."""
        extract_date = settings.pop("extract_date", None)
        return sources.load(replace(self.config, **settings), extract_date=extract_date)

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse as it is now."""
        return Warehouse.open(self.folder / "warehouse")

    @property
    def keyring(self) -> Keyring:
        """The bank's keys."""
        return Keyring(self.config.keys)

    def rows(self, sql: str, *, as_of: str | None = None) -> list[dict[str, Any]]:
        """The rows of a statement over the bank tables."""
        known = self.warehouse.zone.parse(as_of) if as_of else None
        with Session(self.warehouse, as_of=known) as session:
            found: list[dict[str, Any]] = session.arrow(sql).to_pylist()
        return found

    def state(self) -> tuple[bytes, set[str]]:
        """The manifest and the files of the warehouse, to compare before and after."""
        place = self.folder / "warehouse"
        files = {str(path.relative_to(place)) for path in place.rglob("*.parquet")}
        return (place / "manifest.json").read_bytes(), files


def rejects(result: sources.LoadResult, table: str = "transaction") -> dict[str, int]:
    """Rows of a table left out, by reason."""
    return result.load.tables[table].rejects


def example_bank(
    folder: Path, *, customers: int = 300, months: int = 6, since: int = 0, dirty: bool = True
) -> Config:
    """Settings of a bank over freshly written example extracts."""
    write_extracts(folder / "extracts", customers=customers, months=months, since=since, dirty=dirty)
    return Config(
        folder=folder, name="example", mapping="example", extracts=folder / "extracts",
        time_zone="Europe/Berlin", currency="EUR", keys=folder / "keys",
    )  # fmt: skip


def gzipped(path: Path) -> Path:
    """Replaces a file by its gzip form."""
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return packed


@pytest.fixture
def bank(tmp_path: Path) -> HandMade:
    """A hand-made bank."""
    return HandMade(tmp_path / "bank")
