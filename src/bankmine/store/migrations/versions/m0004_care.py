"""Tables of findings, comments, agreed meanings.

A migration never imports the tables: they change, it does not.
"""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
