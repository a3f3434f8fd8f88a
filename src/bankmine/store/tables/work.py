"""Work in hand: jobs, the long runs that somebody started from a page or through the API."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from bankmine.store.tables.base import key, metadata

job = Table(
    "job",
    metadata,
    key("job_id"),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("process", Integer),
    Column("process_started", BigInteger),
    Column("result", Text),
    Column("message", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Index(None, "state"),
)
