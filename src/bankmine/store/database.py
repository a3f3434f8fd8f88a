"""The store: transactions over SQLite or PostgreSQL that behave the same.

There is one writer at a time. SQLite has no other way (`BEGIN IMMEDIATE`); on PostgreSQL a writing
transaction takes one advisory lock first. Every act ends in the audit, whose chain needs one order anyway,
and two transactions that take locks in different orders cannot wait for each other for ever. Readers never
wait.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, ProgrammingError

from bankmine.config import SignInSettings
from bankmine.errors import StoreError
from bankmine.store.running import Running

if TYPE_CHECKING:
    from bankmine.config import Config
    from bankmine.folder import BankFolder

FILE_NAME = "operations.db"
BUSY_SECONDS = 5
_WRITER = 0x62616E6B  # number of the advisory lock: "bank"
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
_ADDRESSES = "Allowed are a file's path, sqlite:///FILE and postgresql+pg8000://USER@HOST/DATABASE."
AfterCommit = Callable[[], None]


class Store:
    """The operational database of one bank. Safe to share between threads.

    `keys` is the bank's keys folder (what must not lie in the database lies there); `settings` are those of
    signing in as the file has them, `running` those in force.
    """

    def __init__(self, engine: Engine, keys: Path, settings: SignInSettings) -> None:
        self.engine, self.keys = engine, keys
        self.running = Running(engine, settings)

    @classmethod
    def open(
        cls, url_or_path: str | Path, *, keys: Path | None = None, settings: SignInSettings | None = None
    ) -> Store:
        """Opens `sqlite:///…`, `postgresql+pg8000://…` or a file's path; nothing is migrated yet.

        `keys` is by default the folder `keys` beside an SQLite file. Raises StoreError for an address that
        cannot be meant.
        """
        url = f"sqlite:///{url_or_path}" if "://" not in str(url_or_path) else str(url_or_path)
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise StoreError("store.url is no database address", hint=_ADDRESSES) from None
        if parsed.drivername not in ("sqlite", "postgresql+pg8000"):
            raise StoreError(f"store.url begins with {parsed.drivername!r}", hint=_ADDRESSES)
        sqlite = parsed.drivername == "sqlite"
        if sqlite and not parsed.database:
            raise StoreError("store.url names no file", hint=_ADDRESSES)
        if keys is None and not sqlite:
            raise StoreError("a shared store was opened without a keys folder", hint="Give `keys`.")
        file = Path(parsed.database or "")
        engine = _sqlite(file, url) if sqlite else _postgresql(url)
        return cls(engine, keys or file.parent / "keys", settings or SignInSettings())

    @classmethod
    def of(cls, bank: BankFolder) -> Store:
        """The store of a bank: BANKMINE_STORE, else `store.url`, else operations.db in its folder."""
        return cls.configured(bank.config)

    @classmethod
    def configured(cls, config: Config) -> Store:
        """The same, from the bank's settings; a file's path is relative to its folder."""
        address = os.environ.get("BANKMINE_STORE") or config.store or FILE_NAME
        if "://" not in address:
            address = str(config.folder / address)
        return cls.open(address, keys=config.keys, settings=config.sign_in)

    @property
    def settings(self) -> SignInSettings:
        """The rules of signing in that are in force."""
        return self.running.get()

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is a file on this machine."""
        return self.engine.dialect.name == "sqlite"

    def migrate(self) -> None:
        """Brings the schema to this version; StoreError where it is a newer bankmine's."""
        from bankmine.store.migrating import upgrade

        with self.begin() as connection:
            upgrade(connection)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One write transaction: committed at the end, rolled back on any error.

        Raises StoreError where another writer keeps the store for longer than five seconds.
        """
        after: dict[str, AfterCommit] = {}
        settings = self.settings
        with _told(), self.engine.connect() as connection:
            connection = connection.execution_options(bankmine_write=True)
            with connection.begin():
                connection.info["bankmine_settings"] = settings
                connection.info["bankmine"] = (self, after)
                try:
                    yield connection
                finally:
                    connection.info.pop("bankmine", None)
        for act in after.values():
            act()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction that sees one state from its first statement on, and cannot write."""
        settings = self.settings
        with _told(), self.engine.connect() as connection:
            options: dict[str, Any] = {"bankmine_write": False}
            if not self.is_sqlite:
                options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection = connection.execution_options(**options)
            with connection.begin():
                connection.info["bankmine_settings"] = settings
                yield connection

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def store_of(connection: Connection) -> Store:
    """The store whose write transaction this is; StoreError outside of one."""
    found = connection.info.get("bankmine")
    if found is None:
        raise StoreError("an act was recorded outside a write transaction", hint="Use `with store.begin()`.")
    return found[0]  # type: ignore[no-any-return]


def settings_of(connection: Connection) -> SignInSettings:
    """The rules of signing in of the store whose transaction, of either kind, this is."""
    found: SignInSettings = connection.info["bankmine_settings"]
    return found


def after_commit(connection: Connection, name: str, act: AfterCommit) -> None:
    """Does `act` once the transaction is durable; a later act of the same name takes its place."""
    store_of(connection)
    connection.info["bankmine"][1][name] = act


@contextmanager
def _told() -> Iterator[None]:
    """Troubles with the database as one line, without statements, values or addresses."""
    try:
        yield
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        said = _short(error)
        if "database is locked" in said or "55P03" in said:
            what = f"another writer kept the store for more than {BUSY_SECONDS} seconds"
            raise StoreError(what, hint="Try again.") from None
        if "no such table" in said or "42P01" in said:
            raise StoreError(
                "the store has no schema yet", hint="Call migrate, as every command does."
            ) from None
        raise StoreError("the store cannot be used", hint=f"The database says: {said}") from None


def _short(error: DBAPIError) -> str:
    """The database's own words, without the statement."""
    return " ".join(str(error.orig).split())[:200]


def _sqlite(file: Path, url: str) -> Engine:
    if not file.parent.is_dir():
        raise StoreError(f"there is no folder {file.parent}", hint="Make it, or mend store.url.")
    if not file.exists():
        file.touch(mode=0o600)
    engine = create_engine(url, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so
        for pragma in (f"busy_timeout = {BUSY_SECONDS * 1_000}", *_PRAGMAS):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("bankmine_write", False)
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("bankmine_write", False):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")

    return engine
