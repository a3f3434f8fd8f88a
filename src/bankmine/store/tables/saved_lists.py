"""Lists of customers that people keep: the conditions, or the members as of a day. Members are pseudonyms."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

saved_list = Table(
    "saved_list",
    metadata,
    key("list_id"),
    Column("name", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("conditions", Text, nullable=False),
    Column("fixed_on", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Index(None, "person_id"),
)

saved_list_member = Table(
    "saved_list_member",
    metadata,
    Column("list_id", Text, ForeignKey("saved_list.list_id"), primary_key=True),
    Column("customer", Text, primary_key=True),
)
