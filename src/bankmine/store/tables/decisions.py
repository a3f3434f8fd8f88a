"""Decisions answered to other systems and people: on applications and offers, as they were told."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

decision = Table(
    "decision",
    metadata,
    key("decision_id"),
    Column("kind", Text, nullable=False),  # credit or offer
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("token_id", Text),
    Column("customer_id", Text),  # a pseudonym; none: a stranger
    Column("run_id", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("asked", Text, nullable=False),  # the fields of the request, JSON
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("probability", Float),
    Column("answer", Text, nullable=False),  # as it was told, JSON
    Column("at", BigInteger, nullable=False),
    Index(None, "kind", "at"),
    Index(None, "customer_id"),
)
