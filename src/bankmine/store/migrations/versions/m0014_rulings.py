"""Rulings on applications.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of rulings."""
    op.create_table(
        "ruling",
        sa.Column("ruling_id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("policy_outcome", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float()),
        sa.Column("override", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("ruling_id", name="pk_ruling"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_ruling_person_id"),
    )
    op.create_index("ix_ruling_application_id", "ruling", ["application_id"])
