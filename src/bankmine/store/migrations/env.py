"""What Alembic runs around the migrations: the connection, and with it the transaction, is the caller's."""

from alembic import context

from bankmine.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()
