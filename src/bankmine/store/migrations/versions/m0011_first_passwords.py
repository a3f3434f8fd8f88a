"""Passwords that somebody else gave end soon.

A migration never imports the tables: they change, it does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds until when such a password opens."""
    op.add_column("person", sa.Column("password_until", sa.BigInteger()))
