"""People, sessions, audit and API tokens.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the first tables."""
    _people()
    _sessions()
    _audit()
    _append_only()
    op.create_table(
        "api_token",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("token_id", name="pk_api_token"),
        sa.UniqueConstraint("token_hash", name="uq_api_token_token_hash"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_api_token_person_id"),
    )


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("password_changed_at", sa.BigInteger()),
        sa.Column("totp_secret", sa.LargeBinary()),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("all_branches", sa.Boolean(), nullable=False),
        sa.Column("all_managers", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("person_id", name="pk_person"),
        sa.UniqueConstraint("name_key", name="uq_person_name_key"),
        sa.UniqueConstraint("issuer", "subject", name="uq_person_issuer_subject"),
    )
    op.create_table(
        "person_role",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "role", name="pk_person_role"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_person_role_person_id"),
    )
    op.create_table(
        "person_scope",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "kind", "value", name="pk_person_scope"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_person_scope_person_id"),
    )


def _sessions() -> None:
    op.create_table(
        "session",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
        sa.PrimaryKeyConstraint("session_id", name="pk_session"),
        sa.UniqueConstraint("token_hash", name="uq_session_token_hash"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_session_person_id"),
    )
    op.create_index("ix_session_person_id", "session", ["person_id"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("attempt_id", sa.Text(), nullable=False),
        sa.Column("name_token", sa.Text(), nullable=False),
        sa.Column("address_token", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_sign_in_attempt"),
    )
    op.create_index("ix_sign_in_attempt_name_token_at", "sign_in_attempt", ["name_token", "at"])
    op.create_index("ix_sign_in_attempt_address_token_at", "sign_in_attempt", ["address_token", "at"])


def _audit() -> None:
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Text()),
        sa.Column("through", sa.Text()),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_event"),
    )
    op.create_index("ix_audit_event_object_kind_object_id", "audit_event", ["object_kind", "object_id"])
    op.create_index("ix_audit_event_person_id", "audit_event", ["person_id"])


def _append_only() -> None:
    """The database itself refuses to change or delete events; the chain finds out whoever removes this."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_event_no_{act.lower()} BEFORE {act} ON audit_event "
                "BEGIN SELECT RAISE(ABORT, 'the audit is only ever appended to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is only ever appended to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_event_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event "
        "EXECUTE FUNCTION audit_event_refuse()"
    )
