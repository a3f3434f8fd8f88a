"""Stores to test on: SQLite always, and a PostgreSQL 15 of the test's own where one is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

sys.path.append(str(Path(__file__).parent / "sources"))

from postgres import Server, running

from bankmine import clock
from bankmine.governance import Role, Scope, passwords, people, sign_in
from bankmine.store import Store, migrating
from bankmine.store.tables import metadata

PASSWORD = "four quiet grey herons"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server for the whole session, with a migrated database for the tests to use in turn."""
    with running() as server:
        server.sql("CREATE DATABASE store")
        store = Store.open(address(server, "store"), keys=server.folder)
        store.migrate()
        store.close()
        yield server


def address(server: Server, database: str) -> str:
    """The address of a database of the server, as SQLAlchemy and pg8000 take it."""
    socket = server.folder / f".s.PGSQL.{server.port}"
    return f"postgresql+pg8000://nobody@/{database}?unix_sock={socket}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A migrated, empty store of each kind."""
    if request.param == "sqlite":
        one = Store.open(tmp_path / "operations.db")
        one.migrate()
    else:
        server: Server = request.getfixturevalue("postgresql")
        one = Store.open(address(server, "store"), keys=tmp_path / "keys")
        empty(one)
    yield one
    one.close()


def empty(store: Store) -> None:
    """Empties every table, past the triggers, and puts back the schema's version."""
    with store.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        connection.exec_driver_sql(f"TRUNCATE {names}")
        newest = migrating.scripts().get_current_head()
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{newest}'")
    store.running.forget()


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    """A migrated, empty SQLite store."""
    one = Store.open(tmp_path / "operations.db")
    one.migrate()
    yield one
    one.close()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with the least work, for the tests' sake."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()


@dataclass
class Time:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 2, 9, 0, tzinfo=UTC))

    def pass_by(self, **length: float) -> None:
        """Moves it on."""
        self.now += timedelta(**length)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The clock everything asks."""
    one = Time()
    monkeypatch.setattr(clock, "now", lambda: one.now)
    return one


def add(store: Store, name: str = "Ann", *roles: Role, scope: Scope | None = None) -> str:
    """Adds a person, by default an administrator, with the usual password; their id."""
    with store.begin() as connection:
        return people.add(
            connection, None, name=name, password=PASSWORD, roles=roles or (Role.administrator,),
            scope=scope or Scope(),
        )  # fmt: skip


def enter(store: Store, name: str = "Ann") -> sign_in.SignedIn:
    """Signs them in."""
    return sign_in.with_password(store, name, PASSWORD)
