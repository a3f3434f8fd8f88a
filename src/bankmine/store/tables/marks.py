"""Marks: a word that a person puts on something a run found, such as a rule that misleads."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

mark = Table(
    "mark",
    metadata,
    key("mark_id"),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Index(None, "kind", "object_id"),
)
