"""Wordings, signatures, remarks.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "wording",
        sa.Column("wording_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("wording_id", name="pk_wording"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_wording_person_id"),
    )
    op.create_index("ix_wording_kind_object_id", "wording", ["kind", "object_id"])
    op.create_table(
        "signature",
        sa.Column("signature_id", sa.Text(), nullable=False),
        sa.Column("wording_id", sa.Text(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("signature_id", name="pk_signature"),
        sa.ForeignKeyConstraint(["wording_id"], ["wording.wording_id"], name="fk_signature_wording_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_signature_person_id"),
    )
    op.create_index("ix_signature_wording_id", "signature", ["wording_id"])
    op.create_table(
        "remark",
        sa.Column("remark_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("remark_id", name="pk_remark"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_remark_person_id"),
    )
    op.create_index("ix_remark_kind_object_id", "remark", ["kind", "object_id"])
