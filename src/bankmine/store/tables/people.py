"""People who sign in: their roles, what they may see, their sessions and their failed attempts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from bankmine.store.tables.base import key, metadata

person = Table(
    "person",
    metadata,
    key("person_id"),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),  # the name folded, so that Ann and ann are one
    Column("language", Text, nullable=False),
    Column("password_hash", Text),  # none: signs in elsewhere
    Column("password_changed_at", BigInteger),
    Column("password_until", BigInteger),  # given by somebody else: opens until then, only to be changed
    Column("totp_secret", LargeBinary),  # encrypted; none: no second factor
    Column("totp_last_step", BigInteger, nullable=False),  # the last step used; no step counts twice
    Column("issuer", Text),  # of OpenID Connect, with the subject's id there
    Column("subject", Text),
    Column("all_branches", Boolean, nullable=False),  # false: those of person_scope, perhaps none
    Column("all_managers", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    UniqueConstraint("issuer", "subject"),
)

person_role = Table(
    "person_role",
    metadata,
    Column("person_id", Text, ForeignKey("person.person_id"), primary_key=True),
    Column("role", Text, primary_key=True),
)

person_scope = Table(
    "person_scope",
    metadata,
    Column("person_id", Text, ForeignKey("person.person_id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # branch or manager
    Column("value", Text, primary_key=True),
)

session = Table(
    "session",
    metadata,
    key("session_id"),
    Column("token_hash", Text, nullable=False, unique=True),  # SHA-256; the token itself is kept nowhere
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", Text),  # signed_out, rotated, administrator, rights_changed …
    Index(None, "person_id"),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    key("attempt_id"),
    Column("name_token", Text, nullable=False),  # keyed: the names tried stay unknown
    Column("address_token", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "name_token", "at"),
    Index(None, "address_token", "at"),
)
