"""Marks.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of marks."""
    op.create_table(
        "mark",
        sa.Column("mark_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("mark_id", name="pk_mark"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_mark_person_id"),
    )
    op.create_index("ix_mark_kind_object_id", "mark", ["kind", "object_id"])
