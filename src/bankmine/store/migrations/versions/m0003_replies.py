"""Answers kept by idempotency keys.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of replies."""
    op.create_table(
        "reply",
        sa.Column("reply_id", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reply_id", name="pk_reply"),
        sa.UniqueConstraint("caller", "key", name="uq_reply_caller_key"),
    )
    op.create_index("ix_reply_at", "reply", ["at"])
