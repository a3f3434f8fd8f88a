"""Leads: what came of talking to somebody who is no customer; the fields of a form, and no name."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

lead = Table(
    "lead",
    metadata,
    key("lead_id"),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("task", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("best", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Index(None, "person_id"),
)
