"""Contacts: each step a person took with a row of a list; the newest that was not taken back stands."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

contact = Table(
    "contact",
    metadata,
    key("contact_id"),
    Column("batch_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("due_on", Text),
    Column("note", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Index(None, "kind", "object_id"),
    Index(None, "batch_id"),
)
