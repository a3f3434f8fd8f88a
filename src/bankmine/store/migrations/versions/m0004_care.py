"""Care of findings.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of care."""
    op.create_table(
        "finding_care",
        sa.Column("care_id", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text()),
        sa.Column("due", sa.Text()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("care_id", name="pk_finding_care"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.person_id"], name="fk_finding_care_owner_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_finding_care_person_id"),
    )
    op.create_index("ix_finding_care_finding_id", "finding_care", ["finding_id"])
