"""What people agree on: wordings of meanings and interpretations, signatures, remarks; care of findings."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from bankmine.store.tables.base import key, metadata

wording = Table(
    "wording",
    metadata,
    key("wording_id"),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Index(None, "kind", "object_id"),
)

signature = Table(
    "signature",
    metadata,
    key("signature_id"),
    Column("wording_id", Text, ForeignKey("wording.wording_id"), nullable=False),
    Column("seat", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Index(None, "wording_id"),
)

remark = Table(
    "remark",
    metadata,
    key("remark_id"),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Index(None, "kind", "object_id"),
)

finding_care = Table(
    "finding_care",
    metadata,
    key("care_id"),
    Column("finding_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # open or closed
    Column("owner_id", Text, ForeignKey("person.person_id")),
    Column("due", Text),  # civil date
    Column("note", Text, nullable=False),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "finding_id"),
)
