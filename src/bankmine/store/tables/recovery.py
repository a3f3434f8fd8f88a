"""Recovery codes: what opens the second factor's place when the device is lost, each once."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

recovery_code = Table(
    "recovery_code",
    metadata,
    key("code_id"),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("code_token", Text, nullable=False),  # keyed; the code itself is kept nowhere
    Column("made_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index(None, "person_id"),
)
