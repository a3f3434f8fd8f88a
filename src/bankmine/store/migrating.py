"""Brings a database from any earlier version to this one, and refuses a later one.

Each migration is a module of `migrations/versions`, numbered 0001, 0002 …; Alembic runs those that are
missing inside the caller's transaction, so that a migration that fails leaves the old schema.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bankmine.errors import StoreError

FOLDER = Path(__file__).parent / "migrations"


def scripts() -> ScriptDirectory:
    """The migrations there are."""
    return ScriptDirectory(str(FOLDER))


def version(connection: Connection) -> str | None:
    """The version of the database's schema; None where it has none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, to: str = "head") -> None:
    """Runs the migrations that are missing. StoreError where the schema is a newer bankmine's."""
    here, known = version(connection), scripts()
    newest = known.get_current_head()
    if here is not None and here not in {one.revision for one in known.walk_revisions()}:
        raise StoreError(
            f"the store has schema {here}, and this bankmine knows schemas up to {newest}",
            hint="Update bankmine, or open the store with the version that made it.",
        )
    if here == newest:
        return
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
