"""API tokens of other systems: kept hashed, each with its own permissions and end."""

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from bankmine.store.tables.base import key, metadata

api_token = Table(
    "api_token",
    metadata,
    key("token_id"),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),  # acts within their rights
    Column("label", Text, nullable=False),
    Column("permissions", Text, nullable=False),  # space-separated
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
