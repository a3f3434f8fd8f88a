"""Rulings: what people decided on credit applications, beside what the policy says."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

ruling = Table(
    "ruling",
    metadata,
    key("ruling_id"),
    Column("application_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("policy_outcome", Text, nullable=False),
    Column("probability", Float),
    Column("override", Boolean, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Index(None, "application_id"),
)
