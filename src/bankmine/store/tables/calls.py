"""Call lists: customers somebody is to talk to by a day, and how far that is. Customers are pseudonyms."""

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from bankmine.store.tables.base import key, metadata

call_list = Table(
    "call_list",
    metadata,
    key("list_id"),
    Column("name", Text, nullable=False),
    Column("owner_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("due_on", Text),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)

call_list_customer = Table(
    "call_list_customer",
    metadata,
    Column("list_id", Text, ForeignKey("call_list.list_id"), primary_key=True),
    Column("customer", Text, primary_key=True),
    Column("batch_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
