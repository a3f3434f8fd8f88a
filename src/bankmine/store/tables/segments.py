"""Segments as people keep them: names given to segments found, and segments by rules with every version.

Nothing is overwritten but what is in force: a new name is a new row, a changed rule a new version.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from bankmine.store.tables.base import key, metadata

segment_name = Table(
    "segment_name",
    metadata,
    key("name_id"),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("given_at", BigInteger, nullable=False),
)

segment_rules = Table(
    "segment_rules",
    metadata,
    key("rules_id"),
    Column("name", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Column("published", Integer),
    Column("published_by", Text, ForeignKey("person.person_id")),
    Column("published_at", BigInteger),
)

segment_rules_version = Table(
    "segment_rules_version",
    metadata,
    Column("rules_id", Text, ForeignKey("segment_rules.rules_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("rules", Text, nullable=False),
    Column("restored", Integer),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
