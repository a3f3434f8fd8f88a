"""Credit strategies that people keep: the content of a policy's file, who proposed it and who agreed."""

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from bankmine.store.tables.base import key, metadata

strategy = Table(
    "strategy",
    metadata,
    key("strategy_id"),
    Column("name", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("agreed_by", Text, ForeignKey("person.person_id")),
    Column("agreed_at", BigInteger),
    Column("deleted_at", BigInteger),
)
