"""The audit: one row an event, each with the hash of the one before; only ever appended to."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from bankmine.store.tables.base import metadata

audit_event = Table(
    "audit_event",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 … without a gap
    Column("at", BigInteger, nullable=False),
    Column("person_id", Text),  # none: the command line, or whoever was not signed in
    Column("through", Text),  # the session or API token it came through
    Column("act", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("details", Text, nullable=False),  # canonical JSON
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index(None, "object_kind", "object_id"),
    Index(None, "person_id"),
)
