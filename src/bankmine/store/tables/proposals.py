"""Proposals in the place of a policy or a card: their content, who proposed them and who agreed."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

proposal = Table(
    "proposal",
    metadata,
    key("proposal_id"),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("agreed_by", Text, ForeignKey("person.person_id")),
    Column("agreed_at", BigInteger),
    Column("deleted_at", BigInteger),
    Index(None, "kind"),
)
