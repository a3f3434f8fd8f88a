"""Settings changed while running.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of changes of settings."""
    op.create_table(
        "setting_change",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name="pk_setting_change"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_setting_change_person_id"),
    )
    op.create_index("ix_setting_change_name", "setting_change", ["name"])
