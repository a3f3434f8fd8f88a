"""Answers kept by the keys that other systems chose for their requests."""

from sqlalchemy import BigInteger, Column, Index, Table, Text, UniqueConstraint

from bankmine.store.tables.base import key, metadata

reply = Table(
    "reply",
    metadata,
    key("reply_id"),
    Column("caller", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("caller", "key"),
    Index(None, "at"),
)
