"""Recovery codes.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of recovery codes."""
    op.create_table(
        "recovery_code",
        sa.Column("code_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("code_token", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("code_id", name="pk_recovery_code"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_recovery_code_person_id"),
    )
    op.create_index("ix_recovery_code_person_id", "recovery_code", ["person_id"])
