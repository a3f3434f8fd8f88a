"""Tables of contacts with customers, work on warnings.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Text()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contact"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.person_id"], name="fk_contact_owner_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_contact_person_id"),
    )
    op.create_index("ix_contact_kind_object_id", "contact", ["kind", "object_id"])
    op.create_index("ix_contact_batch_id", "contact", ["batch_id"])
