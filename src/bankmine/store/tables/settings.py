"""Settings changed while running: one row a change, the newest of a name counts; no value: the file's."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

setting_change = Table(
    "setting_change",
    metadata,
    key("change_id"),
    Column("name", Text, nullable=False),
    Column("value", Text),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "name"),
)
