"""Tables of lists that people keep.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "saved_list",
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("fixed_on", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("list_id", name="pk_saved_list"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_saved_list_person_id"),
    )
    op.create_index("ix_saved_list_person_id", "saved_list", ["person_id"])
    op.create_table(
        "saved_list_member",
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "customer", name="pk_saved_list_member"),
        sa.ForeignKeyConstraint(["list_id"], ["saved_list.list_id"], name="fk_saved_list_member_list_id"),
    )
