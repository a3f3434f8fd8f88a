"""The schema that migrations make is the one the tables declare, from every version on."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from bankmine.errors import StoreError
from bankmine.store import Store, migrating
from bankmine.store.tables import metadata
from stores import add, address

SOMEBODY = """
    INSERT INTO person
    (person_id, name, name_key, language, totp_last_step, all_branches, all_managers, created_at)
    VALUES ('0', 'ann', 'ann', 'en', 0, TRUE, TRUE, 0)
"""
"""A row as every version takes it, for `people.add` writes this version's columns."""

VERSIONS = [one.revision for one in reversed(list(migrating.scripts().walk_revisions()))]


def test_migrated_schema_is_the_declared_one(store: Store) -> None:
    with store.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_there_is_one_line_of_migrations_numbered_in_order() -> None:
    assert len(migrating.scripts().get_heads()) == 1
    assert [f"{number:04}" for number in range(1, len(VERSIONS) + 1)] == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_version_comes_up_with_its_rows(
    version: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        store = Store.open(tmp_path / "operations.db")
    else:
        server = request.getfixturevalue("postgresql")
        server.sql(f"CREATE DATABASE up_{version}")
        store = Store.open(address(server, f"up_{version}"), keys=tmp_path / "keys")
    with store.begin() as connection:
        migrating.upgrade(connection, version)
        connection.execute(text(SOMEBODY))
    store.migrate()
    with store.begin() as connection:
        assert migrating.version(connection) == VERSIONS[-1]
        assert connection.scalar(text("SELECT count(*) FROM person")) == 1
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()


def test_migrating_twice_changes_nothing(store: Store) -> None:
    add(store)
    store.migrate()
    with store.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM person")) == 1


def test_a_newer_schema_is_refused_by_name(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"schema 9999.*Update bankmine"):
        store.migrate()


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path, monkeypatch) -> None:
    store = Store.open(tmp_path / "operations.db")
    monkeypatch.setattr("alembic.op.create_index", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.migrate()
    with store.begin() as connection:
        assert inspect(connection).get_table_names() == []
