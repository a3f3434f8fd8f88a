"""Tables of segments (names people give them, segments by rules with their versions) and of call lists.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "segment_name",
        sa.Column("name_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name_id", name="pk_segment_name"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_segment_name_person_id"),
    )
    op.create_table(
        "segment_rules",
        sa.Column("rules_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.Column("published", sa.Integer()),
        sa.Column("published_by", sa.Text()),
        sa.Column("published_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("rules_id", name="pk_segment_rules"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_segment_rules_person_id"),
        sa.ForeignKeyConstraint(["published_by"], ["person.person_id"], name="fk_segment_rules_published_by"),
    )
    op.create_table(
        "segment_rules_version",
        sa.Column("rules_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("restored", sa.Integer()),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rules_id", "number", name="pk_segment_rules_version"),
        sa.ForeignKeyConstraint(
            ["rules_id"], ["segment_rules.rules_id"], name="fk_segment_rules_version_rules_id"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name="fk_segment_rules_version_person_id"
        ),
    )
    op.create_table(
        "call_list",
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Text()),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("list_id", name="pk_call_list"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.person_id"], name="fk_call_list_owner_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_call_list_person_id"),
    )
    op.create_table(
        "call_list_customer",
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "customer", name="pk_call_list_customer"),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.list_id"], name="fk_call_list_customer_list_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_call_list_customer_person_id"),
    )
