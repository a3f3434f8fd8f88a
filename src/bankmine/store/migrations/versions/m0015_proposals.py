"""Strategies and cards that people propose.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of proposals."""
    op.create_table(
        "proposal",
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("agreed_by", sa.Text()),
        sa.Column("agreed_at", sa.BigInteger()),
        sa.Column("deleted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_proposal"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_proposal_person_id"),
        sa.ForeignKeyConstraint(["agreed_by"], ["person.person_id"], name="fk_proposal_agreed_by"),
    )
    op.create_index("ix_proposal_kind", "proposal", ["kind"])
